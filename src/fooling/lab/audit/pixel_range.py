"""Does a network expect the pixel range that was given? Its answers to labelled images say it, where ranges differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from fooling.lab.audit.files import AuditError
from fooling.lab.audit.natural import NaturalImages
from fooling.networks.classifier import Classifier

RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))  # of pixels; Choice: those of nearly all published Keras networks
CHANCE = 0.001  # the p below which a difference is not chance; Choice: so that a good range is never doubted


class Answers(NamedTuple):
    """How a network answers with one pixel range.

    Attributes:
        range: Black and white.
        right: ``(count,) bool``: which images are right.
    """

    range: tuple[float, float]
    right: np.ndarray

    def __str__(self) -> str:
        return f"{show_range(self.range)}: {self.right.mean():.1%}"


def check_input_range(classifier: Classifier, natural: NaturalImages) -> str:
    """Return in words how the pixel range was checked.

    The network is asked with each of the usual ranges. Where another one than that given makes more labelled images
    right, by a sign test on those images that only one of the two makes right, the given one is refused. A network can
    be right in most cases with a wrong range, so that being better than chance is not enough.

    Raises:
        AuditError: If the range is visibly wrong.
    """
    if not natural.labelled:
        return "as given; not checked, for want of labels"
    low, high = classifier.input_range
    given = Answers((low, high), _find_right(classifier, natural, (low, high)))
    others = [Answers(one, _find_right(classifier, natural, one)) for one in RANGES if one != (low, high)]
    best = max(others, key=lambda answers: int(answers.right.sum()))
    if is_better(best.right, given.right):
        black, white = best.range
        raise AuditError(
            f"With pixels from {show_range(given.range)} {classifier.name} is right on {given.right.mean():.1%} of "
            f"{len(given.right):,} images of {natural.name}, but with pixels from {show_range(best.range)} on "
            f"{best.right.mean():.1%}, which is not chance (sign test, p < {CHANCE}): add --input-range {black:g} "
            f"{white:g} (INPUT_RANGE)."
        )
    known = "" if beats_chance(given.right, natural.labels, len(classifier.class_names)) else ", no better than chance"
    return (
        f"{show_range(given.range)} as given; right on {given.right.mean():.1%} of {len(given.right):,} real images"
        f"{known}; with other ranges, {', '.join(map(str, others))}, not significantly more"
    )


def _find_right(classifier: Classifier, natural: NaturalImages, given: tuple[float, float]) -> np.ndarray:
    """Return which images are right with a pixel range, ``(count,) bool``."""
    asked = Classifier(classifier.model, classifier.class_names, classifier.name, given, classifier.image_shape)
    return np.asarray(asked.score(natural.images).argmax(axis=1) == natural.labels)


def is_better(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether one of two answers to the same images is right more often than chance explains: a sign test.

    Args:
        one: ``(count,) bool``: which images are right.
        other: Likewise.
    """
    gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
    return gained > lost and bool(binomtest(gained, gained + lost, 0.5, "greater").pvalue < CHANCE)


def beats_chance(right: np.ndarray, labels: np.ndarray, classes: int) -> bool:
    """Return whether more images are right than by always naming the commonest class of them.

    Args:
        right: ``(count,) bool``.
        labels: ``(count,) int64``.
        classes: How many the network has.
    """
    chance = max(float(np.bincount(labels).max()) / len(labels), 1 / classes)
    return bool(binomtest(int(right.sum()), len(labels), chance, "greater").pvalue < CHANCE)


def show_range(given: tuple[float, float]) -> str:
    """Return a pixel range in words."""
    return f"{given[0]:g} to {given[1]:g}"
