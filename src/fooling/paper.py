"""What the paper claims, each claim with the rule that decides whether this project reproduced it.

Nguyen, Yosinski & Clune, "Deep Neural Networks are Easily Fooled: High Confidence Predictions for Unrecognizable
Images", CVPR 2015. The rules were written before the runs that they judge.
"""

from __future__ import annotations

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
    """Return a confidence as a percentage that never rounds up to certainty."""
    if confidence > 0.999999:
        return "> 99.9999%"
    digits = 4 if confidence > 0.999 else 2
    return f"{int(confidence * 10 ** (digits + 2)) / 10**digits:.{digits}f}%"


def big_enough(metrics: Mapping[str, Any]) -> bool:
    """Say whether digits evolved at the scale that the rules need."""
    return bool(
        metrics["runs"] >= MNIST_RUNS
        and metrics["generations"] >= MNIST_GENERATIONS
        and metrics["children"] >= MNIST_CHILDREN
    )


def judge_direct(metrics: Mapping[str, Any]) -> str:
    """Judge ``mnist-direct``: the median at 200 generations, and every digit of every run by generation 50."""
    if not big_enough(metrics):
        return UNTESTED
    halves = (metrics["median"] >= NEAR_CERTAIN, metrics["runs_certain_by_50"] == metrics["runs"])
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
    low, high = (show_confidence(value) for value in metrics["run_medians"])
    medians = f"{low} in each run" if low == high else f"{low} to {high} by run"
    return (
        f"median {show_confidence(metrics['median'])} after {metrics['generations']} generations ({medians}), "
        f"lowest champion {show_confidence(metrics['lowest'])}; "
        f"random search, as many images: median {show_confidence(metrics['baseline_median'])}"
    )


def describe_direct(metrics: Mapping[str, Any]) -> str:
    """Add how many runs met the paper's 50 generations."""
    by_50 = f"every digit ≥ 99.99% by generation 50 in {metrics['runs_certain_by_50']} of {metrics['runs']} runs"
    return f"{describe_confidence(metrics)}; {by_50}, by the end in {metrics['runs_certain']}"


CPPN_SENTENCE = "CPPN images reach the same confidence; median after 200 generations."

CLAIMS = (
    Claim(
        id="mnist-direct",
        section="§3.1, Fig. 4",
        sentence=(
            "“In less than 50 generations, each run … ≥ 99.99% confidence. "
            "By 200 generations, median confidence is 99.99%.”"
        ),
        number="99.99%",
        grade=QUOTE,
        page="02_mnist_direct",
        judge=judge_direct,
        describe=describe_direct,
    ),
    Claim(
        id="mnist-cppn",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE,
        number="99.99%",
        grade=RECALLED,
        page="03_mnist_cppn",
        judge=judge_cppn,
        describe=describe_confidence,
    ),
    Claim(
        id="mnist-cppn-raw",
        section="§3.2, Fig. 5",
        sentence=CPPN_SENTENCE + " Here with pixel indices as coordinates, as in the released code.",
        number="99.99%",
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
