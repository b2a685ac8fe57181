"""How well scores tell natural images from fooling ones, and how far a confidence can be trusted; no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fooling.confidence import calibrate

TRUE_POSITIVES = 0.95  # share of natural images that a threshold must let pass; Source: Liang et al. 2018
ENDS = (2.5, 97.5)  # percentiles that a 95% interval ends at
TEMPERATURES = (0.01, 100.0)  # Choice: beyond any that is reported of a trained network
PLACES_AT_ONCE = 4_000_000  # of bootstrap draws; Choice: 32 MB


class Interval(NamedTuple):
    """A number and the ends of its 95% interval."""

    value: float
    low: float
    high: float


def show(interval: Interval) -> str:
    """Return a number with the ends of its interval."""
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def show_points(interval: Interval) -> str:
    """Return a difference of shares with the ends of its interval, in percentage points."""
    return "{:.2f} points [{:.2f}, {:.2f}]".format(*(100.0 * part for part in interval))


@dataclass(frozen=True)
class Detection:
    """How well a score tells natural images, the positive class, from fooling ones.

    A score that knows nothing has the natural images' share as its average precision, so that values are only
    comparable where there are as many images of either sort.
    """

    auroc: Interval  # area under the ROC curve: how often a natural image scores higher than a fooling one
    aupr: Interval  # average precision
    fpr95: Interval  # share of fooling images that pass a threshold which 95% of the natural images pass
    threshold: float  # that threshold; an image passes if it scores as high or higher


def measure_detector(natural: np.ndarray, fooling: np.ndarray, seed: int = 0, draws: int = 1000) -> Detection:
    """Measure how well scores tell natural images from fooling ones.

    Scores are ``(n,)`` and ``(m,)``, larger for images taken for natural; infinite ones may be among them, since only
    their order counts. Equal scores count half in AUROC, enter average precision at once, and pass together.

    The intervals are the middle 95% of a bootstrap that draws as many natural and as many fooling images as there are,
    with replacement, and finds the threshold anew each time. It takes images for independent; champions of one run are
    not, so that intervals of evolved images are too narrow. Where two sorts do not overlap, the interval is a point.

    Raises:
        ValueError: If there is none of either, or a score is no number.
    """
    # Only here: what is told of results needs no scikit-learn.
    from sklearn.metrics import average_precision_score, roc_auc_score  # type: ignore[import-untyped]

    natural, fooling = _check_scores("natural", natural), _check_scores("fooling", fooling)
    ranks = np.unique(np.concatenate([natural, fooling]), return_inverse=True)[1]  # finite, and in the same order
    positive = np.arange(len(ranks)) < len(natural)
    threshold = find_threshold(natural)
    values = (
        float(roc_auc_score(positive, ranks)),
        float(average_precision_score(positive, ranks)),
        float(np.mean(fooling >= threshold)),
    )
    drawn = _draw_measures(ranks[positive], ranks[~positive], seed, draws)
    auroc, aupr, fpr95 = (_find_interval(value, part) for value, part in zip(values, drawn, strict=True))
    return Detection(auroc, aupr, fpr95, threshold)


def find_threshold(natural: np.ndarray) -> float:
    """Return the highest score that 95% of natural images, ``(n,)``, reach; ValueError if one is no number."""
    natural = _check_scores("natural", natural)
    return float(np.sort(natural)[::-1][_count_passing(len(natural)) - 1])


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature that logits are divided by to make labels as likely as they can be.

    The likelihood has one maximum, where the mean logit of the labels is the mean that the softmax expects (Guo et al.
    2017). It lies at the end of 0.01 to 100 where every label has the highest logit, or labels are no better than
    chance; then that end is returned.

    Args:
        logits: ``(n, k)``.
        labels: ``(n,)`` whole numbers, 0 to k − 1.

    Raises:
        ValueError: If a logit is not finite.
    """
    from scipy.optimize import brentq
    from scipy.special import softmax

    scores = np.asarray(logits, np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("A temperature is fitted to finite logits, but some of these are not.")
    own = scores[np.arange(len(scores)), labels].mean()

    def slope(log_temperature: float) -> float:
        expected = (softmax(scores / math.exp(log_temperature), axis=1) * scores).sum(axis=1).mean()
        return float(own - expected)

    low, high = (math.log(end) for end in TEMPERATURES)
    if slope(low) >= 0.0:
        return TEMPERATURES[0]
    return TEMPERATURES[1] if slope(high) <= 0.0 else math.exp(brentq(slope, low, high, xtol=1e-10))


def measure_calibration(confidences: np.ndarray, right: np.ndarray, seed: int = 0, draws: int = 1000) -> Interval:
    """Return the expected calibration error with the middle 95% of a bootstrap over images; arrays as in ``calibrate``.

    Chance alone moves accuracy away from confidence in every bin, and a draw adds its own chance to that of the images:
    where the error is small the interval lies high and may even leave the error out.
    """
    value = calibrate(confidences, right).error
    random = np.random.default_rng(seed)
    drawn = [random.integers(len(right), size=len(right)) for _ in range(draws)]
    return _find_interval(value, np.array([calibrate(confidences[some], right[some]).error for some in drawn]))


def _find_interval(value: float, draws: np.ndarray) -> Interval:
    low, high = np.percentile(draws, ENDS)
    return Interval(value, float(low), float(high))


def _check_scores(sort: str, scores: np.ndarray) -> np.ndarray:
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or not values.size or np.isnan(values).any():
        raise ValueError(f"A detector needs a number for each {sort} image, at least one, not {values.shape}.")
    return values


def _count_passing(natural: int) -> int:
    return max(1, math.ceil(round(TRUE_POSITIVES * natural, 6)))


def _draw_measures(natural: np.ndarray, fooling: np.ndarray, seed: int, draws: int) -> tuple[np.ndarray, ...]:
    """Return AUROC, average precision and FPR at 95% TPR of bootstrap draws, ``(draws,) float64`` each.

    scikit-learn would take seconds for what counts of equal scores give at once. Scores are ranks from 0 on, ``int64``.
    """
    random, ranks = np.random.default_rng(seed), 1 + int(max(natural.max(), fooling.max()))
    block = max(1, PLACES_AT_ONCE // max(len(natural), len(fooling), ranks))

    def count(own: np.ndarray, few: int) -> np.ndarray:
        """Return how often each rank is drawn, ``(few, ranks) float64``, best first."""
        drawn = own[random.integers(len(own), size=(few, len(own)))] + np.arange(few)[:, None] * ranks
        return np.bincount(drawn.ravel(), minlength=few * ranks).reshape(few, ranks)[:, ::-1].astype(np.float64)

    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    parts = [_measure_counts(count(natural, few), count(fooling, few)) for few in sizes]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _measure_counts(natural: np.ndarray, fooling: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three measures of rows of counts by rank, best first: ``(draws, ranks)`` to ``(draws,)`` each."""
    passed, fooled = natural.cumsum(axis=1), fooling.cumsum(axis=1)  # that score as high or higher
    images, fakes = passed[:, -1], fooled[:, -1]
    below = fakes[:, None] - fooled + fooling / 2  # lower, and half of the equal ones
    auroc = (natural * below).sum(axis=1) / (images * fakes)
    precision = passed / np.maximum(passed + fooled, 1.0)
    aupr = (natural * precision).sum(axis=1) / images
    first = (passed >= _count_passing(int(images[0]))).argmax(axis=1)
    return auroc, aupr, fooled[np.arange(len(fooled)), first] / fakes
