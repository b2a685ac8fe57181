"""What a generation on ImageNet costs beside the network: EfficientNet-Lite0, 100 children of 224 × 224 × 3.

    python benchmarks/imagenet_speed.py

Reference: plain Keras (BatchNorm layers) in a ``tf.function`` at its best batch size. Beside it the same network with
BatchNorm folded, as the project runs it, each also with its variables frozen to constants. A generation's own work
(select, mutate, express, offer to 1000 cells) is timed with a network that costs nothing in the place of the real one.
All alternate in one process; medians of 5. CPPN genomes have about 12 nodes besides the inputs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import Setup, compile_advance
from fooling.evolution.map_elites import State, Target, initialise
from fooling.networks.classifier import Classifier
from fooling.networks.efficientnet_lite import load_efficientnet_lite

CHILDREN, DRIFT, REPEATS = 100, 30, 5
IMAGES = 400  # through the networks alone; times are told for as many as there are children
BATCHES = (16, 20, 50, 100, 200)


def measure(call: Callable[[], object]) -> float:
    """Return the seconds that ``call`` takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def forward_at(model: keras.Model, images: tf.Tensor, batch: int, frozen: bool) -> Callable[[], object]:
    """Return a function that runs a model over all images in batches, as variables or frozen to constants."""
    graph = tf.function(
        lambda part: model(part, training=False), input_signature=[tf.TensorSpec([None, *images.shape[1:]])]
    )
    run = convert_variables_to_constants_v2(graph.get_concrete_function()) if frozen else graph
    parts = tf.split(images, len(images) // batch)
    return lambda: [tf.nest.flatten(run(part))[0].numpy() for part in parts]


def grow(encoding: Encoding) -> object:
    """Return ``CHILDREN`` genomes after so many mutations that CPPNs have about 12 nodes besides the inputs."""
    mutate = tf.function(encoding.mutate, reduce_retracing=True)
    genomes = encoding.initialise(CHILDREN, tf.constant([[0, 0]], tf.int64))
    for generation in range(1, DRIFT + 1):
        genomes = mutate(genomes, tf.constant([[0, generation * 2**32]], tf.int64), tf.constant(generation))
    return genomes


class Grown:
    """An encoding whose random genomes are grown ones, so that a generation is timed at that size."""

    def __init__(self, encoding: Encoding) -> None:
        """Take the encoding."""
        self.encoding, self.genomes = encoding, grow(encoding)

    def __getattr__(self, name: str) -> object:
        """Be the encoding in all else."""
        return getattr(self.encoding, name)

    def initialise(self, count: int, seeds: tf.Tensor) -> object:
        """Return the grown genomes."""
        return self.genomes if count == CHILDREN else self.encoding.initialise(count, seeds)


def one_generation(classifier: Classifier, encoding: Encoding) -> Callable[[], object]:
    """Return a function that evolves one generation of one run in a thousand cells."""
    target = Target(classifier, tuple(range(len(classifier.class_names))))
    grown = Grown(encoding)
    advance = compile_advance(Setup(target, grown, 1, CHILDREN, None), 1)
    state: State = tf.function(initialise)(target, grown, CHILDREN, tf.constant([0], tf.int64))
    return lambda: advance(state, tf.constant(1))[1].log_odds.numpy()


def cheap_network(shape: tuple[int, int, int]) -> Classifier:
    """Return a network of a thousand classes that looks at one pixel."""
    inputs = keras.layers.Input(shape)
    corner = keras.layers.Flatten()(inputs[:, :1, :1, :])
    return Classifier(keras.Model(inputs, keras.layers.Dense(1000)(corner)))


def add_batch_norm(model: keras.Model) -> keras.Model:
    """Return the network as the original is built, with batch normalisation after each convolution."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if "conv" not in layer.name:
            return type(layer).from_config(layer.get_config())
        convolution = type(layer).from_config({**layer.get_config(), "use_bias": False})
        return keras.Sequential([convolution, keras.layers.BatchNormalization()])

    return keras.models.clone_model(model, clone_function=clone)


def main() -> None:
    """Print the table."""
    folded = load_efficientnet_lite("EfficientNet-Lite0")
    shape = folded.image_shape
    images = tf.random.stateless_uniform([IMAGES, *shape], [0, 0], -1.0, 1.0)
    calls: dict[str, Callable[[], object]] = {}
    for batch in BATCHES:
        for label, model in (("plain Keras", add_batch_norm(folded.model)), ("folded", folded.model)):
            calls[f"{label}, batch {batch}"] = forward_at(model, images, batch, frozen=False)
            calls[f"{label}, frozen, batch {batch}"] = forward_at(model, images, batch, frozen=True)
    cheap = cheap_network(shape)
    for name, encoding in (("cppn", CppnEncoding(shape)), ("direct", DirectEncoding(shape))):
        calls[f"a generation's own work, {name}"] = one_generation(cheap, encoding)
        calls[f"whole generation, {name}"] = one_generation(folded, encoding)
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {label: [] for label in calls}
    for _ in range(REPEATS):
        for label, call in calls.items():
            share = CHILDREN / IMAGES if "batch" in label else 1.0
            seconds[label].append(share * measure(call))
    median = {label: float(np.median(values)) for label, values in seconds.items()}
    best = min(value for label, value in median.items() if label.startswith("plain Keras, batch"))
    print(f"{'':36}{'ms':>8}{'images/s':>12}{'ratio':>8}")
    for label, value in median.items():
        print(f"{label:36}{1e3 * value:8.1f}{CHILDREN / value:12,.0f}{value / best:8.2f}")


if __name__ == "__main__":
    main()
