"""Images of neighbouring classes against others, by permutation tests with planted answers; the rule and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.comparison import probability_of_superiority
from fooling.pages.imagenet_cppn import relatedness
from fooling.pages.imagenet_cppn.relatedness import CLAIM, Likeness, Relatedness
from fooling.pages.imagenet_search import Scale

HALF = Likeness(superiority=0.7, p=1 / 10_001, superiority_distinct=0.6)
WEAK_P, WEAK_EFFECT = replace(HALF, p=0.0001), replace(HALF, superiority=0.56)
PAPER = Scale(runs=2, classes=1_000, generations=5_000, children=400, network="EfficientNet-Lite0", crops="one")
FOUND = Relatedness(
    scale=PAPER,
    neighbours=0.31,
    random=-0.0002,
    runs=0.01,
    against_random=HALF,
    against_runs=HALF,
    shared_neighbours=0.2,
    shared_random=0.01,
)
APART: dict[str, Any] = {"neighbours": None, "against_random": None, "against_runs": None, "shared_neighbours": None}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"scale": replace(PAPER, classes=100)}, REPRODUCED),
        ({"scale": replace(PAPER, classes=99)}, UNTESTED),
        ({"scale": replace(PAPER, generations=125)}, REPRODUCED),  # 50 children per cell
        ({"scale": replace(PAPER, generations=124)}, UNTESTED),
        ({"scale": replace(PAPER, runs=1)}, UNTESTED),
        ({"runs": None, "against_runs": None}, UNTESTED),
        (APART, UNTESTED),
        ({"against_random": WEAK_P}, PARTLY),
        ({"against_random": WEAK_EFFECT}, PARTLY),
        ({"against_runs": WEAK_P}, PARTLY),
        ({"against_runs": WEAK_EFFECT}, PARTLY),
        ({"against_runs": replace(HALF, superiority=0.561)}, REPRODUCED),
        ({"against_random": WEAK_P, "against_runs": WEAK_EFFECT}, NOT),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_headline_has_the_correlations_that_were_measured() -> None:
    assert CLAIM.headline(FOUND) == (
        "In one run, images of neighbouring classes correlate by 0.31, those of any two classes by 0.00, "
        "and those of one class in two runs by 0.01."
    )
    assert CLAIM.headline(replace(FOUND, runs=None)).endswith("any two classes by 0.00.")
    assert "No two of the 1,000 classes" in CLAIM.headline(replace(FOUND, **APART))


def test_rows_hold_both_tests_and_what_the_paper_shows() -> None:
    found = replace(FOUND, random=0.05, against_runs=Likeness(superiority=0.9, p=0.02, superiority_distinct=None))
    rows = {what: here for what, here, _ in CLAIM.rows(found)}
    assert rows["neighbouring classes, one run: correlation"] == "0.31"
    assert rows["any two classes, one run"] == "0.05" and rows["one class, two runs"] == "0.01"
    told = "probability of superiority 0.90 (by permutation, p = 0.0200)"
    assert rows["neighbours against one class in two runs"] == told
    said = "probability of superiority 0.70 (by permutation, p < 0.0001); 0.60 without shared images"
    assert rows["neighbours against any two classes"] == said
    assert rows["neighbours that hold the very same image"] == "20.0%"
    assert CLAIM.rows(FOUND)[-2][2].startswith("agama 62.11 / 92.25%")
    rows = {what: here for what, here, _ in CLAIM.rows(replace(FOUND, **APART))}
    assert rows["neighbours against one class in two runs"] == "not measured"


def compare(
    thumbnails: Sequence[np.ndarray], places: np.ndarray, classes: Any, seed: int = 0
) -> tuple[Relatedness, relatedness.Correlations]:
    """Measure a search of this size on some network."""
    scale = Scale(len(thumbnails), len(classes), 10, 10, "network", "one")
    return relatedness.measure_relatedness(thumbnails, places, classes, scale, seed)


def test_neighbours_are_classes_that_follow_each_other_wherever_they_stand() -> None:
    np.testing.assert_array_equal(relatedness.find_neighbours([366, 367, 390, 12, 11]), [[4, 0], [3, 1]])
    assert relatedness.find_neighbours([1, 3, 5]).shape == (2, 0)


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
    found, _ = compare(draw_thumbnails(2, 60, walk=0.8), number_images(2, 60), range(60))
    smallest = 1 / (1 + relatedness.PERMUTATIONS)
    assert smallest < 0.0001  # the paper's p can be reached
    for half in (found.against_random, found.against_runs):
        assert half is not None and half.is_there
        assert half.p == pytest.approx(smallest)
        assert half.superiority > 0.9
    assert found.neighbours == pytest.approx(0.8, abs=0.05)
    assert (found.random, found.runs) == pytest.approx((0.0, 0.0), abs=0.1)


def test_p_of_exchangeable_images_is_uniform_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relatedness, "PERMUTATIONS", 199)
    found = [compare(draw_thumbnails(2, 16, seed), number_images(2, 16), range(16), seed)[0] for seed in range(100)]
    for half in ("against_random", "against_runs"):
        assert stats.kstest([getattr(one, half).p for one in found], "uniform").pvalue > 0.01


def test_runs_that_are_alike_do_not_make_p_smaller_than_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that all found the same images in an order of no meaning count as one."""
    monkeypatch.setattr(relatedness, "PERMUTATIONS", 199)
    p = []
    for seed in range(100):
        alike = draw_thumbnails(1, 16, seed) * 6
        p.append(compare(alike, number_images(6, 16), range(16), seed)[0].against_random.p)
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_every_pair_is_in_the_kind_that_it_belongs_to() -> None:
    thumbnails = draw_thumbnails(3, 5)
    classes = [10, 11, 20, 30, 31]
    record, found = compare(thumbnails, number_images(3, 5), classes)
    full = [np.round(one.astype(np.float64) @ one.T, 6) for one in thumbnails]
    np.testing.assert_allclose(found.neighbours, [one[pair] for one in full for pair in [(0, 1), (3, 4)]], atol=1e-6)
    np.testing.assert_allclose(
        np.sort(found.random), np.sort([one[i, j] for one in full for i in range(5) for j in range(i)]), atol=1e-6
    )
    across = [(thumbnails[a] * thumbnails[b]).sum(axis=1) for a, b in [(0, 1), (0, 2), (1, 2)]]
    np.testing.assert_allclose(found.runs, np.concatenate(across), atol=2e-6)
    np.testing.assert_allclose(record.runs, np.median(across), atol=2e-6)
    near, other = np.median(found.neighbours.reshape(3, 2), axis=0), np.median(across, axis=0)[[0, 3]]
    assert record.against_runs.superiority == probability_of_superiority(near, other)
    ranks = [np.mean(stats.rankdata(one[np.triu_indices(5, 1)])[[0, 9]]) for one in full]  # places of the neighbours
    assert record.against_random.superiority == pytest.approx((np.mean(ranks) - 0.5) / 10)


def test_pairs_that_hold_the_very_same_image_are_counted_and_can_be_left_out() -> None:
    thumbnails, places = draw_thumbnails(2, 8), number_images(2, 8)
    for run, shared in enumerate((slice(0, 4), slice(3, 8))):  # cells that hold one image: others in each run
        thumbnails[run][shared] = thumbnails[run][shared.start]
        places[run, shared] = shared.start
    record, _ = compare(thumbnails, places, range(8))
    assert (record.shared_neighbours, record.shared_random) == (pytest.approx(7 / 14), pytest.approx(16 / 56))
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
    found = relatedness._flip_signs(np.array(differences, float), np.random.default_rng(0))
    assert found == pytest.approx(p, abs=0.02)


def test_one_image_in_every_cell_is_no_evidence_against_random_classes() -> None:
    thumbnails = [np.tile(one[:1], (6, 1)) for one in draw_thumbnails(2, 6)]
    record, _ = compare(thumbnails, np.zeros((2, 6), int), range(6))
    assert record.against_random == Likeness(superiority=0.5, p=1.0, superiority_distinct=None)
    assert record.against_runs.superiority_distinct is None
    assert (record.shared_neighbours, record.shared_random) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("runs", "classes", "defined"),
    [(2, [1, 3, 5], (False, False)), (1, [1, 2, 3], (True, False)), (1, [7], (False, False))],
)
def test_what_is_not_defined_is_none_and_json(runs: int, classes: list[int], defined: tuple[bool, bool]) -> None:
    cells = len(classes)
    record, _ = compare(draw_thumbnails(runs, cells), number_images(runs, cells), classes)
    assert (record.against_random is not None, record.against_runs is not None) == defined
    assert (record.neighbours is None) == (not defined[0])
    assert (record.runs is None) == (runs == 1)
    assert msgspec.json.decode(msgspec.json.encode(record), type=Relatedness) == record


def test_same_seed_gives_the_same_p_and_at_most_2000_random_pairs() -> None:
    thumbnails, places = draw_thumbnails(2, 70), number_images(2, 70)  # 4,830 pairs
    one, again, other = (compare(thumbnails, places, range(70), seed) for seed in (3, 3, 4))
    assert one[0] == again[0] and one[0] != other[0]
    np.testing.assert_array_equal(one[1].random, again[1].random)
    assert one[1].random.shape == (2_000,)
    assert not np.array_equal(one[1].random, other[1].random)


def test_siblings_are_different_images_of_one_parent() -> None:
    thumbnails = np.eye(5, dtype=np.float32)
    thumbnails[1] = thumbnails[0]
    champions, parents = np.array([[10, 11, 12, 12, 13]]), np.array([[3, 3, 4, 4, -1]])
    np.testing.assert_array_equal(relatedness.correlate_siblings([thumbnails], champions, parents), [1.0])
    assert relatedness.correlate_siblings([thumbnails], champions, np.full((1, 5), -1)).size == 0
