"""Choices of training digits are nested and even; a fooled network is kept, found again, and the same each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fooling.confidence import to_confidence
from fooling.data.digits import Digits, choose_digits
from fooling.encodings.direct import DirectEncoding
from fooling.networks import lenet
from fooling.networks.classifier import Classifier
from fooling.pages.training_size import fool
from fooling.pages.training_size.claim import TrainingSizes
from fooling.pages.training_size.fool import FooledNetwork, find_medians, fool_networks

SMALL = TrainingSizes(runs=2, generations=3, children=10, sizes=(10, 20), networks=1, steps=2)


def make_digits(counts: tuple[int, ...]) -> Digits:
    """Return digits whose first pixels are their number and whose labels come in the given counts, shuffled."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(10), counts))
    images = np.zeros((len(labels), 28, 28, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.divmod(np.arange(len(labels)), 256)
    return Digits("made", images, labels, images[:30], labels[:30])


def read_numbers(digits: Digits) -> set[int]:
    """Return the numbers that the training images carry."""
    return {int(image[0, 0, 0]) * 256 + int(image[0, 1, 0]) for image in digits.train_images}


@pytest.fixture(scope="module")
def uneven() -> Digits:
    return make_digits((3, 40, 20, 20, 20, 20, 20, 20, 20, 17))


def test_chosen_digits_are_as_many_of_each_as_there_can_be(uneven: Digits) -> None:
    chosen = choose_digits(uneven, 100, seed=0)
    # Three zeros are all there are; the other 97 are 10.8 of each of nine.
    counts = np.bincount(chosen.train_labels, minlength=10)
    assert counts[0] == 3 and counts.sum() == 100 and set(counts[1:]) == {10, 11}


@settings(max_examples=20, deadline=None)
@given(st.integers(10, 200), st.integers(10, 200), st.integers(0, 5))
def test_a_smaller_choice_is_part_of_a_larger_one(one: int, other: int, seed: int) -> None:
    digits = make_digits((3, 40, 20, 20, 20, 20, 20, 20, 20, 17))
    small, large = (choose_digits(digits, size, seed) for size in sorted((one, other)))
    assert read_numbers(small) <= read_numbers(large)
    assert len(read_numbers(small)) == min(one, other)


def test_chosen_images_keep_their_labels_and_the_held_out_digits_stay(uneven: Digits) -> None:
    chosen = choose_digits(uneven, 50, seed=3)
    for image, label in zip(chosen.train_images, chosen.train_labels, strict=True):
        assert uneven.train_labels[int(image[0, 0, 0]) * 256 + int(image[0, 1, 0])] == label
    np.testing.assert_array_equal(chosen.test_images, uneven.test_images)


def test_the_seed_decides_which_digits_are_chosen_and_all_of_them_are_the_set_itself(uneven: Digits) -> None:
    chosen = [choose_digits(uneven, 60, seed).fingerprint() for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]
    assert choose_digits(uneven, 200, seed=5).fingerprint() == uneven.fingerprint()


@pytest.mark.parametrize("size", [9, 201, 60_000])
def test_a_size_that_cannot_be_had_is_refused_before_anything_is_trained(
    uneven: Digits, size: int, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"{size:,} training digits were asked for, but made gives 10 to 200; choose"):
        fool_networks(uneven, replace(SMALL, sizes=(50, size)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_error_of_a_network_that_calls_every_digit_a_three(
    uneven: Digits, pixels_only: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [keras.layers.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, use_bias=True)]
    model = keras.Sequential(layers)
    model.set_weights([np.zeros((784, 10)), np.eye(10)[3]])
    monkeypatch.setattr(fool, "train", lambda *_: Classifier(model))
    found = fool_networks(uneven, replace(SMALL, sizes=(10,)), tmp_path)[0]
    assert found.error == pytest.approx(np.mean(uneven.test_labels != 3))


def test_median_is_that_of_confidences_and_not_of_log_odds() -> None:
    history = np.array([[[-3.0, 1.0, 2.0, 9.0], [4.0, 0.0, 0.0, -9.0]]], np.float32)
    confidences = 1 / (1 + np.exp(-history.astype(np.float64)))
    medians = 1 / (1 + np.exp(-find_medians(history).astype(np.float64)))
    np.testing.assert_allclose(medians, np.median(confidences, axis=-1), rtol=1e-6)


def test_median_of_certain_images_does_not_round_to_certainty() -> None:
    # 1 − p is e^−50 and e^−60 in the middle, their mean nearly half of e^−50.
    history = np.array([[[20.0, 50.0, 60.0, 80.0]]], np.float32)
    assert find_medians(history)[0, 0] == pytest.approx(50 + np.log(2), abs=1e-3)
    assert find_medians(-history)[0, 0] == pytest.approx(-50 - np.log(2), abs=1e-3)
    assert find_medians(np.array([[[7.0, -np.inf, -np.inf]]], np.float32))[0, 0] == -np.inf


@pytest.fixture
def pixels_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out CPPNs, whose graph takes seconds to make."""
    monkeypatch.setattr(fool, "ENCODINGS", (DirectEncoding,))


@pytest.fixture(scope="module")
def fooled(uneven: Digits, tmp_path_factory: pytest.TempPathFactory) -> list[FooledNetwork]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fool, "ENCODINGS", (DirectEncoding,))
        return fool_networks(uneven, SMALL, tmp_path_factory.mktemp("sizes"))


def describe(one: FooledNetwork) -> dict[str, Any]:
    """Return everything that a page may draw of a network, as plain numbers."""
    parts = {name: part for name, part in one._asdict().items() if name in ("medians", "final", "images")}
    arrays = {f"{name} {kind}": array.tolist() for name, part in parts.items() for kind, array in part.items()}
    return arrays | {"error": one.error, "size": one.size, "seed": one.seed}


def check_kept(one: FooledNetwork, kinds: list[str]) -> None:
    """Check the shapes of what is kept, and that it hangs together."""
    assert list(one.medians) == list(one.final) == list(one.images) == kinds
    for kind in kinds:
        assert one.medians[kind].shape == (2, 4) and one.final[kind].shape == (2, 10)
        assert one.images[kind].shape == (10, 28, 28, 1) and one.images[kind].dtype == np.uint8
        assert (np.diff(one.medians[kind], axis=1) >= 0).all(), "champions never fall"
        end = np.median(to_confidence(one.final[kind]), axis=1)
        np.testing.assert_allclose(to_confidence(one.medians[kind][:, -1]), end, rtol=1e-5)


def test_one_network_for_each_size_and_seed(fooled: list[FooledNetwork]) -> None:
    assert [(one.size, one.seed) for one in fooled] == [(10, 0), (20, 0)]
    for one in fooled:
        check_kept(one, ["direct"])


@pytest.mark.slow
def test_both_encodings_fool_every_network(uneven: Digits, tmp_path: Path) -> None:
    networks = fool_networks(uneven, replace(SMALL, sizes=(10,), networks=2), tmp_path)
    assert [(one.size, one.seed) for one in networks] == [(10, 0), (10, 1)]
    for one in networks:
        check_kept(one, ["direct", "cppn"])


def test_a_network_that_was_fooled_before_is_found_without_any_weights(
    fooled: list[FooledNetwork], pixels_only: None, uneven: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in fooled:  # what is published: the folders that the page names, and nothing else
        published = tmp_path / one.folder.path.name
        published.mkdir()
        for file in one.folder.path.iterdir():
            (published / file.name).write_bytes(file.read_bytes())
            assert file.stat().st_size < 100_000

    def refuse(*_: Any) -> None:
        raise AssertionError("a finished network was trained again")

    monkeypatch.setattr(lenet, "fit", refuse)
    found = fool_networks(uneven, SMALL, tmp_path)
    assert [describe(one) for one in found] == [describe(one) for one in fooled]


def test_a_network_alone_is_the_same_as_beside_others(
    fooled: list[FooledNetwork], pixels_only: None, uneven: Digits, tmp_path: Path
) -> None:
    again = fool_networks(uneven, replace(SMALL, sizes=(20,)), tmp_path)
    assert describe(again[0]) == describe(fooled[1])


def test_digits_own_seed_runs_and_sizes_each_make_another_key(
    uneven: Digits, pixels_only: None, tmp_path: Path, note_keys: Callable[..., list[str]]
) -> None:
    keys = note_keys(fool, ("error", "direct_medians", "direct_final", "direct_images"))
    for size, own, sizes, seed in (
        (20, 0, SMALL, 0),
        (21, 0, SMALL, 0),
        (20, 1, SMALL, 0),
        (20, 0, replace(SMALL, generations=4), 0),
        (20, 0, replace(SMALL, steps=3), 0),
        (20, 0, replace(SMALL, runs=3), 0),
        (20, 0, SMALL, 1),
    ):
        fool.fool_network(uneven, size, own, sizes, tmp_path, seed)
    assert len(set(keys)) == 7


@pytest.mark.slow
def test_more_digits_of_one_kind_make_fewer_errors(digits: Digits) -> None:
    networks = [fool.train(choose_digits(digits, size, 0), 200, 0) for size in (30, 3_000)]
    errors = [np.mean(one.score(digits.test_images).argmax(axis=1) != digits.test_labels) for one in networks]
    assert errors[1] < errors[0] / 2
