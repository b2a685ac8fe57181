"""How good a network is on real images, and how far its confidence can be trusted there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fooling.confidence import Calibration, calibrate
from fooling.networks.classifier import Classifier

TOP = 5  # a label among so many highest classes is no top-5 error; Source: the ILSVRC challenge


class Assessment(NamedTuple):
    """A network on labelled images."""

    error: float  # share of images whose top class is not their label
    confidences: np.ndarray  # (count,) float32: in the top class
    correct: np.ndarray  # (count,) bool
    calibration: Calibration
    top_five_error: float  # share whose label is not among their five highest classes

    @property
    def median_confidence(self) -> float:
        """Median confidence in the top class, right or wrong."""
        return _find_median(self.confidences)

    @property
    def median_when_right(self) -> float:
        """Median confidence where the top class is the label; NaN if it never is."""
        return _find_median(self.confidences[self.correct])

    @property
    def median_when_wrong(self) -> float:
        """Median confidence where the top class is not the label; NaN if it always is."""
        return _find_median(self.confidences[~self.correct])


def assess(classifier: Classifier, images: np.ndarray | Iterable[np.ndarray], labels: np.ndarray) -> Assessment:
    """Measure error, confidence and calibration.

    Args:
        images: ``(count, height, width, channels)``, uint8 or float32 in [0, 1]; or such batches one after another,
            as :meth:`fooling.data.photographs.Photographs.batches` gives them, of which one is held at a time.
        labels: ``(count,) int64``. ValueError if they are not as many as the images, at least one, and classes of the
            network, or if it answers with NaN.
    """
    batches = [images] if isinstance(images, np.ndarray) else images
    return summarise(*place_labels(classifier, batches, np.asarray(labels)))


def summarise(confidences: np.ndarray, places: np.ndarray) -> Assessment:
    """Return what the numbers of :func:`place_labels` come to."""
    correct = places == 0
    return Assessment(
        error=float(1.0 - correct.mean()),
        confidences=confidences,
        correct=correct,
        calibration=calibrate(confidences, correct),
        top_five_error=float((places >= TOP).mean()),
    )


def place_labels(
    classifier: Classifier, batches: Iterable[np.ndarray], labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence in the top class, and in which place the label comes: 0 for the top class.

    Each is ``(count,)``, float32 and int64; arguments and errors are those of :func:`assess`.
    """
    confidences, places = [np.zeros(0, np.float32)], [np.zeros(0, np.int64)]
    seen = 0
    for batch in batches:
        scores = classifier.confidences(batch)
        mine = labels[seen : seen + len(scores)]
        seen += len(scores)
        if len(mine) < len(scores):
            raise ValueError(f"There are {len(labels)} labels for {seen} images or more.")
        wrong = mine[(mine < 0) | (mine >= scores.shape[1])]
        if len(wrong):
            raise ValueError(f"The label {wrong[0]} is not one of the network's classes, 0 to {scores.shape[1] - 1}.")
        if np.isnan(scores).any():
            raise ValueError("The network answers with confidences that are not numbers.")
        confidences.append(scores.max(axis=1))
        places.append(_find_places(scores, mine))
    if seen == 0 or seen != len(labels):
        raise ValueError(f"There are {len(labels)} labels for {seen} images; both must be the same, and at least 1.")
    return np.concatenate(confidences), np.concatenate(places)


def _find_places(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how many classes come before each label; of equal ones those of lower number, as for the top class."""
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    ahead = (scores > own) | ((scores == own) & (np.arange(scores.shape[1]) < labels[:, None]))
    return np.asarray(ahead.sum(axis=1))


def _find_median(confidences: np.ndarray) -> float:
    return float(np.median(confidences)) if len(confidences) else math.nan
