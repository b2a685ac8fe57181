"""Figures of gradient ascent: what climbed, how certain by step, and what the strength of L2 does."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.figures.images import NAME_WIDTH
from fooling.figures.style import (
    BASELINE,
    COLOURS,
    DASHES,
    DPI,
    PAPER,
    WIDTH,
    Figure,
    label_confidences,
    label_log_odds,
    log_odds,
    show_pixels,
    start_figure,
    styled,
)
from fooling.words import list_words, show_confidence

BRIGHTEST = 99.5  # percentile of the distances from the mean image that becomes black or white; Choice
# Pixels: between images, a large one's side, above an image, below it, a line of words.
GAP, LARGEST, ABOVE, BELOW, LINE = 8, 224, 22, 10, 14
SHEET_KILOBYTES = 200  # Choice: of the two sheets of a page only one is in colour
LEVELS = ("first class", "99%", "99.9%", "99.99%")
STRIP = 0.16  # width of a setting's dots beside those of the next


class Curves(NamedTuple):
    """What climbed in one setting."""

    steps: np.ndarray  # ``(points,)``
    log_odds: np.ndarray  # ``(seeds, classes, points) float32``


def raise_contrast(images: np.ndarray, mean: float) -> np.ndarray:
    """Return images whose distances from the mean image are enlarged until the largest are black or white.

    Choice: each image by its own factor, at least 1, that takes the 99.5th percentile of its distances to the end of
    the scale.

    Args:
        images: ``(…, height, width, channels) uint8``.
    """
    distance = images.astype(np.float64) - mean
    far = np.percentile(np.abs(distance), BRIGHTEST, axis=(-3, -2, -1), keepdims=True)
    factor = np.maximum(max(mean, 255.0 - mean) / np.maximum(far, 1.0), 1.0)
    return np.asarray(np.rint(np.clip(mean + factor * distance, 0.0, 255.0)), np.uint8)


@styled
def draw_climbed(
    images: np.ndarray, values: np.ndarray, settings: Sequence[str], class_names: Sequence[str], mean: float
) -> Figure:
    """Draw what climbed, a row per setting and a column per class, with the contrast raised.

    Args:
        images: ``(settings, classes, height, width, channels) uint8``.
        values: ``(settings, classes) float32``: log-odds of the images.
    """
    shown = to_confidence(values)
    ends = [f"{name} {show_confidence(float(np.median(row)))}" for name, row in zip(settings, shown, strict=True)]
    alt = f"Images for {list_words(class_names)}, a row per setting; median confidences: {list_words(ends)}."
    wrapped = ["\n".join(textwrap.wrap(name, NAME_WIDTH)) for name in class_names]
    drawn, spots = _start_rows(images.shape[:2], images.shape[2], 1 + max(name.count("\n") for name in wrapped), alt)
    for row, column in np.ndindex(images.shape[:2]):
        spot = spots[row][column]
        show_pixels(spot, raise_contrast(images[row, column], mean), aspect="auto")
        spot.spines[:].set_visible(False)
        spot.set_xlabel(f"{wrapped[column]}\n{show_confidence(float(shown[row, column]))}", fontsize=8, labelpad=3)
    for (spot, *_), name in zip(spots, settings, strict=True):
        spot.set_title(name, fontsize=9, fontweight="bold", loc="left", pad=3)
    return drawn


def _start_rows(shape: tuple[int, ...], side: int, lines: int, alt: str) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with rows of places in which each pixel of an image is a whole number of pixels wide.

    Args:
        side: Of the images, which are square, in pixels.
    """
    rows, columns = shape
    width = round(WIDTH * DPI)
    place = side * max(1, min(width // columns - GAP, LARGEST) // side)
    row = ABOVE + place + BELOW + LINE * (lines + 1)
    drawn = Figure(figsize=(WIDTH, (row * rows + 0.01) / DPI), layout=None)
    drawn.set_layout_engine("none")  # places are exact
    drawn.alt, drawn.kilobytes = alt, SHEET_KILOBYTES
    lefts = [round(width / columns * (column + 0.5) - place / 2) for column in range(columns)]
    bottoms = [row * (rows - number) - ABOVE - place for number in range(rows)]
    size = (place / width, place / (row * rows))
    return drawn, [[drawn.add_axes((left / width, low / (row * rows), *size)) for left in lefts] for low in bottoms]


@styled
def draw_ascent_curves(panels: Mapping[str, Mapping[str, Curves]]) -> Figure:
    """Draw confidence by step: medians over seeds and classes, half of all images in the band."""
    ends = [
        f"{network}, {label}: {show_confidence(float(np.median(to_confidence(part.log_odds[..., -1]))))}"
        for network, settings in panels.items()
        for label, part in settings.items()
    ]
    alt = f"Confidence by step. Medians at the end: {'; '.join(ends)}. The paper's line is at 99.99%."
    drawn, axes = start_figure(4.2, alt, ncols=len(panels))
    for spot, (network, settings) in zip(axes[0], panels.items(), strict=True):
        seen = []
        for colour, (label, part) in zip(COLOURS[: len(settings)], settings.items(), strict=True):
            low, lower, median, upper = np.percentile(part.log_odds, (5, 25, 50, 75), axis=(0, 1))
            spot.fill_between(part.steps, lower, upper, color=colour, alpha=0.2, lw=0)
            spot.plot(part.steps, median, color=colour, label=label)
            seen += [low, upper]
        label_log_odds(spot, np.concatenate(seen))
        spot.axhline(log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=DASHES)
        corner = (0.99, log_odds(NEAR_CERTAIN))
        spot.annotate(
            "the paper: 99.99%", corner, xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8
        )
        spot.set_title(network, fontsize=10, fontweight="bold")
        spot.set_xlabel("step")
    axes[0, 0].set_ylabel("confidence (log-odds scale)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return drawn


@styled
def draw_first_steps(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw when each image first led its class and was first 99%, 99.9% and 99.99% certain; crosses never were.

    Args:
        panels: By network, by setting, ``(seeds, classes, 4) int``: steps, −1 for never.
    """
    missed = [
        f"{network}, {label}: {int((part[..., -1] < 0).sum())} of {part[..., -1].size} never at 99.99%"
        for network, settings in panels.items()
        for label, part in settings.items()
    ]
    drawn, axes = start_figure(
        4.2, f"Images looked at until a level was reached. {'; '.join(missed)}.", ncols=len(panels)
    )
    for spot, (network, settings) in zip(axes[0], panels.items(), strict=True):
        most = max(10, *(int(part.max()) + 1 for part in settings.values()))
        never = most * 2.2
        for number, (label, part) in enumerate(settings.items()):
            place = (number - (len(settings) - 1) / 2) * 1.25 * STRIP
            _draw_strip(spot, part.reshape(-1, len(LEVELS)), place, never, COLOURS[number], label)
        spot.set(yscale="log", ylim=(0.8, never * 1.5), xticks=range(len(LEVELS)))
        spot.set_xticklabels(LEVELS)
        ticks = [power for power in (1, 10, 100, 1_000) if power <= most]
        spot.set_yticks([*ticks, never], [*(f"{tick:,}" for tick in ticks), "never"], minor=False)
        spot.minorticks_off()
        spot.set_title(network, fontsize=10, fontweight="bold")
    axes[0, 0].set_ylabel("images looked at (log scale)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return drawn


def _draw_strip(spot: Axes, first: np.ndarray, place: float, never: float, colour: str, label: str) -> None:
    """Draw one setting's images at each level, with the median as a line where at least half got there."""
    spread = np.linspace(-STRIP / 2, STRIP / 2, len(first))[:, None] + np.arange(len(LEVELS)) + place
    reached = first >= 0
    spot.scatter(spread[reached], first[reached] + 1, s=9, color=colour, alpha=0.6, lw=0, label=label)
    spot.scatter(spread[~reached], np.full((~reached).sum(), never), s=12, marker="x", color=colour, lw=0.7, alpha=0.7)
    for level, part in enumerate(np.where(reached, first + 1.0, np.inf).T):
        median = np.sort(part)[(len(part) - 1) // 2]
        if np.isfinite(median):
            spot.hlines(median, level + place - STRIP / 2, level + place + STRIP / 2, color=PAPER, lw=1.5, zorder=4)


@styled
def draw_decays(
    decays: np.ndarray, values: np.ndarray, seen: np.ndarray, judges: Sequence[str], paper: Sequence[float]
) -> Figure:
    """Draw confidence and what other networks see against the strength of L2.

    Args:
        decays: ``(decays,) float64``, growing.
        values: ``(decays, seeds, classes) float32``: log-odds at the end.
        seen: ``(networks, decays, seeds, classes) bool``.
    """
    lowest, lower, median, upper, highest = np.percentile(values, (0, 25, 50, 75, 100), axis=(1, 2))
    ends = [f"{decay:g}: {show_confidence(part)}" for decay, part in zip(decays, to_confidence(median), strict=True)]
    alt = f"Confidence by strength of L2, medians: {', '.join(ends)}; and how often other networks see the class."
    drawn, axes = start_figure(3.6, alt, ncols=2)
    places = np.arange(len(decays))
    spot = axes[0, 0]
    spot.fill_between(places, lowest, highest, color=COLOURS[1], alpha=0.12, lw=0)
    spot.fill_between(places, lower, upper, color=COLOURS[1], alpha=0.3, lw=0)
    spot.plot(places, median, "o-", color=COLOURS[1], ms=4)
    label_confidences(spot, values)
    spot.set_ylabel("confidence (log-odds scale)")
    for number, (judge, part) in enumerate(zip(judges, 100.0 * seen.mean(axis=3), strict=True)):
        colour, marker = COLOURS[2 + number % 4], "os^v"[number % 4]
        axes[0, 1].fill_between(places, part.min(axis=1), part.max(axis=1), color=colour, alpha=0.15, lw=0)
        axes[0, 1].plot(places, part.mean(axis=1), f"{marker}-", ms=4, color=colour, label=judge)
    axes[0, 1].set(ylim=(-3, 103), ylabel="images whose class it sees (%)")
    axes[0, 1].legend(fontsize=9)
    for spot in axes[0]:
        for place in np.flatnonzero(np.isin(decays, paper)):
            spot.axvline(place, color=BASELINE, lw=0.8, linestyle=":")
        spot.set_xticks(places, [f"{decay:g}" for decay in decays])
        spot.set_xlabel("decay a step (dotted: the paper's)")
    return drawn
