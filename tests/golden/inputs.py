"""What the cases are given: networks that nobody trained, a few digits, pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import keras
import numpy as np
import package
from keras import layers

GREY, COLOUR = (28, 28, 1), (16, 16, 3)
LETTERS = tuple("abcdefg")


@cache
def digit_network(seed: int = 3) -> package.Classifier:
    """LeNet as it is before training."""
    return package.Classifier(
        package.lenet.build_lenet(seed), package.DIGITS, f"LeNet {seed}", package.lenet.INPUT_RANGE
    )


@cache
def colour_network(side: int = 16, seed: int = 7, strength: float = 0.2) -> package.Classifier:
    """A small network of colour images, weights by NumPy."""
    model = keras.Sequential(
        [
            layers.Input((side, side, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(7),
        ],
        name="colour",
    )
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(0.0, strength, part.shape).astype(np.float32) for part in model.get_weights()])
    return package.Classifier(model, LETTERS, f"colour {side} {seed}", (-1.0, 1.0))


@cache
def evolved_colours() -> package.Evolution:
    """Two short CPPN runs against the small network."""
    return package.evolve(colour_network(), package.CppnEncoding(COLOUR), generations=4, children=10, seeds=(0, 1))


def few_digits(every: int = 10) -> package.Digits:
    """Some of the digits that the tests train on, of each as many; 50 of them held out."""
    digits = _load_few()
    some, few = slice(None, None, every), slice(None, None, 20)
    return digits._replace(
        train_images=digits.train_images[some],
        train_labels=digits.train_labels[some],
        test_images=digits.test_images[few],
        test_labels=digits.test_labels[few],
    )


@cache
def _load_few() -> package.Digits:
    """Return the 4,000 + 1,000 digits that the tests train on."""
    every = package.load_digits("mnist")
    with np.load(Path(__file__).parents[1] / "few_digits.npz", allow_pickle=False) as file:
        train, test = file["train"], file["test"]
    images, labels = every.train_images, every.train_labels
    return package.Digits("few", images[train], labels[train], images[test], labels[test])


def draw_blots(count: int, shape: tuple[int, int, int] = COLOUR, seed: int = 0) -> np.ndarray:
    """Images of noise on a colour each, ``(count, *shape) uint8``."""
    random = np.random.default_rng(seed)
    colours = random.integers(0, 200, (count, 1, 1, shape[2]))
    return (colours + random.integers(0, 56, (count, *shape))).astype(np.uint8)


def real_images() -> package.NaturalImages:
    """Return 60 labelled images, of which the small network takes many for their class."""
    images = draw_blots(60)
    labels = colour_network().score(images).argmax(axis=1)
    labels[::5] = (labels[::5] + 1) % len(LETTERS)
    return package.NaturalImages("blots", images, labels)


def striped_pictures(side: int) -> package.Pictures:
    """Return stripes across, stripes downwards, and an image without a period."""
    line, random = np.arange(side), np.random.default_rng(1)
    across = np.broadcast_to(line % 8 < 3, (side, side))
    down = np.broadcast_to((line % 10 < 5)[:, None], (side, side))
    planes = [180 * across, 90 + 100 * down, random.integers(0, 256, (side, side))]
    images = np.stack([plane[..., None] * np.array([1.0, 0.7, 0.4]) for plane in planes])
    return package.Pictures(images.astype(np.uint8), np.array([4, 0, 2]))
