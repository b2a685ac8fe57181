"""An ImageNet network learns a fooling class by its last layer, and images evolve against it again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import Photographs
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.networks.classifier import Classifier
from fooling.networks.crops import average_ten_crops
from fooling.networks.head import add_class, split_head
from fooling.pages.retraining.fooling_images import SEEDS_APART, express_both_champions
from fooling.pages.retraining.lesson import Lesson, learn_fooling_class
from fooling.pages.retraining.sizes import HeadSizes
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is measured
SHOWN = 8  # champions kept as images; Choice: two rows of a gallery


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


def retrain_imagenet(
    network: Classifier, photographs: Photographs, sizes: HeadSizes, seed: int, folder: Path
) -> tuple[RetrainedImageNet, RunFolder | None]:
    """Evolve against a network, teach it a fooling class and evolve again; what was finished is not done again.

    Half of the fooling images are champions of the first generation, half of the last; the last run is left out.

    Args:
        network: DNN1, as it sees one crop; with ten crops in the sizes both networks see ten.
        photographs: The packaged ones, on whose crops DNN1 is the teacher; or a folder, whose labels are.
        seed: Of the first run against DNN1.

    Raises:
        ValueError: If there is one run only or too few photographs, or the network does not end in a dense layer.
        OSError: If the folder cannot be written.
    """
    if sizes.runs < 2:
        raise ValueError("Retraining needs at least 2 runs, since one is left out of training, but 1 was given.")
    classes = sizes.classes or tuple(range(len(network.class_names)))  # the fooling class gets no cell
    inner: list[RunFolder] = []

    def compute() -> dict[str, np.ndarray]:
        before = _evolve_against(_with_crops(network, sizes), classes, sizes, seed, folder)
        drawn = express_both_champions(before, range(sizes.runs))
        learned, left_out = drawn[:-1].reshape(-1, *drawn.shape[2:]), drawn[-1]
        lesson = learn_fooling_class(network, photographs, learned, sizes, seed, folder)
        retrained = _with_crops(add_class(network, split_head(network)[0], lesson.head), sizes)
        after = _evolve_against(retrained, classes, sizes, seed + SEEDS_APART, folder)
        inner.extend(run for run in dict.fromkeys((*before.folders, lesson.folder, *after.folders)) if run)
        return _measure(retrained, before, after, left_out, lesson, len(learned))._asdict()

    described = {
        "network": network.fingerprint(),
        "photographs": photographs.fingerprint(),
        "settings": {**asdict(sizes), "classes": list(sizes.classes)},
        "seed": seed,
    }
    arrays, run = compute_once(folder, "retrained-imagenet", described, VERSION, compute, inner)
    return RetrainedImageNet(**arrays), run


def _evolve_against(
    classifier: Classifier, classes: tuple[int, ...], sizes: HeadSizes, seed: int, folder: Path
) -> Evolution:
    """Evolve CPPN images; at page 08's sizes those against DNN1 are page 08's, found again."""
    return evolve(
        classifier,
        CppnEncoding(classifier.image_shape),
        generations=sizes.generations,
        children=sizes.children,
        seeds=range(seed, seed + sizes.runs),
        classes=classes,
        folder=folder,
    )


def _with_crops(network: Classifier, sizes: HeadSizes) -> Classifier:
    return average_ten_crops(network) if sizes.crops == "ten" else network


def _measure(
    retrained: Classifier, before: Evolution, after: Evolution, left_out: np.ndarray, lesson: Lesson, learned: int
) -> RetrainedImageNet:
    """Measure what DNN2 calls fooling; ``left_out`` are both champions of each cell of a run against DNN1."""
    fooling = len(retrained.class_names) - 1
    caught = retrained.score(left_out).argmax(axis=1) == fooling
    again = [retrained.score(after.express(run)).argmax(axis=1) == fooling for run in range(len(after.seeds))]
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
