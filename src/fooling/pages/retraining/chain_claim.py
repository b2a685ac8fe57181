"""Does a fooling class help on digits? What a chain comes to, and the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import NEAR_CERTAIN, NOT, PARTLY, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows
from fooling.pages.searches import describe_size, spread_of_runs
from fooling.words import count_words, show_confidence

if TYPE_CHECKING:
    from fooling.pages.retraining.digits import RetrainedDigits

ITERATIONS, RUNS = 15, 30  # the paper's
NEARLY_CERTAIN = 0.99  # Choice: a median that is the direction of the paper's 99.99%
OWN_ANSWER = 0.5  # a median above it is the answer of the network itself, so that its images are still taken for digits


@dataclass(frozen=True)
class ChainFound:
    """What a chain comes to.

    Attributes:
        medians: By network, the final median over runs and digits.
        first_as_far: The generation by which the median run on the first network was as far as the last median; None
            if never.
        last_run_medians: The lowest and the highest median of a run on the last network.
        fooling_share: The share of fooling images in the last training set.
        caught: Of the images that evolved against the network before and were not learned, the share that the median
            network calls fooling.
        caught_after: The same of images that evolved against the network itself.
        iterations: Retrained networks.
        runs: Behind each median.
        generations: After the random images.
        scale: Runs, sizes and data in words.
    """

    medians: tuple[float, ...]
    first_as_far: int | None
    last_run_medians: tuple[float, float]
    fooling_share: float
    caught: float
    caught_after: float
    iterations: int
    runs: int
    generations: int
    scale: str


def measure_chain(networks: Sequence[RetrainedDigits], children: int, data: str, coordinates: str) -> ChainFound:
    """Reduce a chain to what it comes to.

    Args:
        networks: The first network, then at least one retrained one.
        children: Per generation.
        data: What the networks learned besides fooling images, in words.
        coordinates: What CPPNs are fed, in words.

    Raises:
        ValueError: If no network was retrained.
    """
    first, *retrained = networks
    if not retrained:
        raise ValueError("No network was retrained, so there is nothing to compare the first one with.")
    last = retrained[-1]
    (runs, cells), generations = last.log_odds.shape, last.medians.shape[1] - 1
    medians = tuple(float(np.median(to_confidence(one.log_odds))) for one in networks)
    size = describe_size(runs, cells, generations, children)
    reached = to_confidence(np.median(first.medians, axis=0)) >= medians[-1]  # (generations + 1,)
    return ChainFound(
        medians=medians,
        first_as_far=int(reached.argmax()) if reached.any() else None,
        last_run_medians=spread_of_runs(to_confidence(last.log_odds)),
        fooling_share=float(last.fooling / (last.natural + last.fooling)),
        caught=float(np.median([one.caught_before.mean() for one in retrained])),
        caught_after=float(np.median([one.caught_after.mean() for one in retrained])),
        iterations=len(retrained),
        runs=runs,
        generations=generations,
        scale=(
            f"one chain, one seed for each network; {size} on each of {len(networks)} networks, trained on {data}; "
            f"coordinates {coordinates}"
        ),
    )


def judge(found: ChainFound) -> str:
    """Judge by the last network: after 15 iterations images still reach a median of 99.99%; 99% is the direction."""
    if found.iterations < ITERATIONS or found.runs < RUNS:
        return UNTESTED
    if found.medians[-1] >= NEAR_CERTAIN:
        return REPRODUCED
    return PARTLY if found.medians[-1] >= NEARLY_CERTAIN else NOT


def tell(found: ChainFound) -> str:
    """Return the first and the last median of the chain in a sentence."""
    first, last = (show_confidence(found.medians[place]) for place in (0, -1))
    iterations = count_words(found.iterations, "iteration")
    return (
        f"After {iterations} of a growing fooling class new images reach a median of {last}, against {first} on the "
        "first network; one chain."
    )


def tabulate(found: ChainFound) -> Rows:
    """Return the medians before, while and after retraining, and what the fooling class caught."""
    first, last, lowest = map(show_confidence, (found.medians[0], found.medians[-1], min(found.medians)))
    low, high = map(show_confidence, found.last_run_medians)
    rises, times = sum(after > one for one, after in pairwise(found.medians)), count_words(found.iterations, "time")
    runs = count_words(found.runs, "run")
    return (
        ("median on DNN1, which knows no fooling class", first, "not known"),
        (
            f"median on DNN{found.iterations + 1}, after {count_words(found.iterations, 'iteration')}",
            f"{last} (by run {low} to {high}, n = {runs})",
            "99.99% after 15, 30 runs",
        ),
        ("in between", f"lowest median {lowest}; from network to network it rose {rises} of {times}", "not known"),
        *_tell_delay(found),
        ("fooling class in the last training set", f"{found.fooling_share:.0%}", "25%"),
        (
            "images against the network before, none of them learned",
            f"the median network calls {found.caught:.0%} fooling",
            "retrained networks learn to",
        ),
        (
            "images against the network itself",
            f"the median network calls {found.caught_after:.0%} fooling",
            "not known",
        ),
    )


def _tell_delay(found: ChainFound) -> Rows:
    """Say how much sooner the first network was fooled as far as the last one, where it was, and what follows."""
    sooner, last = found.first_as_far, found.medians[-1]
    if sooner is None or sooner >= found.generations:
        return ()
    where = f"images by generation {sooner}" if sooner else "random images of generation 0"
    follows = ": the fooling class slows evolution and does not stop it" if last > OWN_ANSWER else ""
    what = f"{show_confidence(last)}, which images reach by generation {found.generations}"
    return ((what, f"the first network's {where} had it{follows}", "not known"),)


CLAIM = Claim(
    id="retrain-mnist",
    title="A fooling class does not help on digits",
    section="§3.6",
    # The sentence is the paper's own; its numbers are told by others.
    sentence=(
        "“While retrained DNNs learn to classify the negative examples as fooling images, a new batch of fooling "
        "images can be produced that fool these new networks, even after many retraining iterations.”"
    ),
    number="99.99% still reached; after 15 iterations (recalled)",
    grade=SECONDARY,
    page="11_retraining",
    record=ChainFound,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=attrgetter("scale"),
)
