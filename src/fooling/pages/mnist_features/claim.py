"""The claim ``mnist-features``: what champions of one digit share over runs, the rule, and how it is told.

A run's ten champions were found together and may even be one image; runs are independent. So digits are always compared
within a run, or over pairs of runs, and every test draws anew which champion of a run goes by which digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from fooling.pages.claim import QUOTE, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.comparison import correlate_all, shrink
from fooling.pages.mnist_search import describe_scale, is_large_enough

RUNS = 20  # Choice: the fewest in which a tendency of single runs shows; the paper has 50
PERMUTATIONS = 30_000  # Choice: three times the fewest that can show the paper's p < 0.0001
BLOCK = 25  # permutations at a time, a divisor of all; Choice: those of 50 runs fit a cache, which is twice as fast
NEITHER = 0.5  # the vertical share, and the low share, of an image without edges


class Features(NamedTuple):
    """What the champions of several runs share."""

    vertical: np.ndarray  # ``(runs, digits) float64 in [0, 1]``, as the next two: from :func:`share_edges`
    low_bar: np.ndarray
    low_share: np.ndarray
    # ``(digits, digits) float64 in [−1, 1]``: mean correlation of champions of two digits in two runs
    likeness: np.ndarray
    vertical_1: Effect  # as :class:`Statements`
    low_bar_2: Effect
    low_share_2: Effect
    alike: Effect


@dataclass(frozen=True)
class Statements:
    """The paper's statements on one kind of image."""

    vertical_1: Effect  # a 1 is more vertical than the other digits of its run
    low_bar_2: Effect  # a 2 has more horizontal edges in its lower half than the others
    low_share_2: Effect  # more of its horizontal edges are there than in its upper half, against the others
    alike: Effect  # champions of one digit in two runs are more alike than those of two digits in two runs
    low_look_2: Effect  # the network looks more at the lower half of a 2 than of the others


@dataclass(frozen=True)
class FeaturesFound:
    """What page 04 measured."""

    judged: Statements  # on CPPN champions
    controls: dict[str, Statements]  # by label, on images that are not judged
    runs: int  # independent runs
    classes: int  # champions of a run
    generations: int  # generations of the searches
    children: int  # children per generation
    data: str  # what the network learned, in words


def share_edges(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which share of the edges of images is vertical, which is a low bar, and how low the horizontal ones are.

    gx and gy are differences of neighbouring grey levels along x and along y. Choice: squares of them are added, so
    that strong edges count and noise does not drown them. Images are ``(…, height, width, channels)``, uint8 or float;
    of an odd height the middle row is in neither half.

    Returns:
        Three shares, each ``(…) float64 in [0, 1]``. Vertical edges among all, Σ gx² / Σ (gx² + gy²); ½ without edges.
        Horizontal edges of the lower half among all; 0 without edges. Those among the horizontal edges of both halves;
        ½ without any, and no more where an image has more horizontal edges at every height.
    """
    whole, half = images.astype(np.float64), images.shape[-3] // 2
    parts = ((whole, -2), (whole, -3), (whole[..., -half:, :, :], -3), (whole[..., :half, :, :], -3))
    along_x, along_y, low, high = ((np.diff(part, axis=axis) ** 2).sum(axis=(-3, -2, -1)) for part, axis in parts)
    return (
        _divide(along_x, along_x + along_y, NEITHER),
        _divide(low, along_x + along_y, 0.0),
        _divide(low, low + high, NEITHER),
    )


def _divide(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), otherwise)


def compare_features(images: np.ndarray, seed: int = 0) -> Features:
    """Measure the paper's three statements on the champions of at least two runs.

    Images are ``(runs, digits, height, width, channels) uint8``, the digits in order from 0 and at least to 2.
    """
    vertical, low_bar, low_share = share_edges(images)
    thumbnails = shrink(images.reshape(-1, *images.shape[2:]))
    correlations = correlate_all(thumbnails).reshape(*images.shape[:2], *images.shape[:2])
    between = correlations.transpose(0, 2, 1, 3)[np.triu_indices(len(images), 1)]  # (pairs of runs, digits, digits)
    one_way = between.mean(axis=0)
    return Features(
        vertical,
        low_bar,
        low_share,
        likeness=(one_way + one_way.T) / 2,
        vertical_1=compare_digit(vertical, 1, seed),
        low_bar_2=compare_digit(low_bar, 2, seed),
        low_share_2=compare_digit(low_share, 2, seed),
        alike=compare_likeness(between, seed),
    )


def compare_digit(values: np.ndarray, digit: int, seed: int = 0) -> Effect:
    """Say how often a digit's value, of ``(runs, digits) float64``, is above those of the other digits of its run.

    The superiority is averaged over runs. Where digits do not matter, any champion of a run is as good as any other: p
    is how rarely one drawn from each run is as far above the rest.
    """
    above = (values[:, :, None] > values[:, None]) + 0.5 * (values[:, :, None] == values[:, None])
    superiority = (above.sum(axis=2) - 0.5) / (values.shape[1] - 1)  # (runs, digits); less the tie with itself
    drawn = np.random.default_rng(seed).integers(0, values.shape[1], (PERMUTATIONS, len(values)))
    means = superiority[np.arange(len(values)), drawn].mean(axis=1)
    observed = superiority[:, digit].mean()
    return Effect(float(observed), _find_p(means, observed))


def compare_likeness(between: np.ndarray, seed: int = 0) -> Effect:
    """Say how often two champions of one digit are more alike than two champions of two digits, over pairs of runs.

    Where digits do not matter, a run's champions could change their digits: p is how rarely that, drawn for each run
    anew, makes champions of one digit as alike. Likeness is ``(pairs of runs, digits, digits) float64``, of each digit
    of the first run with each of the second, pairs in the order of ``numpy.triu_indices``.
    """
    from scipy.stats import rankdata  # slow to import

    pairs, digits = between.shape[:2]
    runs = round((1 + np.sqrt(1 + 8 * pairs)) / 2)
    first, second = np.triu_indices(runs, 1)
    ranks = rankdata(between)  # (pairs · digits · digits,); sums of them are exact
    start = np.arange(pairs)[:, None] * digits**2  # where a pair's ranks begin
    same, other = pairs * digits, pairs * digits * (digits - 1)

    def add_same(orders: np.ndarray) -> np.ndarray:
        """Return the sum of ranks of equal digits for ``(count, runs, digits)`` places of the digits."""
        return np.asarray(ranks[start + orders[:, first] * digits + orders[:, second]].sum(axis=(1, 2)))

    rng, own = np.random.default_rng(seed), np.tile(np.arange(digits), (BLOCK, runs, 1))
    drawn = np.concatenate([add_same(rng.permuted(own, axis=2)) for _ in range(PERMUTATIONS // BLOCK)])
    observed = add_same(own[:1])[0]
    return Effect(float((observed - same * (same + 1) / 2) / (same * other)), _find_p(drawn, observed))


def _find_p(drawn: np.ndarray, observed: float) -> float:
    """Return how rarely what was drawn is as large as what was observed, itself counted among them."""
    return float((1 + (drawn >= observed - 1e-12).sum()) / (1 + len(drawn)))


def gather_digits(images: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return real digits in the shape of champions: the first of each digit, then the second of each, and so on.

    They are ``(at most count, 10, height, width, channels) uint8``, as many as there are of the rarest digit.
    """
    places = [np.flatnonzero(labels == digit) for digit in range(10)]
    fewest = min(map(len, places))
    if not fewest:
        raise ValueError("One of the ten digits is missing among the labels.")
    return np.asarray(np.stack([images[part[: min(count, fewest)]] for part in places], axis=1))


def measure(
    features: Mapping[str, Features], low_looks: Mapping[str, np.ndarray], generations: int, children: int, data: str
) -> FeaturesFound:
    """Reduce what champions share, by kind of image, to the numbers that the claim is judged by.

    Args:
        features: Of the images that are judged first, then of controls.
        low_looks: Of the same kinds, :func:`fooling.pages.mnist_features.looks.find_low_look`.
    """
    told = {label: Statements(*one[4:], compare_digit(low_looks[label], 2)) for label, one in features.items()}
    judged, *_ = told
    runs, classes = features[judged].vertical.shape
    return FeaturesFound(told.pop(judged), told, runs, classes, generations, children, data)


def judge(found: FeaturesFound, by_edges_alone: bool = False) -> str:
    """Judge by three statements, each with p < 0.0001 and more than a small effect, over 20 runs of the paper's size.

    A 1 has more vertical edges than other digits; a 2 has a low bar; champions of one digit are more alike over runs
    than those of two.
    """
    if found.runs < RUNS or not is_large_enough(found):
        return UNTESTED
    one = found.judged
    low = one.low_bar_2.is_there and one.low_share_2.is_there if by_edges_alone else has_low_bar(one)
    return grade_halves(one.vertical_1.is_there, low, one.alike.is_there)


def has_low_bar(one: Statements) -> bool:
    """Return whether a 2 has more horizontal edges in its lower half, and these, or the network's looks, are low."""
    return one.low_bar_2.is_there and (one.low_share_2.is_there or one.low_look_2.is_there)


def headline(found: FeaturesFound) -> str:
    """Return which of the statements hold."""
    one = found.judged
    vertical = "more upright" if one.vertical_1.is_there else "not clearly more upright"
    low = has_low_bar(one)
    alike = "are alike" if one.alike.is_there else "are not clearly alike"
    bar = "has a low bar" if low else "has bars, but not low ones" if one.low_bar_2.is_there else "has no clear low bar"
    unbred = found.controls.get("random CPPN")
    names = [field.name for field in fields(Statements)]
    above = unbred and all(getattr(unbred, name).superiority > getattr(one, name).superiority for name in names)
    clearer = "; random CPPNs, never bred, show it more clearly" if above else ""
    return (
        f"A 1 is {vertical} than other digits, a 2 {bar}, and images of one digit {alike} over {found.runs} "
        f"runs{clearer}."
    )


def list_rows(found: FeaturesFound) -> Rows:
    """Return each statement's probability of superiority, beside random CPPNs that were never bred."""
    unbred, pixels = found.controls.get("random CPPN"), found.controls.get("pixels")
    tests = f"probability of superiority; permutations, n = {found.runs} runs"
    labels = {
        "vertical_1": f"a 1 is more vertical than another digit ({tests})",
        "low_bar_2": "a 2 has more horizontal edges in its lower half than another digit",
        "low_share_2": "a larger share of its horizontal edges is there",
        "low_look_2": "the network looks more at the lower half of a 2 than of another digit",
        "alike": "images of one digit are more alike over runs than those of two",
    }
    beside = {name: f"; random CPPNs {getattr(unbred, name).superiority:.2f}" if unbred else "" for name in labels}
    eye = dict.fromkeys(labels, "seen by eye") | {"low_look_2": ""}  # where a network looks is asked here
    rows = [(label, f"{getattr(found.judged, name)}{beside[name]}", eye[name]) for name, label in labels.items()]
    last = [("the last for pixel images", str(pixels.alike), "")] if pixels else []
    return (*rows, *last)


CLAIM = Claim(
    id="mnist-features",
    title="Independent runs find the same features",
    otherwise="independent runs find other features of the same digit",
    section="§3.2, supplement",
    sentence=(
        "“Images classified as a 1 tend to have vertical bars, while images classified as a 2 tend to have a "
        "horizontal bar in the lower half”; “Qualitatively similar discriminative features are observed in 50 "
        "other runs.”"
    ),
    number="50 other runs",
    grade=QUOTE,
    page="04_mnist_features_across_runs",
    record=FeaturesFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=describe_scale,
    before=lambda found: judge(found, by_edges_alone=True),
)
