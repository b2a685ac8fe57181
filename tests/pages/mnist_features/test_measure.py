"""Shares of edges in closed form, tests with planted answers, and gradients of a network that is known by hand."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fooling.networks.classifier import Classifier
from fooling.pages.claim import Effect
from fooling.pages.mnist_features import claim as features
from fooling.pages.mnist_features.claim import (
    compare_digit,
    compare_features,
    compare_likeness,
    gather_digits,
    share_edges,
)
from fooling.pages.mnist_features.looks import multiply_gradient, trace_looks

pictures = arrays(np.uint8, st.tuples(st.integers(2, 9), st.integers(2, 9), st.just(1)))


def draw_bar(rows: slice, columns: slice, side: int = 28) -> np.ndarray:
    """Return a white bar on black."""
    image = np.zeros((side, side, 1), np.uint8)
    image[rows, columns] = 255
    return image


EVERYWHERE = slice(None)
VERTICAL = draw_bar(EVERYWHERE, slice(12, 16))
LOWER, UPPER = draw_bar(slice(18, 22), EVERYWHERE), draw_bar(slice(5, 9), EVERYWHERE)


def test_bars_are_vertical_horizontal_or_neither() -> None:
    images = np.stack([VERTICAL, LOWER, np.full_like(VERTICAL, 90)])
    assert share_edges(images)[0].tolist() == [1.0, 0.0, 0.5]


def test_low_bar_is_one_in_the_lower_half_and_nothing_in_the_upper() -> None:
    images = np.stack([LOWER, UPPER, VERTICAL, np.full_like(VERTICAL, 90)])
    assert share_edges(images)[1].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert share_edges(np.maximum(LOWER, UPPER))[1] == 0.5


def test_a_box_has_shares_that_can_be_counted() -> None:
    # 4 wide and 10 high, inside the lower half: 20 edges of rows to the left and right, 8 of columns above and below.
    assert share_edges(draw_bar(slice(16, 26), slice(5, 9))) == pytest.approx((20 / 28, 8 / 28, 1.0))


def test_an_edge_between_the_halves_is_in_neither() -> None:
    assert [share_edges(draw_bar(slice(0, end), EVERYWHERE))[1] for end in (14, 15)] == [0.0, 1.0]


@settings(max_examples=50, deadline=None)
@given(pictures)
def test_transposition_takes_the_vertical_share_from_one(image: np.ndarray) -> None:
    assert share_edges(image.transpose(1, 0, 2))[0] == pytest.approx(1.0 - share_edges(image)[0])


@settings(max_examples=50, deadline=None)
@given(pictures)
def test_inversion_changes_no_share_and_the_low_bar_is_part_of_what_is_not_vertical(image: np.ndarray) -> None:
    vertical, low_bar, _ = shares = share_edges(image)
    assert share_edges(255 - image) == shares
    assert 0.0 <= low_bar <= 1.0 - vertical + 1e-12


def test_superiority_of_a_digit_is_averaged_over_runs_with_ties_half() -> None:
    values = np.array([[0.1, 0.9, 0.3], [0.5, 0.5, 0.9]])  # 1 is above both; then equal to one and below one
    assert compare_digit(values, 1).superiority == pytest.approx((1 + 0.25) / 2)


def test_p_of_a_digit_is_the_one_counted_over_all_choices() -> None:
    values = np.random.default_rng(3).normal(size=(4, 5)) + np.array([0, 2.5, 0, 0, 0])
    rank = (values[:, :, None] > values[:, None]).sum(axis=2) / 4
    every = [rank[np.arange(4), chosen].mean() for chosen in itertools.product(range(5), repeat=4)]
    found = compare_digit(values, 1)
    exact = np.mean(np.asarray(every) >= found.superiority - 1e-12)
    assert 0.001 < exact < 0.5
    assert found.p == pytest.approx(exact, abs=5 * np.sqrt(exact / features.PERMUTATIONS))


def test_a_digit_like_all_others_is_no_effect_and_one_above_all_is_a_certain_one() -> None:
    assert compare_digit(np.full((6, 10), 0.3), 1) == Effect(0.5, 1.0)
    best = compare_digit(np.tile(np.arange(10.0), (20, 1)), 9)
    assert best.superiority == 1.0 and best.p == pytest.approx(1 / (1 + features.PERMUTATIONS))
    assert compare_digit(np.tile(np.arange(10.0), (20, 1)), 0).p == 1.0


def count_superiority(between: np.ndarray) -> float:
    """Return the share of pairs in which champions of one digit are more alike, counted one by one."""
    same = between[:, np.eye(between.shape[1], dtype=bool)].ravel()
    other = between[:, ~np.eye(between.shape[1], dtype=bool)].ravel()
    return float(np.mean((same[:, None] > other) + 0.5 * (same[:, None] == other)))


def test_likeness_counts_all_pairs_and_its_p_is_the_one_over_all_orders() -> None:
    between = np.round(np.random.default_rng(0).normal(size=(3, 3, 3)), 1) + 1.5 * np.eye(3)  # three runs, three digits
    orders = [list(order) for order in itertools.permutations(range(3))]
    every = []
    for one, two, three in itertools.product(orders, repeat=3):
        pairs = ((one, two), (one, three), (two, three))
        every.append(count_superiority(np.stack([part[np.ix_(*p)] for part, p in zip(between, pairs, strict=True)])))
    found = compare_likeness(between)
    assert found.superiority == pytest.approx(count_superiority(between))
    exact = np.mean(np.asarray(every) >= found.superiority - 1e-12)
    assert 0.01 < exact < 0.6
    assert found.p == pytest.approx(exact, abs=5 * np.sqrt(exact / features.PERMUTATIONS))


def test_noise_is_not_alike_by_digit_and_the_seed_decides_the_draws() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (5, 10, 12, 12, 1), dtype=np.uint8)
    found = compare_features(noise)
    assert 0.4 < found.alike.superiority < 0.6 and found.alike.p > 0.01
    assert found.alike == compare_features(noise).alike
    assert found.alike.p != compare_features(noise, seed=1).alike.p


def test_planted_features_are_found_and_each_only_where_it_is() -> None:
    noise = np.random.default_rng(2).integers(0, 60, (12, 4, 28, 28, 1), dtype=np.uint8)
    noise[:, 1] += (VERTICAL // 2).astype(np.uint8)
    noise[:, 2] += (LOWER // 2).astype(np.uint8)
    found = compare_features(noise)
    for effect in (found.vertical_1, found.low_bar_2, found.low_share_2):
        assert effect.superiority == 1.0 and effect.p < 0.0001
    assert found.alike.superiority > 0.56 and found.alike.p < 0.0001
    assert found.likeness[1, 1] > 0.3 and found.likeness[2, 2] > 0.3 and abs(found.likeness[1, 3]) < 0.05
    swapped = compare_features(noise[:, [0, 2, 1, 3]])
    assert swapped.vertical_1.superiority < 0.1 and swapped.low_bar_2.superiority < 0.1


def test_more_horizontal_edges_everywhere_are_a_low_bar_but_not_lower_than_those_of_others() -> None:
    noise = np.random.default_rng(2).integers(0, 60, (12, 4, 28, 28, 1), dtype=np.uint8)
    noise[:, 2] += (np.arange(28)[:, None, None] // 4 % 2 * 100).astype(np.uint8)  # bars over the whole height
    found = compare_features(noise)
    assert found.low_bar_2.superiority == 1.0 and found.low_bar_2.p < 0.0001
    assert 0.2 < found.low_share_2.superiority < 0.8


def test_low_share_is_one_for_edges_below_zero_above_and_a_half_without_any() -> None:
    below, flat = np.zeros((9, 5, 1), np.uint8), np.full((9, 5, 1), 7, np.uint8)
    below[7] = 200
    both = below.astype(float) + 0.5 * below[::-1]  # a quarter as strong above
    shares = [share_edges(image)[2] for image in (below, below[::-1], flat, both, VERTICAL)]
    assert shares == pytest.approx([1.0, 0.0, 0.5, 0.8, 0.5]), "vertical edges do not count"


def test_likeness_of_digits_is_the_mean_correlation_over_pairs_of_runs_as_numpy_says() -> None:
    images = np.random.default_rng(7).integers(0, 256, (3, 3, 8, 8, 1), dtype=np.uint8)
    flat = images.reshape(3, 3, -1).astype(np.float64)
    pairs = [(run, other) for run in range(3) for other in range(3) if run != other]
    expected = [
        [np.mean([np.corrcoef(flat[r, one], flat[s, other])[0, 1] for r, s in pairs]) for other in range(3)]
        for one in range(3)
    ]
    np.testing.assert_allclose(compare_features(images).likeness, expected, atol=1e-5)


def test_real_digits_are_gathered_in_order_of_digit_and_no_more_than_there_are() -> None:
    labels = np.array([*range(9, -1, -1), *range(10), 4])
    images = (10 * labels + np.arange(len(labels)) // 10)[:, None, None, None].astype(np.uint8)
    gathered = gather_digits(images, labels, 5)
    assert gathered[:, :, 0, 0, 0].tolist() == [[10 * digit + turn for digit in range(10)] for turn in (0, 1)]
    with pytest.raises(ValueError, match="One of the ten digits is missing"):
        gather_digits(images, np.where(labels == 3, 4, labels), 5)


@pytest.fixture(scope="module")
def linear() -> tuple[Classifier, np.ndarray]:
    """Return a linear network of two classes, and its weights ``(4, 3, 1, 2)``."""
    weights = np.random.default_rng(4).normal(size=(12, 2)).astype(np.float32)
    model = keras.Sequential([keras.layers.Input((4, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.set_weights([weights, np.array([0.3, -0.1], np.float32)])
    return Classifier(model), weights.reshape(4, 3, 1, 2)


def test_gradient_times_input_of_a_linear_network_is_weight_times_pixel(linear: tuple[Classifier, np.ndarray]) -> None:
    classifier, weights = linear
    images = np.random.default_rng(1).integers(0, 256, (5, 4, 3, 1), dtype=np.uint8)
    classes = np.array([0, 1, 0, 0, 1])
    # With two classes the log-odds of the first are the difference of the scores, which is linear.
    signed = np.where(classes == 0, 1.0, -1.0)[:, None, None, None] * (weights[..., 0] - weights[..., 1])
    np.testing.assert_allclose(multiply_gradient(classifier, images, classes), signed * images / 255.0, rtol=2e-5)


def test_looks_are_shares_averaged_over_runs(linear: tuple[Classifier, np.ndarray]) -> None:
    classifier, weights = linear
    images = np.random.default_rng(6).integers(1, 256, (3, 2, 4, 3, 1), dtype=np.uint8)
    influence = np.abs(weights[..., 0] - weights[..., 1])[..., 0] * images[..., 0]
    expected = (influence / influence.sum(axis=(2, 3), keepdims=True)).mean(axis=0)
    looks = trace_looks(classifier, images)
    np.testing.assert_allclose(looks, expected, rtol=2e-5)
    np.testing.assert_allclose(looks.sum(axis=(1, 2)), 1.0, rtol=1e-6)
    assert trace_looks(classifier, np.zeros_like(images)).max() == 0.0


def test_looks_follow_a_network_to_the_pixel_it_reads() -> None:
    model = keras.Sequential([keras.layers.Input((4, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    weights = np.zeros((12, 2))
    weights[7, 1] = 40.0  # row 2, column 1; certain enough that a softmax would have no gradient left
    model.set_weights([weights, np.zeros(2)])
    looks = trace_looks(Classifier(model), np.full((2, 2, 4, 3, 1), 200, np.uint8))
    assert looks[:, 2, 1].tolist() == [1.0, 1.0]


def test_a_gradient_that_is_not_a_number_is_refused() -> None:
    inputs = keras.layers.Input((4, 3, 1))
    scores = keras.layers.Dense(2)(keras.ops.sqrt(keras.layers.Flatten()(inputs)))  # no gradient at black
    classifier = Classifier(keras.Model(inputs, scores, name="roots"))
    with pytest.raises(ValueError, match="roots has a gradient that is not a number"):
        multiply_gradient(classifier, np.zeros((1, 4, 3, 1), np.uint8), np.array([0]))
