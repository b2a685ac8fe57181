"""What the explorer's page tells of its search, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fooling.pages.findings.searches import to_confidence
from fooling.pages.paper import show_confidence


def summarise_exploration(
    class_names: Sequence[str],
    log_odds: np.ndarray,
    cell: int,
    line: Sequence[Sequence[int]],
    neighbours: np.ndarray,
    bred: Sequence[float],
) -> dict[str, Any]:
    """Return the numbers of the page.

    Args:
        class_names: One per cell.
        log_odds: ``(cells,) float32``: the champions'.
        cell: The cell that is looked at.
        line: For each image of its champion's line, the champion last, the cells that it took.
        neighbours: ``(1 + count, cells) float32``: log-odds of that champion, then of images one mutation away.
        bred: The highest confidence of each litter in the class that was bred for, the first images first.
    """
    before, after = neighbours[0, cell], neighbours[1:, cell]
    return {
        "cells": len(class_names),
        "median": float(np.median(to_confidence(log_odds))),
        "class": str(class_names[cell]),
        "confidence": float(to_confidence(log_odds[cell])),
        "line": len(line),
        "held": len({cell for cells in line for cell in cells}),
        "neighbours": len(after),
        "same class": int((neighbours[1:].argmax(axis=1) == cell).sum()),
        "more certain": int((after > before).sum()),
        "bred": [float(share) for share in bred],
    }


def tell_exploration(metrics: Mapping[str, Any]) -> str:
    """Return the numbers of the page as sentences."""
    certain, (first, *_, last) = show_confidence(metrics["confidence"]), metrics["bred"]
    highest = show_confidence(max(metrics["bred"]))
    held = f"{metrics['held']} class{'es' * (metrics['held'] != 1)}"
    return (
        f"The {metrics['cells']:,} champions have a median confidence of {show_confidence(metrics['median'])}. The one "
        f"for {metrics['class']} ({certain}) ends a line of {metrics['line']:,} images, which between them took the "
        f"cells of {held}. Of its {metrics['neighbours']} neighbours one mutation away the network takes "
        f"{metrics['same class']} for the same class, and {metrics['more certain']} are more certain than it. Bred "
        f"by the rule, the best child's confidence in {metrics['class']} goes from {show_confidence(first)} among the "
        f"random images to {show_confidence(last)} in the last of {len(metrics['bred']) - 1} litters, the highest on "
        f"the way being {highest}."
    )
