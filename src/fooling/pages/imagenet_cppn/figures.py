"""The figure of page 08: CPPN images against pixel images, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fooling.figures.style import BASELINE, COLOURS, HALO, Figure, label_confidences, start_figure, styled, to_log_odds
from fooling.words import show_confidence

FEW = 50  # classes; with more, dots are small; Choice
NAMED = 3  # outliers that are named on either side of the diagonal


@styled
def draw_paired(direct: np.ndarray, cppn: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw a dot per class, confidence of the pixel image across, of the CPPN image upwards, both by log-odds.

    Of ``(runs, cells) float32`` the median over runs is drawn; what is within a millionth of 0 or 1 stands there. The
    three classes farthest from the diagonal on either side are named.
    """
    pair = [np.median(part, axis=0) for part in (direct, cppn)]
    across, upwards = (to_log_odds(part) for part in pair)
    ahead, behind = (int(side.sum()) for side in (pair[1] > pair[0], pair[1] < pair[0]))
    alt = (
        f"Confidence of CPPN images against pixel images, a dot per class: CPPN is ahead in {ahead:,} of "
        f"{len(names):,}; medians {show_confidence(np.median(cppn))} against {show_confidence(np.median(direct))}."
    )
    drawn, axes = start_figure(5.6, alt)
    spot, many = axes[0, 0], len(names) > FEW
    spot.scatter(across, upwards, s=9 if many else 24, color=COLOURS[0], alpha=0.45 if many else 0.8, lw=0)
    label_confidences(spot, np.concatenate([across, upwards]), "xy")
    spot.axline((0, 0), slope=1, color=BASELINE, lw=1)
    spot.set_title(f"CPPN ahead in {ahead:,} classes, above the line; pixels in {behind:,}, below it", fontsize=9.5)
    _name_outliers(spot, across, upwards, names)
    spot.set(xlabel="confidence, pixel images (log-odds scale)", ylabel="confidence, CPPN images (log-odds scale)")
    spot.set_aspect("equal")
    return drawn


def _name_outliers(spot: Axes, across: np.ndarray, upwards: np.ndarray, names: Sequence[str]) -> None:
    """Name the dots that are farthest from the diagonal on either side, where names do not cover each other."""
    lead = upwards - across
    order = np.argsort(lead, kind="stable")
    (low, high), apart = spot.get_xlim(), 0.03 * np.ptp(spot.get_ylim())
    beside = {"textcoords": "offset points", "va": "center"}
    for side, places in ((1, order[::-1]), (-1, order)):
        taken: list[float] = []
        for place in places[lead[places] * side > 0]:
            if len(taken) < NAMED and all(abs(upwards[place] - other) > apart for other in taken):
                taken.append(float(upwards[place]))
                # Away from the diagonal where there is room.
                room, dot = (across[place] - low) / (high - low), (across[place], upwards[place])
                right = room < 0.3 or (room < 0.75 and lead[place] < 0)
                where: Any = {"xytext": (6 if right else -6, 0), "ha": "left" if right else "right", **beside}
                spot.annotate(names[place], dot, fontsize=8, path_effects=HALO, **where)
