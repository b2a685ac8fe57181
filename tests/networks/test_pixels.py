"""The pixels that the first layers of a network ask for, in the forms in which people build them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fooling.networks.pixels import read_range


def make_layers() -> list[layers.Layer]:
    return [layers.Rescaling(1 / 255), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)]


def build_late() -> keras.Model:
    model = keras.Sequential(make_layers())
    model(np.zeros((1, 8, 8, 3), np.float32))
    return model


def nest() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, build_late()(inputs))


@pytest.mark.parametrize(
    "make", [build_late, lambda: keras.Sequential([keras.Input((8, 8, 3)), *make_layers()]), nest],
    ids=["built when it is called", "built as it grows", "inside another"],
)  # fmt: skip
def test_a_rescaling_at_the_start_of_a_sequential_network_tells_its_pixels(make, tmp_path) -> None:
    make().save(tmp_path / "a.keras")
    found = read_range(keras.models.load_model(tmp_path / "a.keras"))
    assert found and found[0] == (0.0, 255.0) and "(Rescaling) asks for them" in found[1]
