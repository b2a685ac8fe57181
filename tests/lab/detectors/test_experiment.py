"""The page's measurement: what is picked, what is measured, and that nothing is measured twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.lab.detectors import experiment, records, results
from fooling.lab.detectors.inputs import Fooling
from fooling.lab.detectors.panel import FOOLING_CLASS, GUARDING
from fooling.lab.detectors.records import AFTER, ENCODINGS, KINDS, Scored
from fooling.pages.profiles import AscentSizes, DetectorSettings, DigitRetrainingSettings, EvolutionSettings


@pytest.mark.slow
def test_image_that_passes_most_detectors_is_picked_and_then_the_surest(lenet: Any, digits: Any) -> None:
    images = digits.test_images[::25]  # 40 of them
    parts = [Fooling(images[:30], np.zeros(30, int)), Fooling(images[30:], np.zeros(10, int))]
    passes = np.random.default_rng(0).integers(0, 3, 40)
    scores = np.stack([passes >= 1, passes >= 2]).astype(float)
    scored = [Scored(scores[:, :30], np.zeros(30)), Scored(scores[:, 30:], np.zeros(10))]
    picks = experiment.pick(lenet, parts, scored, np.array([1.0, 1.0]))
    every = lenet.score(images)
    for place, digit in enumerate(np.unique(every.argmax(axis=1))):
        mine = np.flatnonzero(every.argmax(axis=1) == digit)
        best = max(mine, key=lambda index: (passes[index], every[index].max()))
        assert picks.digits[place] == digit and picks.passed[place] == passes[best]
        assert np.array_equal(picks.images[place], images[best]) and picks.log_odds[place] == every[best].max()
        assert picks.sources[place] == (0 if best < 30 else 1)


def test_threshold_of_each_detector_is_its_own() -> None:
    scores = np.stack([np.arange(100.0), -np.arange(100.0)])
    assert records.find_thresholds(scores).tolist() == [5.0, -94.0]


def test_what_is_packed_is_read_again() -> None:
    parts = [Scored(np.full((2, 3), place), np.arange(3.0)) for place in (1.0, 2.0)]
    arrays = records.pack_scored("kind", parts)
    assert np.array_equal(records.read_scored(arrays, "kind_1").scores, parts[1].scores)


def test_calibration_is_that_of_the_divided_logits() -> None:
    logits, labels = np.log(np.array([[9.0, 1.0], [9.0, 1.0], [1.0, 9.0]])), np.array([0, 1, 1])
    found = results.calibrate(logits, labels, 2.0)
    np.testing.assert_allclose(found.confidences, 0.75)
    assert found.right.tolist() == [True, False, True]
    assert found.error.value == pytest.approx(0.75 - 2 / 3) and found.temperature == 2.0


@pytest.fixture(scope="module")
def plan(lenet: Any, digits: Any) -> experiment.Plan:
    few = digits._replace(train_images=digits.train_images[::20], train_labels=digits.train_labels[::20])
    short = EvolutionSettings(runs=1, generations=1, children=20)
    return experiment.Plan(
        lenet,
        few,
        short,
        short,
        AscentSizes(seeds=1, most_steps=3),
        DigitRetrainingSettings(runs=1, generations=1, children=20, iterations=1, steps=20),
        DetectorSettings(runs=2, generations=1, children=20, images=15),
        0,
    )


@pytest.fixture(scope="module")
def found(plan: experiment.Plan, tmp_path_factory: pytest.TempPathFactory) -> records.Measurement:
    return experiment.measure_detectors(plan, tmp_path_factory.mktemp("first"))


@pytest.mark.slow
def test_every_detector_scores_every_kind(found: records.Measurement) -> None:
    assert found.detectors[-1] == FOOLING_CLASS and found.natural.shape == (7, 500)
    assert tuple(found.kinds) == KINDS and tuple(found.against) == ENCODINGS
    assert [part.scores.shape[1] for part in found.kinds.values()] == [10, 10, 10, 15, 15]
    assert all(part.scores.shape == (7, 15) for row in found.against.values() for part in row.values())
    assert found.shown.shape == (len(GUARDING), 2, 5, 28, 28, 1)
    assert found.after.sources.max() < len(AFTER)
    measured = results.measure_results(found)
    assert set(measured.against["CPPN"]) == set(GUARDING) and set(measured.taught) == set(found.detectors)


@pytest.mark.slow
def test_page_is_drawn_from_the_published_run_alone(
    plan: experiment.Plan, found: records.Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(found.folder.path, tmp_path / found.folder.path.name)
    monkeypatch.setattr(experiment, "_measure", lambda *_: pytest.fail("what is finished is not measured again"))
    again = experiment.measure_detectors(plan, tmp_path)
    assert np.array_equal(again.natural, found.natural) and np.array_equal(again.after.images, found.after.images)
    assert again.temperature == found.temperature


@pytest.mark.slow
def test_repeated_measurement_gives_the_same_bytes(
    plan: experiment.Plan, found: records.Measurement, tmp_path: Path
) -> None:
    other = experiment.measure_detectors(plan, tmp_path).folder
    assert other.path.name == found.folder.path.name
    first, second = found.folder.load_result(), other.load_result()
    assert first is not None and second is not None and first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
