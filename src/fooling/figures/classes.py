"""Figures of many classes at once: how confidences and similarities are distributed."""

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
from fooling.paper import show_confidence

BINS = np.linspace(0.0, 1.0, 21)
FEW = 50  # classes; up to so many each is drawn, and more on an axis of logarithms; Choice
NAMED = 3  # outliers that are named on either side of the diagonal
WINDOW = 31  # classes in the running median; Choice: a quarter of the dogs and cats
GOLDEN = 0.6180339887  # multiples of it, modulo 1, spread points evenly


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


@styled
def draw_by_class(confidences: np.ndarray, band: slice, label: str) -> Figure:
    """Draw confidence in the order of the classes, a dot each, with the median of 31 neighbouring classes as a line.

    Args:
        confidences: ``(runs, classes) float32``; the median over runs is drawn, by log-odds.
        band: Classes to shade.
        label: What those classes are.

    Raises:
        ValueError: If there are too few classes for a running median.
    """
    medians = np.median(confidences, axis=0)
    if len(medians) < max(WINDOW, band.stop):
        raise ValueError(f"{len(medians)} classes were given, but {label} among all others need the 1000 of ImageNet.")
    inside = np.zeros(len(medians), bool)
    inside[band] = True
    alt = (
        f"Confidence by class, {len(medians):,} classes: median {show_confidence(np.median(medians[inside]))} for "
        f"{label} (classes {band.start} to {band.stop - 1}), {show_confidence(np.median(medians[~inside]))} for others."
    )
    drawn, axes = start_figure(3.6, alt)
    spot, heights = axes[0, 0], to_log_odds(medians)
    spot.axvspan(band.start - 0.5, band.stop - 0.5, color=COLOURS[5], alpha=0.25, lw=0, zorder=0)
    spot.scatter(np.arange(len(medians)), heights, s=6, color=COLOURS[0], alpha=0.4, lw=0)
    middle = np.arange(WINDOW // 2, len(medians) - WINDOW // 2)
    running = np.median(np.lib.stride_tricks.sliding_window_view(heights, WINDOW), axis=1)
    spot.plot(middle, running, color=COLOURS[1], lw=1.8, label=f"median of {WINDOW} neighbouring classes")
    label_confidences(spot, heights)
    centre = (band.start + band.stop - 1) / 2
    spot.annotate(label, (centre, 1.01), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
    spot.set(xlabel="class", ylabel="confidence (log-odds scale)", xlim=(-5, len(medians) + 4))
    drawn.legend(loc="outside lower center", fontsize=9)
    return drawn


@styled
def draw_similarities(similarities: Mapping[str, np.ndarray]) -> Figure:
    """Draw correlations of images by kind of pair: a dot each, the middle half as a box, the median as a line.

    Args:
        similarities: By kind, ``(pairs,)`` correlations.
    """
    parts = [f"{label}: {_describe_pairs(part)}" for label, part in similarities.items()]
    alt = f"Correlation of two images by kind of pair. {'; '.join(parts)}."
    drawn, axes = start_figure(0.7 + 0.75 * len(similarities), alt)
    spot = axes[0, 0]
    for row, (part, colour) in enumerate(zip(similarities.values(), COLOURS[: len(similarities)], strict=True)):
        shown = _show_number(np.median(part)) if len(part) else "no pairs"
        spot.annotate(shown, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=9)
        if not len(part):
            continue
        jitter = row + 0.3 * (2 * (np.arange(len(part)) * GOLDEN % 1) - 1)
        alpha = float(np.clip(60 / len(part), 0.15, 0.8))
        spot.scatter(part, jitter, s=8 if len(part) > FEW else 20, color=colour, alpha=alpha, lw=0)
        lower, median, upper = np.percentile(part, (25, 50, 75))
        spot.plot([lower, upper, upper, lower, lower], row + 0.36 * np.array([-1, -1, 1, 1, -1]), color=PAPER, lw=1)
        spot.plot([median, median], [row - 0.36, row + 0.36], color=PAPER, lw=2.5, solid_capstyle="butt")
    spot.annotate("median", (1.01, 1.0), xycoords="axes fraction", va="bottom", fontsize=8.5)
    spot.set_yticks(range(len(similarities)), list(similarities), fontsize=9)
    spot.set(xlabel="correlation", ylim=(len(similarities) - 0.5, -0.5))
    spot.set_xlim(min(0.0, *(part.min() for part in similarities.values() if len(part)), 0.0) - 0.02, 1.02)
    spot.grid(False, axis="y")
    return drawn


def _describe_pairs(part: np.ndarray) -> str:
    if not len(part):
        return "no pairs"
    lower, median, upper = (_show_number(value) for value in np.percentile(part, (25, 50, 75)))
    return f"median {median}, middle half {lower} to {upper}, {len(part):,} pair{'' if len(part) == 1 else 's'}"


def _show_number(number: float) -> str:
    return f"{round(float(number), 2) + 0.0:.2f}".replace("-", "−")
