"""What confidence is left after each change, measured once and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.files import hash_arrays
from fooling.pages.repetition.changes import (
    NUMBERS,
    cut_part,
    draw_order,
    enlarge_part,
    find_ends,
    find_fill,
    find_period,
    lay_copies,
    list_corners,
    remove_as_much,
    remove_elements,
    repeat_part,
    shuffle_tiles,
)
from fooling.pages.repetition.pictures import Pictures
from fooling.runs import RunFolder, compute_once, progress_bar

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

VERSION = 1  # of what is kept
GRIDS = (2, 4, 7, 8, 14)  # tiles along a side; Choice: all divide 224, the side of most networks


class Elements(NamedTuple):
    """Confidences with some of an image's elements removed; k of n are kept, and NaN stands where k is above n."""

    axes: np.ndarray  # (count,) int32: axis of the period, −1 where the image has none
    pixels: np.ndarray  # (count,) int32: the period, 0 where there is none
    elements: np.ndarray  # (count,) int32: n, 0 where there is no period
    whole: np.ndarray  # (count,) float32: confidence of the whole image
    kept: np.ndarray  # (count, most + 1) float32: with the first k elements kept, k from 0
    masked: np.ndarray  # (count, masks, most + 1) float32: with the area of n − k elements removed by a random mask


class Tiles(NamedTuple):
    """Confidences with an image's tiles shuffled."""

    grids: np.ndarray  # (grids,) int32: tiles along a side
    whole: np.ndarray  # (count,) float32: confidence of the image as it is
    shuffled: np.ndarray  # (count, grids, shuffles) float32


class Parts(NamedTuple):
    """Confidences with a photograph's most telling part alone, repeated, and enlarged."""

    corners: np.ndarray  # (count, 2) int32: top and left of the part in the photograph
    whole: np.ndarray  # (count,) float32: confidence of the whole photograph
    copies: np.ndarray  # (count, 4) float32: of 1, 4, 9 and 16 copies
    enlarged: np.ndarray  # (count, 4) float32: of one copy, enlarged to the area of so many


class Measured(NamedTuple):
    """All that is measured on champions and photographs, and the folders where it is kept."""

    elements: Elements
    champion_tiles: Tiles
    photograph_tiles: Tiles
    parts: Parts
    folders: tuple[RunFolder | None, ...]


def measure(
    classifier: Classifier, champions: Pictures, photographs: Pictures, draws: int, seed: int, folder: Path | None
) -> Measured:
    """Measure confidences without elements, with shuffled tiles and with repeated parts; what is there is not repeated.

    Every image has so many random masks, and shuffles for each grid; they depend on its place and the seed alone.
    """
    folders = []

    def keep(label: str, work: Callable[..., NamedTuple], pictures: Pictures, **more: int) -> dict[str, np.ndarray]:
        """Return what ``work`` makes of pictures, from its folder if it is there."""
        shown = hash_arrays(pictures.images, pictures.classes)
        settings = {"classifier": classifier.fingerprint(), "pictures": shown, **more}
        arrays, run = compute_once(
            folder, f"repetition-{label}", settings, VERSION, lambda: work(classifier, pictures, **more)._asdict()
        )
        folders.append(run)
        return arrays

    return Measured(
        Elements(**keep("elements", measure_elements, champions, draws=draws, seed=seed)),
        Tiles(**keep("tiles", measure_tiles, champions, draws=draws, seed=seed)),
        Tiles(**keep("tiles", measure_tiles, photographs, draws=draws, seed=seed)),
        Parts(**keep("parts", measure_parts, photographs)),
        tuple(folders),
    )


def measure_elements(classifier: Classifier, champions: Pictures, draws: int, seed: int) -> Elements:
    """Remove the repeated elements of images one by one, and as much area by so many random masks of each.

    A larger mask of one draw holds the smaller ones, as it is with elements.
    """
    periods = [find_period(image) for image in champions.images]
    counts = [
        len(find_ends(image, one)) - 1 if one else 0 for image, one in zip(champions.images, periods, strict=True)
    ]
    kept = np.full((len(periods), max(counts) + 1), np.nan, np.float32)
    masked = np.full((len(periods), draws, max(counts) + 1), np.nan, np.float32)
    whole = _score_each(classifier, champions)
    with progress_bar(sum(counts), "removing elements") as bar:
        for place, (image, label, period) in enumerate(zip(champions.images, champions.classes, periods, strict=True)):
            if period:
                mine = slice(counts[place] + 1)
                kept[place, mine] = _score(classifier, remove_elements(image, period), label)
                for draw in range(draws):
                    rng = np.random.default_rng([seed, place, draw])
                    masked[place, draw, mine] = _score(classifier, remove_as_much(image, period, rng), label)
            bar.update(counts[place])
    axes, pixels = np.array([period or (-1, 0) for period in periods], np.int32).T
    return Elements(axes, pixels, np.array(counts, np.int32), whole, kept, masked)


def measure_tiles(classifier: Classifier, pictures: Pictures, draws: int, seed: int) -> Tiles:
    """Shuffle the tiles of images, so many times for each grid; every order is as likely as any other."""
    shuffled = np.empty((len(pictures.images), len(GRIDS), draws), np.float32)
    with progress_bar(len(shuffled), "shuffling tiles") as bar:
        for place, (image, label) in enumerate(zip(pictures.images, pictures.classes, strict=True)):
            for column, grid in enumerate(GRIDS):
                orders = [draw_order(seed, place, grid, draw) for draw in range(draws)]
                images = np.stack([shuffle_tiles(image, grid, order) for order in orders])
                shuffled[place, column] = _score(classifier, images, label)
            bar.update()
    return Tiles(np.array(GRIDS, np.int32), _score_each(classifier, pictures), shuffled)


def measure_parts(classifier: Classifier, photographs: Pictures) -> Parts:
    """Find the part of each photograph that tells its class best, and show it once, repeated and enlarged.

    The part is a quarter of each side: of those on a grid, the one that has the highest confidence alone in the middle
    of a plane of the photograph's median colour. Being the best of many, it is lucky as well as telling.
    """
    corners = np.zeros((len(photographs.images), 2), np.int32)
    copies, enlarged = (np.empty((len(corners), len(NUMBERS)), np.float32) for _ in range(2))
    tried = list_corners(photographs.images.shape[1:])
    with progress_bar(len(corners), "repeating parts") as bar:
        for place, (image, label) in enumerate(zip(photographs.images, photographs.classes, strict=True)):
            colour = find_fill(image)
            alone = [lay_copies(cut_part(image, corner), 1, image.shape, colour) for corner in tried]
            corners[place] = tried[_score(classifier, np.stack(alone), label).argmax()]
            part = cut_part(image, corners[place])
            copies[place] = _score(classifier, repeat_part(part, image.shape, colour), label)
            enlarged[place] = _score(classifier, enlarge_part(part, image.shape, colour), label)
            bar.update()
    return Parts(corners, _score_each(classifier, photographs), copies, enlarged)


def _score(classifier: Classifier, images: np.ndarray, label: int) -> np.ndarray:
    """Return the confidence of every image in one class, ``(count,) float32``."""
    return np.asarray(classifier.confidences(images)[:, label])


def _score_each(classifier: Classifier, pictures: Pictures) -> np.ndarray:
    """Return the confidence of every image in its own class, ``(count,) float32``."""
    return np.asarray(classifier.confidences(pictures.images)[np.arange(len(pictures.images)), pictures.classes])
