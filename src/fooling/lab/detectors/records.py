"""What is recorded of detectors: their scores of natural and fooling images, and the images that pass them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from fooling.lab.detectors.measures import find_threshold
from fooling.lab.detectors.names import ENCODINGS, GUARDING, KINDS, PHOTOGRAPH_KINDS
from fooling.runs import RunFolder


@dataclass(frozen=True)
class DetectorSizes:
    """How long images evolve against each detector, and how many are looked at."""

    runs: int
    generations: int
    children: int
    images: int  # of each kind of fooling image, at most

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}, but detectors need at least 1.")


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


class PhotographScores(NamedTuple):
    """What detectors say of an ImageNet network's photographs and fooling images."""

    detectors: tuple[str, ...]
    temperature: float  # fitted on the second third of the photographs
    fit_scores: np.ndarray  # (detectors, n) float64: of that third
    natural: np.ndarray  # (detectors, n) float64: of the last third
    kinds: Mapping[str, Scored]  # by kind of fooling image
    folder: RunFolder | None


class Measurement(NamedTuple):
    """Everything that the page says about digits; the first half of the held-out ones fits, the other is measured."""

    detectors: tuple[str, ...]
    temperature: float
    fit_scores: np.ndarray  # (detectors, n) float64: of the first half, which fixes the thresholds
    natural: np.ndarray  # (detectors, n) float64: of the other half
    logits: np.ndarray  # (n, 10) float32: of the other half
    labels: np.ndarray  # (n,) int64: of the other half
    kinds: Mapping[str, Scored]  # by kind of fooling image
    against: Mapping[str, Mapping[str, Scored]]  # by encoding, by the detector that guarded the network
    taught: Scored  # CPPN images that evolved against the network with the fooling class; log-odds are that network's
    before: Picks  # among kinds
    after: Picks  # among against and taught; names.AFTER says what a source is
    shown: np.ndarray  # (guards, encodings, digits, height, width, channels) uint8: champions of the first run
    shown_log_odds: np.ndarray  # (guards, encodings, digits) float32: the plain network's
    folder: RunFolder | None

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


def read_digits(arrays: Mapping[str, np.ndarray], run: RunFolder | None) -> Measurement:
    """Return what a finished run on digits holds."""
    against = {
        encoding: {name: read_scored(arrays, f"against_{place}") for place, name in enumerate(GUARDING, first)}
        for encoding, first in zip(ENCODINGS, (0, len(GUARDING)), strict=True)
    }
    before, after = (Picks(*(arrays[f"{label}_{name}"] for name in Picks._fields)) for label in ("before", "after"))
    return Measurement(
        **_read_common(arrays, KINDS),
        logits=arrays["logits"],
        labels=arrays["labels"],
        shown=arrays["shown"],
        shown_log_odds=arrays["shown_log_odds"],
        against=against,
        taught=read_scored(arrays, "taught"),
        before=before,
        after=after,
        folder=run,
    )


def read_photographs(arrays: Mapping[str, np.ndarray], run: RunFolder | None) -> PhotographScores:
    """Return what a finished run on photographs holds."""
    return PhotographScores(**_read_common(arrays, PHOTOGRAPH_KINDS), folder=run)


def _read_common(arrays: Mapping[str, np.ndarray], kinds: tuple[str, ...]) -> dict[str, Any]:
    return {
        "detectors": tuple(str(name) for name in arrays["detectors"]),
        "temperature": float(arrays["temperature"]),
        "fit_scores": arrays["fit_scores"],
        "natural": arrays["natural"],
        "kinds": {kind: read_scored(arrays, f"kind_{place}") for place, kind in enumerate(kinds)},
    }
