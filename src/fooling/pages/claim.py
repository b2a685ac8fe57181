"""A claim of the paper: what it says, the record that tests it here, and the rule between the two.

A rule is code. It was written down in ``HISTORY.md`` before the run that it judges, or says there that it was not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fooling.words import SMALLEST_P, show_p

REPRODUCED, PARTLY, NOT = "reproduced", "partly reproduced", "not reproduced"
SUPPORTED = "supported"  # of a question of this project's own
UNSUPPORTED = "not supported in this range"  # of a hypothesis, which no run can refute outside of it
UNTESTED = "not tested at this scale"

# How sure a sentence or number of the paper is, printed wherever it is; and one that is not the paper's.
QUOTE = "the paper's words"
FIGURE = "the paper's figure; the sentence is ours"
SECONDARY = "told by others, not checked against the paper"
QUOTE_NUMBER_SECONDARY = f"the paper's words; its number {SECONDARY}"
RECALLED = "recalled, not checked against the paper"
RECALLED_LESS = "recalled, less surely"
OURS = "this project's question"
# Behind a number, in a table.
MARKS = {
    **{QUOTE: "", FIGURE: "", OURS: ""},
    **{SECONDARY: "*", QUOTE_NUMBER_SECONDARY: "*", RECALLED: "†", RECALLED_LESS: "‡"},
}

EXACT = 9  # decimals to which differences are rounded before they meet a threshold: 0.04 − 0.03 is not above 0.01
SMALL_EFFECT = 0.56  # probability of superiority that counts as an effect; Source: Vargha & Delaney 2000

Record = TypeVar("Record")
Rows = tuple[tuple[str, str, str], ...]  # what, ours, the paper's


@dataclass(frozen=True)
class Effect:
    """How far one group of values is above another."""

    superiority: float  # probability that a value of the one is above a value of the other; 0.5 is chance
    p: float  # of the test that the page names

    def __str__(self) -> str:
        return f"{self.superiority:.2f}, {show_p(self.p)}"

    @property
    def is_there(self) -> bool:
        """Whether it is more than a small effect, with the paper's p."""
        return self.p < SMALLEST_P and self.superiority > SMALL_EFFECT

    @property
    def is_opposite(self) -> bool:
        """Whether the other side is ahead by as much."""
        return self.p < SMALLEST_P and self.superiority < 1.0 - SMALL_EFFECT


@dataclass(frozen=True)
class Claim(Generic[Record]):
    """One claim."""

    id: str  # short name
    title: str  # the claim in a few plain words
    otherwise: str  # what is so where it does not hold: a clause without capital and full stop
    section: str  # where the paper makes it
    sentence: str  # what it says
    number: str  # the number to compare with
    grade: str  # how sure sentence and number are
    page: str  # the notebook that tests it
    record: type[Record]  # the frozen dataclass that the page measures
    judge: Callable[[Record], str]  # from a record to one of the verdicts above
    headline: Callable[[Record], str]  # from a record to one sentence of at most 35 words
    # from a record to the rows of the table below that sentence: what, ours, the paper's
    rows: Callable[[Record], Rows]
    scale: Callable[[Record], str]  # from a record to its runs, sizes and network in words
    before: Callable[[Record], str] | None = None  # the rule before, where another took its place after a run
    without: frozenset[str] = frozenset()  # names of all records that its page may write where it writes none for it


def grade_halves(*met: bool) -> str:
    """Return the verdict on a claim of several named parts: all met, some, or none."""
    return REPRODUCED if all(met) else PARTLY if any(met) else NOT
