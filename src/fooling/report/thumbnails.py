"""Small pictures for the index of the report: the part of a page's figures that shows most."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 320, 200  # pixels of a thumbnail, cut out and not shrunk, so that small images stay legible
STEP = 2  # windows are tried every so many pixels
PAPER = 245  # a pixel whose darkest channel is at least this counts as empty paper
CONTRAST = 6  # grey levels between neighbours that count as something to see
QUALITY = 62  # of WebP; Choice: about 10 KB each, so that the index opens at once


class Picture(NamedTuple):
    """A figure of a page: its file in base 64, and what it shows in words."""

    data: str
    alt: str


@lru_cache(maxsize=32)  # while a report runs, its index is drawn anew after every page
def draw_thumbnail(pictures: tuple[Picture, ...]) -> Picture | None:
    """Return the richest window of ``WIDTH`` × ``HEIGHT`` in a page's figures, as WebP; None when there is no figure.

    Images have more to see in a window than curves have, so a page that shows images is known by them.
    """
    best, best_share = None, -1.0
    for picture in pictures:
        pixels = _read_pixels(picture)
        share, top, left = find_richest(pixels)
        if share > best_share:
            best, best_share = (pixels[top : top + HEIGHT, left : left + WIDTH], picture.alt), share
    if best is None:
        return None
    encoded = io.BytesIO()
    Image.fromarray(best[0]).save(encoded, "webp", quality=QUALITY, method=6)
    return Picture(base64.b64encode(encoded.getvalue()).decode(), best[1])


def _read_pixels(picture: Picture) -> np.ndarray:
    """Return a figure on white paper of at least the thumbnail's size, ``(height, width, 3) uint8``."""
    drawn = Image.open(io.BytesIO(base64.b64decode(picture.data))).convert("RGBA")
    sheet = Image.new("RGBA", (max(drawn.width, WIDTH), max(drawn.height, HEIGHT)), "white")
    sheet.alpha_composite(drawn, ((sheet.width - drawn.width) // 2, (sheet.height - drawn.height) // 2))
    return np.asarray(sheet.convert("RGB"))


def find_richest(pixels: np.ndarray) -> tuple[float, int, int]:
    """Find the window with most to see; among those about as rich, one that cuts no image at its top and left.

    Args:
        pixels: ``(height, width, 3) uint8``, at least as large as a thumbnail.

    Returns:
        The share of the window's pixels that differ from a neighbour, in [0, 1]; the window's top and left edge.
    """
    grey = np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2]).astype(np.int16)
    differ = np.zeros(grey.shape, bool)
    differ[:, 1:] |= abs(np.diff(grey, axis=1)) >= CONTRAST
    differ[1:] |= abs(np.diff(grey, axis=0)) >= CONTRAST
    shares = _average_windows(differ, HEIGHT, WIDTH)
    inked = grey < PAPER
    rows, columns = shares.shape
    cut = _average_windows(inked, 1, WIDTH)[:rows] + _average_windows(inked, HEIGHT, 1)[:, :columns]
    # Choice: windows within a fifth of the richest are about as rich.
    tried = np.where(shares >= 0.8 * shares.max(), shares - cut, -np.inf)[::STEP, ::STEP]
    top, left = (int(STEP * place) for place in np.unravel_index(tried.argmax(), tried.shape))
    return float(shares.max()), top, left


def _average_windows(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the mean over every window, ``(rows − height + 1, columns − width + 1) float64``."""
    sums = np.pad(values.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32), ((1, 0), (1, 0)))
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return np.asarray(inside / (height * width))
