"""What the paper claims, each claim with the rule that decides whether this project reproduced it.

Nguyen, Yosinski & Clune, "Deep Neural Networks are Easily Fooled: High Confidence Predictions for Unrecognizable
Images", CVPR 2015. The rules were written before the runs that they judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

REPRODUCED, PARTLY, NOT = "reproduced", "partly reproduced", "not reproduced"
UNTESTED = "not tested at this scale"

# How sure a sentence or number of the paper is, printed wherever it is.
QUOTE = "the paper's words"
RECALLED = "recalled, not checked against the paper"

NEAR_CERTAIN = 0.9999  # "99.99%", the confidence that the paper's MNIST claims name
MNIST_RUNS, MNIST_GENERATIONS, MNIST_CHILDREN = 5, 200, 200  # Choice of runs; the paper's generations and children


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    Attributes:
        id: Short name.
        section: Where the paper makes it.
        sentence: What it says.
        number: The number to compare with.
        grade: How sure sentence and number are.
        page: The notebook that tests it.
        judge: From the page's metrics for this claim to a verdict.
        describe: From the same metrics to our number, in words.
    """

    id: str
    section: str
    sentence: str
    number: str
    grade: str
    page: str
    judge: Callable[[Mapping[str, Any]], str]
    describe: Callable[[Mapping[str, Any]], str]


def show_confidence(confidence: float) -> str:
    """Return a confidence as a percentage that never rounds to certainty or to nothing."""
    percentage = 100.0 * float(confidence)
    if math.isnan(percentage):
        return "undefined"
    if percentage > 99.9999:
        return "> 99.9999%"
    if percentage < 0.01:
        return "< 0.01%"
    return f"{percentage:.4f}%" if percentage > 99.9 else f"{percentage:.2f}%"


def big_enough(metrics: Mapping[str, Any]) -> bool:
    """Say whether digits evolved at the scale that the rules need."""
    return bool(
        metrics["runs"] >= MNIST_RUNS
        and metrics["generations"] >= MNIST_GENERATIONS
        and metrics["children"] >= MNIST_CHILDREN
    )


def judge_direct(metrics: Mapping[str, Any]) -> str:
    """Judge ``mnist-direct``: the median at 200 generations, and every digit of every run before generation 50."""
    if not big_enough(metrics):
        return UNTESTED
    halves = (metrics["median"] >= NEAR_CERTAIN, metrics["runs_certain_before_50"] == metrics["runs"])
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[sum(halves)]


def judge_cppn(metrics: Mapping[str, Any]) -> str:
    """Judge ``mnist-cppn``: the median at 200 generations; at 99% or more the direction is met."""
    if not big_enough(metrics):
        return UNTESTED
    if metrics["median"] >= NEAR_CERTAIN:
        return REPRODUCED
    return PARTLY if metrics["median"] >= 0.99 else NOT


def describe_confidence(metrics: Mapping[str, Any]) -> str:
    """Put the median, its spread over runs, the lowest champion and the baseline into words."""
    median = show_confidence(metrics["median"])
    low, high = (show_confidence(value) for value in metrics["run_medians"])
    spread = "in each run" if low == high else f"by run {low} to {high}"
    return (
        f"median {median} after {metrics['generations']} generations ({spread}), "
        f"lowest champion {show_confidence(metrics['lowest'])}; "
        f"random search, as many images: median {show_confidence(metrics['baseline_median'])}"
    )


def describe_direct(metrics: Mapping[str, Any]) -> str:
    """Add in how many runs every digit was certain in time for the paper's sentence."""
    before, end = (
        f"{metrics[name] or 'none'} of {metrics['runs']} runs" for name in ("runs_certain_before_50", "runs_certain")
    )
    return f"{describe_confidence(metrics)}; every digit ≥ 99.99% before generation 50 in {before}, at the end in {end}"


CPPN_SENTENCE = "CPPN images reach the same confidence; median after 200 generations."

CLAIMS = (
    Claim(
        id="mnist-direct",
        section="§3.1, Fig. 4",
        sentence=(
            "“In less than 50 generations, each run … ≥ 99.99% confidence. "
            "By 200 generations, median confidence is 99.99%.”"
        ),
        number="every digit 99.99% before generation 50, median 99.99% by 200",
        grade=QUOTE,
        page="02_mnist_direct",
        judge=judge_direct,
        describe=describe_direct,
    ),
    Claim(
        id="mnist-cppn",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE,
        number="median 99.99% by generation 200",
        grade=RECALLED,
        page="03_mnist_cppn",
        judge=judge_cppn,
        describe=describe_confidence,
    ),
    Claim(
        id="mnist-cppn-raw",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE
        + " This row feeds pixel indices as coordinates, as the released code does; the row above feeds [−1, 1].",
        number="median 99.99% by generation 200",
        grade=RECALLED,
        page="03_mnist_cppn",
        judge=judge_cppn,
        describe=describe_confidence,
    ),
)


def find_claim(claim_id: str) -> Claim:
    """Return the claim called ``claim_id``.

    Raises:
        ValueError: If there is none.
    """
    for claim in CLAIMS:
        if claim.id == claim_id:
            return claim
    raise ValueError(f"There is no claim {claim_id!r}; choose one of {', '.join(claim.id for claim in CLAIMS)}.")
