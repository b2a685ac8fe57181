"""The rules for the digit claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.paper.verdicts import (
    NOT,
    PARTLY,
    REPRODUCED,
    UNTESTED,
    count_words,
    is_effect,
    show_confidence,
    show_p,
)

NEAR_CERTAIN = 0.9999  # "99.99%", the confidence that the paper's MNIST claims name
MNIST_RUNS, MNIST_GENERATIONS, MNIST_CHILDREN = 5, 200, 200  # Choice of runs; the paper's generations and children
FEATURE_RUNS = 20  # Choice: the least over which features are compared; the paper has 50
SIZES, NETWORKS_PER_SIZE = 4, 3  # Choice: the least that a trend over training sizes is read from
TREND_P, TREND_FOLD = 0.01, 1.5  # Choice: a trend is this unlikely without one, and this large


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


def judge_features(metrics: Mapping[str, Any]) -> str:
    """Judge ``mnist-features`` by its three statements, each with p < 0.0001 and more than a small effect.

    Champions of 1 have more vertical edges than those of other digits; champions of 2 have more of their edges as
    horizontal ones in the lower half, and more of these there than in the upper half; and champions of one digit are
    more alike over runs than those of two digits. It takes 20 runs of the paper's generations and children.
    """
    if metrics["runs"] < FEATURE_RUNS or not big_enough(metrics):
        return UNTESTED
    low_bar = is_effect(metrics["low_bar_2"]) and is_effect(metrics["low_share_2"])
    met = is_effect(metrics["vertical_1"]) + low_bar + is_effect(metrics["alike"])
    return REPRODUCED if met == 3 else PARTLY if met else NOT


def describe_features(metrics: Mapping[str, Any]) -> str:
    """Put the effects, the last one for pixel images, and those of random CPPNs into words."""
    labels = {
        "vertical_1": "that a 1 is more vertical than another digit",
        "low_bar_2": "that a 2 has more horizontal edges in its lower half",
        "low_share_2": "that more of its horizontal edges are there than in the upper half",
        "alike": "that images of one digit are more alike over runs than those of two",
        "alike_direct": "the last for pixel images",
    }
    parts = [
        f"{label} {metrics[name]['superiority']:.2f}, {show_p(metrics[name]['p'])}" for name, label in labels.items()
    ]
    tests = f"permutation tests, n = {count_words(metrics['runs'], 'run')}"
    unbred = metrics["controls"].get("random CPPN")
    if unbred:
        found = ", ".join(f"{unbred[name]['superiority']:.2f}" for name in labels if name in unbred)
        parts.append(f"of random CPPNs, never bred, the first four are {found}")
    return f"probability of superiority ({tests}): {'; '.join(parts)}"


def judge_small_data(metrics: Mapping[str, Any]) -> str:
    """Judge ``small-data``, the hypothesis that more training data makes fooling harder.

    Prevention is a median below 99% with the most digits where 99.99% is reached with the fewest, in both encodings. A
    trend is that images needed for a median of 99.99% grow with the digits (rank correlation above 0, p < 0.01 by
    permutation) and are 1.5 times as many with the most digits as with the fewest, in at least one encoding. It takes 4
    sizes, 3 networks for each, and the paper's generations and children.
    """
    if metrics["sizes"] < SIZES or metrics["networks_per_size"] < NETWORKS_PER_SIZE:
        return UNTESTED
    if metrics["generations"] < MNIST_GENERATIONS or metrics["children"] < MNIST_CHILDREN:
        return UNTESTED
    encodings = [metrics["direct"], metrics["cppn"]]
    if all(one["median_most"] < 0.99 and one["needed"][0] is not None for one in encodings):
        return REPRODUCED
    grows = [one["correlation"] > 0 and one["p"] < TREND_P and one["fold"] >= TREND_FOLD for one in encodings]
    return PARTLY if any(grows) else NOT


def describe_small_data(metrics: Mapping[str, Any]) -> str:
    """Say what became of the hypothesis; held-out errors and images needed with the fewest and the most digits."""
    few, most = (f"{size:,}" for size in metrics["extremes"])
    low, high = (f"{100 * error:.1f}%" for error in metrics["errors"])
    parts = []
    for name, label in (("direct", "pixels"), ("cppn", "CPPN")):
        one = metrics[name]
        needed = " to ".join(f"{count:,.0f}" if count is not None else "never" for count in one["needed"])
        parts.append(
            f"{label}: images needed for a median of 99.99%, in generations of {metrics['children']}: {needed} (rank "
            f"correlation {round(one['correlation'], 2) + 0.0:.2f}, {show_p(one['p'])} by permutation, "
            f"n = {count_words(metrics['networks'], 'network')}), "
            f"final median with the most digits {show_confidence(one['median_most'])}"
        )
    supported = {REPRODUCED: "supported", PARTLY: "supported in part", NOT: "not supported", UNTESTED: "not judged"}
    became = f"a hypothesis of the paper, {supported[judge_small_data(metrics)]} from {few} to {most} digits"
    return f"{became}: held-out error {low} to {high}; {'; '.join(parts)}"
