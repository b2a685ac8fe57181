"""How the confidences of many classes are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np

from fooling.figures.style import COLOURS, PAPER, Figure, start_figure, styled, take_panels
from fooling.words import show_confidence

BINS = np.linspace(0.0, 1.0, 21)
FEW = 50  # classes; up to so many each is drawn, and more on an axis of logarithms; Choice
ACROSS = 3  # panels of a row; Choice: their names fit above them


@styled
def draw_confidence_histogram(confidences: Mapping[str, np.ndarray]) -> Figure:
    """Draw how many classes end with which confidence, a panel per search, the median over runs and classes marked.

    Up to 50 classes are marked one by one below the axis; with more, the counts are spaced by logarithms. Confidences
    are ``(runs, cells) float32`` by label; a class counts once, with its median over runs.
    """
    medians = {label: np.median(part, axis=0) for label, part in confidences.items()}
    whole = {label: float(np.median(part)) for label, part in confidences.items()}
    parts = [
        f"{label}: median {show_confidence(whole[label])}, {np.mean(part < 0.05):.0%} of {len(part):,} below 5%, "
        f"{np.mean(part >= 0.95):.0%} at or above 95%"
        for label, part in medians.items()
    ]
    alt = f"Classes by the confidence of their champion, with a dotted line at the median. {'; '.join(parts)}."
    columns = min(ACROSS, len(medians))
    rows = -(-len(medians) // columns)
    drawn, axes = start_figure(2.9 * rows, alt, nrows=rows, ncols=columns, sharex=True, sharey=True)
    many = max(map(len, medians.values())) > FEW
    spots = take_panels(axes, len(medians))
    for spot, colour, (label, part) in zip(spots, cycle(COLOURS), medians.items(), strict=False):
        counts = np.histogram(part, BINS)[0]
        spot.stairs(counts, BINS, color=colour, fill=True, alpha=0.35, baseline=0.6 if many else 0)
        spot.stairs(counts, BINS, color=colour, lw=1.2, baseline=None)
        spot.axvline(whole[label], color=PAPER, lw=1, ls=":")
        if len(part) <= FEW:
            spot.plot(part, np.full(len(part), 0.035), "|", color=colour, ms=7, transform=spot.get_xaxis_transform())
        spot.set_title(f"{label}\nmedian {show_confidence(whole[label])}", fontsize=9.5)
        spot.set(xlim=(-0.02, 1.02), xticks=BINS[::4])
    for spot in spots[-columns:]:
        spot.set_xlabel("confidence")
    if many:
        axes[0, 0].set(yscale="log", ylim=(0.6, 1.5 * max(map(len, medians.values()))))
        axes[0, 0].yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    else:
        axes[0, 0].yaxis.get_major_locator().set_params(integer=True)
        axes[0, 0].set_ylim(-0.09 * max(np.histogram(part, BINS)[0].max() for part in medians.values()))
    for spot in axes[:, 0]:
        spot.set_ylabel("classes" + (" (log scale)" if many else ""))
    return drawn
