"""The numbers that a page about ImageNet reduces its runs to, as JSON: what :mod:`fooling.paper.imagenet` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from fooling.comparison import Relatedness, compare_classes
from fooling.findings.searches import (
    Search,
    describe_network,
    describe_size,
    find_median,
    spread_of_runs,
    to_confidence,
)
from fooling.paper.imagenet import DOGS_AND_CATS, IMAGENET_CLASSES

FOOLED = 0.99  # the confidence from which the paper counts an ImageNet class as fooled; Source: paper §3.3


class Assessment(Protocol):
    """What is read of a :class:`fooling.networks.assessment.Assessment`."""

    @property
    def confidences(self) -> np.ndarray:
        """Confidence in the top class, ``(count,) float32``."""

    @property
    def correct(self) -> np.ndarray:
        """Whether it is the label, ``(count,) bool``."""


def summarise_search(run: Search, baseline: Search, network: str, crops: str = "one") -> dict[str, Any]:
    """Reduce an ImageNet search to the numbers that its claims are judged by.

    Args:
        run: The search, such as an :class:`fooling.evolution.evolution.Evolution`.
        baseline: Random search on the same classes, with as many images a run.
        network: Name of the network that was fooled.
        crops: "one" or "ten".

    Returns:
        JSON: the final median over runs and classes, that of the baseline, the lowest and highest median of a run, the
        number of classes whose median over runs is 99% or more, runs, classes with a cell, generations, children,
        children per cell, network, scale.

    Raises:
        ValueError: If the baseline is of other classes or another size.
    """
    if tuple(run.classes) != tuple(baseline.classes):
        raise ValueError("The search and its baseline are of different classes.")
    sizes = [one.generations * one.children for one in (run, baseline)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"The search bred {sizes[0]:,} images a run and its baseline {sizes[1]:,}; give both as many.")
    final = to_confidence(run.log_odds)  # (runs, cells)
    cells = len(run.classes)
    size = describe_size(len(final), cells, run.generations, run.children)
    return {
        "median": float(np.median(final)),
        "baseline_median": float(np.median(to_confidence(baseline.log_odds))),
        "run_medians": spread_of_runs(final),
        "fooled": int((np.median(final, axis=0) >= FOOLED).sum()),
        "runs": len(final),
        "classes": cells,
        "generations": run.generations,
        "children": run.children,
        "per_cell": sizes[0] / cells,
        "network": network,
        "scale": f"{size}; {describe_network(network, crops)}",
    }


def summarise_cppn(run: Search, direct: Search, baseline: Search, network: str, crops: str = "one") -> dict[str, Any]:
    """Add to :func:`summarise_search` how CPPN images compare with pixel images at equal children per cell.

    Args:
        run: The search with CPPNs.
        direct: The search with pixels on the same classes; what it reached with more children per cell is not used.
        baseline: Random search among CPPNs.
        network: Name of the network that was fooled.
        crops: "one" or "ten".

    Returns:
        JSON: further the median of pixel images, the number of classes in which CPPN is ahead, the probability of
        superiority and p of :func:`fooling.comparison.compare_classes`, and, where all 1,000 classes evolved, the
        median of dogs and cats and that of all others, else None.

    Raises:
        ValueError: If classes differ, or there were fewer children per cell for pixels, or as for summarise_search.
    """
    if tuple(run.classes) != tuple(direct.classes):
        raise ValueError("The searches with CPPNs and with pixels are of different classes.")
    generation = -(-run.generations * run.children // direct.children)  # rounded up: a whole generation for pixels
    if generation > direct.generations:
        raise ValueError(
            f"Pixels evolved for {direct.generations} generations of {direct.children}, but {generation} are as many "
            "children per cell as CPPNs had."
        )
    cppn, pixels = to_confidence(run.log_odds), to_confidence(direct.history[:, generation])  # (runs, cells)
    compared = compare_classes(cppn, pixels)
    return summarise_search(run, baseline, network, crops) | {
        "direct_median": float(np.median(pixels)),
        "classes_ahead": compared.ahead,
        "superiority": compared.superiority,
        "p": compared.p,
        "dogs_and_cats": _compare_dogs_and_cats(cppn, run.classes),
    }


def _compare_dogs_and_cats(confidences: np.ndarray, classes: Sequence[int]) -> list[float] | None:
    if len(classes) < IMAGENET_CLASSES:
        return None
    weak = np.isin(classes, np.arange(IMAGENET_CLASSES)[DOGS_AND_CATS])
    return [float(np.median(confidences[:, weak])), float(np.median(confidences[:, ~weak]))]


def summarise_relatedness(relatedness: Relatedness, run: Search, network: str, crops: str = "one") -> dict[str, Any]:
    """Return the metrics of :func:`fooling.comparison.compare_relatedness` with the scale of the search."""
    size = describe_size(len(run.log_odds), len(run.classes), run.generations, run.children)
    per_cell = run.generations * run.children / len(run.classes)
    return relatedness.metrics | {"per_cell": per_cell, "scale": f"{size}; {describe_network(network, crops)}"}


def summarise_photographs(assessment: Assessment, network: str, crops: str = "one") -> dict[str, Any]:
    """Reduce a network on labelled photographs to the numbers that ``natural-confidence`` is judged by.

    Args:
        assessment: Of at least one photograph.
        network: Name of the network.
        crops: "one" or "ten".

    Returns:
        JSON: number of images, accuracy, median confidence, the same where the network is right and where it is wrong
        (None where it never is), network, scale.
    """
    confidences, correct = assessment.confidences, assessment.correct
    return {
        "images": len(confidences),
        "accuracy": float(correct.mean()),
        "median": find_median(confidences),
        "median_right": find_median(confidences[correct]),
        "median_wrong": find_median(confidences[~correct]),
        "network": network,
        "scale": f"{len(confidences):,} labelled photographs; {describe_network(network, crops)}",
    }
