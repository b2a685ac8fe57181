"""What all pages about searches share: their sizes, and the numbers that a finished search is reduced to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fooling.words import count_words


@dataclass(frozen=True)
class SearchSizes:
    """How long and how often images evolve."""

    runs: int  # independent runs
    generations: int  # generations after the random images
    children: int  # random images at the start, and children per generation


@dataclass(frozen=True)
class ImageNetSizes(SearchSizes):
    """The same on ImageNet, over all 1,000 classes."""

    baseline_runs: int = 0  # independent runs of random search
    baseline_generations: int = 0  # of each, where it is shorter; 0 for as many as a run has
    longer: int = 0  # generations to which the first run goes on; 0 where it ends with the others
    network: str = "SqueezeNet"  # the network to fool, by name: of those in packages the nearest to the paper's
    crops: str = "one"  # "one" or "ten"; the released code averages ten


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
    return f"{count_words(runs, 'run')} × {cells} classes, {generations} generations × {children} children"


def describe_network(network: str, crops: str) -> str:
    """Return a network and its crops in words."""
    return f"{network}, {crops} crop{'s' if crops == 'ten' else ''}"
