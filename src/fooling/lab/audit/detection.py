"""Would a threshold or a detector have noticed? Half of the real images fit, the other half measures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax

from fooling.lab.audit.natural import NaturalImages, split_natural
from fooling.lab.audit.network import find_dense
from fooling.lab.detectors.measures import expected_calibration_error, fit_temperature, measure_detector
from fooling.lab.detectors.scores import compute_logits, fit_features, score_logits
from fooling.networks.classifier import Classifier
from fooling.pages.findings.searches import to_confidence

DISTANCE = "feature distance"
FEWEST = 20  # real images; Choice: of ten measured ones the threshold that nine pass still means something
DRAWS = 300  # of the bootstrap; Choice: intervals to a percentage point, in a second


class Noticed(NamedTuple):
    """How well each score tells real images from nonsense of each kind.

    Attributes:
        detectors: Names of the scores.
        kinds: Names of the kinds of images.
        auroc: ``(detectors, kinds, 3) float64``: the area under the ROC curve, and the ends of its 95% interval.
        passed: ``(detectors, kinds, 3) float64``: the share of nonsense that passes a threshold which 95% of the real
            images pass, likewise.
        measured: Scalar int64: how many real images these are measured with.
    """

    detectors: np.ndarray
    kinds: np.ndarray
    auroc: np.ndarray
    passed: np.ndarray
    measured: np.ndarray


class Temperature(NamedTuple):
    """What dividing the logits by a number would change.

    Attributes:
        kinds: Names of the kinds of images.
        value: Scalar float64: the temperature that fits half of the labelled images best.
        errors: ``(2,) float64``: expected calibration error on the other half, before and after.
        certain: ``(kinds, 2) float64``: the share of nonsense of each kind with a confidence of 99% in some class,
            before and after.
        real: ``(2,) float64``: the median confidence on the other half of the real images, before and after.
    """

    kinds: np.ndarray
    value: np.ndarray
    errors: np.ndarray
    certain: np.ndarray
    real: np.ndarray


def measure_noticed(
    classifier: Classifier, natural: NaturalImages, nonsense: dict[str, np.ndarray], seed: int
) -> Noticed:
    """Measure scores that read logits or features.

    Features of natural images are remembered from one half, and everything is measured with the other.

    Args:
        classifier: The network.
        natural: At least 20 images.
        nonsense: By kind, ``(count, height, width, channels) uint8``, at least one.
        seed: Of the halves and of the bootstrap.
    """
    fitted, measured = split_natural(natural.labels, seed)
    kinds = {"": natural.images[measured], **nonsense}  # the real ones first
    scores = {kind: score_logits(compute_logits(classifier, images)) for kind, images in kinds.items()}
    if find_dense(classifier) is not None:
        distance = fit_features(classifier, natural.images[fitted])
        for kind, images in kinds.items():
            scores[kind][DISTANCE] = distance.score(images)
    if classifier.outputs == "probabilities":  # then the logarithm of a softmax stands for logits, and energy is 0
        scores = {
            kind: {name: part for name, part in found.items() if name != "energy"} for kind, found in scores.items()
        }
    detectors = list(scores[""])
    found = [
        [measure_detector(scores[""][name], scores[kind][name], seed, DRAWS) for kind in nonsense] for name in detectors
    ]
    return Noticed(
        detectors=np.array(detectors),
        kinds=np.array(list(nonsense)),
        auroc=np.array([[one.auroc for one in row] for row in found]),
        passed=np.array([[one.fpr95 for one in row] for row in found]),
        measured=np.asarray(len(measured)),
    )


def measure_temperature(
    classifier: Classifier, natural: NaturalImages, nonsense: dict[str, np.ndarray], seed: int
) -> Temperature:
    """Fit a temperature on half of the labelled images and look at what it does to the other half and to nonsense.

    Args:
        classifier: The network.
        natural: Labelled images.
        nonsense: By kind, ``(count, height, width, channels) uint8``.
        seed: Of the halves.
    """
    fitted, measured = split_natural(natural.labels, seed)
    logits = compute_logits(classifier, natural.images)
    value = fit_temperature(logits[fitted], natural.labels[fitted])
    right = logits[measured].argmax(axis=1) == natural.labels[measured]
    both = [find_top(logits[measured], temperature) for temperature in (1.0, value)]
    wrong = [compute_logits(classifier, images) for images in nonsense.values()]
    return Temperature(
        kinds=np.array(list(nonsense)),
        value=np.asarray(value),
        errors=np.array([expected_calibration_error(part, right) for part in both]),
        certain=np.array([[np.mean(find_top(one, part) >= 0.99) for part in (1.0, value)] for one in wrong]),
        real=np.array([np.median(part) for part in both]),
    )


def find_top(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the confidence in the top class at a temperature, ``(count,) float64`` of ``(count, classes)`` logits."""
    return np.asarray(np.exp(log_softmax(np.asarray(logits, np.float64) / temperature, axis=1).max(axis=1)))


def find_top_confidences(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return the confidence in the top class, ``(count,) float64``."""
    return to_confidence(classifier.score(images).max(axis=1))
