"""How two searches compare class by class, and how alike two images are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fooling.confidence import to_confidence
from fooling.images import average_areas
from fooling.pages.claim import Effect
from fooling.words import SMALLEST_P, show_confidence, show_p

THUMBNAIL = 32  # longest side of a thumbnail; Choice: shapes and colours stay, single pixels of noise do not
AT_ONCE = 20  # images shrunk at a time; Choice: 24 MB as float64 at 224 × 224
FLAT = 1e-6  # above what rounding leaves of a constant image, below one grey level in one pixel of a large one
DECIMALS = 6  # of a correlation; thumbnails are float32, and two of one image must tie with every other such two


@dataclass(frozen=True)
class Comparison(Effect):
    """How far one search is ahead of another on the same classes, by a two-sided Mann-Whitney U test between them."""

    ahead: int  # number of classes whose median over runs is above that of the same class in the second search
    # of Wilcoxon's two-sided signed-rank test, which holds each class against itself; 1 where none differs
    paired_p: float
    medians: tuple[float, float]  # of both searches, over runs and classes


def probability_of_superiority(first: np.ndarray, second: np.ndarray) -> float:
    """Return P(first > second) + ½ P(first = second) over all pairs of a value of each, by ranks.

    Source: Vargha & Delaney 2000, who call it A; it is the Mann-Whitney U divided by the number of pairs.
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

    Both are ``(runs, classes)`` confidences or log-odds of the same classes in the same order; runs may differ.
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

    Both are ``(runs, generations + 1, classes) float32`` log-odds of the same classes.
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
    first, second = "; so part of the difference is not the work of evolution", "; the second begins ahead"
    follows = (first if start.superiority > 0.5 else second) if start.paired_p < SMALLEST_P else ""
    return f"{one} and {other}; {tell_comparison(start, classes)}{follows}"


def shrink(images: np.ndarray) -> np.ndarray:
    """Shrink images to thumbnails whose inner product is the correlation of two images.

    Sides above 32 shrink to 32 by the mean over areas; smaller ones stay. Then the mean over all pixels and channels is
    taken away, and the length made 1: a constant image becomes zeros, and correlates 0 with everything.

    From ``(count, height, width, channels) uint8``, of which 20 at a time become floats, comes ``(count, height · width
    · channels of a thumbnail) float32`` of length 1 or 0.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(f"Images are (count, height, width, channels) uint8, not {images.shape} {images.dtype}.")
    count, height, width, channels = images.shape
    rows, columns = (average_areas(side, min(side, THUMBNAIL)) for side in (height, width))
    thumbnails = np.empty((count, len(rows) * len(columns) * channels), np.float32)
    for start in range(0, count, AT_ONCE):
        batch = images[start : start + AT_ONCE]
        few = rows @ batch.reshape(len(batch), height, -1).astype(np.float64)  # (few, rows, width · channels)
        few = (columns @ few.reshape(-1, width, channels)).reshape(len(batch), -1)
        few -= few.mean(axis=1, keepdims=True)
        length = np.sqrt((few**2).sum(axis=1, keepdims=True))
        thumbnails[start : start + len(batch)] = few / np.where(length > FLAT, length, np.inf)
    return thumbnails


def correlate_pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the correlation of each thumbnail with its partner: ``(count,) float64 in [−1, 1]``, to six decimals."""
    return _round(np.einsum("if,if->i", np.asarray(first, np.float64), np.asarray(second, np.float64)))


def correlate_all(thumbnails: np.ndarray) -> np.ndarray:
    """Return the correlation of each thumbnail with each: ``(count, count) float64 in [−1, 1]``, to six decimals."""
    exact = np.asarray(thumbnails, np.float64)
    return _round(exact @ exact.T)


def _round(correlations: np.ndarray) -> np.ndarray:
    return np.clip(np.round(correlations, DECIMALS), -1.0, 1.0)
