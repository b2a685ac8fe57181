"""The rules for networks that learned a fooling class."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from fooling.pages.paper.digits import NEAR_CERTAIN
from fooling.pages.paper.imagenet import (
    COMPARED_CLASSES,
    COMPARED_PER_CELL,
    COMPARED_RUNS,
    CPPN_PER_CELL,
    IMAGENET_CLASSES,
)
from fooling.pages.paper.transfer import describe_start
from fooling.pages.paper.verdicts import (
    EXACT,
    NOT,
    PARTLY,
    REPRODUCED,
    UNTESTED,
    count_words,
    is_effect,
    is_opposite,
    show_confidence,
    show_few,
    show_p,
)

ITERATIONS, RUNS = 15, 30  # the paper's
SIMILAR, NEARLY_SIMILAR = 0.01, 0.02  # Choice: held-out error that may be added to still be called similar, or nearly
HELD_OUT = 1_000  # Choice: the least digits that tell a hundredth
FIRST_MEDIAN, RETRAINED_MEDIAN = 0.881, 0.117
OWN_ANSWER = 0.5  # a median above it is the answer of the network itself, so that its images are still taken for digits


def judge_digits(metrics: Mapping[str, Any]) -> str:
    """Judge ``retrain-mnist``: after 15 iterations images still reach a median of 99.99%; 99% is the direction."""
    if metrics["iterations"] < ITERATIONS or metrics["runs"] < RUNS:
        return UNTESTED
    if metrics["medians"][-1] >= NEAR_CERTAIN:
        return REPRODUCED
    return PARTLY if metrics["medians"][-1] >= 0.99 else NOT


def describe_digits(metrics: Mapping[str, Any]) -> str:
    """Put the medians before, while and after retraining into words, and what the fooling class caught."""
    medians = metrics["medians"]
    first, last, lowest = map(show_confidence, (medians[0], medians[-1], min(medians)))
    low, high = (show_confidence(value) for value in metrics["last_run_medians"])
    rises = sum(after > before for before, after in pairwise(medians))
    return (
        f"median {first} before, {last} after {count_words(metrics['iterations'], 'iteration')} of one chain (by run "
        f"{low} to {high}, n = {count_words(metrics['runs'], 'run')} against the last network; lowest of all networks "
        f"{lowest}; from one network to the next it rose {rises} of {count_words(metrics['iterations'], 'time')})"
        f"{_describe_delay(metrics)}; the fooling class is {metrics['fooling_share']:.0%} of the last training set; of "
        f"images evolved against the network before, the median network calls {metrics['caught']:.0%} fooling"
    )


def _describe_delay(metrics: Mapping[str, Any]) -> str:
    """Say how much sooner the first network was fooled as far as the last one, where it was, and what follows."""
    sooner, generations = metrics["first_as_far"], metrics["generations"]
    if sooner is None or sooner >= generations:
        return ""
    last = metrics["medians"][-1]
    follows = ": the fooling class slows evolution and does not stop it" if last > OWN_ANSWER else ""
    where = f"images by generation {sooner}" if sooner else "random images of generation 0"
    return (
        f"; images still reach {show_confidence(last)} by generation {generations}, as the first network's {where} "
        f"did{follows}"
    )


def judge_error(metrics: Mapping[str, Any]) -> str:
    """Judge ``retrain-error`` on digits: the median error of the retrained networks beside that of the first.

    At most one percentage point more is similar, at most two nearly; over 15 iterations and at least 1,000 digits.
    """
    if metrics["iterations"] < ITERATIONS or metrics["held_out"] < HELD_OUT:
        return UNTESTED
    added = round(metrics["error_median"] - metrics["error_first"], EXACT)
    return REPRODUCED if added <= SIMILAR else PARTLY if added <= NEARLY_SIMILAR else NOT


def describe_error(metrics: Mapping[str, Any]) -> str:
    """Put held-out errors into words."""
    low, high = (f"{100 * error:.1f}%" for error in metrics["error_range"])
    networks = count_words(metrics["iterations"], "network")
    described = (
        f"digits: held-out error {100 * metrics['error_first']:.1f}% before; retrained {low} to {high}, median "
        f"{100 * metrics['error_median']:.1f}%, the last network {100 * metrics['error_last']:.1f}% (n = {networks} of "
        f"one chain, {metrics['held_out']:,} digits); the median network calls {100 * metrics['called_fooling']:.1f}% "
        "of the digits fooling"
    )
    if metrics["agreement"] is not None:
        described += (
            f"; ImageNet: the same top-1 as before on {metrics['agreement']:.0%} of {metrics['agreement_crops']:,} "
            f"crops of {metrics['agreement_photographs']} photographs of which nothing was learned"
        )
    return described


def judge_imagenet(metrics: Mapping[str, Any]) -> str:
    """Judge ``retrain-imagenet``: images evolved anew are less certain on DNN2 than on DNN1; and the numbers.

    The direction (p < 0.0001 and more than a small effect between classes) needs 20 classes, 2 runs and 50 children per
    cell. The numbers need all classes and the paper's 2,000 children per cell, where 88.1% must fall to 11.7% or less.
    Before that size, a retrained network that is not fooled less may only have had too little time to be fooled more.
    """
    if (
        metrics["classes"] < COMPARED_CLASSES
        or metrics["runs"] < COMPARED_RUNS
        or metrics["per_cell"] < COMPARED_PER_CELL
    ):
        return UNTESTED
    full = metrics["classes"] >= IMAGENET_CLASSES and metrics["per_cell"] >= CPPN_PER_CELL
    number = full and metrics["median_before"] >= FIRST_MEDIAN and metrics["median_after"] <= RETRAINED_MEDIAN
    if not (is_effect(metrics) or full or is_opposite(metrics)):
        return UNTESTED
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[is_effect(metrics) + number]


def describe_imagenet(metrics: Mapping[str, Any]) -> str:
    """Put what images reach before and after retraining into words."""
    before, after = (show_confidence(metrics[name]) for name in ("median_before", "median_after"))
    low, high = (show_confidence(value) for value in metrics["run_medians_after"])
    described = (
        f"median {before} on DNN1, {after} on DNN2 (by run {low} to {high}) after {show_few(metrics['per_cell'])} "
        f"children per cell; DNN1 ahead in {metrics['classes_ahead']} of {metrics['classes']:,} classes (probability "
        f"of superiority {metrics['superiority']:.2f}, Mann-Whitney U, {show_p(metrics['p'])}, "
        f"n = {metrics['classes']:,} classes each; each class against itself, Wilcoxon's signed-rank test, "
        f"{show_p(metrics['paired_p'])}); {describe_start(metrics, 'DNN1', 'DNN2')}; of the last champions of a run "
        f"that nothing was learned from, DNN2 calls {metrics['caught']:.0%} fooling"
    )
    if metrics["classes"] < IMAGENET_CLASSES or metrics["per_cell"] < CPPN_PER_CELL:
        described += "; the numbers need all 1,000 classes and 2,000 children per cell and were not tested"
    return described
