"""Figures of detectors: how well they tell natural images from fooling ones, and the images that pass them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fooling.confidence import to_confidence, wilson_interval
from fooling.figures.images import draw_images
from fooling.figures.style import BASELINE, COLOURS, PAPER, Figure, choose_ink, start_figure, styled
from fooling.lab.detectors.measures import show_points
from fooling.pages.detectors.records import KindResults, Picks, Scored, Trust
from fooling.words import list_words, show_confidence

GOOD = "RdBu"  # blue where a detector notices, red where it is fooled; told apart by the colour-blind
PAINT = 0.9  # of a cell, over white
ROW = 0.62  # inches: the height of a cell, for two lines
ENDS, HALF = (5, 95), (25, 75)  # percentiles
WIDE = 5  # columns of a grid that have room for names below them
NAME_WIDTH = 16  # letters of a line under a small image
SHEET_KILOBYTES = 90  # Choice: two sheets of noise and four other figures fit a page


@styled
def draw_detection(kinds: Mapping[str, KindResults]) -> Figure:
    """Draw AUROC and FPR at 95% TPR with their intervals: detectors down, kinds of fooling image across."""
    detectors = list(next(iter(kinds.values())).detections)
    alt = "AUROC by kind of fooling image. " + "; ".join(
        f"{kind}: " + ", ".join(f"{name} {one.auroc.value:.2f}" for name, one in part.detections.items())
        for kind, part in kinds.items()
    )
    drawn, axes = start_figure(ROW * len(detectors) + 0.9, alt + ".", ncols=2, sharey=True)
    _draw_grid(axes[0, 0], kinds, "auroc", GOOD).set_title("AUROC", fontsize=10)
    title = "fooling images that pass (FPR at 95% TPR)"
    _draw_grid(axes[0, 1], kinds, "fpr95", f"{GOOD}_r").set_title(title, fontsize=10)
    return drawn


@styled
def draw_detection_again(before: Mapping[str, KindResults], against: Mapping[str, Mapping[str, KindResults]]) -> Figure:
    """Draw AUROC on images that evolved against each detector: what evolution met across, what detects them down.

    Kinds ``before`` that have the name of an encoding are shown in its first column.
    """
    detectors = list(next(iter(before.values())).detections)
    alt = "AUROC of each detector on images evolved against it, before and after. " + "; ".join(
        f"{encoding}: "
        + ", ".join(
            f"{name} {before[encoding].detections[name].auroc.value:.2f}, {part.detections[name].auroc.value:.2f}"
            for name, part in by_guard.items()
        )
        for encoding, by_guard in against.items()
    )
    widths = [1 + len(by_guard) for by_guard in against.values()]
    height = ROW * len(detectors) + 1.5
    drawn, axes = start_figure(height, alt + ".", ncols=len(against), sharey=True, width_ratios=widths)
    for spot, (encoding, by_guard) in zip(axes[0], against.items(), strict=True):
        _draw_grid(spot, {"nothing": before[encoding], **by_guard}, "auroc", GOOD)
        for column, met in enumerate(by_guard, start=1):
            place = (column - 0.5, detectors.index(met) - 0.5)
            spot.add_patch(Rectangle(place, 1, 1, fill=False, ec=PAPER, lw=2, clip_on=False, zorder=3))
        spot.set_title(f"{encoding}: evolved against", fontsize=10)
    return drawn


def _draw_grid(spot: Axes, columns: Mapping[str, KindResults], measure: str, colours: str) -> Axes:
    """Draw a measure of every detector as cells: the colour and the first line are the value, below stand the ends."""
    detectors = list(next(iter(columns.values())).detections)
    # (detectors, columns, 3): values and the ends of their intervals
    grid = np.array([[getattr(part.detections[name], measure) for part in columns.values()] for name in detectors])
    spot.imshow(grid[..., 0], cmap=colours, vmin=0.0, vmax=1.0, aspect="auto", alpha=PAINT)
    narrow = len(columns) > WIDE
    small = 6.3 if narrow else 7.5
    for row, column in np.ndindex(grid.shape[:2]):
        value, low, high = grid[row, column]
        colour = choose_ink(1.0 - PAINT + PAINT * np.array(colormaps[colours](value)[:3]))
        for above, size, words in (("bottom", 9, f"{value:.2f}"), ("top", small, f"{low:.2f}–{high:.2f}")):
            spot.text(column, row + 0.05, words, va=above, ha="center", color=colour, fontsize=size)
    spot.grid(False)
    spot.spines[:].set_visible(False)
    spot.tick_params(length=0)
    spot.set_yticks(range(len(detectors)), detectors)
    names = list(columns) if narrow else [name.replace(" ", "\n") for name in columns]
    turned: Any = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if narrow else {}
    spot.set_xticks(range(len(columns)), names, fontsize=8, **turned)
    return spot


@styled
def draw_score_spreads(
    detectors: Sequence[str],
    natural: np.ndarray,
    kinds: Mapping[str, Scored],
    thresholds: np.ndarray,
    chosen: Sequence[str],
) -> Figure:
    """Draw how some detectors' scores lie, a panel each: median, middle half and middle 90%, and the threshold.

    Natural scores are ``(detectors, n) float64``, thresholds ``(detectors,) float64``.
    """
    rows = {"natural": natural, **{kind: part.scores for kind, part in kinds.items()}}
    places = [list(detectors).index(name) for name in chosen]
    alt = "Scores of natural and fooling images; medians. " + "; ".join(
        f"{name} (threshold {thresholds[place]:.3g}): "
        + ", ".join(f"{label} {np.median(part[place]):.3g}" for label, part in rows.items())
        for name, place in zip(chosen, places, strict=True)
    )
    drawn, axes = start_figure(0.3 * len(rows) + 1.0, alt + ".", ncols=len(chosen), sharey=True)
    for spot, name, place in zip(axes[0], chosen, places, strict=True):
        for row, part in enumerate(rows.values()):
            colour = COLOURS[2] if row == 0 else COLOURS[1]
            spot.hlines(row, *np.percentile(part[place], ENDS), color=colour, lw=1.2)
            spot.hlines(row, *np.percentile(part[place], HALF), color=colour, lw=6, alpha=0.6)
            spot.plot(np.median(part[place]), row, "|", color=PAPER, ms=9, mew=1.5)
        spot.axvline(thresholds[place], color=PAPER, lw=1.0, ls=":")
        spot.set_title(name, fontsize=10)
        spot.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5), xlabel="score")
        spot.locator_params(axis="x", nbins=4)
    axes[0, 0].set_yticklabels(list(rows))
    return drawn


@styled
def draw_calibration(before: Trust, after: Trust) -> Figure:
    """Draw accuracy against confidence before and after temperature, and the calibration errors with their intervals.

    Bars at the curves are Wilson's 95% intervals of a bin's images.
    """
    parts = {"as trained": before, f"temperature {after.temperature:.2f}": after}
    alt = f"Calibration on {before.bins.counts.sum():,} natural images. " + "; ".join(
        f"{label}: calibration error {show_points(part.error)}" for label, part in parts.items()
    )
    drawn, axes = start_figure(3.4, alt + ".", ncols=2, width_ratios=(1.25, 1))
    curve, errors = axes[0]
    curve.plot([0, 1], [0, 1], color=BASELINE, lw=1, label="perfectly calibrated")
    for place, (colour, marker, (label, part)) in enumerate(zip(COLOURS, "os", parts.items(), strict=False)):
        filled = part.bins.counts > 0
        confidence, accuracy, count = (values[filled] for values in part.bins[:3])
        ends = [wilson_interval(np.array(share), int(images)) for share, images in zip(accuracy, count, strict=True)]
        spread = np.abs(np.array(ends).T - accuracy)  # (2, bins)
        curve.errorbar(confidence, accuracy, spread, fmt=marker, ls="-", ms=4, lw=1.2, color=colour, label=label)
        value, low, high = (100.0 * end for end in part.error)
        errors.hlines(place, low, high, color=colour, lw=2)
        errors.plot(value, place, marker=marker, color=colour, ms=7)
    curve.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.02))
    drawn.legend(*curve.get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=3)
    errors.set(yticks=range(len(parts)), yticklabels=list(parts), ylim=(len(parts) - 0.5, -0.5))
    errors.set(xlabel="expected calibration error, points", xlim=(0, None))
    return drawn


@styled
def draw_passing(rows: Mapping[str, Picks], sources: Mapping[str, Sequence[str]], detectors: int) -> Figure:
    """Draw for each digit the image that most detectors let pass: a row for each label, with what its sources are."""
    alt = "Images that pass most detectors. " + "; ".join(
        f"{label}: for digits {list_words([str(digit) for digit in picks.digits])}, "
        f"{picks.passed.min()} to {picks.passed.max()} of {detectors} passed"
        for label, picks in rows.items()
    )
    shape = len(rows), max(len(picks.digits) for picks in rows.values())
    captions = [[""] * shape[1] for _ in rows]
    images = np.full((*shape, *next(iter(rows.values())).images.shape[1:]), 255, np.uint8)  # white where there is none
    for row, (label, picks) in enumerate(rows.items()):
        images[row, : len(picks.images)] = picks.images
        for place, (digit, passed) in enumerate(zip(picks.digits, picks.passed, strict=True)):
            confidence = show_confidence(float(to_confidence(picks.log_odds[place])))
            names = sources[label][picks.sources[place]].split(", ")
            source = "\n".join(part for name in names for part in textwrap.wrap(name, NAME_WIDTH))
            captions[row][place] = f"{digit}: {confidence}\n{source}\npasses {passed} of {detectors}"
    return _shrink_sheet(draw_images(images, captions, list(rows), alt + "."), 6.5)


@styled
def draw_guard_champions(
    images: np.ndarray, log_odds: np.ndarray, guards: Sequence[str], encodings: Sequence[str]
) -> Figure:
    """Draw champions of one run against each guarded network, a row each, the encodings side by side.

    Images are ``(guards, encodings, digits, height, width, channels) uint8``, log-odds ``(guards, encodings, digits)
    float32``, of the network without a guard.
    """
    confidences, digits = to_confidence(log_odds).reshape(len(guards), -1), images.shape[2]
    alt = (
        f"Champions for digits 0 to {digits - 1} against {list_words(list(guards))}, {list_words(list(encodings))}; "
        f"confidences {show_confidence(confidences.min())} to {show_confidence(confidences.max())}."
    )
    captions = [
        [f"{place % digits}: {show_confidence(value)}" for place, value in enumerate(row)] for row in confidences
    ]
    rows = [name.replace(" ", "\n") for name in guards]
    drawn = draw_images(images.reshape(*confidences.shape, *images.shape[3:]), captions, rows, alt)
    for spot, name in zip(drawn.axes[: confidences.shape[1] : digits], encodings, strict=True):
        spot.set_title(name, fontsize=10, loc="left")
    return _shrink_sheet(drawn, 7.0)


def _shrink_sheet(drawn: Figure, size: float) -> Figure:
    """Let a sheet of many small images fit the page: its captions, and its kilobytes."""
    drawn.kilobytes = SHEET_KILOBYTES
    for spot in drawn.axes:
        spot.xaxis.label.set_fontsize(size)
    return drawn
