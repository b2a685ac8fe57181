"""Scores against closed forms, a numeric gradient and a search by brute force."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fooling.lab.detectors import scores
from fooling.lab.detectors.scores import ENERGY, MAXIMUM_LOGIT, MAXIMUM_SOFTMAX, fit_features, score_logits, score_odin
from fooling.networks.classifier import Classifier

SHAPE = (3, 2, 1)


@pytest.fixture(scope="module")
def curved() -> tuple[Classifier, list[np.ndarray]]:
    """Return a network with a hidden layer of tanh and pixels from −1 to 1, and its weights as float64."""
    model = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(5, "tanh"), layers.Dense(3)])
    random = np.random.default_rng(0)
    weights = [random.normal(size=part.shape) for part in model.get_weights()]
    model.set_weights(weights)
    return Classifier(model, input_range=(-1.0, 1.0)), [part.astype(np.float32).astype(float) for part in weights]


def answer(weights: list[np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the logits of ``curved`` in NumPy for images in [0, 1]."""
    inner, inner_bias, outer, outer_bias = weights
    return np.tanh((2.0 * images - 1.0).reshape(len(images), -1) @ inner + inner_bias) @ outer + outer_bias


def lead(logits: np.ndarray) -> np.ndarray:
    """Return log(p / (1 − p)) of the top class."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.log(p.max(axis=1) / (1.0 - p.max(axis=1)))


def test_scores_of_logits_have_closed_forms() -> None:
    logits = np.log([[1.0, 2.0, 3.0], [5.0, 1.0, 4.0]])
    found = score_logits(logits)
    np.testing.assert_allclose(found[MAXIMUM_SOFTMAX], np.log([3 / 3, 5 / 5]), atol=1e-12)
    np.testing.assert_allclose(found[MAXIMUM_LOGIT], np.log([3, 5]))
    np.testing.assert_allclose(found[ENERGY], np.log([6, 10]))
    warm = score_logits(logits, 2.0)
    np.testing.assert_allclose(warm[ENERGY], 2 * np.log(np.sqrt([[1, 2, 3], [5, 1, 4]]).sum(axis=1)))
    np.testing.assert_allclose(warm[MAXIMUM_SOFTMAX], lead(logits / 2))
    np.testing.assert_array_equal(warm[MAXIMUM_LOGIT], found[MAXIMUM_LOGIT])


def test_saturated_softmax_still_tells_images_apart() -> None:
    found = score_logits(np.array([[100.0, 0.0, 0.0], [200.0, 0.0, 0.0], [1e4, 0.0, 0.0]], np.float32))
    assert np.all(np.diff(found[MAXIMUM_SOFTMAX]) > 50)
    assert found[MAXIMUM_SOFTMAX][0] == pytest.approx(100.0 - np.log(2.0))


def test_logits_of_probabilities_of_zero_are_scored() -> None:
    found = score_logits(np.array([[0.0, -np.inf], [np.log(0.5), np.log(0.5)]]))
    assert found[MAXIMUM_SOFTMAX].tolist() == [np.inf, pytest.approx(0.0)]
    np.testing.assert_allclose(found[ENERGY], 0.0, atol=1e-12)


def test_logits_without_an_order_are_refused() -> None:
    for wrong in (np.array([[np.nan, 0.0]]), np.array([[np.inf, 0.0]])):
        with pytest.raises(ValueError, match="logits below infinity"):
            score_logits(wrong)


def test_odin_steps_along_a_numeric_gradient(curved: tuple[Classifier, list[np.ndarray]]) -> None:
    classifier, weights = curved
    images = np.random.default_rng(1).random((7, *SHAPE)).astype(np.float32)
    temperature, step, tiny = 10.0, 0.05, 1e-6

    def top(pictures: np.ndarray, places: np.ndarray) -> np.ndarray:
        logits = answer(weights, pictures) / temperature
        return logits[np.arange(7), places] - np.log(np.exp(logits).sum(axis=1))

    wide, places = images.astype(float), answer(weights, images.astype(float)).argmax(axis=1)
    gradient = np.zeros_like(wide)
    for pixel in np.ndindex(SHAPE):
        shift = np.zeros((1, *SHAPE))
        shift[(0, *pixel)] = tiny
        gradient[(slice(None), *pixel)] = (top(wide + shift, places) - top(wide - shift, places)) / (2 * tiny)
    moved = answer(weights, wide + step * np.sign(gradient)) / temperature
    np.testing.assert_allclose(score_odin(classifier, images, temperature, step), lead(moved), rtol=1e-4)
    assert np.all(top(wide + step * np.sign(gradient), places) > top(wide, places)), "the step raises the softmax"


def test_odin_without_a_step_is_the_softmax_at_its_temperature(curved: tuple[Classifier, list[np.ndarray]]) -> None:
    classifier, _ = curved
    images = np.random.default_rng(2).integers(0, 256, (205, *SHAPE), dtype=np.uint8)  # more than a batch
    logits = scores.compute_logits(classifier, images)
    expected = score_logits(logits, 1000.0)[MAXIMUM_SOFTMAX]
    np.testing.assert_allclose(score_odin(classifier, images, step=0.0), expected, atol=1e-9)
    np.testing.assert_allclose(logits[:5], answer(curved[1], images[:5] / 255.0), rtol=1e-4, atol=1e-5)


def test_feature_distance_is_that_of_a_search_by_brute_force(curved: tuple[Classifier, list[np.ndarray]]) -> None:
    classifier, weights = curved
    random = np.random.default_rng(3)
    learned = random.integers(0, 256, (2_000, *SHAPE), dtype=np.uint8)
    images = random.integers(0, 256, (9, *SHAPE), dtype=np.uint8)
    distance = fit_features(classifier, learned)

    def features(pictures: np.ndarray) -> np.ndarray:
        inside = np.tanh((2.0 * pictures / 255.0 - 1.0).reshape(len(pictures), -1) @ weights[0] + weights[1])
        return inside / np.linalg.norm(inside, axis=1, keepdims=True)

    apart = np.linalg.norm(features(images)[:, None] - features(learned), axis=2)
    assert distance.neighbour == 2, "one in a thousand"
    np.testing.assert_allclose(distance.score(images), -np.sort(apart, axis=1)[:, 1], atol=2e-3)


def test_one_natural_image_is_its_own_neighbour(curved: tuple[Classifier, list[np.ndarray]]) -> None:
    image = np.full((1, *SHAPE), 90, np.uint8)
    distance = fit_features(curved[0], image)
    assert distance.neighbour == 1
    assert distance.score(image)[0] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    "ending",
    [
        [layers.Dense(3)],
        [layers.Dense(3, activation="softmax")],
        [layers.Dense(3), layers.Softmax()],
        [layers.Dense(3), layers.Activation("softmax")],
    ],
    ids=["logits", "softmax in the layer", "softmax layer", "activation layer"],
)
def test_features_are_read_below_the_last_dense_layer(ending: list[keras.layers.Layer]) -> None:
    model = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(4), *ending])
    assert fit_features(Classifier(model), np.zeros((1, *SHAPE), np.uint8)).below.output_shape == (None, 4)


def test_features_of_a_head_that_is_averaged_over_places_are_averaged_too() -> None:
    ending = [layers.Conv2D(3, 1, activation="relu"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([layers.Input((6, 5, 1)), layers.Conv2D(4, 2, activation="relu"), *ending])
    images = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 1), np.uint8)
    found = fit_features(Classifier(model), images)
    assert found.below.output_shape == (None, 4)
    np.testing.assert_allclose(found.score(images), 0.0, atol=1e-3)


def test_network_without_a_last_dense_layer_is_refused() -> None:
    model = keras.Sequential([layers.Input(SHAPE), layers.Conv2D(3, (3, 2)), layers.Flatten(name="ending")])
    with pytest.raises(ValueError, match="ends in ending"):
        fit_features(Classifier(model), np.zeros((1, *SHAPE), np.uint8))
