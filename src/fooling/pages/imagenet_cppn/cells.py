"""Do the other classes' champions help? The same search with cells for a few classes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.words import count_words, show_confidence, show_few, table

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

# Of two runs with cells for the supplement's classes alone; 0 for none. They stand apart from the other sizes of the
# page, which are part of the keys of later pages.
GENERATIONS: Mapping[str, int] = {"smoke": 2, "default": 0, "extended": 50, "paper": 50}


@dataclass(frozen=True)
class Reached:
    """What the few classes reached in one kind of search."""

    cells: int  # of the whole search
    images: int  # that each run evaluated
    per_cell: float  # children per cell
    median: float  # confidence, over runs and the few classes
    runs: tuple[float, float]  # lowest and highest median of a run


@dataclass(frozen=True)
class Cells:
    """The same classes with all cells beside them, alone with as many images, and alone with as many per cell."""

    classes: int  # that are compared
    seeds: int  # runs of each
    together: Reached
    alone: Reached
    alone_per_cell: Reached

    @property
    def ahead(self) -> str:
        """Which search is ahead at equal images, each run of it above each of the other: "all", "few" or neither."""
        if self.together.runs[0] > self.alone.runs[1]:
            return "all"
        return "few" if self.alone.runs[0] > self.together.runs[1] else ""


def measure(together: Evolution, alone: Evolution) -> Cells:
    """Compare two searches of the same children; ``alone`` has fewer cells, and no more runs and generations."""
    end = alone.generations
    equal = max(1, round(end * len(alone.classes) / len(together.classes)))  # generations of as many children per cell
    few = np.flatnonzero(np.isin(together.classes, alone.classes))
    return Cells(
        classes=len(alone.classes),
        seeds=len(alone.seeds),
        together=_reach(together, together.history[: len(alone.seeds), end][:, few], end),
        alone=_reach(alone, alone.history[:, end], end),
        alone_per_cell=_reach(alone, alone.history[:, equal], equal),
    )


def _reach(run: Evolution, log_odds: np.ndarray, generations: int) -> Reached:
    """Return what ``(runs, classes)`` log-odds after so many generations of a search say."""
    confidences = to_confidence(log_odds)
    medians, cells = np.median(confidences, axis=1), len(run.classes)
    return Reached(
        cells=cells,
        images=(generations + 1) * run.children,
        per_cell=generations * run.children / cells,
        median=float(np.median(confidences)),
        runs=(float(medians.min()), float(medians.max())),
    )


def tell(found: Cells) -> str:
    """Return the comparison in a sentence that needs no other beside it."""
    all_cells, alone, few = (show_confidence(one.median) for one in (found.together, found.alone, found.alone_per_cell))
    helps = {"all": "help", "few": "do not help", "": "make no clear difference"}
    return (
        f"At equal images, other classes {helps[found.ahead]}: {found.classes} ImageNet classes reach {all_cells} "
        f"among {found.together.cells:,} cells and {alone} alone; at equal children per cell, they reach {few} alone "
        f"({count_words(found.seeds, 'run')})."
    )


def tabulate(found: Cells) -> str:
    """Return the comparison as a Markdown table."""
    rows = [
        (
            f"{one.cells:,}",
            f"{one.images:,}",
            show_few(one.per_cell),
            show_confidence(one.median),
            " and ".join(show_confidence(value) for value in dict.fromkeys(one.runs)),
        )
        for one in (found.together, found.alone, found.alone_per_cell)
    ]
    runs = f"lowest and highest of {count_words(found.seeds, 'run')}"
    return table(
        ("cells", "images in a run", "children per cell", f"median of the {found.classes} classes", runs), rows
    )
