"""Which images are taken apart, and what they look like then, with the confidences that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.data.photographs import Photographs, random_crops
from fooling.pages.repetition.changes import (
    Period,
    cut_part,
    draw_order,
    enlarge_part,
    find_fill,
    remove_as_much,
    remove_elements,
    repeat_part,
    shuffle_tiles,
)

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.networks.classifier import Classifier
    from fooling.pages.repetition.measure import Elements, Parts, Tiles

CROPS = 20  # of each photograph, to choose from; Choice: a few seconds
RECOGNISED = 0.5  # confidence from which a photograph counts as recognised; Choice: as for the champions
# A table of images, a row for each that was changed, the first whole: (rows, columns, height, width, channels) uint8
# and their confidences, (rows, columns) float32.
Sheet = tuple[np.ndarray, np.ndarray]


class Pictures(NamedTuple):
    """Images, each with the class in which confidence is measured."""

    images: np.ndarray  # (count, height, width, channels) uint8
    classes: np.ndarray  # (count,) int64


def choose_champions(run: Evolution, count: int, first: Sequence[int] = ()) -> Pictures:
    """Return champions of some classes, each in its best run, then those that a network is most certain of.

    None stands there twice; ``count`` in all, or as many as there are.
    """
    order = np.argsort(-run.log_odds, axis=None, kind="stable").tolist()
    pairs = [divmod(place, run.log_odds.shape[1]) for place in order]  # run and cell, the most certain first
    wanted = [run.classes.index(one) for one in first if one in run.classes]
    best = [next(pair for pair in pairs if pair[1] == cell) for cell in wanted]
    distinct: dict[tuple[int, int], tuple[int, int]] = {}  # the best cell of each image
    for one, cell in (*best, *pairs):
        distinct.setdefault((one, int(run.places[one, cell])), (one, cell))
    chosen = np.array(list(distinct.values())[:count])  # (count, 2)
    images = np.empty((len(chosen), *run.encoding.image_shape), np.uint8)
    for one in np.unique(chosen[:, 0]):
        mine = chosen[:, 0] == one
        images[mine] = run.express(int(one), chosen[mine, 1])
    return Pictures(images, np.asarray(run.classes, np.int64)[chosen[:, 1]])


def choose_photographs(classifier: Classifier, photographs: Photographs, seed: int) -> Pictures:
    """Return each photograph cut as the network is most certain of it, with its top class, if certain by 50% or more.

    Whole, few of the packaged photographs reach the 50% that champions are judged from. So each gives its best of 20
    random crops: chosen for their confidence, as champions are.

    The class is the network's own answer, right or wrong: it is what can be lost.
    """
    crops = random_crops(photographs, CROPS * len(photographs.paths), seed, classifier.image_shape)
    confidences = classifier.confidences(crops.images)
    top = confidences.max(axis=1)
    places = range(len(photographs.paths))
    best = np.array([np.where(crops.sources == place, top, -1.0).argmax() for place in places])
    found = best[top[best] >= RECOGNISED]
    return Pictures(crops.images[found], confidences[found].argmax(axis=1))


def show_removal(champions: Pictures, elements: Elements, places: Sequence[int], seed: int) -> Sheet:
    """Show images whole, without one element, without half, with one left, and under a mask of the area of half.

    They have a period, and were measured with the same seed; of the masks the first is shown.
    """
    images, confidences = [], []
    for place in places:
        image, period = champions.images[place], Period(int(elements.axes[place]), int(elements.pixels[place]))
        count = int(elements.elements[place])
        steps = [count, count - 1, count // 2, 1]
        masked = remove_as_much(image, period, np.random.default_rng([seed, place, 0]))
        images.append([*remove_elements(image, period)[steps], masked[count // 2]])
        confidences.append([*elements.kept[place, steps], elements.masked[place, 0, count // 2]])
    return np.array(images), np.array(confidences)


def show_shuffles(pictures: Pictures, tiles: Tiles, places: Sequence[int], seed: int) -> Sheet:
    """Show images at some places whole, then with their tiles in the first order drawn, coarse grids first."""
    images = []
    for place in places:
        image = pictures.images[place]
        images.append([image, *(shuffle_tiles(image, grid, draw_order(seed, place, grid, 0)) for grid in tiles.grids)])
    chosen = list(places)
    confidences = np.concatenate([tiles.whole[chosen, None], tiles.shuffled[chosen, :, 0]], axis=1)
    return np.array(images), confidences


def show_parts(photographs: Pictures, parts: Parts) -> Sheet:
    """Show every photograph whole, then 1, 4, 9 and 16 copies of its part, and one enlarged to the area of 16."""
    images = []
    for image, corner in zip(photographs.images, parts.corners, strict=True):
        part, colour = cut_part(image, corner), find_fill(image)
        copies, largest = (make(part, image.shape, colour) for make in (repeat_part, enlarge_part))
        images.append([image, *copies, largest[-1]])
    confidences = np.concatenate([parts.whole[:, None], parts.copies, parts.enlarged[:, -1:]], axis=1)
    return np.array(images), confidences
