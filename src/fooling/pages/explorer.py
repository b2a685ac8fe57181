"""Page 14: what a search looks like, and what it takes to breed by hand. No claim of the paper is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.searches import SearchSizes
from fooling.words import show_confidence, table

# What evolves before anybody clicks, so that the page shows something when it is only read. The paper's images evolved
# for 200 generations of 200 children; half as many children for a quarter as long fool LeNet, too, and need seconds.
SIZES: Mapping[str, SearchSizes] = {
    "smoke": SearchSizes(runs=1, generations=2, children=50),
    "default": SearchSizes(runs=1, generations=50, children=100),
    "extended": SearchSizes(runs=1, generations=200, children=200),
    "paper": SearchSizes(runs=1, generations=200, children=200),
}


@dataclass(frozen=True)
class Explored:
    """What the page saw of one search."""

    cells: int  # classes that have a champion
    median: float  # confidence over champions
    name: str  # of the class whose champion is looked at
    confidence: float  # the network's in that class
    line: int  # images of the champion's line, itself included
    held: int  # classes whose cells they took between them
    neighbours: int  # images one mutation away from it
    same_class: int  # how many of them the network takes for the same class
    more_certain: int  # how many have a higher confidence in it
    # the highest confidence in that class of each litter that a rule bred, the random images first
    bred: tuple[float, ...]


def measure(
    class_names: Sequence[str],
    log_odds: np.ndarray,
    cell: int,
    line: Sequence[Sequence[int]],
    neighbours: np.ndarray,
    litters: Sequence[np.ndarray],
) -> Explored:
    """Reduce a search that was looked at to the numbers of the page.

    Args:
        log_odds: ``(cells,) float32``: the champions'.
        line: For each image of its champion's line, the champion last, the cells that it took.
        neighbours: ``(1 + count, cells) float32``: log-odds of that champion, then of images one mutation away.
        litters: ``(children, cells) float32`` log-odds of each litter, the random images first.
    """
    before, after = neighbours[0, cell], neighbours[1:, cell]
    return Explored(
        cells=len(class_names),
        median=float(np.median(to_confidence(log_odds))),
        name=str(class_names[cell]),
        confidence=float(to_confidence(log_odds[cell])),
        line=len(line),
        held=len({cell for cells in line for cell in cells}),
        neighbours=len(after),
        same_class=int((neighbours[1:].argmax(axis=1) == cell).sum()),
        more_certain=int((after > before).sum()),
        bred=tuple(float(to_confidence(litter[:, cell].max())) for litter in litters),
    )


def headline(found: Explored) -> str:
    """Return what was found in one sentence."""
    first, last = (show_confidence(found.bred[place]) for place in (0, -1))
    return (
        f"The champion for {found.name} ({show_confidence(found.confidence)}) descends from images that held "
        f"{found.held} of {found.cells} classes; {len(found.bred) - 1} litters bred by a rule raised the best "
        f"confidence in {found.name} from {first} to {last}."
    )


def tabulate(found: Explored) -> str:
    """Return the numbers of the page as a Markdown table."""
    same = f"{found.same_class} of {found.neighbours}; more certain than it: {found.more_certain}"
    ends = [show_confidence(part) for part in (found.bred[0], found.bred[-1], max(found.bred))]
    rows = (
        (f"median confidence of the {found.cells:,} champions", show_confidence(found.median)),
        (f"confidence of the champion for {found.name}", show_confidence(found.confidence)),
        ("images of its line; classes whose cells they took", f"{found.line:,}; {found.held}"),
        ("neighbours one mutation away that the network takes for the same class", same),
        (f"bred by the rule: best confidence in {found.name} among the random images", ends[0]),
        (f"in the last of {len(found.bred) - 1} litters; the highest on the way", f"{ends[1]}; {ends[2]}"),
    )
    return table(("", "here"), rows)
