"""Where the time of a generation goes: breeding, drawing images, the network, and offering them to all cells.

Each part is a graph of its own, so together they need not be the whole: there TensorFlow draws some images while the
network sees others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import tensorflow as tf

from fooling.evolution.evolve import Setup, compile_advance
from fooling.evolution.map_elites import Target, advance, breed, offer, score
from fooling.networks.imagenet import load_network
from peers.generations import ENCODINGS, GROWN, Timed, build_digit_network, find_target, start
from peers.measure import FULL

ROUNDS = 7  # a first one, which traces, is not counted
CASES = {"LeNet": (10, {"pixels": 200, "CPPN": 200}), "SqueezeNet": (1, {"pixels": 200, "CPPN": 400})}


class Sums:
    """In a network's place: what it says of an image is the sum of its pixels, so that they must be drawn."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        """Return ``(batch, 1) float32``."""
        return tf.reduce_sum(images, axis=(1, 2, 3))[:, None]


def main() -> None:
    """Print a line for each network and encoding."""
    for network, (runs, kinds) in CASES.items():
        classifier = build_digit_network() if network == "LeNet" else load_network(network)
        for kind, children in kinds.items():
            age = FULL.age if network == "LeNet" else 0  # late genomes are the largest
            encoding = ENCODINGS[kind](classifier.image_shape)
            grown = GROWN if kind == "CPPN" and not age else 0
            taken = time_parts(Timed(classifier, encoding, children, runs, grown, age))
            whole = taken.pop("whole")
            told = ", ".join(f"{name} {1e3 * part:,.1f} ms ({part / whole:.0%})" for name, part in taken.items())
            print(f"{network}, {kind}, {runs} × {children} children: {1e3 * whole:,.1f} ms; {told}", flush=True)


def time_parts(timed: Timed) -> dict[str, float]:
    """Return the median seconds of a whole generation and of its parts, which take turns."""
    target, encoding, children = find_target(timed), timed.encoding, timed.children
    state = start(timed)
    if timed.age:
        state, _ = compile_advance(Setup(target, encoding, timed.age, children, None), timed.runs)(
            state, tf.constant(timed.age)
        )
    offspring, parents = tf.function(breed)(state, target, encoding, children)
    log_odds = tf.function(score)(target, encoding, offspring)
    batch = timed.classifier.batch
    images = tf.constant(encoding.express(tf.nest.map_structure(lambda part: part[0, :batch], offspring))[0])
    ask = tf.function(timed.classifier.log_odds)
    batches = -(-timed.runs * children // batch)
    drawn = Target(Sums(batch), (0,))
    parts: dict[str, Callable[[], object]] = {
        "whole": tf.function(lambda: advance(state, target, encoding, children)),
        "breeding": tf.function(lambda: breed(state, target, encoding, children)),
        "images": tf.function(lambda: score(drawn, encoding, offspring)),
        "network": lambda: [ask(images) for _ in range(batches)],
        "offering": tf.function(lambda: offer(state, offspring, log_odds, parents)),
    }
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(1 + ROUNDS):
        for name, part in parts.items():
            began = time.perf_counter()
            part()
            taken[name].append(time.perf_counter() - began)
    return {name: median(seconds[1:]) for name, seconds in taken.items()}


if __name__ == "__main__":
    main()
