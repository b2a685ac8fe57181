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
EXACT = 9  # decimals to which differences are rounded before they meet a threshold: 0.04 − 0.03 is not above 0.01
SMALL_EFFECT = 0.56  # probability of superiority that counts as an effect; Source: Vargha & Delaney 2000


def is_effect(test: Mapping[str, Any]) -> bool:
    """Say whether a test's "superiority" is more than a small effect, with the paper's "p"."""
    return bool(test["p"] < SIGNIFICANT and test["superiority"] > SMALL_EFFECT)


def is_opposite(test: Mapping[str, Any]) -> bool:
    """Say whether the other side is ahead by as much."""
    return bool(test["p"] < SIGNIFICANT and test["superiority"] < 1.0 - SMALL_EFFECT)


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


def count_words(count: int, word: str) -> str:
    """Return a number with its word, in the plural but for 1."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def show_few(number: float) -> str:
    """Return a number of children per cell, which may be below 1, without a power of ten."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
