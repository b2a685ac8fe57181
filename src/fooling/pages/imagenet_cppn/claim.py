"""What CPPN images reach, and whether they are ahead of pixel images: sizes, record, rule and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.networks.imagenet_names import CLASSES
from fooling.pages.claim import SECONDARY, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, tell_comparison
from fooling.pages.imagenet_networks import Natural
from fooling.pages.imagenet_search import (
    ImageNetSearch,
    describe_scale,
    judge_ahead,
    measure_search,
    note_untested,
    tabulate_search,
)
from fooling.pages.searches import ImageNetSizes
from fooling.words import show_confidence, show_few, show_runs

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

MEDIAN, PER_CELL = 0.8811, 2_000  # the paper's median, and its children per cell
DOGS_AND_CATS = range(156, 287)  # the classes that the paper calls a weak spot, about


@dataclass(frozen=True)
class CppnSizes(ImageNetSizes):
    """How long and how often CPPNs evolve, fed both kinds of coordinates."""

    longer_raw: int = 0  # as ``longer``, of the first run that is fed pixel indices


# The paper breeds 400 children a generation for 5,000 generations: 2,000 children for each of 1,000 cells. Choice at
# default: all pages in half an hour to an hour on two cores; a verdict needs longer searches.
SIZES: Mapping[str, CppnSizes] = {
    "smoke": CppnSizes(runs=2, generations=2, children=30, baseline_runs=1, longer=3, longer_raw=3),
    "default": CppnSizes(runs=2, generations=10, children=400, baseline_runs=1),
    "extended": CppnSizes(runs=4, generations=250, children=400, baseline_runs=1, longer=5_000, longer_raw=2_000),
    "paper": CppnSizes(runs=5, generations=5_000, children=400, baseline_runs=1, crops="ten"),
}


@dataclass(frozen=True)
class CppnSearch:
    """What CPPN images reached, and how they compare with pixel images."""

    search: ImageNetSearch
    against_pixels: Comparison  # how far they are ahead of pixel images that had as many children per cell
    # the median of dogs and cats and that of all others; None unless all 1,000 classes evolved
    dogs_and_cats: tuple[float, float] | None
    # page 06's median confidence in real photographs, and the classes with more at the end; None where it has none
    photograph: tuple[float, int] | None = None


def measure(
    run: Evolution,
    direct: Evolution,
    network: str,
    crops: str = "one",
    baseline: Evolution | None = None,
    longer: Evolution | None = None,
    photographs: Natural | None = None,
) -> CppnSearch:
    """Reduce a search with CPPNs to what it reached, and compare it with pixels at equal children per cell.

    Both are of the same classes. What pixels, ``direct``, reached with more children per cell is not used; the baseline
    is random search among CPPNs, ``longer`` the first run as it went on, and ``photographs`` what page 06 found.
    """
    generation = -(-run.generations * run.children // direct.children)  # rounded up: a whole generation for pixels
    cppn, pixels = to_confidence(run.log_odds), to_confidence(direct.history[:, generation])  # (runs, cells)
    pets, dogs_and_cats = np.isin(run.classes, DOGS_AND_CATS), None
    if len(run.classes) >= CLASSES:
        dogs_and_cats = float(np.median(cppn[:, pets])), float(np.median(cppn[:, ~pets]))
    search = measure_search(run, network, crops, baseline, longer)
    surer = None
    if photographs and photographs.network == network and photographs.crops == crops:
        end = to_confidence((longer or run).log_odds)
        surer = photographs.median, int((np.median(end, axis=0) > photographs.median).sum())
    return CppnSearch(search, compare_classes(cppn, pixels), dogs_and_cats, surer)


def judge(found: CppnSearch) -> str:
    """Judge by two halves: ahead of pixels class by class, and the paper's median at the end.

    The median is that of the run that went on, where one did, and counts as soon as it is met; dogs and cats are
    described.
    """
    return judge_ahead(found.search.scale, found.against_pixels, found.search.end.median >= MEDIAN, PER_CELL)


def judge_before(found: CppnSearch) -> str:
    """Judge by the median of all runs, which counted at the paper's children per cell only."""
    search = found.search
    met = search.scale.is_full(PER_CELL) and search.median >= MEDIAN
    return judge_ahead(search.scale, found.against_pixels, met, PER_CELL)


def tell(found: CppnSearch, images: str = "CPPN images") -> str:
    """Return how far CPPNs came, and how far pixels, as a sentence."""
    search, pixels = found.search, show_confidence(found.against_pixels.medians[1])
    on, further = search.longer, ""
    if on:
        beats = f", above the median photograph in {found.photograph[1]:,} classes" if found.photograph else ""
        further = f"; after {show_few(on.scale.per_cell)}, one run reaches {show_confidence(on.median)}{beats}"
    return (
        f"{images} reach a median of {show_confidence(search.median)} "
        f"({show_runs(search.scale.runs, search.run_medians)}) after {show_few(search.scale.per_cell)} children per "
        f"cell, and pixels {pixels}{further}."
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
        told = f"median {weak}, all others {others}"
        rows.append(("dogs and cats (classes 156 to 286: recalled), all runs", told, "a weak spot"))
    if found.photograph is not None:
        median, classes = found.photograph
        told = f"{classes:,} of {search.scale.classes:,}"
        where = "in the run that went on" if search.longer else "at the end"
        rows.append((f"classes above the median photograph's {show_confidence(median)}, {where}", told, ""))
    met = search.end.median >= MEDIAN  # before as many children as the paper had, perhaps
    return (*rows, *(() if met else note_untested(search.end.scale, PER_CELL)))


CENTRED = Claim(
    id="imagenet-cppn",
    title="Regular patterns fool an ImageNet network",
    otherwise="regular patterns do not fool an ImageNet network",
    section="§3.4, Fig. 7-8",
    sentence="CPPN encoding succeeds on ImageNet after 5,000 generations; dogs and cats are a weak spot.",
    number="median 88.11%, p < 0.0001 against direct (recalled), 5 runs",
    grade=SECONDARY,
    page="08_imagenet_cppn",
    record=CppnSearch,
    judge=judge,
    before=judge_before,
    headline=tell,
    rows=tabulate,
    scale=lambda found: describe_scale(found.search.scale, found.search.longest),
)
RAW = replace(
    CENTRED,
    id="imagenet-cppn-raw",
    title="The same, fed pixel indices",
    otherwise="patterns fed pixel indices do not fool an ImageNet network",
    sentence=(
        "CPPN encoding succeeds on ImageNet after 5,000 generations. "
        "This row feeds pixel indices as coordinates, as the released code does; the row above feeds [−1, 1]."
    ),
    headline=lambda found: tell(replace(found, photograph=None), "CPPN images fed pixel indices"),
)
CLAIMS = (CENTRED, RAW)
