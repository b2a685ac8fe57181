"""How two searches compare class by class, and how alike the images of related classes are.

Everything here counts pairs: the probability of superiority says how often a value of one kind is above one of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import Effect
from fooling.words import SMALLEST_P, show_confidence, show_p

THUMBNAIL = 32  # longest side of a thumbnail; Choice: shapes and colours stay, single pixels of noise do not
AT_ONCE = 20  # images shrunk at a time; Choice: 24 MB as float64 at 224 × 224
FLAT = 1e-6  # above what rounding leaves of a constant image, below one grey level in one pixel of a large one
DECIMALS = 6  # of a correlation; thumbnails are float32, and two of one image must tie with every other such two
PERMUTATIONS = 10_000  # Choice: the fewest that can show the paper's p < 0.0001
BLOCK = 500  # permutations at a time; Choice: some MB each
SHOWN = 2_000  # random pairs kept for a figure; Choice: as many as a strip of dots can show
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal


@dataclass(frozen=True)
class Comparison(Effect):
    """How far one search is ahead of another on the same classes, by a two-sided Mann-Whitney U test between classes.

    Attributes:
        ahead: Number of classes whose median over runs is above that of the same class in the second search.
        paired_p: Of Wilcoxon's two-sided signed-rank test, which holds each class against itself; 1 where none differs.
        medians: Of both searches, over runs and classes.
    """

    ahead: int
    paired_p: float
    medians: tuple[float, float]


class Relatedness(NamedTuple):
    """How alike the images of neighbouring classes, of random classes and of one class in two runs are.

    Attributes:
        metrics: JSON, as :func:`compare_relatedness` describes it.
        neighbours: ``(runs · neighbouring pairs,) float64 in [−1, 1]``: correlations within a run.
        random: ``(at most 2,000,) float64 in [−1, 1]``: of pairs drawn from all pairs within a run.
        runs: ``(pairs of runs · classes,) float64 in [−1, 1]``: of one class in two runs.
    """

    metrics: dict[str, Any]
    neighbours: np.ndarray
    random: np.ndarray
    runs: np.ndarray


def probability_of_superiority(first: np.ndarray, second: np.ndarray) -> float:
    """Return P(first > second) + ½ P(first = second) over all pairs of a value of each, by ranks.

    Source: Vargha & Delaney 2000, who call it A; it is the Mann-Whitney U divided by the number of pairs.

    Args:
        first: Any shape; flattened.
        second: The same.

    Raises:
        ValueError: If one of them is empty or holds NaN.
    """
    first, second = np.ravel(first), np.sort(np.ravel(second))
    if not first.size or not second.size:
        raise ValueError(f"Pairs of {first.size} and {second.size} values were asked for; each must be at least 1.")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("The values to compare hold NaN, which is neither above nor below another.")
    below, up_to = (np.searchsorted(second, first, side).mean() for side in ("left", "right"))
    return float((below + up_to) / (2 * second.size))


def compare_classes(first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compare two searches by their classes' medians over runs.

    The first test is the paper's. Its p is too small, and so is that of the paired test: one image can hold many cells
    of a run, so classes are not independent of one another. Read the superiority, and the number of classes ahead,
    before the p.

    Source: paper §3.4 (Mann-Whitney U). Choice: a class is one value, its median over runs, so that runs of one
    search do not count as further classes.

    Args:
        first: ``(runs, classes)`` confidences or log-odds.
        second: The same of the other search on the same classes, in the same order; runs may differ.

    Raises:
        ValueError: If they are not of the same classes, or hold NaN.
    """
    from scipy.stats import mannwhitneyu, wilcoxon  # slow to import, and status and findings have no need of it

    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(f"Searches are (runs, classes) of the same classes, not {first.shape} and {second.shape}.")
    one, other = np.median(first, axis=0), np.median(second, axis=0)
    return Comparison(
        superiority=probability_of_superiority(one, other),
        p=float(mannwhitneyu(one, other, alternative="two-sided").pvalue),
        ahead=int((one > other).sum()),
        paired_p=float(wilcoxon(one, other).pvalue) if (one != other).any() else 1.0,
        medians=(float(np.median(first)), float(np.median(second))),
    )


def compare_starts(first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compare two searches before anything evolved: what differs there is not the work of evolution.

    Args:
        first: ``(runs, generations + 1, classes) float32`` log-odds.
        second: The same of the other search on the same classes; runs and generations may differ.

    Raises:
        ValueError: As :func:`compare_classes`.
    """
    return compare_classes(to_confidence(first[:, 0]), to_confidence(second[:, 0]))


def tell_comparison(compared: Comparison, classes: int) -> str:
    """Return in how many of so many classes the first search is ahead, with both tests, in words."""
    return (
        f"ahead in {compared.ahead:,} of {classes:,} classes; probability of superiority {compared.superiority:.2f} "
        f"(Mann-Whitney U, {show_p(compared.p)}); each class against itself {show_p(compared.paired_p)} (Wilcoxon)"
    )


def tell_start(start: Comparison, classes: int) -> str:
    """Return how two searches of so many classes stood before evolution, and what follows from it, in words."""
    one, other = map(show_confidence, start.medians)
    follows = "; so part of the difference is not the work of evolution" if start.paired_p < SMALLEST_P else ""
    return f"{one} and {other}; {tell_comparison(start, classes)}{follows}"


def shrink(images: np.ndarray) -> np.ndarray:
    """Shrink images to thumbnails whose inner product is the correlation of two images.

    Sides above 32 shrink to 32 by the mean over areas; smaller ones stay. Then the mean over all pixels and channels is
    taken away, and the length made 1: a constant image becomes zeros, and correlates 0 with everything.

    Args:
        images: ``(count, height, width, channels) uint8``. Only 20 at a time become floats.

    Returns:
        ``(count, height · width · channels of a thumbnail) float32`` of length 1 or 0.

    Raises:
        ValueError: If they are not such images.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(f"Images are (count, height, width, channels) uint8, not {images.shape} {images.dtype}.")
    count, height, width, channels = images.shape
    rows, columns = _average_areas(height), _average_areas(width)
    thumbnails = np.empty((count, len(rows) * len(columns) * channels), np.float32)
    for start in range(0, count, AT_ONCE):
        batch = images[start : start + AT_ONCE]
        few = rows @ batch.reshape(len(batch), height, -1).astype(np.float64)  # (few, rows, width · channels)
        few = columns @ few.reshape(-1, width, channels)  # (few · rows, columns, channels)
        few = few.reshape(len(batch), -1)
        few -= few.mean(axis=1, keepdims=True)
        length = np.sqrt((few**2).sum(axis=1, keepdims=True))
        thumbnails[start : start + len(batch)] = few / np.where(length > FLAT, length, np.inf)
    return thumbnails


def _average_areas(side: int) -> np.ndarray:
    """Return the ``(shorter side, side) float64`` matrix whose rows are the mean over equal shares of the side."""
    target = min(side, THUMBNAIL)
    edges = np.arange(target + 1) * side / target
    pixel = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weights: np.ndarray = np.clip(overlap, 0.0, None) * target / side
    return weights


def correlate_pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the correlation of each thumbnail with its partner.

    Args:
        first: ``(count, features) float32`` of :func:`shrink`.
        second: The same of their partners.

    Returns:
        ``(count,) float64 in [−1, 1]``, to six decimals.
    """
    return _round(np.einsum("if,if->i", np.asarray(first, np.float64), np.asarray(second, np.float64)))


def correlate_all(thumbnails: np.ndarray) -> np.ndarray:
    """Return the correlation of each thumbnail with each: ``(count, count) float64 in [−1, 1]``, to six decimals."""
    exact = np.asarray(thumbnails, np.float64)
    return _round(exact @ exact.T)


def _round(correlations: np.ndarray) -> np.ndarray:
    return np.clip(np.round(correlations, DECIMALS), -1.0, 1.0)


def find_neighbours(classes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return which cells are neighbours in the order of classes: ``(2, pairs) int64``, places of class i and i + 1."""
    order = np.argsort(classes, kind="stable")
    beside = np.flatnonzero(np.diff(np.asarray(classes)[order]) == 1)
    return np.stack([order[beside], order[beside + 1]])


def compare_relatedness(
    thumbnails: Sequence[np.ndarray], places: np.ndarray, classes: Sequence[int], seed: int = 0
) -> Relatedness:
    """Measure how alike images of neighbouring classes are, against random classes and against other runs.

    Both tests are of 10,000 permutations and one-sided. Against random classes: the order of the classes is drawn anew,
    the same for all runs, because what is alike in one run may be alike in the next for another reason than the order.
    Against runs: the sign of each class's difference is drawn anew; classes share images, so this p is too small.

    Choice: neighbours are classes i and i + 1 that both have a cell: ImageNet's order follows WordNet, so that they are
    often related. A pair is counted for its first class. Over runs, or pairs of runs, a class has its median.

    Args:
        thumbnails: For each run the ``(cells, features) float32`` of :func:`shrink`.
        places: ``(runs, cells)`` integers that are equal where two cells of one run hold the very same image, such as
            :attr:`fooling.evolution.evolution.Evolution.places`.
        classes: The class of each cell, by index.
        seed: Of the permutations, and of the random pairs that are kept.

    Returns:
        The samples, and as metrics: ``similarity``, the medians over all "neighbours", "random" pairs of one run, and
        "runs"; ``neighbours_against_random`` and ``neighbours_against_runs``, each None where it is not defined, else
        "superiority", "p" and "superiority_distinct", which leaves out pairs that hold the very same image (None if
        all do); ``shared``, the share of such pairs among "neighbours" and "random"; ``runs`` and ``classes``.

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
    metrics = {
        "similarity": {"neighbours": _median(near), "random": _median(random), "runs": _median(other_runs)},
        "neighbours_against_random": None,
        "neighbours_against_runs": None,
        "shared": {"neighbours": _share(near_same), "random": _share(random_same)},
        "runs": cells[0],
        "classes": cells[1],
    }
    if pairs.size:
        metrics["neighbours_against_random"] = _against_random(
            near, random, near_same, random_same, _permute_order(similarity, random, pairs, rng)
        )
    if pairs.size and between:
        metrics["neighbours_against_runs"] = _against_runs(near, near_same, other_runs[:, pairs[0]], rng)
    kept = rng.choice(random.size, min(SHOWN, random.size), replace=False)
    return Relatedness(metrics, near.ravel(), random.ravel()[kept], other_runs.ravel())


def correlate_siblings(
    thumbnails: Sequence[np.ndarray], champions: np.ndarray, parents: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return how alike two different images with the same parent are: what the correlation sees of likeness, at least.

    Args:
        thumbnails: For each run the ``(cells, features) float32`` of :func:`shrink`.
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


def _against_random(
    near: np.ndarray, random: np.ndarray, near_same: np.ndarray, random_same: np.ndarray, p: float
) -> dict[str, Any]:
    """Return the comparison within each run, averaged over runs; all arrays are ``(runs, …)``."""
    within = [probability_of_superiority(*run) for run in zip(near, random, strict=True)]
    apart = [
        probability_of_superiority(one[~one_same], other[~other_same])
        for one, other, one_same, other_same in zip(near, random, near_same, random_same, strict=True)
        if not one_same.all()
    ]
    distinct = float(np.mean(apart)) if apart else None
    return {"superiority": float(np.mean(within)), "p": p, "superiority_distinct": distinct}


def _permute_order(similarity: np.ndarray, random: np.ndarray, pairs: np.ndarray, rng: np.random.Generator) -> float:
    """Return how rarely an order of classes drawn at random has neighbours as alike: the p of their mean rank."""
    ranks = np.mean([_rank(run, pool) for run, pool in zip(similarity, random, strict=True)], axis=0)  # (cells, cells)
    observed = ranks[*pairs].mean()
    at_least = 0
    for start in range(0, PERMUTATIONS, BLOCK):
        orders = np.tile(np.arange(len(ranks)), (min(BLOCK, PERMUTATIONS - start), 1))
        orders = rng.permuted(orders, axis=1)  # (block, cells)
        drawn = ranks[orders[:, pairs[0]], orders[:, pairs[1]]].mean(axis=1)
        at_least += int((drawn >= observed - ROUNDING).sum())
    return (1 + at_least) / (1 + PERMUTATIONS)


def _rank(values: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """Return the share of the pool that lies below each value, ties counting half: its rank, from 0 to 1."""
    levels, counts = np.unique(pool, return_counts=True)
    share = (np.cumsum(counts) - counts / 2) / pool.size
    ranks: np.ndarray = share[np.minimum(np.searchsorted(levels, values), len(levels) - 1)]
    return ranks


def _against_runs(near: np.ndarray, same: np.ndarray, between: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Return the comparison of each class's neighbour with the class itself in other runs, ``(…, pairs)`` each."""
    own, other = np.median(near, axis=0), np.median(between, axis=0)  # (pairs,)
    apart = ~same.all(axis=0)
    distinct = np.nanmedian(np.where(same, np.nan, near)[:, apart], axis=0)
    return {
        "superiority": probability_of_superiority(own, other),
        "p": _flip_signs(own - other, rng),
        "superiority_distinct": probability_of_superiority(distinct, other[apart]) if apart.any() else None,
    }


def _flip_signs(differences: np.ndarray, rng: np.random.Generator) -> float:
    """Return how rarely differences of random sign have so large a mean: ``(count,) float64`` to a p."""
    observed = differences.sum()
    at_least = 0
    for start in range(0, PERMUTATIONS, BLOCK):
        shape = (min(BLOCK, PERMUTATIONS - start), len(differences))
        signs = rng.integers(0, 2, shape, np.int8) * 2.0 - 1.0
        at_least += int((signs @ differences >= observed - ROUNDING * len(differences)).sum())
    return (1 + at_least) / (1 + PERMUTATIONS)


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if values.size else None


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if flags.size else None
