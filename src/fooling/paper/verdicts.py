"""Verdicts, how sure a number of the paper is, and how numbers are put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

REPRODUCED, PARTLY, NOT = "reproduced", "partly reproduced", "not reproduced"
UNTESTED = "not tested at this scale"

# How sure a sentence or number of the paper is, printed wherever it is.
QUOTE = "the paper's words"
RECALLED = "recalled, not checked against the paper"
RECALLED_LESS = "recalled, less surely"

SIGNIFICANT = 0.0001  # the paper's p
SMALL_EFFECT = 0.56  # probability of superiority that counts as an effect; Source: Vargha & Delaney 2000


def is_effect(test: Mapping[str, Any]) -> bool:
    """Say whether a test's "superiority" is more than a small effect, with the paper's "p"."""
    return bool(test["p"] < SIGNIFICANT and test["superiority"] > SMALL_EFFECT)


def show_confidence(confidence: float) -> str:
    """Return a confidence as a percentage that never rounds to certainty or to nothing."""
    percentage = 100.0 * float(confidence)
    if math.isnan(percentage):
        return "undefined"
    if percentage > 99.9999:
        return "> 99.9999%"
    if percentage < 0.01:
        return "< 0.01%"
    return f"{percentage:.4f}%" if percentage > 99.9 else f"{percentage:.2f}%"


def show_p(p: float) -> str:
    """Return a p-value as text; a p below the paper's is not told apart further."""
    return "p < 0.0001" if p < SIGNIFICANT else f"p = {p:.4f}"
