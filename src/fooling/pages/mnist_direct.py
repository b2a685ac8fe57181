"""Page 02: pixels evolve until a network is certain that they are digits (claim ``mnist-direct``)."""

from __future__ import annotations

from fooling.pages import mnist_search
from fooling.pages.claim import NEAR_CERTAIN, QUOTE, UNTESTED, Claim, Rows, grade_halves
from fooling.pages.mnist_search import SearchFound, count_runs, is_large_enough, list_confidences
from fooling.words import show_confidence

SIZES = mnist_search.SIZES


def judge(found: SearchFound) -> str:
    """Judge by two halves: the median after 200 generations, and every digit of every run before generation 50."""
    if not is_large_enough(found.runs, found.generations, found.children):
        return UNTESTED
    return grade_halves(found.median >= NEAR_CERTAIN, found.runs_certain_before_50 == found.runs)


def headline(found: SearchFound) -> str:
    """Return the median, and in how many runs every class was certain in time."""
    return (
        f"After {found.generations} generations the median confidence is {show_confidence(found.median)}, and every "
        f"class is at 99.99% before generation 50 in {count_runs(found.runs_certain_before_50, found.runs)}."
    )


def list_rows(found: SearchFound) -> Rows:
    """Return the confidences, and in how many runs every class was certain."""
    early = count_runs(found.runs_certain_before_50, found.runs)
    return (
        *list_confidences(found, "images of noise"),
        ("every class at 99.99% before generation 50", early, "each run"),
        ("every class at 99.99% at the end", count_runs(found.runs_certain, found.runs), ""),
    )


CLAIM = Claim(
    id="mnist-direct",
    title="Bred pixels become certain digits",
    section="§3.1, Fig. 4",
    sentence=(
        "“In less than 50 generations, each run … ≥ 99.99% confidence. "
        "By 200 generations, median confidence is 99.99%.”"
    ),
    number="every digit 99.99% before generation 50, median 99.99% by 200",
    grade=QUOTE,
    page="02_mnist_direct",
    record=SearchFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=mnist_search.describe_scale,
)
