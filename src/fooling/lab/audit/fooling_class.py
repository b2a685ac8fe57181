"""What a fooling class would change: the last layer learns half of the nonsense, and images evolve once more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.encodings.cppn import CppnEncoding
from fooling.lab.audit.attacks import Attempt, breed, read_evolution
from fooling.lab.audit.natural import NaturalImages, split_natural
from fooling.lab.audit.network import find_parts
from fooling.lab.audit.record import FoolingClass
from fooling.networks.adapt import Head
from fooling.networks.head import NaturalFeatures, compute_features, replace_head, split_head, train_head

if TYPE_CHECKING:
    from fooling.lab.audit.budget import Budget
    from fooling.networks.classifier import Classifier

LENGTH = 256.0  # mean squared length of features that a head learns from
STEPS = 2_000  # batches of features, which cost next to nothing beside the rest
SEEDS_APART = 1_000  # from the first search to the second, so that no run of the one is a run of the other


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
    again = read_evolution(breed(retrained, encoding, budget.again, budget.classes, seed + SEEDS_APART, folder))
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
