"""The rule for images that climb the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.paper.digits import NEAR_CERTAIN
from fooling.pages.paper.verdicts import NOT, PARTLY, REPRODUCED, UNTESTED, show_confidence, show_p

ASCENT_IMAGES = 20  # Choice: the least images, classes × seeds
ASCENT_P, ASCENT_EFFECT = 0.01, 0.56  # Choice: of the comparisons between the settings, over images


def judge_ascent(metrics: Mapping[str, Any]) -> str:
    """Judge ``gradient-ascent`` on ImageNet by its three parts, at the paper's steps and at least 20 images.

    Without L2 the median image reaches 99.99% at some step. At the end images with L2 are less certain. And they are
    more recognisable, in the one sense that a machine can check: another network names their class more often.
    """
    one = metrics["imagenet"]
    if one["images"] < ASCENT_IMAGES or not one["all_steps"]:
        return UNTESTED
    less = one["less_certain"]
    parts = (
        one["best_median"] >= NEAR_CERTAIN,
        less["superiority"] > ASCENT_EFFECT and less["p"] < ASCENT_P,
        one["seen_with"] > one["seen_without"] and one["seen_p"] < ASCENT_P,
    )
    return REPRODUCED if all(parts) else PARTLY if any(parts) else NOT


def describe_ascent(metrics: Mapping[str, Any]) -> str:
    """Put what ascent reached on both data sets, and the two settings beside each other, into words."""
    parts = []
    for name, label in (("imagenet", "ImageNet"), ("digits", "digits")):
        one = metrics[name]
        less, rounded = one["less_certain"], one["with_l2"]
        parts.append(
            f"{label}: without L2 the best median is {show_confidence(one['best_median'])} and the last "
            f"{show_confidence(one['last_without'])}, with L2 {show_confidence(one['last_with'])} (without is more "
            f"certain with probability {less['superiority']:.2f}, Mann-Whitney U, {show_p(less['p'])}; before rounding "
            f"to 8 bits the last median with L2 is {show_confidence(rounded['last'])} and the best "
            f"{show_confidence(rounded['best'])}); another network sees the class in {one['seen_without']:.0%} without "
            f"and {one['seen_with']:.0%} with L2 (Fisher's exact test, {show_p(one['seen_p'])}, n = {one['images']} "
            "images each)"
        )
    return "; ".join(parts)
