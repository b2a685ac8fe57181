"""What an ImageNet network's head learns from and is tested on: fooling images and photographs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import UNKNOWN, Photographs, random_crops
from fooling.files import hash_arrays
from fooling.images import cut_middle
from fooling.networks.classifier import Classifier
from fooling.networks.head import Head, NaturalFeatures, compute_features, split_head, train_head
from fooling.pages.retraining.sizes import HeadSizes
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of the trained head
HELD_OUT = ("coffee", "china")  # Choice: packaged photographs of which nothing is learned, one near and one wide view
HELD_OUT_PART = 4  # Choice: one natural example is held out for so many learned
CROPS = 200  # cut at a time; Choice: 30 MB at 224 × 224


class Lesson(NamedTuple):
    """What training a head gave."""

    head: Head  # with the fooling class last
    # (count, 2) int64: top class of held-out natural images with the old head and with the new one
    held_out: np.ndarray
    photographs: np.ndarray  # scalar int64: how many photographs these are of
    natural: np.ndarray  # scalar int64: natural examples learned from
    folder: RunFolder | None  # where it is kept; None if nowhere


def learn_fooling_class(
    network: Classifier, photographs: Photographs, fooling: np.ndarray, sizes: HeadSizes, seed: int, folder: Path
) -> Lesson:
    """Train the network's last layer with a class more, and test it on photographs held out whole.

    Args:
        fooling: ``(count, height, width, 3) uint8``; of larger images, made for ten crops, the middle is learned.
        seed: Of crops, of the choice of photographs in a folder, and of the order.

    Raises:
        ValueError: If there are too few photographs, or the network does not end in a dense layer.
    """
    described = {
        "network": network.fingerprint(),
        "photographs": photographs.fingerprint(),
        "fooling": hash_arrays(fooling),
        "natural": sizes.photograph_crops,
        "steps": sizes.steps,
        "seed": seed,
    }
    train = partial(_train_and_test, network, photographs, fooling, sizes, seed)
    found, run = compute_once(folder, "head-retrained", described, VERSION, train)
    return Lesson(Head(found.pop("kernel"), found.pop("bias")), **found, folder=run)


def _train_and_test(
    network: Classifier, photographs: Photographs, fooling: np.ndarray, sizes: HeadSizes, seed: int
) -> dict[str, np.ndarray]:
    """Return the new head, and what it and the old one take held-out photographs for."""
    below, old = split_head(network)
    learned, held_out = hold_out(photographs, sizes.photograph_crops, seed)
    tested = max(1, sizes.photograph_crops // HELD_OUT_PART)
    features, others = (
        compute_features(network, below, cut_natural(chosen, count, seed, network.image_shape))
        for chosen, count in ((learned, sizes.photograph_crops), (held_out, tested))
    )
    labels = np.full(len(features), UNKNOWN) if learned.name == "packaged" else learned.labels
    wrong = compute_features(network, below, [cut_middle(fooling, network.image_shape)])
    head = train_head(old, NaturalFeatures(features, labels), wrong, sizes.steps, seed)
    return {
        "kernel": head.kernel,
        "bias": head.bias,
        "held_out": np.stack([(others @ one.kernel + one.bias).argmax(axis=1) for one in (old, head)], axis=1),
        "photographs": np.asarray(len(held_out.paths)),
        "natural": np.asarray(len(labels)),
    }


def hold_out(photographs: Photographs, count: int, seed: int) -> tuple[Photographs, Photographs]:
    """Return photographs to learn from, and others to test on.

    Args:
        photographs: The packaged ones are parted by :data:`HELD_OUT`; those of a folder are drawn by chance, at most
            ``count`` to learn from and one to test on for so many of them as :data:`HELD_OUT_PART` says.

    Raises:
        ValueError: If there are fewer than 2 photographs.
    """
    if photographs.name == "packaged":
        held_out = np.isin(photographs.titles, HELD_OUT)
        return photographs.select(~held_out), photographs.select(held_out)
    if len(photographs.paths) < 2:
        raise ValueError(f"{photographs.name} holds 1 photograph, but at least 2 are needed: one is held out.")
    order = np.random.default_rng(seed).permutation(len(photographs.paths))
    tested = max(1, min(len(order) // (HELD_OUT_PART + 1), count // HELD_OUT_PART))
    return photographs.select(np.sort(order[tested : tested + count])), photographs.select(np.sort(order[:tested]))


def cut_natural(photographs: Photographs, count: int, seed: int, shape: tuple[int, int, int]) -> Iterator[np.ndarray]:
    """Yield batches ``(any, height, width, 3) uint8``: ``count`` random crops, or all photographs of a folder."""
    if photographs.name != "packaged":
        yield from photographs.batches(shape)
        return
    for number, start in enumerate(range(0, count, CROPS)):
        yield random_crops(photographs, min(CROPS, count - start), seed + number, shape).images
