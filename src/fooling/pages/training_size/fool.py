"""How many images it takes to fool LeNet, and how often it is wrong, by how many digits it learned from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.cluster import compute_there, find_client, work_through
from fooling.data.digits import DIGITS, Digits, choose_digits
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.networks import lenet
from fooling.networks.classifier import Classifier
from fooling.pages.training_size.claim import TrainingSizes
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of the results; golden arrays hold it to the bytes
ENCODINGS: tuple[type[DirectEncoding] | type[CppnEncoding], ...] = (DirectEncoding, CppnEncoding)


class FooledNetwork(NamedTuple):
    """A network that learned from so many digits, and what evolved against it."""

    size: int  # training digits
    seed: int  # of its initial weights, of the order of its batches and of the choice of its digits
    error: float  # share of the held-out digits that it gets wrong
    # by encoding, ``(runs, generations + 1) float32``: log-odds of the median confidence over digits
    medians: dict[str, np.ndarray]
    final: dict[str, np.ndarray]  # by encoding, ``(runs, digits) float32``: the champions' log-odds at the end
    images: dict[str, np.ndarray]  # by encoding, ``(digits, height, width, 1) uint8``: the champions of the first run
    folder: RunFolder | None  # where this is kept


def fool_networks(digits: Digits, settings: TrainingSizes, folder: Path, seed: int = 0) -> list[FooledNetwork]:
    """Train LeNet on more and more digits, evolve against each network, and return it, seeds of a size side by side.

    Choice: networks of one seed learn from nested choices of digits; another seed has other weights and another choice,
    so that the spread between seeds holds the luck of both. Evolution has the same seeds for all. A size larger than
    what there is, or too small to hold every digit, is a ValueError.
    """
    count = len(digits.train_labels)
    for size in settings.sizes:
        if not len(DIGITS) <= size <= count:
            raise ValueError(
                f"{size:,} training digits were asked for, but {digits.name} gives {len(DIGITS)} to {count:,}; "
                "choose other digits by DATA or other sizes."
            )
    seeds = range(seed, seed + settings.networks)
    networks = [
        partial(fool_network, digits, size, own, settings, folder, seed) for size in settings.sizes for own in seeds
    ]
    return work_through(find_client(), networks)


def fool_network(
    digits: Digits, size: int, own: int, settings: TrainingSizes, folder: Path, seed: int
) -> FooledNetwork:
    """Train and fool the network of seed ``own``, or load what was kept of it; its weights are not kept."""
    chosen, seeds = choose_digits(digits, size, own), range(seed, seed + settings.runs)
    sizes: dict[str, Any] = {"generations": settings.generations, "children": settings.children}
    described = {
        "digits": chosen.fingerprint(),
        "size": len(chosen.train_labels),
        "seed": own,
        "steps": settings.steps,
        **sizes,
        "seeds": list(seeds),
    }
    inner: list[RunFolder] = []

    def compute() -> dict[str, np.ndarray]:
        classifier = train(chosen, settings.steps, own)
        wrong = classifier.score(digits.test_images).argmax(axis=1) != digits.test_labels
        arrays = {"error": np.asarray(wrong.mean())}
        for kind in ENCODINGS:
            encoding = kind(classifier.image_shape)
            evolved = evolve(classifier, encoding, **sizes, seeds=seeds, folder=folder)
            inner.extend(dict.fromkeys(evolved.folders))
            kept = {"medians": find_medians(evolved.history), "final": evolved.log_odds, "images": evolved.express(0)}
            arrays |= {f"{encoding.name}_{name}": part for name, part in kept.items()}
        return arrays

    arrays, run = compute_once(folder, "training-size", described, VERSION, compute, inner)
    medians, final, images = (
        {kind.name: arrays[f"{kind.name}_{part}"] for kind in ENCODINGS} for part in ("medians", "final", "images")
    )
    return FooledNetwork(size, own, float(arrays["error"]), medians, final, images, run)


def train(digits: Digits, steps: int, seed: int) -> Classifier:
    """Return LeNet, trained on the digits with the paper's solver."""
    model = lenet.build_lenet(seed)
    learn = partial(lenet.fit, digits=digits, steps=steps, seed=seed)
    model.set_weights(compute_there(find_client(), lenet.train_anew, partial(lenet.build_lenet, seed), learn))
    return Classifier(model, DIGITS, f"LeNet, {len(digits.train_labels):,} digits", lenet.INPUT_RANGE)


def find_medians(history: np.ndarray) -> np.ndarray:
    """Return the log-odds of the median confidence over classes, computed so that nothing rounds to certainty.

    The median of an even number of confidences is the mean of the middle two, which is not that of their log-odds.
    From ``(runs, generations + 1, classes) float32`` log-odds come ``(runs, generations + 1) float32``.
    """
    ordered, classes = np.sort(history.astype(np.float64), axis=-1), history.shape[-1]
    low, high = ordered[..., (classes - 1) // 2], ordered[..., classes // 2]
    sure, unsure = (
        np.logaddexp(-np.logaddexp(0.0, -sign * low), -np.logaddexp(0.0, -sign * high)) for sign in (1.0, -1.0)
    )
    return np.asarray(sure - unsure, np.float32)
