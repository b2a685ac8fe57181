"""The digit chain: how many fooling images are learned, what is measured, and that a chain resumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.data.digits import Digits
from fooling.networks.classifier import Classifier
from fooling.networks.lenet import build_lenet
from fooling.pages.retraining import digits as chain
from fooling.pages.retraining.sizes import ChainSizes

TINY = ChainSizes(1, 2, 4, natural=300, iterations=2, steps=2, longer=4)


@pytest.mark.parametrize(("natural", "first", "later"), [(60_000, 6_000, 1_000), (4_000, 400, 67), (10, 1, 1)])
def test_counts_are_the_papers_scaled_to_the_training_set(natural: int, first: int, later: int) -> None:
    assert [chain.count_added(natural, iteration) for iteration in (1, 2, 15)] == [first, later, later]


@pytest.mark.parametrize("natural", [60_000, 4_000])
def test_fooling_class_is_a_quarter_of_the_set_after_fifteen_iterations(natural: int) -> None:
    fooling = sum(chain.count_added(natural, iteration) for iteration in range(1, 16))
    assert fooling / (natural + fooling) == pytest.approx(0.25, abs=0.001)


def test_one_run_at_least_is_left_out_of_training() -> None:
    settings = [ChainSizes(runs, 1, 1, natural=300, iterations=1, steps=1, longer=1) for runs in (5, 30)]
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
    images = chain.express_both_champions(cppn_evolution, [1, 0])[:, ::2]
    scores = [lenet.score(part)[np.arange(10), np.arange(10)] for part in images]
    assert images.dtype == np.uint8
    np.testing.assert_allclose(scores, cppn_evolution.history[[1, 0], 0], rtol=1e-3, atol=1e-3)


def test_half_of_the_images_are_first_champions_and_half_last(cppn_evolution: Any) -> None:
    first = chain.express_both_champions(cppn_evolution, [0, 1])[:, ::2].reshape(20, 28, 28, 1)
    last = cppn_evolution.images.reshape(20, 28, 28, 1)
    drawn = chain.draw_fooling_images(cppn_evolution, 27)
    assert np.array_equal(drawn[::2], first[:14]) and np.array_equal(drawn[1::2], last[:13])
    assert not np.array_equal(first, last)


def test_retrained_lenet_differs_by_one_output_only() -> None:
    model, known = build_lenet(3, 11), build_lenet(3)
    assert model.count_params() == known.count_params() + 501
    assert all(map(np.array_equal, model.get_weights()[:-2], known.get_weights()[:-2]))
    assert model.layers[-1].kernel_regularizer.l2 == known.layers[-1].kernel_regularizer.l2 > 0


@pytest.fixture(scope="module")
def few_digits(digits: Any) -> Digits:
    some = slice(None, None, 100)  # 40 to learn, four of each
    return digits._replace(train_images=digits.train_images[some], train_labels=digits.train_labels[some])


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch, breed_noise: Callable[..., Any]) -> list[Digits]:
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
    networks, folders = zip(*chain.retrain_digits(few_digits, TINY, 0, tmp_path), strict=True)
    assert [len(one.train_labels) for one in untrained] == [40, 44, 45]
    assert np.array_equal(untrained[2].train_images[:44], untrained[1].train_images)
    assert not np.array_equal(untrained[2].train_images[44], untrained[2].train_images[40]), "other seeds, other images"
    assert [int(one.fooling) for one in networks] == [0, 4, 5]
    assert all(int(one.natural) == 40 and int(one.held_out) == 1_000 for one in networks)
    assert [len(one.caught_before) for one in networks] == [0, 1, 1], "two runs each, one is left out"
    assert all(one.medians.shape == (1, 3) and one.champions.shape == (10, 28, 28, 1) for one in networks)
    assert networks[0].called_fooling == 0.0 and networks[0].caught_after.tolist() == [0.0]
    for run in folders:  # no weights and no searches, since these folders are published
        assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz", "settings.json"]


def test_finished_chain_is_the_beginning_of_a_longer_one(
    untrained: list[Digits], few_digits: Digits, tmp_path: Path
) -> None:
    begun = chain.retrain_digits(few_digits, replace(TINY, iterations=1), 0, tmp_path)
    whole = chain.retrain_digits(few_digits, TINY, 0, tmp_path)
    assert [run for _, run in whole[:2]] == [run for _, run in begun] and len(untrained) == 3, (
        "two networks were trained before"
    )
    for (one, _), (other, _) in zip(begun, whole, strict=False):
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))


def test_digits_sizes_seed_and_place_in_the_chain_each_make_another_key(
    few_digits: Digits, tmp_path: Path, note_keys: Callable[..., list[str]]
) -> None:
    keys = note_keys(chain, chain.RetrainedDigits._fields)
    begun = replace(TINY, iterations=1)
    larger = [replace(begun, **{name: 7}) for name in ("natural", "runs", "generations", "children", "steps")]
    relabelled = few_digits._replace(train_labels=few_digits.train_labels[::-1])
    for digits, sizes, seed in (
        *((few_digits, sizes, 0) for sizes in (begun, *larger)),
        (few_digits, begun, 1),
        (relabelled, begun, 0),
    ):
        chain.retrain_digits(digits, sizes, seed, tmp_path)
    assert len(set(keys)) == 8 * 2


def test_a_chain_learns_as_many_digits_as_it_is_told(
    untrained: list[Digits], few_digits: Digits, tmp_path: Path
) -> None:
    chain.retrain_digits(few_digits, replace(TINY, natural=20, iterations=1), 0, tmp_path)
    assert np.bincount(untrained[0].train_labels).tolist() == [2] * 10
    assert np.array_equal(untrained[1].train_images[:20], untrained[0].train_images), "the same in each network"


@pytest.mark.slow
def test_evolution_against_the_last_network_goes_on_where_it_ended(few_digits: Digits, tmp_path: Path) -> None:
    sizes = replace(TINY, runs=2, iterations=1)
    longer, folder = chain.evolve_longer(few_digits, sizes, 0, tmp_path)
    (*_, (last, _)) = chain.retrain_digits(few_digits, sizes, 0, tmp_path)
    assert longer.shape == last.log_odds.shape == (2, 10)
    assert (longer >= last.log_odds).all() and (longer > last.log_odds).any()
    *_, link = chain.walk_chain(few_digits, sizes, 0, tmp_path)
    search = {"generations": 4, "children": 4, "classes": range(10)}
    alone = chain.evolve(link.classifier, link.evolved.encoding, **search, seeds=link.evolved.seeds[:2])
    assert np.array_equal(longer, alone.log_odds), "as a search that was never interrupted"
    assert folder is not None and sorted(path.name for path in folder.path.iterdir())[1] == "result.npz"


def test_another_lesson_number_of_steps_or_seed_is_another_training(
    few_digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.lenet, "train_once", lambda *_: None)
    monkeypatch.setattr(chain, "Classifier", lambda *_: None)
    grown = chain.add_fooling_class(few_digits, few_digits.train_images[:1])
    lessons = ((few_digits, 2, 0), (grown, 2, 0), (few_digits, 3, 0), (few_digits, 2, 1))
    assert len({chain.train_network(1, *lesson, tmp_path)[1].path for lesson in lessons}) == 4


def test_shares_of_images_called_fooling_are_counted_by_run(make_linear_network: Callable[..., Classifier]) -> None:
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
    for (one, _), (other, _) in zip(resumed, whole, strict=True):
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))
    assert len(list((tmp_path / "resumed").glob("network-*"))) == 3, "no training was done twice"
