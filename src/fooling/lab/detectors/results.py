"""From the detectors' scores to what tables and figures show; a few seconds, so it is computed anew for each page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from fooling.lab.detectors.measures import Detection, Interval, measure_calibration, measure_detector
from fooling.lab.detectors.records import Measurement, Scored

ByDetector = Mapping[str, Detection]


class Calibration(NamedTuple):
    """How far a network's confidences on natural images can be trusted.

    Attributes:
        temperature: That its logits are divided by.
        error: The expected calibration error.
        confidences: ``(n,) float64``: of each image's top class.
        right: ``(n,) bool``: whether it is the image's.
    """

    temperature: float
    error: Interval
    confidences: np.ndarray
    right: np.ndarray


class Results(NamedTuple):
    """How well every detector does.

    Attributes:
        kinds: By kind of fooling image, by detector.
        against: By encoding, by the detector that images evolved against, by detector.
        taught: By detector, on images that evolved against the network with the fooling class.
        calibration: Before and after temperature.
    """

    kinds: Mapping[str, ByDetector]
    against: Mapping[str, Mapping[str, ByDetector]]
    taught: ByDetector
    calibration: tuple[Calibration, Calibration]


def measure_results(measured: Measurement, seed: int = 0) -> Results:
    """Measure every detector on the half of the natural images that nothing was fitted on.

    Args:
        measured: The scores.
        seed: Of the bootstrap.
    """
    names, natural = measured.detectors, measured.natural
    return Results(
        kinds=measure_kinds(names, natural, measured.kinds, seed),
        against={
            encoding: measure_kinds(names, natural, by_guard, seed) for encoding, by_guard in measured.against.items()
        },
        taught=_measure_scores(names, natural, measured.taught, seed),
        calibration=(
            calibrate(measured.logits, measured.labels, 1.0, seed),
            calibrate(measured.logits, measured.labels, measured.temperature, seed),
        ),
    )


def measure_kinds(
    names: Sequence[str], natural: np.ndarray, kinds: Mapping[str, Scored], seed: int = 0
) -> dict[str, ByDetector]:
    """Measure every detector on every kind of image.

    Args:
        names: Of the detectors.
        natural: ``(detectors, n)`` scores of natural images.
        kinds: By kind of fooling image.
        seed: Of the bootstrap.
    """
    return {kind: _measure_scores(names, natural, scored, seed) for kind, scored in kinds.items()}


def calibrate(logits: np.ndarray, labels: np.ndarray, temperature: float, seed: int = 0) -> Calibration:
    """Compare confidence with accuracy at a temperature.

    Args:
        logits: ``(n, classes)``.
        labels: ``(n,)``.
        temperature: What logits are divided by.
        seed: Of the bootstrap.
    """
    confidences = softmax(logits.astype(np.float64) / temperature, axis=1)
    highest, right = confidences.max(axis=1), confidences.argmax(axis=1) == labels
    return Calibration(temperature, measure_calibration(highest, right, seed), highest, right)


def _measure_scores(names: Sequence[str], natural: np.ndarray, scored: Scored, seed: int) -> ByDetector:
    return {
        name: measure_detector(mine, theirs, seed)
        for name, mine, theirs in zip(names, natural, scored.scores, strict=True)
    }
