"""Two searches class by class: p-values counted by hand, and what they have before evolution."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.pages.findings.paired import compare_starts, pair_classes


def test_p_is_that_of_all_signs_alike() -> None:
    rng = np.random.default_rng(0)
    second = rng.normal(size=(3, 8))
    first = np.median(second, axis=0) + np.arange(1.0, 9.0)
    assert pair_classes(first[None], second) == pytest.approx(2 / 2**8)
    assert pair_classes(second, first[None]) == pytest.approx(2 / 2**8)


def test_p_sees_a_small_step_in_every_class_that_a_test_of_independent_samples_does_not() -> None:
    from scipy.stats import mannwhitneyu

    spread = np.linspace(-5.0, 5.0, 20)
    step = 0.1 + np.linspace(0.0, 0.01, 20)
    assert pair_classes((spread + step)[None], spread[None]) == pytest.approx(2 / 2**20)
    assert mannwhitneyu(spread + step, spread).pvalue > 0.5


def test_a_class_is_the_median_of_its_runs_and_no_difference_is_no_finding() -> None:
    runs = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 2.5]])
    assert pair_classes(runs, np.array([[1.0, 2.0]])) == 1.0
    start = compare_starts(np.zeros((2, 3, 4), np.float32), np.zeros((1, 5, 4), np.float32))
    assert start == {"medians": [0.5, 0.5], "classes_ahead": 0, "paired_p": 1.0}


def test_start_is_generation_0_alone() -> None:
    first, second = np.full((2, 3, 6), 9.0), np.full((2, 3, 6), 9.0)
    first[:, 0], second[:, 0] = 0.0, np.log(1 / 3) * np.arange(1, 7)
    start = compare_starts(first, second)
    assert start["medians"][0] == 0.5 and start["classes_ahead"] == 6
    assert start["paired_p"] == pytest.approx(2 / 2**6)


def test_other_classes_and_nan_are_refused() -> None:
    with pytest.raises(ValueError, match="of the same classes"):
        pair_classes(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="NaN"):
        pair_classes(np.full((2, 3), np.nan), np.zeros((2, 3)))
