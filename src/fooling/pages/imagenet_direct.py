"""Pages 07 and 08: can static be evolved until an ImageNet network is certain of it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows
from fooling.pages.comparison import Comparison, tell_comparison
from fooling.pages.imagenet_search import ImageNetSearch, describe_scale, judge_ahead, note_untested, tabulate_search
from fooling.pages.searches import ImageNetSizes
from fooling.words import show_confidence, show_few, show_runs

FEW = 45  # classes at 99% or more after the paper's 20,000 generations
PER_CELL = 4_000  # the paper's children per cell

# The paper breeds 200 children a generation for 20,000 generations: 4,000 children for each of 1,000 cells.
SIZES: Mapping[str, ImageNetSizes] = {
    "smoke": ImageNetSizes(runs=2, generations=3, children=20),
    "default": ImageNetSizes(runs=1, generations=20, children=200),
    "extended": ImageNetSizes(runs=2, generations=500, children=200),
    "paper": ImageNetSizes(runs=5, generations=20_000, children=200, crops="ten"),
}


@dataclass(frozen=True)
class PixelSearch:
    """What pixel images reached, and how far CPPN images of equal effort are ahead of them."""

    search: ImageNetSearch
    cppns: Comparison


def judge(found: PixelSearch) -> str:
    """Judge by two halves: pixels are behind CPPNs class by class, and few classes are fooled at the end.

    The comparison is that of ``imagenet-cppn``. Few are at most twice the paper's 45 with 99%, which counts after the
    paper's children per cell only: a shorter search meets it all the more easily.
    """
    end = found.search.end
    few = end.scale.is_full(PER_CELL) and end.fooled <= 2 * FEW
    return judge_ahead(found.search.scale, found.cppns, few, PER_CELL)


def judge_before(found: PixelSearch) -> str:
    """Judge as before the comparison counted: only the paper's own number of children said something."""
    end = found.search.end
    if not found.search.scale.is_comparable:
        return UNTESTED
    if end.median > 0.5:
        return NOT
    if not end.scale.is_full(PER_CELL):
        return UNTESTED
    return REPRODUCED if end.fooled <= 2 * FEW else PARTLY


def tabulate(found: PixelSearch) -> Rows:
    """Return what pixels reached, and the comparison, beside the paper's."""
    ahead = tell_comparison(found.cppns, found.search.scale.classes)
    rows = tabulate_search(found.search, "21.59%", f"{FEW} of 1,000", PER_CELL, "5 runs (recalled)")
    compared = ("CPPN images of as many children per cell", ahead, "p < 0.0001 (recalled)")
    return (*rows, compared, *note_untested(found.search.end.scale, PER_CELL))


CLAIM = Claim(
    id="imagenet-direct",
    title="Bred pixels rarely fool an ImageNet network",
    otherwise="bred pixels often fool an ImageNet network",
    section="§3.3, Fig. 6",
    sentence="Direct encoding is much less successful on ImageNet, even after 20,000 generations.",
    number="median 21.59%; 45 of 1000 classes at ≥ 99%; 5 runs (recalled)",
    grade=SECONDARY,
    page="08_imagenet_cppn",
    record=PixelSearch,
    judge=judge,
    before=judge_before,
    headline=lambda found: (
        f"Pixel images reach a median confidence of {show_confidence(found.search.end.median)} "
        f"({show_runs(found.search.end.scale.runs, found.search.run_medians)}) after "
        f"{show_few(found.search.end.scale.per_cell)} children per cell (the paper: {PER_CELL:,}), and "
        f"{found.search.end.fooled:,} of {found.search.scale.classes:,} classes reach {found.search.least:.0%}."
    ),
    rows=tabulate,
    scale=lambda found: describe_scale(found.search.scale, found.search.longest),
)
