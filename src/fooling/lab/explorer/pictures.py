"""Pictures for the panel: many small ones as one PNG, and figures as HTML with alternative text."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable

import numpy as np

from fooling.figures import Figure
from fooling.figures.images import shrink_image
from fooling.lab.explorer.saving import to_pillow

SIDE = 112  # pixels of a tile; Choice: four times a digit's 28, half of a large network's 224
SHOWN = 24  # tiles at a time; Choice: what one sees without scrolling


def draw_sprite(images: np.ndarray) -> bytes:
    """Return images as one PNG, one below the other, each in the middle of a square.

    Images larger than a tile are reduced by the mean over the area of a pixel; the others stay as they are, and the
    browser enlarges them without smoothing.

    Args:
        images: ``(count, height, width, channels) uint8``; of none, nothing is returned.
    """
    if not len(images):
        return b""
    small = np.stack([shrink_image(image, SIDE) for image in images])
    side = max(small.shape[1:3])
    top, left = ((side - size) // 2 for size in small.shape[1:3])
    sheet = np.full((len(small), side, side, small.shape[3]), 255, np.uint8)
    sheet[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    file = io.BytesIO()
    # Little compression: the picture goes no further than the browser, several times a second.
    to_pillow(sheet.reshape(-1, side, small.shape[3])).save(file, "png", compress_level=1)
    return file.getvalue()


def show_figure(drawn: Figure) -> str:
    """Return a figure as HTML, its alternative text included, in all of its colours: it goes no further."""
    drawn.kilobytes = None
    return show_png(drawn.encode(), drawn.alt, "max-width:100%;height:auto;background:white")


def show_image(image: np.ndarray, alt: str, side: int = SIDE) -> str:
    """Return an image as HTML, ``side`` pixels large, pixel by pixel.

    Args:
        image: ``(height, width, channels) uint8``.
        alt: Alternative text.
        side: Of the longer side, in pixels.
    """
    file = io.BytesIO()
    to_pillow(image).save(file, "png")
    longer = "width" if image.shape[1] >= image.shape[0] else "height"
    return show_png(file.getvalue(), alt, f"{longer}:{side}px;image-rendering:pixelated;outline:1px solid #ccc")


def show_png(png: bytes, alt: str, style: str) -> str:
    """Return a PNG as HTML that loads nothing."""
    encoded = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" style="{style}">'


def order_cells(order: str, champions: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Return which cells a grid shows, the first of them first: at most :data:`SHOWN`.

    Args:
        order: A key of :data:`ORDERS`.
        champions: ``(cells,) int32``: the champions' numbers.
        log_odds: ``(cells,) float32``.
    """
    return ORDERS[order](champions, log_odds)[:SHOWN]


ORDERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "in the order of the classes": lambda champions, log_odds: np.arange(len(champions)),
    "most certain first": lambda champions, log_odds: np.argsort(-log_odds, kind="stable"),
    "least certain first": lambda champions, log_odds: np.argsort(log_odds, kind="stable"),
    "changed last, first": lambda champions, log_odds: np.argsort(-champions, kind="stable"),
}
