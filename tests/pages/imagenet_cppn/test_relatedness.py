"""Images of related classes against others, by permutation tests with planted answers; the rule and its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from fooling.networks.imagenet_names import class_names
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.comparison import correlate_all, probability_of_superiority
from fooling.pages.imagenet_cppn import likeness
from fooling.pages.imagenet_cppn.relatedness import (
    CLAIM,
    RELATIVES,
    Compared,
    Likeness,
    Relatedness,
    judge_before,
    tabulate_relatives,
)
from fooling.pages.imagenet_search import Scale

HALF = Likeness(superiority=0.7, p=1 / 10_001, superiority_distinct=0.6)
WEAK_P, WEAK_EFFECT = replace(HALF, p=0.0001), replace(HALF, superiority=0.56)
PAPER = Scale(runs=2, classes=1_000, generations=5_000, children=400, network="SqueezeNet", crops="one")
ALIKE = Compared(
    pairs=5_000,
    near=(0.2, 0.31, 0.4),
    random=(-0.1, -0.0002, 0.1),
    runs=(0.0, 0.01, 0.02),
    against_random=HALF,
    against_runs=HALF,
    shared_near=0.2,
    shared_random=0.01,
)
KIN = replace(ALIKE, near=(-90.0, -40.0, -12.0), random=(None, None, -20.0), runs=None, against_runs=None)
FOUND = Relatedness(
    scale=PAPER, features=ALIKE, kinship=KIN, pixels=ALIKE, judge="EfficientNet-Lite0", relatives=((0.1, 0.2),) * 6
)
APART = Compared(0, None, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), None, None, None, 0.0)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"scale": replace(PAPER, classes=100)}, REPRODUCED),
        ({"scale": replace(PAPER, classes=99)}, UNTESTED),
        ({"scale": replace(PAPER, generations=125)}, REPRODUCED),  # 50 children per cell
        ({"scale": replace(PAPER, generations=124)}, UNTESTED),
        ({"scale": replace(PAPER, runs=1)}, UNTESTED),
        ({"features": replace(ALIKE, runs=None, against_runs=None)}, UNTESTED),
        ({"features": APART}, UNTESTED),
        ({"features": replace(ALIKE, against_random=WEAK_P)}, PARTLY),
        ({"features": replace(ALIKE, against_random=WEAK_EFFECT)}, PARTLY),
        ({"kinship": replace(KIN, against_random=WEAK_P)}, PARTLY),
        ({"kinship": replace(KIN, against_random=None)}, UNTESTED),
        ({"features": replace(ALIKE, against_runs=WEAK_P)}, PARTLY),
        ({"features": replace(ALIKE, against_runs=replace(HALF, superiority=0.561))}, REPRODUCED),
        ({"features": replace(ALIKE, against_random=WEAK_P, against_runs=WEAK_EFFECT)}, NOT),
        ({"pixels": APART}, REPRODUCED),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_the_rule_before_asked_pixels_and_the_order_of_classes() -> None:
    for pixels, verdict in ((ALIKE, REPRODUCED), (replace(ALIKE, against_runs=WEAK_P), PARTLY), (APART, UNTESTED)):
        assert judge_before(replace(FOUND, pixels=pixels)) == verdict


def test_sentence_and_rows_hold_every_sense_and_what_the_paper_shows(check_words: Callable[[Any, Any], None]) -> None:
    assert CLAIM.headline(FOUND) == (
        "Images of related classes are more alike (0.31) than any two of a run (0.00); one class in two runs has 0.01 "
        "(cosine of EfficientNet-Lite0's features)."
    )
    rows = {what: here for what, here, _ in CLAIM.rows(FOUND)}
    said = "probability of superiority 0.70 (by permutation, p < 0.0001); 0.60 without shared images"
    assert rows["related against any two classes"] == said
    assert rows["last ancestor in common, related and any two classes"] == "40 generations ago and none in common"
    assert rows["the very same image, related and any two classes"] == "20.0% and 1.0%"
    first, *_, last = tabulate_relatives(FOUND).splitlines()[2:]
    assert first == "| agama | 10.00% | 20.00% | 62.11% | 92.25% |"
    assert tabulate_relatives(replace(FOUND, relatives=())).count("not measured") == 12
    assert last.endswith("| 44.50% | 65.76% |")
    apart = replace(FOUND, features=APART, kinship=APART, pixels=APART)
    assert {what: here for what, here, _ in CLAIM.rows(apart)}["related against any two classes"] == "not measured"
    for found in (FOUND, apart):
        check_words(CLAIM, found)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Relatedness) == found


def compare(thumbnails: Sequence[np.ndarray], images: np.ndarray, classes: Any, seed: int = 0) -> Compared:
    """Compare neighbouring classes of a search."""
    alike = np.stack([correlate_all(one) for one in thumbnails])
    pairs = likeness.find_neighbours(classes)
    return likeness.compare_likeness(alike, likeness._compare_runs(thumbnails), images, pairs, seed)


def test_related_classes_are_near_in_wordnet_and_each_pair_stands_once() -> None:
    distances = np.array([[0, 4, 5, 2], [4, 0, 1, 9], [5, 1, 0, 3], [2, 9, 3, 0]])
    np.testing.assert_array_equal(likeness.find_related(distances, [0, 1, 2, 3]), [[0, 0, 1, 2], [1, 3, 2, 3]])
    np.testing.assert_array_equal(likeness.find_related(distances, [3, 1, 0]), [[0, 1], [2, 2]])


def test_related_classes_of_the_papers_figure_are_related() -> None:
    from fooling.data.kinds import measure_distances

    found = {tuple(pair) for pair in likeness.find_related(measure_distances(), list(RELATIVES)).T.tolist()}
    assert found == {(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)}


def test_names_and_confidences_of_the_papers_figure_are_those_of_its_classes(make_search: Any) -> None:
    for one, (name, *_) in RELATIVES.items():
        assert class_names()[one].partition(",")[0] == name
    classes = (7, *reversed(RELATIVES))
    run = make_search([[0.9, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], [0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]], classes=classes)
    assert likeness._find_relatives(run)[0] == pytest.approx((0.1, 0.6), abs=1e-6)
    assert likeness._find_relatives(run)[5] == pytest.approx((0.6, 0.1), abs=1e-6)
    assert likeness._find_relatives(make_search([[0.5] * 7], classes=classes)) == ()
    assert likeness._find_relatives(make_search([[0.5] * 2, [0.5] * 2], classes=(42, 43))) == ()


def test_champions_without_an_ancestor_in_common_are_the_least_related() -> None:
    kinship = np.full((1, 6, 6), -np.inf)
    kinship[0, [0, 2, 4], [1, 3, 5]] = kinship[0, [1, 3, 5], [0, 2, 4]] = -3.0
    pairs = np.array([[0, 2, 4], [1, 3, 5]])
    found = likeness.compare_likeness(kinship, np.zeros((0, 6)), np.tile(np.arange(6), (1, 1)), pairs)
    assert found.near == (-3.0, -3.0, -3.0) and found.random == (None, None, None)
    assert found.against_random is not None and found.against_random.superiority == pytest.approx(0.9)
    assert found.against_random.p == pytest.approx(1 / 15, abs=0.01), "one order in fifteen has these pairs"


def test_neighbours_are_classes_that_follow_each_other_wherever_they_stand() -> None:
    np.testing.assert_array_equal(likeness.find_neighbours([366, 367, 390, 12, 11]), [[4, 0], [3, 1]])
    assert likeness.find_neighbours([1, 3, 5]).shape == (2, 0)


def draw_thumbnails(runs: int, cells: int, seed: int = 0, walk: float = 0.0) -> list[np.ndarray]:
    """Return normalised noise in which each class keeps the share ``walk`` of the one before it."""
    drawn = np.random.default_rng(seed).normal(size=(runs, cells, 60))
    for cell in range(1, cells):
        drawn[:, cell] = walk * drawn[:, cell - 1] + np.sqrt(1 - walk**2) * drawn[:, cell]
    drawn -= drawn.mean(axis=2, keepdims=True)
    return list((drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).astype(np.float32))


def number_images(runs: int, cells: int) -> np.ndarray:
    """Return places in which every cell holds an image of its own."""
    return np.tile(np.arange(cells), (runs, 1))


def test_planted_neighbours_have_the_smallest_p_there_is() -> None:
    found = compare(draw_thumbnails(2, 60, walk=0.8), number_images(2, 60), range(60))
    smallest = 1 / (1 + likeness.PERMUTATIONS)
    assert smallest < 0.0001  # the paper's p can be reached
    for half in (found.against_random, found.against_runs):
        assert half is not None and half.is_there
        assert half.p == pytest.approx(smallest)
        assert half.superiority > 0.9
    assert found.near[1] == pytest.approx(0.8, abs=0.05)
    assert (found.random[1], found.runs[1]) == pytest.approx((0.0, 0.0), abs=0.1)


def test_p_of_exchangeable_images_is_uniform_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "PERMUTATIONS", 199)
    found = [compare(draw_thumbnails(2, 16, seed), number_images(2, 16), range(16), seed) for seed in range(100)]
    for half in ("against_random", "against_runs"):
        assert stats.kstest([getattr(one, half).p for one in found], "uniform").pvalue > 0.01


def test_runs_that_are_alike_do_not_make_p_smaller_than_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that all found the same images in an order of no meaning count as one."""
    monkeypatch.setattr(likeness, "PERMUTATIONS", 199)
    p = []
    for seed in range(100):
        alike = draw_thumbnails(1, 16, seed) * 6
        p.append(compare(alike, number_images(6, 16), range(16), seed).against_random.p)
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_every_pair_is_in_the_kind_that_it_belongs_to() -> None:
    thumbnails = draw_thumbnails(3, 5)
    found = compare(thumbnails, number_images(3, 5), [10, 11, 20, 30, 31])
    full = [np.round(one.astype(np.float64) @ one.T, 6) for one in thumbnails]
    near = np.array([[one[pair] for pair in [(0, 1), (3, 4)]] for one in full])
    every = [one[i, j] for one in full for i in range(5) for j in range(i)]
    across = [(thumbnails[a] * thumbnails[b]).sum(axis=1) for a, b in [(0, 1), (0, 2), (1, 2)]]
    for part, values in ((found.near, near), (found.random, every), (found.runs, across)):
        np.testing.assert_allclose(part, np.percentile(values, (25, 50, 75), method="nearest"), atol=2e-6)
    expected = probability_of_superiority(np.median(near, axis=0), np.median(across, axis=0)[[0, 3]])
    assert found.pairs == 2 and found.against_runs.superiority == expected
    ranks = [np.mean(stats.rankdata(one[np.triu_indices(5, 1)])[[0, 9]]) for one in full]  # places of the neighbours
    assert found.against_random.superiority == pytest.approx((np.mean(ranks) - 0.5) / 10)


def test_a_class_has_the_median_of_its_relatives_against_itself_in_other_runs() -> None:
    alike = np.zeros((1, 4, 4))
    alike[0, 0, 1:] = alike[0, 1:, 0] = 0.9, 0.1, 0.2  # three relatives of the first class
    between = np.array([[0.15, 0.0, 0.0, 0.0]])
    pairs = np.array([[0, 0, 0], [1, 2, 3]])
    found = likeness.compare_likeness(alike, between, number_images(1, 4), pairs).against_runs
    assert found.superiority == 1.0, "0.2, the median, is above 0.15"


def test_pairs_that_hold_the_very_same_image_are_counted_and_can_be_left_out() -> None:
    thumbnails, places = draw_thumbnails(2, 8), number_images(2, 8)
    for run, shared in enumerate((slice(0, 4), slice(3, 8))):  # cells that hold one image: others in each run
        thumbnails[run][shared] = thumbnails[run][shared.start]
        places[run, shared] = shared.start
    record = compare(thumbnails, places, range(8))
    assert (record.shared_near, record.shared_random) == (pytest.approx(7 / 14), pytest.approx(16 / 56))
    full = [np.round(one.astype(np.float64) @ one.T, 6) for one in thumbnails]
    apart = [np.triu(numbers[:, None] != numbers, 1) for numbers in places]
    near = [np.diag(full[0], 1)[3:], np.diag(full[1], 1)[:3]]  # what is left of the neighbours in each run
    half = record.against_random
    expected = [probability_of_superiority(near[run], full[run][apart[run]]) for run in range(2)]
    assert half.superiority_distinct == pytest.approx(np.mean(expected), abs=1e-12)
    assert half.superiority_distinct < half.superiority
    half = record.against_runs
    other = (thumbnails[0] * thumbnails[1]).sum(axis=1)[:-1]
    expected = probability_of_superiority(np.concatenate(near), other)
    assert half.superiority_distinct == pytest.approx(expected, abs=1e-12)
    assert half.superiority_distinct < half.superiority


@pytest.mark.parametrize(("differences", "p"), [([1, 1, 1], 1 / 8), ([2, -1, 1], 3 / 8), ([-1], 1), ([0, 0], 1)])
def test_signs_are_flipped_as_often_as_coins(differences: list[float], p: float) -> None:
    found = likeness._flip_signs(np.array(differences, float), np.random.default_rng(0))
    assert found == pytest.approx(p, abs=0.02)


def test_one_image_in_every_cell_is_no_evidence_against_random_classes() -> None:
    thumbnails = [np.tile(one[:1], (6, 1)) for one in draw_thumbnails(2, 6)]
    record = compare(thumbnails, np.zeros((2, 6), int), range(6))
    assert record.against_random == Likeness(superiority=0.5, p=1.0, superiority_distinct=None)
    assert record.against_runs.superiority_distinct is None
    assert (record.shared_near, record.shared_random) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("runs", "classes", "defined"),
    [(2, [1, 3, 5], (False, False)), (1, [1, 2, 3], (True, False)), (1, [7], (False, False))],
)
def test_what_is_not_defined_is_none_and_json(runs: int, classes: list[int], defined: tuple[bool, bool]) -> None:
    cells = len(classes)
    record = compare(draw_thumbnails(runs, cells), number_images(runs, cells), classes)
    assert (record.against_random is not None, record.against_runs is not None) == defined
    assert (record.near is None) == (not defined[0])
    assert (record.runs is None) == (runs == 1)
    assert msgspec.json.decode(msgspec.json.encode(record), type=Compared) == record


def test_same_seed_gives_the_same_p() -> None:
    thumbnails, images = draw_thumbnails(2, 20), number_images(2, 20)
    one, again, other = (compare(thumbnails, images, range(20), seed) for seed in (3, 3, 4))
    assert one == again and one != other
