"""The figures of page 16: what each arm gains, and how far the chosen search is after so many images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence, to_log_odds
from fooling.figures.style import BASELINE, COLOURS, Figure, label_confidences, start_figure, styled
from fooling.pages.fewer_images.claim import ARMS, COMBINED, QUANTILES, Trial
from fooling.words import list_words, show_confidence

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution


@styled
def draw_arms(trials: Sequence[Trial]) -> Figure:
    """Draw by how many log-odds each arm ends above the paper's search: a dot a seed, a line the median seed."""
    gains = [trial.gains for trial in trials]
    told = [", ".join(f"{name} {np.median(gain):+.2f}" for name, gain in part.items()) for part in gains]
    parts = "; ".join(f"{trial.label}: {part}" for trial, part in zip(trials, told, strict=True))
    networks = list_words(list(dict.fromkeys(trial.network for trial in trials)))
    names = [name for name in (*ARMS, COMBINED) if any(name in part for part in gains)]
    alt = f"By how many log-odds each arm ends above the paper's search, on {networks}. Median seeds: {parts}."
    drawn, axes = start_figure(1.3 + 0.26 * len(names), alt, ncols=len(trials), sharey=True)
    for spot, trial, part in zip(axes[0], trials, gains, strict=True):
        for name, gain in part.items():
            row = names.index(name)
            colour = COLOURS[2] if (gain > 0).all() else COLOURS[1] if (gain < 0).all() else COLOURS[5]
            spot.scatter(gain, np.full(len(gain), row), s=26, color=colour, alpha=0.8, lw=0)
            spot.plot([np.median(gain)] * 2, [row - 0.3, row + 0.3], color=colour)
        spot.axvline(0.0, color=BASELINE, lw=0.8)
        spot.set_title(f"{trial.label}\n{trial.of}", fontsize=10)
        spot.set_xlabel("gain in log-odds")
    axes[0, 0].set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.5, -0.5)
    return drawn


@styled
def draw_progress(network: str, runs: Mapping[str, Evolution], of: str, aim: float) -> Figure:
    """Draw the confidence in a class, LEAST or MIDDLE, against images, a thin line a run; and the aim as a line."""
    # (runs, generations + 1) by search
    reached = {name: np.quantile(run.history, QUANTILES[of], axis=2) for name, run in runs.items()}
    ends = {name: show_confidence(float(to_confidence(np.median(part[:, -1])))) for name, part in reached.items()}
    told = "; ".join(f"{name}: {end}" for name, end in ends.items())
    alt = f"{network}: confidence in {of} by the number of images, a thin line a run. The median run ends at: {told}."
    drawn, axes = start_figure(3.6, alt)
    spot = axes[0, 0]
    for colour, (name, run) in zip(COLOURS, runs.items(), strict=False):
        images = [run.search.count_images(run.children, generation) for generation in range(run.generations + 1)]
        spot.plot(images, reached[name].T, color=colour, lw=0.7, alpha=0.7)
        spot.plot(images, np.median(reached[name], axis=0), color=colour, lw=2, label=f"{name} ({len(run.seeds)} runs)")
    spot.set_title(network, fontsize=10)
    spot.axhline(to_log_odds(aim), color=BASELINE, lw=0.8, ls=":", label=f"the aim, {aim:.2%}")
    spot.set(xlabel="images", ylabel=f"confidence, {of}\n(log-odds scale)")
    spot.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    label_confidences(spot, np.append(np.concatenate([part.ravel() for part in reached.values()]), to_log_odds(aim)))
    spot.legend(loc="lower right")
    return drawn
