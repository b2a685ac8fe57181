"""An ImageNet network learns a fooling class by its last layer, and images evolve against it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import UNKNOWN, Photographs, random_crops
from fooling.evolution.evolution import Evolution
from fooling.files import hash_arrays
from fooling.images import cut_middle
from fooling.networks.adapt import Head
from fooling.networks.answers import score_all
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_ten_crops
from fooling.networks.head import NaturalFeatures, add_class, compute_features, score_head, split_head, train_head
from fooling.pages.retraining.digits import SEEDS_APART, evolve_cppns, express_both_champions
from fooling.pages.retraining.sizes import HeadSizes
from fooling.runs import RunFolder, compute_once

VERSION, HEAD_VERSION = 2, 2  # of what is measured, and of the trained head; 2: any photographs give random crops
SHOWN = 8  # champions kept as images; Choice: two rows of a gallery
HELD_OUT = ("coffee", "china")  # Choice: packaged photographs of which nothing is learned, one near and one wide view
HELD_OUT_PART = 4  # Choice: one photograph, and one crop, is held out for so many learned
CROPS = 200  # cut at a time; Choice: 30 MB at 224 × 224


class RetrainedImageNet(NamedTuple):
    """DNN1 and DNN2, and what evolved against each."""

    before: np.ndarray  # (runs, generations + 1, cells) float32: log-odds of the champions on DNN1
    after: np.ndarray  # the same on DNN2
    shown: np.ndarray  # (shown,) int64: the cells of which champions are kept
    champions: np.ndarray  # (shown, height, width, 3) uint8: those of the first run against DNN2
    # (cells,) bool: whether DNN2 calls the first champions of the run against DNN1 that was left out fooling
    caught_first: np.ndarray
    caught_last: np.ndarray  # the same of its last champions
    caught_after: np.ndarray  # (runs, cells) bool: the same of those that evolved against DNN2
    held_out: np.ndarray  # (count, 2) int64: top class of held-out natural images on DNN1 and on DNN2
    photographs: np.ndarray  # scalar int64: how many photographs these are of
    natural: np.ndarray  # scalar int64: natural examples learned from
    fooling: np.ndarray  # scalar int64: fooling images learned from


class Lesson(NamedTuple):
    """What training a head gave."""

    head: Head  # with the fooling class last
    held_out: np.ndarray  # these three as in :class:`RetrainedImageNet`
    photographs: np.ndarray
    natural: np.ndarray
    folder: RunFolder | None  # where it is kept; None if nowhere


def retrain_imagenet(
    network: Classifier, photographs: Photographs, sizes: HeadSizes, seed: int, folder: Path
) -> tuple[RetrainedImageNet, RunFolder | None]:
    """Evolve against a network, teach it a fooling class and evolve again; what was finished is not done again.

    Half of the fooling images are champions of the first generation, half of the last; the last run is left out.

    Args:
        network: DNN1, as it sees one crop; with ten crops in the sizes both networks see ten.
        photographs: At least two, on whose random crops DNN1 is the teacher.
        seed: Of the first run against DNN1.
    """
    inner: list[RunFolder] = []
    seeds, cells = np.arange(seed, seed + sizes.runs), len(network.class_names)

    def compute() -> dict[str, np.ndarray]:
        # At page 08's sizes this search is page 08's, found again.
        before = evolve_cppns(_with_crops(network, sizes), sizes, seeds, cells, folder)
        drawn = express_both_champions(before, range(sizes.runs))
        learned, left_out = drawn[:-1].reshape(-1, *drawn.shape[2:]), drawn[-1]
        lesson = learn_fooling_class(network, photographs, learned, sizes, seed, folder)
        retrained = _with_crops(add_class(network, split_head(network, averaged=True)[0], lesson.head), sizes)
        after = evolve_cppns(retrained, sizes, seeds + SEEDS_APART, cells, folder)
        inner.extend(run for run in dict.fromkeys((*before.folders, lesson.folder, *after.folders)) if run)
        return _measure(retrained, before, after, left_out, lesson, len(learned))._asdict()

    described = {
        "network": network.fingerprint(),
        "photographs": photographs.fingerprint(),
        "settings": asdict(sizes),
        "seed": seed,
    }
    arrays, run = compute_once(folder, "retrained-imagenet", described, VERSION, compute, inner)
    return RetrainedImageNet(**arrays), run


def _with_crops(network: Classifier, sizes: HeadSizes) -> Classifier:
    return average_ten_crops(network) if sizes.crops == "ten" else network


def _measure(
    retrained: Classifier, before: Evolution, after: Evolution, left_out: np.ndarray, lesson: Lesson, learned: int
) -> RetrainedImageNet:
    """Measure what DNN2 calls fooling; ``left_out`` are both champions of each cell of a run against DNN1."""
    fooling = len(retrained.class_names) - 1

    seen = (left_out, *(after.express(run) for run in range(len(after.seeds))))
    caught, *again = (score_all(images, [retrained])[0].argmax(axis=1) == fooling for images in seen)
    shown = np.unique(np.linspace(0, len(after.classes) - 1, SHOWN).astype(np.int64))
    return RetrainedImageNet(
        before=before.history,
        after=after.history,
        shown=shown,
        champions=after.express(0, shown),
        caught_first=caught[::2],  # the two champions of a cell stand side by side
        caught_last=caught[1::2],
        caught_after=np.stack(again),
        held_out=lesson.held_out,
        photographs=lesson.photographs,
        natural=lesson.natural,
        fooling=np.asarray(learned),
    )


def learn_fooling_class(
    network: Classifier, photographs: Photographs, fooling: np.ndarray, sizes: HeadSizes, seed: int, folder: Path
) -> Lesson:
    """Train the network's last layer with a class more, and test both heads on photographs held out whole.

    Args:
        fooling: ``(count, height, width, 3) uint8``; of larger images, made for ten crops, the middle is learned.
        seed: Of crops, of the photographs of a folder that are held out, and of the order.
    """
    count = sizes.photograph_crops

    def train() -> dict[str, np.ndarray]:
        below, old = split_head(network, averaged=True)
        learned, held_out = hold_out(photographs, seed)
        features, others = (
            compute_features(network, below, cut_natural(chosen, crops, seed, network.image_shape))
            for chosen, crops in ((learned, count), (held_out, max(1, count // HELD_OUT_PART)))
        )
        natural = NaturalFeatures(features, np.full(count, UNKNOWN))
        wrong = compute_features(network, below, [cut_middle(fooling, network.image_shape)])
        head = train_head(old, natural, wrong, sizes.steps, seed)
        return {
            "kernel": head.kernel,
            "bias": head.bias,
            "held_out": np.stack([_find_top(others, one) for one in (old, head)], axis=1),
            "photographs": np.asarray(len(held_out.paths)),
            "natural": np.asarray(count),
        }

    described = {
        "network": network.fingerprint(),
        "photographs": photographs.fingerprint(),
        "fooling": hash_arrays(fooling),
        "natural": count,
        "steps": sizes.steps,
        "seed": seed,
    }
    found, run = compute_once(folder, "head-retrained", described, HEAD_VERSION, train)
    return Lesson(Head(found.pop("kernel"), found.pop("bias")), **found, folder=run)


def _find_top(features: np.ndarray, head: Head) -> np.ndarray:
    """Return the most likely class of each example, ``(count,) int64``; few at a time, since maps are large."""
    starts = range(0, len(features), CROPS)
    return np.concatenate([np.argmax(score_head(features[one : one + CROPS], head), axis=1) for one in starts])


def hold_out(photographs: Photographs, seed: int) -> tuple[Photographs, Photographs]:
    """Return photographs to learn from, and others to test on.

    The packaged ones are parted by :data:`HELD_OUT`; of a folder's, chance holds out one for so many learned as
    :data:`HELD_OUT_PART` says. ValueError if there are fewer than two.
    """
    if photographs.name == "packaged":
        held_out = np.isin(photographs.titles, HELD_OUT)
    else:
        count = len(photographs.paths)
        if count < 2:
            raise ValueError(f"{photographs.name} holds 1 photograph, but at least 2 are needed: one is held out.")
        held_out = np.random.default_rng(seed).permutation(count) < max(1, count // (HELD_OUT_PART + 1))
    return photographs.select(~held_out), photographs.select(held_out)


def cut_natural(photographs: Photographs, count: int, seed: int, shape: tuple[int, int, int]) -> Iterator[np.ndarray]:
    """Yield ``count`` random crops in batches ``(any, height, width, 3) uint8``."""
    for number, start in enumerate(range(0, count, CROPS)):
        yield random_crops(photographs, min(CROPS, count - start), seed + number, shape).images
