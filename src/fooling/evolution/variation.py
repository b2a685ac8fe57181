"""The parts of a search beside the paper's: who becomes a parent, and how a child differs from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from fooling.encodings import Genomes
from fooling.encodings.operators import as_written, draw_uniform, fold_seeds
from fooling.encodings.population import GRAPHS, compile_graph, describe_population, map_batches, on_processor
from fooling.evolution.search import SearchSettings

if TYPE_CHECKING:
    from fooling.evolution.map_elites import Target

SELECTION, VARIATION, FURTHER, TURNS, MATING, CROSSING = range(1, 7)  # what a generation's seeds are used for
CLIMBING = 1  # batches that climb at a time; Choice: the values of all nodes at all pixels are kept for the way back


@as_written
def bend_draws(draws: tf.Tensor, pressure: int) -> tf.Tensor:
    """Return u^(1 + |pressure|) of uniform draws by products alone, which are exact on every code path."""
    return math.prod([draws] * (1 + abs(pressure)))


@as_written
def take_turns(own: float, seeds: tf.Tensor, generation: tf.Tensor, cells: tf.Tensor, occupied: tf.Tensor) -> tf.Tensor:
    """Give a share of the children, ``own``, the cell whose turn it is instead of the one drawn, ``(runs, children)``.

    Children are counted through the generations; the n-th one's turn is that of cell n modulo their number, unless it
    is not occupied, ``(runs, cells) bool``. The seeds are ``(runs, 2) int64``, of this generation.
    """
    children = cells.shape[1]
    turn = (generation * children + tf.range(children)) % occupied.shape[1]
    has_turn = draw_uniform(fold_seeds(seeds, TURNS), [children]) < own
    return tf.where(has_turn & tf.gather(occupied, turn, axis=1), turn, cells)


def vary(
    search: SearchSettings,
    encoding: Any,
    genomes: Genomes,
    seeds: tf.Tensor,
    generation: tf.Tensor,
    won: tf.Tensor | None = None,
) -> Genomes:
    """Return one child of each genome, mutated as often and by as long steps as the search says.

    The seeds are ``(runs, 2) int64``, of this generation; where steps :func:`adapt`, ``won`` is ``(runs, 1) float32``.
    """
    mutate = encoding.mutate
    if search.strength != 1.0 or search.rate != 1.0:
        strength, rate = (fade(factor, search.fading, generation) for factor in (search.strength, search.rate))
        if search.success:
            strength = adapt(strength, search.success, won)
        mutate = partial(encoding.mutate_by, strength=strength, rate=rate)
    genomes = mutate(genomes, fold_seeds(seeds, VARIATION), generation)
    for further in range(1, search.mutations):
        genomes = mutate(genomes, fold_seeds(fold_seeds(seeds, FURTHER), further), generation)
    return genomes


def fade(factor: float, fading: int, generation: tf.Tensor) -> tf.Tensor | float:
    """Return a factor in this generation: its distance from 1 halves every ``fading`` generations, never for 0."""
    return 1.0 + (factor - 1.0) * 0.5 ** tf.cast(generation // fading, tf.float32) if fading else factor


def adapt(strength: tf.Tensor | float, success: float, won: tf.Tensor) -> tf.Tensor:
    """Return the factor on steps, ``(runs, 1) float32``: 1 where the share of cells that were won is ``success``.

    After Rechenberg 1973, whose rule of one fifth lengthens steps where more mutations succeed and shortens them where
    fewer do. Choice: cells are counted, not mutations, since few cells cannot be won by many; and each generation's
    factor follows from the last one alone, straight from 1 / strength at no cell to 1, and to strength at twice the
    share and above.

    Args:
        strength: At least 1.
        success: Above 0, at most 1.
        won: ``(runs, 1) float32 in [0, 1]``: the share of cells that the last generation won.
    """
    over = tf.clip_by_value(won / success - 1.0, -1.0, 1.0)
    return 1.0 + over * tf.where(over > 0, strength - 1.0, 1.0 - 1.0 / strength)


@lru_cache(maxsize=GRAPHS)
def compile_vary(search: SearchSettings, encoding: Any, count: int) -> Callable[..., Genomes]:
    """Return :func:`vary` as one graph for ``count`` parents of one run; it takes ``won`` where steps adapt."""
    signature = [describe_population(encoding, count), tf.TensorSpec([1, 2], tf.int64), tf.TensorSpec([], tf.int32)]
    signature += [tf.TensorSpec([1, 1], tf.float32)] if search.success else []
    return compile_graph(on_processor(partial(vary, search, encoding)), signature)


@as_written
def climb(search: SearchSettings, target: Target, encoding: Any, genomes: Genomes, cells: tf.Tensor) -> Genomes:
    """Move the weights of each child up the gradient of its log-odds for its cell, through rounding as if it was not.

    Choice: every weight moves as far, up or down (the sign of its gradient); where it has none, it stays.
    From genomes ``(runs, children, …)`` and cells ``(runs, children) int32`` come genomes.
    """
    name, reach = encoding.slope

    def rise(batch: tuple[Genomes, tf.Tensor]) -> tf.Tensor:
        some, aims = batch  # (1, size, …) and (1, size)

        def move(taken: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                log_odds = target.log_odds(encoding.express(some._replace(**{name: weights}))[0])
                reached = tf.gather(log_odds, aims[0], batch_dims=1)
            slope = tape.gradient(reached, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            up = tf.where(tf.math.is_nan(slope), 0.0, tf.sign(slope))
            return taken + 1, tf.clip_by_value(weights + search.gradient_size * up, -reach, reach)

        first = [0, getattr(some, name)]
        return tf.while_loop(lambda taken, _: taken < search.gradient_steps, move, first, parallel_iterations=1)[1][0]

    moved = map_batches(rise, (genomes, cells), target.classifier.batch, None, CLIMBING)
    return genomes._replace(**{name: moved})
