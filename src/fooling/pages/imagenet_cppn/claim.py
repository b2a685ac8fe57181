"""What CPPN images reach, and whether they are ahead of pixel images: sizes, record, rule and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import SECONDARY, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, tell_comparison
from fooling.pages.imagenet_search import (
    IMAGENET_CLASSES,
    ImageNetSearch,
    describe_scale,
    judge_ahead,
    measure_search,
    note_untested,
    tabulate_search,
)
from fooling.pages.searches import SUPPLEMENT_CLASSES, ImageNetSizes
from fooling.words import show_confidence, show_few

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

MEDIAN, PER_CELL = 0.8811, 2_000  # the paper's median, and its children per cell
DOGS_AND_CATS = range(156, 287)  # the classes that the paper calls a weak spot, about

# The paper breeds 400 children a generation for 5,000 generations: 2,000 children for each of 1000 cells.
SIZES: Mapping[str, ImageNetSizes] = {
    "smoke": ImageNetSizes(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSizes(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSizes(runs=2, generations=200, children=400, baseline_runs=1),
    "paper": ImageNetSizes(runs=5, generations=5_000, children=400, baseline_runs=1, crops="ten"),
}


@dataclass(frozen=True)
class CppnSearch:
    """What CPPN images reached, and how they compare with pixel images."""

    search: ImageNetSearch  # what they reached
    against_pixels: Comparison  # how far they are ahead of pixel images that had as many children per cell
    # the median of dogs and cats and that of all others; None unless all 1,000 classes evolved
    dogs_and_cats: tuple[float, float] | None


def measure(run: Evolution, direct: Evolution, baseline: Evolution, network: str, crops: str = "one") -> CppnSearch:
    """Reduce a search with CPPNs to what it reached, and compare it with pixels at equal children per cell.

    Both are of the same classes. What pixels, ``direct``, reached with more children per cell is not used; the baseline
    is random search among CPPNs.
    """
    generation = -(-run.generations * run.children // direct.children)  # rounded up: a whole generation for pixels
    cppn, pixels = to_confidence(run.log_odds), to_confidence(direct.history[:, generation])  # (runs, cells)
    pets, dogs_and_cats = np.isin(run.classes, DOGS_AND_CATS), None
    if len(run.classes) >= IMAGENET_CLASSES:
        dogs_and_cats = float(np.median(cppn[:, pets])), float(np.median(cppn[:, ~pets]))
    return CppnSearch(measure_search(run, baseline, network, crops), compare_classes(cppn, pixels), dogs_and_cats)


def tell(found: CppnSearch, images: str = "CPPN images") -> str:
    """Return how far CPPNs came, and how far pixels, as a sentence."""
    pixels, scale = show_confidence(found.against_pixels.medians[1]), found.search.scale
    return (
        f"{images} reach a median confidence of {show_confidence(found.search.median)} after "
        f"{show_few(scale.per_cell)} children per cell, and pixel images {pixels}; CPPN images are ahead "
        f"in {found.against_pixels.ahead:,} of {scale.classes:,} classes."
    )


def tabulate(found: CppnSearch) -> Rows:
    """Return what the search reached, the comparison with pixels, and dogs and cats, beside the paper's."""
    search, compared, told = found.search, found.against_pixels, "p < 0.0001 (Mann-Whitney U; recalled)"
    rows = [
        *tabulate_search(search, "88.11%", "not known", PER_CELL),
        ("pixels, as many children per cell", f"median {show_confidence(compared.medians[1])}", "21.59% in the end"),
        ("CPPN against pixels", tell_comparison(compared, search.scale.classes), told),
    ]
    if found.dogs_and_cats is not None:
        weak, others = (show_confidence(value) for value in found.dogs_and_cats)
        rows.append(("dogs and cats (classes 156 to 286)", f"median {weak}, all others {others}", "a weak spot"))
    return (*rows, *note_untested(search.scale, PER_CELL))


CENTRED = Claim(
    id="imagenet-cppn",
    title="Regular patterns fool an ImageNet network",
    section="§3.4, Fig. 7-8",
    sentence="CPPN encoding succeeds on ImageNet after 5,000 generations; dogs and cats are a weak spot.",
    number="median 88.11%, p < 0.0001 against direct (recalled), 5 runs; 40 selected images 99.12% on average",
    grade=SECONDARY,
    page="08_imagenet_cppn",
    record=CppnSearch,
    # The comparison with pixels, and the median; dogs and cats are described.
    judge=lambda found: judge_ahead(found.search.scale, found.against_pixels, found.search.median >= MEDIAN, PER_CELL),
    headline=tell,
    rows=tabulate,
    scale=lambda found: describe_scale(found.search.scale),
)
RAW = replace(
    CENTRED,
    id="imagenet-cppn-raw",
    title="The same, fed pixel indices",
    sentence=(
        "CPPN encoding succeeds on ImageNet after 5,000 generations. "
        "This row feeds pixel indices as coordinates, as the released code does; the row above feeds [−1, 1]."
    ),
    number="median 88.11%, p < 0.0001 against direct (recalled), 5 runs",
    headline=lambda found: tell(found, "CPPN images fed pixel indices"),
)
CLAIMS = (CENTRED, RAW)
