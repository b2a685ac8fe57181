"""Numbers about confidences by examples worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.confidence import (
    calibrate,
    find_median,
    first_generations,
    to_confidence,
    to_log_odds,
    wilson_interval,
)


def test_log_odds_and_confidences_are_each_others_inverse_and_do_not_overflow() -> None:
    assert to_confidence(np.array([to_log_odds(0.7), 0.0, -800.0, 800.0])) == pytest.approx([0.7, 0.5, 0.0, 1.0])


def test_bins_of_confidence_are_those_worked_out_by_hand() -> None:
    # Fifteen bins: two images in the ninth, right and wrong; one in the last, right; one on the lower edge of the last.
    found = calibrate([0.55, 0.56, 1.0, 14 / 15], [True, False, True, True])
    np.testing.assert_array_equal(found.counts, [0] * 8 + [2] + [0] * 5 + [2])
    filled = found.counts > 0
    np.testing.assert_allclose(found.confidence[filled], [0.555, (1.0 + 14 / 15) / 2])
    np.testing.assert_allclose(found.accuracy[filled], [0.5, 1.0])
    assert np.isnan(found.confidence[~filled]).all() and np.isnan(found.accuracy[~filled]).all()
    # (|0.5 − 0.555| · 2 + |1 − 0.9667| · 2) / 4
    assert found.error == pytest.approx((0.055 * 2 + (1 - (1.0 + 14 / 15) / 2) * 2) / 4)


@pytest.mark.parametrize(
    ("confidences", "right", "reason"),
    [
        ([], [], "at least one image"),
        ([0.5], [True, False], "one confidence and one right or wrong"),
        ([0.5], [1], "one confidence and one right or wrong"),
        ([1.5], [True], "lie in"),
        ([np.nan], [True], "lie in"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(confidences: list[float], right: list[bool], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        calibrate(confidences, right)


def test_the_median_of_nothing_is_none() -> None:
    assert find_median(np.array([])) is None
    assert find_median(np.array([3.0, 1.0, 2.0])) == 2.0


def test_an_interval_around_no_case_at_all_is_wilsons() -> None:
    low, high = wilson_interval(np.array([0.0, 0.5]), 10)
    np.testing.assert_allclose(low, [0.0, 0.2366], atol=1e-4)
    np.testing.assert_allclose(high, [0.2775, 0.7634], atol=1e-4)


def test_a_class_is_there_from_the_first_generation_that_reaches_the_confidence_itself() -> None:
    history = np.array([[[-1.0, 1.0, -2.0], [0.0, 2.0, -1.0], [0.5, 3.0, -0.1]]], np.float32)
    np.testing.assert_array_equal(first_generations(history, 0.5), [[1.0, 0.0, np.nan]])
    assert np.isnan(first_generations(history)).all()  # 99.99% are log-odds of 9.2
