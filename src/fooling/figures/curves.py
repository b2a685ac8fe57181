"""Figures of searches: confidence by generation or by children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from fooling.confidence import NEAR_CERTAIN, first_generations, to_confidence
from fooling.figures.style import (
    BASELINE,
    BASELINE_STYLES,
    COLOURS,
    DASHES,
    HALO,
    PAPER,
    Figure,
    label_confidences,
    label_log_odds,
    log_odds,
    start_figure,
    styled,
    take_panels,
)
from fooling.words import count_words, show_confidence


@styled
def draw_curves(curves: Mapping[str, np.ndarray], baselines: Mapping[str, np.ndarray]) -> Figure:
    """Draw confidence by generation: median over runs and classes, half of them in the dark band, all in the light.

    Curves, and baselines of random search, are ``(runs, generations + 1, classes) float32`` log-odds by label.
    """
    both = {**curves, **baselines}
    summary = "; ".join(f"{label} ends at a median of {_show_end(part)}" for label, part in both.items())
    drawn, axes = start_figure(5.0, f"Confidence by generation. {summary}. The paper's line is at 99.99%.")
    spot = axes[0, 0]
    for colour, (label, history) in zip(cycle(COLOURS), curves.items(), strict=False):
        generations = np.arange(history.shape[1])
        low, lower, median, upper, high = np.percentile(history, (0, 25, 50, 75, 100), axis=(0, 2))
        spot.fill_between(generations, low, high, color=colour, alpha=0.12, lw=0)
        spot.fill_between(generations, lower, upper, color=colour, alpha=0.3, lw=0)
        spot.plot(median, color=colour, label=f"{label}, median ({history.shape[0]} runs × {history.shape[2]})")
    for style, (label, history) in zip(BASELINE_STYLES, baselines.items(), strict=False):
        spot.plot(np.median(history, axis=(0, 2)), color=BASELINE, linestyle=style, label=f"{label}, median")
    spot.axhline(log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=DASHES, label="the paper's 99.99%")
    label_log_odds(spot, np.concatenate([part.ravel() for part in both.values()]))
    last = max(part.shape[1] for part in curves.values()) - 1
    spot.set(xlabel="generation", ylabel="confidence (log-odds scale)", xlim=(0, last))
    drawn.legend(loc="outside lower center", ncols=2, fontsize=9)
    return drawn


@styled
def draw_class_curves(history: np.ndarray, class_names: Sequence[str], label: str) -> Figure:
    """Draw confidence by generation, one panel per class: median over runs and the band of all runs.

    The history is ``(runs, generations + 1, classes) float32`` log-odds.
    """
    final = np.median(history[:, -1], axis=0)
    slowest = class_names[int(final.argmin())]
    alt = f"{label}: confidence by generation for each class over {len(history)} runs; lowest at the end is {slowest}."
    drawn, axes = start_figure(3.9, alt, nrows=2, ncols=-(-len(class_names) // 2), sharex=True, sharey=True)
    for index, (spot, name) in enumerate(zip(take_panels(axes, len(class_names)), class_names, strict=True)):
        part = history[:, :, index]
        generations = np.arange(part.shape[1])
        spot.fill_between(generations, part.min(axis=0), part.max(axis=0), color=COLOURS[0], alpha=0.25, lw=0)
        spot.plot(np.median(part, axis=0), color=COLOURS[0])
        spot.axhline(log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=DASHES)
        spot.set_title(name, fontsize=10, fontweight="bold", parse_math=False)
    label_log_odds(axes[0, 0], history.ravel(), sparse=True)
    drawn.supxlabel("generation", fontsize=10)
    drawn.supylabel("confidence", fontsize=10)
    return drawn


@styled
def draw_first_generations(curves: Mapping[str, np.ndarray], class_names: Sequence[str], paper: int | None) -> Figure:
    """Draw when each class first reached 99.99%: a dot per run, crosses above the line for runs that never did.

    Curves are ``(runs, generations + 1, classes) float32`` log-odds by label; the paper may name a generation.
    """
    first = {label: first_generations(history) for label, history in curves.items()}
    missed = {label: int(np.isnan(part).sum()) for label, part in first.items()}
    alt = "First generation at 99.99% by class. " + "; ".join(
        f"{label}: median {np.nanmedian(part):.0f} where it was reached, {missed[label]} of {part.size} never"
        if missed[label] < part.size
        else f"{label}: never"
        for label, part in first.items()
    )
    drawn, axes = start_figure(3.4, alt + ".")
    spot, last = axes[0, 0], max(history.shape[1] - 1 for history in curves.values())
    never = last * 1.08
    for number, (label, part) in enumerate(first.items()):
        offset = (number - (len(first) - 1) / 2) * 0.3
        spread = np.linspace(-0.1, 0.1, len(part))[:, None] + np.arange(len(class_names)) + offset
        reached = ~np.isnan(part)
        spot.scatter(spread[reached], part[reached], s=16, color=COLOURS[number], alpha=0.75, label=label, lw=0)
        spot.scatter(spread[~reached], np.full((~reached).sum(), never), s=20, marker="x", color=COLOURS[number], lw=1)
    if paper is not None and paper <= last:
        spot.axhline(paper, color=PAPER, lw=0.8, linestyle=DASHES)
        spot.set_title(f"dashed: generation {paper}, before which the paper has each run", fontsize=8, loc="right")
    ticks = [tick for tick in spot.get_yticks() if 0 <= tick <= last]
    spot.set_yticks([*ticks, never], [*(f"{tick:.0f}" for tick in ticks), "never"])
    spot.set(xticks=range(len(class_names)), xlabel="class", ylabel="first generation at 99.99%", ylim=(0, last * 1.13))
    spot.set_xticklabels(class_names, parse_math=False)
    if len(first) > 1:
        drawn.legend(fontsize=9, loc="outside lower center", ncols=len(first))
    return drawn


@styled
def draw_search_curves(
    curves: Mapping[str, np.ndarray],
    children: Mapping[str, int],
    baselines: Mapping[str, np.ndarray],
    paper: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw confidence against children per cell, so that searches of different size can be compared.

    Median over runs and classes with the middle half of them as a band; each run's own median is a thin line.

    Args:
        curves: By label, ``(runs, generations + 1, cells) float32`` log-odds.
        children: Children per generation, by the labels of ``curves`` and ``baselines``.
        baselines: As ``curves``, for images of random search.
        paper: By label, the children per cell after which the paper reports a median, and that median.
    """
    both = {**curves, **baselines}
    # children per cell that each generation after the random images ends with
    along = {label: np.arange(1, part.shape[1]) * children[label] / part.shape[2] for label, part in both.items()}
    drawn, axes = start_figure(4.9, _describe_search(both, along, paper))
    spot, seen = axes[0, 0], [np.array([log_odds(median) for _, median in paper.values()])]
    for colour, (label, history) in zip(cycle(COLOURS), curves.items(), strict=False):
        lower, median, upper = np.percentile(history[:, 1:], (25, 50, 75), axis=(0, 2))
        by_run = np.median(history[:, 1:], axis=2)
        spot.fill_between(along[label], lower, upper, color=colour, alpha=0.2, lw=0)
        spot.plot(along[label], by_run.T, color=colour, lw=0.7, alpha=0.7)
        name = f"{label}, median ({count_words(history.shape[0], 'run')} × {history.shape[2]:,} classes)"
        spot.plot(along[label], median, color=colour, lw=2, label=name)
        seen += [lower, upper, by_run.ravel()]
    for style, (label, history) in zip(BASELINE_STYLES, baselines.items(), strict=False):
        seen.append(np.median(history[:, 1:], axis=(0, 2)))
        spot.plot(along[label], seen[-1], color=BASELINE, ls=style, label=f"{label}, median")
    spot.set(xscale="log", xlabel="children per cell (log scale)", ylabel="confidence (log-odds scale)")
    for label, (place, median) in paper.items():
        spot.axhline(log_odds(median), color=PAPER, lw=0.8, ls=":")
        spot.plot(place, log_odds(median), "D", color=PAPER, ms=5, clip_on=False, zorder=4)
        where: Any = {"xytext": (-7, 4), "textcoords": "offset points", "ha": "right", "va": "bottom"}
        said = f"the paper, {label}: {100 * median:.4g}% at {place:,.6g}"
        spot.annotate(said, (place, log_odds(median)), fontsize=8, path_effects=HALO, **where)
    label_confidences(spot, np.concatenate(seen))
    spot.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    drawn.legend(loc="outside lower center", ncols=2, fontsize=9)
    return drawn


def _describe_search(
    searches: Mapping[str, np.ndarray], along: Mapping[str, np.ndarray], paper: Mapping[str, tuple[float, float]]
) -> str:
    ends = [
        f"{label} ends at a median of {_show_end(part)} after {along[label][-1]:,.4g} per cell"
        for label, part in searches.items()
    ]
    marks = [f"{label} {100 * median:.4g}% after {place:,.6g} per cell" for label, (place, median) in paper.items()]
    reported = f" The paper's medians: {'; '.join(marks)}." if marks else ""
    return f"Confidence by children per cell. {'; '.join(ends)}.{reported}"


def _show_end(history: np.ndarray) -> str:
    return show_confidence(float(np.median(to_confidence(history[:, -1]))))
