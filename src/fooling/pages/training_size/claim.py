"""The claim ``small-data``: sizes, record, rule, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import first_generations, to_confidence
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, SECONDARY, UNSUPPORTED, UNTESTED, Claim, Rows
from fooling.pages.mnist_search import CHILDREN, GENERATIONS
from fooling.pages.searches import SearchSizes
from fooling.words import count_words, show_confidence, show_count, show_error, show_p

if TYPE_CHECKING:
    from fooling.pages.training_size.fool import FooledNetwork

PERMUTATIONS = 10_000  # Choice: they tell a p of 0.01 to a thousandth
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal
SIZES_NEEDED, NETWORKS_NEEDED = 4, 3  # Choice: the fewest that a trend is told from
TREND_P, TREND_FOLD = 0.01, 1.5  # Choice: what counts as a trend
PREVENTED = 0.99  # Choice: a median below it with the most digits


@dataclass(frozen=True)
class TrainingSizes(SearchSizes):
    """How many digits LeNet learns from, and how long images evolve against each of these networks."""

    sizes: tuple[int, ...]  # training digits, drawn with as many of each digit as there can be
    networks: int  # initialisations for each size
    steps: int  # solver steps per network


FOUR, FIVE = (500, 3_000, 15_000, 60_000), (500, 2_000, 6_000, 20_000, 60_000)  # Choice: even steps of a logarithm
# The paper's hypothesis is about 60,000 digits against ImageNet's 1.3 million; here every size is of the same digits.
SIZES: Mapping[str, TrainingSizes] = {
    "smoke": TrainingSizes(runs=1, generations=5, children=50, sizes=(100, 200), networks=1, steps=50),
    "default": TrainingSizes(runs=1, generations=200, children=200, sizes=FOUR, networks=1, steps=400),
    "extended": TrainingSizes(runs=5, generations=200, children=200, sizes=FIVE, networks=3, steps=10_000),
    "paper": TrainingSizes(runs=10, generations=200, children=200, sizes=FIVE, networks=5, steps=10_000),
}


@dataclass(frozen=True)
class Trend:
    """How many images one encoding needs for a median of 99.99%, by training digits."""

    # with the fewest and with the most digits, median network; None for never
    needed: tuple[float | None, float | None]
    correlation: float  # Spearman's, of images needed with size
    p: float  # One-sided, by permutation of the sizes
    # images needed with the most digits against the fewest; never counts as all that a run had, so that the fold is
    # then a bound
    fold: float
    median_most: float  # final median confidence with the most digits


@dataclass(frozen=True)
class TrainingSizeFound:
    """What page 05 measured."""

    sizes: int  # how many sizes
    networks_per_size: int  # networks of each
    runs: int  # runs of each encoding against a network
    generations: int  # generations after the random images
    children: int  # children per generation
    extremes: tuple[int, int]  # the fewest and the most training digits
    errors: tuple[float, float]  # median held-out error there
    direct: Trend  # of pixel images
    cppn: Trend  # of CPPN images
    data: str  # what the digits were chosen from


def count_images_needed(medians: np.ndarray, children: int) -> np.ndarray:
    """Return how many images each run took to a median of 99.99%, those of its first such generation included.

    Medians are ``(runs, generations + 1)`` log-odds, counts ``(runs,) float64``, infinite where it was never reached.
    """
    first = first_generations(medians[..., None])[:, 0]
    return np.where(np.isnan(first), np.inf, (first + 1) * children)


def measure(networks: Sequence[FooledNetwork], generations: int, children: int, data: str) -> TrainingSizeFound:
    """Reduce networks, as many of each of at least two sizes, to the numbers that the claim is judged by.

    A network counts once: with the median over its runs of the images needed, where never is above everything.
    """
    sizes, errors = (np.array([getattr(one, name) for one in networks]) for name in ("size", "error"))
    ends = int(sizes.min()), int(sizes.max())
    different = len(np.unique(sizes))
    wrong = [float(np.median(errors[sizes == end])) for end in ends]
    return TrainingSizeFound(
        sizes=different,
        networks_per_size=len(networks) // different,
        runs=len(networks[0].medians["direct"]),
        generations=generations,
        children=children,
        extremes=ends,
        errors=(wrong[0], wrong[1]),
        direct=_measure_trend(networks, sizes, "direct", children),
        cppn=_measure_trend(networks, sizes, "cppn", children),
        data=data,
    )


def _measure_trend(networks: Sequence[FooledNetwork], sizes: np.ndarray, encoding: str, children: int) -> Trend:
    """Return the trend of one encoding."""
    medians = [one.medians[encoding] for one in networks]
    needed = np.array([np.median(count_images_needed(part, children)) for part in medians])
    most = sizes == sizes.max()
    low, high = (float(np.median(needed[end])) for end in (sizes == sizes.min(), most))
    every = medians[0].shape[1] * children
    correlation, p = find_trend(sizes, needed)
    final = np.stack([one.final[encoding] for one, last in zip(networks, most, strict=True) if last])
    return Trend(
        needed=(low if np.isfinite(low) else None, high if np.isfinite(high) else None),
        correlation=correlation,
        p=p,
        fold=min(high, every) / min(low, every),
        median_most=float(np.median(to_confidence(final))),
    )


def find_trend(sizes: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return Spearman's rank correlation and how rarely sizes dealt out at random have one as large, one-sided.

    Sizes and values are ``(networks,)``. Infinite values are above all others and equal to each other; where all are
    equal, the correlation is 0.
    """
    from scipy.stats import rankdata  # slow to import, and status and findings have no need of it

    ranks = [rankdata(part) - (len(part) + 1) / 2 for part in (sizes, values)]
    length = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    if not length:
        return 0.0, 1.0
    drawn = np.random.default_rng(0).permuted(np.tile(ranks[0], (PERMUTATIONS, 1)), axis=1) @ ranks[1]
    observed = float(ranks[0] @ ranks[1])
    p = (1 + int((drawn >= observed - ROUNDING * length).sum())) / (1 + PERMUTATIONS)
    return observed / length, p


def judge(found: TrainingSizeFound) -> str:
    """Judge the hypothesis that more training data makes fooling harder.

    Prevention is a median below 99% with the most digits where 99.99% is reached with the fewest, in both encodings. A
    trend is that images needed for a median of 99.99% grow with the digits (rank correlation above 0, p < 0.01 by
    permutation) and are 1.5 times as many with the most digits as with the fewest, in at least one encoding. It takes 4
    sizes, 3 networks for each, and the paper's generations and children.
    """
    enough = found.sizes >= SIZES_NEEDED and found.networks_per_size >= NETWORKS_NEEDED
    if not enough or found.generations < GENERATIONS or found.children < CHILDREN:
        return UNTESTED
    encodings = (found.direct, found.cppn)
    if all(one.median_most < PREVENTED and one.needed[0] is not None for one in encodings):
        return REPRODUCED
    grows = (one.correlation > 0 and one.p < TREND_P and one.fold >= TREND_FOLD for one in encodings)
    return PARTLY if any(grows) else UNSUPPORTED


def _show_errors(found: TrainingSizeFound) -> str:
    return " to ".join(map(show_error, found.errors))


def list_rows(found: TrainingSizeFound) -> Rows:
    """Return the errors, and for each encoding the images needed and the trend."""
    ends, networks = "fewest to most digits", count_words(found.sizes * found.networks_per_size, "network")
    rows = [(f"held-out error, {ends}", _show_errors(found), "")]
    for label, one in (("pixels", found.direct), ("CPPN", found.cppn)):
        needed = " to ".join(map(show_count, one.needed))
        bound = ", a bound" if None in one.needed else ""
        trend = f"{round(one.correlation, 2) + 0.0:.2f}, {show_p(one.p)} (n = {networks})"
        rows += [
            (f"images to a median of 99.99%, {label}, {ends}", f"{needed} (× {one.fold:.2f}{bound})", "no number"),
            (f"rank correlation with size, {label}, by permutation", trend, ""),
            (f"final median with the most digits, {label}", show_confidence(one.median_most), ""),
        ]
    return tuple(rows)


CLAIM = Claim(
    id="small-data",
    title="More training data might prevent it",
    otherwise="more training data do not make digits harder to fool",
    section="§3.3",
    sentence=(
        "Digit networks may be easily fooled because they learned from little data (60,000 images); a larger set might "
        "prevent it."
    ),
    number="no number",
    grade=SECONDARY,
    page="05_mnist_training_size",
    record=TrainingSizeFound,
    judge=judge,
    headline=lambda found: (
        f"To reach 99.99%, CPPNs need {found.cppn.fold:.2f} times as many images, and pixels {found.direct.fold:.2f} "
        "times, when LeNet learns {1:,} instead of {0:,} digits".format(*found.extremes)
        + f"; its error goes from {_show_errors(found)}."
    ),
    rows=list_rows,
    scale=lambda found: (
        f"{found.sizes} sizes × {found.networks_per_size} networks × {found.runs} runs, "
        f"{found.generations} generations × {found.children} children; digits of {found.data}"
    ),
    before=lambda found: NOT if judge(found) == UNSUPPORTED else judge(found),
)
