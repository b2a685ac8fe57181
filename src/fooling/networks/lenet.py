"""The digit networks: Caffe's LeNet as in the paper, from two initialisations, and a network of another shape."""

from __future__ import annotations

import math
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from fooling.cluster import compute_there, find_client
from fooling.data.digits import DIGITS, SIDE, Digits
from fooling.files import DamagedError, write_atomically
from fooling.networks.classifier import Classifier
from fooling.runs import WHOSE, RunFolder, hold_run, open_run, progress_bar

VERSION = 1  # of the weights that training gives; golden arrays hold it to the bytes
# Pixels are divided by 256, so white is 255/256 (Caffe's MNIST example).
INPUT_RANGE = (0.0, 255.0 / 256.0)

# Caffe's LeNet solver.
BASE_RATE, RATE_GAMMA, RATE_POWER = 0.01, 1e-4, 0.75
MOMENTUM, WEIGHT_DECAY, BATCH = 0.9, 5e-4, 64
STEPS_PER_CALL = 50


class InverseDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Caffe's "inv" policy: 0.01 · (1 + 1e-4 · step)^−0.75."""

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at ``step``."""
        return BASE_RATE * (1.0 + RATE_GAMMA * keras.ops.cast(step, "float32")) ** -RATE_POWER

    def get_config(self) -> dict[str, Any]:
        """Return the settings, of which there are none."""
        return {}


def build_lenet(seed: int, classes: int = len(DIGITS)) -> keras.Model:
    """Build Caffe's LeNet: no activation after the convolutions, 431,080 parameters for ten classes, logits out."""
    init = _initialise_layers(seed)
    return keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.Conv2D(20, 5, **next(init)),
            layers.MaxPooling2D(2),
            layers.Conv2D(50, 5, **next(init)),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(500, activation="relu", **next(init)),
            layers.Dense(classes, **next(init)),
        ],
        name="lenet",
    )


def build_relu_network(seed: int) -> keras.Model:
    """Build a network of another shape: four 3×3 convolutions with ReLU, strides for pooling, logits out.

    Choice: what a user of today would write, and unlike LeNet in depth, non-linearity and pooling.
    """
    init = _initialise_layers(seed)
    return keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.Conv2D(32, 3, activation="relu", **next(init)),
            layers.Conv2D(32, 3, activation="relu", strides=2, **next(init)),
            layers.Conv2D(64, 3, activation="relu", **next(init)),
            layers.Conv2D(64, 3, activation="relu", strides=2, **next(init)),
            layers.Flatten(),
            layers.Dense(128, activation="relu", **next(init)),
            layers.Dense(len(DIGITS), **next(init)),
        ],
        name="relu_network",
    )


def _initialise_layers(seed: int) -> Iterator[dict[str, Any]]:
    """Yield keyword arguments for one layer after another: Caffe's initial weights, seeded, and its weight decay.

    The weights ("xavier") are uniform within ±√(3 / inputs of the unit); the decay is an L2 term on weights and biases
    alike.
    """
    for number in range(1000 * seed, 1000 * seed + 1000):
        decay = keras.regularizers.L2(WEIGHT_DECAY / 2.0)
        xavier = keras.initializers.VarianceScaling(1.0, "fan_in", "uniform", seed=number)
        yield {"kernel_initializer": xavier, "kernel_regularizer": decay, "bias_regularizer": decay}


# The networks of the digit pages: how they are built, and from which seed.
NETWORKS: dict[str, tuple[Callable[[int], keras.Model], int]] = {
    "LeNet": (build_lenet, 0),
    "LeNet, other initialisation": (build_lenet, 1),
    "ReLU network": (build_relu_network, 2),
}


def train_network(name: str, digits: Digits, steps: int, folder: str | Path) -> Classifier:
    """Train one of :data:`NETWORKS` with the paper's solver, or load it when this very training was done before.

    Its steps are batches of 64; runs are kept in the folder.
    """
    build, seed = NETWORKS[name]
    run = open_network_run(name, digits, steps, folder)
    model = train_once(run, lambda: build(seed), lambda model: fit(model, digits, steps, seed))
    return Classifier(model, DIGITS, name, INPUT_RANGE)


def open_network_run(name: str, digits: Digits, steps: int, folder: str | Path) -> RunFolder:
    """Return the folder of a network's training."""
    described = {"network": name, "seed": NETWORKS[name][1], "digits": digits.fingerprint(), "steps": steps}
    return open_run(Path(folder), label_run(name), described, VERSION)


def label_run(name: str) -> str:
    """Return how the folder of a network's training is called, before its key."""
    return "network-" + name.lower().replace(",", "").replace(" ", "-")


def train_once(run: RunFolder, build: Callable[[], keras.Model], train: Callable[[keras.Model], None]) -> keras.Model:
    """Return the trained network that a folder keeps, or build it, train it in place and keep it.

    DamagedError if what the folder keeps is damaged, or of another training.
    """
    path = run.path / "model.keras"
    with hold_run(run), tempfile.TemporaryDirectory() as scratch:
        if not path.exists():
            started = time.monotonic()
            bare = build()  # saved without the solver's momentum, which would double the file
            bare.set_weights(compute_there(find_client(), train_anew, build, train))
            bare.save(Path(scratch, path.name))
            with zipfile.ZipFile(Path(scratch, path.name), "a") as archive:
                archive.writestr(WHOSE, run.path.name)
            run.add_seconds(time.monotonic() - started)
            write_atomically(path, Path(scratch, path.name).read_bytes())
    try:
        with zipfile.ZipFile(path) as archive:  # those written before they were named have no name
            whose = archive.read(WHOSE).decode() if WHOSE in archive.namelist() else run.path.name
        model: keras.Model = keras.models.load_model(path, compile=False)
    except Exception as error:  # a damaged file can raise nearly anything
        raise DamagedError(f"{run.path.name}/{path.name} is damaged; delete that folder to train again.") from error
    if whose != run.path.name:
        told = f"{run.path.name}/{path.name} belongs to the run {whose}"
        raise DamagedError(f"{told}; delete that folder to train again.")
    return model


def train_anew(build: Callable[[], keras.Model], train: Callable[[keras.Model], None]) -> list[np.ndarray]:
    """Return the weights of a network that is built and trained."""
    model = build()
    train(model)
    weights: list[np.ndarray] = model.get_weights()
    return weights


def fit(model: keras.Model, digits: Digits, steps: int, seed: int) -> None:
    """Train ``model`` in place with Caffe's solver: ``steps`` batches of 64, shuffled anew each epoch."""
    pixels = tf.constant(digits.train_images.astype(np.float32) / 255.0 * INPUT_RANGE[1])
    labels = tf.constant(digits.train_labels)
    order = tf.data.Dataset.from_tensor_slices(_shuffle_epochs(len(digits.train_labels), steps * BATCH, seed))
    batches = order.batch(BATCH).map(lambda chosen: (tf.gather(pixels, chosen), tf.gather(labels, chosen)))
    per_call = math.gcd(steps, STEPS_PER_CALL)
    model.compile(
        optimizer=keras.optimizers.SGD(InverseDecay(), momentum=MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=per_call,
    )
    with progress_bar(steps, "training") as bar:
        advance = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: bar.update(per_call))
        model.fit(
            batches, epochs=steps // per_call, steps_per_epoch=per_call, shuffle=False, verbose=0, callbacks=[advance]
        )


def _shuffle_epochs(count: int, draws: int, seed: int) -> np.ndarray:
    """Return the first ``draws`` places of one permutation of ``count`` images after another."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(count) for _ in range(-(-draws // count))])[:draws]


def subtract_mean(classifier: Classifier, images: np.ndarray) -> Classifier:
    """Return a digit network as the released code feeds it: less a mean image that it was trained without.

    The mean is that of ``(count, height, width, channels) uint8``.
    """
    mean = images.mean(axis=0).astype(np.float32) / 255.0 * INPUT_RANGE[1]
    inputs = layers.Input(classifier.image_shape)
    shifted = layers.Rescaling(1.0, offset=-mean)(inputs)
    model = keras.Model(inputs, classifier.model(shifted))
    return Classifier(model, classifier.class_names, f"{classifier.name}, mean subtracted", classifier.input_range)
