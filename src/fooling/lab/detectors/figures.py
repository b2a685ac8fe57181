"""Figures of detectors: how well they tell natural images from fooling ones, and what passes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fooling.confidence import wilson_interval
from fooling.figures.style import BASELINE, COLOURS, PAPER, Figure, start_figure, styled
from fooling.lab.detectors.measures import Interval, show_share
from fooling.lab.detectors.records import Scored
from fooling.lab.detectors.results import KindResults, Trust

CHANCE = 0.5  # the AUROC of a score that knows nothing
GOOD = "RdBu"  # blue where a detector notices, red where it is fooled; told apart by the colour-blind
DARK = 0.27  # distance from the middle of the colours at which words on them become white
ENDS, HALF = (5, 95), (25, 75)  # percentiles
WIDE = 5  # columns of a grid that have room for names below them


@styled
def draw_detection(kinds: Mapping[str, KindResults]) -> Figure:
    """Draw AUROC and FPR at 95% TPR with their intervals: detectors down, kinds of fooling image across."""
    detectors = list(next(iter(kinds.values())).detections)
    rows = [[part.detections[name] for part in kinds.values()] for name in detectors]
    grids = {
        "AUROC": [[one.auroc for one in row] for row in rows],
        "fooling images that pass (FPR at 95% TPR)": [[one.fpr95 for one in row] for row in rows],
    }
    alt = "AUROC by kind of fooling image. " + "; ".join(
        f"{kind}: " + ", ".join(f"{name} {one.auroc.value:.2f}" for name, one in part.detections.items())
        for kind, part in kinds.items()
    )
    drawn, axes = start_figure(0.55 * len(detectors) + 0.9, alt + ".", ncols=2, sharey=True)
    for spot, (title, grid), colours in zip(axes[0], grids.items(), (GOOD, f"{GOOD}_r"), strict=True):
        _draw_grid(spot, grid, colours)
        _label_grid(spot, detectors, list(kinds))
        spot.set_title(title, fontsize=10)
    return drawn


@styled
def draw_detection_again(before: Mapping[str, KindResults], against: Mapping[str, Mapping[str, KindResults]]) -> Figure:
    """Draw AUROC on images that evolved against each detector: what evolution met across, what detects them down.

    Args:
        before: By kind; those that have the name of an encoding are shown in its first column.
    """
    columns = {encoding: {"nothing": before[encoding], **by_guard} for encoding, by_guard in against.items()}
    detectors = list(next(iter(before.values())).detections)
    alt = "AUROC of each detector on images evolved against it, before and after. " + "; ".join(
        f"{encoding}: "
        + ", ".join(
            f"{name} {before[encoding].detections[name].auroc.value:.2f}, {part.detections[name].auroc.value:.2f}"
            for name, part in by_guard.items()
        )
        for encoding, by_guard in against.items()
    )
    widths = [len(rows) for rows in columns.values()]
    height = 0.55 * len(detectors) + 1.5
    drawn, axes = start_figure(height, alt + ".", ncols=len(columns), sharey=True, width_ratios=widths)
    for spot, (encoding, rows) in zip(axes[0], columns.items(), strict=True):
        _draw_grid(spot, [[part.detections[name].auroc for part in rows.values()] for name in detectors], GOOD)
        _label_grid(spot, detectors, list(rows))
        for column, met in enumerate(rows):
            if met in detectors:
                place = (column - 0.5, detectors.index(met) - 0.5)
                spot.add_patch(Rectangle(place, 1, 1, fill=False, ec=PAPER, lw=2, clip_on=False, zorder=3))
        spot.set_title(f"{encoding}: evolved against", fontsize=10)
    return drawn


@styled
def draw_score_spreads(
    detectors: Sequence[str],
    natural: np.ndarray,
    kinds: Mapping[str, Scored],
    thresholds: np.ndarray,
    chosen: Sequence[str],
) -> Figure:
    """Draw how some detectors' scores lie, a panel each: median, middle half and middle 90%, and the threshold.

    Args:
        natural: ``(detectors, n) float64``.
        thresholds: ``(detectors,) float64``.
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
            _draw_spread(spot, row, part[place], COLOURS[2] if row == 0 else COLOURS[1])
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
        f"{label}: error {show_share(part.error)}" for label, part in parts.items()
    )
    drawn, axes = start_figure(3.2, alt + ".", ncols=2, width_ratios=(1.25, 1))
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
    curve.legend(fontsize=9, loc="upper left")
    errors.set(yticks=range(len(parts)), yticklabels=list(parts), ylim=(len(parts) - 0.5, -0.5))
    errors.set(xlabel="expected calibration error", xlim=(0, None))
    errors.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}%")
    return drawn


def _draw_grid(spot: Axes, grid: Sequence[Sequence[Interval]], colours: str) -> None:
    """Draw intervals as cells: the colour and the first line are the value, below stand the ends."""
    values = np.array([[cell.value for cell in row] for row in grid])
    spot.imshow(values, cmap=colours, vmin=0.0, vmax=1.0, aspect="auto", alpha=0.9)
    for (row, column), value in np.ndenumerate(values):
        cell = grid[row][column]
        colour = "white" if abs(value - CHANCE) > DARK else "black"
        for above, size, words in (("bottom", 9, f"{value:.2f}"), ("top", 6, f"{cell.low:.2f}–{cell.high:.2f}")):
            spot.text(column, row + 0.05, words, va=above, ha="center", color=colour, fontsize=size)


def _label_grid(spot: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    spot.grid(False)
    spot.spines[:].set_visible(False)
    spot.tick_params(length=0)
    spot.set_yticks(range(len(rows)), list(rows))
    if len(columns) <= WIDE:
        spot.set_xticks(range(len(columns)), [name.replace(" ", "\n") for name in columns], fontsize=8)
    else:
        spot.set_xticks(range(len(columns)), list(columns))
        for label in spot.get_xticklabels():
            label.set(rotation=30, ha="right", rotation_mode="anchor", fontsize=8)


def _draw_spread(spot: Axes, row: int, values: np.ndarray, colour: str) -> None:
    spot.hlines(row, *np.percentile(values, ENDS), color=colour, lw=1.2)
    spot.hlines(row, *np.percentile(values, HALF), color=colour, lw=6, alpha=0.6)
    spot.plot(np.median(values), row, "|", color=PAPER, ms=9, mew=1.5)
