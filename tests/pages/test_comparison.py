"""Two searches compared by classes; images compared by correlation; permutation tests with planted answers."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from fooling.pages import comparison

levels = arrays(np.float64, st.integers(1, 12), elements=st.integers(-3, 3).map(float))


def test_superiority_is_one_for_disjoint_and_one_half_for_equal_values() -> None:
    assert comparison.probability_of_superiority([2, 3, 4], [0, 1]) == 1.0
    assert comparison.probability_of_superiority([0, 1], [2, 3, 4]) == 0.0
    assert comparison.probability_of_superiority([1, 2, 5], [5, 2, 1]) == 0.5
    assert comparison.probability_of_superiority(np.full((2, 3), 7.0), [7.0]) == 0.5


@settings(max_examples=30, deadline=None)
@given(levels, levels)
def test_superiority_counts_all_pairs_with_ties_half(first: np.ndarray, second: np.ndarray) -> None:
    above = first[:, None] > second
    equal = first[:, None] == second
    assert comparison.probability_of_superiority(first, second) == pytest.approx(np.mean(above + 0.5 * equal))


def test_superiority_orders_infinite_log_odds_and_refuses_nan_and_nothing() -> None:
    assert comparison.probability_of_superiority([-np.inf, np.inf], [0.0, -np.inf]) == (0.5 + 2) / 4
    with pytest.raises(ValueError, match="NaN"):
        comparison.probability_of_superiority([1.0], [np.nan])
    with pytest.raises(ValueError, match="0 and 1 values"):
        comparison.probability_of_superiority([], [1.0])


def test_classes_are_compared_by_their_medians_over_runs() -> None:
    first = np.array([[0.9, 0.8, 0.1, 0.4], [0.7, 0.9, 0.3, 0.4], [0.8, 0.0, 0.2, 0.4]])  # medians .8, .8, .2, .4
    second = np.array([[0.125, 0.5, 0.3, 0.4], [0.25, 0.5, 0.3, 0.4]])  # medians .1875, .5, .3, .4
    found = comparison.compare_classes(first, second)
    assert found.ahead == 2  # a class that is equal in both is ahead in neither
    # Pairs: .8 is above all four, twice; .2 above one; .4 above two and equal to one.
    assert found.superiority == pytest.approx((4 + 4 + 1 + 2.5) / 16)


def test_p_of_a_tiny_case_is_the_one_counted_by_hand() -> None:
    first, second = np.array([[4.0, 5.0, 6.0]]), np.array([[1.0, 2.0, 3.0]])
    # Of the 20 ways to choose 3 of 6 ranks one has U = 9 and one U = 0.
    assert comparison.compare_classes(first, second).p == pytest.approx(2 / 20)
    assert comparison.compare_classes(first, first).p == 1.0


def test_p_belongs_to_the_u_that_the_superiority_stands_for() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.3, 1, (3, 200)), rng.normal(0, 1, (2, 200))
    found = comparison.compare_classes(first, second)
    u = found.superiority * 200 * 200
    spread = np.sqrt(200 * 200 * 401 / 12)
    assert found.p == pytest.approx(2 * stats.norm.sf((abs(u - 20_000) - 0.5) / spread), rel=1e-9)


def test_paired_p_is_that_of_all_signs_alike() -> None:
    rng = np.random.default_rng(0)
    second = rng.normal(size=(3, 8))
    first = np.median(second, axis=0) + np.arange(1.0, 9.0)
    assert comparison.compare_classes(first[None], second).paired_p == pytest.approx(2 / 2**8)
    assert comparison.compare_classes(second, first[None]).paired_p == pytest.approx(2 / 2**8)


def test_paired_p_sees_a_small_step_in_every_class_that_a_test_of_independent_samples_does_not() -> None:
    spread = np.linspace(-5.0, 5.0, 20)
    step = 0.1 + np.linspace(0.0, 0.01, 20)
    found = comparison.compare_classes((spread + step)[None], spread[None])
    assert found.paired_p == pytest.approx(2 / 2**20)
    assert found.p > 0.5


def test_a_class_is_the_median_of_its_runs_and_no_difference_is_no_finding() -> None:
    runs = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 2.5]])
    found = comparison.compare_classes(runs, np.array([[1.0, 2.0]]))
    assert (found.paired_p, found.ahead, found.superiority, found.medians) == (1.0, 0, 0.5, (1.5, 1.5))


def test_start_is_generation_0_alone() -> None:
    first, second = np.full((2, 3, 6), 9.0), np.full((1, 4, 6), 9.0)
    first[:, 0], second[:, 0] = 0.0, np.log(1 / 3) * np.arange(1, 7)
    start = comparison.compare_starts(first, second)
    assert start.medians[0] == 0.5 and start.ahead == 6
    assert start.paired_p == pytest.approx(2 / 2**6)


def test_both_tests_are_told_with_the_classes_ahead() -> None:
    found = comparison.Comparison(0.96, 1e-9, 993, 0.25, (0.3, 0.1))
    assert found.is_there and comparison.tell_comparison(found, 1_000) == (
        "ahead in 993 of 1,000 classes; probability of superiority 0.96 (Mann-Whitney U, p < 0.0001); "
        "each class against itself p = 0.2500 (Wilcoxon)"
    )


def test_searches_on_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not \(2, 3\) and \(2, 4\)"):
        comparison.compare_classes(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="NaN"):
        comparison.compare_classes(np.full((2, 3), np.nan), np.zeros((2, 3)))


def draw_images(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return noise."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (15, 13, 3)])
def test_small_images_correlate_as_numpy_says(shape: tuple[int, int, int]) -> None:
    images = draw_images((5, *shape))
    expected = np.corrcoef(images.reshape(5, -1))
    thumbnails = comparison.shrink(images)
    np.testing.assert_allclose(comparison.correlate_all(thumbnails), expected, atol=2e-6)
    pairs = comparison.correlate_pairs(thumbnails[:-1], thumbnails[1:])
    np.testing.assert_allclose(pairs, np.diag(expected, 1), atol=2e-6)


def test_large_images_shrink_by_the_mean_over_areas() -> None:
    images = draw_images((23, 64, 96, 1))  # more than are shrunk at a time
    areas = images.reshape(23, 32, 2, 32, 3).mean(axis=(2, 4)).reshape(23, -1)
    np.testing.assert_allclose(comparison.correlate_all(comparison.shrink(images)), np.corrcoef(areas), atol=2e-6)


def test_sides_that_32_does_not_divide_share_pixels_between_areas() -> None:
    ramp = np.tile(np.arange(33, dtype=np.uint8)[:, None, None] * 7, (1, 1, 33, 1)).reshape(1, 33, 33, 1)
    areas = [(7 * (32 - i) * i + 7 * (i + 1) * (i + 1)) / 33 for i in range(32)]  # parts of pixels i and i + 1
    expected = np.repeat(areas, 32) - np.mean(areas)
    np.testing.assert_allclose(comparison.shrink(ramp)[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_a_constant_image_correlates_zero_with_everything() -> None:
    levels = np.arange(0, 256, 5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 41, 37, 1), np.uint8)
    found = comparison.correlate_all(comparison.shrink(np.concatenate([levels, draw_images((1, 41, 37, 1))])))
    np.testing.assert_array_equal(found, np.diag([0.0] * len(levels) + [1.0]))


def test_one_pixel_one_level_brighter_is_not_a_constant_image() -> None:
    image = np.full((2, 224, 224, 3), 100, np.uint8)
    image[0, 5, 5, 1] += 1
    assert [np.linalg.norm(one) for one in comparison.shrink(image)] == [pytest.approx(1.0), 0.0]


def test_brightness_and_contrast_do_not_count_and_the_negative_correlates_minus_one() -> None:
    image = draw_images((1, 40, 40, 3)) // 2
    thumbnails = comparison.shrink(np.concatenate([image, image + 90, 255 - image]))
    np.testing.assert_allclose(comparison.correlate_all(thumbnails)[0], [1.0, 1.0, -1.0], atol=1e-6)


def test_only_uint8_images_are_shrunk() -> None:
    with pytest.raises(ValueError, match="uint8, not"):
        comparison.shrink(np.zeros((2, 8, 8, 3), np.float32))


def test_neighbours_are_classes_that_follow_each_other_wherever_they_stand() -> None:
    np.testing.assert_array_equal(comparison.find_neighbours([366, 367, 390, 12, 11]), [[4, 0], [3, 1]])
    assert comparison.find_neighbours([1, 3, 5]).shape == (2, 0)


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
    found = comparison.compare_relatedness(draw_thumbnails(2, 60, walk=0.8), number_images(2, 60), range(60))
    smallest = 1 / (1 + comparison.PERMUTATIONS)
    assert smallest < 0.0001  # the paper's p can be reached
    for half in ("neighbours_against_random", "neighbours_against_runs"):
        assert found.metrics[half]["p"] == pytest.approx(smallest)
        assert found.metrics[half]["superiority"] > 0.9
    similarity = found.metrics["similarity"]
    assert similarity["neighbours"] == pytest.approx(0.8, abs=0.05)
    assert (similarity["random"], similarity["runs"]) == pytest.approx((0.0, 0.0), abs=0.1)


def test_p_of_exchangeable_images_is_uniform_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PERMUTATIONS", 199)
    halves = ("neighbours_against_random", "neighbours_against_runs")
    found = [
        comparison.compare_relatedness(draw_thumbnails(2, 16, seed), number_images(2, 16), range(16), seed).metrics
        for seed in range(100)
    ]
    for half in halves:
        assert stats.kstest([one[half]["p"] for one in found], "uniform").pvalue > 0.01


def test_runs_that_are_alike_do_not_make_p_smaller_than_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that all found the same images in an order of no meaning count as one."""
    monkeypatch.setattr(comparison, "PERMUTATIONS", 199)
    p = []
    for seed in range(100):
        alike = draw_thumbnails(1, 16, seed) * 6
        found = comparison.compare_relatedness(alike, number_images(6, 16), range(16), seed).metrics
        p.append(found["neighbours_against_random"]["p"])
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_every_pair_is_in_the_kind_that_it_belongs_to() -> None:
    thumbnails = draw_thumbnails(3, 5)
    classes = [10, 11, 20, 30, 31]
    found = comparison.compare_relatedness(thumbnails, number_images(3, 5), classes)
    full = [np.round(one.astype(np.float64) @ one.T, 6) for one in thumbnails]
    np.testing.assert_allclose(found.neighbours, [one[pair] for one in full for pair in [(0, 1), (3, 4)]], atol=1e-6)
    np.testing.assert_allclose(
        np.sort(found.random), np.sort([one[i, j] for one in full for i in range(5) for j in range(i)]), atol=1e-6
    )
    across = [(thumbnails[a] * thumbnails[b]).sum(axis=1) for a, b in [(0, 1), (0, 2), (1, 2)]]
    np.testing.assert_allclose(found.runs, np.concatenate(across), atol=2e-6)
    np.testing.assert_allclose(found.metrics["similarity"]["runs"], np.median(across), atol=2e-6)
    near, other = np.median(found.neighbours.reshape(3, 2), axis=0), np.median(across, axis=0)[[0, 3]]
    against_runs = found.metrics["neighbours_against_runs"]["superiority"]
    assert against_runs == comparison.probability_of_superiority(near, other)
    against_random = found.metrics["neighbours_against_random"]["superiority"]
    ranks = [np.mean(stats.rankdata(one[np.triu_indices(5, 1)])[[0, 9]]) for one in full]  # places of the neighbours
    assert against_random == pytest.approx((np.mean(ranks) - 0.5) / 10)


def test_pairs_that_hold_the_very_same_image_are_counted_and_can_be_left_out() -> None:
    thumbnails, places = draw_thumbnails(2, 8), number_images(2, 8)
    for run, shared in enumerate((slice(0, 4), slice(3, 8))):  # cells that hold one image: others in each run
        thumbnails[run][shared] = thumbnails[run][shared.start]
        places[run, shared] = shared.start
    metrics = comparison.compare_relatedness(thumbnails, places, range(8)).metrics
    assert metrics["shared"] == {"neighbours": pytest.approx(7 / 14), "random": pytest.approx(16 / 56)}
    full = [np.round(one.astype(np.float64) @ one.T, 6) for one in thumbnails]
    apart = [np.triu(numbers[:, None] != numbers, 1) for numbers in places]
    near = [np.diag(full[0], 1)[3:], np.diag(full[1], 1)[:3]]  # what is left of the neighbours in each run
    half = metrics["neighbours_against_random"]
    expected = [comparison.probability_of_superiority(near[run], full[run][apart[run]]) for run in range(2)]
    assert half["superiority_distinct"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert half["superiority_distinct"] < half["superiority"]
    half = metrics["neighbours_against_runs"]
    other = (thumbnails[0] * thumbnails[1]).sum(axis=1)[:-1]
    expected = comparison.probability_of_superiority(np.concatenate(near), other)
    assert half["superiority_distinct"] == pytest.approx(expected, abs=1e-12)
    assert half["superiority_distinct"] < half["superiority"]


@pytest.mark.parametrize(("differences", "p"), [([1, 1, 1], 1 / 8), ([2, -1, 1], 3 / 8), ([-1], 1), ([0, 0], 1)])
def test_signs_are_flipped_as_often_as_coins(differences: list[float], p: float) -> None:
    found = comparison._flip_signs(np.array(differences, float), np.random.default_rng(0))
    assert found == pytest.approx(p, abs=0.02)


def test_one_image_in_every_cell_is_no_evidence_against_random_classes() -> None:
    thumbnails = [np.tile(one[:1], (6, 1)) for one in draw_thumbnails(2, 6)]
    metrics = comparison.compare_relatedness(thumbnails, np.zeros((2, 6), int), range(6)).metrics
    assert metrics["neighbours_against_random"] == {"superiority": 0.5, "p": 1.0, "superiority_distinct": None}
    assert metrics["neighbours_against_runs"]["superiority_distinct"] is None
    assert metrics["shared"] == {"neighbours": 1.0, "random": 1.0}


@pytest.mark.parametrize(
    ("runs", "classes", "defined"),
    [(2, [1, 3, 5], (False, False)), (1, [1, 2, 3], (True, False)), (1, [7], (False, False))],
)
def test_what_is_not_defined_is_none_and_json(runs: int, classes: list[int], defined: tuple[bool, bool]) -> None:
    cells = len(classes)
    metrics = comparison.compare_relatedness(draw_thumbnails(runs, cells), number_images(runs, cells), classes).metrics
    halves = ("neighbours_against_random", "neighbours_against_runs")
    assert tuple(metrics[half] is not None for half in halves) == defined
    assert (metrics["similarity"]["neighbours"] is None) == (not defined[0])
    assert (metrics["similarity"]["runs"] is None) == (runs == 1)
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_same_seed_gives_the_same_p_and_at_most_2000_random_pairs() -> None:
    thumbnails, places = draw_thumbnails(2, 70), number_images(2, 70)  # 4,830 pairs
    one, again, other = (comparison.compare_relatedness(thumbnails, places, range(70), seed) for seed in (3, 3, 4))
    assert one.metrics == again.metrics and one.metrics != other.metrics
    np.testing.assert_array_equal(one.random, again.random)
    assert one.random.shape == (2_000,)
    assert not np.array_equal(one.random, other.random)


def test_places_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 4\), but places are \(2, 5\)"):
        comparison.compare_relatedness(draw_thumbnails(2, 4), number_images(2, 5), range(4))


def test_findings_are_told_without_scipy_or_tensorflow() -> None:
    code = (
        "import sys; from fooling.pages import comparison, contents, finding; "
        "print([name for name in ('scipy', 'tensorflow', 'keras') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_siblings_are_different_images_of_one_parent() -> None:
    thumbnails = np.eye(5, dtype=np.float32)
    thumbnails[1] = thumbnails[0]
    champions, parents = np.array([[10, 11, 12, 12, 13]]), np.array([[3, 3, 4, 4, -1]])
    np.testing.assert_array_equal(comparison.correlate_siblings([thumbnails], champions, parents), [1.0])
    assert comparison.correlate_siblings([thumbnails], champions, np.full((1, 5), -1)).size == 0
