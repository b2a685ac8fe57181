"""Figures of many classes at once: how their confidences are distributed, and which of two searches is ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from fooling.figures.style import (
    BASELINE,
    COLOURS,
    HALO,
    PAPER,
    Figure,
    label_confidences,
    start_figure,
    styled,
    to_log_odds,
)
from fooling.pages.paper import show_confidence

BINS = np.linspace(0.0, 1.0, 21)
FEW = 50  # classes; up to so many each is drawn, and more on an axis of logarithms; Choice
NAMED = 3  # outliers that are named on either side of the diagonal


@styled
def draw_confidence_histogram(confidences: Mapping[str, np.ndarray]) -> Figure:
    """Draw how many classes end with which confidence, a panel per search, the median marked.

    Up to 50 classes are marked one by one below the axis; with more, the counts are spaced by logarithms.

    Args:
        confidences: By label, ``(runs, cells) float32``; a class counts once, with its median over runs.
    """
    medians = {label: np.median(part, axis=0) for label, part in confidences.items()}
    parts = [
        f"{label}: median {show_confidence(np.median(part))}, {np.mean(part < 0.05):.0%} of {len(part):,} below 5%, "
        f"{np.mean(part >= 0.95):.0%} at or above 95%"
        for label, part in medians.items()
    ]
    alt = f"Classes by the confidence of their champion. {'; '.join(parts)}."
    drawn, axes = start_figure(2.9, alt, ncols=len(medians), sharex=True, sharey=True)
    many = max(map(len, medians.values())) > FEW
    for spot, colour, (label, part) in zip(axes[0], COLOURS[: len(medians)], medians.items(), strict=True):
        counts = np.histogram(part, BINS)[0]
        spot.stairs(counts, BINS, color=colour, fill=True, alpha=0.35, baseline=0.6 if many else 0)
        spot.stairs(counts, BINS, color=colour, lw=1.2, baseline=None)
        spot.axvline(float(np.median(part)), color=PAPER, lw=1, ls=":")
        if len(part) <= FEW:
            spot.plot(part, np.full(len(part), 0.035), "|", color=colour, ms=7, transform=spot.get_xaxis_transform())
        spot.set_title(f"{label}\nmedian {show_confidence(np.median(part))}", fontsize=9.5)
        spot.set(xlabel="confidence", xlim=(-0.02, 1.02), xticks=BINS[::4])
    if many:
        axes[0, 0].set(yscale="log", ylim=(0.6, 1.5 * max(map(len, medians.values()))))
        axes[0, 0].yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    else:
        axes[0, 0].yaxis.get_major_locator().set_params(integer=True)
        axes[0, 0].set_ylim(-0.09 * max(np.histogram(part, BINS)[0].max() for part in medians.values()))
    axes[0, 0].set_ylabel("classes" + (" (log scale)" if many else ""))
    return drawn


@styled
def draw_paired(direct: np.ndarray, cppn: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw a dot per class, confidence of the pixel image across, of the CPPN image upwards, both by log-odds.

    The three classes farthest from the diagonal on either side are named. Confidences within a millionth of 0 or 1
    stand there.

    Args:
        direct: ``(runs, cells) float32``; the median over runs is drawn.
        cppn: The same.
        names: One per cell.
    """
    pair = [np.median(part, axis=0) for part in (direct, cppn)]
    across, upwards = (to_log_odds(part) for part in pair)
    ahead = int((pair[1] > pair[0]).sum())
    alt = (
        f"Confidence of CPPN images against pixel images, a dot per class: CPPN is ahead in {ahead:,} of "
        f"{len(names):,}; medians {show_confidence(np.median(pair[1]))} against {show_confidence(np.median(pair[0]))}."
    )
    drawn, axes = start_figure(5.6, alt)
    spot, many = axes[0, 0], len(names) > FEW
    spot.scatter(across, upwards, s=9 if many else 24, color=COLOURS[0], alpha=0.45 if many else 0.8, lw=0)
    label_confidences(spot, np.concatenate([across, upwards]), "xy")
    spot.axline((0, 0), slope=1, color=BASELINE, lw=1)
    behind = int((pair[1] < pair[0]).sum())
    spot.set_title(f"CPPN ahead in {ahead:,} classes, above the line; pixels in {behind:,}, below it", fontsize=9.5)
    _name_outliers(spot, across, upwards, names)
    spot.set(xlabel="confidence, pixel images (log-odds scale)", ylabel="confidence, CPPN images (log-odds scale)")
    spot.set_aspect("equal")
    return drawn


def _name_outliers(spot: Axes, across: np.ndarray, upwards: np.ndarray, names: Sequence[str]) -> None:
    lead = upwards - across
    order = np.argsort(lead, kind="stable")
    apart = 0.03 * np.ptp(spot.get_ylim())  # so that names do not cover each other
    for side, places in ((1, order[::-1]), (-1, order)):
        taken: list[float] = []
        for place in places[lead[places] * side > 0]:
            if len(taken) < NAMED and all(abs(upwards[place] - other) > apart for other in taken):
                taken.append(float(upwards[place]))
                _name_dot(spot, across[place], upwards[place], names[place])


def _name_dot(spot: Axes, across: float, upwards: float, name: str) -> None:
    """Write a name beside a dot, away from the diagonal where there is room."""
    low, high = spot.get_xlim()
    room = (across - low) / (high - low)
    right = room < 0.3 or (room < 0.75 and upwards < across)
    shift = (6, 0) if right else (-6, 0)
    spot.annotate(
        name,
        (across, upwards),
        shift,
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=8,
        path_effects=HALO,
    )
