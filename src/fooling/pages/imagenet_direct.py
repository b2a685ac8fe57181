"""Page 07: can static be evolved until an ImageNet network is certain of it?"""

from __future__ import annotations

from collections.abc import Mapping

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, SECONDARY, UNTESTED, Claim
from fooling.pages.imagenet_search import (
    LEAST_CLASSES,
    LEAST_RUNS,
    ImageNetSearch,
    describe_scale,
    note_untested,
    tabulate_search,
)
from fooling.pages.searches import SUPPLEMENT_CLASSES, ImageNetSizes
from fooling.words import show_confidence, show_few

FEW = 45  # classes at 99% or more after the paper's 20,000 generations
PER_CELL = 4_000  # the paper's children per cell

# The paper breeds 200 children a generation for 20,000 generations: 4,000 children for each of 1000 cells. With 20
# children and 20 cells a generation of the default has one child per cell, where the paper's has a fifth of one.
SIZES: Mapping[str, ImageNetSizes] = {
    "smoke": ImageNetSizes(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSizes(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSizes(runs=2, generations=400, children=200, baseline_runs=1),
    "paper": ImageNetSizes(runs=5, generations=20_000, children=200, baseline_runs=1, crops="ten"),
}


def judge(found: ImageNetSearch) -> str:
    """Judge that few classes are fooled, however long pixels evolve.

    That a search fails says nothing before it has had the paper's children per cell on all classes. That it succeeds
    (a median above one half) says something at any size of at least 20 classes and 2 runs.
    """
    if found.scale.classes < LEAST_CLASSES or found.scale.runs < LEAST_RUNS:
        return UNTESTED
    if found.median > 0.5:
        return NOT
    if not found.scale.is_full(PER_CELL):
        return UNTESTED
    return REPRODUCED if found.fooled <= 2 * FEW else PARTLY


CLAIM = Claim(
    id="imagenet-direct",
    title="Bred pixels rarely fool an ImageNet network",
    section="§3.3, Fig. 6",
    sentence="Direct encoding is much less successful on ImageNet, even after 20,000 generations.",
    number="median 21.59%; 45 of 1000 classes at ≥ 99%; 5 runs (recalled)",
    grade=SECONDARY,
    page="07_imagenet_direct",
    record=ImageNetSearch,
    judge=judge,
    headline=lambda found: (
        f"Pixel images reach a median confidence of {show_confidence(found.median)} after "
        f"{show_few(found.scale.per_cell)} children per cell, and {found.fooled:,} of {found.scale.classes:,} classes "
        f"reach {found.least:.0%}."
    ),
    rows=lambda found: (
        *tabulate_search(found, "21.59%", f"{FEW} of 1,000", PER_CELL, "5 runs (recalled)"),
        *note_untested(found.scale, PER_CELL),
    ),
    scale=lambda found: describe_scale(found.scale),
)
