"""The rules for the ImageNet claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.paper.verdicts import (
    NOT,
    PARTLY,
    REPRODUCED,
    UNTESTED,
    is_effect,
    is_opposite,
    show_confidence,
    show_few,
    show_p,
)

IMAGENET_CLASSES = 1000
DIRECT_FOOLED = 45  # classes at 99% or more after 20,000 generations
DIRECT_PER_CELL, CPPN_PER_CELL = 4_000, 2_000  # children per cell in the paper's two runs
CPPN_MEDIAN = 0.8811
DOGS_AND_CATS = slice(156, 287)  # the classes that the paper calls a weak spot, about
COMPARED_CLASSES, COMPARED_RUNS, COMPARED_PER_CELL = 20, 2, 50  # Choice: the least that two searches are compared at
RELATED_CLASSES = 100  # Choice: with fewer, hardly any class has its neighbour beside it
REPEATED_IMAGES, REPEATED_P = 10, 0.01  # Choice: the least images with a period, and the p of the sign test
NATURAL_MEDIAN, NATURAL_NEAR, NATURAL_IMAGES = 0.603, 0.15, 1_000  # Choice of what is near, and of enough images


def describe_search(metrics: Mapping[str, Any]) -> str:
    """Put what an ImageNet search reached into words."""
    low, high = (show_confidence(value) for value in metrics["run_medians"])
    return (
        f"median {show_confidence(metrics['median'])} after {show_few(metrics['per_cell'])} children per cell "
        f"(by run {low} to {high}), {metrics['fooled']} of {metrics['classes']:,} classes ≥ 99%; "
        f"random search, as many images a run: median {show_confidence(metrics['baseline_median'])}"
    )


def judge_direct(metrics: Mapping[str, Any]) -> str:
    """Judge ``imagenet-direct``: few classes are fooled, however long pixels evolve.

    That a search fails says nothing before it has had the paper's children per cell on all classes. That it succeeds
    (a median above one half) says something at any size of at least 20 classes and 2 runs.
    """
    if metrics["classes"] < COMPARED_CLASSES or metrics["runs"] < COMPARED_RUNS:
        return UNTESTED
    if metrics["median"] > 0.5:
        return NOT
    if metrics["classes"] < IMAGENET_CLASSES or metrics["per_cell"] < DIRECT_PER_CELL:
        return UNTESTED
    return REPRODUCED if metrics["fooled"] <= 2 * DIRECT_FOOLED else PARTLY


def judge_cppn(metrics: Mapping[str, Any]) -> str:
    """Judge ``imagenet-cppn`` by its two halves.

    The comparison (at equal children per cell, CPPN images are ahead of pixel images, p < 0.0001 and more than a small
    effect) needs 20 classes, 2 runs and 50 children per cell. The number (median 88.11%) needs all classes and the
    paper's 2,000 children per cell, and counts as not met before. CPPNs that are not ahead count against the claim at
    the paper's size, or where pixels are ahead by as much; else they may only have had too little time. Dogs and cats
    are described, not judged.
    """
    if (
        metrics["classes"] < COMPARED_CLASSES
        or metrics["runs"] < COMPARED_RUNS
        or metrics["per_cell"] < COMPARED_PER_CELL
    ):
        return UNTESTED
    ahead = is_effect(metrics)
    full = metrics["classes"] >= IMAGENET_CLASSES and metrics["per_cell"] >= CPPN_PER_CELL
    number = full and metrics["median"] >= CPPN_MEDIAN
    if not (ahead or full or is_opposite(metrics)):
        return UNTESTED
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[ahead + number]


def describe_cppn(metrics: Mapping[str, Any]) -> str:
    """Add the comparison with pixel images, and dogs and cats where all classes evolved."""
    parts = [
        describe_search(metrics),
        f"pixels, as many children per cell: median {show_confidence(metrics['direct_median'])}, "
        f"CPPN ahead in {metrics['classes_ahead']} of {metrics['classes']:,} classes "
        f"(probability of superiority {metrics['superiority']:.2f}, Mann-Whitney U, {show_p(metrics['p'])}, "
        f"n = {metrics['classes']:,} classes each)",
    ]
    if metrics["dogs_and_cats"] is not None:
        weak, others = (show_confidence(value) for value in metrics["dogs_and_cats"])
        parts.append(f"dogs and cats (classes 156 to 286): median {weak}, all others {others}")
    if metrics["classes"] < IMAGENET_CLASSES or metrics["per_cell"] < CPPN_PER_CELL:
        parts.append("the number itself needs all 1,000 classes and 2,000 children per cell and was not tested")
    return "; ".join(parts)


def judge_relatedness(metrics: Mapping[str, Any]) -> str:
    """Judge ``imagenet-relatedness`` by its two halves, each with p < 0.0001 and more than a small effect.

    Within a run, classes that stand beside each other in ImageNet's order have more similar images than classes drawn
    at random. And those neighbours of one run are more alike than the images of one class in different runs.
    """
    small = metrics["classes"] < RELATED_CLASSES or metrics["runs"] < COMPARED_RUNS
    if small or metrics["per_cell"] < COMPARED_PER_CELL:
        return UNTESTED
    halves = [metrics[name] for name in ("neighbours_against_random", "neighbours_against_runs")]
    if None in halves:  # no class has its neighbour beside it
        return UNTESTED
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[sum(is_effect(half) for half in halves)]


def describe_relatedness(metrics: Mapping[str, Any]) -> str:
    """Put the similarities and both comparisons into words."""
    labels = {
        "neighbours": ("neighbouring classes of one run", None),
        "random": ("random classes of one run", metrics["neighbours_against_random"]),
        "runs": ("one class in two runs", metrics["neighbours_against_runs"]),
    }
    parts = []
    for name, (label, half) in labels.items():
        similarity = metrics["similarity"][name]
        shown = "not measured" if similarity is None else f"{round(similarity, 2) + 0.0:.2f}"  # no "-0.00"
        part = f"{label} {shown}"
        if half is not None:
            part += f" (probability of superiority {half['superiority']:.2f}, {show_p(half['p'])})"
        parts.append(part)
    tests = "no two of" if metrics["similarity"]["neighbours"] is None else "permutation tests over"
    ending = " are neighbours" if metrics["similarity"]["neighbours"] is None else ""
    described = f"median correlation of images: {', '.join(parts)}; {tests} {metrics['classes']:,} classes{ending}"
    shared = metrics["shared"]["neighbours"]
    return described if shared is None else f"{described}; {shared:.1%} of neighbours hold the very same image"


def judge_natural(metrics: Mapping[str, Any]) -> str:
    """Judge ``natural-confidence``: the order always, the number as far as another network can have it."""
    if metrics["images"] < NATURAL_IMAGES:
        return UNTESTED
    if metrics["median_right"] is None or metrics["median_wrong"] is None:  # there is no order to test
        return UNTESTED
    near = abs(metrics["median"] - NATURAL_MEDIAN) <= NATURAL_NEAR
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[near + (metrics["median_right"] > metrics["median_wrong"])]


def describe_natural(metrics: Mapping[str, Any]) -> str:
    """Put the confidences on photographs into words."""
    return (
        f"{metrics['network']} on {metrics['images']:,} labelled photographs: top-1 {100 * metrics['accuracy']:.0f}%, "
        f"median confidence {show_confidence(metrics['median'])}, "
        f"{_show_when('right', metrics['median_right'])}, {_show_when('wrong', metrics['median_wrong'])}"
    )


def _show_when(answer: str, median: float | None) -> str:
    return f"never {answer}" if median is None else f"{show_confidence(median)} when {answer}"


def judge_repetition(metrics: Mapping[str, Any]) -> str:
    """Judge ``imagenet-repetition`` by its two halves, over images of at least 50% confidence that have a period.

    "Lowers": with half of the repeated elements removed most images are less certain than whole (sign test, p < 0.01),
    whichever half of an odd number it is. "A little": with one element removed the median image keeps at least half of
    its confidence. At least 10 images.
    """
    if metrics["images"] < REPEATED_IMAGES:
        return UNTESTED
    halves = (metrics, metrics["smaller_half"])
    lowers = all(half["lowered"] > 0.5 and half["lowered_p"] < REPEATED_P for half in halves)
    return {2: REPRODUCED, 1: PARTLY, 0: NOT}[lowers + (metrics["kept_without_one"] >= 0.5)]


def describe_repetition(metrics: Mapping[str, Any]) -> str:
    """Put what is left without repeated elements, under random masks and after shuffling into words."""
    if not metrics["images"]:
        return "no image of at least 50% confidence has a period"
    smaller = metrics["smaller_half"]
    return (
        f"of its confidence the median image keeps {metrics['kept_without_one']:.1%} without one element "
        f"({metrics['kept_masked_one']:.0%} under random masks of its area) and {metrics['kept_without_half']:.0%} "
        f"without half of them (lower in {metrics['lowered']:.0%}, sign test {show_p(metrics['lowered_p'])}, "
        f"n = {metrics['images']}; {metrics['kept_masked']:.0%} under random masks); where an odd number is halved the "
        f"other way {metrics['kept_without_smaller_half']:.0%} (lower in {smaller['lowered']:.0%}, "
        f"{show_p(smaller['lowered_p'])}); with tiles shuffled {metrics['shuffled_champions']:.0%}, photographs "
        f"{metrics['shuffled_photographs']:.0%}"
    )
