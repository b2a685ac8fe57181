"""The rules for the digit claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.paper.verdicts import NOT, PARTLY, REPRODUCED, UNTESTED, show_confidence

NEAR_CERTAIN = 0.9999  # "99.99%", the confidence that the paper's MNIST claims name
MNIST_RUNS, MNIST_GENERATIONS, MNIST_CHILDREN = 5, 200, 200  # Choice of runs; the paper's generations and children


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
