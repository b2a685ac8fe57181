"""Ten crops are the corners, the centre and their mirror images, and their softmax is averaged, in one pass."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_ten_crops

SHAPE, SIDE, CLASSES = (14, 14, 3), 16, 5
RANGE = (-1.0, 2.0)


def make_classifier(head: str | None = None, shape: tuple[int, int, int] = SHAPE) -> Classifier:
    """Return a network that sees where in its image something is, with a pixel range of its own."""
    init = keras.initializers.RandomNormal(stddev=0.3, seed=3)
    network = [layers.Input(shape), layers.Flatten(), layers.Dense(CLASSES, head, kernel_initializer=init)]
    return Classifier(keras.Sequential(network), name="small", input_range=RANGE)


def make_images(height: int = SIDE, width: int = SIDE, count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 1, (count, height, width, 3)).astype(np.float32)


def average_by_hand(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return the mean confidence over crops that are cut out one by one."""
    height, width, _ = classifier.image_shape
    below, right = images.shape[1] - height, images.shape[2] - width
    found = []
    for top, left in [(0, 0), (0, right), (below, 0), (below, right), (below // 2, right // 2)]:
        crops = images[:, top : top + height, left : left + width]
        found += [classifier.confidences(crops), classifier.confidences(crops[:, :, ::-1])]
    assert len({crop.tobytes() for crop in found}) == 10
    return np.mean(found, axis=0)


@pytest.mark.parametrize("head", [None, "softmax"], ids=["logits", "softmax"])
def test_confidences_are_the_mean_over_ten_crops(head):
    classifier = make_classifier(head)
    ten = average_ten_crops(classifier)
    assert (ten.image_shape, ten.outputs, ten.name) == ((SIDE, SIDE, 3), "probabilities", "small, ten crops")
    np.testing.assert_allclose(ten.confidences(make_images()), average_by_hand(classifier, make_images()), atol=1e-6)


def test_images_need_not_be_square():
    classifier = make_classifier(shape=(14, 21, 3))
    wide, images = average_ten_crops(classifier), make_images(16, 24)
    assert wide.image_shape == (16, 24, 3)
    np.testing.assert_allclose(wide.confidences(images), average_by_hand(classifier, images), atol=1e-6)


@pytest.mark.parametrize(("own", "larger"), [(224, 256), (240, 274), (260, 297)])
def test_the_larger_side_is_that_of_the_paper_in_proportion(own, larger):
    network = keras.Sequential([layers.Input((own, own, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    assert average_ten_crops(Classifier(network)).image_shape == (larger, larger, 3)


def test_an_image_scores_the_same_alone_and_among_others():
    ten = average_ten_crops(make_classifier())
    images = make_images()
    alone = np.concatenate([ten.score(images[index : index + 1]) for index in range(len(images))])
    np.testing.assert_allclose(ten.score(images), alone, atol=1e-5)


def test_all_crops_of_all_images_go_through_the_network_at_once():
    batches = []

    class Recorder(layers.Layer):
        """Notes how many images come by."""

        def call(self, images):
            batches.append(images.shape[0])
            return images

    network = keras.Sequential([layers.Input(SHAPE), Recorder(), layers.Flatten(), layers.Dense(CLASSES)])
    ten = average_ten_crops(Classifier(network))
    batches.clear()
    ten.logits(tf.constant(make_images()))
    assert batches == [30]


def test_a_gradient_reaches_every_pixel():
    ten = average_ten_crops(make_classifier())
    images = tf.constant(make_images())
    with tf.GradientTape() as tape:
        tape.watch(images)
        log_odds = ten.log_odds(images)[:, 2]
    gradient = tape.gradient(log_odds, images).numpy()
    assert np.isfinite(gradient).all() and (np.abs(gradient).max(axis=3) > 0.0).all()
    step = 1e-2 * np.sign(gradient)
    assert (ten.log_odds(images + step).numpy()[:, 2] > log_odds.numpy()).all()


def test_the_crops_are_part_of_the_fingerprint():
    classifier = make_classifier()
    ten = average_ten_crops(classifier).fingerprint()
    assert ten != classifier.fingerprint()
    assert average_ten_crops(make_classifier()).fingerprint() == ten
