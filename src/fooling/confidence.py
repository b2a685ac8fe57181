"""Numbers about confidences that the whole project shares: log-odds, calibration, intervals of shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

NEAR_CERTAIN = 0.9999  # Source: paper §3.1
BINS = 15  # of confidence, of equal width; Source: Guo et al. 2017
DEVIATES = 1.959964  # of a normal distribution, that hold 95% of it


def to_confidence(log_odds: np.ndarray) -> np.ndarray:
    """Return the softmax values that belong to log-odds, same shape, float64."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(log_odds, np.float64)))


def to_log_odds(confidence: float) -> float:
    """Return log(p / (1 − p)) of a confidence p in (0, 1)."""
    return float(np.log(confidence / (1.0 - confidence)))


def find_median(values: np.ndarray) -> float | None:
    """Return the median as a number that JSON can hold: None, not NaN, for the median of nothing."""
    return float(np.median(values)) if np.size(values) else None


def first_generations(history: np.ndarray, confidence: float = NEAR_CERTAIN) -> np.ndarray:
    """Return the generation in which each class first reached a confidence, ``(runs, classes) float64``, NaN if never.

    The history is ``(runs, generations + 1, classes) float32`` log-odds; the confidence lies in (0, 1).
    """
    reached = history >= to_log_odds(confidence)
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


class Calibration(NamedTuple):
    """How far confidences can be trusted."""

    confidence: np.ndarray  # ``(15,) float64``: mean confidence by bin of confidence, NaN where the bin is empty
    accuracy: np.ndarray  # ``(15,) float64``: share of right answers by bin
    counts: np.ndarray  # ``(15,) int64``
    error: float  # expected calibration error: mean distance of accuracy and confidence over bins, weighted by count


def calibrate(confidences: np.ndarray | Sequence[float], right: np.ndarray | Sequence[bool]) -> Calibration:
    """Hold confidences against how often they are right; one between two bins counts for the upper one.

    Args:
        confidences: ``(n,)`` in [0, 1]: of each image's top class; other arrays, or no image, raise ValueError.
        right: ``(n,) bool``: whether that class is the image's.
    """
    values, correct = np.asarray(confidences, np.float64), np.asarray(right)
    if values.ndim != 1 or not values.size or correct.shape != values.shape or correct.dtype != np.bool_:
        raise ValueError("Calibration needs one confidence and one right or wrong for each image, at least one image.")
    if not (values.min() >= 0.0 and values.max() <= 1.0):
        raise ValueError(f"Confidences lie in [0, 1], not from {values.min()} to {values.max()}.")
    place = np.minimum((values * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):
        confidence, accuracy = (np.bincount(place, part, BINS) / count for part in (values, correct))
    error = float(np.abs(np.bincount(place, correct - values, BINS)).sum() / len(values))
    return Calibration(confidence, accuracy, count, error)


def wilson_interval(shares: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's 95% interval of shares of ``count`` independent cases.

    Source: Wilson 1927; unlike the share's own standard deviation it does not vanish where the share is 0.
    """
    square = DEVIATES**2 / count
    middle = (shares + square / 2) / (1 + square)
    half = np.sqrt(shares * (1 - shares) * square + square**2 / 4) / (1 + square)
    return middle - half, middle + half
