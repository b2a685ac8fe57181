"""Numbers of what was measured: how much champions look like digits."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.data.digits import Digits
from fooling.lab.detectors.names import ENCODINGS, FEATURES, GUARDING, SCALED
from fooling.pages.detectors.records import correlate, measure_likeness

RANDOM = np.random.default_rng(0)


def test_correlation_is_numpys_of_each_pair() -> None:
    one, other = RANDOM.integers(0, 256, (2, 6, 28, 28, 1), np.uint8)
    expected = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(correlate(one, other), expected)
    assert correlate(one[:1] * 0, other[:1]) == 0.0, "a blank image is like nothing"


def test_champions_are_compared_with_the_mean_digit_of_their_class() -> None:
    means = RANDOM.integers(0, 200, (10, 28, 28, 1), np.uint8)
    labels = np.repeat(np.arange(10), 2)
    images = means[labels] + np.tile([0, 20], 10).astype(np.uint8)[:, None, None, None]  # around means + 10
    digits = Digits("toy", images, labels, images, labels)
    shown = RANDOM.integers(0, 256, (len(GUARDING), len(ENCODINGS), 5, 28, 28, 1), np.uint8)
    shown[GUARDING.index(FEATURES), 1] = means[:5]
    shown[GUARDING.index(SCALED), 1] = 255 - means[:5]
    found = measure_likeness(shown, digits)
    assert found.champions == 5 and found.real == pytest.approx(1.0)
    assert (found.plain["CPPN"], found.guarded["CPPN"]) == (pytest.approx(-1.0), pytest.approx(1.0))
    assert abs(found.plain["direct"]) < 0.1 and abs(found.guarded["direct"]) < 0.1
