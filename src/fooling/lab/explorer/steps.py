"""The steps of one generation of MAP-Elites, each a graph of its own, so that one may stop between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import tensorflow as tf
from fooling.lab.explorer.genomes import concrete, describe_population

from fooling.encodings import Encoding, Genomes
from fooling.encodings.operators import draw_uniform, fold_seeds
from fooling.evolution.map_elites import (
    CELL_TYPES,
    NOBODY,
    SELECTION,
    VARIATION,
    State,
    Target,
    generation_seeds,
    offer,
    select_cells,
)

SEARCHES = 4  # whose graphs are kept, so that one may begin again at once; Choice: they keep their networks, too


class Steps(NamedTuple):
    """The steps of a generation, each as one graph."""

    initialise: Callable[[tf.Tensor], Genomes]
    breed: Callable[[State], tuple[Genomes, tf.Tensor]]
    score: Callable[[Genomes, tf.Tensor], tf.Tensor]
    offer: Callable[[State, Genomes, tf.Tensor, tf.Tensor], State]


@lru_cache(maxsize=SEARCHES)
def compile_steps(target: Target, encoding: Encoding, children: int, size: int) -> Steps:
    """Return the steps for so many children of one run, ``size`` of them in a forward batch."""
    cells = {name: tf.TensorSpec([1, len(target.classes)], kind) for name, kind in CELL_TYPES.items()}
    scalar, seeds = tf.TensorSpec([], tf.int32), tf.TensorSpec([1], tf.int64)
    state = State(describe_population(encoding, None), **cells, generation=scalar, seeds=seeds)
    offspring = describe_population(encoding, children)

    def initialise(seeds: tf.Tensor) -> Genomes:
        return encoding.initialise(children, fold_seeds(generation_seeds(seeds, tf.constant(0)), VARIATION))

    def breed(state: State) -> tuple[Genomes, tf.Tensor]:  # as the first half of map_elites.advance
        generation = state.generation + 1
        seeds = generation_seeds(state.seeds, generation)
        chosen = select_cells(state.champions, draw_uniform(fold_seeds(seeds, SELECTION), [children]))
        places = tf.gather(state.places, chosen, batch_dims=1)
        parents = tf.nest.map_structure(lambda part: tf.gather(part, places, batch_dims=1), state.genomes)
        born = encoding.mutate(parents, fold_seeds(seeds, VARIATION), generation)
        return born, tf.gather(state.champions, chosen, batch_dims=1)

    def score(offspring: Genomes, start: tf.Tensor) -> tf.Tensor:  # one batch of map_elites.score
        slots = tf.minimum(start + tf.range(size), children - 1)
        batch = tf.nest.map_structure(lambda part: tf.gather(part, slots, axis=1), offspring)
        return target.log_odds(encoding.express(batch)[0])

    def settle(state: State, offspring: Genomes, log_odds: tf.Tensor, parents: tf.Tensor) -> State:
        return offer(state, offspring, log_odds, state.generation * children + tf.range(children), parents)

    scores = tf.TensorSpec([1, children, len(target.classes)], tf.float32)
    ancestry = tf.TensorSpec([1, children], tf.int32)
    return Steps(
        concrete(initialise, [seeds]),
        concrete(breed, [state]),
        concrete(score, [offspring, scalar]),
        concrete(settle, [state, offspring, scores, ancestry]),
    )


def empty_state(offspring: Genomes, seed: int, cells: int) -> State:
    """Return cells that nobody holds yet, with room for genomes like these."""
    return State(
        genomes=tf.nest.map_structure(lambda part: part[:, :0], offspring),
        places=tf.fill([1, cells], NOBODY),
        log_odds=tf.fill([1, cells], -float("inf")),
        champions=tf.fill([1, cells], NOBODY),
        parents=tf.fill([1, cells], NOBODY),
        generation=tf.constant(0),
        seeds=tf.constant([seed], tf.int64),
    )
