"""How good a network is on real images, and how far its confidence can be trusted there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fooling.networks.classifier import Classifier

BINS = 10  # equal-width bins of confidence, as in Guo et al. 2017


class Assessment(NamedTuple):
    """A network on labelled images.

    Attributes:
        error: Share of images whose top class is not their label.
        confidences: ``(count,) float32``: confidence in the top class.
        correct: ``(count,) bool``.
        bin_confidence: ``(10,) float64``: mean confidence by bin of confidence, NaN where the bin is empty.
        bin_accuracy: ``(10,) float64``: share of correct images by bin.
        bin_count: ``(10,) int64``.
        calibration_error: Expected calibration error: mean distance of accuracy and confidence, weighted by count.
    """

    error: float
    confidences: np.ndarray
    correct: np.ndarray
    bin_confidence: np.ndarray
    bin_accuracy: np.ndarray
    bin_count: np.ndarray
    calibration_error: float


def assess(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> Assessment:
    """Measure error and calibration.

    Args:
        classifier: The network.
        images: ``(count, height, width, channels)``, uint8 or float32 in [0, 1].
        labels: ``(count,) int64``.
    """
    scores = classifier.confidences(images)
    confidence, correct = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        bin_confidence = np.bincount(bins, confidence, BINS) / count
        bin_accuracy = np.bincount(bins, correct, BINS) / count
    gaps = np.nan_to_num(np.abs(bin_accuracy - bin_confidence))
    return Assessment(
        error=float(1.0 - correct.mean()),
        confidences=confidence,
        correct=correct,
        bin_confidence=bin_confidence,
        bin_accuracy=bin_accuracy,
        bin_count=count,
        calibration_error=float((gaps * count).sum() / count.sum()),
    )
