"""The network that is audited: its names, its logits, and a pixel range that is not taken on trust."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from fooling.lab.audit.files import AuditError
from fooling.lab.audit.network import find_parts, open_subject, refuse_sigmoids
from fooling.networks.adapt import Head
from fooling.networks.classifier import Classifier
from fooling.networks.head import expose_logits, replace_head, split_head

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
    assert isinstance(find_parts(given, natural), str) and not isinstance(find_parts(exposed, natural), str)


def test_networks_that_end_in_another_way_are_left_as_they_are() -> None:
    inputs = layers.Input((4, 4, 1))
    convolved = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 2)(inputs))
    pooled = Classifier(keras.Model(inputs, convolved))
    assert expose_logits(pooled) is pooled and isinstance(find_parts(pooled, None), str)
    sigmoid = keras.Model(inputs, layers.Dense(3, activation="sigmoid")(layers.Flatten()(inputs)))
    assert isinstance(find_parts(Classifier(sigmoid), None), str)


def test_subclassed_networks_are_not_cut() -> None:
    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.last = layers.Flatten(), layers.Dense(3, activation="softmax")

        def call(self, images):
            return self.last(self.flat(images))

    own = Classifier(Subclassed(), image_shape=(4, 4, 1))
    assert expose_logits(own) is own and isinstance(find_parts(own, None), str)


def test_subfolders_name_the_classes_in_sorted_order(saved, colour_folder) -> None:
    (colour_folder / "green").rename(colour_folder / "b"), (colour_folder / "red").rename(colour_folder / "a")
    (colour_folder / "blue").rename(colour_folder / "c")
    subject = open_subject(saved(), images=str(colour_folder))
    assert subject.classifier.class_names == ("a", "b", "c")
    assert subject.count_real() == 30 and "right on 100.0% of 30 real images" in subject.checked


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


def save(model: keras.Model, folder: Path) -> str:
    """Save a network and return its path."""
    model.save(folder / "mine.keras")
    return str(folder / "mine.keras")


def make_open_network(last: str | None = None, units: int = 3) -> keras.Model:
    """Return a network that takes images of any size: the scaled mean of each colour, through a dense layer."""
    inputs = layers.Input((None, None, 3), name="any")
    dense = layers.Dense(units, activation=last)
    model = keras.Model(inputs, dense(layers.GlobalAveragePooling2D()(inputs)), name="functional_7")
    dense.set_weights([9.0 * np.eye(3, units, dtype=np.float32), np.zeros(units, np.float32)])
    return model


def test_classes_that_cannot_be_guessed_are_asked_for(saved, colour_folder) -> None:
    shutil.rmtree(colour_folder / "red")
    with pytest.raises(
        AuditError, match=r"'blue' is none of .*; name the classes by --class-names FILE \(CLASS_NAMES\)\.$"
    ):
        open_subject(saved(), images=str(colour_folder))
    assert open_subject(saved(), NAMES, str(colour_folder)).count_real() == 20


def test_a_network_of_any_size_takes_the_one_that_is_given(tmp_path, colour_folder) -> None:
    path = save(make_open_network(), tmp_path)
    with pytest.raises(AuditError, match=r"^mine\.keras takes images of any size; choose one by --image-size HEIGHT"):
        open_subject(path)
    classifier = open_subject(path, NAMES, str(colour_folder), image_size=(12, 10)).classifier
    assert classifier.image_shape == SHAPE
    below, head = split_head(classifier)
    again = replace_head(classifier, below, Head(np.zeros((3, 4), np.float32), np.zeros(4, np.float32)))
    assert again.image_shape == SHAPE and head.kernel[0, 0] == 9.0
    softmax = save(make_open_network("softmax"), tmp_path)
    assert open_subject(softmax, image_size=(6, 8)).classifier.outputs == "logits"


def test_a_network_of_one_size_takes_no_other(saved) -> None:
    with pytest.raises(AuditError, match=r"^mine\.keras does not accept images of shape \(5, 5, 3\)"):
        open_subject(saved(), image_size=(5, 5))
    for wrong in ((0, 5), (5,), (2.5, 5)):
        with pytest.raises(AuditError, match="The image size is two whole numbers"):
            open_subject(saved(), image_size=wrong)


@pytest.mark.parametrize("ending", ["inside", "layer", "hidden"])
def test_independent_sigmoids_are_refused(tmp_path, ending) -> None:
    model = make_open_network("sigmoid" if ending == "inside" else None)
    if ending == "layer":
        model = keras.Model(model.inputs[0], layers.Activation("sigmoid")(model.outputs[0]))
    if ending == "hidden":
        model = keras.Model(model.inputs[0], layers.Rescaling(0.5)(layers.Activation("sigmoid")(model.outputs[0])))
    with pytest.raises(AuditError, match=r"^mine\.keras answers for each class by itself"):
        open_subject(save(model, tmp_path), image_size=(12, 10))


def test_small_logits_are_no_sigmoids(colour_network, natural) -> None:
    inputs = layers.Input(SHAPE)
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Rescaling(1.0, offset=-0.4)(inputs)))
    refuse_sigmoids(Classifier(model, NAMES), natural, "mine.keras")
    refuse_sigmoids(colour_network, None, "mine.keras")
