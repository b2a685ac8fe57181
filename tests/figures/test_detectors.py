"""What detectors are reduced to, and how they are drawn; no network is needed for either."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling import figures
from fooling.lab.detectors.measures import Detection, Interval
from fooling.pages import findings

DETECTORS = ("maximum softmax", "energy", "fooling class")


class Scored(NamedTuple):
    """Scores and log-odds of some images."""

    scores: np.ndarray
    log_odds: np.ndarray


class Calibration(NamedTuple):
    """Confidences of natural images at a temperature."""

    temperature: float
    error: Interval
    confidences: np.ndarray
    right: np.ndarray


class Results(NamedTuple):
    """How well detectors do."""

    kinds: dict[str, dict[str, Detection]]
    against: dict[str, dict[str, dict[str, Detection]]]
    taught: dict[str, Detection]
    calibration: tuple[Calibration, Calibration]


class Picks(NamedTuple):
    """Images that pass."""

    images: np.ndarray
    digits: np.ndarray
    log_odds: np.ndarray
    passed: np.ndarray
    sources: np.ndarray


def make_row(*values: float) -> dict[str, Detection]:
    """Return a detection for each detector, with this AUROC, an AUPR of half of it and an FPR of the rest."""
    parts = [[Interval(part, part - 0.05, part + 0.04) for part in (one, one / 2, 1 - one)] for one in values]
    return {name: Detection(*part, threshold=0.0) for name, part in zip(DETECTORS, parts, strict=True)}


@pytest.fixture
def results() -> Results:
    random = np.random.default_rng(0)
    confidences = random.uniform(0.5, 1.0, 200)
    before, after = (
        Calibration(temperature, Interval(error, error - 0.01, error + 0.02), confidences, random.random(200) < 0.8)
        for temperature, error in ((1.0, 0.03), (1.7, 0.02))
    )
    return Results(
        kinds={
            "direct": make_row(0.1, 0.47, 0.9),
            "CPPN": make_row(0.2, 0.45, 0.8),
            "noise": make_row(0.7, 0.95, 0.6),
        },
        against={
            "direct": {"energy": make_row(0.15, 0.25, 0.85)},
            "CPPN": {"energy": make_row(0.3, 0.35, 0.75)},
        },
        taught=make_row(0.5, 0.5, 0.55),
        calibration=(before, after),
    )


def make_scored(confidence: float, count: int) -> Scored:
    random = np.random.default_rng(count)
    log_odds = np.full(count, np.log(confidence / (1 - confidence)), np.float32)
    return Scored(random.normal(size=(len(DETECTORS), count)), log_odds)


@pytest.fixture
def kinds() -> dict[str, Scored]:
    return {"direct": make_scored(0.99, 50), "CPPN": make_scored(0.9, 50), "noise": make_scored(0.4, 200)}


@pytest.fixture
def summary(results: Results, kinds: dict[str, Scored]) -> dict[str, Any]:
    against = {"direct": {"energy": make_scored(0.95, 30)}, "CPPN": {"energy": make_scored(0.8, 30)}}
    return findings.summarise_detectors(results, kinds, against, make_scored(0.7, 40), "toy")


def test_summary_is_json_with_every_number(summary: dict[str, Any]) -> None:
    assert json.loads(json.dumps(summary)) == summary
    assert summary["kinds"]["direct"]["energy"]["auroc"] == pytest.approx([0.47, 0.42, 0.51])
    assert summary["kinds"]["noise"]["fooling class"]["fpr95"][0] == pytest.approx(0.4)
    assert summary["against"]["CPPN"]["energy"]["auroc"][0] == 0.35
    assert summary["against"]["CPPN"]["energy"]["median"] == pytest.approx(0.8, abs=1e-6)
    assert summary["taught"]["detector"] == "fooling class" and summary["taught"]["auroc"][0] == 0.55
    assert summary["confidences"]["noise"]["images"] == 200 and summary["natural"] == 200
    assert summary["temperature"] == 1.7 and summary["calibration"]["before"] == pytest.approx([0.03, 0.02, 0.05])


def test_finding_names_the_best_detector_and_counts_those_surely_below_chance(summary: dict[str, Any]) -> None:
    told = findings.describe_detectors(summary)
    below = "1 of 3 detectors find bred images (direct and CPPN) *more* natural than digits: maximum softmax. "
    assert below in told, "0.47 may be chance"
    assert "direct: fooling class 0.90 [0.85, 0.94]; CPPN: fooling class 0.80 [0.75, 0.84]; noise: energy" in told
    assert "in 3 of 3 searches the detector's own AUROC falls, most for fooling class (CPPN: 0.80 to 0.55)" in told
    assert "of CPPN images the fooling class lets 20% pass before and 45% after" in told
    assert "direct 99.00% before, 95.00% after; CPPN 90.00% before, 80.00% after" in told
    assert "fooling class 70.00%" in told
    assert "1.70 makes the right labels most likely; the calibration error fell from 3.0% [2.0, 5.0] to 2.0%" in told


def test_finding_says_where_no_detector_is_worse_than_chance_and_where_the_error_rises(summary: dict[str, Any]) -> None:
    summary["kinds"]["CPPN"] = summary["kinds"]["noise"]
    summary["calibration"]["after"] = [0.04, 0.03, 0.05]
    told = findings.describe_detectors(summary)
    assert "none of 3 detectors finds bred images (direct and CPPN) more natural than digits beyond doubt" in told
    assert "the calibration error rose from 3.0%" in told


def test_tables_have_a_row_per_detector(summary: dict[str, Any]) -> None:
    precision = findings.tabulate_precision(summary)
    assert [row[0] for row in precision] == [*DETECTORS, "*no knowledge*"]
    assert precision[0][1] == "0.05 [0.00, 0.09]" and precision[-1][1:] == (
        "0.80 (50 images)",
        "0.80 (50 images)",
        "0.50 (200 images)",
    )
    again = findings.tabulate_again(summary)
    assert [row[:2] for row in again] == [("direct", "energy"), ("CPPN", "energy"), ("CPPN", "fooling class")]
    assert again[2][2:4] == ("0.80 [0.75, 0.84]", "0.55 [0.50, 0.59]") and again[2][-2:] == ("90.00%", "70.00%")


def test_imagenet_without_photographs_is_not_tested(results: Results) -> None:
    assert "not tested at this scale" in findings.describe_imagenet_detectors(None)
    large = findings.summarise_imagenet_detectors(results.kinds, 80, 1.2, "Toy")
    told = findings.describe_imagenet_detectors(large)
    assert told.startswith("ImageNet, 80 photographs: direct: fooling class") and told.endswith("Scale: Toy.")


def test_findings_do_not_load_tensorflow() -> None:
    code = "import sys; import fooling.pages.findings.detectors; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def show(figure: Any) -> bytes:
    """Return the picture as a notebook would get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, metadata = figure._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == figure.alt and len(figure.alt) > 30
    return base64.b64decode(data["image/png"])


def read_cells(spot: Any) -> list[str]:
    return [text.get_text() for text in spot.texts]


def test_grid_shows_values_and_intervals_of_both_measures(results: Results) -> None:
    figure = figures.draw_detection(results.kinds)
    auroc, fpr95 = figure.axes
    np.testing.assert_allclose(auroc.images[0].get_array(), [[0.1, 0.2, 0.7], [0.47, 0.45, 0.95], [0.9, 0.8, 0.6]])
    np.testing.assert_allclose(fpr95.images[0].get_array()[0], [0.9, 0.8, 0.3])
    assert read_cells(auroc)[:2] == ["0.10", "0.05–0.14"]
    assert [label.get_text() for label in auroc.get_yticklabels()] == list(DETECTORS)
    assert auroc.images[0].cmap.name != fpr95.images[0].cmap.name, "blue is good on either side"
    assert "noise: maximum softmax 0.70, energy 0.95" in figure.alt
    show(figure)


def test_grid_of_images_evolved_again_starts_with_nothing_and_outlines_the_own_detector(results: Results) -> None:
    figure = figures.draw_detection_again(results.kinds, results.against)
    left, right = figure.axes
    np.testing.assert_allclose(left.images[0].get_array(), [[0.1, 0.15], [0.47, 0.25], [0.9, 0.85]])
    np.testing.assert_allclose(right.images[0].get_array()[1], [0.45, 0.35])
    assert [(patch.get_x(), patch.get_y()) for patch in left.patches] == [(0.5, 0.5)], "energy met energy"
    assert [label.get_text() for label in left.get_xticklabels()] == ["nothing", "energy"]
    show(figure)


def test_spreads_show_percentiles_beside_the_threshold(kinds: dict[str, Scored]) -> None:
    natural = np.random.default_rng(1).normal(3.0, 1.0, (3, 100))
    figure = figures.draw_score_spreads(
        DETECTORS, natural, kinds, np.array([1.0, 2.0, 3.0]), ["energy", "fooling class"]
    )
    energy, fooling = figure.axes
    medians = [line.get_xdata()[0] for line in energy.get_lines()[:-1]]
    assert medians == pytest.approx([np.median(natural[1]), *(np.median(part.scores[1]) for part in kinds.values())])
    assert energy.get_lines()[-1].get_xdata()[0] == 2.0 and fooling.get_lines()[-1].get_xdata()[0] == 3.0
    ends = energy.collections[0].get_segments()[0][:, 0]
    assert ends.tolist() == pytest.approx(np.percentile(natural[1], (5, 95)).tolist())
    show(figure)


def test_calibration_is_drawn_with_intervals(results: Results) -> None:
    figure = figures.draw_calibration(*results.calibration)
    curve, errors = figure.axes
    drawn = curve.containers[0].lines[0]
    one = results.calibration[0]
    chosen = (one.confidences >= 0.5) & (one.confidences < 0.6)
    assert drawn.get_xdata()[0] == pytest.approx(one.confidences[chosen].mean())
    assert drawn.get_ydata()[0] == pytest.approx(one.right[chosen].mean())
    bars = errors.collections[1].get_segments()[0][:, 0]
    assert bars.tolist() == pytest.approx([1.0, 4.0]), "per cent"
    assert "temperature 1.70: error 2.0% (1.0 to 4.0)" in figure.alt
    show(figure)


def test_passing_images_are_named_by_digit_and_source() -> None:
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


def test_champions_against_guards_stand_beside_each_other_by_encoding() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 2, 3, 8, 8, 1), dtype=np.uint8)
    log_odds = np.arange(12.0).reshape(2, 2, 3)
    figure = figures.draw_guard_champions(images, log_odds, ["energy", "feature distance"], ["direct", "CPPN"])
    spots = np.reshape(np.array(figure.axes, object), (2, 6))
    np.testing.assert_array_equal(spots[1, 4].images[0].get_array(), images[1, 1, 1, :, :, 0])
    assert spots[1, 4].get_xlabel() == "1: 99.9955%" and spots[1, 0].get_ylabel() == "feature\ndistance"
    assert spots[0, 3].get_title(loc="left") == "CPPN"
    show(figure)
