"""What the paper claims, each claim with the rule that decides whether this project reproduced it.

Nguyen, Yosinski & Clune, "Deep Neural Networks are Easily Fooled: High Confidence Predictions for Unrecognizable
Images", CVPR 2015. The rules were written before the runs that they judge.
"""

from __future__ import annotations

from fooling.pages.paper.claims import CLAIMS, Claim, find_claim
from fooling.pages.paper.digits import NEAR_CERTAIN
from fooling.pages.paper.verdicts import (
    NOT,
    PARTLY,
    QUOTE,
    RECALLED,
    RECALLED_LESS,
    REPRODUCED,
    UNTESTED,
    show_confidence,
    show_p,
)

__all__ = [
    "CLAIMS",
    "NEAR_CERTAIN",
    "NOT",
    "PARTLY",
    "QUOTE",
    "RECALLED",
    "RECALLED_LESS",
    "REPRODUCED",
    "UNTESTED",
    "Claim",
    "find_claim",
    "show_confidence",
    "show_p",
]
