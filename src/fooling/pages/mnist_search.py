"""What pages 02 and 03 share: the sizes of a search for digits, and the record that its claims are judged by.

Later pages ask page 02 for its searches "direct" and "random-direct", and page 03 for "cppn" and "cppn-raw" (pixel
indices), "random-cppn" and "random-cppn-raw".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.pages.claim import Rows
from fooling.pages.finding import Finding
from fooling.pages.searches import SearchSizes, describe_size, spread_of_runs
from fooling.words import show_confidence, table

# 200 children and 200 generations are the paper's own; only the number of runs is scaled.
SIZES: Mapping[str, SearchSizes] = {
    "smoke": SearchSizes(runs=2, generations=5, children=50),
    "default": SearchSizes(runs=5, generations=200, children=200),
    "extended": SearchSizes(runs=50, generations=200, children=200),
    "paper": SearchSizes(runs=50, generations=200, children=200),
}
RUNS, GENERATIONS, CHILDREN = 5, 200, 200  # that a verdict needs. Choice of runs; the paper's generations and children
EARLY = 50  # generations; Source: paper §3.1, "in less than 50 generations"


@dataclass(frozen=True)
class SearchFound:
    """What a search for digits came to."""

    median: float  # final confidence, over runs and classes
    baseline_median: float  # the same of random search, as many images
    run_medians: tuple[float, float]  # the lowest and the highest median of a run
    lowest: float  # the least confident champion
    runs_certain_before_50: int  # runs with every class at 99.99% before generation 50
    runs_certain: int  # runs with every class there at the end
    runs: int  # independent runs
    classes: int  # cells of a run
    generations: int  # generations after the random images
    children: int  # children per generation
    data: str  # what the network learned, in words


def measure(history: np.ndarray, baseline: np.ndarray, children: int, data: str) -> SearchFound:
    """Reduce evolved runs to the numbers that the claims are judged by.

    Args:
        history: ``(runs, generations + 1, classes) float32`` log-odds.
        baseline: The same for random search.
        children: In each generation.
    """
    confidence = to_confidence(history)
    final = confidence[:, -1]
    certain = np.all(confidence >= NEAR_CERTAIN, axis=2)  # (runs, generations + 1)
    return SearchFound(
        median=float(np.median(final)),
        baseline_median=float(np.median(to_confidence(baseline[:, -1]))),
        run_medians=spread_of_runs(final),
        lowest=float(final.min()),
        runs_certain_before_50=int(certain[:, :EARLY].any(axis=1).sum()),
        runs_certain=int(certain[:, -1].sum()),
        runs=history.shape[0],
        classes=history.shape[2],
        generations=history.shape[1] - 1,
        children=children,
        data=data,
    )


def is_large_enough(runs: int, generations: int, children: int) -> bool:
    """Say whether digits evolved at the scale that a verdict needs."""
    return runs >= RUNS and generations >= GENERATIONS and children >= CHILDREN


def count_runs(count: int, runs: int) -> str:
    """Return "none of 50 runs", "3 of 50 runs"."""
    return f"{count or 'none'} of {runs} runs"


def list_confidences(found: SearchFound, baseline: str) -> Rows:
    """Return the rows that both encodings share: the median, its spread over runs, the lowest, the baseline."""
    low, high = map(show_confidence, found.run_medians)
    return (
        (f"median confidence after {found.generations} generations", show_confidence(found.median), "99.99%"),
        ("median of each run", low if low == high else f"{low} to {high}", ""),
        ("lowest champion", show_confidence(found.lowest), ""),
        (f"median of as many {baseline}, never bred", show_confidence(found.baseline_median), "not reported"),
    )


def describe_scale(found: SearchFound) -> str:
    """Return runs, sizes and what the network learned, in words."""
    size = describe_size(found.runs, found.classes, found.generations, found.children)
    return f"{size}; network trained on {found.data}"


def tell_own(finding: Finding) -> str:
    """Return what a reader's own network came to, beside the paper's numbers and without a verdict on the paper."""
    rows = table(("", "here", "the paper, on LeNet"), finding.claim.rows(finding.record))
    return f"**{finding.headline}**\n\n{rows}\n\nScale: {finding.scale}."
