"""Figures of images that pass detectors."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from fooling.confidence import to_confidence
from fooling.figures.style import WIDTH, Figure, show_pixels, start_figure, styled
from fooling.lab.detectors.records import Picks
from fooling.words import list_words, show_confidence

NAME_WIDTH = 16  # letters of a line under a small image
SHEET_KILOBYTES = 90  # Choice: two sheets of noise and four other figures fit a page


@styled
def draw_passing(rows: Mapping[str, Picks], sources: Mapping[str, Sequence[str]], detectors: int) -> Figure:
    """Draw for each digit the image that most detectors let pass, with its confidence and where it comes from.

    Args:
        rows: Images by label; a row each.
        sources: What to call their sources, by the same label.
    """
    alt = "Images that pass most detectors. " + "; ".join(
        f"{label}: for digits {list_words([str(digit) for digit in picks.digits])}, "
        f"{picks.passed.min()} to {picks.passed.max()} of {detectors} passed"
        for label, picks in rows.items()
    )
    columns = max(len(picks.digits) for picks in rows.values())
    drawn, axes = start_figure(1.5 * len(rows), alt + ".", nrows=len(rows), ncols=columns)
    drawn.kilobytes = SHEET_KILOBYTES
    for line, (label, picks) in zip(axes, rows.items(), strict=True):
        for spot in line[len(picks.digits) :]:
            spot.set_axis_off()
        for place, (spot, image) in enumerate(zip(line, picks.images, strict=False)):
            confidence = show_confidence(float(to_confidence(picks.log_odds[place])))
            names = sources[label][picks.sources[place]].split(", ")
            source = "\n".join(part for name in names for part in textwrap.wrap(name, NAME_WIDTH))
            words = f"{picks.digits[place]}: {confidence}\n{source}\npasses {picks.passed[place]} of {detectors}"
            show_pixels(spot, image)
            spot.spines[:].set_visible(False)
            spot.set_xlabel(words, fontsize=6.5, labelpad=2)
        line[0].set_ylabel(label, fontsize=9)
    return drawn


@styled
def draw_guard_champions(
    images: np.ndarray, log_odds: np.ndarray, guards: Sequence[str], encodings: Sequence[str]
) -> Figure:
    """Draw champions of one run against each guarded network, a row each, the encodings side by side.

    Args:
        images: ``(guards, encodings, digits, height, width, channels) uint8``.
        log_odds: ``(guards, encodings, digits) float32``: of the network without a guard.
    """
    confidences = to_confidence(log_odds)
    digits = images.shape[2]
    alt = (
        f"Champions for digits 0 to {digits - 1} against {list_words(list(guards))}, {list_words(list(encodings))}; "
        f"confidences {show_confidence(confidences.min())} to {show_confidence(confidences.max())}."
    )
    columns = len(encodings) * digits
    drawn, axes = start_figure(WIDTH / columns * len(guards) * 1.18 + 0.3, alt, nrows=len(guards), ncols=columns)
    drawn.kilobytes = SHEET_KILOBYTES
    for row, column in np.ndindex(len(guards), columns):
        spot, place = axes[row, column], (row, *divmod(column, digits))
        show_pixels(spot, images[place])
        spot.spines[:].set_visible(False)
        spot.set_xlabel(f"{place[2]}: {show_confidence(confidences[place])}", fontsize=7, labelpad=2)
    for spot, name in zip(axes[:, 0], guards, strict=True):
        spot.set_ylabel("\n".join(name.split(" ")), fontsize=8)
    for spot, name in zip(axes[0, ::digits], encodings, strict=True):
        spot.set_title(name, fontsize=10, loc="left")
    return drawn
