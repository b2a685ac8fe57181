"""Evolved images before several networks, to look at: rows of them, each with every network's confidence."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.figures.images import NAME_WIDTH, shrink_image
from fooling.figures.style import DPI, WIDTH, Figure, show_pixels, start_figure, styled
from fooling.words import count_words, show_confidence

if TYPE_CHECKING:
    from fooling.pages.transfer.showing import Shown

KILOBYTES = 100  # Choice: as much as a sheet of digits needs
FEWEST_COLUMNS = 5  # Choice: fewer images would be larger than there is anything to see
FRAME = "#cccccc"


class ImageRow(NamedTuple):
    """A row of images to look at."""

    label: str  # what they have in common
    images: np.ndarray  # (count, height, width, channels) uint8
    names: Sequence[str]  # what each is taken for
    networks: Sequence[str]  # what to call each network; empty for those whose order tells
    confidences: np.ndarray  # (networks, count) float32 in that class
    sources: np.ndarray  # (count,): the place of the network that each evolved on


def arrange_examples(shown: Shown, class_names: Sequence[str], networks: Sequence[str]) -> list[ImageRow]:
    """Return two rows, each in the order of classes: images that fool all networks, and that fool only their own.

    Under an image its networks are called by ``networks``; names are empty for those whose order tells.
    """
    answers, count = shown.transfer, len(shown.fooling_all)
    parts = {
        f"fool all {len(answers.networks)}": (shown.fooling_all, shown.images[:count]),
        "fool only their own": (shown.fooling_one, shown.images[count:]),
    }
    rows = []
    for label, (places, images) in parts.items():
        order = np.argsort(answers.targets[places], kind="stable")
        chosen = places[order]
        names = [class_names[target] for target in answers.targets[chosen]]
        confidences, sources = answers.confidences[:, chosen], answers.sources[chosen]
        rows.append(ImageRow(label, images[order], names, networks, confidences, sources))
    return rows


@styled
def draw_examples(rows: Sequence[ImageRow], kilobytes: int = KILOBYTES) -> Figure:
    """Draw rows of images, under each its class and every network's confidence in it.

    The network that an image evolved on is marked by a dot. A row without images says so. A PNG of more ``kilobytes``
    is shown in fewer colours.
    """
    alt = "Evolved images with every network's confidence. " + "; ".join(map(_describe_examples, rows)) + "."
    filled = [row for row in rows if len(row.images)]
    missing = "\n".join(f"{row.label}: no such image" for row in rows if not len(row.images))
    drawn = _start_examples(filled, alt, missing) if filled else start_figure(0.3 * len(rows) + 0.1, alt)[0]
    drawn.kilobytes = kilobytes
    if not filled:
        drawn.axes[0].set_axis_off()
    if missing:  # below the grid, where it widens no column
        drawn.supxlabel(missing, x=0.01, ha="left", fontsize=8.5)
    return drawn


def _start_examples(rows: Sequence[ImageRow], alt: str, missing: str) -> Figure:
    """Return a figure of rows with images each, with room below for lines of text."""
    columns = max(FEWEST_COLUMNS, *(len(row.images) for row in rows))
    side = WIDTH / (columns + 0.6)  # inches
    heights = [side + 0.155 * (1 + len(row.networks)) + 0.1 for row in rows]
    below = 0.2 * len(missing.splitlines())
    drawn, axes = start_figure(sum(heights) + below, alt, nrows=len(rows), ncols=columns, height_ratios=heights)
    for spots, row in zip(axes, rows, strict=True):
        spots[0].set_ylabel(row.label, fontsize=8.5)
        for spot in spots[len(row.images) :]:
            spot.set_visible(False)
        for place, image in enumerate(row.images):
            show_pixels(spots[place], shrink_image(image, round(side * DPI)))
            size = 7.5 if columns <= FEWEST_COLUMNS else 6.8
            spots[place].set_xlabel(_caption(row, place), fontsize=size, linespacing=1.15)
            spots[place].spines[:].set(visible=True, color=FRAME, lw=0.5)
    return drawn


def _describe_examples(row: ImageRow) -> str:
    if not len(row.images):
        return f"no image: {row.label}"
    low, high = (show_confidence(value) for value in (row.confidences.min(), row.confidences.max()))
    return f"{row.label}: {count_words(len(row.images), 'image')}, confidences {low} to {high}"


def _caption(row: ImageRow, place: int) -> str:
    lines = [
        " ".join(filter(None, ["•" if number == row.sources[place] else "", name, show_confidence(value)]))
        for number, (name, value) in enumerate(zip(row.networks, row.confidences[:, place], strict=True))
    ]
    return "\n".join([*textwrap.wrap(row.names[place], NAME_WIDTH)[:1], *lines])
