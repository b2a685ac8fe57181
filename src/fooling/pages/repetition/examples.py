"""Changed images to look at, each with the confidence that was measured of it; nothing is scored here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fooling.pages.repetition.changes import (
    cut_part,
    enlarge_part,
    find_fill,
    remove_as_much,
    remove_elements,
    repeat_part,
    shuffle_tiles,
)
from fooling.pages.repetition.measure import Elements, Parts, Tiles, draw_order
from fooling.pages.repetition.periods import find_period
from fooling.pages.repetition.pictures import Pictures


class Examples(NamedTuple):
    """A table of images, one row for each that was changed."""

    images: np.ndarray  # (rows, columns, height, width, channels) uint8; the first of each row is whole
    confidences: np.ndarray  # (rows, columns) float32


def show_removal(champions: Pictures, elements: Elements, places: Sequence[int], seed: int) -> Examples:
    """Show images whole, without one element, without half, with one left, and under a mask of the area of half.

    Args:
        champions: As they were measured, with the same seed.
        places: Which of them, at least one.
        seed: Of the masks, of which the first is shown.

    Raises:
        ValueError: If one of them has no period.
    """
    images, confidences = [], []
    for place in places:
        image, period = champions.images[place], find_period(champions.images[place])
        if period is None:
            raise ValueError(f"The image at place {place} has no period, so no element of it can be removed.")
        count = int(elements.elements[place])
        steps = [count, count - 1, count // 2, 1]
        masked = remove_as_much(image, period, np.random.default_rng([seed, place, 0]))
        images.append([*remove_elements(image, period)[steps], masked[count // 2]])
        confidences.append([*elements.kept[place, steps], elements.masked[place, 0, count // 2]])
    return Examples(np.array(images), np.array(confidences))


def show_shuffles(pictures: Pictures, tiles: Tiles, places: Sequence[int], seed: int) -> Examples:
    """Show images at some places whole, then with their tiles in the first order drawn, coarse grids first."""
    images = []
    for place in places:
        image = pictures.images[place]
        images.append([image, *(shuffle_tiles(image, grid, draw_order(seed, place, grid, 0)) for grid in tiles.grids)])
    chosen = list(places)
    confidences = np.concatenate([tiles.whole[chosen, None], tiles.shuffled[chosen, :, 0]], axis=1)
    return Examples(np.array(images), confidences)


def show_parts(photographs: Pictures, parts: Parts) -> Examples:
    """Show every photograph whole, then 1, 4, 9 and 16 copies of its part, and one enlarged to the area of 16."""
    images = []
    for image, corner in zip(photographs.images, parts.corners, strict=True):
        part, colour = cut_part(image, corner), find_fill(image)
        copies, largest = (make(part, image.shape, colour) for make in (repeat_part, enlarge_part))
        images.append([image, *copies, largest[-1]])
    confidences = np.concatenate([parts.whole[:, None], parts.copies, parts.enlarged[:, -1:]], axis=1)
    return Examples(np.array(images), confidences)
