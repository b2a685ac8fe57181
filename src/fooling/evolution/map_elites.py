"""MAP-Elites with one cell per class (released code): state in, state out, all runs in one graph."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.encodings.operators import GENERATION, draw_uniform, fold_seeds
from fooling.networks.classifier import Classifier

SELECTION, VARIATION = 1, 2  # what a generation's seeds are used for
CELL_TYPES = {"log_odds": tf.float32, "champions": tf.int32, "parents": tf.int32}  # what a cell holds besides genomes
RUNS_UNDER_WAY = 4  # Choice: fastest of 1, 2, 4 and 10 on two cores
NOBODY = -1  # champion of an empty cell, parent of a random image


class State(NamedTuple):
    """Several runs after some generation. An image's number is generation · children + its slot.

    Attributes:
        genomes: The champions' genomes, ``(runs, classes, …)`` tensors.
        log_odds: ``(runs, classes) float32``: each champion's log-odds for its cell's class, −inf where empty.
        champions: ``(runs, classes) int32``: each champion's number, −1 where empty.
        parents: ``(runs, classes) int32``: the number of each champion's parent, −1 for random images. With crossover
            it is the parent in the child's own slot, not its mate.
        generation: Scalar int32; 0 are the random images.
        seeds: ``(runs,) int64``.
    """

    genomes: Genomes
    log_odds: tf.Tensor
    champions: tf.Tensor
    parents: tf.Tensor
    generation: tf.Tensor
    seeds: tf.Tensor


class History(NamedTuple):
    """What every cell held after each of some generations.

    Attributes:
        log_odds: ``(generations, runs, classes) float32``.
        champions: ``(generations, runs, classes) int32``.
        parents: ``(generations, runs, classes) int32``.
    """

    log_odds: tf.Tensor
    champions: tf.Tensor
    parents: tf.Tensor


def initialise(classifier: Classifier, encoding: Encoding, children: int, seeds: tf.Tensor) -> State:
    """Evaluate ``children`` random images in each run and fill the cells with the best.

    Args:
        classifier: The network to fool.
        encoding: How images are made.
        children: Random images per run.
        seeds: ``(runs,) int64``, one per run.
    """
    runs, classes = seeds.shape[0], len(classifier.class_names)
    population = encoding.initialise(children, fold_seeds(generation_seeds(seeds, tf.constant(0)), VARIATION))
    nothing = tf.nest.map_structure(
        lambda part: tf.zeros(tf.concat([[runs, classes], tf.shape(part)[2:]], axis=0), part.dtype), population
    )
    empty = State(
        genomes=nothing,
        log_odds=tf.fill([runs, classes], -float("inf")),
        champions=tf.fill([runs, classes], NOBODY),
        parents=tf.fill([runs, classes], NOBODY),
        generation=tf.constant(0),
        seeds=seeds,
    )
    log_odds = score(classifier, encoding, population)
    orphans = tf.fill([runs, children], NOBODY)
    return offer(empty, population, log_odds, tf.range(children), orphans)


def advance(state: State, classifier: Classifier, encoding: Encoding, children: int) -> State:
    """Breed, evaluate and offer one generation in every run.

    Args:
        state: The runs so far.
        classifier: The network to fool.
        encoding: How images are made.
        children: Children per run.
    """
    generation = state.generation + 1
    seeds = generation_seeds(state.seeds, generation)
    cells = select_cells(state.champions, draw_uniform(fold_seeds(seeds, SELECTION), [children]))
    parents = tf.nest.map_structure(lambda part: tf.gather(part, cells, batch_dims=1), state.genomes)
    offspring = encoding.mutate(parents, fold_seeds(seeds, VARIATION), generation)
    log_odds = score(classifier, encoding, offspring)
    numbers = generation * children + tf.range(children)
    ancestry = tf.gather(state.champions, cells, batch_dims=1)
    return offer(state._replace(generation=generation), offspring, log_odds, numbers, ancestry)


def advance_many(
    state: State, classifier: Classifier, encoding: Encoding, children: int, generations: tf.Tensor
) -> tuple[State, History]:
    """Advance by ``generations`` in one graph and keep what every cell held after each."""
    kept = [tf.TensorArray(part.dtype, size=generations) for part in state[1:4]]
    for step in tf.range(generations):
        tf.autograph.experimental.set_loop_options(shape_invariants=_growing_shapes(state, encoding))
        state = advance(state, classifier, encoding, children)
        kept = [array.write(step, part) for array, part in zip(kept, state[1:4], strict=True)]
    return state, History(*(array.stack() for array in kept))


def _growing_shapes(state: State, encoding: Encoding) -> list[tuple[tf.Tensor, tf.TensorShape]]:
    shapes = encoding.genome_shapes()
    return [
        (part, tf.TensorShape([*part.shape[:2], *shape])) for part, shape in zip(state.genomes, shapes, strict=True)
    ]


def generation_seeds(seeds: tf.Tensor, generation: tf.Tensor) -> tf.Tensor:
    """Return ``(runs, 2) int64``: a run's draws depend on its seed and the generation, not on the runs beside it."""
    return tf.stack([seeds, tf.fill(tf.shape(seeds), GENERATION * tf.cast(generation, tf.int64))], axis=1)


def select_cells(champions: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Choose each child's parent cell: uniformly over occupied cells, with replacement.

    Args:
        champions: ``(runs, classes) int32``, −1 where empty.
        draws: ``(runs, children) float32 in [0, 1)``.

    Returns:
        ``(runs, children) int32``.
    """
    rank = tf.cumsum(tf.cast(champions != NOBODY, tf.int32), axis=1)  # 1 at the first occupied cell, 2 at the second, …
    wanted = 1 + tf.cast(draws * tf.cast(rank[:, -1:], tf.float32), tf.int32)
    return tf.searchsorted(rank, wanted)


def score(classifier: Classifier, encoding: Encoding, genomes: Genomes) -> tf.Tensor:
    """Return the log-odds of every image for every class, ``(runs, count, classes) float32``.

    A run's images are one forward batch whatever runs beside it: the last bits of a network's sums depend on the batch.
    Several runs are under way at a time, so that the small steps of one fill the core that another leaves idle.
    """

    def score_run(run: Genomes) -> tf.Tensor:
        images = encoding.express(tf.nest.map_structure(lambda part: part[None], run))
        return classifier.log_odds(images[0])

    log_odds = tf.map_fn(score_run, genomes, fn_output_signature=tf.float32, parallel_iterations=RUNS_UNDER_WAY)
    runs, classes = tf.nest.flatten(genomes)[0].shape[0], len(classifier.class_names)
    return tf.ensure_shape(log_odds, [runs, None, classes])


def offer(state: State, offspring: Genomes, log_odds: tf.Tensor, numbers: tf.Tensor, parents: tf.Tensor) -> State:
    """Offer every child to every cell; it replaces the occupant only if strictly greater, and an empty cell takes all.

    The earlier of equal children wins, NaN never does, and one child may take many cells.

    Args:
        state: The cells.
        offspring: The children's genomes, ``(runs, children, …)`` tensors, at least as wide as the cells'.
        log_odds: ``(runs, children, classes) float32``.
        numbers: ``(children,) int32``: the children's numbers.
        parents: ``(runs, children) int32``: their parents' numbers.
    """
    nan = tf.math.is_nan(log_odds)
    offered = tf.reduce_max(tf.where(nan, -float("inf"), log_odds), axis=1)  # (runs, classes)
    has_it = ~nan & (log_odds == offered[:, None])
    best = tf.argmax(tf.cast(has_it, tf.int32), axis=1, output_type=tf.int32)  # the first child that has it
    settles = (state.champions == NOBODY) & ~tf.reduce_all(nan, axis=1)
    wins = (offered > state.log_odds) | settles

    def replace(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        held = tf.where(tf.reshape(wins, wins.shape + [1] * (old.shape.rank - 2)), new, _widen(old, new))
        return tf.ensure_shape(held, wins.shape + held.shape[2:])

    return state._replace(
        genomes=tf.nest.map_structure(
            lambda old, new: replace(old, tf.gather(new, best, batch_dims=1)), state.genomes, offspring
        ),
        log_odds=replace(state.log_odds, offered),
        champions=replace(state.champions, tf.gather(numbers, best)),
        parents=replace(state.parents, tf.gather(parents, best, batch_dims=1)),
    )


def _widen(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
    """Pad ``old`` with zeros to the capacity of ``new``."""
    if old.shape.is_fully_defined() and old.shape == new.shape:
        return old
    missing = tf.shape(new) - tf.shape(old)
    return tf.pad(old, tf.stack([tf.zeros_like(missing), missing], axis=1))


def check_scored(state: State, classifier: Classifier) -> None:
    """Raise ValueError if a class has no image at all, because the network gave NaN for every random image."""
    empty = (state.champions.numpy() == NOBODY).any(axis=0)
    if empty.any():
        names = ", ".join(str(name) for name, lost in zip(classifier.class_names, empty, strict=True) if lost)
        raise ValueError(f"{classifier.name} gives NaN for every random image in class {names}.")
