"""Page 03: regular patterns evolve until a network is certain that they are digits (claims ``mnist-cppn…``)."""

from __future__ import annotations

from dataclasses import replace

from fooling.pages import mnist_search
from fooling.pages.claim import NEAR_CERTAIN, NOT, PARTLY, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows
from fooling.pages.mnist_search import SearchFound, count_runs, is_large_enough, list_confidences
from fooling.words import show_confidence

SIZES = mnist_search.SIZES
DIRECTION = 0.99  # Choice: a median from here on has the claim's direction


def judge(found: SearchFound) -> str:
    """Judge by the median after 200 generations; at 99% or more the direction is met."""
    if not is_large_enough(found.runs, found.generations, found.children):
        return UNTESTED
    if found.median >= NEAR_CERTAIN:
        return REPRODUCED
    return PARTLY if found.median >= DIRECTION else NOT


def headline(found: SearchFound) -> str:
    """Return the median and that of random CPPNs."""
    return (
        f"After {found.generations} generations the median confidence is {show_confidence(found.median)}; the best of "
        f"as many random CPPNs, never bred, reach {show_confidence(found.baseline_median)}."
    )


def list_rows(found: SearchFound) -> Rows:
    """Return the confidences, and in how many runs every class was certain."""
    return (
        *list_confidences(found, "random CPPNs"),
        ("every class at 99.99% at the end", count_runs(found.runs_certain, found.runs), ""),
    )


SENTENCE = "CPPN images reach the same confidence: a median of 99.99% after 200 generations."
CENTRED = Claim(
    id="mnist-cppn",
    title="Regular patterns become certain digits",
    section="§3.2, Fig. 5",
    sentence=SENTENCE,
    number="median 99.99% by generation 200",
    grade=SECONDARY,
    page="03_mnist_cppn",
    record=SearchFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=mnist_search.describe_scale,
)
RAW = replace(
    CENTRED,
    id="mnist-cppn-raw",
    title="The same, fed pixel indices",
    sentence=f"{SENTENCE} This row feeds pixel indices as coordinates, as the released code does; the row above feeds "
    "[−1, 1].",
)
CLAIMS = (CENTRED, RAW)
