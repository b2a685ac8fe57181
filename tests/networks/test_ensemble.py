"""The mean softmax of several networks, each of which sees the image at its own size."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from fooling.images import resize_images
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_networks

SHAPE, CLASSES = (6, 5, 1), 4


def make_classifier(
    seed: int = 0,
    shape: tuple[int, int, int] = SHAPE,
    head: str | None = None,
    input_range: tuple[float, float] = (0.0, 1.0),
) -> Classifier:
    """Return a network with random weights, whose model is always called the same."""
    init = keras.initializers.RandomNormal(stddev=0.5, seed=seed)
    network = [layers.Input(shape), layers.Flatten(), layers.Dense(CLASSES, head, kernel_initializer=init)]
    return Classifier(keras.Sequential(network, name="same"), name=f"network {seed}", input_range=input_range)


def make_constant(logits: list[float]) -> Classifier:
    """Return a network that answers every image alike."""
    model = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(len(logits))])
    model.layers[-1].set_weights([np.zeros((30, len(logits))), np.array(logits)])
    return Classifier(model, name="constant")


def make_images(count: int = 7) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


@pytest.mark.parametrize("head", [None, "softmax"], ids=["logits", "softmax"])
@pytest.mark.parametrize("input_range", [(0.0, 1.0), (-1.0, 2.0)], ids=["0 to 1", "-1 to 2"])
def test_ensemble_of_one_network_equals_it(head: str | None, input_range: tuple[float, float]) -> None:
    alone = make_classifier(head=head, input_range=input_range)
    ensemble = average_networks([alone])
    assert (ensemble.image_shape, ensemble.outputs) == (SHAPE, "probabilities")
    np.testing.assert_allclose(ensemble.score(make_images()), alone.score(make_images()), rtol=1e-4, atol=1e-5)


def test_confidence_is_the_mean_of_the_softmax_and_not_of_the_logits() -> None:
    sure, unsure = make_constant([np.log(8.0), 0.0, 0.0]), make_constant([0.0, np.log(2.0), 0.0])  # .8 .1 .1, ¼ ½ ¼
    by_hand = [(0.8 + 0.25) / 2, (0.1 + 0.5) / 2, (0.1 + 0.25) / 2]
    found = average_networks([sure, unsure]).confidences(make_images(2))
    np.testing.assert_allclose(found, [by_hand, by_hand], rtol=1e-6)


def test_members_of_other_sizes_and_outputs_see_the_resized_image() -> None:
    members = [
        make_classifier(0),
        make_classifier(1, (9, 11, 1), "softmax"),
        make_classifier(2, (4, 3, 1), None, (0, 255)),
    ]
    images = make_images()
    pixels = tf.constant(images.astype(np.float32) / 255.0)
    expected = np.mean(
        [one.confidences(np.asarray(resize_images(pixels, *one.image_shape[:2]))) for one in members], axis=0
    )
    ensemble = average_networks(members)
    np.testing.assert_allclose(ensemble.confidences(images), expected, atol=2e-6)
    assert ensemble.name == "mean of network 0, network 1, network 2"


def test_fingerprint_depends_on_weights_alone_and_not_on_when_the_model_was_built() -> None:
    first, again, other = (average_networks([make_classifier(0), make_classifier(seed)]) for seed in (1, 1, 2))
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_fingerprint_is_the_same_where_a_members_layers_have_the_names_that_keras_would_give_next() -> None:
    counted = layers.InputLayer(SHAPE).name.rpartition("_")[2]
    first = int(counted) + 1 if counted.isdecimal() else 1
    network = keras.Sequential(
        [layers.Input(SHAPE, name=f"input_layer_{first}"), layers.Flatten(), layers.Dense(CLASSES)]
    )
    other = keras.Sequential(
        [layers.Input(SHAPE, name=f"input_layer_{first + 1}"), layers.Flatten(), layers.Dense(CLASSES)]
    )
    members = [Classifier(network), Classifier(other)]
    assert average_networks(members).fingerprint() == average_networks(members).fingerprint()


@pytest.mark.parametrize("name", ["ensemble_images", "features"])
def test_fingerprint_is_the_same_whether_members_layers_share_names_or_not(name: str) -> None:
    def average(names: tuple[str, str]) -> str:
        return average_networks(
            [name_layer(make_classifier(seed), one) for seed, one in enumerate(names)]
        ).fingerprint()

    assert average(("counted", "counted_1")) == average((name, name)) == average(("flatten", name))


def name_layer(classifier: Classifier, name: str) -> Classifier:
    """Return a network as Keras would have it that had counted otherwise."""
    config = classifier.model.get_config()
    config["layers"][1]["config"]["name"] = name
    model = keras.Sequential.from_config(config)
    model.set_weights(classifier.model.get_weights())
    return Classifier(model, name=classifier.name)


def test_networks_that_cannot_be_averaged_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one is needed"):
        average_networks([])
    with pytest.raises(ValueError, match="of different classes"):
        average_networks([make_classifier(), make_constant([0.0, 1.0])])
    with pytest.raises(ValueError, match="channels"):
        average_networks([make_classifier(), make_classifier(1, (6, 5, 3))])
