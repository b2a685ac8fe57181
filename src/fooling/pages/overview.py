"""Page 00: every claim beside what was found, and the figure that the report and the README begin with."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fooling.figures.style import DPI, WIDTH, Figure, show_pixels, styled
from fooling.words import list_words, show_confidence

LARGE = 5  # ImageNet images in the row below the digits
SMALL_SIDE, LARGE_SIDE = 78, 168  # pixels
KILOBYTES = 330  # Choice: the picture that README and index begin with has two pixels for each of a page
# By label, ``(classes, height, width, channels) uint8`` and ``(classes,) float32`` confidences.
Rows = Mapping[str, tuple[np.ndarray, np.ndarray]]


def choose_best(log_odds: np.ndarray, places: np.ndarray) -> list[int]:
    """Return the cells of the most certain champions, best first; equal places are cells of one image, shown once."""
    order = np.argsort(-log_odds, kind="stable")
    first = np.sort(np.unique(places[order], return_index=True)[1])
    return [int(cell) for cell in order[first[:LARGE]]]


@styled
def draw_overview(
    digits: Rows, images: np.ndarray, names: Sequence[str], confidences: np.ndarray, networks: tuple[str, str]
) -> Figure:
    """Draw what two networks take images for: digits, a row per encoding, then a row of large images for ImageNet.

    The images are ``(count, height, width, channels) uint8``, of which as many as fit a row are shown, each with what
    the ImageNet network takes it for and how surely.
    """
    images, names, confidences = images[:LARGE], names[:LARGE], confidences[:LARGE]
    width, row = round(WIDTH * DPI), SMALL_SIDE + 30
    lines = [textwrap.wrap(name, 24) for name in names]
    below = 22 + 15 * max((len(one) for one in lines), default=0)
    height = 52 + row * len(digits) + (44 + LARGE_SIDE + below if len(images) else 0)
    drawn = Figure(figsize=(WIDTH, (height + 0.01) / DPI), layout=None)
    drawn.set_layout_engine("none")
    drawn.kilobytes = KILOBYTES
    drawn.alt = _describe(digits, names, confidences, networks)
    top = _write(drawn, height, 20, f"{networks[0]}, which reads handwritten digits, takes these for")
    for label, (row_images, row_confidences) in digits.items():
        for digit, (image, confidence) in enumerate(zip(row_images, row_confidences, strict=True)):
            centre = 96 + (digit + 0.5) * (width - 96) / len(row_images)
            spot = _add_place(drawn, height, centre, top, SMALL_SIDE)
            show_pixels(spot, image)
            spot.set_title(str(digit) if top == 52 else "", fontsize=11, fontweight="bold", pad=4)
            spot.set_xlabel(show_confidence(confidence), fontsize=7.5, labelpad=2)
        drawn.text(4 / width, 1 - (top + SMALL_SIDE / 2) / height, label, fontsize=9, va="center")
        top += row
    if len(images):
        words = f"{networks[1]}, which knows 1,000 kinds of photographs, takes these for"
        top = _write(drawn, height, top + 14, words)
        for place, (image, name, confidence) in enumerate(zip(images, lines, confidences, strict=True)):
            spot = _add_place(drawn, height, (place + 0.5) * width / LARGE, top, LARGE_SIDE)
            show_pixels(spot, image)
            spot.set_xlabel("\n".join([*name, show_confidence(confidence)]), fontsize=9, labelpad=4)
    return drawn


def _write(drawn: Figure, height: int, top: int, words: str) -> int:
    """Write a heading and return where what is below it begins."""
    style: Any = {"fontsize": 10.5, "color": "black", "va": "center", "weight": "bold"}
    drawn.text(4 / round(WIDTH * DPI), 1 - top / height, words, **style)
    return top + (32 if top == 20 else 16)


def _add_place(drawn: Figure, height: int, centre: float, top: int, side: int) -> Axes:
    """Return axes of ``side`` × ``side`` pixels, framed by a thin line so that white images have an end."""
    width = round(WIDTH * DPI)
    spot = drawn.add_axes((round(centre - side / 2) / width, 1 - (top + side) / height, side / width, side / height))
    spot.spines[:].set(visible=True, color="#cccccc", linewidth=0.5)
    return spot


def _describe(digits: Rows, names: Sequence[str], confidences: np.ndarray, networks: tuple[str, str]) -> str:
    parts = [
        f"{label.replace(chr(10), ' ')}: {show_confidence(shown.min())} to {show_confidence(shown.max())}"
        for label, (_, shown) in digits.items()
    ]
    alt = f"Images that {networks[0]} takes for the digits 0 to 9, and how certain it is. {'; '.join(parts)}."
    if names:
        told = [f"{name} ({show_confidence(value)})" for name, value in zip(names, confidences, strict=True)]
        alt += f" Regular patterns that {networks[1]} takes for {list_words(told)}."
    return alt
