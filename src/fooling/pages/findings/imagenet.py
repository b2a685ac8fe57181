"""The numbers that a page about ImageNet reduces its runs to, as JSON: what :mod:`fooling.pages.paper.imagenet` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from fooling.pages.comparison import compare_classes
from fooling.pages.findings.searches import (
    Search,
    describe_network,
    describe_size,
    find_median,
    spread_of_runs,
    to_confidence,
)
from fooling.pages.paper.imagenet import DOGS_AND_CATS, IMAGENET_CLASSES

REPEATED_LEAST = 0.5  # confidence from which a champion is judged; Source: the rule, judge_repetition
TILES = 4  # along a side, for the number that is reported; Choice: a grid between the coarsest and the finest
FOOLED = 0.99  # the confidence from which the paper counts an ImageNet class as fooled; Source: paper §3.3


class Assessment(Protocol):
    """What is read of a :class:`fooling.networks.assessment.Assessment`."""

    @property
    def confidences(self) -> np.ndarray:
        """Confidence in the top class, ``(count,) float32``."""

    @property
    def correct(self) -> np.ndarray:
        """Whether it is the label, ``(count,) bool``."""


class Elements(Protocol):
    """What is read of :class:`fooling.pages.repetition.Elements`."""

    @property
    def elements(self) -> np.ndarray:
        """How many elements an image has, ``(count,) int32``; 0 where it has no period."""

    @property
    def whole(self) -> np.ndarray:
        """Confidence of the whole image, ``(count,) float32``."""

    @property
    def kept(self) -> np.ndarray:
        """Confidence with the first k elements kept, ``(count, most + 1) float32``."""

    @property
    def masked(self) -> np.ndarray:
        """Confidence under random masks of the same area, ``(count, masks, most + 1) float32``."""


class Tiles(Protocol):
    """What is read of :class:`fooling.pages.repetition.Tiles`."""

    @property
    def grids(self) -> np.ndarray:
        """Tiles along a side, ``(grids,) int32``."""

    @property
    def whole(self) -> np.ndarray:
        """Confidence of the image as it is, ``(count,) float32``."""

    @property
    def shuffled(self) -> np.ndarray:
        """Confidence with its tiles shuffled, ``(count, grids, shuffles) float32``."""


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
        superiority and p of :func:`fooling.pages.comparison.compare_classes`, and, where all 1,000 classes evolved, the
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


def summarise_relatedness(relatedness: Any, run: Search, network: str, crops: str = "one") -> dict[str, Any]:
    """Return the metrics of :func:`fooling.pages.comparison.compare_relatedness` with the scale of the search."""
    size = describe_size(len(run.log_odds), len(run.classes), run.generations, run.children)
    per_cell = run.generations * run.children / len(run.classes)
    return dict(relatedness.metrics) | {"per_cell": per_cell, "scale": f"{size}; {describe_network(network, crops)}"}


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


def summarise_repetition(
    elements: Elements, champions: Tiles, photographs: Tiles, network: str, crops: str = "one"
) -> dict[str, Any]:
    """Reduce images without their repeated elements to the numbers that ``imagenet-repetition`` is judged by.

    Judged are champions of at least 50% confidence that have a period. What is kept is a share of the whole image's
    confidence; random masks and shuffles of one image count with their median, and images with theirs. An odd number
    of elements has two halves: of three, "half" leaves one, and "smaller_half" leaves two.

    Args:
        elements: Of the champions.
        champions: The same images with their tiles shuffled.
        photographs: At least one photograph with its tiles shuffled.
        network: Name of the network.
        crops: "one" or "ten".

    Returns:
        JSON: the numbers of champions, of those with a period and of those judged ("images"); the share of these that
        is less certain without half of its elements, with p of a two-sided sign test, which leaves out an image that
        is exactly as certain, and both for the smaller half; the medians kept without one element, without half,
        without the smaller half, under masks of one element's and of half's area, with 4 × 4 tiles shuffled, and of
        photographs likewise; "spread" with quartiles of each; network, scale. Where there
        is no image to judge, None instead of its numbers.

    Raises:
        ValueError: If the images are not the same ones, there is no photograph, or no 4 × 4 tiles were shuffled.
    """
    if len(elements.whole) != len(champions.whole) or not len(photographs.whole):
        raise ValueError(
            f"Elements of {len(elements.whole)} and tiles of {len(champions.whole)} champions were given, with "
            f"{len(photographs.whole)} photographs; champions must be the same, and a photograph is needed."
        )
    judged = np.flatnonzero((elements.elements > 0) & (elements.whole >= REPEATED_LEAST))
    count, whole = elements.elements[judged], elements.whole[judged]
    shares = {
        "kept_without_one": elements.kept[judged, count - 1] / whole,
        "kept_without_half": elements.kept[judged, count // 2] / whole,
        "kept_without_smaller_half": elements.kept[judged, -(-count // 2)] / whole,
        "kept_masked": np.median(elements.masked[judged, :, count // 2], axis=1) / whole,
        "kept_masked_one": np.median(elements.masked[judged, :, count - 1], axis=1) / whole,
        "shuffled_champions": _share_shuffled(champions)[judged],
        "shuffled_photographs": _share_shuffled(photographs),
    }
    periodic = int((elements.elements > 0).sum())
    return {
        **{name: find_median(values) for name, values in shares.items()},
        **_test_signs(shares["kept_without_half"]),
        "smaller_half": _test_signs(shares["kept_without_smaller_half"]),
        "spread": {name: _find_quartiles(values) for name, values in shares.items()},
        "champions": len(elements.whole),
        "periodic": periodic,
        "images": len(judged),
        "photographs": len(photographs.whole),
        "network": network,
        "scale": f"{len(elements.whole)} champions, {periodic} with a period, {len(judged)} of these of at least 50%; "
        f"random masks and shuffles of each: {elements.masked.shape[1]}; {describe_network(network, crops)}",
    }


def _share_shuffled(tiles: Tiles) -> np.ndarray:
    """Return the share of confidence that each image keeps with 4 × 4 tiles shuffled, ``(count,) float32``."""
    column = np.flatnonzero(tiles.grids == TILES)
    if not column.size:
        raise ValueError(f"Tiles were shuffled {tiles.grids.tolist()} along a side, but {TILES} is what is reported.")
    return np.asarray(np.median(tiles.shuffled[:, column[0]], axis=1) / tiles.whole)


def _test_signs(shares: np.ndarray) -> dict[str, float | None]:
    from scipy.stats import binomtest  # slow to import, and status and findings have no need of it

    if not shares.size:
        return {"lowered": None, "lowered_p": None}
    lower, higher = int((shares < 1.0).sum()), int((shares > 1.0).sum())
    p = binomtest(lower, lower + higher, alternative="two-sided").pvalue if lower + higher else 1.0
    return {"lowered": lower / shares.size, "lowered_p": float(p)}


def _find_quartiles(shares: np.ndarray) -> list[float] | None:
    return [float(value) for value in np.percentile(shares, (25, 75))] if shares.size else None
