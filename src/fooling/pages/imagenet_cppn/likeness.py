"""Champions as another network sees them, and how alike those of related classes are: also by pixels and ancestors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.evolution.evolution import Evolution
from fooling.evolution.lineage import measure_kinship
from fooling.images import resize_images
from fooling.networks.classifier import Classifier
from fooling.networks.head import compute_features, split_head
from fooling.pages.comparison import correlate_all, correlate_pairs, probability_of_superiority, shrink
from fooling.pages.imagenet_cppn.relatedness import RELATIVES, Compared, Likeness, Quartiles, Relatedness
from fooling.pages.imagenet_search import Scale

AT_ONCE = 100  # images expressed and resized at a time; Choice: 60 MB as float32 at 227 × 227
STEPS = 4  # in WordNet, up and down, between related classes
PERMUTATIONS = 10_000  # Choice: the fewest that can show the paper's p < 0.0001
BLOCK = 500  # permutations at a time; Choice: 30 MB each, of the 7,398 related pairs of 1,000 classes
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal


class Champions(NamedTuple):
    """The champions of one run, as another network sees them."""

    images: np.ndarray  # (cells,) integers, equal where two cells hold the very same image
    log_odds: np.ndarray  # (cells,) float32: of the class, by the network that they evolved on
    features: np.ndarray  # (cells, features) float32 of length 1, so that an inner product is a cosine


def describe_champions(run: Evolution, place: int, judge: Classifier) -> Champions:
    """Return the champions of one run, seen by a network that they did not evolve on.

    Features are what its last layer reads. Each image is shown once, resized where the network takes another size.
    """
    below, _ = split_head(judge)
    distinct, cells, where = np.unique(run.places[place], return_index=True, return_inverse=True)
    batches = (cells[start : start + AT_ONCE] for start in range(0, len(cells), AT_ONCE))
    shown = (np.asarray(resize_images(run.express(place, some), *judge.image_shape[:2])) for some in batches)
    seen = compute_features(judge, below, shown)
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    return Champions(distinct[where], run.log_odds[place], seen[where])


def find_neighbours(classes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return which cells are neighbours in the order of classes: ``(2, pairs) int64``, places of class i and i + 1."""
    order = np.argsort(classes, kind="stable")
    beside = np.flatnonzero(np.diff(np.asarray(classes)[order]) == 1)
    return np.stack([order[beside], order[beside + 1]])


def find_related(distances: np.ndarray, classes: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return which cells are of related classes: ``(2, pairs) int64``, each pair once.

    Source: WordNet; Choice: at most 4 steps apart, as the six classes of the paper's Fig. 9 are.
    """
    near = distances[np.asarray(classes)][:, np.asarray(classes)] <= STEPS
    return np.stack(np.nonzero(np.triu(near, 1)))


def compare_likeness(
    likeness: np.ndarray, between: np.ndarray, images: np.ndarray, pairs: np.ndarray, seed: int = 0
) -> Compared:
    """Compare how alike near classes of a run are with any two classes, and with one class in two runs.

    Both tests are of 10,000 permutations and one-sided. Against any two classes: the order of the classes is drawn
    anew, the same for all runs, because what is alike in one run may be alike in the next for another reason than being
    near. Against runs: the sign of each class's difference is drawn anew; classes share images, so this p is too small.

    Choice: a pair is counted for its first class, and a class has the median of its pairs, over runs or pairs of runs.

    Args:
        likeness: ``(runs, cells, cells)``, the larger the more alike.
        between: ``(pairs of runs, cells)``: the same of one class in two runs; may be empty.
        images: ``(runs, cells)`` integers that are equal where two cells of one run hold the very same image.
        pairs: ``(2, pairs) int64``: the cells that are near, as :func:`find_related` gives them.
    """
    rng, every = np.random.default_rng(seed), np.stack(np.triu_indices(likeness.shape[1], 1))
    same = images[:, :, None] == images[:, None]  # (runs, cells, cells)
    near, random = likeness[:, *pairs], likeness[:, *every]  # (runs, pairs), (runs, all pairs)
    near_same, random_same = same[:, *pairs], same[:, *every]
    against_random = against_runs = None
    if pairs.size:
        p = _permute_order(random, every, pairs, rng)
        against_random = _compare_with_random(near, random, near_same, random_same, p)
    if pairs.size and len(between):
        against_runs = _compare_with_runs(near, near_same, between, pairs[0], rng)
    return Compared(
        pairs=pairs.shape[1],
        near=find_quartiles(near),
        random=find_quartiles(random),
        runs=find_quartiles(between),
        against_random=against_random,
        against_runs=against_runs,
        shared_near=_find_share(near_same),
        shared_random=_find_share(random_same),
    )


def measure_relatedness(
    run: Evolution, champions: Sequence[Champions], judge: str, distances: np.ndarray, scale: Scale
) -> Relatedness:
    """Measure how alike the champions of related classes are, in every sense.

    Champions are of each run, seen by the network that is named ``judge``; distances are the ``(1000, 1000)`` of
    :func:`fooling.data.kinds.measure_distances`.
    """
    runs = range(len(run.seeds))
    related, neighbours = find_related(distances, run.classes), find_neighbours(run.classes)
    seen = [one.features for one in champions]
    thumbnails = [shrink(run.express(place)) for place in runs]
    # (runs, cells, cells)
    alike, correlated = (np.stack([correlate_all(part) for part in parts]) for parts in (seen, thumbnails))
    kinship = -np.stack([measure_kinship(run, place) for place in runs])
    features = compare_likeness(alike, _compare_runs(seen), run.places, related)
    kin = compare_likeness(kinship, np.zeros((0, len(run.classes))), run.places, related)
    pixels = compare_likeness(correlated, _compare_runs(thumbnails), run.places, neighbours)
    return Relatedness(scale, features, kin, pixels, judge, _find_relatives(run))


def _find_relatives(run: Evolution) -> tuple[tuple[float, float], ...]:
    """Return the confidences of the six classes of the paper's figure in the first two runs, if all are there."""
    if len(run.log_odds) < 2 or not set(RELATIVES) <= set(run.classes):
        return ()
    cells = [run.classes.index(one) for one in RELATIVES]
    first, second = to_confidence(run.log_odds[:2, cells]).tolist()
    return tuple(zip(first, second, strict=True))


def _compare_runs(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return how alike each class's images are in each two runs, ``(pairs of runs, cells) float64``."""
    between = [correlate_pairs(one, other) for one, other in combinations(parts, 2)]
    return np.stack(between) if between else np.zeros((0, len(parts[0])))


def find_quartiles(values: np.ndarray) -> Quartiles | None:
    """Return lower quartile, median and upper quartile of values, None of none."""
    if not values.size:
        return None
    every = np.percentile(values, (25, 50, 75), method="nearest").tolist()
    low, median, high = (value if np.isfinite(value) else None for value in every)
    return low, median, high


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


def _compare_with_runs(
    near: np.ndarray, same: np.ndarray, between: np.ndarray, first: np.ndarray, rng: np.random.Generator
) -> Likeness:
    """Return the comparison of each class's near ones, ``(runs, pairs)``, with the class itself in other runs."""
    classes = np.unique(first)
    other = np.median(between[:, classes], axis=0)
    own = np.array([np.median(near[:, first == one]) for one in classes])
    apart = [near[:, first == one][~same[:, first == one]] for one in classes]
    some = np.array([part.size > 0 for part in apart])
    distinct = np.array([np.median(part) for part in apart if part.size])
    return Likeness(
        superiority=probability_of_superiority(own, other),
        p=_flip_signs(own - other, rng),
        superiority_distinct=probability_of_superiority(distinct, other[some]) if some.any() else None,
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
