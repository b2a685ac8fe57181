"""The steps of one generation of MAP-Elites, each a graph of its own, so that one may stop between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.encodings.population import compile_graph, describe_population
from fooling.evolution.map_elites import CELL_TYPES, State, Target, breed, draw_first, offer

SEARCHES = 4  # whose graphs are kept, so that one may begin again at once; Choice: they keep their networks, too


class Steps(NamedTuple):
    """The steps of a generation as graphs: functions of ``map_elites``, and one batch of its scores."""

    draw_first: Callable[[tf.Tensor], Genomes]
    breed: Callable[[State], tuple[Genomes, tf.Tensor]]
    score: Callable[[Genomes, tf.Tensor], tf.Tensor]
    offer: Callable[[State, Genomes, tf.Tensor, tf.Tensor], State]


@lru_cache(maxsize=SEARCHES)
def compile_steps(target: Target, encoding: Encoding, children: int, size: int) -> Steps:
    """Return the steps for so many children of one run, ``size`` of them in a forward batch."""
    count = len(target.classes)
    cells = {name: tf.TensorSpec([1, count], kind) for name, kind in CELL_TYPES.items()}
    scalar, seeds = tf.TensorSpec([], tf.int32), tf.TensorSpec([1], tf.int64)
    state = State(describe_population(encoding, None), **cells, generation=scalar, seeds=seeds)
    offspring, parents = describe_population(encoding, children), tf.TensorSpec([1, children], tf.int32)
    log_odds = tf.TensorSpec([1, children, count], tf.float32)

    def first_graph(seeds: tf.Tensor) -> Genomes:
        return draw_first(encoding, children, seeds)

    def breed_graph(state: State) -> tuple[Genomes, tf.Tensor]:
        return breed(state, encoding, children)

    def score_graph(offspring: Genomes, start: tf.Tensor) -> tf.Tensor:  # as map_elites.score fills the last one up
        slots = tf.minimum(start + tf.range(size), children - 1)
        batch = tf.nest.map_structure(lambda part: tf.gather(part, slots, axis=1), offspring)
        return target.log_odds(encoding.express(batch)[0])

    return Steps(
        compile_graph(first_graph, [seeds]),
        compile_graph(breed_graph, [state]),
        compile_graph(score_graph, [offspring, scalar]),
        compile_graph(offer, [state, offspring, log_odds, parents]),
    )
