"""What all pages about searches share: their sizes, and the numbers that a finished search is reduced to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SearchSizes:
    """How long and how often images evolve."""

    runs: int  # independent runs
    generations: int  # generations after the random images
    children: int  # random images at the start, and children per generation


@dataclass(frozen=True)
class ImageNetSizes(SearchSizes):
    """The same on ImageNet, where a search over all classes and one over a few compare by children per cell."""

    baseline_runs: int  # independent runs of random search
    network: str = "EfficientNet-Lite0"  # the network to fool, by name
    crops: str = "one"  # "one" or "ten"; the released code averages ten
    classes: tuple[int, ...] = ()  # the classes that get a cell; empty for all 1000


LITES = ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2")
# The classes that the paper's supplement shows images of, by gradient ascent; named here before any run of ours.
SUPPLEMENT_CLASSES = (
    *(200, 207, 215, 279, 366, 367, 390, 414, 445, 500),
    *(509, 580, 643, 657, 704, 713, 782, 805, 826, 906),
)


def spread_of_runs(final: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest median of a run, from ``(runs, classes)``."""
    by_run = np.median(final, axis=1)
    return float(by_run.min()), float(by_run.max())


def describe_size(runs: int, cells: int, generations: int, children: int) -> str:
    """Return the size of a search in words."""
    return f"{runs} runs × {cells} classes, {generations} generations × {children} children"


def describe_network(network: str, crops: str) -> str:
    """Return a network and its crops in words."""
    return f"{network}, {crops} crop{'s' if crops == 'ten' else ''}"
