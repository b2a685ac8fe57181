"""Mutation of whole populations: how often what happens, and that room and company change nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from fooling.encodings.cppn_graph import CppnGenomes, ensure_room
from fooling.encodings.cppn_mutation import mutate_graphs


def mutate_population(make_graph: Any, edges: int, places: int, count: int = 20_000) -> Any:
    """Mutate equal graphs of one output: ``edges`` parallel edges from input 4, nothing hidden, hardly any room."""
    genome = make_graph(["linear"], [(4, 5, 0.1 * (1 + place)) for place in range(edges)], nodes=2, places=places)
    population = CppnGenomes(*(tf.repeat(part[None], count, axis=1) for part in genome))
    return genome, CppnGenomes(*(part[0] for part in mutate_graphs(population, tf.constant([[3, 5]], tf.int64), 1)))


def test_children_are_mutated_at_the_released_codes_rates_even_with_the_least_room(make_graph):
    """Counting nodes and edges tells all four apart: added a, deleted d, split s, node deleted n (with two edges)."""
    before = 14
    _, children = mutate_population(make_graph, edges=before, places=before + 2)
    hidden = np.count_nonzero(children.activations, axis=1) - 1
    more = np.count_nonzero(children.sources, axis=1) - before
    found = Counter(zip(hidden.tolist(), more.tolist(), strict=True))
    expected: Counter[tuple[int, int]] = Counter()
    rates = {"a": 0.5, "d": 0.3, "s": 0.5, "n": 0.2}
    for a, d, s, n in itertools.product((0, 1), repeat=4):
        chance = np.prod(
            [rates[name] if on else 1 - rates[name] for name, on in zip("adsn", (a, d, s, n), strict=True)]
        )
        expected[(s - s * n, a - d + s - 2 * s * n)] += chance * len(hidden)
    assert set(found) == set(expected)
    assert stats.chisquare(*zip(*((found[key], expected[key]) for key in expected), strict=True)).pvalue > 1e-4


def test_each_weight_and_each_activation_changes_in_a_tenth_of_the_children(make_graph):
    genome, children = mutate_population(make_graph, edges=14, places=16)
    only_added = np.asarray(children.sources)[:, :14].all(axis=1) & (np.count_nonzero(children.sources, axis=1) == 15)
    only_added &= np.count_nonzero(children.activations, axis=1) == 1
    changed = (np.asarray(children.weights) != np.asarray(genome.weights))[only_added, :14]
    assert stats.binomtest(int(changed.sum()), changed.size, 0.1).pvalue > 1e-4
    assert stats.chisquare(changed.sum(axis=0)).pvalue > 1e-4
    redrawn = int((np.asarray(children.activations)[:, 0] != np.asarray(genome.activations)[0, 0]).sum())
    assert stats.binomtest(redrawn, len(children.activations), 0.1 * 3 / 4).pvalue > 1e-4  # a quarter draws the same


@pytest.mark.parametrize("nodes", range(1, 34))
def test_there_is_always_room_for_one_more_node_and_two_more_edges(make_graph, nodes):
    edges = [(4, 5, 1.0)] * nodes
    full = CppnGenomes(*(part[None] for part in make_graph(["sine"] * nodes, edges)))
    for genomes in (ensure_room(full), ensure_room(ensure_room(full))):
        assert genomes.activations.shape[2] >= nodes + 1
        assert min(part.shape[2] for part in genomes[1:]) >= nodes + 2
        assert genomes.activations.shape[2] <= nodes + 8 and genomes.sources.shape[2] <= nodes + 17
        for part, old in zip(genomes, full, strict=True):
            np.testing.assert_array_equal(part[..., : old.shape[2]], old)
            assert not part.numpy()[..., old.shape[2] :].any()


def test_mutation_of_genomes_with_more_room_is_the_same_bytes_in_the_places_they_share(old_genomes):
    encoding, genomes = old_genomes
    tight = CppnGenomes(*map(tf.constant, genomes))
    roomy = CppnGenomes(*(tf.pad(part, [[0, 0], [0, 0], [0, 32]]) for part in tight))
    seeds = tf.constant([[11, 12]], tf.int64)
    for small, large in zip(
        *(mutate_graphs(part, seeds, encoding.image_shape[2]) for part in (tight, roomy)), strict=True
    ):
        width = small.shape[-1]
        assert large.numpy()[..., :width].tobytes() == small.numpy().tobytes()
        assert not large.numpy()[..., width:].any()


def test_a_runs_children_are_the_same_whichever_runs_are_mutated_beside_it(old_genomes):
    encoding, genomes = old_genomes
    both = CppnGenomes(*(tf.concat([part[:, ::-1], part], axis=0) for part in genomes))
    together = encoding.mutate(both, tf.constant([[1, 9], [2, 9]], tf.int64), tf.constant(1))
    alone = encoding.mutate(CppnGenomes(*map(tf.constant, genomes)), tf.constant([[2, 9]], tf.int64), tf.constant(1))
    for first, second in zip(together, alone, strict=True):
        width = min(first.shape[-1], second.shape[-1])
        np.testing.assert_array_equal(first[1, :, :width], second[0, :, :width])
