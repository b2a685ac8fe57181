"""Pages 02 and 03: images evolve until a network is certain that they are digits.

Later pages ask page 02 for its searches "direct" and "random-direct", and page 03 for "cppn" and "cppn-raw" (pixel
indices), "random-cppn" and "random-cppn-raw".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import NEAR_CERTAIN, first_generations, to_confidence
from fooling.pages.claim import NOT, PARTLY, QUOTE, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows, grade_halves
from fooling.pages.searches import SearchSizes, describe_size, spread_of_runs
from fooling.words import show_confidence, show_runs, table

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.pages.mnist_features.claim import FeaturesFound

# 200 children and 200 generations are the paper's own; only the number of runs is scaled.
SIZES: Mapping[str, SearchSizes] = {
    "smoke": SearchSizes(runs=2, generations=5, children=50),
    "default": SearchSizes(runs=5, generations=200, children=200),
    "extended": SearchSizes(runs=50, generations=200, children=200),
    "paper": SearchSizes(runs=50, generations=200, children=200),
}
RUNS, GENERATIONS, CHILDREN = 5, 200, 200  # that a verdict needs. Choice of runs; the paper's generations and children
AUTHORS_RUNS = 5  # against the authors' own network, where it is there; Choice: as many as a verdict needs
NO_AUTHORS_LENET = (
    "The authors' LeNet is not part of this project. Put `lenet_iter_10000` into `data/` (`data/README.md` says from "
    "where) and run this page again to see it here."
)
EARLY = 50  # generations; Source: paper §3.1, "in less than 50 generations"
DIRECTION = 0.99  # Choice: a median of CPPNs from here on has the claim's direction


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
    """Reduce evolved runs and random search, each ``(runs, generations + 1, classes) float32`` log-odds, to numbers."""
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


def tell_authors(searches: Mapping[str, Evolution]) -> str:
    """Return what evolved against the authors' own network as Markdown, a line for each search; or what is missing."""
    rows = []
    for label, run in searches.items():
        first = first_generations(run.history.min(axis=2, keepdims=True))[:, 0]  # when a run's worst digit got there
        there = first[np.isfinite(first)]
        when = f"{len(there)} of {len(first)}" + (f", by {there.min():.0f} to {there.max():.0f}" if there.size else "")
        spread = " to ".join(dict.fromkeys(map(show_confidence, spread_of_runs(run.confidences))))
        median, lowest = map(show_confidence, (np.median(run.confidences), run.confidences.min()))
        rows.append((label, median, spread, lowest, when))
    reached = "runs with every digit at 99.99%, by generation"
    header = ("images", "median", "median of each run", "lowest champion", reached)
    return f"Against the authors' own LeNet:\n\n{table(header, rows)}" if rows else NO_AUTHORS_LENET


def is_large_enough(found: SearchFound | FeaturesFound | SearchSizes) -> bool:
    """Say whether digits evolved at the scale that a verdict needs."""
    return found.runs >= RUNS and found.generations >= GENERATIONS and found.children >= CHILDREN


def describe_scale(found: SearchFound | FeaturesFound) -> str:
    """Return runs, sizes and what the network learned, in words."""
    size = describe_size(found.runs, found.classes, found.generations, found.children)
    return f"{size}; network trained on {found.data}"


def judge_direct(found: SearchFound) -> str:
    """Judge by two halves: the median after 200 generations, and every digit of every run before generation 50."""
    if not is_large_enough(found):
        return UNTESTED
    return grade_halves(found.median >= NEAR_CERTAIN, found.runs_certain_before_50 == found.runs)


def judge_cppn(found: SearchFound) -> str:
    """Judge by the median after 200 generations; at 99% or more the direction is met."""
    if not is_large_enough(found):
        return UNTESTED
    return REPRODUCED if found.median >= NEAR_CERTAIN else PARTLY if found.median >= DIRECTION else NOT


def _list_direct(found: SearchFound) -> Rows:
    *shared, end = _list_rows(found, "images of noise")
    early = _count_runs(found.runs_certain_before_50, found.runs)
    return (*shared, ("every class at 99.99% before generation 50", early, "each run"), end)


def _list_rows(found: SearchFound, baseline: str = "random CPPNs") -> Rows:
    low, high = map(show_confidence, found.run_medians)
    return (
        (f"median confidence after {found.generations} generations", show_confidence(found.median), "99.99%"),
        ("median of each run", low if low == high else f"{low} to {high}", ""),
        ("lowest champion", show_confidence(found.lowest), ""),
        (f"median of as many {baseline}, never bred", show_confidence(found.baseline_median), "not known"),
        ("every class at 99.99% at the end", _count_runs(found.runs_certain, found.runs), ""),
    )


def _count_runs(count: int, runs: int) -> str:
    """Return "none of 50 runs", "3 of 50 runs"."""
    return f"{count or 'none'} of {runs} runs"


DIRECT = Claim(
    id="mnist-direct",
    title="Bred pixels become certain digits",
    otherwise="bred pixels do not become certain digits",
    section="§3.1, Fig. 4",
    sentence=(
        "“In less than 50 generations, each run … ≥ 99.99% confidence. "
        "By 200 generations, median confidence is 99.99%.”"
    ),
    number="every digit 99.99% before generation 50, median 99.99% by 200",
    grade=QUOTE,
    page="02_mnist_direct",
    record=SearchFound,
    judge=judge_direct,
    headline=lambda found: (
        f"Pixel images reach a median of {show_confidence(found.median)} after {found.generations} generations; "
        f"{_count_runs(found.runs_certain_before_50, found.runs)} had every class at 99.99% before generation 50."
    ),
    rows=_list_direct,
    scale=describe_scale,
)


def _tell(found: SearchFound, images: str) -> str:
    """Return what such images reach, and what random CPPNs have, as a sentence."""
    return (
        f"{images} reach a median confidence of {show_confidence(found.median)} after {found.generations} generations "
        f"({show_runs(found.runs, found.run_medians)}); the best of as many random CPPNs, never bred, have "
        f"{show_confidence(found.baseline_median)}."
    )


CENTRED = Claim(
    id="mnist-cppn",
    title="Regular patterns become certain digits",
    otherwise="regular patterns do not become certain digits",
    section="§3.2, Fig. 5",
    sentence="CPPN images reach the same confidence: a median of 99.99% after 200 generations.",
    number="median 99.99% by generation 200",
    grade=SECONDARY,
    page="03_mnist_cppn",
    record=SearchFound,
    judge=judge_cppn,
    headline=lambda found: _tell(found, "CPPN images"),
    rows=_list_rows,
    scale=describe_scale,
)
RAW = replace(
    CENTRED,
    headline=lambda found: _tell(found, "CPPN images fed pixel indices"),
    id="mnist-cppn-raw",
    title="The same, fed pixel indices",
    otherwise="patterns fed pixel indices do not become certain digits",
    sentence=f"{CENTRED.sentence} This row feeds pixel indices as coordinates, as the released code does; the row "
    "above feeds [−1, 1].",
)
CLAIMS = (DIRECT, CENTRED, RAW)
