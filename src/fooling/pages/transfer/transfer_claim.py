"""What becomes of images' classes on another network (claim ``transfer``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from fooling.pages.claim import EXACT, NOT, PARTLY, REPRODUCED, SECONDARY, UNTESTED, Claim, Rows
from fooling.pages.searches import describe_size
from fooling.pages.transfer.pairs import Kept, compare_pairs, pool_pairs
from fooling.words import count_words, list_words, show_confidence

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution
    from fooling.networks.answers import Transfer
    from fooling.pages.searches import SearchSizes

LEAST_IMAGES = 20  # Choice: the least images at 99% or more that a share is taken of
MANY = 0.1  # Choice: a share of transferred images above that of shuffled labels by this much is "many"


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

    Args:
        cppn: Digit networks before CPPN images: the first two networks of one shape, the others of another.
        direct: The same before pixel images.
        imagenet: ImageNet networks before CPPN images that evolved on the first, in ``search``.
        digits: Of the search on each digit network.
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


def judge(found: TransferFound) -> str:
    """Judge CPPN images: do many fool another initialisation, and another shape, of network?

    Of the images at 99% or more on the network they evolved on, the share that another network puts into the same class
    must exceed that share for shuffled labels by a tenth: on digits for both kinds of networks, and on ImageNet for
    another network. A part with fewer than 20 images is not tested and leaves the verdict at "partly" at best.
    """
    parts = found.judged.values()
    tested = [(one.share or 0.0) - (one.shuffled or 0.0) for one in parts if one.images >= LEAST_IMAGES]
    if not tested:
        return UNTESTED
    met = sum(round(above, EXACT) >= MANY for above in tested)
    return REPRODUCED if met == len(parts) else PARTLY if met else NOT


def headline(found: TransferFound) -> str:
    """Return the shares that keep their class in a sentence."""
    shares = [f"{one.share:.0%} ({label})" for label, one in found.judged.items() if one.share is not None]
    missing = [label for label, one in found.judged.items() if one.share is None]
    if not shares:
        return "No image reached 99% on its own network, so there is none to show to another."
    lacking = f"; no image was at 99% for {list_words(missing)}" if missing else ""
    return f"Images that fool one network keep their class on another in {list_words(shares)} of showings{lacking}."


def list_rows(found: TransferFound) -> Rows:
    """Return the shares, those of shuffled labels and the other networks' confidences."""
    parts = found.judged | {"digits, pixel images, any other network": found.digits_direct}
    known = dict.fromkeys(found.judged, "many")
    return tuple((label, "; ".join(_describe(one)), known.get(label, "")) for label, one in parts.items())


def _describe(one: Kept) -> Iterator[str]:
    if one.share is None or one.spread is None or one.median is None:
        yield "no image at 99%"
        return
    images = count_words(one.images, "image")
    counted = images if one.showings == one.images else f"{count_words(one.showings, 'showing')} of {images}"
    low, high = one.spread
    yield f"{one.share:.0%} of {counted} in the same class (by pair {low:.0%} to {high:.0%})"
    yield f"shuffled labels {one.shuffled:.0%}"
    yield f"median confidence in it {show_confidence(one.median)}"


CLAIM = Claim(
    id="transfer",
    title="Images that fool one network fool another",
    section="§3.5",
    sentence=(
        "Many images that fool one network fool another, of other initialisation or other architecture; others are "
        "specific to the network they evolved on."
    ),
    number="many; some images at 99.99% on both",
    grade=SECONDARY,
    page="10_transfer",
    record=TransferFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=attrgetter("scale"),
)
