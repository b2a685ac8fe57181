"""The network that is audited: its names, its logits, and a pixel range that is not taken on trust."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fooling.audit.files import AuditError
from fooling.audit.natural import load_natural
from fooling.audit.network import check_input_range, expose_logits, find_dense, open_subject
from fooling.networks.classifier import Classifier

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


@pytest.fixture
def saved(make_colour_network, tmp_path):
    """Return a function that saves a network and gives its path."""

    def save(**options) -> str:
        make_colour_network(**options).save(tmp_path / "mine.keras")
        return str(tmp_path / "mine.keras")

    return save


@pytest.mark.parametrize("ending", ["inside", "layer", "activation"])
def test_logits_are_exposed_and_confidences_stay(make_colour_network, natural, ending) -> None:
    given = Classifier(make_colour_network(ending), NAMES, input_range=(0.0, 2.0))
    exposed = expose_logits(given)
    assert (given.outputs, exposed.outputs) == ("probabilities", "logits")
    assert np.allclose(given.confidences(natural.images), exposed.confidences(natural.images), atol=1e-6)
    assert exposed.class_names == NAMES and exposed.input_range == (0.0, 2.0)
    assert find_dense(given) is None and find_dense(exposed) is not None


def test_networks_that_end_in_another_way_are_left_as_they_are() -> None:
    inputs = layers.Input((4, 4, 1))
    convolved = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 2)(inputs))
    pooled = Classifier(keras.Model(inputs, convolved))
    assert expose_logits(pooled) is pooled and find_dense(pooled) is None
    plain = keras.Model(inputs, layers.Dense(3, use_bias=False)(layers.Flatten()(inputs)))
    assert find_dense(Classifier(plain)) is None
    sigmoid = keras.Model(inputs, layers.Dense(3, activation="sigmoid")(layers.Flatten()(inputs)))
    assert find_dense(Classifier(sigmoid)) is None


def test_subclassed_networks_are_not_cut() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.last = layers.Flatten(), layers.Dense(3, activation="softmax")

        def call(self, images):
            return self.last(self.flat(images))

    own = Classifier(Own(), image_shape=(4, 4, 1))
    assert expose_logits(own) is own and find_dense(own) is None


def test_subfolders_name_the_classes_in_sorted_order(saved, colour_folder) -> None:
    (colour_folder / "green").rename(colour_folder / "b"), (colour_folder / "red").rename(colour_folder / "a")
    (colour_folder / "blue").rename(colour_folder / "c")
    subject = open_subject(saved(), images=str(colour_folder))
    assert subject.classifier.class_names == ("a", "b", "c")
    assert subject.count_real() == 30 and "better than chance" in subject.checked


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"class_names": ["one", "two"]}, "2 class names were given, but mine has 3 classes"),
        ({"class_names": ["one", "two", "three"], "images": True}, "'blue' is none of the network's 3 classes"),
        ({"input_range": (1.0, 1.0)}, "The input range is two numbers"),
        ({"input_range": (0.0, float("nan"))}, "The input range is two numbers"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(saved, colour_folder, options, sentence) -> None:
    if "images" in options:
        options = {**options, "images": str(colour_folder)}
    with pytest.raises(AuditError, match=sentence):
        open_subject(saved(), **options)


def test_a_wrong_pixel_range_is_refused_with_the_one_that_works(saved, colour_folder) -> None:
    path = saved(range_=255.0, weight=400.0)
    keras_model = keras.models.load_model(path)
    bias = np.array([0.0, 60.0, 0.0], np.float32)  # at [0, 1] the network always says green
    keras_model.layers[-1].set_weights([keras_model.layers[-1].get_weights()[0], bias])
    keras_model.save(path)
    with pytest.raises(AuditError, match=r"add --input-range 0 255 \(INPUT_RANGE\)"):
        open_subject(path, NAMES, str(colour_folder))
    assert "are better than chance" in open_subject(path, NAMES, str(colour_folder), (0, 255)).checked


def test_a_network_that_knows_nothing_in_any_range_is_audited_and_it_is_said(colour_folder) -> None:
    inputs = layers.Input(SHAPE)
    dense = layers.Dense(3)
    model = keras.Model(inputs, dense(layers.Flatten()(inputs)))
    dense.set_weights([np.zeros((360, 3), np.float32), np.array([1.0, 0.0, 0.0], np.float32)])
    images = load_natural(colour_folder, SHAPE, NAMES, 100, 0)
    assert "no better than chance in any usual range" in check_input_range(Classifier(model, NAMES), images)


def test_without_labels_the_range_is_taken_as_given(colour_network, colour_folder) -> None:
    images = load_natural(colour_folder / "red", SHAPE, NAMES, 100, 0)
    assert check_input_range(colour_network, images) == "as given; not checked, for want of labels"
