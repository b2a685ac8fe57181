"""The rules for images that are shown to another network, and for images that fool several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.paper.imagenet import COMPARED_CLASSES, COMPARED_PER_CELL, COMPARED_RUNS, IMAGENET_CLASSES
from fooling.pages.paper.verdicts import (
    EXACT,
    NOT,
    PARTLY,
    REPRODUCED,
    SIGNIFICANT,
    UNTESTED,
    count_words,
    is_effect,
    is_opposite,
    show_confidence,
    show_few,
    show_p,
)

TRANSFERRED_IMAGES = 20  # Choice: the least images at 99% or more that a share is taken of
MANY = 0.1  # Choice: a share of transferred images above that of shuffled labels by this much is "many"
ENSEMBLE_MEDIAN, ENSEMBLE_PER_CELL = (
    0.652,
    1_600,
)  # the paper's median, and 4,000 generations × 400 children / 1000 cells


def judge_transfer(metrics: Mapping[str, Any]) -> str:
    """Judge ``transfer`` for CPPN images: do many fool another initialisation, and another shape, of network?

    Of the images at 99% or more on the network they evolved on, the share that another network puts into the same class
    must exceed that share for shuffled labels by a tenth: on digits for both kinds of networks, and on ImageNet for
    another network. A part with fewer than 20 images is not tested and leaves the verdict at "partly" at best.
    """
    parts = [metrics[name] for name in ("digits_initialisation", "digits_shape", "imagenet")]
    tested = [part for part in parts if part["images"] >= TRANSFERRED_IMAGES]
    if not tested:
        return UNTESTED
    met = sum(round(part["share"] - part["shuffled"], EXACT) >= MANY for part in tested)
    return REPRODUCED if met == len(parts) else PARTLY if met else NOT


def describe_transfer(metrics: Mapping[str, Any]) -> str:
    """Put the shares, those of shuffled labels and the other networks' confidences into words."""
    labels = {
        "digits_initialisation": "digits, other initialisation",
        "digits_shape": "digits, other network",
        "imagenet": "ImageNet, other network",
        "digits_direct": "digits, pixel images, any other network",
    }
    parts = []
    for name, label in labels.items():
        one = metrics[name]
        if not one["images"]:
            parts.append(f"{label}: no image at 99%")
            continue
        parts.append(
            f"{label}: {one['share']:.0%} of {_count_showings(one)} in the same class (by pair "
            f"{one['spread'][0]:.0%} to {one['spread'][1]:.0%}; shuffled labels {one['shuffled']:.0%}), "
            f"median confidence in it {show_confidence(one['median'])}"
        )
    return "; ".join(parts)


def _count_showings(one: Mapping[str, Any]) -> str:
    images = count_words(one["images"], "image")
    return images if one["showings"] == one["images"] else f"{count_words(one['showings'], 'showing')} of {images}"


def describe_start(metrics: Mapping[str, Any], first: str, second: str) -> str:
    """Put how two searches on the same classes stood before evolution into words.

    Args:
        metrics: "classes", and "start" from :func:`fooling.pages.findings.paired.compare_starts`.
        first: What the first search is called.
        second: The same of the second.
    """
    start = metrics["start"]
    medians = " and ".join(show_confidence(median) for median in start["medians"])
    described = (
        f"before evolution {first} and {second} have {medians}, {first} ahead in {start['classes_ahead']} of "
        f"{metrics['classes']:,} classes (signed-rank test, {show_p(start['paired_p'])})"
    )
    if start["paired_p"] < SIGNIFICANT:
        described += ", so part of the difference is not the work of evolution"
    return described


def judge_ensemble(metrics: Mapping[str, Any]) -> str:
    """Judge ``ensemble``: the mean of three networks is fooled, too, far more than by random search; and the number.

    The direction needs 20 classes, 2 runs and 50 children per cell; the number all classes at the paper's size. Before
    that size, images that are not ahead may only have had too little time.
    """
    if (
        metrics["classes"] < COMPARED_CLASSES
        or metrics["runs"] < COMPARED_RUNS
        or metrics["per_cell"] < COMPARED_PER_CELL
    ):
        return UNTESTED
    full = metrics["classes"] >= IMAGENET_CLASSES and metrics["per_cell"] >= ENSEMBLE_PER_CELL
    number = full and metrics["median"] >= ENSEMBLE_MEDIAN
    if not (is_effect(metrics) or full or is_opposite(metrics)):
        return UNTESTED
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[is_effect(metrics) + number]


def describe_ensemble(metrics: Mapping[str, Any]) -> str:
    """Put what the ensemble's images reached into words."""
    low, high = (show_confidence(value) for value in metrics["run_medians"])
    described = (
        f"median {show_confidence(metrics['median'])} after {show_few(metrics['per_cell'])} children per cell "
        f"(by run {low} to {high}), {metrics['fooled']} of {metrics['classes']:,} classes ≥ 90%; as many random images "
        f"a run, none of them bred: median {show_confidence(metrics['baseline_median'])} (probability of superiority "
        f"{metrics['superiority']:.2f}, Mann-Whitney U, {show_p(metrics['p'])}, n = {metrics['classes']:,} classes "
        f"each; each class against itself, Wilcoxon's signed-rank test, {show_p(metrics['paired_p'])}); "
        f"{describe_start(metrics, 'bred images', 'random ones')}; all {metrics['networks']} networks have the class "
        f"as top-1 for {metrics['fool_all']:.0%} of the images"
    )
    if metrics["classes"] < IMAGENET_CLASSES or metrics["per_cell"] < ENSEMBLE_PER_CELL:
        described += "; the number itself needs all 1,000 classes and 1,600 children per cell and was not tested"
    return described
