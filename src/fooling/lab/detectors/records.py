"""What is recorded of detectors on digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fooling.lab.detectors.measures import find_threshold
from fooling.lab.detectors.panel import FOOLING_CLASS, GUARDING
from fooling.runs import RunFolder

KINDS = ("direct", "CPPN", "ascent", "noise", "shuffled digits")
ENCODINGS = ("direct", "CPPN")
AFTER = (*(f"{encoding}, {name}" for encoding in ENCODINGS for name in GUARDING), f"CPPN, {FOOLING_CLASS}")


class Scored(NamedTuple):
    """What the detectors and the network say of some images.

    Attributes:
        scores: ``(detectors, images) float64``, larger for images taken for natural.
        log_odds: ``(images,) float32``: the network's, of the digit that an image was made for, or else of its top one.
    """

    scores: np.ndarray
    log_odds: np.ndarray


class Picks(NamedTuple):
    """For each digit the image that passes most detectors.

    Attributes:
        images: ``(up to 10, height, width, channels) uint8``.
        digits: ``(up to 10,) int64``: what the network takes each for.
        log_odds: ``(up to 10,) float32``: how surely.
        passed: ``(up to 10,) int64``: detectors that let it pass.
        sources: ``(up to 10,) int64``: the place of its kind.
    """

    images: np.ndarray
    digits: np.ndarray
    log_odds: np.ndarray
    passed: np.ndarray
    sources: np.ndarray


class Measurement(NamedTuple):
    """Everything that the page says about digits.

    Attributes:
        detectors: Their names.
        temperature: Fitted on the first half of the held-out digits.
        fit_scores: ``(detectors, n) float64``: of that half, which fixes the thresholds.
        natural: Of the other half.
        logits: ``(n, 10) float32``: of the other half.
        labels: ``(n,) int64``.
        kinds: By kind of fooling image.
        against: By encoding, by guarding detector: images that evolved against the guarded network.
        taught: CPPN images that evolved against the network with the fooling class; the log-odds are that network's.
        before: Picks among ``kinds``.
        after: Picks among ``against`` and ``taught``; :data:`AFTER` says what a source is.
        shown: ``(guards, encodings, digits, height, width, channels) uint8``: champions of the first run.
        shown_log_odds: ``(guards, encodings, digits) float32``: the plain network's, of those digits.
        folder: Where it is kept.
    """

    detectors: tuple[str, ...]
    temperature: float
    fit_scores: np.ndarray
    natural: np.ndarray
    logits: np.ndarray
    labels: np.ndarray
    kinds: Mapping[str, Scored]
    against: Mapping[str, Mapping[str, Scored]]
    taught: Scored
    before: Picks
    after: Picks
    shown: np.ndarray
    shown_log_odds: np.ndarray
    folder: RunFolder

    @property
    def thresholds(self) -> np.ndarray:
        """The score that 95% of the first half reach, by detector: ``(detectors,) float64``."""
        return find_thresholds(self.fit_scores)


def find_thresholds(fit_scores: np.ndarray) -> np.ndarray:
    """Return the score that 95% of natural images reach: ``(detectors, n)`` to ``(detectors,) float64``."""
    return np.array([find_threshold(part) for part in fit_scores])


def pack_scored(label: str, parts: Sequence[Scored]) -> dict[str, np.ndarray]:
    """Return arrays named ``label_place_field``."""
    return {
        f"{label}_{place}_{name}": array for place, one in enumerate(parts) for name, array in one._asdict().items()
    }


def pack_picks(label: str, picks: Picks) -> dict[str, np.ndarray]:
    """Return arrays named ``label_field``."""
    return {f"{label}_{name}": array for name, array in picks._asdict().items()}


def read_scored(arrays: Mapping[str, np.ndarray], label: str) -> Scored:
    """Return what :func:`pack_scored` packed under ``label_place``."""
    return Scored(*(arrays[f"{label}_{name}"] for name in Scored._fields))


def unpack(arrays: Mapping[str, np.ndarray], run: RunFolder) -> Measurement:
    """Return what the arrays of a finished run hold."""

    def read_picks(label: str) -> Picks:
        return Picks(*(arrays[f"{label}_{name}"] for name in Picks._fields))

    guards = len(GUARDING)
    return Measurement(
        detectors=tuple(str(name) for name in arrays["detectors"]),
        temperature=float(arrays["temperature"]),
        kinds={kind: read_scored(arrays, f"kind_{place}") for place, kind in enumerate(KINDS)},
        against={
            encoding: {
                name: read_scored(arrays, f"against_{row * guards + place}") for place, name in enumerate(GUARDING)
            }
            for row, encoding in enumerate(ENCODINGS)
        },
        taught=read_scored(arrays, "taught"),
        before=read_picks("before"),
        after=read_picks("after"),
        folder=run,
        **{name: arrays[name] for name in ("fit_scores", "natural", "logits", "labels", "shown", "shown_log_odds")},
    )
