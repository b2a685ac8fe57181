"""The page's measurement: what is picked, what is measured, and that nothing is measured twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.confidence import to_confidence
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.lab.detectors import experiment, records, results
from fooling.lab.detectors.experiment import Bred, Trial
from fooling.lab.detectors.inputs import Fooling
from fooling.lab.detectors.measures import Interval
from fooling.lab.detectors.names import AFTER, DETECTORS, ENCODINGS, FOOLING_CLASS, GUARDING, KINDS
from fooling.lab.detectors.records import DetectorSizes, Scored
from fooling.pages.retraining.digits import walk_chain
from fooling.pages.retraining.sizes import ChainSizes


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
    arrays = records.pack({"kind_0": parts[0], "kind_1": parts[1]})
    assert np.array_equal(records.read_scored(arrays, "kind_1").scores, parts[1].scores)


def test_sizes_below_1_are_refused() -> None:
    with pytest.raises(ValueError, match="images is 0"):
        DetectorSizes(runs=1, generations=1, children=1, images=0)


def test_calibration_is_that_of_the_divided_logits() -> None:
    logits, labels = np.log(np.array([[9.0, 1.0], [9.0, 1.0], [1.0, 9.0]])), np.array([0, 1, 1])
    found = results.measure_trust(logits, labels, 2.0)
    assert found.bins.counts.tolist() == [0] * 11 + [3] + [0] * 3 and found.bins.confidence[11] == pytest.approx(0.75)
    assert found.bins.accuracy[11] == pytest.approx(2 / 3)
    assert found.error.value == pytest.approx(0.75 - 2 / 3) and found.temperature == 2.0


def test_numbers_of_digits_keep_before_and_after_and_the_taught_network_apart() -> None:
    def score(log_odds: float) -> Scored:
        return Scored(np.array([[0.0, 1.0]]), np.full(2, log_odds, np.float32))

    measured = records.Measurement(
        **{**dict.fromkeys(records.Measurement._fields), "detectors": ("energy",), "temperature": 2.0},
    )._replace(
        natural=np.array([[2.0, 3.0, 4.0]]),
        kinds={"direct": score(0.0), "CPPN": score(1.0)},
        against={"direct": {"energy": score(2.0)}, "CPPN": {"energy": score(3.0)}},
        taught=score(4.0),
    )
    before, after = (results.Trust(1.0, Interval(part, part, part), None) for part in (0.3, 0.1))
    found = results.measure_digits(measured, (before, after), "toy")
    assert (found.error_before, found.error_after) == (before.error, after.error)
    assert (found.natural, found.temperature, found.scale) == (3, 2.0, "toy")
    told = [*found.kinds.values(), *found.against["direct"].values(), *found.against["CPPN"].values()]
    assert [part.median for part in told] == pytest.approx(to_confidence(np.arange(5.0)).tolist())
    assert list(found.against["CPPN"]) == ["energy", FOOLING_CLASS]


@pytest.fixture(scope="module")
def trial(lenet: Any, digits: Any) -> Trial:
    few = digits._replace(train_images=digits.train_images[::20], train_labels=digits.train_labels[::20])
    return Trial(lenet, few, DetectorSizes(runs=2, generations=1, children=20, images=15), 0)


@pytest.fixture(scope="module")
def bred(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Bred:
    sizes: dict[str, Any] = {"generations": 1, "children": 20, "seeds": (0,)}
    encodings = DirectEncoding((28, 28, 1)), CppnEncoding((28, 28, 1))
    chain = ChainSizes(runs=1, generations=1, children=20, iterations=1, steps=20)
    *_, last = walk_chain(trial.digits, chain, 0, tmp_path_factory.mktemp("chain"))
    return Bred(
        [evolve(trial.classifier, one, **sizes) for one in encodings],
        Fooling(trial.digits.test_images[:30], np.arange(30) % 10),
        last.classifier,
        last.evolved,
    )


@pytest.fixture(scope="module")
def found(trial: Trial, bred: Bred, tmp_path_factory: pytest.TempPathFactory) -> records.Measurement:
    return experiment.measure_detectors(trial, {"chain": 1}, lambda: bred, tmp_path_factory.mktemp("first"))


@pytest.mark.slow
def test_every_detector_scores_every_kind(found: records.Measurement, bred: Bred) -> None:
    assert found.detectors == DETECTORS and found.natural.shape == (7, 500)
    assert tuple(found.kinds) == KINDS and tuple(found.against) == ENCODINGS
    assert [part.scores.shape[1] for part in found.kinds.values()] == [10, 10, 15, 15, 15]
    assert all(part.scores.shape == (7, 15) for row in found.against.values() for part in row.values())
    assert found.shown.shape == (len(GUARDING), 2, 5, 28, 28, 1)
    assert found.after.sources.max() < len(AFTER)
    np.testing.assert_allclose(found.kinds["CPPN"].log_odds, bred.searches[1].log_odds[0], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.taught.log_odds[:10], bred.evolved.log_odds[0], rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_numbers_are_of_every_detector_with_the_fooling_class_among_what_cppns_met(found: records.Measurement) -> None:
    trust = tuple(results.measure_trust(found.logits, found.labels, part) for part in (1.0, found.temperature))
    reduced = results.measure_digits(found, trust, "toy")
    assert tuple(reduced.against["CPPN"]) == (*GUARDING, FOOLING_CLASS) and tuple(reduced.against["direct"]) == GUARDING
    assert all(tuple(part.detections) == DETECTORS for row in reduced.against.values() for part in row.values())
    assert reduced.natural == 500 and reduced.kinds["noise"].images == 15


@pytest.mark.slow
def test_page_is_drawn_from_the_published_run_alone(trial: Trial, found: records.Measurement, tmp_path: Path) -> None:
    assert found.folder is not None
    shutil.copytree(found.folder.path, tmp_path / found.folder.path.name)
    again = experiment.measure_detectors(
        trial, {"chain": 1}, lambda: pytest.fail("what is finished is not measured again"), tmp_path
    )
    assert np.array_equal(again.natural, found.natural) and np.array_equal(again.after.images, found.after.images)
    assert again.temperature == found.temperature
    with pytest.raises(LookupError, match="asked for"):  # another chain is another run
        experiment.measure_detectors(trial, {"chain": 2}, lambda: {}["asked for"], tmp_path)


@pytest.mark.slow
def test_repeated_measurement_gives_the_same_bytes(
    trial: Trial, bred: Bred, found: records.Measurement, tmp_path: Path
) -> None:
    other = experiment.measure_detectors(trial, {"chain": 1}, lambda: bred, tmp_path).folder
    assert other is not None and found.folder is not None and other.path.name == found.folder.path.name
    first, second = found.folder.load_result(), other.load_result()
    assert first is not None and second is not None and first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
