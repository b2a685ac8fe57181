"""How detectors are drawn; no network is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling.confidence import calibrate
from fooling.lab.detectors.measures import Detection, Interval
from fooling.pages.detectors import figures
from fooling.pages.detectors.records import KindResults, Picks, Scored, Trust

DETECTORS = ("maximum softmax", "energy", "fooling class")


def make_kind(*values: float) -> KindResults:
    """Return a detection for each detector, with this AUROC, an AUPR of half of it and an FPR of the rest."""
    parts = [[Interval(part, part - 0.05, part + 0.04) for part in (one, one / 2, 1 - one)] for one in values]
    rows = {name: Detection(*part, threshold=0.0) for name, part in zip(DETECTORS, parts, strict=True)}
    return KindResults(rows, images=50, median=0.9)


KINDS = {"direct": make_kind(0.1, 0.47, 0.9), "CPPN": make_kind(0.2, 0.45, 0.8), "noise": make_kind(0.7, 0.95, 0.6)}


def read_cells(spot: Any) -> list[str]:
    return [text.get_text() for text in spot.texts]


def test_grid_shows_values_and_intervals_of_both_measures(show: Any) -> None:
    figure = figures.draw_detection(KINDS)
    auroc, fpr95 = figure.axes
    np.testing.assert_allclose(auroc.images[0].get_array(), [[0.1, 0.2, 0.7], [0.47, 0.45, 0.95], [0.9, 0.8, 0.6]])
    np.testing.assert_allclose(fpr95.images[0].get_array()[0], [0.9, 0.8, 0.3])
    assert read_cells(auroc)[:2] == ["0.10", "0.05–0.14"]
    assert [label.get_text() for label in auroc.get_yticklabels()] == list(DETECTORS)
    assert auroc.images[0].cmap.name != fpr95.images[0].cmap.name, "blue is good on either side"
    assert "noise: maximum softmax 0.70, energy 0.95" in figure.alt
    show(figure)


def test_grid_of_images_evolved_again_starts_with_nothing_and_outlines_the_own_detector(show: Any) -> None:
    against = {"direct": {"energy": make_kind(0.15, 0.25, 0.85)}, "CPPN": {"energy": make_kind(0.3, 0.35, 0.75)}}
    figure = figures.draw_detection_again(KINDS, against)
    left, right = figure.axes
    np.testing.assert_allclose(left.images[0].get_array(), [[0.1, 0.15], [0.47, 0.25], [0.9, 0.85]])
    np.testing.assert_allclose(right.images[0].get_array()[1], [0.45, 0.35])
    assert [(patch.get_x(), patch.get_y()) for patch in left.patches] == [(0.5, 0.5)], "energy met energy"
    assert [label.get_text() for label in left.get_xticklabels()] == ["nothing", "energy"]
    show(figure)


def test_spreads_show_percentiles_beside_the_threshold(show: Any) -> None:
    random = np.random.default_rng(1)
    natural = random.normal(3.0, 1.0, (3, 100))
    kinds = {name: Scored(random.normal(size=(3, count)), np.zeros(count)) for name, count in (("CPPN", 50), ("no", 9))}
    thresholds, chosen = np.array([1.0, 2.0, 3.0]), ["energy", "fooling class"]
    figure = figures.draw_score_spreads(DETECTORS, natural, kinds, thresholds, chosen)
    energy, fooling = figure.axes
    medians = [line.get_xdata()[0] for line in energy.get_lines()[:-1]]
    assert medians == pytest.approx([np.median(natural[1]), *(np.median(part.scores[1]) for part in kinds.values())])
    assert energy.get_lines()[-1].get_xdata()[0] == 2.0 and fooling.get_lines()[-1].get_xdata()[0] == 3.0
    ends = energy.collections[0].get_segments()[0][:, 0]
    assert ends.tolist() == pytest.approx(np.percentile(natural[1], (5, 95)).tolist())
    show(figure)


def test_calibration_is_drawn_with_intervals(show: Any) -> None:
    random = np.random.default_rng(0)
    confidences = random.uniform(0.5, 1.0, 200)
    right = random.random(200) < 0.8
    bins = calibrate(confidences, right)
    trust = [Trust(one, Interval(e, e - 0.01, e + 0.02), bins) for one, e in ((1.0, 0.03), (1.7, 0.02))]
    figure = figures.draw_calibration(*trust)
    curve, errors = figure.axes
    drawn = curve.containers[0].lines[0]
    chosen = confidences < 8 / 15
    assert drawn.get_xdata()[0] == pytest.approx(confidences[chosen].mean())
    assert drawn.get_ydata()[0] == pytest.approx(right[chosen].mean())
    bars = errors.collections[1].get_segments()[0][:, 0]
    assert bars.tolist() == pytest.approx([1.0, 4.0]), "per cent"
    assert "temperature 1.70: calibration error 2.00 points [1.00, 4.00]" in figure.alt and "200 natural" in figure.alt
    show(figure)


def test_passing_images_are_named_by_digit_and_source(show: Any) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    picks = Picks(images, np.array([0, 4, 7]), np.array([2.0, 3.0, 9.0]), np.array([7, 6, 7]), np.array([0, 1, 1]))
    fewer = Picks(*(part[:1] for part in picks))
    rows = {"before": picks, "evolved again": fewer}
    sources = {"before": ["direct", "noise"], "evolved again": ["CPPN, temperature scaling"]}
    figure = figures.draw_passing(rows, sources, 7)
    assert figure.axes[1].get_xlabel() == "4: 95.26%\nnoise\npasses 6 of 7"
    assert figure.axes[3].get_xlabel() == "0: 88.08%\nCPPN\ntemperature\nscaling\npasses 7 of 7"
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), images[2, :, :, 0])
    assert "for digits 0, 4 and 7, 6 to 7 of 7 passed" in figure.alt
    show(figure)


def test_champions_against_guards_stand_beside_each_other_by_encoding(show: Any) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 2, 3, 8, 8, 1), dtype=np.uint8)
    log_odds = np.arange(12.0).reshape(2, 2, 3)
    figure = figures.draw_guard_champions(images, log_odds, ["energy", "feature distance"], ["direct", "CPPN"])
    spots = np.reshape(np.array(figure.axes, object), (2, 6))
    np.testing.assert_array_equal(spots[1, 4].images[0].get_array(), images[1, 1, 1, :, :, 0])
    assert spots[1, 4].get_xlabel() == "1: 99.9955%" and spots[1, 0].get_ylabel() == "feature\ndistance"
    assert spots[0, 3].get_title(loc="left") == "CPPN"
    show(figure)
