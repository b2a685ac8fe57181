"""A head with a class more: by what rule it learns, and that nothing else changes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import softmax

from fooling.data.photographs import UNKNOWN
from fooling.networks import head
from fooling.networks.adapt import Head
from fooling.networks.classifier import Classifier
from fooling.networks.head import NaturalFeatures, score_head


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


@pytest.mark.parametrize(
    ("sides", "kind", "bias"), [((), np.float32, 0.0), ((2, 2), np.float16, head.AWAKE)], ids=["features", "maps"]
)
def test_one_step_follows_the_numerical_gradient_of_the_cross_entropy(
    sides: tuple[int, ...], kind: type, bias: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(5)
    old = Head(random.normal(size=(3, 4)).astype(np.float32), random.normal(size=4).astype(np.float32))
    features = random.normal(size=(6, *sides, 3)).astype(kind)
    natural = NaturalFeatures(features, np.array([UNKNOWN, 2, UNKNOWN, 0, 3, UNKNOWN]))
    fooling = random.normal(size=(2, *sides, 3)).astype(kind)
    monkeypatch.setattr(head, "FOOLING_SHARE", 0.3)
    new = head.train_head(old, natural, fooling, steps=1, seed=7)
    chosen = head.draw_batch(np.random.default_rng(7), 6, 2)
    inputs = np.concatenate([features, fooling])[chosen].astype(np.float64)
    labels = np.append(natural.labels, [4, 4])[chosen]

    def score(kernel: np.ndarray, biases: np.ndarray) -> np.ndarray:
        scores = inputs @ kernel + biases
        return np.maximum(scores, 0.0).mean(axis=(1, 2)) if sides else scores

    teacher = np.pad(softmax(score(old.kernel, old.bias), axis=1), ((0, 0), (0, 1)))
    target = np.where((labels < 0)[:, None], teacher, np.eye(5)[labels])

    def loss(kernel: np.ndarray) -> float:
        scores = score(kernel, np.append(old.bias, bias))
        return float(-(target * np.log(softmax(scores, axis=1))).sum(axis=1).mean())

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


@pytest.fixture(scope="module")
def averaged_network() -> Classifier:
    """Return a network that ends as SqueezeNet does, in the mean of a 1 × 1 convolution with a ReLU."""
    pixels = layers.Input((9, 9, 3))
    maps = layers.Dropout(0.5)(layers.Conv2D(5, 3, activation="relu")(pixels))
    scores = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, activation="relu")(maps))
    model = keras.Model(pixels, scores)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=part.shape) for part in model.get_weights()])
    return Classifier(model, batch_size=2)


def test_averaged_head_is_split_off_where_it_is_asked_for(averaged_network: Classifier) -> None:
    with pytest.raises(ValueError, match="last layer must be a dense one"):
        head.split_head(averaged_network)
    below, old = head.split_head(averaged_network, averaged=True)
    images = np.random.default_rng(1).integers(0, 256, (3, 9, 9, 3), np.uint8)
    maps = head.compute_features(averaged_network, below, [images])
    assert maps.shape == (3, 7, 7, 5) and maps.dtype == np.float16 and old.kernel.shape == (5, 4)
    scores = averaged_network.logits(images.astype(np.float32) / 255.0)
    np.testing.assert_allclose(score_head(maps, old), scores, rtol=1e-2, atol=1e-2)


def test_widened_averaged_network_gives_the_old_scores_and_one_more(averaged_network: Classifier) -> None:
    below, old = head.split_head(averaged_network, averaged=True)
    new = Head(np.pad(old.kernel, ((0, 0), (0, 1))), np.append(old.bias, np.float32(5.0)))
    wide = head.add_class(averaged_network, below, new)
    images = np.random.default_rng(1).random((3, 9, 9, 3), np.float32)
    scores = wide.logits(images).numpy()
    np.testing.assert_allclose(scores[:, :4], averaged_network.logits(images), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scores[:, 4], 5.0, rtol=1e-6)
    assert wide.class_names[-1] == "fooling" and wide.batch == averaged_network.batch == 2


def spread_out(features: np.ndarray) -> np.ndarray:
    """Return maps of 2 × 2 places, all alike."""
    return np.tile(features[:, None, None], (1, 2, 2, 1)).astype(np.float16)


def test_averaged_head_catches_fooling_images_and_keeps_its_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    old, natural, fooling = make_separable(0)
    maps = natural._replace(features=spread_out(natural.features))
    new = head.train_head(old, maps, spread_out(fooling), steps=300, seed=0)
    assert np.all(np.argmax(score_head(spread_out(fooling), old), axis=1) == 0), "the old network is fooled"
    assert np.all(np.argmax(score_head(spread_out(fooling * 1.1), new), axis=1) == 2), "unseen ones are caught"
    held_out = spread_out(make_separable(1)[1].features)
    before, after = (np.argmax(score_head(held_out, one), axis=1) for one in (old, new))
    assert np.array_equal(before, after)
    monkeypatch.setattr(head, "AWAKE", 0.0)
    asleep = head.train_head(old, maps, spread_out(fooling), steps=300, seed=0)
    assert not asleep.kernel[:, 2].any(), "no gradient passes a ReLU at 0"
