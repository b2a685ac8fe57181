"""What is done to an image: elements removed, masks, tiles shuffled, parts repeated.

An image, and a part of one, is ``(height, width, channels) uint8``; a colour ``(channels,) uint8``.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from fooling.pages.repetition.periods import Period, count_elements, find_end

NUMBERS = (1, 4, 9, 16)  # copies of a part; Source: the question of this experiment, ours
PARTS = 4  # parts along a side; Choice: so that 16 copies of one fill the image


def find_fill(image: np.ndarray) -> np.ndarray:
    """Return the colour that takes the place of what is removed.

    Choice: the median of each channel over the whole image, the same for elements, masks and planes.
    """
    return np.asarray(np.rint(np.median(image, axis=(0, 1))), np.uint8)


def keep_elements(image: np.ndarray, period: Period, kept: int) -> np.ndarray:
    """Return the image with only its first so many elements, the rest filled with the image's median colour.

    Choice: elements go from the right or from below, one after another, as one takes them off a row.

    Raises:
        ValueError: If the image has not so many elements.
    """
    moved = np.moveaxis(image.copy(), period.axis, 0)
    moved[find_end(image, period, kept) :] = find_fill(image)
    return np.asarray(np.moveaxis(moved, 0, period.axis))


def remove_elements(image: np.ndarray, period: Period) -> np.ndarray:
    """Return the image with none of its elements, with one, …, with all."""
    return np.stack([keep_elements(image, period, kept) for kept in range(count_elements(image, period) + 1)])


def order_blocks(shape: tuple[int, ...], block: int, rng: np.random.Generator) -> np.ndarray:
    """Return all pixels in the order in which a random mask takes them: square block after square block.

    Blocks are ``block`` pixels wide, and their grid starts at a random pixel.

    Returns:
        ``(height · width,) int64``: places in the flattened image. The first so many are a mask of that area.
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
    ends = [find_end(image, period, kept) for kept in range(count_elements(image, period) + 1)]
    return np.stack([remove_pixels(image, order[: (ends[-1] - end) * across]) for end in ends])


def shuffle_tiles(image: np.ndarray, grid: int, order: np.ndarray) -> np.ndarray:
    """Return the image with its tiles in another order: what is local stays, where it stands does not.

    Args:
        image: Whose sides ``grid`` divides.
        grid: Tiles along each side.
        order: ``(grid²,)``: the tile that comes to each place, row by row.

    Raises:
        ValueError: If the sides cannot be cut into so many tiles.
    """
    height, width, channels = image.shape
    if height % grid or width % grid:
        raise ValueError(f"An image of {height} × {width} pixels cannot be cut into {grid} × {grid} equal tiles.")
    tiles = image.reshape(grid, height // grid, grid, width // grid, channels).swapaxes(1, 2)
    shuffled = tiles.reshape(grid * grid, *tiles.shape[2:])[order].reshape(tiles.shape)
    return np.asarray(shuffled.swapaxes(1, 2).reshape(image.shape))


def lay_copies(part: np.ndarray, number: int, shape: tuple[int, ...], colour: np.ndarray) -> np.ndarray:
    """Return a plane of one colour and of a shape with a square number of copies of a part on it, evenly spaced.

    Raises:
        ValueError: If the number is no square, or the copies do not fit.
    """
    along = math.isqrt(number)
    if along * along != number or along < 1:
        raise ValueError(f"Copies are laid in a square, so their number is 1, 4, 9, …, not {number}.")
    if along * part.shape[0] > shape[0] or along * part.shape[1] > shape[1]:
        raise ValueError(f"{number} copies of {part.shape[0]} × {part.shape[1]} pixels do not fit into {shape[:2]}.")
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
