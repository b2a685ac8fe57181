"""Pictures for the panel: many small ones as one PNG, and figures as HTML with alternative text."""

from __future__ import annotations

import base64
import html
import io

import numpy as np

from fooling.figures.images import shrink_image
from fooling.figures.style import Figure
from fooling.lab.explorer.saving import to_pillow

SIDE = 112  # pixels of a tile; Choice: four times a digit's 28, half of a large network's 224


def draw_sprite(images: np.ndarray) -> bytes:
    """Return images as one PNG, one below the other, each in the middle of a square; nothing for none.

    Of ``(count, height, width, channels) uint8``, those larger than a tile are reduced by the mean over the area of a
    pixel; the others stay as they are, and the browser enlarges them without smoothing.
    """
    if not len(images):
        return b""
    small = np.stack([shrink_image(image, SIDE) for image in images])
    side = max(small.shape[1:3])
    top, left = ((side - size) // 2 for size in small.shape[1:3])
    sheet = np.full((len(small), side, side, small.shape[3]), 255, np.uint8)
    sheet[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    # Little compression: the picture goes no further than the browser, several times a second.
    return _encode(sheet.reshape(-1, side, small.shape[3]), compress_level=1)


def _encode(image: np.ndarray, **more: int) -> bytes:
    """Return ``(height, width, 1 or 3) uint8`` as a PNG."""
    file = io.BytesIO()
    to_pillow(image).save(file, "png", **more)
    return file.getvalue()


def show_figure(drawn: Figure) -> str:
    """Return a figure as HTML, its alternative text included, in all of its colours: it goes no further."""
    drawn.kilobytes = None
    return _show_png(drawn.encode(), drawn.alt, "max-width:100%;height:auto;background:white")


def show_image(image: np.ndarray, alt: str, side: int = SIDE) -> str:
    """Return ``(height, width, channels) uint8`` as HTML, the longer side ``side`` pixels, pixel by pixel."""
    longer = "width" if image.shape[1] >= image.shape[0] else "height"
    return _show_png(_encode(image), alt, f"{longer}:{side}px;image-rendering:pixelated;outline:1px solid #ccc")


def _show_png(png: bytes, alt: str, style: str) -> str:
    """Return a PNG as HTML that loads nothing."""
    encoded = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" style="{style}">'
