"""How an image repeats itself, and what is done to it: elements removed, masks, tiles shuffled, parts repeated.

An image, and a part of one, is ``(height, width, channels) uint8``; a colour ``(channels,) uint8``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

SMALLEST = 8  # pixels of an element, at least; Choice: what repeats sooner is texture, and several make one element
REPEATS = 3  # times that a period fits into the image, at least; Choice: two of a thing are not yet a pattern
# Least height and prominence of a peak of the autocorrelation. Choice: so low that stripes which bend or widen still
# count, and so high that of random clouds, whatever their size, at most one in a hundred has a period.
HEIGHT, PROMINENCE = 0.1, 0.25
NUMBERS = (1, 4, 9, 16)  # copies of a part; Source: the question of this experiment, ours
PARTS = 4  # parts along a side; Choice: so that 16 copies of one fill the image


class Period(NamedTuple):
    """How an image repeats itself."""

    axis: int  # 0 if downwards, 1 if across
    pixels: int  # how far one element is from the next


def autocorrelate(image: np.ndarray, axis: int) -> np.ndarray:
    """Return how alike an image and itself moved by 0, 1, 2, … pixels are, along one axis.

    Each colour channel's mean is taken away. The sum of products over the part where both overlap is divided by the
    root of both parts' sums of squares, so that long shifts are not favoured and an exact repetition gives exactly 1.
    What is returned is ``(side,) float64 in [−1, 1]``, and 0 where one of the parts is of the mean colour.
    """
    pixels = image - image.mean(axis=(0, 1))
    side = image.shape[axis]
    lines = np.moveaxis(pixels, axis, -1).reshape(-1, side)
    spectrum = np.abs(np.fft.rfft(lines, 2 * side)) ** 2  # padded, so that nothing wraps round
    products = np.fft.irfft(spectrum.sum(axis=0), 2 * side)[:side]
    energy = (lines**2).sum(axis=0)
    first, last = np.cumsum(energy)[::-1], np.cumsum(energy[::-1])[::-1]  # of the parts that overlap, by shift
    scale = np.sqrt(first * last)
    defined = scale > 1e-9 * max(energy.sum(), 1.0)  # below, only what rounding leaves
    return np.asarray(np.where(defined, products / np.where(defined, scale, 1.0), 0.0))


def find_period(image: np.ndarray) -> Period | None:
    """Return the period of an image along the axis where it is clearer, or None if it has none.

    A period is the first peak of the autocorrelation at 8 pixels or more that is at least 0.1 high and 0.25 prominent,
    and around whose double the image correlates by 0.1 as well: two of a thing are not a pattern. It fits into the
    image at least three times.
    """
    from scipy.signal import find_peaks  # slow to import

    found: list[tuple[float, Period]] = []
    for axis in (1, 0):
        side = image.shape[axis]
        # Beyond two thirds the overlap is less than one period.
        correlation = autocorrelate(image, axis)[: 2 * side // REPEATS + 1]
        peaks, about = find_peaks(correlation, height=HEIGHT, prominence=PROMINENCE)
        for peak, prominence in zip(peaks.tolist(), about["prominences"].tolist(), strict=True):
            near = slice(2 * peak - peak // SMALLEST, 2 * peak + peak // SMALLEST + 1)
            if SMALLEST <= peak <= side // REPEATS and correlation[near].max() >= HEIGHT:
                found.append((prominence, Period(axis, peak)))
                break
    return max(found, key=lambda one: one[0])[1] if found else None


def find_ends(image: np.ndarray, period: Period) -> list[int]:
    """Return the pixels along the period's axis at which none of the elements ends, then one, …, then all.

    The side is cut into as many equal parts as the period fits, to the nearest pixel: k of n elements are k/n of the
    area, and each is one period or a little more.
    """
    side: int = image.shape[period.axis]
    count = side // period.pixels
    return [round(kept * side / count) for kept in range(count + 1)]


def find_fill(image: np.ndarray) -> np.ndarray:
    """Return the colour that takes the place of what is removed.

    Choice: the median of each channel over the whole image, the same for elements, masks and planes.
    """
    return np.asarray(np.rint(np.median(image, axis=(0, 1))), np.uint8)


def remove_elements(image: np.ndarray, period: Period) -> np.ndarray:
    """Return the image with none of its elements, with one, …, with all; the rest is of the image's median colour.

    Choice: elements go from the right or from below, one after another, as one takes them off a row.
    """
    ends, fill = find_ends(image, period), find_fill(image)
    kept = np.stack([image] * len(ends))  # (elements + 1, height, width, channels)
    for part, end in zip(np.moveaxis(kept, 1 + period.axis, 1), ends, strict=True):
        part[end:] = fill
    return kept


def order_blocks(shape: tuple[int, ...], block: int, rng: np.random.Generator) -> np.ndarray:
    """Return all pixels in the order in which a random mask takes them: square block after square block.

    Blocks are ``block`` pixels wide, and their grid starts at a random pixel. Of the ``(height · width,) int64`` places
    in the flattened image the first so many are a mask of that area.
    """
    rows, columns = (
        (np.arange(side) + start) // block for side, start in zip(shape[:2], rng.integers(block, size=2), strict=True)
    )
    numbers = rows[:, None] * (columns[-1] + 1) + columns  # (height, width)
    rank = rng.permutation(numbers[-1, -1] + 1)
    return np.asarray(np.argsort(rank[numbers].ravel(), kind="stable"))


def remove_pixels(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the image with some pixels, by place in the flattened image, filled with its median colour."""
    flat = image.reshape(-1, image.shape[-1]).copy()
    flat[places] = find_fill(image)
    return flat.reshape(image.shape)


def remove_as_much(image: np.ndarray, period: Period, rng: np.random.Generator) -> np.ndarray:
    """Return the image under masks of the same areas as :func:`remove_elements`, of squares as wide as an element."""
    order, across = order_blocks(image.shape, period.pixels, rng), image.shape[1 - period.axis]
    ends = find_ends(image, period)
    return np.stack([remove_pixels(image, order[: (ends[-1] - end) * across]) for end in ends])


def shuffle_tiles(image: np.ndarray, grid: int, order: np.ndarray) -> np.ndarray:
    """Return the image with its tiles in another order: what is local stays, where it stands does not.

    ``grid`` tiles fit along each side; the order, ``(grid²,)``, has the tile that comes to each place, row by row. What
    is left over at the right and below, less than a tile, stays.
    """
    (rows, columns), channels = (side // grid for side in image.shape[:2]), image.shape[2]
    part = image[: rows * grid, : columns * grid]
    tiles = part.reshape(grid, rows, grid, columns, channels).swapaxes(1, 2)
    shuffled = tiles.reshape(grid * grid, rows, columns, channels)[order].reshape(tiles.shape)
    whole = image.copy()
    whole[: rows * grid, : columns * grid] = shuffled.swapaxes(1, 2).reshape(part.shape)
    return whole


def draw_order(seed: int, place: int, grid: int, draw: int) -> np.ndarray:
    """Return an order of the tiles of the image at a place, ``(grid²,) int64``, the same whatever else is drawn."""
    return np.random.default_rng([seed, place, grid, draw]).permutation(grid**2)


def lay_copies(part: np.ndarray, number: int, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return a plane of one colour and of a shape with a square number of copies of a part on it, evenly spaced."""
    along = math.isqrt(number)
    plane = np.empty(shape, np.uint8)
    plane[:] = colour
    rows, columns = (
        np.add.outer((2 * np.arange(along) + 1) * side // (2 * along) - size // 2, np.arange(size)).ravel()
        for side, size in zip(shape[:2], part.shape[:2], strict=True)
    )
    plane[np.ix_(rows, columns)] = np.tile(part, (along, along, 1))
    return plane


def repeat_part(part: np.ndarray, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return planes with 1, 4, 9 and 16 copies of a part, ``(4, height, width, channels) uint8``."""
    return np.stack([lay_copies(part, number, shape, colour) for number in NUMBERS])


def enlarge_part(part: np.ndarray, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return planes with one copy of a part, enlarged to the area of 1, 4, 9 and 16; as :func:`repeat_part`."""
    return np.stack([lay_copies(enlarge(part, math.isqrt(number)), 1, shape, colour) for number in NUMBERS])


def enlarge(part: np.ndarray, times: int) -> np.ndarray:
    """Return a part whose sides are so many times as long, bicubic; of three channels."""
    size = (part.shape[1] * times, part.shape[0] * times)
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))


def list_corners(shape: tuple[int, ...]) -> np.ndarray:
    """Return top and left of the parts that are tried, ``(count, 2) int32``: each overlaps the next by half."""
    tops, lefts = (np.arange(0, side - side // PARTS + 1, max(1, side // PARTS // 2)) for side in shape[:2])
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int32)


def cut_part(image: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Return the part of an image whose top left pixel is given: a quarter of each side."""
    top, left = corner
    height, width = image.shape[0] // PARTS, image.shape[1] // PARTS
    return image[top : top + height, left : left + width]
