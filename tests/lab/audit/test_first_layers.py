"""What tells which pixels a network expects: its first layers, labelled images, or nothing, which is a doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from fooling.lab.audit.asking import settle_range
from fooling.lab.audit.natural import NaturalImages
from fooling.networks.classifier import Classifier
from fooling.networks.pixels import read_range

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


def make_equal_images() -> NaturalImages:
    """Return images that a network without a bias makes right with pixels of any range."""
    random, labels = np.random.default_rng(0), np.arange(60) % 3
    images = random.integers(0, 100, (60, *SHAPE)).astype(np.uint8)
    images[np.arange(60), ..., labels] += 60
    return NaturalImages("toy", images, labels.astype(np.int64))


def build(first: Any, shape: tuple[int | None, ...] = SHAPE, dtype: str | None = None, weight: float = 20.0) -> Any:
    """Return a network that scales the means of colours, after some first layers."""
    inputs = layers.Input(shape, dtype=dtype)
    dense = layers.Dense(3)
    model = keras.Model(inputs, dense(layers.GlobalAveragePooling2D()(first(inputs))))
    dense.set_weights([weight * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    return model


def normalise(mean: float, deviation: float) -> layers.Layer:
    return layers.Normalization(mean=[mean] * 3, variance=[deviation**2] * 3)


FIRST: dict[str, tuple[Any, tuple[float, float] | None]] = {
    "rescaling to 1": (layers.Rescaling(1 / 255), (0.0, 255.0)),
    "rescaling to −1": (layers.Rescaling(1 / 127.5, -1.0), (0.0, 255.0)),
    "rescaling by 256": (layers.Rescaling(1 / 256), (0.0, 255.0)),
    "rescaling up": (layers.Rescaling(255.0), (0.0, 1.0)),
    "rescaling from −1": (layers.Rescaling(0.5, 0.5), (-1.0, 1.0)),
    "operators, as preprocess_input has": (lambda x: x / 127.5 - 1.0, (0.0, 255.0)),
    "means subtracted, channels turned": (
        lambda x: x[..., ::-1] - np.array([103.9, 116.8, 123.7], np.float32), (0.0, 255.0),
    ),
    "normalisation of bytes": (normalise(117.0, 60.0), (0.0, 255.0)),
    "normalisation of shares": (normalise(0.45, 0.22), (0.0, 1.0)),
    "normalisation of −1 to 1": (normalise(-0.1, 0.5), (-1.0, 1.0)),
    "rescaling and normalisation": (lambda x: normalise(0.45, 0.22)(layers.Rescaling(1 / 255)(x)), (0.0, 255.0)),
    "augmentation first": (lambda x: layers.Rescaling(1 / 255)(layers.RandomFlip()(x)), (0.0, 255.0)),
    "a nested model": (lambda x: keras.Sequential([layers.Rescaling(1 / 255)])(x), (0.0, 255.0)),
    "nothing": (layers.Identity(), None),
    "a factor that says nothing": (lambda x: 2.0 * x, None),
    "weights before it": (lambda x: layers.Rescaling(1 / 255)(layers.Conv2D(3, 1)(x)), None),
}  # fmt: skip


@pytest.mark.parametrize("case", FIRST)
def test_the_first_layers_tell_the_range(case: str) -> None:
    first, expected = FIRST[case]
    read = read_range(build(first))
    assert (read[0] if read else None) == expected


def test_whole_numbers_tell_the_range() -> None:
    found = read_range(build(lambda x: layers.Rescaling(1 / 255)(x), (None, None, 3), "uint8"))
    assert found == ((0.0, 255.0), "its input is whole numbers (uint8)")


def test_a_range_that_layers_tell_is_taken_and_another_that_is_given_is_a_doubt() -> None:
    model = build(layers.Rescaling(1 / 255))
    classifier, read = Classifier(model, NAMES, input_range=(0.0, 255.0)), read_range(model)
    found = settle_range(classifier, None, None, read)
    assert found.range == (0.0, 255.0) and not found.doubts and "its layer rescaling" in found.said
    other = settle_range(replace(classifier, input_range=(0.0, 1.0)), None, (0.0, 1.0), read)
    assert other.range == (0.0, 1.0) and "Pixels from 0 to 1 were asked for, but its layer" in other.doubts[0]


def test_where_nothing_tells_the_range_the_worst_is_taken_and_said() -> None:
    classifier = Classifier(build(layers.Identity()), NAMES)
    found = settle_range(classifier, None, None, None)
    assert found.range == (0.0, 255.0), "of the usual ones it makes the network the most certain of random images"
    assert found.doubts[0].startswith("Which pixels the network expects is not known: neither a layer nor real images")
    equal = settle_range(classifier, make_equal_images(), None, None)
    assert equal.range == (0.0, 1.0) and "as many real images are right with either" in equal.doubts[0]


def test_labels_tell_the_range_where_nothing_else_does() -> None:
    model = build(layers.Identity(), weight=1.0)
    model.layers[-1].bias.assign([0.0, 0.0, 3.0])  # of bytes that is little, of shares too much
    found = settle_range(Classifier(model, NAMES), make_equal_images(), None, None)
    assert found.range == (0.0, 255.0) and not found.doubts
    assert found.said.startswith("0 to 255 found: most real images are right with them; right on 100.0% of 60")
