"""The attacks that make a network certain of nonsense: noise, bred pixels, bred CPPNs, the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.confidence import first_generations
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_search import RandomSearch
from fooling.evolution.evolve import evolve
from fooling.evolution.search import name_search
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.records import Ascent, choose_points
from fooling.gradient_ascent.settings import NONE
from fooling.lab.audit.record import ATTACKS, COLOURS, LEVELS

if TYPE_CHECKING:
    from fooling.encodings import Encoding
    from fooling.evolution.evolution import Evolution
    from fooling.lab.audit.budget import Budget, Size
    from fooling.networks.classifier import Classifier
    from fooling.runs import RunFolder

PIXELS = ((0, 0, 0), (128, 128, 128), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255))  # of COLOURS


class Attempt(NamedTuple):
    """What one attack achieved, run by run; images are counted for all classes together."""

    log_odds: np.ndarray  # (runs, cells) float32: of the best 8-bit image of each class
    images: np.ndarray  # (runs, cells, height, width, channels) uint8: these images
    needed: np.ndarray  # (runs, levels, cells) float64: images shown until 50%, 90% and 99%; NaN if never
    steps: np.ndarray  # (points,) int64: numbers of images shown in one run
    curves: np.ndarray  # (runs, points, cells) float32: the highest log-odds up to there


def try_attacks(
    classifier: Classifier, budget: Budget, seed: int, folder: Path
) -> Iterator[tuple[str, Attempt, RunFolder]]:
    """Yield each of :data:`~fooling.lab.audit.record.ATTACKS`, what it achieved and where it is kept.

    What was finished is not done again. The first run has the seed, the others those that follow. Ascent is left out
    where it has no steps, or found no gradient.
    """
    shape = classifier.image_shape
    pixels = DirectEncoding(shape)
    for name, encoding, size in (
        ("noise", RandomSearch(pixels), budget.noise),
        ("direct", pixels, budget.direct),
        ("CPPN", CppnEncoding(shape), budget.cppn),
    ):
        run = breed(classifier, encoding, size, budget, seed, folder)
        yield name, read_evolution(run), run.folders[0]
    if not budget.ascent_steps:
        return
    seeds = range(seed, seed + budget.ascent_seeds)
    ascent = ascend(classifier, NONE, budget.classes, seeds, budget.ascent_steps, folder)
    assert ascent.folder is not None
    if (ascent.stopped != 0).any():  # else there was no gradient anywhere, which says nothing of how safe it is
        yield "ascent", read_ascent(ascent), ascent.folder


def breed(classifier: Classifier, encoding: Encoding, size: Size, budget: Budget, seed: int, folder: Path) -> Evolution:
    """Evolve images of the budget's classes at a size, the first run from a seed, the others from those that follow."""
    return evolve(
        classifier,
        encoding,
        generations=size.generations,
        children=size.children,
        seeds=range(seed, seed + size.runs),
        classes=budget.classes,
        folder=folder,
        search=name_search(budget.search, encoding.name).parts,
    )


def read_evolution(run: Evolution) -> Attempt:
    """Return what a search achieved; its images are counted from the random ones on."""
    history = run.history
    points = choose_points(run.generations + 1)
    steps = run.children * (1 + points.astype(np.int64))
    return Attempt(run.log_odds, run.images, run.children * (1 + _find_first(history)), steps, history[:, points])


def read_ascent(ascent: Ascent) -> Attempt:
    """Return what ascent achieved; its images are counted as if all classes climbed side by side.

    Where it took more than 101 steps, the count until a confidence is one of those that curves are kept at.
    """
    curves = np.maximum.accumulate(ascent.curves, axis=2).swapaxes(1, 2)  # (seeds, points, classes)
    steps = (1 + ascent.curve_steps.astype(np.int64)) * len(ascent.classes)
    first = _find_first(curves)
    needed = np.where(np.isnan(first), np.nan, steps[np.nan_to_num(first).astype(np.int64)])
    return Attempt(ascent.best_rounded, ascent.best_images, needed, steps, curves)


def _find_first(history: np.ndarray) -> np.ndarray:
    """Return when each class first reached each level, ``(runs, levels, cells) float64``, NaN if never."""
    return np.stack([first_generations(history, level / 100) for level in LEVELS], axis=1)


def find_fooling(attempts: Mapping[str, Attempt]) -> dict[str, np.ndarray]:
    """Return by attack the images that fooled the network, to at least 50% for their class, ``(count, …) uint8``.

    One image can hold many cells, and must not be learned from in one of them and tested on in another: each is given
    once. Random search counts as noise, of which :mod:`fooling.lab.audit.experiment` has other images.
    Attacks that fooled nobody are left out.
    """
    found = {}
    for name in filter(attempts.get, ATTACKS[1:]):
        images = attempts[name].images[attempts[name].log_odds >= 0.0]
        if len(images):
            first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)[1]
            found[name] = images[np.sort(first)]
    return found


def make_plain_images(shape: tuple[int, int, int]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of plain colours, grey levels where there is one channel, and an image of each, uint8."""
    names = COLOURS[: 6 if shape[2] == 3 else 3]
    pixels = np.array(PIXELS[: len(names)], np.uint8)[:, None, None, : shape[2]]
    return names, np.broadcast_to(pixels, (len(names), *shape)).copy()
