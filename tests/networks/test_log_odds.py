"""Log-odds agree with float64 arithmetic, whatever the logits."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from fooling.confidence import to_confidence
from fooling.networks.classifier import Classifier, log_odds_of

SIDE = 8


def log_odds_in_float64(logits: np.ndarray) -> np.ndarray:
    """Return z_k − log Σ exp z_j over all j but k, one class at a time."""
    wide = np.asarray(logits, np.float64)
    result = np.empty_like(wide)
    for k in range(wide.shape[1]):
        others = np.delete(wide, k, axis=1)
        result[:, k] = wide[:, k] - np.logaddexp.reduce(others, axis=1)
    return result


EXTREME = np.float32(
    [
        [1e4, -1e4, 0.0, 5.0],
        [-1e4, -1e4, -1e4, -1e4 - 1],
        [3.0, 3.0, 3.0, 3.0],
        [1e4, 1e4, 0.0, 0.0],
        [20.0, 0.0, 0.0, 0.0],
        [0.1, 0.2, 0.3, 0.4],
        [0.0, -np.inf, -np.inf, 1.0],
        [5.0, -np.inf, -np.inf, -np.inf],
        [80.0, -80.0, 79.9999, 0.0],
    ]
)


@pytest.mark.parametrize("row", range(len(EXTREME)))
def test_log_odds_of_extreme_logits_agree_with_float64(row):
    logits = EXTREME[row : row + 1]
    unit = np.spacing(np.abs(logits[np.isfinite(logits)]).max())  # what the largest logit itself is rounded to
    ours, exact = log_odds_of(tf.constant(logits)), log_odds_in_float64(logits)
    np.testing.assert_allclose(ours, exact, rtol=2e-6, atol=2e-6 + unit)


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-60, 60, width=32), min_size=4, max_size=4), min_size=2, max_size=20))
def test_log_odds_agree_with_float64_and_order_images_as_the_softmax_does(rows):
    logits = np.float32(rows)
    ours, exact = log_odds_of(tf.constant(logits)).numpy(), log_odds_in_float64(logits)
    np.testing.assert_allclose(ours, exact, rtol=3e-5, atol=3e-5)
    for k in range(4):
        by_softmax = exact[:, k]  # the logit of the softmax: the same order, never saturated
        for i in range(len(rows)):
            clearly_less = by_softmax < by_softmax[i] - 1e-3
            assert (ours[clearly_less, k] < ours[i, k]).all()


def test_log_odds_separate_what_a_float32_softmax_of_one_cannot():
    flat = [layers.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(3, use_bias=False), layers.Softmax()]
    model = keras.Sequential(flat)
    steep = np.zeros((SIDE * SIDE, 3), np.float32)
    steep[0] = [40.0, 0.0, -5.0]
    model.set_weights([steep])
    classifier = Classifier(model)
    assert classifier.outputs == "probabilities"
    images = np.zeros((5, SIDE, SIDE, 1), np.float32)
    images[:, 0, 0, 0] = [0.6, 0.7, 0.8, 0.9, 1.0]
    assert (model(images).numpy()[:, 0] == 1.0).all()
    log_odds = classifier.score(images)[:, 0]
    np.testing.assert_allclose(log_odds, log_odds_in_float64(images[:, 0, 0] * steep[0])[:, 0], rtol=1e-5)
    assert (np.diff(log_odds) > 3.9).all()


@given(st.floats(-700, 700))
def test_confidence_is_the_logistic_function_of_log_odds(log_odds):
    exact = 1.0 / (1.0 + np.exp(-log_odds)) if log_odds > -30 else np.exp(log_odds)
    np.testing.assert_allclose(to_confidence(np.array([log_odds])), [exact], rtol=2e-7, atol=1e-45)


def test_a_sure_softmax_network_is_scored_without_infinities():
    kernel = keras.initializers.RandomNormal(stddev=40.0, seed=3)
    net = Classifier(
        keras.Sequential(
            [layers.Input((6, 6, 1)), layers.Flatten(), layers.Dense(4, "softmax", kernel_initializer=kernel)]
        )
    )
    images = np.random.default_rng(0).integers(0, 256, (50, 6, 6, 1), dtype=np.uint8)
    scores = net.score(images)
    logits = (images.reshape(50, -1) / 255.0) @ net.model.get_weights()[0].astype(np.float64)
    expected = np.stack([row - [np.logaddexp.reduce(np.delete(row, k)) for k in range(4)] for row in logits])
    assert np.isfinite(scores).all() and np.abs(scores).max() > 100
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-2)
