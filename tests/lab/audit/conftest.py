"""A toy network whose right answers are known: it looks at the mean of three bands of an image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


@pytest.fixture(scope="session")
def make_colour_network() -> Callable[..., Any]:
    """Return a function that gives a model which knows an image's strongest colour."""
    import keras
    from keras import layers

    def make(ending: str = "logits", range_: float = 1.0, name: str = "colours", weight: float = 9.0) -> Any:
        inputs = layers.Input(SHAPE)
        means = layers.GlobalAveragePooling2D()(layers.Rescaling(1.0 / range_)(inputs))
        dense = layers.Dense(3, activation="softmax" if ending == "inside" else None, name="last")
        scores = dense(means)
        dense.set_weights([weight * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
        if ending == "layer":
            scores = layers.Softmax()(scores)
        if ending == "activation":
            scores = layers.Activation("softmax")(scores)
        return keras.Model(inputs, scores, name=name)

    return make


@pytest.fixture(scope="session")
def colour_network(make_colour_network: Callable[..., Any]) -> Any:
    from fooling.networks.classifier import Classifier

    return Classifier(make_colour_network(), NAMES)


@pytest.fixture
def colour_folder(tmp_path: Path) -> Path:
    """Write 10 pictures of each colour, a little larger than the network's images and not of their shape."""
    random = np.random.default_rng(0)
    for place, name in enumerate(NAMES):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 120, (20, 30, 3), np.uint8)
            pixels[..., place] += 100
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


@pytest.fixture(scope="session")
def natural() -> Any:
    """Return 60 labelled images of the three colours, half of them faint, and four with a wrong label."""
    from fooling.lab.audit.natural import NaturalImages

    random = np.random.default_rng(1)
    labels = np.arange(60) % 3
    images = random.integers(0, 100, (60, *SHAPE)).astype(np.uint8)
    images[np.arange(60), ..., labels] += (20 + 60 * (np.arange(60) % 2)).astype(np.uint8)[:, None, None]
    labels[:4] = (labels[:4] + 1) % 3
    return NaturalImages("toy", images, labels.astype(np.int64))
