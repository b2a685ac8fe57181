"""Retraining: how many fooling images of which kind are learned, by what rule, and that a chain resumes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from fooling.data.digits import Digits
from fooling.data.photographs import UNKNOWN, load_photographs
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolve import evolve
from fooling.networks import head
from fooling.networks.classifier import Classifier
from fooling.networks.head import Head, NaturalFeatures
from fooling.networks.lenet import LENET_PARAMETERS, build_lenet
from fooling.pages.profiles import DigitRetrainingSettings, ImageNetRetrainingSettings
from fooling.pages.retraining import digits as chain
from fooling.pages.retraining import fooling_images, imagenet, lesson
from fooling.runs import RunFolder

TINY = DigitRetrainingSettings(runs=1, generations=2, children=4, iterations=2, steps=2)


def make_linear_network(kernel: np.ndarray, bias: np.ndarray, side: int = 8, white: float = 20.0) -> Classifier:
    """Return a network whose features are the means of red, green and blue, and whose scores are linear in them."""
    model = keras.Sequential(
        [layers.Input((side, side, 3)), layers.GlobalAveragePooling2D(), layers.Dense(kernel.shape[1])]
    )
    model.layers[-1].set_weights([kernel, bias])
    return Classifier(model, name="linear", input_range=(0.0, white))


@cache
def make_random_network() -> Classifier:
    return make_linear_network(np.random.default_rng(3).normal(0, 0.3, (3, 4)).astype(np.float32), np.zeros(4))


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# How many images, of which kind


@pytest.mark.parametrize(("natural", "first", "later"), [(60_000, 6_000, 1_000), (4_000, 400, 67), (10, 1, 1)])
def test_counts_are_the_papers_scaled_to_the_training_set(natural: int, first: int, later: int) -> None:
    assert [chain.count_added(natural, iteration) for iteration in (1, 2, 15)] == [first, later, later]


@pytest.mark.parametrize("natural", [60_000, 4_000])
def test_fooling_class_is_a_quarter_of_the_set_after_fifteen_iterations(natural: int) -> None:
    fooling = sum(chain.count_added(natural, iteration) for iteration in range(1, 16))
    assert fooling / (natural + fooling) == pytest.approx(0.25, abs=0.001)


def test_one_run_at_least_is_left_out_of_training() -> None:
    settings = [
        DigitRetrainingSettings(runs=runs, generations=1, children=1, iterations=1, steps=1) for runs in (5, 30)
    ]
    assert [[chain.count_runs(one, 4_000, number) for number in (1, 2)] for one in settings] == [[21, 5], [30, 30]]


def test_fooling_images_are_one_class_that_grows(digits: Any) -> None:
    image = digits.train_images[:1]
    grown = digits
    for count in (3, 2):
        grown = chain.add_fooling_class(grown, np.repeat(image, count, axis=0))
    assert np.bincount(grown.train_labels).tolist() == [400] * 10 + [5]
    assert grown.train_images.shape == (4_005, 28, 28, 1)
    assert np.array_equal(grown.test_labels, digits.test_labels)


def test_first_champions_score_what_the_history_begins_with(cppn_evolution: Any, lenet: Any) -> None:
    images = fooling_images.express_first_champions(cppn_evolution, [1, 0])
    scores = [lenet.score(part)[np.arange(10), np.arange(10)] for part in images]
    assert images.dtype == np.uint8
    np.testing.assert_allclose(scores, cppn_evolution.history[[1, 0], 0], rtol=1e-3, atol=1e-3)


def test_half_of_the_images_are_first_champions_and_half_last(cppn_evolution: Any) -> None:
    first = fooling_images.express_first_champions(cppn_evolution, [0, 1]).reshape(20, 28, 28, 1)
    last = cppn_evolution.images.reshape(20, 28, 28, 1)
    drawn = fooling_images.draw_fooling_images(cppn_evolution, 27)
    assert np.array_equal(drawn[::2], first[:14]) and np.array_equal(drawn[1::2], last[:13])
    assert not np.array_equal(first, last)


def test_more_images_than_runs_have_are_refused(cppn_evolution: Any) -> None:
    with pytest.raises(ValueError, match="41 fooling images need 3 runs, but there are 2"):
        fooling_images.draw_fooling_images(cppn_evolution, 41)


# Digits


def test_retrained_lenet_differs_by_one_output_only() -> None:
    model, known = chain.build_network(3, 11), build_lenet(3)
    assert model.count_params() == LENET_PARAMETERS + 501
    assert all(
        np.array_equal(one, other) for one, other in zip(model.get_weights(), known.get_weights()[:-2], strict=False)
    )
    assert model.layers[-1].get_config().keys() == known.layers[-1].get_config().keys()
    assert model.layers[-1].kernel_regularizer.l2 == known.layers[-1].kernel_regularizer.l2 > 0


class Bred(NamedTuple):
    """A search as far as retraining reads it; its images are noise, those of the last generation above 100."""

    images: np.ndarray
    history: np.ndarray
    classes: tuple[int, ...]
    seeds: tuple[int, ...]
    folders: tuple[RunFolder, ...] = ()

    @property
    def log_odds(self) -> np.ndarray:
        return self.history[:, -1]

    def express(self, run: int, cells: Any = slice(None)) -> np.ndarray:
        return self.images[run][cells]


def breed_noise(classifier: Classifier, encoding: CppnEncoding, **request: Any) -> Bred:
    """Return in no time what a search would, other images for other seeds."""
    seeds, classes = tuple(request["seeds"]), tuple(request["classes"])
    shape = (len(seeds), len(classes), *classifier.image_shape)
    images = np.random.default_rng(seeds).integers(100, 256, shape, dtype=np.uint8)
    history = np.zeros((len(seeds), request["generations"] + 1, len(classes)), np.float32)
    return Bred(images, history, classes, seeds)


@pytest.fixture(scope="module")
def few_digits(digits: Any) -> Digits:
    some = slice(None, None, 100)  # 40 to learn, four of each
    return digits._replace(train_images=digits.train_images[some], train_labels=digits.train_labels[some])


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> list[Digits]:
    """Let nothing be trained nor bred, and return what every network would have learned."""
    lessons: list[Digits] = []
    monkeypatch.setattr(chain, "evolve", breed_noise)
    monkeypatch.setattr(chain, "draw_fooling_images", lambda run, count: run.images.reshape(-1, 28, 28, 1)[:count])
    monkeypatch.setattr(chain.lenet, "fit", lambda model, learned, steps, seed: lessons.append(learned))
    return lessons


@pytest.mark.slow
def test_chain_learns_all_images_so_far_and_measures_each_network(
    untrained: list[Digits], few_digits: Digits, tmp_path: Path
) -> None:
    found = chain.retrain_digits(few_digits, TINY, 0, tmp_path)
    assert [len(one.train_labels) for one in untrained] == [40, 44, 45]
    assert np.array_equal(untrained[2].train_images[:44], untrained[1].train_images)
    assert not np.array_equal(untrained[2].train_images[44], untrained[2].train_images[40]), "other seeds, other images"
    assert [int(one.fooling) for one in found.networks] == [0, 4, 5]
    assert all(int(one.natural) == 40 and int(one.held_out) == 1_000 for one in found.networks)
    assert [len(one.caught_before) for one in found.networks] == [0, 1, 1], "two runs each, one is left out"
    assert all(one.medians.shape == (1, 3) and one.champions.shape == (10, 28, 28, 1) for one in found.networks)
    assert found.networks[0].called_fooling == 0.0 and found.networks[0].caught_after.tolist() == [0.0]
    for run in found.folders:  # no weights and no searches, since these folders are published
        assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz", "settings.json"]


def test_finished_chain_is_the_beginning_of_a_longer_one(
    untrained: list[Digits], few_digits: Digits, tmp_path: Path
) -> None:
    begun = chain.retrain_digits(few_digits, replace(TINY, iterations=1), 0, tmp_path)
    whole = chain.retrain_digits(few_digits, TINY, 0, tmp_path)
    assert whole.folders[:2] == begun.folders and len(untrained) == 3, "two networks were trained before"
    for one, other in zip(begun.networks, whole.networks, strict=False):
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))


def test_shares_of_images_called_fooling_are_counted_by_run() -> None:
    network = make_linear_network(np.eye(3, 11, k=8, dtype=np.float32), np.zeros(11))  # blue is class 10, fooling
    images = np.zeros((2, 4, 8, 8, 3), np.uint8)
    images[0, ..., 2], images[1, 0, ..., 2], images[1, 1:, ..., 0] = 255, 255, 255
    assert chain._share_caught(network, images).tolist() == [1.0, 0.25]


@pytest.mark.slow
def test_two_iterations_resumed_equal_two_uninterrupted(few_digits: Digits, tmp_path: Path) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    whole = chain.retrain_digits(few_digits, TINY, 0, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(chain, "_share_caught", stop)  # killed while the first network is measured
        chain.retrain_digits(few_digits, TINY, 0, tmp_path / "resumed")
    chain.retrain_digits(few_digits, replace(TINY, iterations=1), 0, tmp_path / "resumed")
    resumed = chain.retrain_digits(few_digits, TINY, 0, tmp_path / "resumed")
    for one, other in zip(resumed.networks, whole.networks, strict=True):
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))
    assert len(list((tmp_path / "resumed").glob("network-*"))) == 3, "no training was done twice"


# A head with a class more


def make_separable(seed: int) -> tuple[Head, NaturalFeatures, np.ndarray]:
    """Return an old head that tells two classes by the first feature, and fooling images that have only the second."""
    random = np.random.default_rng(seed)
    side = random.choice([-20.0, 20.0], 200)
    natural = np.stack([side, np.zeros(200)], axis=1).astype(np.float32)
    fooling = np.array([[0.0, 30.0], [0.0, 40.0]], np.float32)
    old = Head(np.array([[0.2, -0.2], [0.3, 0.2]], np.float32), np.zeros(2, np.float32))
    return old, NaturalFeatures(natural, np.full(200, UNKNOWN)), fooling


def test_separable_fooling_images_are_all_caught_and_nothing_else_changes() -> None:
    old, natural, fooling = make_separable(0)
    new = head.train_head(old, natural, fooling, steps=300, seed=0)
    assert np.all((fooling @ old.kernel + old.bias).argmax(axis=1) == 0), "the old network is fooled"
    assert np.all((fooling * 1.1 @ new.kernel + new.bias).argmax(axis=1) == 2), "unseen ones are caught"
    held_out = make_separable(1)[1].features
    before, after = (held_out @ one.kernel + one.bias for one in (old, new))
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))


def test_one_step_follows_the_numerical_gradient_of_the_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    old = Head(random.normal(size=(3, 4)).astype(np.float32), random.normal(size=4).astype(np.float32))
    natural = NaturalFeatures(
        random.normal(size=(6, 3)).astype(np.float32), np.array([UNKNOWN, 2, UNKNOWN, 0, 3, UNKNOWN])
    )
    fooling = random.normal(size=(2, 3)).astype(np.float32)
    monkeypatch.setattr(head, "FOOLING_SHARE", 0.3)
    new = head.train_head(old, natural, fooling, steps=1, seed=7)
    chosen = head.draw_batch(np.random.default_rng(7), 6, 2)
    inputs = np.concatenate([natural.features, fooling])[chosen].astype(np.float64)
    labels = np.append(natural.labels, [4, 4])[chosen]
    teacher = np.pad(softmax(inputs @ old.kernel + old.bias), ((0, 0), (0, 1)))
    target = np.where((labels < 0)[:, None], teacher, np.eye(5)[labels])

    def loss(kernel: np.ndarray) -> float:
        scores = inputs @ kernel + np.append(old.bias, 0.0)
        return float(-(target * np.log(softmax(scores))).sum(axis=1).mean())

    start = np.pad(old.kernel, ((0, 0), (0, 1))).astype(np.float64)
    for place in np.ndindex(start.shape):
        nudge = np.zeros_like(start)
        nudge[place] = 1e-5
        slope = (loss(start + nudge) - loss(start - nudge)) / 2e-5
        assert (new.kernel - start)[place] == pytest.approx(-head.RATE * slope, rel=1e-2, abs=1e-7)


def test_fooling_images_are_drawn_at_the_papers_proportion() -> None:
    random = np.random.default_rng(0)
    drawn = np.concatenate([head.draw_batch(random, 50, 3) for _ in range(2_000)])
    share, expected = np.mean(drawn >= 50), 9_000 / 1_290_167
    assert abs(share - expected) < 4 * np.sqrt(expected / drawn.size)
    assert set(drawn) == set(range(53))


def test_widened_network_gives_the_old_scores_and_one_more() -> None:
    network = make_random_network()
    below, old = head.split_head(network)
    wide = head.add_class(network, below, Head(np.pad(old.kernel, ((0, 0), (0, 1))), np.append(old.bias, 5.0)))
    images = np.random.default_rng(0).random((3, 8, 8, 3), np.float32)
    scores = wide.logits(images).numpy()
    np.testing.assert_allclose(scores[:, :4], network.logits(images), rtol=1e-5, atol=1e-5)
    assert np.all(scores[:, 4] == 5.0) and wide.class_names == ("0", "1", "2", "3", "fooling")
    features = head.compute_features(network, below, [np.full((2, 8, 8, 3), 255, np.uint8)])
    np.testing.assert_allclose(features, 20.0, rtol=1e-5)


def test_network_that_does_not_end_in_a_dense_layer_is_refused() -> None:
    model = keras.Sequential([layers.Input((8, 8, 3)), layers.GlobalAveragePooling2D(), layers.Softmax()])
    with pytest.raises(ValueError, match="last layer must be a dense one"):
        head.split_head(Classifier(model))


# Photographs


def test_packaged_photographs_are_held_out_whole() -> None:
    learned, held_out = lesson.hold_out(load_photographs("packaged"), 100, 0)
    assert held_out.titles == lesson.HELD_OUT and len(learned.paths) == 6
    assert not set(learned.titles) & set(held_out.titles)


def test_crops_are_as_many_as_asked_for() -> None:
    learned = load_photographs("packaged").select(slice(4, 5))  # a small one
    sizes = [len(batch) for batch in lesson.cut_natural(learned, 250, 0, (8, 8, 3))]
    assert sizes == [200, 50]


@pytest.fixture
def coloured_folder(tmp_path: Path) -> Path:
    """Return a folder with red pictures of class 0 and green ones of class 1."""
    for label, colour in enumerate(((200, 30, 30), (30, 200, 30))):
        place = tmp_path / "photographs" / str(label)
        place.mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (20, 16), tuple(part + number for part in colour)).save(place / f"{number}.png")
    return tmp_path / "photographs"


def test_labels_of_a_folder_are_learned(coloured_folder: Path, tmp_path: Path) -> None:
    network = make_linear_network(np.zeros((3, 2), np.float32), np.array([1.0, 0.0]))  # calls everything 0
    settings = ImageNetRetrainingSettings(
        runs=2, generations=1, children=1, baseline_runs=1, photograph_crops=100, steps=300
    )
    blue = np.zeros((2, 8, 8, 3), np.uint8)
    blue[..., 2] = 255
    photographs = load_photographs(str(coloured_folder))
    learned = lesson.learn_fooling_class(network, photographs, blue, settings, 0, tmp_path)
    held_out = lesson.hold_out(photographs, 100, 0)[1]
    assert learned.natural == 10 and learned.photographs == len(held_out.paths) == 2
    assert np.all(learned.held_out[:, 0] == 0)
    assert np.array_equal(learned.held_out[:, 1], held_out.labels)
    assert head.add_class(network, head.split_head(network)[0], learned.head).score(blue).argmax(axis=1).tolist() == [
        2,
        2,
    ]


def test_photographs_of_a_folder_are_learned_or_held_out(coloured_folder: Path) -> None:
    photographs = load_photographs(str(coloured_folder))
    learned, held_out = lesson.hold_out(photographs, 4, 0)
    assert len(learned.paths) == 4 and len(held_out.paths) == 1
    assert not set(learned.titles) & set(held_out.titles)
    with pytest.raises(ValueError, match="at least 2 are needed"):
        lesson.hold_out(photographs.select(slice(0, 1)), 4, 0)


def test_middle_of_larger_images_is_cut_out() -> None:
    images = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    assert lesson.cut_middle(images, (2, 2, 1)).ravel().tolist() == [14, 15, 20, 21]
    assert np.array_equal(lesson.cut_middle(images, (6, 6, 1)), images)


# ImageNet, on a network of three features

SMALL = ImageNetRetrainingSettings(
    runs=2, generations=2, children=4, baseline_runs=1, classes=(0, 2, 3), photograph_crops=12, steps=20
)


def test_last_run_is_left_out_and_finished_work_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = lambda run, runs: np.repeat(run.images[list(runs)], 2, axis=1)  # noqa: E731
    monkeypatch.setattr(imagenet, "evolve", breed_noise)
    monkeypatch.setattr(imagenet, "express_both_champions", both)
    network, photographs = make_random_network(), load_photographs("packaged")
    found, run = imagenet.retrain_imagenet(network, photographs, SMALL, 0, tmp_path)
    assert int(found.fooling) == 6 and int(found.natural) == 12, "first and last champions of one of two runs"
    assert found.held_out.shape == (3, 2) and int(found.photographs) == 2
    assert found.caught_first.shape == found.caught_last.shape == (3,) and found.caught_after.shape == (2, 3)
    assert found.shown.tolist() == [0, 1, 2] and found.champions.shape == (3, 8, 8, 3)
    monkeypatch.setattr(imagenet, "_retrain", lambda *_: pytest.fail("what is finished is not computed again"))
    again, where = imagenet.retrain_imagenet(network, photographs, SMALL, 0, tmp_path)
    assert where == run and all(np.array_equal(*parts) for parts in zip(found, again, strict=True))
    assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz", "settings.json"]


@pytest.mark.slow
def test_images_evolve_again_against_the_retrained_network(tmp_path: Path) -> None:
    network = make_random_network()
    found, _ = imagenet.retrain_imagenet(network, load_photographs("packaged"), SMALL, 0, tmp_path)
    sizes = {"generations": 2, "children": 4, "classes": (0, 2, 3), "folder": tmp_path}
    same = evolve(network, CppnEncoding((8, 8, 3)), **sizes, seeds=range(2))
    assert np.array_equal(found.before, same.history), "the search against DNN1 is that of the page before"
    assert len(list(tmp_path.glob("cppn-*"))) == 2, "and is found again"
    assert not np.array_equal(found.before, found.after)


@pytest.mark.slow
def test_with_ten_crops_larger_images_evolve(tmp_path: Path) -> None:
    settings = replace(SMALL, crops="ten", generations=1)
    found, _ = imagenet.retrain_imagenet(make_random_network(), load_photographs("packaged"), settings, 0, tmp_path)
    assert found.champions.shape == (3, 9, 9, 3), "8 · 256 / 224, rounded"
    assert found.caught_after.shape == (2, 3)


def test_single_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 2 runs"):
        imagenet.retrain_imagenet(
            make_random_network(), load_photographs("packaged"), replace(SMALL, runs=1), 0, tmp_path
        )
