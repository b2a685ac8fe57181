"""Two searches compared class by class: what a test of independent samples does not see."""

from __future__ import annotations

from typing import Any

import numpy as np

from fooling.pages.findings.searches import to_confidence


def pair_classes(first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test between the medians over runs of the same classes.

    Mann-Whitney's test treats the classes of the two searches as different ones. Here each is held against itself.
    Like there, one image that holds many cells makes classes depend on one another, so that p is too small.

    Args:
        first: ``(runs, classes)`` confidences or log-odds.
        second: The same of the other search on the same classes, in the same order; runs may differ.

    Returns:
        The p; 1 where no class differs.

    Raises:
        ValueError: If they are not of the same classes, or hold NaN.
    """
    from scipy.stats import wilcoxon  # slow to import, and status and findings have no need of it

    one, other = _take_medians(first, second)
    return float(wilcoxon(one, other).pvalue) if (one != other).any() else 1.0


def compare_starts(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Compare two searches before anything evolved: what differs there is not the work of evolution.

    Args:
        first: ``(runs, generations + 1, classes) float32`` log-odds.
        second: The same of the other search on the same classes; runs and generations may differ.

    Returns:
        JSON: the medians over runs and classes at generation 0, in how many classes the first search is ahead there,
        the p of :func:`pair_classes`.
    """
    one, other = (to_confidence(history[:, 0]) for history in (first, second))
    medians = _take_medians(one, other)
    return {
        "medians": [float(np.median(part)) for part in (one, other)],
        "classes_ahead": int((medians[0] > medians[1]).sum()),
        "paired_p": pair_classes(one, other),
    }


def _take_medians(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(f"Searches are (runs, classes) of the same classes, not {first.shape} and {second.shape}.")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("The values to compare hold NaN, which is neither above nor below another.")
    return np.median(first, axis=0), np.median(second, axis=0)
