"""A head with a class more: by what rule it learns, and that nothing else changes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fooling.data.photographs import UNKNOWN
from fooling.networks import head
from fooling.networks.adapt import Head
from fooling.networks.classifier import Classifier
from fooling.networks.head import NaturalFeatures


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


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


def test_widened_network_gives_the_old_scores_and_one_more(linear_network: Classifier) -> None:
    network = linear_network
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
