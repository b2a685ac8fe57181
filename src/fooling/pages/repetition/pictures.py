"""Which images are taken apart: the most certain champions of a search, and photographs that are recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.data.photographs import Photographs, random_crops

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.networks.classifier import Classifier

CROPS = 20  # of each photograph, to choose from; Choice: a few seconds
RECOGNISED = 0.5  # confidence from which a photograph counts as recognised; Choice: as for the champions


class Pictures(NamedTuple):
    """Images, each with the class in which confidence is measured."""

    images: np.ndarray  # (count, height, width, channels) uint8
    classes: np.ndarray  # (count,) int64
    titles: tuple[str, ...]  # what to call each: a champion's run, a photograph's own name


def choose_champions(run: Evolution, count: int) -> Pictures:
    """Return so many champions, or all, that a network is most certain of, none twice; they are kept beside their runs.

    Raises:
        ValueError: If ``count`` is below 1, or as :meth:`Evolution.show`.
    """
    if count < 1:
        raise ValueError(f"At least one champion is needed, but {count} were asked for.")
    distinct: dict[tuple[int, int], tuple[int, int]] = {}  # the best cell of each image
    for place in np.argsort(-run.log_odds, axis=None, kind="stable"):
        one, cell = divmod(int(place), run.log_odds.shape[1])
        distinct.setdefault((one, int(run.places[one, cell])), (one, cell))
    chosen = np.array(list(distinct.values())[:count])  # (count, 2)
    images = np.empty((len(chosen), *run.encoding.image_shape), np.uint8)
    for one in np.unique(chosen[:, 0]):
        mine = chosen[:, 0] == one
        images[mine] = _take_run(run, int(one)).show(1, chosen[mine, 1])[0]
    seeds = tuple(f"run {run.seeds[one]}" for one in chosen[:, 0])
    return Pictures(images, np.asarray(run.classes, np.int64)[chosen[:, 1]], seeds)


def _take_run(run: Evolution, one: int) -> Evolution:
    """Return one run alone, so that its images are kept without those of the runs before it."""
    mine = slice(one, one + 1)
    return run._replace(
        genomes=None if run.genomes is None else type(run.genomes)(*(part[mine] for part in run.genomes)),
        places=run.places[mine],
        log_odds=run.log_odds[mine],
        seeds=run.seeds[mine],
        folders=run.folders[mine],
    )


def choose_photographs(classifier: Classifier, photographs: Photographs, seed: int) -> Pictures:
    """Return each photograph cut as the network is most certain of it, with its top class, if certain by 50% or more.

    Whole, few of the packaged photographs reach the 50% that champions are judged from. So each gives its best of 20
    random crops: chosen for their confidence, as champions are.

    The class is the network's own answer, right or wrong: it is what can be lost.

    Raises:
        ValueError: If the network is certain of none of them, or one cannot be read.
    """
    crops = random_crops(photographs, CROPS * len(photographs.paths), seed, classifier.image_shape)
    confidences = classifier.confidences(crops.images)
    top = confidences.max(axis=1)
    places = range(len(photographs.paths))
    best = np.array([np.where(crops.sources == place, top, -1.0).argmax() for place in places])
    found = best[top[best] >= RECOGNISED]
    if not found.size:
        raise ValueError(f"{classifier.name} has 50% confidence in no crop of the photographs {photographs.name}.")
    titles = tuple(photographs.titles[place] for place in crops.sources[found])
    return Pictures(crops.images[found], confidences[found].argmax(axis=1), titles)
