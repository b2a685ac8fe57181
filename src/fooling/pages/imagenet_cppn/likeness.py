"""How alike images of neighbouring classes are, of any two classes, of one class in two runs, and of two siblings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from fooling.confidence import find_median
from fooling.pages.comparison import correlate_all, correlate_pairs, probability_of_superiority
from fooling.pages.imagenet_cppn.relatedness import Likeness, Relatedness
from fooling.pages.imagenet_search import Scale

PERMUTATIONS = 10_000  # Choice: the fewest that can show the paper's p < 0.0001
BLOCK = 500  # permutations at a time; Choice: some MB each
SHOWN = 2_000  # random pairs kept for a table; Choice: enough for its quartiles
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal


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
        classes: The class of each cell, by index.

    Raises:
        ValueError: If the shapes do not belong together.
    """
    places = np.asarray(places)
    cells = (len(thumbnails), len(classes))
    if not all(cells) or places.shape != cells or any(len(one) != len(classes) for one in thumbnails):
        raise ValueError(f"Thumbnails and places are of (runs, cells) = {cells}, but places are {places.shape}.")
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

    Args:
        thumbnails: For each run the ``(cells, features) float32`` of :func:`fooling.pages.comparison.shrink`.
        champions: ``(runs, cells) int32``: the number of the image in each cell.
        parents: ``(runs, cells) int32``: the number of its parent, −1 for random images.
        seed: Of the pairs that are kept where there are more than 2,000.

    Returns:
        ``(at most 2,000,) float64 in [−1, 1]``.
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
    observed = ranks[*pairs].mean()
    at_least = 0
    for start in range(0, PERMUTATIONS, BLOCK):
        orders = np.tile(np.arange(cells), (min(BLOCK, PERMUTATIONS - start), 1))
        orders = rng.permuted(orders, axis=1)  # (block, cells)
        drawn = ranks[orders[:, pairs[0]], orders[:, pairs[1]]].mean(axis=1)
        at_least += int((drawn >= observed - ROUNDING).sum())
    return (1 + at_least) / (1 + PERMUTATIONS)


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
    observed = differences.sum()
    at_least = 0
    for start in range(0, PERMUTATIONS, BLOCK):
        shape = (min(BLOCK, PERMUTATIONS - start), len(differences))
        signs = rng.integers(0, 2, shape, np.int8) * 2.0 - 1.0
        at_least += int((signs @ differences >= observed - ROUNDING * len(differences)).sum())
    return (1 + at_least) / (1 + PERMUTATIONS)


def _find_share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if flags.size else None
