"""What would have noticed nonsense, or helped: detectors, a temperature, a fooling class.

Half of the real images fit, the other half measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax

from fooling.confidence import calibrate, to_confidence, wilson_interval
from fooling.encodings.cppn import CppnEncoding
from fooling.lab.audit.attacks import Attempt, breed, read_evolution
from fooling.lab.audit.natural import NaturalImages, split_natural
from fooling.lab.audit.network import find_parts
from fooling.lab.audit.record import CERTAIN, Defences, FoolingClass, Separation, Temperature
from fooling.lab.detectors.measures import TEMPERATURES, fit_temperature, measure_detector
from fooling.lab.detectors.names import ENERGY, FEATURES
from fooling.lab.detectors.scores import compute_logits, fit_features, score_logits
from fooling.networks.adapt import Head
from fooling.networks.head import NaturalFeatures, compute_features, replace_head, split_head, train_head

if TYPE_CHECKING:
    from fooling.lab.audit.budget import Budget
    from fooling.lab.audit.network import Subject
    from fooling.networks.classifier import Classifier

FEWEST = 20  # real images; Choice: of ten measured ones the threshold that nine pass still means something
LEAST = -104.0  # a logit that a softmax rounded to zero; Choice: the logarithm of the least number that float32 has
DRAWS = 300  # of the bootstrap; Choice: intervals to a percentage point, in a second
LENGTH = 256.0  # mean squared length of features that a head learns from
STEPS = 2_000  # batches of features; Choice: after 500 a class is about half as well known as after these
SEEDS_APART = 1_000  # from the first search to the second, so that no run of the one is a run of the other


def try_defences(
    subject: Subject, nonsense: Mapping[str, np.ndarray], before: Attempt, budget: Budget, seed: int, folder: Path
) -> tuple[Defences, Attempt | None]:
    """Return what each defence does, as far as it can be tested, and the CPPN images evolved against a fooling class.

    Args:
        nonsense: By kind, ``(count, height, width, channels) uint8``: noise, and what fooled the network.
        before: The CPPN images evolved against the network as it is.
    """
    classifier, natural, learned, again = subject.classifier, subject.natural, None, None
    if natural is None or len(natural.labels) < FEWEST:
        return Defences(), None
    detectors, measured = measure_detectors(classifier, natural, nonsense, seed)
    warmed = measure_temperature(classifier, natural, nonsense, seed) if natural.labelled else None
    if not say_why_not(classifier, natural):
        # Noise is cheap, and would outnumber the rest.
        most = max([len(part) for name, part in nonsense.items() if name != "noise"], default=None)
        few = {name: part[:most] for name, part in nonsense.items()}
        learned, again = teach_fooling_class(classifier, natural, few, before, budget, seed, folder)
    counts = {kind: len(part) for kind, part in nonsense.items()}
    found = Defences(
        detectors=detectors, nonsense=counts, measured_with=measured, temperature=warmed, fooling_class=learned
    )
    return found, again


def measure_detectors(
    classifier: Classifier, natural: NaturalImages, nonsense: Mapping[str, np.ndarray], seed: int
) -> tuple[dict[str, dict[str, Separation]], int]:
    """Return by detector and kind how well scores tell real images, at least 20, from nonsense; and with how many.

    Features of natural images are remembered from one half, and everything is measured with the other.
    """
    fitted, measured = split_natural(natural.labels, seed)
    images = [natural.images[measured], *nonsense.values()]
    scores = [score_logits(compute_logits(classifier, part)) for part in images]
    parts = find_parts(classifier, natural)
    if not isinstance(parts, str):
        distance = fit_features(classifier, natural.images[fitted], parts[0])
        for found, part in zip(scores, images, strict=True):
            found[FEATURES] = distance.score(part)
    real, *others = scores
    if classifier.outputs == "probabilities":  # then the logarithm of a softmax stands for logits, and energy is 0
        del real[ENERGY]
    separated = {
        name: {kind: _separate(own, other[name], seed) for kind, other in zip(nonsense, others, strict=True)}
        for name, own in real.items()
    }
    return separated, len(measured)


def _separate(real: np.ndarray, nonsense: np.ndarray, seed: int) -> Separation:
    """Return how well scores tell real images from nonsense; Wilson's interval stays wide where this is little."""
    found = measure_detector(real, nonsense, seed, DRAWS)
    share = found.fpr95.value
    low, high = wilson_interval(np.asarray(share), len(nonsense))
    return Separation(found.auroc, (share, max(0.0, float(low)), min(1.0, float(high))))


def measure_temperature(
    classifier: Classifier, natural: NaturalImages, nonsense: Mapping[str, np.ndarray], seed: int
) -> Temperature:
    """Fit a temperature on half of the labelled images and look at what it does to the other half and to nonsense."""
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


def say_why_not(classifier: Classifier, natural: NaturalImages | None) -> str:
    """Return in one sentence why a network cannot learn a fooling class here, or nothing if it can."""
    if natural is None:
        return "A fooling class was not tested: its layer must learn from real images as well, and none were given."
    parts = find_parts(classifier, natural)
    return f"A fooling class and the distance of features were not tested: {parts}" if isinstance(parts, str) else ""


def teach_fooling_class(
    classifier: Classifier,
    natural: NaturalImages,
    nonsense: Mapping[str, np.ndarray],
    before: Attempt,
    budget: Budget,
    seed: int,
    folder: Path,
) -> tuple[FoolingClass, Attempt]:
    """Train the last layer with a class more, and evolve CPPN images against it from other seeds.

    Args:
        natural: Real images; without labels the old layer's answers are learned.
        nonsense: By kind, ``(count, height, width, channels) uint8``, all different, at least two in all.
        seed: Of the halves, the order, and the first run.
    """
    below, old = split_head(classifier, natural.images)
    kinds = np.repeat(np.arange(len(nonsense)), [len(part) for part in nonsense.values()])
    learned, unseen = split_natural(natural.labels, seed)
    taught, rest = split_natural(kinds, seed)
    real = compute_features(classifier, below, [natural.images]).astype(np.float32)
    wrong = compute_features(classifier, below, nonsense.values()).astype(np.float32)
    head = train_scaled(old, NaturalFeatures(real[learned], natural.labels[learned]), wrong[taught], seed)
    fooling, labels = len(old.bias), natural.labels[unseen]
    first, second = ((real[unseen] @ one.kernel + one.bias).argmax(axis=1) for one in (old, head))
    called = (wrong[rest] @ head.kernel + head.bias).argmax(axis=1) == fooling
    by_kind = {kind: called[kinds[rest] == place] for place, kind in enumerate(nonsense)}
    retrained, encoding = replace_head(classifier, below, head), CppnEncoding(classifier.image_shape)
    again = read_evolution(breed(retrained, encoding, budget.again, budget, seed + SEEDS_APART, folder))
    images = int(min(again.steps[-1], before.steps[-1]))
    found = FoolingClass(
        known={kind: float(part.mean()) if len(part) else None for kind, part in by_kind.items()},
        unseen={kind: len(part) for kind, part in by_kind.items()},
        lost=float(np.mean(second == fooling)),
        right=(float(np.mean(first == labels)), float(np.mean(second == labels))) if natural.labelled else None,
        images=images,
        median=(find_median_after(before, images), find_median_after(again, images)),
    )
    return found, again


def find_median_after(attempt: Attempt, images: int) -> float:
    """Return the median confidence over runs and classes when so many images had been shown, or just before."""
    place = np.searchsorted(attempt.steps, images, side="right") - 1
    return float(np.median(to_confidence(attempt.curves[:, max(0, int(place))])))


def train_scaled(old: Head, natural: NaturalFeatures, fooling: np.ndarray, seed: int) -> Head:
    """Train a head on features of a length at which its learning rate gets somewhere, whatever the network's are.

    Choice: a mean squared length of 256. At four times as much gradient descent with this rate and momentum could
    overshoot; features that are all below 1, as an average over a picture gives, would hardly move it.
    Choice: nonsense is as large a class as any other, as in the paper on MNIST (§3.6): it is repeated among the natural
    examples. Its share on ImageNet, which comes on top, is too little where classes are few. ``fooling`` are their
    features, ``(count, features) float32``, at least one.
    """
    every = np.concatenate([natural.features, fooling])
    squared = float((every**2).sum(axis=1).mean())
    scale = np.float32(np.sqrt(LENGTH / squared)) if squared > 0.0 else np.float32(1.0)
    classes = len(old.bias)
    again = np.arange(max(1, round(len(natural.labels) / classes))) % len(fooling)
    features = np.concatenate([natural.features, fooling[again]]) * scale
    labels = np.concatenate([natural.labels, np.full(len(again), classes)])
    head = train_head(
        Head(old.kernel / scale, old.bias), NaturalFeatures(features, labels), fooling * scale, STEPS, seed
    )
    return Head(head.kernel * scale, head.bias)
