"""Would a threshold or a detector have noticed? Half of the real images fit, the other half measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax

from fooling.confidence import calibrate, wilson_interval
from fooling.lab.audit.natural import NaturalImages, split_natural
from fooling.lab.audit.network import find_parts
from fooling.lab.audit.record import CERTAIN, Bounded, Separation, Temperature
from fooling.lab.detectors.measures import TEMPERATURES, fit_temperature, measure_detector
from fooling.lab.detectors.scores import compute_logits, fit_features, score_logits

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

DISTANCE = "feature distance"
FEWEST = 20  # real images; Choice: of ten measured ones the threshold that nine pass still means something
LEAST = -104.0  # a logit that a softmax rounded to zero; Choice: the logarithm of the least number that float32 has
DRAWS = 300  # of the bootstrap; Choice: intervals to a percentage point, in a second


def measure_detectors(
    classifier: Classifier, natural: NaturalImages, nonsense: Mapping[str, np.ndarray], seed: int
) -> tuple[dict[str, dict[str, Separation]], int]:
    """Return by detector and kind how well scores tell real images, at least 20, from nonsense; and with how many.

    Features of natural images are remembered from one half, and everything is measured with the other.

    Args:
        nonsense: By kind, ``(count, height, width, channels) uint8``, at least one.
    """
    fitted, measured = split_natural(natural.labels, seed)
    kinds = {"": natural.images[measured], **nonsense}  # the real ones first
    scores = {kind: score_logits(compute_logits(classifier, images)) for kind, images in kinds.items()}
    parts = find_parts(classifier, natural)
    if not isinstance(parts, str):
        distance = fit_features(classifier, natural.images[fitted], parts[0])
        for kind, images in kinds.items():
            scores[kind][DISTANCE] = distance.score(images)
    detectors = list(scores[""])
    if classifier.outputs == "probabilities":  # then the logarithm of a softmax stands for logits, and energy is 0
        detectors.remove("energy")
    found: dict[str, dict[str, Separation]] = {name: {} for name in detectors}
    for name in detectors:
        for kind in nonsense:
            one = measure_detector(scores[""][name], scores[kind][name], seed, DRAWS)
            passed = _bound_share(one.fpr95.value, len(nonsense[kind]))
            found[name][kind] = Separation((one.auroc.value, one.auroc.low, one.auroc.high), passed)
    return found, len(measured)


def _bound_share(share: float, count: int) -> Bounded:
    """Return a share of so many images with Wilson's interval, which stays wide where they are few."""
    low, high = wilson_interval(np.asarray(share), count)
    return float(share), max(0.0, float(low)), min(1.0, float(high))


def measure_temperature(
    classifier: Classifier, natural: NaturalImages, nonsense: Mapping[str, np.ndarray], seed: int
) -> Temperature:
    """Fit a temperature on half of the labelled images and look at what it does to the other half and to nonsense.

    Arguments are those of :func:`measure_detectors`.
    """
    fitted, measured = split_natural(natural.labels, seed)
    logits = np.maximum(compute_logits(classifier, natural.images), LEAST)
    value = fit_temperature(logits[fitted], natural.labels[fitted])
    right = logits[measured].argmax(axis=1) == natural.labels[measured]
    wrong = {kind: np.maximum(compute_logits(classifier, images), LEAST) for kind, images in nonsense.items()}
    before, after = (find_top(logits[measured], temperature) for temperature in (1.0, value))

    def find_certain(part: np.ndarray, temperature: float) -> float:
        return float(np.mean(find_top(part, temperature) >= CERTAIN))

    return Temperature(
        value=value,
        fitted=TEMPERATURES[0] < value < TEMPERATURES[1],
        calibration_error=(calibrate(before, right).error, calibrate(after, right).error),
        certain={kind: (find_certain(part, 1.0), find_certain(part, value)) for kind, part in wrong.items()},
        real=(float(np.median(before)), float(np.median(after))),
    )


def find_top(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the confidence in the top class at a temperature, ``(count,) float64`` of ``(count, classes)`` logits."""
    return np.asarray(np.exp(log_softmax(np.asarray(logits, np.float64) / temperature, axis=1).max(axis=1)))
