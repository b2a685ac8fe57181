"""Are images of related classes alike within a run, and those of different runs not? All that the claim needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from fooling.confidence import find_median
from fooling.pages.claim import QUOTE, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.comparison import correlate_all, correlate_pairs, probability_of_superiority
from fooling.pages.imagenet_search import LEAST_PER_CELL, LEAST_RUNS, Scale, describe_scale
from fooling.words import show_p

CLASSES = 100  # Choice: with fewer, hardly any class has its neighbour beside it
PERMUTATIONS = 10_000  # Choice: the fewest that can show the paper's p < 0.0001
BLOCK = 500  # permutations at a time; Choice: some MB each
SHOWN = 2_000  # random pairs kept for a table; Choice: enough for its quartiles
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal
FIGURE = (  # Source: paper Fig. 9
    "agama 62.11 / 92.25%, frilled lizard 13.28 / 85.76%, green lizard 90.04 / 93.29%",
    "Japanese spaniel 53.18 / 50.25%, Pekinese 63.06 / 85.88%, Blenheim spaniel 44.50 / 65.76%",
)


@dataclass(frozen=True)
class Likeness(Effect):
    """How much more alike the images of neighbouring classes are than others; p is one-sided, by permutation."""

    superiority_distinct: float | None  # the superiority without pairs that hold the very same image; None if all do


@dataclass(frozen=True)
class Relatedness:
    """How alike images are: median correlations, None of no pair, and two comparisons, None where not defined."""

    scale: Scale  # of the search
    neighbours: float | None  # images of neighbouring classes of one run
    random: float | None  # images of any two classes of one run
    runs: float | None  # images of one class in two runs
    against_random: Likeness | None  # neighbours against any two classes
    against_runs: Likeness | None  # neighbours against one class in two runs
    shared_neighbours: float | None  # share of neighbours that hold the very same image
    shared_random: float | None  # the same of any two classes


def judge(found: Relatedness) -> str:
    """Judge by two halves, each with p < 0.0001 and more than a small effect.

    Within a run, classes that stand beside each other in ImageNet's order have more similar images than classes drawn
    at random. And those neighbours of one run are more alike than the images of one class in different runs.
    """
    scale = found.scale
    if scale.classes < CLASSES or scale.runs < LEAST_RUNS or scale.per_cell < LEAST_PER_CELL:
        return UNTESTED
    if found.against_random is None or found.against_runs is None:  # no class has its neighbour beside it
        return UNTESTED
    return grade_halves(found.against_random.is_there, found.against_runs.is_there)


def tell(found: Relatedness) -> str:
    """Return the three median correlations as a sentence."""
    if found.neighbours is None:
        return f"No two of the {found.scale.classes:,} classes with a cell are neighbours, so nothing was compared."
    other = "" if found.runs is None else f", and those of one class in two runs by {_show(found.runs)}"
    return (
        f"In one run, images of neighbouring classes correlate by {_show(found.neighbours)}, those of any two classes "
        f"by {_show(found.random)}{other}."
    )


def tabulate(found: Relatedness) -> Rows:
    """Return the correlations, both tests and what was seen in the paper's figure."""
    rows = [
        ("neighbouring classes, one run: correlation", _show(found.neighbours), "similar"),
        ("any two classes, one run", _show(found.random), "–"),
        ("one class, two runs", _show(found.runs), "different"),
        ("neighbours against any two classes", _tell_likeness(found.against_random), "no test"),
        ("neighbours against one class in two runs", _tell_likeness(found.against_runs), "no test"),
    ]
    if found.shared_neighbours is not None:
        rows.append(("neighbours that hold the very same image", f"{found.shared_neighbours:.1%}", "–"))
    return (*rows, *(("confidences in two runs (Fig. 9)", "–", shown) for shown in FIGURE))


def _show(correlation: float | None) -> str:
    return "not measured" if correlation is None else f"{round(correlation, 2) + 0.0:.2f}"  # no "-0.00"


def _tell_likeness(one: Likeness | None) -> str:
    """Return a comparison in words."""
    if one is None:
        return "not measured"
    alone = "" if one.superiority_distinct is None else f"; {one.superiority_distinct:.2f} without shared images"
    return f"probability of superiority {one.superiority:.2f} (by permutation, {show_p(one.p)}){alone}"


CLAIM = Claim(
    id="imagenet-relatedness",
    title="Related classes get related images",
    section="§3.4, Fig. 9",
    sentence="Closely related classes get similar images within a run; different runs find different images.",
    number="three lizards and three dogs in two runs, at 13.28% to 93.29%; no measure of likeness",
    grade=QUOTE,
    page="08_imagenet_cppn",
    record=Relatedness,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=lambda found: describe_scale(found.scale),
)


class Correlations(NamedTuple):
    """The correlations behind a :class:`Relatedness`, each in [−1, 1]."""

    neighbours: np.ndarray  # (runs · neighbouring pairs,) float64
    random: np.ndarray  # (at most 2,000,) float64: drawn from all pairs within a run
    runs: np.ndarray  # (pairs of runs · classes,) float64


def find_neighbours(classes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return which cells are neighbours in the order of classes: ``(2, pairs) int64``, places of class i and i + 1."""
    order = np.argsort(classes, kind="stable")
    beside = np.flatnonzero(np.diff(np.asarray(classes)[order]) == 1)
    return np.stack([order[beside], order[beside + 1]])


def measure_relatedness(
    thumbnails: Sequence[np.ndarray], places: np.ndarray, classes: Sequence[int], scale: Scale, seed: int = 0
) -> tuple[Relatedness, Correlations]:
    """Measure how alike images of neighbouring classes are, against random classes and against other runs.

    Both tests are of 10,000 permutations and one-sided. Against random classes: the order of the classes is drawn anew,
    the same for all runs, because what is alike in one run may be alike in the next for another reason than the order.
    Against runs: the sign of each class's difference is drawn anew; classes share images, so this p is too small.

    Choice: neighbours are classes i and i + 1 that both have a cell: ImageNet's order follows WordNet, so that they are
    often related. A pair is counted for its first class. Over runs, or pairs of runs, a class has its median.

    Args:
        thumbnails: For each run the ``(cells, features) float32`` of :func:`fooling.pages.comparison.shrink`.
        places: ``(runs, cells)`` integers that are equal where two cells of one run hold the very same image, such as
            :attr:`fooling.evolution.evolution.Evolution.places`.
    """
    rng = np.random.default_rng(seed)
    pairs, every = find_neighbours(classes), np.stack(np.triu_indices(len(classes), 1))
    similarity = np.stack([correlate_all(one) for one in thumbnails])  # (runs, cells, cells)
    same = places[:, :, None] == places[:, None]  # (runs, cells, cells)
    near, random = similarity[:, *pairs], similarity[:, *every]  # (runs, pairs), (runs, all pairs)
    near_same, random_same = same[:, *pairs], same[:, *every]
    between = [correlate_pairs(one, other) for one, other in combinations(thumbnails, 2)]
    other_runs = np.stack(between) if between else np.zeros((0, len(classes)))  # (pairs of runs, cells)
    against_random = against_runs = None
    if pairs.size:
        p = _permute_order(random, every, pairs, rng)
        against_random = _compare_with_random(near, random, near_same, random_same, p)
    if pairs.size and between:
        against_runs = _compare_with_runs(near, near_same, other_runs[:, pairs[0]], rng)
    found = Relatedness(
        scale=scale,
        neighbours=find_median(near),
        random=find_median(random),
        runs=find_median(other_runs),
        against_random=against_random,
        against_runs=against_runs,
        shared_neighbours=_find_share(near_same),
        shared_random=_find_share(random_same),
    )
    kept = rng.choice(random.size, min(SHOWN, random.size), replace=False)
    return found, Correlations(near.ravel(), random.ravel()[kept], other_runs.ravel())


def correlate_siblings(
    thumbnails: Sequence[np.ndarray], champions: np.ndarray, parents: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return how alike two different images with the same parent are: what the correlation sees of likeness, at least.

    Each cell has, ``(runs, cells) int32``, the number of its champion, and that of the parent, −1 for random images. At
    most 2,000 pairs, drawn with the seed, are kept.
    """
    found = []
    for images, numbers, origins in zip(thumbnails, champions, parents, strict=True):
        first, second = np.triu_indices(len(numbers), 1)
        related = (origins[first] == origins[second]) & (origins[first] >= 0) & (numbers[first] != numbers[second])
        found.append(correlate_pairs(images[first[related]], images[second[related]]))
    every = np.concatenate(found)
    return every[np.random.default_rng(seed).choice(every.size, min(SHOWN, every.size), replace=False)]


def _compare_with_random(
    near: np.ndarray, random: np.ndarray, near_same: np.ndarray, random_same: np.ndarray, p: float
) -> Likeness:
    """Return the comparison within each run, averaged over runs; all arrays are ``(runs, …)``."""
    within = [probability_of_superiority(*run) for run in zip(near, random, strict=True)]
    apart = [
        probability_of_superiority(one[~one_same], other[~other_same])
        for one, other, one_same, other_same in zip(near, random, near_same, random_same, strict=True)
        if not one_same.all()
    ]
    return Likeness(float(np.mean(within)), p, float(np.mean(apart)) if apart else None)


def _permute_order(random: np.ndarray, every: np.ndarray, pairs: np.ndarray, rng: np.random.Generator) -> float:
    """Return how rarely an order of classes drawn at random has neighbours as alike: the p of their mean rank."""
    from scipy.stats import rankdata  # slow to import, and status and findings have no need of it

    cells = every.max(initial=0) + 1
    ranks = np.zeros((cells, cells))  # from 0 to 1, the mean over runs
    ranks[*every] = ranks[*every[::-1]] = np.mean((rankdata(random, axis=1) - 0.5) / random.shape[1], axis=0)

    def draw(count: int) -> np.ndarray:
        orders = rng.permuted(np.tile(np.arange(cells), (count, 1)), axis=1)  # (count, cells)
        return np.asarray(ranks[orders[:, pairs[0]], orders[:, pairs[1]]].mean(axis=1))

    return _find_p(draw, ranks[*pairs].mean() - ROUNDING)


def _compare_with_runs(near: np.ndarray, same: np.ndarray, between: np.ndarray, rng: np.random.Generator) -> Likeness:
    """Return the comparison of each class's neighbour with the class itself in other runs, ``(…, pairs)`` each."""
    own, other = np.median(near, axis=0), np.median(between, axis=0)  # (pairs,)
    apart = ~same.all(axis=0)
    distinct = np.nanmedian(np.where(same, np.nan, near)[:, apart], axis=0)
    return Likeness(
        superiority=probability_of_superiority(own, other),
        p=_flip_signs(own - other, rng),
        superiority_distinct=probability_of_superiority(distinct, other[apart]) if apart.any() else None,
    )


def _flip_signs(differences: np.ndarray, rng: np.random.Generator) -> float:
    """Return how rarely differences of random sign have so large a mean: ``(count,) float64`` to a p."""

    def draw(count: int) -> np.ndarray:
        return np.asarray((rng.integers(0, 2, (count, len(differences)), np.int8) * 2.0 - 1.0) @ differences)

    return _find_p(draw, differences.sum() - ROUNDING * len(differences))


def _find_p(draw: Callable[[int], np.ndarray], least: float) -> float:
    """Return how rarely what is drawn, so many at a time, is at least as large."""
    counts = [min(BLOCK, PERMUTATIONS - start) for start in range(0, PERMUTATIONS, BLOCK)]
    return (1 + sum(int((draw(count) >= least).sum()) for count in counts)) / (1 + PERMUTATIONS)


def _find_share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if flags.size else None
