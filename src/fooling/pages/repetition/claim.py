"""What is left of a champion's confidence without its repeated elements: sizes, record, rule and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.pages.claim import FIGURE, UNTESTED, Claim, Rows, grade_halves
from fooling.pages.searches import describe_network
from fooling.words import show_p

if TYPE_CHECKING:
    from fooling.pages.repetition.measure import Elements, Tiles

LEAST = 0.5  # confidence from which a champion is judged; Choice: below, there is little to lose
TILES = 4  # along a side, for the number that is reported; Choice: a grid between the coarsest and the finest
FIG_10 = {629: "99.94 → 99.80%", 769: "99.90 → 99.40%", 683: "99.91 → 99.89%"}  # by class; Fig. 10
NUMBER = f"lipstick {FIG_10[629]}, ruler {FIG_10[769]}, oboe {FIG_10[683]}"
IMAGES, P = 10, 0.01  # Choice: the least images with a period, and the p of the sign test


@dataclass(frozen=True)
class RepetitionSizes:
    """On how many of page 08's images repeated elements are removed."""

    champions: int  # the most confident ones that are not the same image
    masks: int  # random masks, and shuffles of tiles, for each image


SIZES: Mapping[str, RepetitionSizes] = {
    "smoke": RepetitionSizes(champions=3, masks=1),
    "default": RepetitionSizes(champions=12, masks=5),
    "extended": RepetitionSizes(champions=400, masks=3),
    "paper": RepetitionSizes(champions=1_000, masks=10),  # the paper shows three images
}


@dataclass(frozen=True)
class Kept:
    """The share of its confidence that an image keeps: median and quartiles over images."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Removal:
    """What images keep without some of their elements."""

    kept: Kept  # without the elements
    masked: Kept  # without random squares of their area; the masks of one image count with their median
    lowered: float  # share of the images that are less certain than whole
    p: float  # of a two-sided sign test of that, which leaves out an image that is exactly as certain


@dataclass(frozen=True)
class Judged:
    """What is left of champions of at least 50% confidence that have a period.

    An odd number of elements has two halves: of three, "half" leaves one, and "smaller half" leaves two.
    """

    images: int
    without_one: Removal
    without_half: Removal
    without_smaller_half: Removal
    shuffled: Kept


@dataclass(frozen=True)
class Repetition:
    """What was left of how many champions, and of photographs with 4 × 4 tiles shuffled."""

    champions: int  # how many were looked at
    periodic: int  # how many of them have a period
    judged: Judged | None  # those of at least 50% among these; None if there is none
    photographs: int
    photographs_shuffled: Kept
    draws: int  # random masks, and shuffles, of each image
    network: str
    crops: str


def summarise(elements: Elements, champions: Tiles, photographs: Tiles, network: str, crops: str = "one") -> Repetition:
    """Reduce what was measured to what is judged; elements and tiles are of the same champions."""
    places = np.flatnonzero((elements.elements > 0) & (elements.whole >= LEAST))
    count, judged = elements.elements[places], None
    if places.size:
        judged = Judged(
            images=len(places),
            without_one=_measure_removal(elements, places, count - 1),
            without_half=_measure_removal(elements, places, count // 2),
            without_smaller_half=_measure_removal(elements, places, -(-count // 2)),
            shuffled=_find_kept(_share_shuffled(champions)[places]),
        )
    return Repetition(
        champions=len(elements.whole),
        periodic=int((elements.elements > 0).sum()),
        judged=judged,
        photographs=len(photographs.whole),
        photographs_shuffled=_find_kept(_share_shuffled(photographs)),
        draws=elements.masked.shape[1],
        network=network,
        crops=crops,
    )


def _measure_removal(elements: Elements, places: np.ndarray, left: np.ndarray) -> Removal:
    """Return what images at some places, at least one, keep with so many elements left of each, ``(places,)``."""
    from scipy.stats import binomtest  # slow to import, and status and findings have no need of it

    whole = elements.whole[places]
    kept = elements.kept[places, left] / whole
    masked = np.median(elements.masked[places, :, left], axis=1) / whole
    lower, higher = int((kept < 1.0).sum()), int((kept > 1.0).sum())
    p = binomtest(lower, lower + higher, alternative="two-sided").pvalue if lower + higher else 1.0
    return Removal(_find_kept(kept), _find_kept(masked), lower / kept.size, float(p))


def _share_shuffled(tiles: Tiles) -> np.ndarray:
    """Return the share of confidence that each image keeps with 4 × 4 tiles shuffled, ``(count,) float32``."""
    return np.asarray(np.median(tiles.shuffled[:, tiles.grids.tolist().index(TILES)], axis=1) / tiles.whole)


def _find_kept(shares: np.ndarray) -> Kept:
    low, high = (float(value) for value in np.percentile(shares, (25, 75)))
    return Kept(float(np.median(shares)), low, high)


def judge(found: Repetition, either_half: bool = True) -> str:
    """Judge by two halves, over images of at least 50% confidence that have a period.

    "Lowers": with half of the repeated elements removed most images are less certain than whole (sign test, p < 0.01),
    whichever half of an odd number it is. "A little": with one element removed the median image keeps at least half of
    its confidence. At least 10 images. By the rule before, the larger half alone counted, not ``either_half``.
    """
    judged = found.judged
    if judged is None or judged.images < IMAGES:
        return UNTESTED
    halves = (judged.without_half, judged.without_smaller_half)[: 1 + either_half]
    lowers = all(one.lowered > 0.5 and one.p < P for one in halves)
    return grade_halves(lowers, judged.without_one.kept.median >= 0.5)


def tell(found: Repetition) -> str:
    """Return what is left without one element and without half, as a sentence."""
    one = found.judged
    if one is None:
        return "No champion of at least 50% confidence repeats an element, so none could be removed."
    larger, smaller = (f"{half.kept.median:.0%}" for half in (one.without_half, one.without_smaller_half))
    other = "" if larger == smaller else f" ({smaller} if an odd number loses its smaller half)"
    return (
        f"The median image keeps {one.without_one.kept.median:.1%} of its confidence without one repeated element, "
        f"and {larger} without half of them{other}."
    )


def tabulate(found: Repetition) -> Rows:
    """Return what is kept after every change, and what the paper's three images kept."""
    natural = ("photographs, 4 × 4 tiles shuffled", f"keep {_show(found.photographs_shuffled)}", "–")
    one = found.judged
    if one is None:
        return (("champions that repeat an element", f"none of {found.champions} at 50% or more", "–"), natural)
    return (
        ("images of at least 50% with a period", str(one.images), "3 shown"),
        ("without one element", _tell_removal(one.without_one, 1), NUMBER),
        ("without half of the elements", _tell_removal(one.without_half), "–"),
        ("the same, an odd number halved the other way", _tell_removal(one.without_smaller_half), "–"),
        ("4 × 4 tiles shuffled", f"keep {_show(one.shuffled)}", "–"),
        natural,
    )


def _show(kept: Kept, decimals: int = 0) -> str:
    median, low, high = (f"{value:.{decimals}%}" for value in (kept.median, kept.low, kept.high))
    return f"{median} (quartiles {low} to {high})"


def _tell_removal(one: Removal, decimals: int = 0) -> str:
    return (
        f"keep {_show(one.kept, decimals)}, less than whole in {one.lowered:.0%} (sign test, {show_p(one.p)}); "
        f"random squares of the same area leave {_show(one.masked)}"
    )


CLAIM = Claim(
    id="imagenet-repetition",
    title="Repeated elements matter little",
    otherwise="repeated elements matter much",
    section="§3.4, Fig. 10",
    sentence=(
        "Removing repeated elements of an image lowers its confidence, usually a little: the network learned low- and "
        "middle-level features, not global structure."
    ),
    number=NUMBER,
    grade=FIGURE,
    page="09_imagenet_repetition",
    record=Repetition,
    judge=judge,
    before=lambda found: judge(found, either_half=False),
    headline=tell,
    rows=tabulate,
    scale=lambda found: (
        f"{found.champions} champions, {found.periodic} with a period, {found.judged.images if found.judged else 0} of "
        f"these of at least 50%; random masks and shuffles of each: {found.draws}; "
        f"{describe_network(found.network, found.crops)}"
    ),
)
