"""What page 10 claims: what becomes of images' classes on another network, and of a search against several at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import EXACT, NOT, PARTLY, RECALLED_LESS, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, compare_starts, tell_comparison, tell_start
from fooling.pages.imagenet_search import (
    SPEED,
    ImageNetSearch,
    describe_scale,
    judge_ahead,
    measure_search,
    note_untested,
    tabulate_search,
)
from fooling.pages.searches import ImageNetSizes, SearchSizes, describe_size
from fooling.pages.transfer.pairs import Kept, compare_pairs, pool_pairs
from fooling.words import count_words, list_words, show_confidence, show_few

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.networks.answers import Transfer

LEAST_IMAGES = 20  # Choice: the least images at 99% or more that a share is taken of
MANY = 0.1  # Choice: a share of transferred images above that of shuffled labels by this much is "many"
FOOLED_LEAST = 0.9  # from which the paper counts a class as fooled by an ensemble; Source: supplement (recalled)
MEDIAN, PER_CELL = 0.652, 1_600  # the paper's median, after 4,000 generations × 400 children / 1,000 cells


@dataclass(frozen=True)
class TransferSizes:
    """What evolves to be shown to other networks."""

    digits: SearchSizes  # against each digit network, in both encodings
    ensemble: ImageNetSizes  # against the mean softmax of the ImageNet networks
    # ImageNet networks that the images of page 08 are shown to, the one they evolved on first
    networks: tuple[str, ...] = ("SqueezeNet", "EfficientNet-Lite0", "EfficientNet-Lite1")
    asked: bool = False  # whether they are shown all champions of large searches, for the gallery: minutes


# Against three networks an image costs about four times as much; the paper's ensemble run has 4,000 generations. How
# many runs its digits have is not known.
SIZES: Mapping[str, TransferSizes] = {
    "smoke": TransferSizes(
        SearchSizes(runs=1, generations=2, children=10),  # too few images at 99% for a verdict
        ImageNetSizes(runs=1, generations=2, children=20, baseline_runs=1),
        networks=("SqueezeNet", "EfficientNet-Lite0"),
    ),
    "default": TransferSizes(
        SearchSizes(runs=5, generations=200, children=200),  # on LeNet the runs of pages 02 and 03
        ImageNetSizes(runs=1, generations=3, children=200, baseline_runs=1),
        networks=("SqueezeNet", "EfficientNet-Lite0"),
    ),
    "extended": TransferSizes(
        SearchSizes(runs=10, generations=200, children=200),
        ImageNetSizes(runs=2, generations=150, children=400, baseline_runs=1, baseline_generations=50),
        asked=True,
    ),
    "paper": TransferSizes(
        SearchSizes(runs=50, generations=200, children=200),
        ImageNetSizes(runs=5, generations=4_000, children=400, baseline_runs=1),
        asked=True,
    ),
}


@dataclass(frozen=True)
class TransferFound:
    """What another network takes images for, of which their own network is 99% certain or more."""

    digits_initialisation: Kept  # CPPN images, between two networks of one shape and another initialisation
    digits_shape: Kept  # CPPN images, between networks of different shape
    digits_direct: Kept  # pixel images, between any two networks
    imagenet: Kept  # CPPN images that evolved on the first network
    scale: str  # runs, sizes and networks in words

    @property
    def judged(self) -> dict[str, Kept]:
        """The parts that the rule asks for, by a name for each."""
        return {
            "digits, other initialisation": self.digits_initialisation,
            "digits, other network": self.digits_shape,
            "ImageNet, other network": self.imagenet,
        }


def measure_transfer(
    cppn: Transfer, direct: Transfer, imagenet: Transfer, search: Evolution, digits: SearchSizes, coordinates: str
) -> TransferFound:
    """Reduce answers to what becomes of the images' classes.

    Digit networks, the first two of one shape, answer to CPPN and to pixel images, which evolved at the size
    ``digits``; ImageNet networks to CPPN images that evolved on the first of them, in ``search``.
    """
    alike, pairs = set(cppn.networks[:2]), compare_pairs(cppn)
    small = describe_size(digits.runs, len(np.unique(cppn.targets)), digits.generations, digits.children)
    large = describe_size(len(search.log_odds), len(search.classes), search.generations, search.children)
    return TransferFound(
        digits_initialisation=pool_pairs(pair for pair in pairs if {pair.source, pair.other} == alike),
        digits_shape=pool_pairs(pair for pair in pairs if {pair.source, pair.other} != alike),
        digits_direct=pool_pairs(compare_pairs(direct)),
        imagenet=pool_pairs(compare_pairs(imagenet)),
        scale=(
            f"digits, on each of {len(cppn.networks)} networks: {small}; {imagenet.networks[0]}: {large}; coordinates "
            f"of CPPN images {coordinates}"
        ),
    )


def judge_transfer(found: TransferFound) -> str:
    """Judge CPPN images: do many fool another initialisation, and another shape, of network?

    Of the images at 99% or more on the network they evolved on, the share that another network puts into the same class
    must exceed that share for shuffled labels by a tenth: on digits for both kinds of networks, and on ImageNet for
    another network. A part with fewer than 20 images is not tested and leaves the verdict at "partly" at best.
    """
    parts = found.judged.values()
    tested = [_find_above(one) for one in parts if one.images >= LEAST_IMAGES]
    if not tested:
        return UNTESTED
    met = sum(round(above, EXACT) >= MANY for above in tested)
    return REPRODUCED if met == len(parts) else PARTLY if met else NOT


def tell_transfer(found: TransferFound) -> str:
    """Return the shares that keep their class in a sentence."""
    told = [(label, one, one.share) for label, one in found.judged.items() if one.share is not None]
    shares = [f"{share:.0%} of {count_words(one.showings, 'case')} ({label})" for label, one, share in told]
    missing = [label for label, one in found.judged.items() if one.share is None]
    if not shares:
        return "No image reached 99% on its own network, so there is none to show to another."
    lacking = f"; no image was at 99% for {list_words(missing)}" if missing else ""
    return f"Images that fool one network keep their class on another in {list_words(shares)}{lacking}."


def tabulate_transfer(found: TransferFound) -> Rows:
    """Return the shares, those of shuffled labels and the other networks' confidences."""
    judged = tuple(
        (label, _describe(one), f"many; the rule: {100 * MANY:.0f} points above") for label, one in found.judged.items()
    )
    return (*judged, ("digits, pixel images, any other network", _describe(found.digits_direct), ""))


def _find_above(one: Kept) -> float:
    """Return by how much the share that keeps its class exceeds that for shuffled labels."""
    return (one.share or 0.0) - (one.shuffled or 0.0)


def _describe(one: Kept) -> str:
    if not one.images:
        return "no image at 99%"
    images = count_words(one.images, "image")
    counted = images if one.showings == one.images else f"{count_words(one.showings, 'showing')} of {images}"
    kept, pairs, shuffled, median = one.shown
    return (
        f"{kept} of {counted} in the same class (by pair {pairs}); shuffled labels {shuffled}, "
        f"{100 * _find_above(one):.1f} points below; median confidence in it {median}"
    )


TRANSFER = Claim(
    id="transfer",
    title="Images that fool one network fool another",
    otherwise="images that fool one network rarely fool another",
    section="§3.5",
    sentence=(
        "Many images that fool one network fool another, of other initialisation or other architecture; others are "
        "specific to the network they evolved on."
    ),
    number="many; some images at 99.99% on both",
    grade=SECONDARY,
    page="10_transfer",
    record=TransferFound,
    judge=judge_transfer,
    headline=tell_transfer,
    rows=tabulate_transfer,
    scale=attrgetter("scale"),
)


@dataclass(frozen=True)
class EnsembleFound:
    """What images that evolved against the mean of several networks come to."""

    search: ImageNetSearch  # what they reach
    compared: Comparison  # the search against random search, where both have as many images
    compared_per_cell: float  # that many, divided by the cells
    start: Comparison  # the same before evolution
    networks: int  # how many are averaged
    fool_all: float  # the share of champions that every one of them takes for their class
    coordinates: str  # what CPPNs are fed, in words


def measure_ensemble(
    run: Evolution, baseline: Evolution, answers: Transfer, network: str, coordinates: str
) -> EnsembleFound:
    """Reduce a search against the mean of several networks, and random search beside it, to what it comes to.

    The mean first, then its members, answer to all champions of the search. Random search may be shorter: the search is
    compared as it stood after as many images.
    """
    generation = -(-baseline.generations * baseline.children // run.children)  # rounded up, for the baseline's sake
    bred, unbred = to_confidence(run.history[:, generation]), to_confidence(baseline.log_odds)
    return EnsembleFound(
        search=measure_search(run, network, least=FOOLED_LEAST),
        compared=compare_classes(bred, unbred),
        compared_per_cell=generation * run.children / len(run.classes),
        start=compare_starts(run.history, baseline.history),
        networks=len(answers.networks) - 1,
        fool_all=float(answers.agrees[1:].all(axis=0).mean()),
        coordinates=coordinates,
    )


def judge_ensemble(found: EnsembleFound) -> str:
    """Judge by two halves: far more certain than of random images, and the paper's median.

    The median counts at the paper's children per cell only.
    """
    scale = found.search.scale
    met = scale.is_full(PER_CELL) and found.search.median >= MEDIAN
    return judge_ahead(scale, found.compared, met, PER_CELL)


def tell_ensemble(found: EnsembleFound) -> str:
    """Return the medians of bred and of random images in a sentence."""
    bred, random = map(show_confidence, found.compared.medians)
    end, few, all_of_them = found.search.median, found.compared_per_cell, found.search.scale.per_cell
    between = "" if few == all_of_them else f"; after {show_few(few)} they have {bred}"
    return (
        f"Images evolved against the mean of {found.networks} networks reach a median of {show_confidence(end)} after "
        f"{show_few(all_of_them)} children per cell{between}, and as many random images {random}."
    )


def tabulate_ensemble(found: EnsembleFound) -> Rows:
    """Return what the ensemble's images reach, and how they compare with random ones."""
    scale, (bred, random) = found.search.scale, map(show_confidence, found.compared.medians)
    return (
        *tabulate_search(found.search, "65.2%", "231 of 1,000", PER_CELL, runs=""),
        (f"bred and random images, {show_few(found.compared_per_cell)} per cell", f"{bred} and {random}", ""),
        ("the same, bred against random", tell_comparison(found.compared, scale.classes), ""),
        ("before evolution, bred against random", tell_start(found.start, scale.classes), ""),
        (f"all {found.networks} networks have it as top class", f"{found.fool_all:.0%} of the images", ""),
        *note_untested(scale, PER_CELL, SPEED / 4),  # three networks, two of them slower
    )


ENSEMBLE = Claim(
    id="ensemble",
    title="Three networks together are fooled, too",
    otherwise="three networks together are not fooled",
    section="supplement",
    sentence="Images evolved against the mean softmax of three networks fool it as well.",
    number="median 65.2% after 4,000 generations; 231 of 1000 classes ≥ 90%",
    grade=RECALLED_LESS,
    page="10_transfer",
    record=EnsembleFound,
    judge=judge_ensemble,
    headline=tell_ensemble,
    rows=tabulate_ensemble,
    scale=lambda found: f"{describe_scale(found.search.scale)}; coordinates {found.coordinates}",
)
CLAIMS = (TRANSFER, ENSEMBLE)
