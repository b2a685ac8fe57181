"""What confidence is left after each change, measured once and kept."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.networks.classifier import Classifier
from fooling.pages.repetition.changes import (
    cut_part,
    enlarge,
    find_fill,
    keep_elements,
    lay_copies,
    list_corners,
    order_blocks,
    remove_pixels,
    shuffle_tiles,
)
from fooling.pages.repetition.periods import Period, count_elements, find_end, find_period
from fooling.pages.repetition.pictures import Pictures
from fooling.runs import RunFolder, open_run, progress_bar

GRIDS = (2, 4, 7, 8, 14)  # tiles along a side, where they divide it; Choice: all divide 224, the side of most networks
NUMBERS = (1, 4, 9, 16)  # copies of a part; Source: the question of this experiment, ours


class Elements(NamedTuple):
    """Confidences with some of an image's elements removed; k of n are kept, and NaN stands where k is above n.

    Attributes:
        axes: ``(count,) int32``: axis of the period, −1 where the image has none.
        pixels: ``(count,) int32``: the period, 0 where there is none.
        elements: ``(count,) int32``: n, 0 where there is no period.
        whole: ``(count,) float32``: confidence of the whole image.
        kept: ``(count, most + 1) float32``: with the first k elements kept, k from 0.
        masked: ``(count, masks, most + 1) float32``: with the area of n − k elements removed by a random mask.
    """

    axes: np.ndarray
    pixels: np.ndarray
    elements: np.ndarray
    whole: np.ndarray
    kept: np.ndarray
    masked: np.ndarray


class Tiles(NamedTuple):
    """Confidences with an image's tiles shuffled.

    Attributes:
        grids: ``(grids,) int32``: tiles along a side.
        whole: ``(count,) float32``: confidence of the image as it is.
        shuffled: ``(count, grids, shuffles) float32``.
    """

    grids: np.ndarray
    whole: np.ndarray
    shuffled: np.ndarray


class Parts(NamedTuple):
    """Confidences with a photograph's most telling part alone, repeated, and enlarged.

    Attributes:
        corners: ``(count, 2) int32``: top and left of the part in the photograph.
        whole: ``(count,) float32``: confidence of the whole photograph.
        copies: ``(count, 4) float32``: of 1, 4, 9 and 16 copies.
        enlarged: ``(count, 4) float32``: of one copy, enlarged to the area of so many.
    """

    corners: np.ndarray
    whole: np.ndarray
    copies: np.ndarray
    enlarged: np.ndarray


class Measured(NamedTuple):
    """All that is measured on champions and photographs.

    Attributes:
        elements: Of the champions.
        champion_tiles: Of the champions.
        photograph_tiles: Of the photographs.
        parts: Of the photographs.
        folders: Where each of the four is kept.
    """

    elements: Elements
    champion_tiles: Tiles
    photograph_tiles: Tiles
    parts: Parts
    folders: tuple[RunFolder, ...]


def measure(
    classifier: Classifier, champions: Pictures, photographs: Pictures, draws: int, seed: int, folder: Path | None
) -> Measured:
    """Measure confidences without elements, with shuffled tiles and with repeated parts; what is there is not repeated.

    Args:
        classifier: The network.
        champions: Images that evolved against it.
        photographs: Photographs that it recognises.
        draws: Random masks, and shuffles for each grid, of every image.
        seed: Of masks and shuffles, which depend on it and on the image's place alone.
        folder: Where results are kept; None keeps nothing.

    Raises:
        ValueError: If ``draws`` is below 1, or the images do not fit the network.
    """
    if draws < 1:
        raise ValueError(f"At least one random mask is needed, but {draws} were asked for.")
    drawn = {"draws": draws, "seed": seed}
    keep = partial(_keep, classifier, folder)
    elements, first = keep("elements", measure_elements, champions, drawn)
    champion_tiles, second = keep("tiles", measure_tiles, champions, drawn)
    photograph_tiles, third = keep("tiles", measure_tiles, photographs, drawn)
    parts, fourth = keep("parts", measure_parts, photographs, {})
    used = tuple(run for run in (first, second, third, fourth) if run is not None)
    return Measured(Elements(**elements), Tiles(**champion_tiles), Tiles(**photograph_tiles), Parts(**parts), used)


Measure = Callable[..., NamedTuple]


def _keep(
    classifier: Classifier, folder: Path | None, label: str, work: Measure, pictures: Pictures, more: Mapping[str, int]
) -> tuple[dict[str, np.ndarray], RunFolder | None]:
    """Return the arrays that ``work`` makes, from its folder if they are there, and that folder."""
    run = _open(classifier, folder, label, pictures, more) if folder is not None else None
    arrays = run.load_result() if run else None
    if arrays is None:
        started = time.monotonic()
        arrays = work(classifier, pictures, **more)._asdict()
        if run:
            run.save_result(arrays, time.monotonic() - started)
    return arrays, run


def _open(classifier: Classifier, folder: Path, label: str, pictures: Pictures, more: Mapping[str, int]) -> RunFolder:
    settings: dict[str, Any] = {
        "classifier": classifier.fingerprint(),
        "images": hashlib.sha256(pictures.images.tobytes()).hexdigest()[:16],
        "shape": list(pictures.images.shape),
        "classes": pictures.classes.tolist(),
        **more,
    }
    return open_run(folder, f"repetition-{label}", settings, 1)


def measure_elements(classifier: Classifier, champions: Pictures, draws: int, seed: int) -> Elements:
    """Remove the repeated elements of images one by one, and as much area by random masks.

    Args:
        classifier: The network.
        champions: At least one image.
        draws: Random masks of every image; a larger mask of one draw holds the smaller ones, as it is with elements.
        seed: Of the masks.
    """
    periods = [find_period(image) for image in champions.images]
    counts = [
        count_elements(image, period) if period else 0 for image, period in zip(champions.images, periods, strict=True)
    ]
    kept = np.full((len(periods), max(counts) + 1), np.nan, np.float32)
    masked = np.full((len(periods), draws, max(counts) + 1), np.nan, np.float32)
    whole = _score_each(classifier, champions)
    bar = progress_bar(sum(counts), "removing elements")
    for place, (image, label, period) in enumerate(zip(champions.images, champions.classes, periods, strict=True)):
        if period:
            mine = slice(counts[place] + 1)
            kept[place, mine] = _score(classifier, _remove_elements(image, period), label)
            for draw in range(draws):
                rng = np.random.default_rng([seed, place, draw])
                masked[place, draw, mine] = _score(classifier, _remove_as_much(image, period, rng), label)
        bar.update(counts[place])
    bar.close()
    axes = np.array([period.axis if period else -1 for period in periods], np.int32)
    pixels = np.array([period.pixels if period else 0 for period in periods], np.int32)
    return Elements(axes, pixels, np.array(counts, np.int32), whole, kept, masked)


def _remove_elements(image: np.ndarray, period: Period) -> np.ndarray:
    """Return the image with none of its elements, with one, …, with all."""
    return np.stack([keep_elements(image, period, kept) for kept in range(count_elements(image, period) + 1)])


def _remove_as_much(image: np.ndarray, period: Period, rng: np.random.Generator) -> np.ndarray:
    """Return the image under masks of the same areas as :func:`_remove_elements`, of squares as wide as an element."""
    order, across = order_blocks(image.shape, period.pixels, rng), image.shape[1 - period.axis]
    ends = [find_end(image, period, kept) for kept in range(count_elements(image, period) + 1)]
    return np.stack([remove_pixels(image, order[: (ends[-1] - end) * across]) for end in ends])


def measure_tiles(classifier: Classifier, pictures: Pictures, draws: int, seed: int) -> Tiles:
    """Shuffle the tiles of images; every order of the tiles is as likely as any other.

    Args:
        classifier: The network.
        pictures: At least one image.
        draws: Orders for each image and grid.
        seed: Of the orders.

    Raises:
        ValueError: If no grid fits the images.
    """
    sides = pictures.images.shape[1:3]
    grids = [grid for grid in GRIDS if not any(side % grid for side in sides)]
    if not grids:
        raise ValueError(f"Images of {sides[0]} × {sides[1]} pixels can be cut into none of {GRIDS} tiles a side.")
    shuffled = np.empty((len(pictures.images), len(grids), draws), np.float32)
    bar = progress_bar(len(shuffled), "shuffling tiles")
    for place, (image, label) in enumerate(zip(pictures.images, pictures.classes, strict=True)):
        for column, grid in enumerate(grids):
            orders = [np.random.default_rng([seed, place, grid, draw]).permutation(grid**2) for draw in range(draws)]
            images = np.stack([shuffle_tiles(image, grid, order) for order in orders])
            shuffled[place, column] = _score(classifier, images, label)
        bar.update()
    bar.close()
    return Tiles(np.array(grids, np.int32), _score_each(classifier, pictures), shuffled)


def measure_parts(classifier: Classifier, photographs: Pictures) -> Parts:
    """Find the part of each photograph that tells its class best, and show it once, repeated and enlarged.

    The part is a quarter of each side: of those on a grid, the one that has the highest confidence alone in the middle
    of a plane of the photograph's median colour. Being the best of many, it is lucky as well as telling.

    Args:
        classifier: The network, for colour images.
        photographs: At least one.
    """
    corners = np.zeros((len(photographs.images), 2), np.int32)
    copies, enlarged = (np.empty((len(corners), len(NUMBERS)), np.float32) for _ in range(2))
    tried = list_corners(photographs.images.shape[1:])
    bar = progress_bar(len(corners), "repeating parts")
    for place, (image, label) in enumerate(zip(photographs.images, photographs.classes, strict=True)):
        colour = find_fill(image)
        alone = [lay_copies(cut_part(image, corner), 1, image.shape, colour) for corner in tried]
        corners[place] = tried[_score(classifier, np.stack(alone), label).argmax()]
        part = cut_part(image, corners[place])
        copies[place] = _score(classifier, repeat_part(part, image.shape, colour), label)
        enlarged[place] = _score(classifier, enlarge_part(part, image.shape, colour), label)
        bar.update()
    bar.close()
    return Parts(corners, _score_each(classifier, photographs), copies, enlarged)


def repeat_part(part: np.ndarray, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return planes with 1, 4, 9 and 16 copies of a part, ``(4, height, width, channels) uint8``."""
    return np.stack([lay_copies(part, number, shape, colour) for number in NUMBERS])


def enlarge_part(part: np.ndarray, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return planes with one copy of a part, enlarged to the area of 1, 4, 9 and 16; as :func:`repeat_part`."""
    return np.stack([lay_copies(enlarge(part, math.isqrt(number)), 1, shape, colour) for number in NUMBERS])


def _score(classifier: Classifier, images: np.ndarray, label: int) -> np.ndarray:
    """Return the confidence of every image in one class, ``(count,) float32``."""
    return np.asarray(classifier.confidences(images)[:, label])


def _score_each(classifier: Classifier, pictures: Pictures) -> np.ndarray:
    """Return the confidence of every image in its own class, ``(count,) float32``."""
    return np.asarray(classifier.confidences(pictures.images)[np.arange(len(pictures.images)), pictures.classes])
