"""What a generation costs beside the network's forward pass alone, by plain Keras at its best batch; and its parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from fooling.networks.imagenet import load_network
from peers.generations import ENCODINGS, GROWN, Timed, build_digit_network, compile_generations, compile_parts
from peers.measure import Measured, Row, Sizes, alternate, compare, find_fastest

BATCHES = {"LeNet": (50, 100, 200, 400, 1000, 2000)}
LARGE_BATCHES = (5, 10, 20, 50, 100)  # where images are large
LARGE_IMAGES = 200  # that pass a large network


class Case(NamedTuple):
    """One row: what evolves, and the most that a generation may cost."""

    network: str
    encoding: str
    runs: int
    children: int
    aim: float


CASES = {
    "digits-pixels": Case("LeNet", "pixels", 10, 200, 1.1),
    "digits-cppn": Case("LeNet", "CPPN", 10, 200, 1.5),
    "squeezenet-pixels": Case("SqueezeNet", "pixels", 1, 200, 1.25),
    "squeezenet-cppn": Case("SqueezeNet", "CPPN", 1, 400, 1.15),
    "lite0-cppn": Case("EfficientNet-Lite0", "CPPN", 1, 400, 1.3),
}
FOLDED = "EfficientNet-Lite0"


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure one of ``CASES``, or "parts" of all, or "batch-norm": what folding it into the convolutions is worth."""
    if name == "parts":
        cases = list(CASES.values())[: None if sizes.share == 1 else 2]
        return Measured([row for case in cases for row in measure_parts(case, sizes)])
    row = measure_batch_norm(sizes) if name == "batch-norm" else measure_case(CASES[name], sizes)
    return Measured([row])


def measure_case(case: Case, sizes: Sizes) -> Row:
    """Time a generation beside the forward pass of its network."""
    timed, stretch = prepare(case, sizes)
    count = max((case.runs * case.children if case.network in BATCHES else LARGE_IMAGES) // sizes.share, 5)
    batches = BATCHES.get(case.network, LARGE_BATCHES)
    calls = compile_forwards(timed.classifier.model, timed.classifier.image_shape, count, batches)
    forwards = list(calls)
    seconds = alternate({**calls, "generation": compile_generations(timed, stretch)}, sizes.rounds)
    rates = {name: count / taken for name, taken in seconds.items()}
    rates["generation"] = case.runs * timed.children * stretch / seconds["generation"]
    best = find_fastest(forwards, rates)
    note = f"the network's best: {best}"
    return compare(label_case(case), rates["generation"], rates[best], "images/s", case.aim, cost=True, note=note)


def prepare(case: Case, sizes: Sizes) -> tuple[Timed, int]:
    """Return the runs of a case, and how many generations are timed as one."""
    small = case.network == "LeNet"
    classifier = build_digit_network() if small else load_network(case.network)
    children = max(case.children // sizes.share, 2)
    encoding = ENCODINGS[case.encoding](classifier.image_shape)
    timed = Timed(classifier, encoding, children, case.runs, 0 if small else GROWN, sizes.age if small else 0)
    return timed, sizes.stretch if small else 1


def label_case(case: Case) -> str:
    """Return a case in words."""
    return f"{case.network}, {case.encoding}: {case.runs} × {case.children} children"


def measure_parts(case: Case, sizes: Sizes) -> list[Row]:
    """Time each part of a generation by itself beside the whole, in ms; parts that overlap come to more than it."""
    seconds = alternate(compile_parts(prepare(case, sizes)[0]), sizes.rounds)
    whole = 1e3 * seconds.pop("a generation")
    return [
        Row(
            f"{label_case(case)}, {name}",
            float(np.median(whole)),
            float(np.median(1e3 * taken)),
            "ms",
            (1e3 * taken / whole).tolist(),
            cost=True,
        )
        for name, taken in seconds.items()
    ]


def compile_forwards(
    model: keras.Model, shape: tuple[int, int, int], count: int, batches: tuple[int, ...]
) -> dict[str, Callable[[], object]]:
    """Return functions that pass so many images in batches, one for each size that divides their number."""
    images = tf.random.stateless_uniform([count, *shape], [0, 0])
    graph = tf.function(
        lambda part: model(part, training=False), input_signature=[tf.TensorSpec([None, *shape], tf.float32)]
    )

    def pass_all(parts: list[tf.Tensor]) -> object:
        return [graph(part).numpy() for part in parts]

    fitting = [batch for batch in batches if count % batch == 0]
    return {f"batch {batch}": partial(pass_all, tf.split(images, count // batch)) for batch in fitting}


def measure_batch_norm(sizes: Sizes) -> Row:
    """Time the network as the project runs it beside the one it is made from, each at its best batch."""
    folded = load_network(FOLDED)
    count = max(LARGE_IMAGES // sizes.share, 5)
    sides = {"folded": folded.model, "as built": add_batch_norm(folded.model)}
    calls = {
        f"{side}, {batch}": call
        for side, model in sides.items()
        for batch, call in compile_forwards(model, folded.image_shape, count, LARGE_BATCHES).items()
    }
    rates = {name: count / taken for name, taken in alternate(calls, sizes.rounds).items()}
    ours, other = (find_fastest([name for name in rates if name.startswith(side)], rates) for side in sides)
    label = f"{FOLDED}, batch normalisation folded into the convolutions"
    return compare(label, rates[ours], rates[other], "images/s", None, note=f"{ours}; {other}")


def add_batch_norm(model: keras.Model) -> keras.Model:
    """Return the network as the original is built, with batch normalisation after each convolution."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if "conv" not in layer.name:
            return type(layer).from_config(layer.get_config())
        convolution = type(layer).from_config({**layer.get_config(), "use_bias": False})
        return keras.Sequential([convolution, keras.layers.BatchNormalization()])

    return keras.models.clone_model(model, clone_function=clone)
