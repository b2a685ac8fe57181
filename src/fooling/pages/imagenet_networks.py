"""Page 06: do the ImageNet networks know what a photograph shows, and how certain are they of it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fooling.confidence import find_median
from fooling.pages.claim import RECALLED_LESS, UNTESTED, Claim, Rows, grade_halves
from fooling.pages.searches import describe_network
from fooling.words import show_confidence

if TYPE_CHECKING:
    from fooling.networks.assessment import Assessment

# The one nearest to the paper's first.
NETWORKS = ("SqueezeNet", "EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2")
MEDIAN, NEAR, IMAGES = 0.603, 0.15, 1_000  # the paper's median; Choice of what is near, and of enough images


@dataclass(frozen=True)
class PhotographSizes:
    """On what the ImageNet networks are checked before they are fooled."""

    networks: tuple[str, ...]  # names for fooling.networks.imagenet.load_network
    # name of a folder in data/, or "packaged", which also stand in where it is not there; the paper's are ImageNet's
    # validation images
    photographs: str
    crops: int  # random crops of the photographs, whose confidences are compared with those of random images


SIZES: Mapping[str, PhotographSizes] = {
    "smoke": PhotographSizes(networks=NETWORKS[:1], photographs="packaged", crops=20),
    "default": PhotographSizes(networks=NETWORKS[:2], photographs="imagenet-sample", crops=150),
    "extended": PhotographSizes(networks=NETWORKS, photographs="imagenet-sample", crops=4_000),
    "paper": PhotographSizes(networks=NETWORKS, photographs="imagenet-validation", crops=4_000),
}


@dataclass(frozen=True)
class Natural:
    """A network on labelled photographs."""

    images: int
    accuracy: float  # share of them whose top class is the label
    median: float  # of the confidence in the top class
    median_right: float | None  # the same where the network is right; None where it never is
    median_wrong: float | None  # the same where it is wrong
    network: str
    crops: str  # "one" or "ten"


def measure(assessment: Assessment, network: str) -> Natural:
    """Reduce a network on one crop of each of some photographs, at least one, to its accuracy and its confidences."""
    confidences, right = assessment.confidences, assessment.correct
    return Natural(
        images=len(confidences),
        accuracy=float(right.mean()),
        median=assessment.median_confidence,
        median_right=find_median(confidences[right]),
        median_wrong=find_median(confidences[~right]),
        network=network,
        crops="one",
    )


def judge(found: Natural) -> str:
    """Judge the order, right above wrong, and the number as far as another network can have it."""
    if found.images < IMAGES or found.median_right is None or found.median_wrong is None:
        return UNTESTED
    return grade_halves(abs(found.median - MEDIAN) <= NEAR, found.median_right > found.median_wrong)


def tell(found: Natural) -> str:
    """Return how certain the network is, as a sentence."""
    halves = ", ".join(
        f"it is never {answer}" if median is None else f"{show_confidence(median)} when it is {answer}"
        for answer, median in (("right", found.median_right), ("wrong", found.median_wrong))
    )
    return (
        f"{found.network} has a median confidence of {show_confidence(found.median)} in its answers to "
        f"{found.images:,} labelled photographs: {halves}."
    )


def tabulate(found: Natural) -> Rows:
    """Return accuracy and confidences beside the paper's."""
    medians = found.median_right, found.median_wrong
    right, wrong = ("never" if one is None else show_confidence(one) for one in medians)
    return (
        ("labelled photographs, usual crop", f"{found.images:,}", "ImageNet's validation images"),
        ("top class right", f"{100 * found.accuracy:.0f}%", "57.4%"),
        ("median confidence in the top class", show_confidence(found.median), "60.3%"),
        ("when right", right, "86.7%"),
        ("when wrong", wrong, "33.7%"),
    )


CLAIM = Claim(
    id="natural-confidence",
    title="A network is surer of photographs that it gets right",
    otherwise="a network is as sure of photographs that it gets wrong",
    section="supplement",
    sentence=(
        "On real ImageNet validation images half of all answers have 60.3% or less, more when the network is right "
        "than when it is wrong."
    ),
    number="median 60.3%; 86.7% when right, 33.7% when wrong",
    grade=RECALLED_LESS,
    page="06_imagenet_networks",
    record=Natural,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=lambda one: (
        f"{one.images:,} labelled photographs, by all signs training images; {describe_network(one.network, one.crops)}"
    ),
    without=frozenset({"certainty"}),  # no photograph has a class that the network knows
)
