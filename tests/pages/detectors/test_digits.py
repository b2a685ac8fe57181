"""What page 13 measures on digits: the very images of other pages, what is picked, and nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.confidence import to_confidence
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.lab.detectors.measures import Interval
from fooling.lab.detectors.names import AFTER, DETECTORS, ENCODINGS, FOOLING_CLASS, GUARDING, KINDS
from fooling.pages.ascent.claim import AscentSizes, PageSizes
from fooling.pages.detectors import digits as measuring
from fooling.pages.detectors import records
from fooling.pages.detectors.digits import Fooling
from fooling.pages.detectors.records import DetectorSizes, DigitMeasurement, Scored
from fooling.pages.page import Page
from fooling.pages.retraining.digits import retrain_digits
from fooling.pages.retraining.sizes import ChainSizes, RetrainingSizes


@pytest.mark.slow
def test_image_that_passes_most_detectors_is_picked_and_then_the_surest(lenet: Any, digits: Any) -> None:
    images = digits.test_images[::25]  # 40 of them
    parts = [Fooling(images[:30], np.zeros(30, int)), Fooling(images[30:], np.zeros(10, int))]
    passes = np.random.default_rng(0).integers(0, 3, 40)
    scores = np.stack([passes >= 1, passes >= 2]).astype(float)
    scored = [Scored(scores[:, :30], np.zeros(30)), Scored(scores[:, 30:], np.zeros(10))]
    picks = measuring.pick(lenet, parts, scored, np.array([1.0, 1.0]))
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


def test_calibration_is_that_of_the_divided_logits() -> None:
    logits, labels = np.log(np.array([[9.0, 1.0], [9.0, 1.0], [1.0, 9.0]])), np.array([0, 1, 1])
    found = records.measure_trust(logits, labels, 2.0)
    assert found.bins.counts.tolist() == [0] * 11 + [3] + [0] * 3 and found.bins.confidence[11] == pytest.approx(0.75)
    assert found.bins.accuracy[11] == pytest.approx(2 / 3)
    assert found.error.value == pytest.approx(0.75 - 2 / 3) and found.temperature == 2.0


def test_numbers_of_digits_keep_before_and_after_and_the_taught_network_apart() -> None:
    def score(log_odds: float) -> Scored:
        return Scored(np.array([[0.0, 1.0]]), np.full(2, log_odds, np.float32))

    given = {
        "detectors": ("energy",),
        "temperature": 2.0,
        "natural": np.array([[2.0, 3.0, 4.0]]),
        "kinds": {"direct": score(0.0), "CPPN": score(1.0)},
        "against": {"direct": {"energy": score(2.0)}, "CPPN": {"energy": score(3.0)}},
        "taught": score(4.0),
    }
    measured = DigitMeasurement(**{**dict.fromkeys(one.name for one in fields(DigitMeasurement)), **given})
    before, after = (records.Trust(1.0, Interval(part, part, part), None) for part in (0.3, 0.1))
    found = records.reduce_digits(measured, (before, after), "toy")
    assert (found.error_before, found.error_after) == (before.error, after.error)
    assert (found.natural, found.temperature, found.scale) == (3, 2.0, "toy")
    told = [*found.kinds.values(), *found.against["direct"].values(), *found.against["CPPN"].values()]
    assert [part.median for part in told] == pytest.approx(to_confidence(np.arange(5.0)).tolist())
    assert list(found.against["CPPN"]) == ["energy", FOOLING_CLASS]


def test_halves_hold_as_many_of_each_digit_and_depend_on_the_seed(digits: Any) -> None:
    half = measuring.choose_half(digits.test_labels, 3)
    assert all(np.bincount(digits.test_labels[part]).tolist() == [50] * 10 for part in (half, ~half))
    assert np.array_equal(half, measuring.choose_half(digits.test_labels, 3))
    assert not np.array_equal(half, measuring.choose_half(digits.test_labels, 4))


def test_noise_has_every_grey_level_as_often_as_any_other() -> None:
    noise = measuring.draw_noise((28, 28, 1), 400, 0)
    counts = np.bincount(noise.images.ravel(), minlength=256)
    expected = noise.images.size / 256
    assert noise.images.dtype == np.uint8 and set(noise.targets.tolist()) == {measuring.NOBODY}
    chi = ((counts - expected) ** 2 / expected).sum()
    assert 255 - 5 * np.sqrt(2 * 255) < chi < 255 + 5 * np.sqrt(2 * 255)
    fewer = measuring.draw_noise((28, 28, 1), 9, 0)
    assert np.array_equal(noise.images[:9], fewer.images), "more draws change none before"


def test_shuffled_digits_keep_their_grey_levels(digits: Any) -> None:
    originals = digits.test_images[:3]
    shuffled = measuring.shuffle_pixels(originals, 5, 0).images
    for place, image in enumerate(shuffled):
        original = originals[place % 3]
        assert np.array_equal(np.sort(image.ravel()), np.sort(original.ravel()))
        assert not np.array_equal(image, original)
    assert not np.array_equal(shuffled[0], shuffled[3]), "one digit twice is shuffled twice"


@pytest.mark.slow
def test_champions_come_run_by_run_with_their_digits(cppn_evolution: Any) -> None:
    found = measuring.take_champions(cppn_evolution, 13)
    assert found.targets.tolist() == [*range(10), 0, 1, 2]
    assert np.array_equal(found.images[11], cppn_evolution.express(1, [1])[0])
    assert len(measuring.take_champions(cppn_evolution, 1_000).images) == 20


def test_log_odds_are_those_of_the_target_or_else_of_the_top_class(lenet: Any, digits: Any) -> None:
    class Silent:
        classifier = lenet

        def score(self, images: np.ndarray) -> np.ndarray:
            return np.zeros((1, len(images)))

    images = digits.test_images[:4]
    every = lenet.score(images)
    fooling = measuring.Fooling(images, np.array([7, measuring.NOBODY, 0, measuring.NOBODY]))
    expected = [every[0, 7], every[1].max(), every[2, 0], every[3].max()]
    np.testing.assert_array_equal(measuring.score_fooling(Silent(), fooling).log_odds, expected)


@pytest.fixture(scope="module")
def chain() -> Iterator[ChainSizes]:
    """Yield how often networks are retrained, while the profile ``smoke`` is tiny."""
    chain = ChainSizes(1, 1, 20, natural=4_000, iterations=1, steps=20, longer=2)
    tiny = {
        measuring: DetectorSizes(runs=2, generations=1, children=20, images=15),
        measuring.ascent: PageSizes(digits=AscentSizes(1, most_steps=3), imagenet=AscentSizes(1)),
        measuring.retraining: RetrainingSizes(chain, None),  # type: ignore[arg-type]
    }
    with pytest.MonkeyPatch.context() as patched:
        for module, sizes in tiny.items():
            patched.setattr(module, "SIZES", {"smoke": sizes})
        yield chain


@pytest.fixture(scope="module")
def few(digits: Any) -> Any:
    return digits._replace(train_images=digits.train_images[::20], train_labels=digits.train_labels[::20])


@pytest.fixture(scope="module")
def page(lenet: Any, chain: ChainSizes, few: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Return page 13 with the searches, climbs and networks of other pages in its folder of runs."""
    page = Page("13_detectors", tmp_path_factory.mktemp("results") / "smoke", 0)
    with pytest.raises(ValueError, match="02_mnist_direct has no search"):
        measuring.measure_digits(page, lenet, few, "smoke", 0)
    sizes: dict[str, Any] = {"generations": 1, "children": 20, "seeds": range(2), "folder": page.runs}
    for name, kind in (("02_mnist_direct", DirectEncoding), ("03_mnist_cppn", CppnEncoding)):
        page._replace(name=name).write({}, searches={name[9:]: evolve(lenet, kind((28, 28, 1)), **sizes)})
    ascend(lenet, NONE, range(10), (0,), 3, page.runs)
    retrain_digits(few, chain, 0, page.runs)
    return page


@pytest.fixture(scope="module")
def found(page: Page, lenet: Any, few: Any) -> DigitMeasurement:
    trained = sorted(page.runs.glob("network-*"))
    found = measuring.measure_digits(page, lenet, few, "smoke", 0)
    assert sorted(page.runs.glob("network-*")) == trained, "no network is trained again"
    return found


@pytest.mark.slow
def test_images_are_those_that_other_pages_made(
    page: Page, found: DigitMeasurement, lenet: Any, few: Any, chain: ChainSizes
) -> None:
    close = {"rtol": 1e-3, "atol": 1e-3}
    for label, name, search in (("direct", "02_mnist_direct", "direct"), ("CPPN", "03_mnist_cppn", "cppn")):
        log_odds = page.find_search(name, search).log_odds.ravel()[:15]
        np.testing.assert_allclose(found.kinds[label].log_odds, log_odds, **close)
    climbed = ascend(lenet, NONE, range(10), (0,), 3, page.runs)
    np.testing.assert_allclose(found.kinds["ascent"].log_odds, climbed.last_rounded.ravel(), **close)
    evolved = retrain_digits(few, chain, 0, page.runs)[-1][0]
    np.testing.assert_allclose(found.taught.log_odds[:10], evolved.log_odds[0], **close)


@pytest.mark.slow
def test_every_detector_scores_every_kind(found: DigitMeasurement) -> None:
    assert found.detectors == DETECTORS and found.natural.shape == (7, 500)
    assert tuple(found.kinds) == KINDS and tuple(found.against) == ENCODINGS
    assert [part.scores.shape[1] for part in found.kinds.values()] == [15, 15, 10, 15, 15]
    assert all(part.scores.shape == (7, 15) for row in found.against.values() for part in row.values())
    assert found.shown.shape == (len(GUARDING), 2, 5, 28, 28, 1)
    assert found.after.sources.max() < len(AFTER)


@pytest.mark.slow
def test_numbers_are_of_every_detector_with_the_fooling_class_among_what_cppns_met(found: DigitMeasurement) -> None:
    trust = tuple(records.measure_trust(found.logits, found.labels, part) for part in (1.0, found.temperature))
    reduced = records.reduce_digits(found, trust, "toy")
    assert tuple(reduced.against["CPPN"]) == (*GUARDING, FOOLING_CLASS) and tuple(reduced.against["direct"]) == GUARDING
    assert all(tuple(part.detections) == DETECTORS for row in reduced.against.values() for part in row.values())
    assert reduced.natural == 500 and reduced.kinds["noise"].images == 15


@pytest.mark.slow
def test_page_is_drawn_from_the_published_run_alone(
    page: Page, found: DigitMeasurement, lenet: Any, few: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found.folder is not None
    alone = page._replace(folder=tmp_path / "smoke")
    shutil.copytree(found.folder.path, alone.runs / found.folder.path.name)
    again = measuring.measure_digits(alone, lenet, few, "smoke", 0)
    assert np.array_equal(again.natural, found.natural) and np.array_equal(again.after.images, found.after.images)
    assert again.temperature == found.temperature
    other = RetrainingSizes(ChainSizes(1, 1, 20, natural=4_000, iterations=1, steps=21, longer=2), None)  # type: ignore[arg-type]
    monkeypatch.setattr(measuring.retraining, "SIZES", {"smoke": other})
    with pytest.raises(ValueError, match="has no search"):  # another chain is another run
        measuring.measure_digits(alone, lenet, few, "smoke", 0)


@pytest.mark.slow
def test_repeated_measurement_gives_the_same_bytes(page: Page, found: DigitMeasurement, lenet: Any, few: Any) -> None:
    assert found.folder is not None
    first = found.folder.load_result()
    shutil.rmtree(found.folder.path)
    other = measuring.measure_digits(page, lenet, few, "smoke", 0).folder
    assert other == found.folder
    second = other.load_result()
    assert first is not None and second is not None and first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
