"""What several folders share: real digits, a network that was trained on them, and small networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def digits() -> Any:
    """Return 4,000 digits to learn from and 1,000 held out, of each as many, all of them among MNIST's 60,000."""
    import numpy as np

    from fooling.data.digits import Digits, load_digits

    every = load_digits("mnist")
    with np.load(Path(__file__).with_name("few_digits.npz"), allow_pickle=False) as file:
        train, test = file["train"], file["test"]  # their places; golden arrays were made with the same ones
    images, labels = every.train_images, every.train_labels
    return Digits("few", images[train], labels[train], images[test], labels[test])


@pytest.fixture(scope="session")
def network_runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the folder in which ``lenet`` keeps its training."""
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="session")
def lenet(digits: Any, network_runs: Any) -> Any:
    """Return LeNet after 150 steps: about 7% of the held-out digits wrong, in three seconds."""
    from fooling.networks.lenet import train_network

    return train_network("LeNet", digits, 150, network_runs)


@pytest.fixture(scope="session")
def make_small_network() -> Callable[..., Any]:
    """Return a function that gives a classifier with random weights, the very same one for the same shape."""
    from functools import cache

    import keras
    from keras import layers

    from fooling.networks.classifier import Classifier

    @cache
    def make(shape: tuple[int, int, int] = (15, 13, 1), classes: int = 5) -> Classifier:
        init = [keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2)]
        model = keras.Sequential(
            [
                layers.Input(shape),
                layers.Conv2D(4, 3, activation="relu", kernel_initializer=init[0]),
                layers.Flatten(),
                layers.Dense(classes, kernel_initializer=init[1]),
            ],
            name="small",
        )
        return Classifier(model)

    return make


@pytest.fixture(scope="session")
def cppn_evolution(lenet: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return two short CPPN runs against ``lenet``, kept in a folder."""
    from fooling.encodings.cppn import CppnEncoding
    from fooling.evolution.evolve import evolve

    folder = tmp_path_factory.mktemp("cppn")
    return evolve(lenet, CppnEncoding((28, 28, 1)), generations=20, children=40, seeds=[0, 1], folder=folder)


@pytest.fixture(scope="session")
def make_quarter_network() -> Callable[..., Any]:
    """Return a function that gives a network of four classes, an image's brightest quarter, renumbered by ``order``."""
    import keras
    import numpy as np
    from keras import layers

    from fooling.networks.classifier import Classifier

    def make(order: tuple[int, ...] = (0, 1, 2, 3), shape: tuple[int, int, int] = (2, 2, 1)) -> Classifier:
        pool = layers.AveragePooling2D((shape[0] // 2, shape[1] // 2))
        model = keras.Sequential([layers.Input(shape), pool, layers.Flatten(), layers.Dense(4)])
        weights = np.zeros((4, 4), np.float32)
        weights[np.arange(4), order] = 20.0
        model.layers[-1].set_weights([weights, np.zeros(4)])
        return Classifier(model, name=f"brightest quarter {order}")

    return make


@pytest.fixture(scope="session")
def make_linear_network() -> Callable[..., Any]:
    """Return a function that gives a network whose scores are linear in an image's mean red, green and blue."""
    import keras
    from keras import layers

    from fooling.networks.classifier import Classifier

    def make(kernel: Any, bias: Any, side: int = 8, white: float = 20.0) -> Classifier:
        pool = layers.GlobalAveragePooling2D()
        model = keras.Sequential([layers.Input((side, side, 3)), pool, layers.Dense(kernel.shape[1])])
        model.layers[-1].set_weights([kernel, bias])
        return Classifier(model, name="linear", input_range=(0.0, white))

    return make


@pytest.fixture(scope="session")
def linear_network(make_linear_network: Callable[..., Any]) -> Any:
    """Return one of them with four classes and random weights."""
    import numpy as np

    return make_linear_network(np.random.default_rng(3).normal(0, 0.3, (3, 4)).astype(np.float32), np.zeros(4))
