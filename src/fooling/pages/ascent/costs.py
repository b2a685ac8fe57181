"""How many images a network looks at until it is as certain as wanted: climbing beside evolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import first_generations

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution


@dataclass(frozen=True)
class Cost:
    """What it took."""

    # of the images that the network looks at for one class; None if less than half of the classes got there
    median: float | None
    reached: int  # how many got there
    tried: int  # of how many, classes × seeds or runs
    per_success: float | None  # all images looked at, over those that got there; None if none did

    def describe(self) -> tuple[str, str, str]:
        """Return the median, how many got there, and the images per success, as a table shows them."""
        numbers = ["never" if value is None else f"{value:,.4g}" for value in (self.median, self.per_success)]
        return numbers[0], f"{self.reached} of {self.tried}", numbers[1]


def count_climbed(first: np.ndarray, steps: int) -> Cost:
    """Return what ascent costs, an image looked at for each step.

    Args:
        first: ``(seeds, classes) int``: the first step that is as certain as wanted; −1 if never.
        steps: How often each image was measured.
    """
    return _count(np.where(first >= 0, first + 1.0, np.inf), float(steps))


def count_evolved(run: Evolution, classes: Sequence[int], confidence: float) -> Cost:
    """Return what a search costs for some of its classes, a child counted as a share for each class with a cell.

    Args:
        classes: Those to count, by index.

    Raises:
        ValueError: If a class has no cell.
    """
    cells = list(run.classes)
    missing = sorted(set(classes) - set(cells))
    if missing:
        raise ValueError(f"The search has no cell for class {', '.join(map(str, missing))}.")
    generations = first_generations(run.history[:, :, [cells.index(one) for one in classes]], confidence)
    share = run.children / len(cells)
    return _count(np.where(np.isnan(generations), np.inf, (generations + 1) * share), (run.generations + 1) * share)


def _count(images: np.ndarray, most: float) -> Cost:
    """Return the cost, from the images that each class took, infinite where ``most`` were not enough."""
    reached = int(np.isfinite(images).sum())
    median = float(np.sort(images, axis=None)[(images.size - 1) // 2])  # the lower one of two
    total = float(np.minimum(images, most).sum())
    return Cost(
        median=median if np.isfinite(median) else None,
        reached=reached,
        tried=images.size,
        per_success=total / reached if reached else None,
    )
