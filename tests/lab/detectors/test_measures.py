"""Measures of scores against hand counts, rank statistics, closed forms and another library's values."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import average_precision_score, roc_auc_score

from fooling.confidence import calibrate
from fooling.lab.detectors import measures
from fooling.lab.detectors.measures import find_threshold, fit_temperature, measure_detector
from fooling.pages.comparison import probability_of_superiority

# Made once by netcal 1.4.0 (on torch 2.13.0), which is no dependency: ECE(bins).measure(p, labels), and the reciprocal
# of TemperatureScaling().fit(p, labels).temperature, where p is the softmax of LOGITS; then ECE(15) of transform(p).
# Labels were drawn from the softmax of LOGITS / 1.6.
LOGITS = np.round(4.0 * np.sin(1.7 * np.arange(120)[:, None] + 2.3 * np.arange(4) ** 2), 3)
LABELS = np.array(
    list(
        "100230310021012302220230023011000302310211322302300110230023002000103230021013002210210233023002100130111013"
        "002102230210"
    ),
    np.int64,
)
NETCAL_ECE = 0.11614987497560991
NETCAL_TEMPERATURE, NETCAL_ECE_AFTER = 1.7713028, 0.0662369460195122


def test_calibration_error_is_netcals() -> None:
    confidences = softmax(LOGITS, axis=1)
    right = confidences.argmax(axis=1) == LABELS
    assert calibrate(confidences.max(axis=1), right).error == pytest.approx(NETCAL_ECE, abs=1e-9)
    assert measures.measure_calibration(confidences.max(axis=1), right, draws=1).value == pytest.approx(NETCAL_ECE)


def test_temperature_is_netcals() -> None:
    temperature = fit_temperature(LOGITS, LABELS)
    assert temperature == pytest.approx(NETCAL_TEMPERATURE, rel=1e-4)
    confidences = softmax(LOGITS / temperature, axis=1)
    right = confidences.argmax(axis=1) == LABELS
    assert calibrate(confidences.max(axis=1), right).error == pytest.approx(NETCAL_ECE_AFTER, abs=1e-5)


def test_temperature_of_two_classes_has_a_closed_form() -> None:
    logits = np.tile([3.0, 0.0], (10, 1))
    labels = np.array([0] * 8 + [1] * 2)
    assert fit_temperature(logits, labels) == pytest.approx(3.0 / math.log(0.8 / 0.2)), "then 80% is what it says"
    assert fit_temperature(7 * logits + 5, labels) == pytest.approx(21.0 / math.log(4.0))


def test_temperature_without_a_maximum_is_the_end_of_its_range() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 3.0]])
    assert fit_temperature(logits, np.array([0, 1])) == 0.01
    assert fit_temperature(logits, np.array([1, 0])) == 100.0


def test_temperature_of_infinite_logits_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        fit_temperature(np.full((2, 3), np.inf), np.array([0, 1]))


def test_calibration_interval_holds_the_error_of_a_network_far_off() -> None:
    random = np.random.default_rng(1)
    confidences, right = np.full(400, 0.9), random.random(400) < 0.5
    found = measures.measure_calibration(confidences, right, draws=400)
    deviation = math.sqrt(0.25 / 400)  # of the share that is right
    assert found.value == pytest.approx(0.9 - right.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.15)
    assert found.low < found.value < found.high


def test_measures_of_six_images_by_hand() -> None:
    found = measure_detector(np.array([4.0, 3.0, 1.0]), np.array([2.0, 1.0]))
    assert found.auroc.value == pytest.approx((2 + 2 + 0.5) / 6), "4 and 3 are above both, 1 ties with one"
    assert found.aupr.value == pytest.approx((1 / 1 + 2 / 2 + 3 / 5) / 3)
    assert (found.fpr95.value, found.threshold) == (1.0, 1.0), "all three must pass, and the tie passes with them"
    other = measure_detector(np.arange(1, 21), np.array([1.5, 2.0, 0.0, 30.0]))
    assert (other.fpr95.value, other.threshold) == (0.5, 2.0), "19 of 20 reach 2, and so do two of four"


def test_auroc_is_the_rank_statistic() -> None:
    random = np.random.default_rng(0)
    natural, fooling = random.integers(0, 9, 70).astype(float), random.integers(0, 7, 40).astype(float)
    found = measure_detector(natural, fooling, draws=10)
    assert found.auroc.value == pytest.approx(probability_of_superiority(natural, fooling))


def test_counts_give_what_scikit_learn_gives() -> None:
    random = np.random.default_rng(3)
    ranks = random.integers(0, 12, 90)  # many ties
    positive = np.arange(90) < 35
    counts = [np.bincount(ranks[part], minlength=12)[None, ::-1].astype(float) for part in (positive, ~positive)]
    auroc, aupr, fpr95 = (float(part[0]) for part in measures._measure_counts(*counts))
    assert auroc == pytest.approx(roc_auc_score(positive, ranks))
    assert aupr == pytest.approx(average_precision_score(positive, ranks))
    assert fpr95 == np.mean(ranks[~positive] >= find_threshold(ranks[positive]))


def test_intervals_are_as_wide_as_theory_says() -> None:
    random = np.random.default_rng(5)
    natural, fooling = random.normal(1.0, 1.0, 300), random.normal(0.0, 1.0, 200)
    found = measure_detector(natural, fooling, seed=7).auroc
    # Hanley & McNeil 1982: the variance of AUROC, from how often two of one sort are above one of the other.
    above = (natural[:, None] > fooling).astype(float)
    by_natural, by_fooling = above.mean(axis=1), above.mean(axis=0)
    variance = by_natural.var(ddof=1) / 300 + by_fooling.var(ddof=1) / 200
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.1)
    assert found.low < found.value < found.high


def test_bootstrap_depends_on_its_seed_only() -> None:
    natural, fooling = np.arange(50.0), np.arange(30.0)
    assert measure_detector(natural, fooling, seed=1) == measure_detector(natural, fooling, seed=1)
    assert measure_detector(natural, fooling, seed=1) != measure_detector(natural, fooling, seed=2)


def test_perfect_detector_has_points_for_intervals() -> None:
    found = measure_detector(np.array([2.0, 3.0]), np.array([0.0, 1.0, -5.0]))
    assert tuple(found.auroc) == (1.0, 1.0, 1.0) and tuple(found.fpr95) == (0.0, 0.0, 0.0)


def test_only_the_order_of_scores_counts() -> None:
    natural, fooling = np.array([-1.0, 0.5, 2.0]), np.array([-3.0, 0.5])
    stretched = measure_detector(np.array([-9.0, 0.5, np.inf]), np.array([-np.inf, 0.5]))
    assert replace(stretched, threshold=-1.0) == measure_detector(natural, fooling)


@pytest.mark.parametrize("wrong", [np.zeros(0), np.array([1.0, np.nan]), np.zeros((2, 2))])
def test_scores_that_are_none_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a number for each natural image"):
        measure_detector(wrong, np.ones(2))
    with pytest.raises(ValueError, match="a number for each fooling image"):
        measure_detector(np.ones(2), wrong)


def test_threshold_lets_at_least_the_share_pass() -> None:
    scores = np.arange(1.0, 101.0)
    assert find_threshold(scores) == 6.0 and find_threshold(scores[:99]) == 5.0
    assert find_threshold(np.array([1.0, 1.0, 1.0, 5.0])) == 1.0


@pytest.mark.slow  # a process of its own
def test_what_is_told_of_results_loads_neither_tensorflow_nor_scipy() -> None:
    heavy = "sys.modules.keys() & {'tensorflow', 'keras', 'scipy', 'sklearn'}"
    code = f"import sys; import fooling.pages.detectors.summary; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
