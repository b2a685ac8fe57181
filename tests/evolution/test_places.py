"""Where genomes are kept: against cells that each keep a whole genome, as MAP-Elites is usually written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from fooling.evolution.map_elites import CELL_TYPES, State, offer


class Tagged(NamedTuple):
    """Genomes of a number, and of genes whose axis grows."""

    tag: Any
    genes: Any


class Champion(NamedTuple):
    """All that a cell of the slow MAP-Elites holds, its genome as long as it was born."""

    number: int
    parent: int
    log_odds: np.float32
    tag: int
    genes: np.ndarray


class Children(NamedTuple):
    """One generation, as arrays."""

    tags: np.ndarray  # (runs, children)
    genes: np.ndarray  # (runs, children, width)
    log_odds: np.ndarray  # (runs, children, cells)
    numbers: np.ndarray  # (children,)
    parents: np.ndarray  # (runs, children)


def draw_generations(
    runs: int, cells: int, children: int, generations: int, rng: np.random.Generator
) -> Iterator[Children]:
    """Yield children with ties and NaN, whose scores rise; now and then one of them is the best in every cell.

    So the cells of a run come to be held by many images, then by one, then by many again. A tenth of the cells is empty
    for the first generations. Genes get longer every tenth generation.
    """
    level = np.zeros((runs, 1, 1))
    for generation in range(generations):
        shape = (runs, children, cells)
        log_odds = level + rng.integers(0, 8, shape) / 4
        sweeps = rng.random(runs) < 0.15
        log_odds[sweeps, rng.integers(children)] += 4
        log_odds[rng.random(shape) < 0.1] = np.nan
        if generation < 5:
            log_odds[:, :, ::10] = np.nan
        level[sweeps] += 4
        level += rng.integers(0, 2, level.shape) / 4
        width = 2 + generation // 10
        yield Children(
            rng.integers(1, 2**31, shape[:2]).astype(np.int32),
            rng.normal(size=(*shape[:2], width)).astype(np.float32),
            log_odds.astype(np.float32),
            (generation * children + np.arange(children)).astype(np.int32),
            rng.integers(0, 1000, shape[:2]).astype(np.int32),
        )


def offer_slowly(cells: list[Champion | None], children: Children, run: int) -> None:
    """Offer one run's children one after the other to one cell after the other."""
    for slot, number in enumerate(children.numbers.tolist()):
        for cell, log_odds in enumerate(children.log_odds[run, slot]):
            occupant = cells[cell]
            if not np.isnan(log_odds) and (occupant is None or log_odds > occupant.log_odds):
                parent, tag = int(children.parents[run, slot]), int(children.tags[run, slot])
                cells[cell] = Champion(number, parent, log_odds, tag, children.genes[run, slot])


def make_empty(runs: int, cells: int) -> State:
    nobody = tf.fill([runs, cells], -1)
    return State(
        genomes=Tagged(tf.zeros([runs, 0], tf.int32), tf.zeros([runs, 0, 2])),
        places=nobody,
        log_odds=tf.fill([runs, cells], -np.inf),
        champions=nobody,
        parents=nobody,
        generation=tf.constant(0),
        seeds=tf.range(runs, dtype=tf.int64),
    )


def compile_offer(runs: int, cells: int, children: int) -> Any:
    """Return :func:`offer` as evolution runs it: in a graph that knows neither the places nor the width."""

    def specify(tail: list[int | None], kind: tf.DType) -> tf.TensorSpec:
        return tf.TensorSpec([runs, *tail], kind)

    genomes, offspring = (
        Tagged(specify([count], tf.int32), specify([count, None], tf.float32)) for count in (None, children)
    )
    held = {name: specify([cells], kind) for name, kind in CELL_TYPES.items()}
    state = State(genomes, **held, generation=tf.TensorSpec([], tf.int32), seeds=specify([], tf.int64))
    rest = [specify([children, cells], tf.float32), specify([children], tf.int32)]
    return tf.function(offer, input_signature=[state, offspring, *rest])


def count_distinct(cells: list[Champion | None]) -> int:
    return len({champion.number for champion in cells if champion})


def assert_holds(state: State, run: int, cells: list[Champion | None]) -> None:
    """Assert that a run's cells have these champions, down to the bytes of the genomes."""
    for cell, champion in enumerate(cells):
        place = int(state.places[run, cell])
        found = [int(state.champions[run, cell]), int(state.parents[run, cell])]
        if champion is None:
            assert (place, *found, float(state.log_odds[run, cell])) == (-1, -1, -1, -np.inf)
            continue
        assert found == [champion.number, champion.parent]
        assert state.log_odds[run, cell] == champion.log_odds
        assert state.genomes.tag[run, place] == champion.tag
        width = len(champion.genes)
        np.testing.assert_array_equal(state.genomes.genes[run, place, :width], champion.genes)
        assert not state.genomes.genes[run, place, width:].any()


@pytest.mark.parametrize(
    ("runs", "cells", "children", "generations"),
    [(3, 12, 7, 120), (1, 1000, 11, 15)],
    ids=["three runs", "a thousand cells"],
)
def test_genomes_at_places_are_those_of_cells_that_each_keep_their_own(runs, cells, children, generations):
    """And there are never more places than the most distinct champions that one run had so far."""
    offer_graph = compile_offer(runs, cells, children)
    state, slow = make_empty(runs, cells), [[None] * cells for _ in range(runs)]
    distinct, most, emptied = [0] * runs, 0, False
    for born in draw_generations(runs, cells, children, generations, np.random.default_rng(cells)):
        state = state._replace(generation=tf.constant(born.numbers[0] // children))
        state = offer_graph(state, Tagged(born.tags, born.genes), born.log_odds, born.parents)
        seen = tf.nest.map_structure(np.asarray, state)
        for run in range(runs):
            offer_slowly(slow[run], born, run)
            assert_holds(seen, run, slow[run])
            place_of = {*zip(seen.champions[run].tolist(), seen.places[run].tolist(), strict=True)}
            assert len(place_of) == len(dict(place_of)) == len({place for _, place in place_of})  # one to one
        before, distinct = distinct, [count_distinct(held) for held in slow]
        most = max(most, *distinct)
        assert seen.genomes.tag.shape[1] == seen.genomes.genes.shape[1] == most
        emptied |= min(np.subtract(distinct, before)) < 0  # places became free
    assert emptied and seen.genomes.genes.shape[2] == 2 + (generations - 1) // 10
    np.testing.assert_array_equal(seen.seeds, np.arange(runs))


def test_runs_that_need_few_places_do_not_move_for_a_run_beside_them_that_needs_many():
    """One image holds all of the first run's cells, six hold the second's; alone, the first has one place."""
    log_odds = np.stack([np.eye(6)[[0]] + np.zeros((6, 1)), np.eye(6)]).astype(np.float32)
    log_odds[0, 3] = 9.0
    tags = np.arange(12, dtype=np.int32).reshape(2, 6)
    genes = np.zeros((2, 6, 2), np.float32)
    together, alone = (
        offer(make_empty(runs, 6), Tagged(tags[:runs], genes[:runs]), log_odds[:runs], -1 - tags[:runs])
        for runs in (2, 1)
    )
    np.testing.assert_array_equal(together.places, [[0] * 6, range(6)])
    np.testing.assert_array_equal(together.places[:1], alone.places)
    assert (together.genomes.tag.shape, alone.genomes.tag.shape) == ((2, 6), (1, 1))
    assert together.genomes.tag.numpy()[0, 0] == alone.genomes.tag.numpy()[0, 0] == 3
