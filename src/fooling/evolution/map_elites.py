"""MAP-Elites with one cell per class (released code): state in, state out, all runs in one graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.encodings.operators import GENERATION, as_written, draw_uniform, fold_seeds
from fooling.encodings.population import map_batches
from fooling.evolution.search import PAPER, SearchSettings
from fooling.evolution.variation import CROSSING, MATING, SELECTION, VARIATION, bend_draws, climb, take_turns, vary
from fooling.networks.classifier import Classifier

CELL_TYPES = {  # what a cell holds besides genomes
    "places": tf.int32,
    "log_odds": tf.float32,
    "champions": tf.int32,
    "parents": tf.int32,
}
BATCHES_UNDER_WAY = 4  # Choice: fastest of 1, 2, 4 and 10 on two cores
NOBODY = -1  # champion and place of an empty cell, parent of a random image


class State(NamedTuple):
    """Several runs after some generation. An image's number is generation · children + its slot.

    Cells do not hold genomes but the places of genomes: one image often holds many cells, and where genomes are large
    each is kept once.
    """

    # the champions' genomes, ``(runs, places, …)`` tensors; what stands at a place that no cell names is left over
    genomes: Genomes
    places: tf.Tensor  # ``(runs, cells) int32``: where each cell's champion stands among ``genomes``, −1 where empty
    log_odds: tf.Tensor  # ``(runs, cells) float32``: each champion's log-odds for its cell's class, −inf where empty
    champions: tf.Tensor  # ``(runs, cells) int32``: each champion's number, −1 where empty
    # ``(runs, cells) int32``: the number of each champion's parent, −1 for random images. With crossover it is the
    # parent in the child's own slot, not its mate.
    parents: tf.Tensor
    generation: tf.Tensor  # scalar int32; 0 are the random images, −1 is before them
    seeds: tf.Tensor  # ``(runs,) int64``


class Target(NamedTuple):
    """What images evolve for."""

    classifier: Classifier  # the network to fool
    classes: tuple[int, ...]  # the classes that have a cell, by index

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        """Return ``(batch, cells) float32`` for ``(batch, height, width, channels) float32 in [0, 1]``."""
        every = self.classifier.log_odds(images)
        whole = self.classes == tuple(range(len(self.classifier.class_names)))
        return every if whole else tf.gather(every, self.classes, axis=1)


class History(NamedTuple):
    """What every cell held after each of some generations."""

    log_odds: tf.Tensor  # ``(generations, runs, cells) float32``
    champions: tf.Tensor  # ``(generations, runs, cells) int32``
    parents: tf.Tensor  # ``(generations, runs, cells) int32``


def empty_cells(encoding: Encoding, cells: int, seeds: tf.Tensor) -> State:
    """Return the runs of ``seeds``, ``(runs,) int64``, before their random images: cells that nobody holds yet."""
    runs = seeds.shape[0]
    return State(
        genomes=tf.nest.map_structure(lambda part: part[:, :0], draw_first(encoding, 1, seeds)),
        places=tf.fill([runs, cells], NOBODY),
        log_odds=tf.fill([runs, cells], -float("inf")),
        champions=tf.fill([runs, cells], NOBODY),
        parents=tf.fill([runs, cells], NOBODY),
        generation=tf.constant(-1),
        seeds=seeds,
    )


def draw_first(encoding: Encoding, children: int, seeds: tf.Tensor, generation: int | tf.Tensor = 0) -> Genomes:
    """Return the random genomes of a generation, ``children`` of them for each of ``seeds``, ``(runs,) int64``."""
    return encoding.initialise(children, fold_seeds(generation_seeds(seeds, generation), VARIATION))


def advance(state: State, target: Target, encoding: Encoding, children: int, search: SearchSettings = PAPER) -> State:
    """Breed, evaluate and offer one generation in every run; the first one, generation 0, is random images."""
    generation = state.generation + 1
    nobody = tf.fill([state.seeds.shape[0], children], NOBODY)
    offspring, parents = tf.cond(
        generation < search.library,
        lambda: (draw_first(encoding, children, state.seeds, generation), nobody),
        lambda: breed(state, target, encoding, children, search),
    )
    log_odds = score(target, encoding, offspring)
    return offer(state._replace(generation=generation), offspring, log_odds, parents)


def breed(
    state: State, target: Target, encoding: Any, children: int, search: SearchSettings = PAPER
) -> tuple[Genomes, tf.Tensor]:
    """Return the next genomes, ``(runs, children, …)``, and their parents' numbers, ``(runs, children) int32``."""
    generation = state.generation + 1
    seeds = generation_seeds(state.seeds, generation)

    def take(cells: tf.Tensor) -> Genomes:
        places = tf.gather(state.places, cells, batch_dims=1)
        return tf.nest.map_structure(lambda part: tf.gather(part, places, batch_dims=1), state.genomes)

    cells = choose_cells(state, search, draw_uniform(fold_seeds(seeds, SELECTION), [children]))
    if search.own:
        cells = take_turns(search.own, seeds, generation, cells, state.champions != NOBODY)
    parents = take(cells)
    if search.crossover:
        mates = take(choose_cells(state, search, draw_uniform(fold_seeds(seeds, MATING), [children])))
        parents = encoding.cross(parents, mates, fold_seeds(seeds, CROSSING), search.crossover)
    won = find_share_won(state.champions, state.generation, children) if search.success else None
    offspring = vary(search, encoding, parents, seeds, generation, won)
    if search.gradient_steps:
        offspring = climb(search, target, encoding, offspring, cells)
    return offspring, tf.gather(state.champions, cells, batch_dims=1)


def advance_many(
    state: State,
    target: Target,
    encoding: Encoding,
    children: int,
    generations: tf.Tensor,
    search: SearchSettings = PAPER,
) -> tuple[State, History]:
    """Advance by ``generations`` in one graph and keep what every cell held after each."""
    kept = [tf.TensorArray(CELL_TYPES[name], size=generations) for name in History._fields]
    growing = [
        (part, tf.TensorShape([part.shape[0], None, *shape]))
        for part, shape in zip(state.genomes, encoding.genome_shapes(), strict=True)
    ]
    for step in tf.range(generations):
        tf.autograph.experimental.set_loop_options(shape_invariants=growing)
        state = advance(state, target, encoding, children, search)
        kept = [array.write(step, getattr(state, name)) for array, name in zip(kept, History._fields, strict=True)]
    return state, History(*(array.stack() for array in kept))


def generation_seeds(seeds: tf.Tensor, generation: tf.Tensor) -> tf.Tensor:
    """Return ``(runs, 2) int64``: a run's draws depend on its seed and the generation, not on the runs beside it."""
    return tf.stack([seeds, tf.fill(tf.shape(seeds), GENERATION * tf.cast(generation, tf.int64))], axis=1)


def choose_cells(state: State, search: SearchSettings, draws: tf.Tensor) -> tf.Tensor:
    """Return each child's parent cell, as :func:`select_cells`; under pressure weak cells come first, or sure ones."""
    if not search.pressure:
        return select_cells(state.champions, draws)
    order = tf.argsort(state.log_odds, direction="ASCENDING" if search.pressure > 0 else "DESCENDING", stable=True)
    ordered = tf.gather(state.champions, order, batch_dims=1)
    return tf.gather(order, select_cells(ordered, bend_draws(draws, search.pressure)), batch_dims=1)


def find_share_won(champions: tf.Tensor, generation: tf.Tensor, children: int) -> tf.Tensor:
    """Return the share of cells that a generation won, ``(runs, 1) float32 in [0, 1]``.

    The champions after it are ``(runs, cells) int32``, numbered as in :class:`State`.
    """
    won = champions // children == generation
    return tf.reduce_mean(tf.cast(won, tf.float32), axis=1, keepdims=True)


def select_cells(champions: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Choose each child's parent cell: uniformly over occupied cells, with replacement.

    Args:
        champions: ``(runs, cells) int32``, −1 where empty.
        draws: ``(runs, children) float32 in [0, 1)``.

    Returns:
        ``(runs, children) int32``.
    """
    rank = tf.cumsum(tf.cast(champions != NOBODY, tf.int32), axis=1)  # 1 at the first occupied cell, 2 at the second, …
    wanted = 1 + tf.cast(draws * tf.cast(rank[:, -1:], tf.float32), tf.int32)
    return tf.searchsorted(rank, wanted)


def score(target: Target, encoding: Encoding, genomes: Genomes) -> tf.Tensor:
    """Return the log-odds of every image for every cell, ``(runs, count, cells) float32``.

    Only the batches that are under way exist as images.
    """
    sizes = target.classifier.batch, len(target.classes), BATCHES_UNDER_WAY
    return map_batches(lambda batch: target.log_odds(encoding.express(batch)[0]), genomes, *sizes)


@as_written
def offer(state: State, offspring: Genomes, log_odds: tf.Tensor, parents: tf.Tensor) -> State:
    """Offer every child to every cell; it replaces the occupant only if strictly greater, and an empty cell takes all.

    The earlier of equal children wins, NaN never does, and one child may take many cells.

    Args:
        offspring: The children's genomes, ``(runs, children, …)`` tensors, at least as wide as the cells'.
        log_odds: ``(runs, children, cells) float32``.
        parents: ``(runs, children) int32``: their parents' numbers.
    """
    children = log_odds.shape[1]
    numbers = state.generation * children + tf.range(children)
    nan = tf.math.is_nan(log_odds)
    offered = tf.reduce_max(tf.where(nan, -float("inf"), log_odds), axis=1)  # (runs, cells)
    has_it = ~nan & (log_odds == offered[:, None])
    best = tf.argmax(tf.cast(has_it, tf.int32), axis=1, output_type=tf.int32)  # the first child that has it
    settles = (state.champions == NOBODY) & ~tf.reduce_all(nan, axis=1)
    wins = (offered > state.log_odds) | settles
    genomes, new_places = _house(state, offspring, wins, best)
    return state._replace(
        genomes=genomes,
        places=tf.where(wins, tf.gather(new_places, best, batch_dims=1), state.places),
        log_odds=tf.where(wins, offered, state.log_odds),
        champions=tf.where(wins, tf.gather(numbers, best), state.champions),
        parents=tf.where(wins, tf.gather(parents, best, batch_dims=1), state.parents),
    )


def _house(state: State, offspring: Genomes, wins: tf.Tensor, best: tf.Tensor) -> tuple[Genomes, tf.Tensor]:
    """Put the children that won a cell into the lowest places that no cell needs any more.

    Args:
        wins: ``(runs, cells) bool``: which cells have a new champion.
        best: ``(runs, cells) int32``: the slot of the child that is it.

    Returns:
        The genomes, with as many more places as the run that needs most lacks; and ``(runs, children) int32``, the
        place of each child that won.
    """
    won = _mark(tf.where(wins, best, NOBODY), tf.shape(tf.nest.flatten(offspring)[0])[1])  # (runs, children)
    needed = _mark(tf.where(wins, NOBODY, state.places), tf.shape(state.genomes[0])[1])  # (runs, places)
    count = tf.cast(won, tf.int32)
    lacking = tf.reduce_sum(count, axis=1) - tf.reduce_sum(tf.cast(~needed, tf.int32), axis=1)
    added = tf.maximum(tf.reduce_max(lacking), 0)
    spare = [[0, 0], [0, added + 1]]  # one more than is filled, where the children that won nothing may look
    free = tf.argsort(tf.cast(tf.pad(needed, spare), tf.int32), stable=True)  # free places first
    rank = tf.cumsum(count, axis=1, exclusive=True)
    new_places = tf.gather(free, tf.minimum(rank, tf.shape(free)[1] - 1), batch_dims=1)
    target = tf.stack([tf.cast(tf.where(won)[:, 0], tf.int32), tf.boolean_mask(new_places, won)], axis=1)

    def put(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        moved = tf.boolean_mask(new, won)
        room = _make_room(old, new, added)
        with tf.control_dependencies([moved]):  # nobody reads the old genomes now, so they are changed in place
            return tf.tensor_scatter_nd_update(room, target, moved)

    return tf.nest.map_structure(put, state.genomes, offspring), new_places


def _mark(indices: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Return ``(runs, size) bool``: which numbers below ``size`` occur among a run's indices."""
    return tf.reduce_any(indices[:, :, None] == tf.range(size), axis=1)


def _make_room(old: tf.Tensor, new: tf.Tensor, added: tf.Tensor) -> tf.Tensor:
    """Pad ``old`` with zeros to the capacity of ``new``, and with so many places."""
    runs = old.shape[0]
    missing = tf.concat([[0, added], tf.shape(new)[2:] - tf.shape(old)[2:]], axis=0)
    paddings = tf.stack([tf.zeros_like(missing), missing], axis=1)
    room = tf.cond(tf.reduce_any(missing > 0), lambda: tf.pad(old, paddings), lambda: old)
    return tf.ensure_shape(room, [runs, None, *new.shape[2:]])


def check_scored(state: State, target: Target) -> None:
    """Raise ValueError if a cell has no image at all, because the network gave NaN for every random image."""
    empty = (state.champions.numpy() == NOBODY).any(axis=0)
    if empty.any():
        lost = [str(target.classifier.class_names[index]) for index in np.asarray(target.classes)[empty]]
        raise ValueError(f"{target.classifier.name} gives NaN for every random image in class {', '.join(lost)}.")
