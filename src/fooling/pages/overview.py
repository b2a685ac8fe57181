"""Page 00: every claim beside what was found, and the figure that the report and the README begin with."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import NEAR_CERTAIN
from fooling.figures.style import DPI, WIDTH, Figure, show_pixels, styled
from fooling.lab.detectors.names import ENCODINGS, ENERGY, SCALED
from fooling.pages.detectors.records import DigitResults
from fooling.pages.imagenet_cppn.cells import Cells, tell
from fooling.pages.imagenet_cppn.claim import CppnSearch
from fooling.pages.mnist_search import SearchFound
from fooling.pages.page import read_record
from fooling.words import count_words, list_words, show_confidence, show_few

PAGE = round(WIDTH * DPI)  # pixels across
ROW = 10  # images in a row: the digits, and so many of the wall
SIDE, NAME_HEIGHT = 82, 30  # pixels: of an image, and of two lines below it
NAME_WIDTH = 14  # characters in a line below an image
KILOBYTES = 420  # Choice: the picture that README and index begin with has two pixels for each of a page
# By label, ``(classes, height, width, channels) uint8`` and ``(classes,) float32`` confidences.
Rows = Mapping[str, tuple[np.ndarray, np.ndarray]]


@styled
def draw_overview(
    digits: Rows, images: np.ndarray, names: Sequence[str], confidences: np.ndarray, networks: tuple[str, str]
) -> Figure:
    """Draw what two networks take images for: a wall of ImageNet's classes, then digits, a row per encoding.

    The images are ``(count, height, width, channels) uint8``, each with what the ImageNet network takes it for;
    ``confidences`` are ``(count,) float32``.
    """
    rows, row = -(-len(images) // ROW), SIDE + NAME_HEIGHT + 6  # how many, and how high
    height = (38 + row * rows if rows else 0) + 58 + (SIDE + 20) * len(digits)
    drawn = Figure(figsize=(WIDTH, (height + 0.01) / DPI), layout=None)
    drawn.set_layout_engine("none")
    drawn.kilobytes = KILOBYTES
    drawn.alt = _describe(digits, names, confidences, networks)
    top = 0
    if rows:
        least = show_confidence(confidences.min())
        words = f"What {networks[1]} takes these images for, each with a confidence of {least} or more"
        top = _write(drawn, height, 8, words)
        for place, (image, name) in enumerate(zip(images, names, strict=True)):
            spot = _add_place(drawn, height, place % ROW, top + place // ROW * row)
            show_pixels(spot, image)
            lines = textwrap.wrap(name, NAME_WIDTH, max_lines=2, placeholder="…", break_on_hyphens=False)
            spot.set_xlabel("\n".join(lines), fontsize=7, labelpad=2, linespacing=1.0, parse_math=False)
        top += row * rows
        drawn.cover = (0.0, 0.0, 1.0, top / height)  # the wall opens the index
    top = _write(drawn, height, top + 8, f"What {networks[0]} takes these for, with its confidence") + 18
    for number, (label, (row_images, row_confidences)) in enumerate(digits.items()):
        for digit, (image, confidence) in enumerate(zip(row_images, row_confidences, strict=True)):
            spot = _add_place(drawn, height, digit, top)
            show_pixels(spot, image)
            spot.set_title(str(digit) if not number else "", fontsize=10, fontweight="bold", pad=3)
            spot.set_xlabel(show_confidence(confidence), fontsize=7, labelpad=2)
        drawn.text(2 / PAGE, 1 - (top + SIDE / 2) / height, label, fontsize=7.5, va="center", rotation=90)
        top += SIDE + 20
    return drawn


def _write(drawn: Figure, height: int, top: int, words: str) -> int:
    """Write a heading and return where what is below it begins."""
    drawn.text(18 / PAGE, 1 - top / height, words, fontsize=10.5, color="black", va="top", weight="bold")
    return top + 24


def _add_place(drawn: Figure, height: int, column: int, top: int) -> Axes:
    """Return axes of one place in a row, framed by a thin line so that white images have an end."""
    left = 18 + round(column * (PAGE - 20 - SIDE) / (ROW - 1))
    spot = drawn.add_axes((left / PAGE, 1 - (top + SIDE) / height, SIDE / PAGE, SIDE / height))
    spot.spines[:].set(visible=True, color="#cccccc", linewidth=0.5)
    return spot


def _describe(digits: Rows, names: Sequence[str], confidences: np.ndarray, networks: tuple[str, str]) -> str:
    wall, first = "", f"What {networks[0]} takes for the digits 0 to 9"
    if len(names):
        told, least = list_words(list(dict.fromkeys(names))), show_confidence(confidences.min())
        wall = f"The objects, with {least} or more, are {told}. "
        first = f"Patterns that {networks[1]} takes for objects, and below them what {networks[0]} takes for digits"
    parts = [
        f"{label.replace(chr(10), ' ')}: {show_confidence(shown.min())} to {show_confidence(shown.max())}"
        for label, (_, shown) in digits.items()
    ]
    return f"{first}, with its confidence. {wall}Digits, {'; '.join(parts)}."


def list_surprises(folder: Path) -> list[str]:
    """Return what was not expected, as far as the pages in ``folder`` measured it: a sentence each, with its number."""
    told = []
    digits: SearchFound | None = read_record(folder, "03_mnist_cppn", "mnist-cppn", SearchFound)
    if digits and digits.baseline_median >= NEAR_CERTAIN:
        reached, images = show_confidence(digits.baseline_median), (digits.generations + 1) * digits.children
        told.append(
            f"Digits need no breeding: the best of {images:,} random CPPNs, fed coordinates in [−1, 1], reach "
            f"{reached} in the median digit, above the paper's mark of {NEAR_CERTAIN:.2%}."
        )
    found: CppnSearch | None = read_record(folder, "08_imagenet_cppn", "imagenet-cppn", CppnSearch)
    if found and found.photograph and found.photograph[1] > found.search.scale.classes / 2:
        photograph, classes = found.photograph
        end = found.search.end.scale
        told.append(
            f"In {classes:,} of {end.classes:,} classes {end.network} is more confident of nonsense than of the median "
            f"photograph ({show_confidence(photograph)}), after {show_few(end.per_cell)} children per cell in "
            f"{count_words(end.runs, 'run')}."
        )
    cells: Cells | None = read_record(folder, "08_imagenet_cppn", "cells", Cells)
    if cells and cells.ahead:
        told.append(tell(cells))
    detectors: DigitResults | None = read_record(folder, "13_detectors", "detectors", DigitResults)
    aurocs = [detectors.kinds[kind].detections[ENERGY].auroc[0] for kind in ENCODINGS] if detectors else []
    if aurocs and max(aurocs) < 0.5:
        pixels, cppns = (f"{auroc:.0%}" for auroc in aurocs)
        told.append(
            "Detectors that read logits, the scores before the softmax, find nonsense more natural than digits: the "
            f"energy puts a digit above a pixel image in {pixels} of pairs and above a CPPN image in {cppns}."
        )
    if detectors and (like := detectors.likeness) and like.guarded["CPPN"] > like.plain["CPPN"]:
        told.append(
            "Nonsense grows digit-like when it must get past the feature distance: correlation with the mean digit is "
            f"{like.guarded['CPPN']:.2f} against this detector, {like.plain['CPPN']:.2f} against {SCALED}, "
            f"which stops none (real digits: {like.real:.2f}; {like.champions} CPPN champions)."
        )
    return told
