"""What evolution costs beside the network: time of a generation over time of the network on the same images.

    python benchmarks/evolution_speed.py

10 runs × 200 children on LeNet; the network alone is plain Keras in a ``tf.function`` at its best batch size. Both
sides alternate in one process; medians of 5. Evolution is timed where its genomes are largest, in its last generations.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf

from fooling.data.digits import load_digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import Setup, compile_advance
from fooling.evolution.map_elites import State, Target, initialise
from fooling.networks.classifier import Classifier
from fooling.networks.lenet import train_network

RUNS, CHILDREN, AGE, STRETCH, REPEATS = 10, 200, 190, 10, 5
BATCHES = (50, 100, 200, 400, 1000, 2000)


def measure(call: Callable[[], object]) -> float:
    """Return the seconds that ``call`` takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def forward_at(classifier: Classifier, images: tf.Tensor, batch: int) -> Callable[[], object]:
    """Return a function that runs the plain Keras model over all images in batches."""
    graph = tf.function(lambda part: classifier.model(part, training=False))
    parts = tf.split(images, len(images) // batch)
    return lambda: [graph(part).numpy() for part in parts]


def evolve_to(age: int, classifier: Classifier, encoding: Encoding) -> Callable[[], object]:
    """Return a function that evolves ``STRETCH`` generations from the same state of ``age`` generations each time."""
    target = Target(classifier, tuple(range(len(classifier.class_names))))
    advance = compile_advance(Setup(target, encoding, age, CHILDREN, None), RUNS)
    state: State = tf.function(initialise)(target, encoding, CHILDREN, tf.range(RUNS, dtype=tf.int64))
    state, _ = advance(state, tf.constant(age))
    return lambda: advance(state, tf.constant(STRETCH))[1].log_odds.numpy()


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        classifier = train_network("LeNet", load_digits("mnist"), 150, Path(folder))
    images = tf.random.stateless_uniform([RUNS * CHILDREN, *classifier.image_shape], [0, 0])
    forwards = {batch: forward_at(classifier, images, batch) for batch in BATCHES}
    evolutions = {
        "direct": evolve_to(AGE, classifier, DirectEncoding(classifier.image_shape)),
        "cppn": evolve_to(AGE, classifier, CppnEncoding(classifier.image_shape)),
    }
    for call in (*forwards.values(), *evolutions.values()):
        call()
    seconds: dict[str | int, list[float]] = {**{batch: [] for batch in forwards}, **{name: [] for name in evolutions}}
    for _ in range(REPEATS):
        for batch, call in forwards.items():
            seconds[batch].append(measure(call))
        for name, call in evolutions.items():
            seconds[name].append(measure(call) / STRETCH)
    median = {key: float(np.median(values)) for key, values in seconds.items()}
    best = min(BATCHES, key=lambda batch: median[batch])
    count = RUNS * CHILDREN
    print(f"{'':30}{'ms':>8}{'images/s':>12}{'ratio':>8}")
    for batch in BATCHES:
        label = f"plain Keras, batch {batch}" + (" (best)" if batch == best else "")
        print(f"{label:30}{1e3 * median[batch]:8.1f}{count / median[batch]:12,.0f}{median[batch] / median[best]:8.2f}")
    for name in evolutions:
        label = f"one generation, {name}"
        print(f"{label:30}{1e3 * median[name]:8.1f}{count / median[name]:12,.0f}{median[name] / median[best]:8.2f}")


if __name__ == "__main__":
    main()
