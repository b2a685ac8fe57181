"""What a search against the mean of several networks comes to (claim ``ensemble``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fooling.confidence import to_confidence
from fooling.pages.claim import RECALLED_LESS, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, compare_starts, tell_comparison, tell_start
from fooling.pages.imagenet_search import (
    ImageNetSearch,
    describe_scale,
    judge_ahead,
    measure_search,
    note_untested,
    tabulate_search,
)
from fooling.words import show_confidence, show_few

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.networks.answers import Transfer

FOOLED_LEAST = 0.9  # the confidence from which the paper counts a class as fooled here; Source: supplement (recalled)
MEDIAN, PER_CELL = 0.652, 1_600  # the paper's median, after 4,000 generations × 400 children / 1,000 cells


@dataclass(frozen=True)
class EnsembleFound:
    """What images that evolved against the mean of several networks come to."""

    search: ImageNetSearch  # what they reach, beside random search
    compared: Comparison  # the search against random search, at the end
    start: Comparison  # the same before evolution
    networks: int  # how many are averaged
    fool_all: float  # the share of champions that every one of them takes for their class
    coordinates: str  # what CPPNs are fed, in words


def measure_ensemble(
    run: Evolution, baseline: Evolution, answers: Transfer, network: str, coordinates: str
) -> EnsembleFound:
    """Reduce a search against the mean of several networks to what it comes to.

    Args:
        baseline: Random search on the same classes, with as many images a run.
        answers: The mean first, then its members, before all champions of the search.

    Raises:
        ValueError: As :func:`measure_search`, or if the answers are not to all champions.
    """
    if answers.agrees.shape[1] != run.log_odds.size:
        raise ValueError(f"There are answers to {answers.agrees.shape[1]} of {run.log_odds.size} champions.")
    return EnsembleFound(
        search=measure_search(run, baseline, network, least=FOOLED_LEAST),
        compared=compare_classes(to_confidence(run.log_odds), to_confidence(baseline.log_odds)),
        start=compare_starts(run.history, baseline.history),
        networks=len(answers.networks) - 1,
        fool_all=float(answers.agrees[1:].all(axis=0).mean()),
        coordinates=coordinates,
    )


def judge(found: EnsembleFound) -> str:
    """Judge whether the mean of three networks is fooled, too, far more than by random search; and the number.

    The number is a median of 65.2% at the paper's 1,600 children per cell; the rest is as
    :func:`fooling.pages.imagenet_search.judge_ahead` says.
    """
    return judge_ahead(found.search.scale, found.compared, found.search.median >= MEDIAN, PER_CELL)


def headline(found: EnsembleFound) -> str:
    """Return the medians of bred and of random images in a sentence."""
    bred, random = map(show_confidence, (found.search.median, found.search.baseline_median))
    return (
        f"Images evolved against the mean of {found.networks} networks reach a median of {bred} after "
        f"{show_few(found.search.scale.per_cell)} children per cell, and as many random images reach {random}."
    )


def list_rows(found: EnsembleFound) -> Rows:
    """Return what the ensemble's images reach, and how they compare with random ones."""
    scale = found.search.scale
    return (
        *tabulate_search(found.search, "65.2%", "231 of 1,000", PER_CELL, runs=""),
        ("bred images against random ones", tell_comparison(found.compared, scale.classes), ""),
        ("before evolution, bred against random", tell_start(found.start, scale.classes), ""),
        (f"all {found.networks} networks have the class as top-1", f"{found.fool_all:.0%} of the images", ""),
        *note_untested(scale, PER_CELL),
    )


def tell_scale(found: EnsembleFound) -> str:
    """Return runs, sizes, networks and coordinates in words."""
    return f"{describe_scale(found.search.scale)}; coordinates {found.coordinates}"


CLAIM = Claim(
    id="ensemble",
    title="Three networks together are fooled, too",
    section="supplement",
    sentence="Images evolved against the mean softmax of three networks fool it as well.",
    number="median 65.2% after 4,000 generations; 231 of 1000 classes ≥ 90%",
    grade=RECALLED_LESS,
    page="10_transfer",
    record=EnsembleFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=tell_scale,
)
