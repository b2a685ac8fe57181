"""From the detectors' scores to the numbers that tables and figures show; seconds, so computed anew for each page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fooling.confidence import Calibration, calibrate, to_confidence
from fooling.lab.detectors.measures import Detection, Interval, measure_calibration, measure_detector
from fooling.lab.detectors.names import FOOLING_CLASS
from fooling.lab.detectors.records import Measurement, PhotographScores, Scored


@dataclass(frozen=True)
class KindResults:
    """How well every detector tells natural images from fooling ones of one kind."""

    detections: dict[str, Detection]  # by detector
    images: int  # fooling ones
    median: float  # confidence in the class that an image was made for, or else in its top one


@dataclass(frozen=True)
class Results:
    """How well every detector does on the half of the natural images that nothing was fitted on."""

    kinds: dict[str, KindResults]  # by kind of fooling image
    natural: int
    temperature: float
    scale: str  # network, searches and data, in words


@dataclass(frozen=True)
class DigitResults(Results):
    """The same on digits, with images that evolved again."""

    against: dict[str, dict[str, KindResults]]  # by encoding, by the detector evolved against; the fooling class last
    error_before: Interval  # expected calibration error of the network's own confidences
    error_after: Interval  # the same after temperature


class Trust(NamedTuple):
    """How far a network's confidences on natural images can be trusted."""

    temperature: float  # that its logits are divided by
    error: Interval  # expected calibration error
    bins: Calibration


def measure_digits(measured: Measurement, trust: tuple[Trust, Trust], scale: str, seed: int = 0) -> DigitResults:
    """Reduce what was measured on digits to numbers."""
    names, natural = measured.detectors, measured.natural
    against = {encoding: dict(by_guard) for encoding, by_guard in measured.against.items()}
    against["CPPN"][FOOLING_CLASS] = measured.taught  # page 11 evolves CPPN images
    return DigitResults(
        kinds=measure_kinds(names, natural, measured.kinds, seed),
        natural=natural.shape[1],
        temperature=measured.temperature,
        scale=scale,
        against={encoding: measure_kinds(names, natural, parts, seed) for encoding, parts in against.items()},
        error_before=trust[0].error,
        error_after=trust[1].error,
    )


def measure_photographs(measured: PhotographScores, scale: str, seed: int = 0) -> Results:
    """Reduce what was measured on photographs to numbers; arguments as for :func:`measure_digits`."""
    kinds = measure_kinds(measured.detectors, measured.natural, measured.kinds, seed)
    return Results(kinds, measured.natural.shape[1], measured.temperature, scale)


def measure_kinds(
    names: Sequence[str], natural: np.ndarray, kinds: Mapping[str, Scored], seed: int = 0
) -> dict[str, KindResults]:
    """Measure every detector on every kind of image; ``natural`` is ``(detectors, n)`` scores of natural images."""
    return {
        kind: KindResults(
            detections={
                name: measure_detector(mine, theirs, seed)
                for name, mine, theirs in zip(names, natural, scored.scores, strict=True)
            },
            images=len(scored.log_odds),
            median=float(np.median(to_confidence(scored.log_odds))),
        )
        for kind, scored in kinds.items()
    }


def measure_trust(logits: np.ndarray, labels: np.ndarray, temperature: float, seed: int = 0) -> Trust:
    """Compare confidence with accuracy at a temperature.

    Args:
        logits: ``(n, classes)``.
        labels: ``(n,)``.
    """
    from scipy.special import softmax  # only here: what is told of results needs no SciPy

    confidences = softmax(logits.astype(np.float64) / temperature, axis=1)
    highest, right = confidences.max(axis=1), confidences.argmax(axis=1) == labels
    return Trust(temperature, measure_calibration(highest, right, seed), calibrate(highest, right))
