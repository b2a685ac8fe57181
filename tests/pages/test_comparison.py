"""Two searches compared by classes; images compared by correlation."""

from __future__ import annotations

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


def test_findings_are_told_without_scipy_or_tensorflow() -> None:
    code = (
        "import sys; from fooling.pages import comparison, contents, finding; "
        "print([name for name in ('scipy', 'tensorflow', 'keras') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
