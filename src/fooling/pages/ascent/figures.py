"""Figures of gradient ascent: what climbed, how certain by step, and what the strength of L2 does."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.figures.images import NAME_WIDTH, start_sheet
from fooling.figures.style import (
    BASELINE,
    COLOURS,
    DASHES,
    DPI,
    LOW_TICKS,
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

if TYPE_CHECKING:
    from fooling.pages.ascent.measure import Measurement

BRIGHTEST = 99.5  # percentile of the distances from the mean image that becomes black or white; Choice
# Pixels: between images, a large one's side, above an image, below it, a line of words.
GAP, LARGEST, ABOVE, BELOW, LINE = 8, 224, 22, 10, 14
NARROW, LETTER = 4, 7  # pixels: between images where two settings stand side by side, and of a letter below them
SHEET_KILOBYTES = 200  # Choice: of the two sheets of a page only one is in colour
LEVELS = ("top class", "99%", "99.9%", "99.99%")
STRIP = 0.16  # width of a setting's dots beside those of the next


def raise_contrast(images: np.ndarray, mean: float) -> np.ndarray:
    """Return images whose distances from the mean image are enlarged until the largest are black or white.

    Choice: each image, ``(…, height, width, channels) uint8``, by its own factor, at least 1, that takes the 99.5th
    percentile of its distances to the end of the scale.
    """
    distance = images.astype(np.float64) - mean
    far = np.percentile(np.abs(distance), BRIGHTEST, axis=(-3, -2, -1), keepdims=True)
    factor = np.maximum(max(mean, 255.0 - mean) / np.maximum(far, 1.0), 1.0)
    return np.asarray(np.rint(np.clip(mean + factor * distance, 0.0, 255.0)), np.uint8)


@styled
def draw_climbed(one: Measurement, class_names: Sequence[str], mean: float) -> Figure:
    """Draw what climbed, by setting an image of each class that is kept, with the contrast raised.

    A setting has a row; small images of few classes leave room for another beside it.
    """
    rows, columns, side = one.shown.shape[:3]
    shown = to_confidence(one.picture.log_odds[-rows:, 0, :columns])  # of the settings, behind those of the baselines
    ends = [f"{name} {show_confidence(float(np.median(row)))}" for name, row in zip(one.settings, shown, strict=True)]
    alt = f"Images for {list_words(class_names)}, by setting; median confidences: {list_words(ends)}."
    # Each pixel of an image is a whole number of pixels wide.
    place = side * max(1, min(round(WIDTH * DPI) // columns - GAP, LARGEST) // side)
    beside = max(1, round(WIDTH * DPI) // (columns * (place + NARROW)))  # settings in a row, where images are small
    wrapped = ["\n".join(textwrap.wrap(name, min(NAME_WIDTH, place // LETTER))) for name in class_names]
    lines = 2 + max(name.count("\n") for name in wrapped)
    drawn, spots = start_sheet(
        rows * columns, beside * columns, place, above=ABOVE, below=BELOW + LINE * lines, alt=alt
    )
    drawn.kilobytes = SHEET_KILOBYTES
    for spot, (row, column) in zip(spots, np.ndindex(rows, columns), strict=True):
        show_pixels(spot, raise_contrast(one.shown[row, column], mean), aspect="auto", interpolation="nearest")
        spot.spines[:].set_visible(False)
        spot.set_xlabel(f"{wrapped[column]}\n{show_confidence(float(shown[row, column]))}", fontsize=8, labelpad=3)
    for spot, name in zip(spots[::columns], one.settings, strict=True):
        spot.set_title(name, fontsize=9, fontweight="bold", loc="left", pad=3)
    return drawn


@styled
def draw_ascent_curves(panels: Mapping[str, Measurement]) -> Figure:
    """Draw confidence by step, a panel per network: medians over seeds and classes, half of all images in the band."""
    ends = [
        f"{network}, {label}: {show_confidence(float(np.median(to_confidence(curve[..., -1]))))}"
        for network, one in panels.items()
        for label, curve in zip(one.settings, one.curves, strict=True)
    ]
    alt = f"Confidence by step. Medians at the end: {'; '.join(ends)}. The paper's line is at 99.99%."
    drawn, axes = start_figure(4.2, alt, ncols=len(panels))
    for spot, (network, one) in zip(axes[0], panels.items(), strict=True):
        seen = []
        for colour, label, steps, curve in zip(COLOURS, one.settings, one.curve_steps, one.curves, strict=False):
            low, lower, median, upper = np.percentile(curve, (5, 25, 50, 75), axis=(0, 1))
            spot.fill_between(steps, lower, upper, color=colour, alpha=0.2, lw=0)
            spot.plot(steps, median, color=colour, label=label)
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
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
    return drawn


@styled
def draw_first_steps(panels: Mapping[str, Measurement]) -> Figure:
    """Draw when each image first led its class and was first 99%, 99.9% and 99.99% certain; crosses never were."""
    missed = [
        f"{network}, {label}: {int((part[..., -1] < 0).sum())} of {part[..., -1].size} never at 99.99%"
        for network, one in panels.items()
        for label, part in zip(one.settings, one.first, strict=True)
    ]
    alt = f"Images looked at until a level was reached. {'; '.join(missed)}."
    drawn, axes = start_figure(4.2, alt, ncols=len(panels))
    for spot, (network, one) in zip(axes[0], panels.items(), strict=True):
        most = max(10, int(one.first.max()) + 1)
        never = most * 2.2
        for number, (label, part) in enumerate(zip(one.settings, one.first, strict=True)):
            place = (number - (len(one.settings) - 1) / 2) * 1.25 * STRIP
            _draw_strip(spot, part.reshape(-1, len(LEVELS)), place, never, COLOURS[number], label)
        spot.set(yscale="log", ylim=(0.8, never * 1.5), xticks=range(len(LEVELS)))
        spot.set_xticklabels(LEVELS)
        ticks = [power for power in (1, 10, 100, 1_000) if power <= most]
        spot.set_yticks([*ticks, never], [*(f"{tick:,}" for tick in ticks), "never"], minor=False)
        spot.minorticks_off()
        spot.set_title(network, fontsize=10, fontweight="bold")
    axes[0, 0].set_ylabel("images looked at (log scale)")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
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
def draw_decays(network: str, one: Measurement, paper: Sequence[float]) -> Figure:
    """Draw confidence at the end, and what other networks see, against the strength of L2; the paper's are marked."""
    decays, values = one.decays, one.sweep.log_odds  # (decays,), growing; (decays, seeds, classes)
    least = log_odds(LOW_TICKS[0])
    values = np.maximum(values, least)  # an image that lost its class far below would leave the rest a strip
    lowest, lower, median, upper, highest = np.percentile(values, (0, 25, 50, 75, 100), axis=(1, 2))
    ends = [f"{decay:g}: {show_confidence(part)}" for decay, part in zip(decays, to_confidence(median), strict=True)]
    alt = f"Confidence of {network} by strength of L2, and how often others see the class. Medians: {', '.join(ends)}."
    drawn, axes = start_figure(3.6, alt, ncols=2)
    places = np.arange(len(decays))
    spot = axes[0, 0]
    spot.fill_between(places, lowest, highest, color=COLOURS[1], alpha=0.12, lw=0)
    spot.fill_between(places, lower, upper, color=COLOURS[1], alpha=0.3, lw=0)
    spot.plot(places, median, "o-", color=COLOURS[1], ms=4)
    label_confidences(spot, values)
    if values.min() <= least:
        spot.set_yticks(spot.get_yticks(), ["≤ 0.0001%", *(label.get_text() for label in spot.get_yticklabels()[1:])])
    spot.set_ylabel("confidence (log-odds scale)")
    for number, (judge, part) in enumerate(zip(one.judges, 100.0 * one.sweep.seen.mean(axis=3), strict=True)):
        colour, marker = COLOURS[2 + number % 4], "os^v"[number % 4]
        axes[0, 1].fill_between(places, part.min(axis=1), part.max(axis=1), color=colour, alpha=0.15, lw=0)
        axes[0, 1].plot(places, part.mean(axis=1), f"{marker}-", ms=4, color=colour, label=judge)
    axes[0, 1].set(ylim=(-3, 103), ylabel="images whose class it sees (%)")
    axes[0, 1].legend(fontsize=9)
    for spot in axes[0]:
        for place in np.flatnonzero(np.isin(decays, paper)):
            spot.axvline(place, color=BASELINE, lw=0.8, linestyle=":")
        spot.set_xticks(places, [f"{decay:g}" for decay in decays], rotation=45)
        spot.set_xlabel("decay a step (dotted: the paper's)")
    return drawn
