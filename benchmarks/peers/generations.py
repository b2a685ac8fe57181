"""Generations to be timed: networks, and runs in the state that they are timed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import keras
import tensorflow as tf

from fooling.data.digits import DIGITS, load_digits
from fooling.encodings import Encoding, Genomes
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.population import compile_graph, describe_population, map_batches, on_processor
from fooling.evolution.evolve import Advance, Setup, compile_advance
from fooling.evolution.map_elites import (
    BATCHES_UNDER_WAY,
    NOBODY,
    State,
    Target,
    breed,
    empty_cells,
    generation_seeds,
    offer,
    score,
)
from fooling.networks import lenet
from fooling.networks.classifier import Classifier

ENCODINGS = {"pixels": DirectEncoding, "CPPN": CppnEncoding}
# Mutations after which a CPPN has about 12 nodes besides the inputs, as ImageNet's champions have after 30,000 images.
GROWN = 30


class Timed(NamedTuple):
    """Runs whose generations are timed."""

    classifier: Classifier
    encoding: Encoding
    children: int
    runs: int = 1
    mutations: int = 0  # of the random genomes that the runs begin with
    age: int = 0  # generations before those that are timed


def build_digit_network() -> Classifier:
    """Return LeNet with random weights, which is as fast as a trained one."""
    return Classifier(lenet.build_lenet(0), DIGITS, "LeNet", lenet.INPUT_RANGE)


def train_digit_network(steps: int) -> Classifier:
    """Return LeNet trained for so many batches."""
    with TemporaryDirectory() as folder:
        return lenet.train_network("LeNet", load_digits("mnist"), steps, Path(folder))


def build_cheap_network(shape: tuple[int, int, int], classes: int) -> Classifier:
    """Return a network that looks at one pixel: with it, a generation is this project's own work."""
    inputs = keras.layers.Input(shape)
    corner = keras.layers.Flatten()(inputs[:, :1, :1, :])
    return Classifier(keras.Model(inputs, keras.layers.Dense(classes)(corner)))


def grow(encoding: Encoding, count: int, runs: int, mutations: int) -> Genomes:
    """Return random genomes of so many runs, ``(runs, count, …)``, mutated so often."""
    seeds = tf.range(runs, dtype=tf.int64)
    genomes = encoding.initialise(count, generation_seeds(seeds, tf.constant(0)))
    population = describe_population(encoding, count, runs)
    signature = [population, tf.TensorSpec([runs, 2], tf.int64), tf.TensorSpec([], tf.int32)]
    mutate = compile_graph(encoding.mutate, signature)
    for number in map(tf.constant, range(1, mutations + 1)):
        genomes = mutate(genomes, generation_seeds(seeds, number), number)
    return genomes


def start(timed: Timed) -> State:
    """Return the runs after their first images."""
    target = find_target(timed)
    seeds, orphans = tf.range(timed.runs, dtype=tf.int64), tf.fill([timed.runs, timed.children], NOBODY)

    def fill(population: Genomes) -> State:
        log_odds = score(target, timed.encoding, population)
        empty = empty_cells(timed.encoding, len(target.classes), seeds)
        return offer(empty._replace(generation=tf.constant(0)), population, log_odds, orphans)

    return tf.function(fill)(grow(timed.encoding, timed.children, timed.runs, timed.mutations))


def find_target(timed: Timed) -> Target:
    """Return every class of the network."""
    return Target(timed.classifier, tuple(range(len(timed.classifier.class_names))))


def compile_generations(timed: Timed, generations: int = 1) -> Callable[[], object]:
    """Return a function that evolves so many generations, from the same state each time."""
    advance, state = begin_aged(timed)
    return lambda: advance(state, tf.constant(generations))[1].log_odds.numpy()


def begin_aged(timed: Timed) -> tuple[Advance, State]:
    """Return the graph of a generation, and the runs in the state that they are timed in."""
    advance = compile_advance(Setup(find_target(timed), timed.encoding, 1, timed.children, None), timed.runs)
    state = start(timed)
    return advance, advance(state, tf.constant(timed.age))[0] if timed.age else state


def compile_parts(timed: Timed) -> dict[str, Callable[[], object]]:
    """Return functions, each of which does a part of the next generation alone; the last one does a whole one."""
    target, encoding = find_target(timed), timed.encoding
    sizes = timed.classifier.batch, BATCHES_UNDER_WAY
    advance, state = begin_aged(timed)

    def draw(genomes: Genomes) -> tf.Tensor:  # of each image the largest pixel, so that none is kept
        return map_batches(
            lambda batch: tf.reduce_max(encoding.express(batch)[0], axis=(1, 2, 3))[:, None],
            genomes,
            sizes[0],
            1,
            sizes[1],
        )

    def look(images: tf.Tensor) -> tf.Tensor:
        return map_batches(lambda batch: target.log_odds(batch[0]), images, sizes[0], len(target.classes), sizes[1])

    breed_all = tf.function(on_processor(lambda: breed(state, target, encoding, timed.children)))
    offspring, parents = breed_all()
    log_odds = tf.function(lambda genomes: score(target, encoding, genomes))(offspring)
    express = tf.function(
        on_processor(lambda genomes: tf.map_fn(encoding.express, genomes, fn_output_signature=tf.float32))
    )
    images = express(tf.nest.map_structure(lambda part: part[:, None], offspring))[:, 0]
    draw_all, look_all = tf.function(on_processor(draw)), tf.function(look)
    offer_all = tf.function(on_processor(lambda: offer(state, offspring, log_odds, parents)))
    return {
        "breeding": lambda: breed_all()[1].numpy(),
        "drawing": lambda: draw_all(offspring).numpy(),
        "the network": lambda: look_all(images).numpy(),
        "competition": lambda: offer_all().log_odds.numpy(),
        "a generation": lambda: advance(state, tf.constant(1))[1].log_odds.numpy(),
    }
