"""Does a network expect the pixel range that was given? Its answers to labelled images say it, where ranges differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from fooling.lab.audit.files import AuditError

if TYPE_CHECKING:
    from fooling.lab.audit.natural import NaturalImages
    from fooling.networks.classifier import Classifier

RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))  # of pixels; Choice: those of nearly all published Keras networks
CHANCE = 0.001  # the p below which a difference is not chance; Choice: so that a good range is never doubted


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
    given, labels = classifier.input_range, natural.labels
    right = {
        one: replace(classifier, input_range=one).score(natural.images).argmax(axis=1) == labels
        for one in dict.fromkeys((given, *RANGES))
    }
    words = {one: f"{one[0]:g} to {one[1]:g}" for one in right}
    best = max((one for one in right if one != given), key=lambda one: int(right[one].sum()))
    if is_better(right[best], right[given]):
        raise AuditError(
            f"With pixels from {words[given]} {classifier.name} is right on {right[given].mean():.1%} of "
            f"{len(labels):,} images of {natural.name}, but with pixels from {words[best]} on "
            f"{right[best].mean():.1%}, which is not chance (sign test, p < {CHANCE}): add --input-range "
            f"{best[0]:g} {best[1]:g} (INPUT_RANGE)."
        )
    known = "" if beats_chance(right[given], labels, len(classifier.class_names)) else ", no better than chance"
    others = ", ".join(f"{words[one]}: {part.mean():.1%}" for one, part in right.items() if one != given)
    return (
        f"{words[given]} as given; right on {right[given].mean():.1%} of {len(labels):,} real images{known}; "
        f"with other ranges, {others}, not significantly more"
    )


def is_better(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether one of two answers to the same images is right more often than chance explains: a sign test.

    Answers are ``(count,) bool``: which images are right.
    """
    gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
    return gained > lost and bool(binomtest(gained, gained + lost, 0.5, "greater").pvalue < CHANCE)


def beats_chance(right: np.ndarray, labels: np.ndarray, classes: int) -> bool:
    """Return whether more images are right, ``(count,) bool``, than by always naming the commonest class of them."""
    chance = max(float(np.bincount(labels).max()) / len(labels), 1 / classes)
    return bool(binomtest(int(right.sum()), len(labels), chance, "greater").pvalue < CHANCE)
