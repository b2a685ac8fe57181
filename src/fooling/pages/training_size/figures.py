"""Figures of networks that learned from more and more digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.figures.style import COLOURS, DASHES, PAPER, Figure, label_log_odds, log_odds, shade, start_figure, styled
from fooling.words import show_confidence, show_count, show_error

MARKERS = ("o", "s")
APART = 1.035  # how far the dots of the encodings stand apart on the axis of sizes, as a factor


@styled
def draw_training_sizes(sizes: np.ndarray, errors: np.ndarray, needed: Mapping[str, np.ndarray], images: int) -> Figure:
    """Draw held-out error and images needed against training digits: a dot per network, a line through the medians.

    Networks that were never fooled to 99.99% stand above a dashed line at all the images that a run had; where there is
    none, there is no such line.

    Args:
        sizes: ``(networks,)`` training digits.
        errors: ``(networks,)``: share of held-out digits that each gets wrong.
        needed: By encoding, ``(networks,) float64`` images; infinite for never.
    """
    different = np.unique(sizes)
    shown = "; ".join(f"{size:,} digits {show_error(error)}" for size, error in _find_medians(sizes, errors).items())
    counts = {label: _find_medians(sizes, part).values() for label, part in needed.items()}
    ends = "; ".join(f"{label}: {', '.join(map(show_count, part))}" for label, part in counts.items())
    alt = (
        "Held-out error, and images to a median of 99.99%, by training digits. "
        f"Median errors: {shown}. Median images: {ends}."
    )
    drawn, axes = start_figure(3.7, alt, ncols=2)
    wrong, fooled = axes[0]
    _draw_networks(wrong, sizes, 100 * errors, COLOURS[2], "D", "median network")
    for number, (label, part) in enumerate(needed.items()):
        moved = sizes * APART ** (2 * number - 1)
        _draw_networks(fooled, moved, np.minimum(part, 1.5 * images), COLOURS[number], MARKERS[number], label)
    for spot in (wrong, fooled):
        spot.set(xscale="log", xlabel="training digits (log scale)")
        spot.set_xticks(different, [f"{size:,}" for size in different])
        spot.minorticks_off()
    wrong.set(ylabel="held-out error, %", ylim=(0, None))
    fooled.set(yscale="log", ylabel="images to a median of 99.99% (log scale)")
    _mark_never(fooled, needed, images)
    fooled.legend(fontsize=9)
    return drawn


def _find_medians(sizes: np.ndarray, values: np.ndarray) -> dict[int, float]:
    return {size: np.median(values[sizes == size]) for size in np.unique(sizes)}


def _draw_networks(spot: Axes, sizes: np.ndarray, values: np.ndarray, colour: str, marker: str, label: str) -> None:
    medians = _find_medians(sizes, values)
    spot.plot(list(medians), list(medians.values()), color=colour, marker=marker, ms=0, label=label)
    spot.scatter(sizes, values, s=24, marker=marker, color=colour, alpha=0.6, lw=0)


def _mark_never(spot: Axes, needed: Mapping[str, np.ndarray], images: int) -> None:
    """Give the axis round numbers, and a place above all of them for never."""
    every = np.concatenate(list(needed.values()))
    reached = every[np.isfinite(every)]
    low, high = (reached.min(), reached.max()) if reached.size else (images, images)
    steps = [step * 10**power for power in range(8) for step in (1, 2, 5)]
    ticks = {float(tick): f"{tick:,}" for tick in steps if low / 2 <= tick <= high * 2}
    if reached.size < every.size:
        # The end of a run has a tick of its own, and no round number stands close to it.
        ticks = {tick: text for tick, text in ticks.items() if tick < 0.8 * images}
        ticks |= {images: f"{images:,}", 1.5 * images: "never"}
        spot.axhline(images, color=PAPER, lw=0.8, ls=DASHES, label="all images of a run")
        high = 1.5 * images
    spot.set_yticks(list(ticks), list(ticks.values()))
    spot.minorticks_off()
    spot.set_ylim(low / 1.3, high * 1.3)


@styled
def draw_size_curves(sizes: np.ndarray, medians: Mapping[str, Sequence[np.ndarray]]) -> Figure:
    """Draw confidence by generation for each training size, a panel per encoding.

    Lines are medians over the networks of a size and their runs, bands hold all of them. The medians are, by encoding
    and for each network, ``(runs, generations + 1) float32`` log-odds.
    """
    different = np.unique(sizes)
    groups = {
        label: {size: np.concatenate(np.stack(parts)[sizes == size]) for size in different}
        for label, parts in medians.items()
    }
    ends = [
        f"{label}, {size:,} digits: {show_confidence(float(to_confidence(np.median(part[:, -1]))))}"
        for label, curves in groups.items()
        for size, part in curves.items()
    ]
    alt = f"Median confidence over digits by generation; at the end {'; '.join(ends)}."
    drawn, axes = start_figure(3.9, alt, ncols=len(groups), sharey=True)
    for spot, (label, curves) in zip(axes[0], groups.items(), strict=True):
        for colour, (size, part) in zip(shade(len(curves)), curves.items(), strict=True):
            along = np.arange(part.shape[1])
            spot.fill_between(along, part.min(axis=0), part.max(axis=0), color=colour, alpha=0.13, lw=0)
            spot.plot(along, np.median(part, axis=0), color=colour, label=f"{size:,} digits")
        spot.axhline(log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, ls=DASHES, label="the paper's 99.99%")
        spot.set_title(label, fontsize=10)
        spot.set(xlabel="generation", xlim=(0, part.shape[1] - 1))
    label_log_odds(axes[0, 0], np.concatenate([part.ravel() for curves in groups.values() for part in curves.values()]))
    axes[0, 0].set_ylabel("median confidence over digits (log-odds scale)")
    named = axes[0, 0].get_legend_handles_labels()
    drawn.legend(*named, loc="outside lower center", ncols=len(different) + 1, fontsize=9)
    return drawn
