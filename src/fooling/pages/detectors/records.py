"""What is recorded of detectors, and the numbers that tables and figures show, computed anew for each page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fooling.confidence import Calibration, calibrate, to_confidence
from fooling.data.digits import DIGITS, Digits
from fooling.lab.detectors.measures import Detection, Interval, find_threshold, measure_calibration, measure_detector
from fooling.lab.detectors.names import (
    ENCODINGS,
    FEATURES,
    FOOLING_CLASS,
    GUARDING,
    KINDS,
    PHOTOGRAPH_KINDS,
    SCALED,
)
from fooling.runs import RunFolder

COMPARED = 1_000  # real digits whose likeness to their mean is taken; Choice: their median is known to a hundredth


@dataclass(frozen=True)
class DetectorSizes:
    """How long images evolve against each detector, and how many are looked at."""

    runs: int
    generations: int
    children: int
    images: int  # of each kind of fooling image, at most


class Scored(NamedTuple):
    """What the detectors and the network say of some images."""

    scores: np.ndarray  # (detectors, images) float64, larger for images taken for natural
    log_odds: np.ndarray  # (images,) float32: of the class that an image was made for, or else of its top one


class Picks(NamedTuple):
    """For each digit the image that passes most detectors; up to ten of them."""

    images: np.ndarray  # (picks, height, width, channels) uint8
    digits: np.ndarray  # (picks,) int64: what the network takes each for
    log_odds: np.ndarray  # (picks,) float32: how surely
    passed: np.ndarray  # (picks,) int64: detectors that let it pass
    sources: np.ndarray  # (picks,) int64: the place of its kind


@dataclass(frozen=True)
class Measurement:
    """What detectors say of natural and fooling images; some of the natural ones fit, others are measured."""

    detectors: tuple[str, ...]
    temperature: float
    fit_scores: np.ndarray  # (detectors, n) float64: of natural images that fix the thresholds
    natural: np.ndarray  # (detectors, n) float64: of those that are measured
    kinds: Mapping[str, Scored]  # by kind of fooling image
    folder: RunFolder | None


@dataclass(frozen=True)
class DigitMeasurement(Measurement):
    """Everything that the page says about digits; the first half of the held-out ones fits, the other is measured."""

    logits: np.ndarray  # (n, 10) float32: of the measured half
    labels: np.ndarray  # (n,) int64: of the measured half
    against: Mapping[str, Mapping[str, Scored]]  # by encoding, by the detector that guarded the network
    taught: Scored  # CPPN images that evolved against the network with the fooling class; log-odds are that network's
    before: Picks  # among kinds
    after: Picks  # among against and taught; names.AFTER says what a source is
    shown: np.ndarray  # (guards, encodings, digits, height, width, channels) uint8: champions of the first run
    shown_log_odds: np.ndarray  # (guards, encodings, digits) float32: the plain network's

    @property
    def thresholds(self) -> np.ndarray:
        """The score that 95% of the first half reach, by detector: ``(detectors,) float64``."""
        return find_thresholds(self.fit_scores)


def find_thresholds(fit_scores: np.ndarray) -> np.ndarray:
    """Return the score that 95% of natural images reach: ``(detectors, n)`` to ``(detectors,) float64``."""
    return np.array([find_threshold(part) for part in fit_scores])


def pack(records: Mapping[str, Scored | Picks]) -> dict[str, np.ndarray]:
    """Return arrays named ``label_field``."""
    return {f"{label}_{name}": part for label, one in records.items() for name, part in one._asdict().items()}


def read_scored(arrays: Mapping[str, np.ndarray], label: str) -> Scored:
    """Return what :func:`pack` packed under a label."""
    return Scored(*(arrays[f"{label}_{name}"] for name in Scored._fields))


def read_digits(arrays: Mapping[str, np.ndarray], run: RunFolder | None) -> DigitMeasurement:
    """Return what a finished run on digits holds."""
    against = {
        encoding: {name: read_scored(arrays, f"against_{place}") for place, name in enumerate(GUARDING, first)}
        for encoding, first in zip(ENCODINGS, (0, len(GUARDING)), strict=True)
    }
    alone: dict[str, Any] = {name: arrays[name] for name in ("logits", "labels", "shown", "shown_log_odds")}
    alone |= {when: Picks(*(arrays[f"{when}_{name}"] for name in Picks._fields)) for when in ("before", "after")}
    common = vars(read_measurement(arrays, run, KINDS))
    return DigitMeasurement(**common, **alone, against=against, taught=read_scored(arrays, "taught"))


def read_measurement(
    arrays: Mapping[str, np.ndarray], run: RunFolder | None, kinds: tuple[str, ...] = PHOTOGRAPH_KINDS
) -> Measurement:
    """Return what finished runs on digits and on photographs have in common."""
    return Measurement(
        detectors=tuple(str(name) for name in arrays["detectors"]),
        temperature=float(arrays["temperature"]),
        fit_scores=arrays["fit_scores"],
        natural=arrays["natural"],
        kinds={kind: read_scored(arrays, f"kind_{place}") for place, kind in enumerate(kinds)},
        folder=run,
    )


@dataclass(frozen=True)
class KindResults:
    """How well every detector tells natural images from fooling ones of one kind."""

    detections: dict[str, Detection]  # by detector
    images: int  # fooling ones
    median: float  # confidence in the class that an image was made for, or else in its top one


@dataclass(frozen=True)
class Results:
    """How well every detector does on the natural images that nothing was fitted on."""

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
    likeness: Likeness | None = None


@dataclass(frozen=True)
class Likeness:
    """How much images look like the mean training digit of their class: medians of the correlation of pixels."""

    champions: int  # of each encoding and detector
    plain: dict[str, float]  # by encoding: against temperature scaling, which orders images as no detector does
    guarded: dict[str, float]  # the same against the feature distance
    real: float  # of the digits themselves


class Trust(NamedTuple):
    """How far a network's confidences on natural images can be trusted."""

    temperature: float  # that its logits are divided by
    error: Interval  # expected calibration error
    bins: Calibration


def reduce_digits(
    measured: DigitMeasurement,
    trust: tuple[Trust, Trust],
    scale: str,
    seed: int = 0,
    likeness: Likeness | None = None,
) -> DigitResults:
    """Reduce what was measured on digits to numbers."""
    against = {encoding: dict(by_guard) for encoding, by_guard in measured.against.items()}
    against["CPPN"][FOOLING_CLASS] = measured.taught  # page 11 evolves CPPN images
    return DigitResults(
        **vars(reduce_measurement(measured, scale, seed)),
        against={encoding: measure_kinds(measured, parts, seed) for encoding, parts in against.items()},
        error_before=trust[0].error,
        error_after=trust[1].error,
        likeness=likeness,
    )


def measure_likeness(shown: np.ndarray, digits: Digits) -> Likeness:
    """Compare champions, ``(guards, encodings, digits, height, width, channels) uint8``, with the mean training digit.

    Of real digits it is the first thousand to be held out.
    """
    means = np.stack([digits.train_images[digits.train_labels == digit].mean(axis=0) for digit in range(len(DIGITS))])
    plain, guarded = (
        {name: float(np.median(correlate(part, means[: len(part)]))) for name, part in zip(ENCODINGS, one, strict=True)}
        for one in (shown[GUARDING.index(guard)] for guard in (SCALED, FEATURES))
    )
    real = correlate(digits.test_images[:COMPARED], means[digits.test_labels[:COMPARED]])
    return Likeness(shown.shape[2], plain, guarded, float(np.median(real)))


def correlate(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the correlation of pixels of each of two equally long rows of images, ``(count,) float64``."""
    pairs = [part.reshape(len(part), -1).astype(np.float64) for part in (images, others)]
    one, other = (part - part.mean(axis=1, keepdims=True) for part in pairs)
    length = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / np.maximum(length, np.finfo(float).tiny))


def reduce_measurement(measured: Measurement, scale: str, seed: int = 0) -> Results:
    """Reduce what was measured, but images that evolved again, to numbers."""
    kinds = measure_kinds(measured, measured.kinds, seed)
    return Results(kinds, measured.natural.shape[1], measured.temperature, scale)


def measure_kinds(measured: Measurement, kinds: Mapping[str, Scored], seed: int) -> dict[str, KindResults]:
    """Measure every detector on every kind of image."""
    return {
        kind: KindResults(
            detections={
                name: measure_detector(mine, theirs, seed)
                for name, mine, theirs in zip(measured.detectors, measured.natural, scored.scores, strict=True)
            },
            images=len(scored.log_odds),
            median=float(np.median(to_confidence(scored.log_odds))),
        )
        for kind, scored in kinds.items()
    }


def measure_trust(logits: np.ndarray, labels: np.ndarray, temperature: float, seed: int = 0) -> Trust:
    """Compare confidence with accuracy at a temperature, for ``(n, classes)`` logits and ``(n,)`` labels."""
    from scipy.special import softmax  # only here: what is told of results needs no SciPy

    confidences = softmax(logits.astype(np.float64) / temperature, axis=1)
    highest, right = confidences.max(axis=1), confidences.argmax(axis=1) == labels
    return Trust(temperature, measure_calibration(highest, right, seed), calibrate(highest, right))
