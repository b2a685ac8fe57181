"""Choices of training digits are nested and even; a fooled network is kept, found again, and the same each time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fooling.confidence import to_confidence
from fooling.data.digits import Digits
from fooling.encodings.direct import DirectEncoding
from fooling.networks import lenet
from fooling.networks.classifier import Classifier
from fooling.pages import findings, paper, training_size
from fooling.pages.findings.digits import count_images_needed, find_trend
from fooling.pages.profiles import TrainingSizeSettings
from fooling.pages.training_size import (
    FooledNetwork,
    check_sizes,
    choose_digits,
    find_error,
    find_medians,
    fool_networks,
    open_network_run,
)
from fooling.runs import RunFolder

SMALL = TrainingSizeSettings(runs=2, generations=3, children=10, sizes=(10, 20), networks=1, steps=2)


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
def test_sizes_that_cannot_be_had_are_refused_in_one_sentence(uneven: Digits, size: int) -> None:
    with pytest.raises(ValueError, match=f"{size:,} training digits were asked for, but made gives 10 to 200; choose"):
        check_sizes(uneven, [50, size])


def test_a_size_that_cannot_be_had_is_refused_before_anything_is_trained(uneven: Digits, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="60,000 training digits"):
        fool_networks(uneven, replace(SMALL, sizes=(10, 60_000)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_error_of_a_network_that_calls_every_digit_a_three(uneven: Digits) -> None:
    layers = [keras.layers.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, use_bias=True)]
    model = keras.Sequential(layers)
    model.set_weights([np.zeros((784, 10)), np.eye(10)[3]])
    assert find_error(Classifier(model), uneven) == pytest.approx(np.mean(uneven.test_labels != 3))


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
    monkeypatch.setattr(training_size, "ENCODINGS", (DirectEncoding,))


@pytest.fixture(scope="module")
def fooled(uneven: Digits, tmp_path_factory: pytest.TempPathFactory) -> list[FooledNetwork]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_size, "ENCODINGS", (DirectEncoding,))
        return fool_networks(uneven, SMALL, tmp_path_factory.mktemp("sizes"))


def describe(one: FooledNetwork) -> dict[str, Any]:
    """Return everything that a page may draw of a network, as plain numbers."""
    parts = {name: part for name, part in one._asdict().items() if name in ("medians", "final", "images")}
    return {f"{name} {kind}": array.tolist() for name, part in parts.items() for kind, array in part.items()} | {
        "error": one.error,
        "size": one.size,
        "seed": one.seed,
    }


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


def test_digits_own_seed_runs_and_sizes_each_make_another_key(uneven: Digits, tmp_path: Path) -> None:
    chosen, longer = choose_digits(uneven, 20, 0), replace(SMALL, generations=4)
    keys = [
        open_network_run(*request, tmp_path).path
        for request in (
            (chosen, 0, SMALL, range(2)),
            (choose_digits(uneven, 20, 1), 0, SMALL, range(2)),
            (chosen, 1, SMALL, range(2)),
            (chosen, 0, longer, range(2)),
            (chosen, 0, replace(SMALL, steps=3), range(2)),
            (chosen, 0, SMALL, range(1, 3)),
        )
    ]
    assert len(set(keys)) == 6


def test_the_key_names_the_code_of_network_evolution_and_both_encodings() -> None:
    assert {
        "training_size.py",
        "networks/lenet.py",
        "evolution/evolve.py",
        "evolution/map_elites.py",
        "encodings/direct.py",
        "encodings/cppn.py",
    } <= set(training_size.CODE)


@pytest.mark.slow
def test_more_digits_of_one_kind_make_fewer_errors(digits: Digits) -> None:
    errors = [find_error(training_size.train(choose_digits(digits, size, 0), 200, 0), digits) for size in (30, 3_000)]
    assert errors[1] < errors[0] / 2


def make_network(size: int, needed: tuple[int, ...], end: float = 12.0, error: float = 0.1) -> FooledNetwork:
    """Return a network whose runs' medians pass 99.99% at the given generations of 200; 201 is never."""
    generation = np.arange(201)
    medians = np.stack([np.where(generation >= first, end, -2.0) for first in needed]).astype(np.float32)
    final = np.repeat(medians[:, -1:], 10, axis=1)
    both = ("direct", "cppn")
    kept = [dict.fromkeys(both, part) for part in (medians, final, np.zeros((10, 28, 28, 1), np.uint8))]
    return FooledNetwork(size, 0, error, *kept, folder=RunFolder(Path("nowhere")))


def summarise(networks: list[FooledNetwork]) -> dict[str, Any]:
    """Return the summary at the paper's generations and children."""
    return findings.summarise_training_size(networks, 200, 200, "made")


def test_images_needed_count_the_random_ones_and_never_is_infinite() -> None:
    medians = make_network(500, (0, 3, 200, 201)).medians["direct"]
    assert count_images_needed(medians, 200).tolist() == [200.0, 800.0, 201 * 200.0, np.inf]


def test_99_99_percent_itself_is_reached() -> None:
    edge = np.log(0.9999 / 0.0001)
    assert count_images_needed(np.array([[0.0, edge - 1e-6, edge + 1e-6]]), 10).tolist() == [30.0]


def test_trend_is_spearmans_as_scipy_says_and_its_p_is_one_sided() -> None:
    rng = np.random.default_rng(0)
    sizes = np.repeat([500, 1_000, 2_000, 4_000], 3)
    for shift in (0.0, 0.4):
        values = rng.normal(size=12) + shift * np.arange(12)
        correlation, p = find_trend(sizes, values)
        exact = stats.spearmanr(sizes, values, alternative="greater")
        assert correlation == pytest.approx(exact.statistic)
        assert p == pytest.approx(exact.pvalue, abs=0.03)
    assert find_trend(sizes, -np.arange(12.0))[1] > 0.99


def test_p_of_a_tiny_trend_is_the_one_counted_by_hand() -> None:
    correlation, p = find_trend(np.array([1, 2, 3, 4]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert correlation == pytest.approx(1.0) and p == pytest.approx(1 / 24, abs=0.01)


def test_never_is_the_highest_rank_and_equal_values_are_no_trend() -> None:
    sizes = np.array([1, 1, 2, 2])
    assert find_trend(sizes, np.array([5.0, 6.0, np.inf, np.inf])) == find_trend(sizes, np.array([5.0, 6.0, 7.0, 7.0]))
    assert find_trend(sizes, np.full(4, np.inf)) == (0.0, 1.0)


def grow(firsts: dict[int, int], end: float = 12.0) -> list[FooledNetwork]:
    """Return three networks of each size, whose runs pass at about the given generation."""
    return [
        make_network(size, (first + turn, first + turn), end) for size, first in firsts.items() for turn in range(3)
    ]


def test_a_planted_trend_is_partly_and_none_is_not() -> None:
    growing = summarise(grow({500: 9, 1_000: 19, 2_000: 29, 4_000: 39}))
    json.dumps(growing)
    assert growing["direct"]["needed"] == [2_200.0, 8_200.0] and growing["direct"]["fold"] == pytest.approx(41 / 11)
    assert growing["cppn"]["correlation"] > 0.9 and growing["cppn"]["p"] < 0.01
    assert growing["extremes"] == [500, 4_000] and growing["networks"] == 12
    assert findings.judge("small-data", growing, "extended").verdict == paper.PARTLY
    falling = summarise(grow({500: 39, 1_000: 29, 2_000: 19, 4_000: 9}))
    assert findings.judge("small-data", falling, "extended").verdict == paper.NOT
    assert findings.judge("small-data", summarise(grow(dict.fromkeys((1, 2, 3, 4), 5))), "smoke").verdict == paper.NOT


def test_prevention_is_a_low_median_with_the_most_digits() -> None:
    prevented = [*grow({500: 9, 1_000: 19, 2_000: 29}), *(make_network(4_000, (0, 0), end=3.0) for _ in range(3))]
    summary = summarise(prevented)
    assert summary["direct"]["median_most"] == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert findings.judge("small-data", summary, "extended").verdict == paper.REPRODUCED


def test_never_bounds_the_fold_and_is_told_as_never() -> None:
    never = summarise(grow({500: 9, 1_000: 19, 2_000: 29, 4_000: 201}))
    assert never["direct"]["needed"] == [2_200.0, None]
    assert never["direct"]["fold"] == pytest.approx(201 / 11)
    assert "never" in findings.judge("small-data", never, "extended").ours
    assert summarise(grow(dict.fromkeys((1, 2, 3, 4), 201)))["cppn"]["fold"] == 1.0


def test_a_network_counts_by_the_median_of_its_runs_and_errors_by_the_median_network() -> None:
    networks = [
        make_network(500, (1, 3, 201), error=0.2),
        make_network(500, (1, 201, 201), error=0.3),
        make_network(4_000, (7, 7, 7), error=0.01),
        make_network(4_000, (9, 9, 9), error=0.03),
    ]
    summary = summarise(networks)
    assert summary["direct"]["needed"] == [None, 1_800.0]  # the median of 800 and never is never
    assert summary["errors"] == pytest.approx([0.25, 0.02])
    assert findings.judge("small-data", summary, "default").verdict == paper.UNTESTED


def test_one_size_or_uneven_numbers_of_networks_are_no_trend() -> None:
    for networks in (grow({500: 3}), grow({500: 3, 1_000: 4})[:-1]):
        with pytest.raises(ValueError, match="A trend needs two sizes with as many networks each"):
            summarise(networks)
