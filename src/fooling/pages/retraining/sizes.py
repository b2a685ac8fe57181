"""How often and how long networks are retrained, at each profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fooling.pages.searches import ImageNetSizes, SearchSizes


@dataclass(frozen=True)
class ChainSizes(SearchSizes):
    """How often a digit network learns a fooling class."""

    natural: int  # digits to learn from, besides fooling images
    iterations: int  # retrained networks, each from its own initialisation
    steps: int  # solver steps per network
    longer: int  # generations to which evolution against the last network goes on


@dataclass(frozen=True)
class HeadSizes(ImageNetSizes):
    """How an ImageNet network learns a fooling class; without random search."""

    photograph_crops: int = 1_000  # random crops of photographs on which the old network is the teacher
    steps: int = 1_000  # solver steps


@dataclass(frozen=True)
class RetrainingSizes:
    """Of both experiments."""

    digits: ChainSizes
    imagenet: HeadSizes


# The paper: 15 iterations, 30 runs each; the first fooling images come from 300 runs. On ImageNet
# searches are as long as on page 08, whose images are those against the first network.
SIZES: Mapping[str, RetrainingSizes] = {
    "smoke": RetrainingSizes(
        ChainSizes(runs=1, generations=3, children=50, natural=500, iterations=1, steps=50, longer=6),
        HeadSizes(2, 2, 30, photograph_crops=40, steps=5),
    ),
    "default": RetrainingSizes(
        ChainSizes(2, 200, 200, natural=4_000, iterations=2, steps=1_000, longer=400),
        HeadSizes(2, 10, 400, photograph_crops=500, steps=100),
    ),
    "extended": RetrainingSizes(
        ChainSizes(30, 200, 200, natural=60_000, iterations=15, steps=10_000, longer=1_000),
        HeadSizes(4, 250, 400, photograph_crops=4_000, steps=1_000),
    ),
    "paper": RetrainingSizes(
        ChainSizes(30, 200, 200, natural=60_000, iterations=15, steps=10_000, longer=1_000),
        HeadSizes(5, 5_000, 400, crops="ten", photograph_crops=100_000, steps=50_000),
    ),
}
