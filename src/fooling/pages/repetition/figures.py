"""Figures of page 09: what is left without repeated elements, with tiles shuffled, and of one part repeated."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fooling.figures.images import start_sheet
from fooling.figures.style import BASELINE, COLOURS, DPI, WIDTH, Figure, show_pixels, start_figure, styled
from fooling.pages.repetition.claim import LEAST
from fooling.words import list_words, show_confidence

if TYPE_CHECKING:
    from fooling.pages.repetition.measure import Elements

THIN = 30  # lines of single images; Choice: with more one sees none
SHEET = round(WIDTH * DPI)  # pixels across a page
SHARES = np.linspace(0.0, 1.0, 41)  # of elements, at which medians over images are drawn; Choice
COLUMNS, ELEMENTS_KILOBYTES = 8, 90  # of the sheet with all images; Choice
RULER = (COLOURS[1], "#c0c0c0")  # one element after the other


@styled
def draw_elements(images: np.ndarray, names: Sequence[str], found: Elements) -> Figure:
    """Draw many images small, with class and confidence, and a ruler of one field per element beside those with any."""
    confidences, elements = found.whole, found.elements
    alt = (
        f"{len(images)} images with confidences {show_confidence(confidences.min())} to "
        f"{show_confidence(confidences.max())}; {int((elements > 0).sum())} of them repeat an element."
    )
    side = SHEET // COLUMNS - 20
    drawn, spots = start_sheet(len(images), COLUMNS, side, above=6, below=46, alt=alt)
    drawn.kilobytes = ELEMENTS_KILOBYTES
    for place, spot in enumerate(spots):
        _show(spot, images[place])
        _draw_ruler(spot, int(found.axes[place]), int(elements[place]))
        name = textwrap.shorten(names[place], 34, placeholder="…")
        lines = [*textwrap.wrap(name, 18)[:2], show_confidence(confidences[place])]
        where: Any = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center", "va": "top"}
        spot.annotate("\n".join(lines), (0.5, 0), (0, -7), fontsize=6.5, linespacing=1.1, **where)
    return drawn


@styled
def draw_changes(
    images: np.ndarray,
    confidences: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    frames: np.ndarray | None = None,
    kilobytes: int = 70,
) -> Figure:
    """Draw a table of images: whole in the first column, then changed, with the confidence under each.

    A row is of one class, a column of one change. ``frames``, ``(rows, 4)``, has left, top, width and height of a part
    that is framed in the first column.
    """
    ends = [
        f"{name} {show_confidence(row[0])}, then {', '.join(show_confidence(value) for value in row[1:])}"
        for name, row in zip(rows, confidences, strict=True)
    ]
    alt = f"Images {list_words(columns)}, with the confidence in their class: {'; '.join(ends)}."
    side = (SHEET - 64) // len(columns) - 10
    drawn, spots = start_sheet(confidences.size, len(columns), side, above=4, below=22, alt=alt, left=64, head=20)
    drawn.kilobytes = kilobytes
    flat = images.reshape(-1, *images.shape[2:])
    for spot, image, value in zip(spots, flat, confidences.ravel().tolist(), strict=True):
        _show(spot, image)
        spot.set_xlabel(show_confidence(value), fontsize=8, labelpad=2)
    for spot, column in zip(spots, columns, strict=False):
        spot.set_title(column, fontsize=8.5, pad=4)
    first = spots[:: len(columns)]
    for spot, row in zip(first, rows, strict=True):
        spot.set_ylabel("\n".join(textwrap.wrap(row, 18)), fontsize=8.5, labelpad=5)
    for spot, frame in zip(first, [] if frames is None else frames, strict=False):
        left, top, *size = frame / np.tile(images.shape[3:1:-1], 2)
        for colour, line in (("white", 3.2), (COLOURS[1], 1.6)):
            spot.add_patch(Rectangle((left, top), *size, fill=False, ec=colour, lw=line))
    return drawn


@styled
def draw_kept(found: Elements) -> Figure:
    """Draw the share of its confidence that an image keeps against the share of its elements that are kept.

    Thin lines are images, thirty of them at most; bold ones are medians and bands quartiles over those of at least 50%
    confidence, read off between an image's own shares along straight lines. Images below 50% are grey, and may leave
    the picture; those without elements are not drawn. Of its masks an image counts with their median.
    """
    judged = (found.whole >= LEAST)[found.elements > 0]
    titles = ("elements removed one after the other", "random squares of the same area removed")
    shares = {"elements": found.kept, "random squares": np.median(found.masked, axis=1)}
    parts = {label: _interpolate(found.elements, part / found.whole[:, None]) for label, part in shares.items()}
    alt = f"Share of confidence kept by share of elements kept, {len(judged)} images with a period"
    if judged.any():
        medians = [f"{label} {np.median(lines[judged, len(SHARES) // 2]):.0%}" for label, lines in parts.items()]
        alt += f", {judged.sum()} of at least 50% confidence. Median at half: {'; '.join(medians)}."
    else:
        alt += ", none of at least 50% confidence."
    drawn, axes = start_figure(4.4, alt, ncols=2, sharey=True)
    for spot, colour, title, (label, lines) in zip(axes[0], COLOURS[:2], titles, parts.items(), strict=True):
        spot.plot(SHARES, lines[~judged].T, color=BASELINE, lw=0.6, ls="--")
        some = lines[judged][:: -(-judged.sum() // THIN) or 1]
        spot.plot(SHARES, some.T, color=colour, lw=0.6, alpha=0.6)
        if judged.any():
            _draw_quartiles(spot, SHARES, lines[judged], colour, f"{label}: median of {judged.sum()} images")
        spot.axline((0, 0), slope=1, color=BASELINE, lw=1, ls=":", label="in proportion")
        spot.set_title(title, fontsize=9.5)
        spot.set(xlabel="share kept, of elements or of their area", xlim=(-0.01, 1.01), xticks=np.arange(0, 1.1, 0.25))
        spot.xaxis.set_major_formatter("{x:.0%}")
    highest = max([1.0, *(lines[judged].max() for lines in parts.values() if judged.any())])
    axes[0, 0].set(ylabel="confidence kept, whole image = 100%", ylim=(-0.03, 1.05 * highest))
    axes[0, 0].yaxis.set_major_formatter("{x:.0%}")
    handles = [line for spot in axes[0] for line in spot.get_lines() if not str(line.get_label()).startswith("_")]
    drawn.legend(handles=handles[:-1], loc="outside lower center", ncols=3, fontsize=9)
    return drawn


@styled
def draw_shuffled(kept: Mapping[str, np.ndarray], grids: Sequence[int]) -> Figure:
    """Draw the share of its confidence that an image keeps against the number of tiles that were shuffled.

    A dot is an image, a line the median of its kind, a band the quartiles. Each kind has ``(count, grids)`` shares; an
    empty one is left out.
    """
    kept = {label: part for label, part in kept.items() if len(part)}
    ends = [
        f"{label}: median {' '.join(f'{value:.0%}' for value in np.median(part, axis=0))}"
        for label, part in kept.items()
    ]
    tiles = [f"{grid} × {grid}" for grid in grids]
    drawn, axes = start_figure(3.7, f"Share of confidence kept with {list_words(tiles)} tiles. {'; '.join(ends)}.")
    spot, along = axes[0, 0], np.arange(len(grids) + 1)
    for number, (colour, (label, part)) in enumerate(zip(COLOURS[: len(kept)], kept.items(), strict=True)):
        lines = np.concatenate([np.ones((len(part), 1)), part], axis=1)
        places = along[1:] + 0.08 * (number - (len(kept) - 1) / 2)
        spot.scatter(np.broadcast_to(places, part.shape), part, s=9, color=colour, alpha=0.5, lw=0)
        _draw_quartiles(spot, along, lines, colour, f"{label} ({len(part)})")
    highest = max(1.0, *(part.max() for part in kept.values()))
    spot.set(xlabel="tiles, shuffled", ylabel="confidence kept, whole image = 100%", ylim=(-0.03, 1.05 * highest))
    spot.set_xticks(along, ["whole", *tiles])
    spot.yaxis.set_major_formatter("{x:.0%}")
    drawn.legend(fontsize=9, loc="outside lower center", ncols=len(kept))
    return drawn


def _show(spot: Axes, image: np.ndarray) -> None:
    show_pixels(spot, image, extent=(0, 1, 1, 0), aspect="auto")
    spot.spines[:].set(visible=True, color="#cccccc", linewidth=0.5)  # so that white images have an end


def _draw_ruler(spot: Axes, axis: int, elements: int) -> None:
    """Draw one field per element, below an image (axis 1) or left of it (axis 0)."""
    thick, away = 0.045, 0.02
    for element in range(elements):
        corner, size = (element / elements, -away - thick), (1 / elements, thick)
        if axis == 0:
            corner, size = (-away - thick, 1 - (element + 1) / elements), (thick, 1 / elements)
        field = Rectangle(corner, *size, transform=spot.transAxes, fc=RULER[element % 2], ec="none", clip_on=False)
        spot.add_patch(field)


def _interpolate(elements: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return what is kept at :data:`SHARES` by the images that have elements, ``(images, 41) float64``."""
    lines = [
        np.interp(SHARES, np.arange(count + 1) / count, row[: count + 1])
        for count, row in zip(elements.tolist(), shares, strict=True)
        if count
    ]
    return np.reshape(lines, (len(lines), len(SHARES)))


def _draw_quartiles(spot: Axes, along: np.ndarray, lines: np.ndarray, colour: str, label: str) -> None:
    lower, median, upper = np.percentile(lines, (25, 50, 75), axis=0)
    spot.fill_between(along, lower, upper, color=colour, alpha=0.2, lw=0)
    spot.plot(along, median, color=colour, lw=2.2, label=label)
