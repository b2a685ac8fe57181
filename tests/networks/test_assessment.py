"""Error and calibration by an example worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.networks.assessment import assess


class Rehearsed:
    """Gives the confidences that it was told, whatever the images."""

    def __init__(self, confidences: list[list[float]]) -> None:
        self.rows = np.float32(confidences)

    def confidences(self, images: np.ndarray) -> np.ndarray:
        return self.rows


# Five images: top confidences .95 right, .91 wrong, .55 right, .52 right, .40 wrong.
ROWS = [[0.95, 0.05, 0.0], [0.04, 0.91, 0.05], [0.25, 0.20, 0.55], [0.52, 0.48, 0.0], [0.30, 0.30, 0.40]]
LABELS = np.array([0, 0, 2, 0, 1])


def test_error_bins_and_calibration_error_are_those_worked_out_by_hand():
    found = assess(Rehearsed(ROWS), np.zeros(5), LABELS)
    assert found.error == pytest.approx(2 / 5)
    np.testing.assert_array_equal(found.correct, [True, False, True, True, False])
    np.testing.assert_allclose(found.confidences, [0.95, 0.91, 0.55, 0.52, 0.40])
    np.testing.assert_array_equal(found.bin_count, [0, 0, 0, 0, 1, 2, 0, 0, 0, 2])
    nan = np.nan
    np.testing.assert_allclose(found.bin_accuracy, [nan, nan, nan, nan, 0, 1, nan, nan, nan, 0.5])
    np.testing.assert_allclose(found.bin_confidence, [nan, nan, nan, nan, 0.40, 0.535, nan, nan, nan, 0.93], rtol=1e-6)
    # (|0 − .40| · 1 + |1 − .535| · 2 + |.5 − .93| · 2) / 5
    assert found.calibration_error == pytest.approx((0.40 + 0.93 + 0.86) / 5)


def test_full_certainty_falls_into_the_last_bin_and_a_perfect_network_has_no_error():
    found = assess(Rehearsed([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2), np.array([0, 1]))
    assert (found.error, found.calibration_error) == (0.0, 0.0)
    assert found.bin_count[9] == 2


def test_a_trained_network_is_assessed_on_digits_it_never_saw(lenet, digits):
    found = assess(lenet, digits.test_images, digits.test_labels)
    assert found.bin_count.sum() == 1000
    assert found.error == pytest.approx(np.mean(~found.correct))
    assert found.error < 0.2  # after 150 steps
    assert 0 < found.calibration_error < 0.2
