"""What a fooling class would change: the last layer learns half of the nonsense, and images evolve once more."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.encodings.cppn import CppnEncoding
from fooling.lab.audit.means import Attempt, breed, read_evolution
from fooling.lab.audit.natural import NaturalImages, split_natural
from fooling.lab.audit.network import find_dense
from fooling.lab.audit.plan import HEAD_STEPS, Plan
from fooling.networks.classifier import Classifier
from fooling.networks.head import Head, NaturalFeatures, add_class, compute_features, split_head, train_head
from fooling.pages.retraining.fooling_images import SEEDS_APART

LENGTH = 256.0  # mean squared length of features that a head learns from


class FoolingClass(NamedTuple):
    """A network whose last layer has learned that nonsense is a class of its own.

    Attributes:
        kinds: Names of the kinds of nonsense.
        known: ``(kinds,) float64``: the share of unseen nonsense that it calls fooling; NaN where there is none.
        unseen: ``(kinds,) int64``: how many images these are.
        lost: Scalar float64: the share of unseen real images that it calls fooling.
        right: ``(2,) float64``: share of unseen real images that are right, before and after; NaN without labels.
        real: Scalar int64: how many images these are.
        again: CPPN images evolved against it; the images themselves are not kept.
    """

    kinds: np.ndarray
    known: np.ndarray
    unseen: np.ndarray
    lost: np.ndarray
    right: np.ndarray
    real: np.ndarray
    again: Attempt


def say_why_not(classifier: Classifier, natural: NaturalImages | None) -> str:
    """Return in one sentence why a network cannot learn a fooling class here, or nothing if it can."""
    if natural is None:
        return "A fooling class was not tested: its layer must learn from real images as well, and none were given."
    if find_dense(classifier) is None:
        return f"A fooling class was not tested: {classifier.name} does not end in a dense layer with a bias."
    return ""


def teach_fooling_class(
    classifier: Classifier,
    natural: NaturalImages,
    nonsense: dict[str, np.ndarray],
    plan: Plan,
    seed: int,
    folder: Path,
) -> FoolingClass:
    """Train the last layer with a class more, and evolve CPPN images against it from other seeds.

    Args:
        classifier: A network that ends in a dense layer.
        natural: Real images; without labels the old layer's answers are learned.
        nonsense: By kind, ``(count, height, width, channels) uint8``, all different, at least two in all.
        plan: How long images evolve.
        seed: Of the halves, the order, and the first run.
        folder: Where runs are kept.
    """
    below, old = split_head(classifier)
    kinds = np.repeat(np.arange(len(nonsense)), [len(part) for part in nonsense.values()])
    learned, unseen = split_natural(natural.labels, seed)
    taught, rest = split_natural(kinds, seed)
    real, wrong = (
        compute_features(classifier, below, parts).astype(np.float32) for parts in ([natural.images], nonsense.values())
    )
    head = train_scaled(old, NaturalFeatures(real[learned], natural.labels[learned]), wrong[taught], seed)
    fooling, labels = len(old.bias), natural.labels[unseen]
    tops = [(real[unseen] @ one.kernel + one.bias).argmax(axis=1) for one in (old, head)]
    called = (wrong[rest] @ head.kernel + head.bias).argmax(axis=1) == fooling
    retrained = add_class(classifier, below, head)
    encoding = CppnEncoding(classifier.image_shape)
    again = read_evolution(breed(retrained, encoding, plan.again, plan.classes, seed + SEEDS_APART, folder))
    by_kind = [called[kinds[rest] == place] for place in range(len(nonsense))]
    return FoolingClass(
        kinds=np.array(list(nonsense)),
        known=np.array([part.mean() if len(part) else np.nan for part in by_kind]),
        unseen=np.array([len(part) for part in by_kind]),
        lost=np.asarray(np.mean(tops[1] == fooling)),
        right=np.array([np.mean(top == labels) if natural.labelled else np.nan for top in tops]),
        real=np.asarray(len(unseen)),
        again=again._replace(images=again.images[:1, :0]),
    )


def train_scaled(old: Head, natural: NaturalFeatures, fooling: np.ndarray, seed: int) -> Head:
    """Train a head on features of a length at which its learning rate gets somewhere, whatever the network's are.

    Choice: a mean squared length of 256. At four times as much gradient descent with this rate and momentum could
    overshoot; features that are all below 1, as an average over a picture gives, would hardly move it.
    Choice: nonsense is as large a class as any other, as in the paper on MNIST (§3.6): it is repeated among the natural
    examples. Its share on ImageNet, which comes on top, is too little where classes are few.

    Args:
        old: The network's own head.
        natural: Features of its classes.
        fooling: ``(count, features) float32``, at least one.
        seed: Of the order.
    """
    every = np.concatenate([natural.features, fooling])
    squared = float((every**2).sum(axis=1).mean())
    scale = np.float32(np.sqrt(LENGTH / squared)) if squared > 0.0 else np.float32(1.0)
    classes = len(old.bias)
    again = np.arange(max(1, round(len(natural.labels) / classes))) % len(fooling)
    features = np.concatenate([natural.features, fooling[again]]) * scale
    labels = np.concatenate([natural.labels, np.full(len(again), classes)])
    head = train_head(
        Head(old.kernel / scale, old.bias), NaturalFeatures(features, labels), fooling * scale, HEAD_STEPS, seed
    )
    return Head(head.kernel * scale, head.bias)
