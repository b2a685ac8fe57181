"""The figure of page 16: what each arm gains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fooling.figures.style import BASELINE, COLOURS, Figure, start_figure, styled
from fooling.pages.fewer_images.claim import Trial


@styled
def draw_arms(trials: Sequence[Trial]) -> Figure:
    """Draw by how many log-odds each arm ends above the paper's search: a dot a seed, a line the median seed."""
    gains = [trial.gains for trial in trials]
    told = ", ".join(f"{name} {np.median(gain):+.2f}" for part in gains for name, gain in part.items())
    alt = f"Gain in log-odds over the paper's search, {'; '.join(one.label for one in trials)}: {told}."
    drawn, axes = start_figure(1.2 + 0.28 * max(map(len, gains)), alt, ncols=len(trials))
    for spot, trial, part in zip(axes[0], trials, gains, strict=True):
        for row, gain in enumerate(part.values()):
            colour = COLOURS[2] if (gain > 0).all() else COLOURS[1] if (gain < 0).all() else COLOURS[5]
            spot.scatter(gain, np.full(len(gain), row), s=26, color=colour, alpha=0.8, lw=0)
            spot.plot([np.median(gain)] * 2, [row - 0.3, row + 0.3], color=colour)
        spot.axvline(0.0, color=BASELINE, lw=0.8)
        spot.set_yticks(range(len(part)), list(part))
        spot.invert_yaxis()
        spot.set_title(f"{trial.network}, {trial.images:,} images\n{trial.of}", fontsize=10)
        spot.set_xlabel("log-odds above the paper's search")
    return drawn
