"""The six mutations of a graph, one at a time by chosen draws, then hundreds in a row."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from fooling.encodings.cppn_graph import ACTIVATIONS, CppnGenomes
from fooling.encodings.cppn_mutation import (
    add_edge,
    cross_graphs,
    delete_edge,
    delete_node,
    mutate_activations,
    mutate_weights,
    split_edge,
)

INPUTS = (1, 2, 3, 4)
DRAWS = np.linspace(0.0, 1.0, 1200, endpoint=False, dtype=np.float32)  # 1200: divisible by most numbers of choices

Edge = tuple[int, int, float]


def repeat(genome: CppnGenomes, count: int) -> CppnGenomes:
    return CppnGenomes(*(tf.repeat(part, count, axis=0) for part in genome))


def read_edges(genomes: Any, index: int = 0) -> list[Edge]:
    """Return the edges of one of ``(genomes, places)`` arrays, by place."""
    parts = [np.asarray(part)[index] for part in genomes[1:]]
    return [(int(s), int(t), float(w)) for s, t, w in zip(*parts, strict=True) if s]


def read_nodes(genomes: Any, index: int = 0) -> dict[int, int]:
    """Return activation by number of node."""
    return {5 + place: int(kind) for place, kind in enumerate(np.asarray(genomes[0])[index]) if kind}


def find_ancestors(edges: list[Edge], node: int) -> set[int]:
    """Return all nodes from which ``node`` can be reached, itself included; a search of our own."""
    found, waiting = {node}, [node]
    while waiting:
        reached = waiting.pop()
        for source, target, _ in edges:
            if target == reached and source not in found:
                found.add(source)
                waiting.append(source)
    return found


def has_cycle(edges: list[Edge]) -> bool:
    return any(target in find_ancestors(edges, source) for source, target, _ in edges)


def check_graph(genomes: Any, index: int, channels: int) -> None:
    """Assert that the arrays of one genome describe one acyclic graph."""
    activations, sources, targets, weights = (np.asarray(part)[index] for part in genomes)
    edges, nodes = read_edges(genomes, index), read_nodes(genomes, index)
    assert ((sources == 0) == (targets == 0)).all()
    assert (weights[sources == 0] == 0).all() and np.abs(weights).max() <= 10
    assert activations.min() >= 0 and activations.max() <= len(ACTIVATIONS)
    assert set(range(5, 5 + channels)) <= set(nodes), "an output is gone"
    for source, target, _ in edges:
        assert source in INPUTS or (source in nodes and source >= 5 + channels), "an edge leaves no node, or an output"
        assert target in nodes, "an edge enters an input or no node"
    assert not has_cycle(edges)


@pytest.fixture
def diamond(make_graph: Any) -> CppnGenomes:
    """Return a graph with one output 5, a chain 1 → 6 → 8 → 5 with a side way 6 → 9 → 8, and a lone node 10."""
    edges = [(1, 6, 1.0), (6, 8, 2.0), (8, 5, 3.0), (6, 9, 4.0), (9, 8, 5.0), (4, 5, 6.0)]
    kinds = ["linear", "sine", None, "gaussian", "sigmoid", "sine"]
    return make_graph(kinds, edges, nodes=8, places=10)


def add_every_edge(genome: CppnGenomes, channels: int) -> Counter[tuple[int, int]]:
    """Return how often each new edge comes out over a grid of draws."""
    count = len(DRAWS)
    rng = np.random.default_rng(0)
    source, target = DRAWS, rng.permutation(DRAWS)
    changed = add_edge(repeat(genome, count), tf.fill([count], True), source, target, DRAWS, channels)
    old = Counter(read_edges(genome))
    found: Counter[tuple[int, int]] = Counter()
    for index in range(count):
        new = Counter(read_edges(changed, index))
        ((edge, times),) = (new - old).items()
        assert times == 1 and not old - new
        found[edge[:2]] += 1
    return found


def list_allowed(genome: CppnGenomes, channels: int) -> set[tuple[int, int]]:
    nodes, edges = read_nodes(genome), read_edges(genome)
    sources = [*INPUTS, *(node for node in nodes if node >= 5 + channels)]
    return {(s, t) for s, t in itertools.product(sources, nodes) if t not in find_ancestors(edges, s)}


def test_an_added_edge_joins_any_allowed_pair_and_never_makes_a_cycle(diamond):
    assert set(add_every_edge(diamond, channels=1)) == list_allowed(diamond, channels=1)


def test_an_added_edge_never_leaves_an_output_and_never_enters_an_input(make_graph):
    genome = make_graph(["sine", "linear", "sine", "gaussian"], [(1, 5, 1.0), (8, 6, 2.0)], nodes=8, places=16)
    found = add_every_edge(genome, channels=3)
    assert set(found) == list_allowed(genome, channels=3)
    assert not {source for source, _ in found} & {5, 6, 7}


def test_sources_are_equally_likely_and_so_are_the_targets_of_each(diamond):
    found = add_every_edge(diamond, channels=1)
    by_source: Counter[int] = Counter()
    for (source, _), count in found.items():
        by_source[source] += count
    assert max(by_source.values()) - min(by_source.values()) <= 1  # the grid of draws is even
    for source, total in by_source.items():
        counts = [count for (s, _), count in found.items() if s == source]
        assert len(counts) == 1 or stats.chisquare(counts).pvalue > 1e-4, (source, total)


@pytest.mark.slow
def test_old_graphs_take_only_edges_that_keep_them_acyclic(old_genomes):
    encoding, genomes = old_genomes
    channels = encoding.image_shape[2]
    for index in (0, 1):
        genome = CppnGenomes(*(tf.constant(part[0, index : index + 1]) for part in genomes))
        assert set(add_every_edge(genome, channels)) <= list_allowed(genome, channels)


def test_an_added_weight_spans_minus_ten_to_ten(diamond):
    count = len(DRAWS)
    zeros = tf.zeros([count])
    changed = add_edge(repeat(diamond, count), tf.fill([count], True), zeros, zeros, DRAWS, 1)
    weights = [read_edges(changed, index)[-1][2] for index in range(count)]
    np.testing.assert_allclose(weights, 20.0 * DRAWS - 10.0, atol=1e-5)


def test_deleting_takes_one_edge_each_equally_often_and_leaves_the_rest(diamond):
    count = len(DRAWS)
    changed = delete_edge(repeat(diamond, count), tf.fill([count], True), DRAWS)
    old, gone = read_edges(diamond), Counter()
    for index in range(count):
        missing = set(old) - set(read_edges(changed, index))
        assert len(missing) == 1 and len(read_edges(changed, index)) == len(old) - 1
        gone[missing.pop()] += 1
        check_graph(changed, index, channels=1)
    assert set(gone.values()) == {count // len(old)}


def test_splitting_puts_a_node_on_one_edge_and_both_halves_take_the_old_weight(diamond):
    count = len(DRAWS)
    old, split = read_edges(diamond), Counter()
    changed = split_edge(repeat(diamond, count), tf.fill([count], True), DRAWS, DRAWS[::-1].copy())
    kinds = Counter()
    for index in range(count):
        edges, nodes = read_edges(changed, index), read_nodes(changed, index)
        (new,) = set(nodes) - set(read_nodes(diamond))
        assert new == 7  # the first free place
        (gone,) = set(old) - set(edges)
        source, target, weight = gone
        assert set(edges) - set(old) == {(source, new, weight), (new, target, weight)}
        assert len(edges) == len(old) + 1
        check_graph(changed, index, channels=1)
        split[gone] += 1
        kinds[nodes[new]] += 1
    assert set(split.values()) == {count // len(old)}
    assert set(kinds) == {1, 2, 3, 4} and max(kinds.values()) - min(kinds.values()) <= 2


def test_deleting_a_node_takes_its_edges_and_never_an_output(diamond):
    count = len(DRAWS)
    changed = delete_node(repeat(diamond, count), tf.fill([count], True), DRAWS, 1)
    old, gone = read_edges(diamond), Counter()
    for index in range(count):
        (node,) = set(read_nodes(diamond)) - set(read_nodes(changed, index))
        assert read_edges(changed, index) == [edge for edge in old if node not in edge[:2]]
        check_graph(changed, index, channels=1)
        gone[node] += 1
    assert gone == dict.fromkeys((6, 8, 9, 10), count // 4)


@pytest.mark.parametrize("happens", [True, False])
def test_a_graph_without_edges_or_hidden_nodes_loses_and_splits_nothing(make_graph, happens):
    bare = make_graph(["sine"], [], nodes=8, places=16)
    flag, draw = tf.constant([happens]), tf.constant([0.7])
    for changed in (
        delete_edge(bare, flag, draw),
        split_edge(bare, flag, draw, draw),
        delete_node(bare, flag, draw, 1),
    ):
        for before, after in zip(bare, changed, strict=True):
            np.testing.assert_array_equal(before, after)


def test_what_does_not_happen_changes_nothing(diamond):
    never, draw = tf.constant([False]), tf.constant([0.4])
    for changed in (
        add_edge(diamond, never, draw, draw, draw, 1),
        delete_edge(diamond, never, draw),
        split_edge(diamond, never, draw, draw),
        delete_node(diamond, never, draw, 1),
    ):
        for before, after in zip(diamond, changed, strict=True):
            np.testing.assert_array_equal(before, after)


def test_a_weight_changes_below_a_tenth_by_a_polynomial_step_of_its_whole_range(diamond):
    places = diamond.weights.shape[1]
    chosen = np.resize(np.float32([0.0, 0.0999, 0.1, 0.5]), places)[None]
    step = np.full((1, places), 0.25, np.float32)  # δ = 0.5^(1/16) − 1
    new = mutate_weights(diamond, tf.constant(chosen), tf.constant(step)).weights.numpy()[0]
    moves = (chosen[0] < 0.1) & (diamond.sources.numpy()[0] > 0)
    expected = diamond.weights.numpy()[0] + np.where(moves, 20.0 * (0.5 ** (1 / 16) - 1), 0.0)
    np.testing.assert_allclose(new, expected, atol=1e-5)
    assert (new[~moves] == diamond.weights.numpy()[0][~moves]).all()


def test_a_weight_beyond_ten_becomes_ten(make_graph):
    genome = make_graph(["sine"], [(1, 5, 9.9), (2, 5, -9.9)])
    step = tf.constant([[0.999, 0.001]])
    weights = mutate_weights(genome, tf.zeros([1, 2]), step).weights.numpy()
    np.testing.assert_array_equal(weights, [[10.0, -10.0]])


def test_an_activation_is_redrawn_below_a_tenth_and_free_places_stay_free(diamond):
    chosen = tf.constant([[0.0, 0.05, 0.0, 0.0999, 0.1, 0.9, 0.0, 0.0]])
    function = tf.constant([[0.0, 0.25, 0.5, 0.75, 0.0, 0.0, 0.5, 0.5]])
    new = mutate_activations(diamond, chosen, function).activations.numpy()[0]
    np.testing.assert_array_equal(new, [1, 2, 0, 4, 2, 1, 0, 0])


def test_an_edge_and_a_split_both_find_room_in_the_last_two_places(make_graph):
    full = make_graph(["sine"], [(1, 5, 1.0), (2, 5, 2.0)], nodes=2, places=4)
    always, draw = tf.constant([True]), tf.constant([0.3])
    changed = split_edge(add_edge(full, always, draw, draw, draw, 1), always, draw, draw)
    assert len(read_edges(changed)) == 4 and len(read_nodes(changed)) == 2
    check_graph(changed, 0, channels=1)


def test_after_500_mutations_every_genome_is_one_acyclic_graph_with_room_for_the_next(old_genomes):
    encoding, genomes = old_genomes
    flat = CppnGenomes(*(part[0] for part in genomes))
    for index in range(len(flat.weights)):
        check_graph(flat, index, encoding.image_shape[2])
    assert np.count_nonzero(flat.activations, axis=1).mean() > 30  # they did grow
    assert np.count_nonzero(flat.sources == 0, axis=1).min() >= 2
    assert np.count_nonzero(flat.activations == 0, axis=1).min() >= 1


def list_pairs(genomes: Any) -> list[tuple[list[Edge], dict[int, int]]]:
    """Return edges and nodes of each genome of ``(1, count, places)`` arrays."""
    flat = CppnGenomes(*(np.asarray(part)[0] for part in genomes))
    return [(read_edges(flat, index), read_nodes(flat, index)) for index in range(len(flat.weights))]


@pytest.mark.slow
def test_a_child_of_two_graphs_has_the_first_ones_edges_and_of_common_genes_half_from_each(old_genomes):
    """Parents and mates are cousins: what each mutated from the same old genomes."""
    encoding, genomes = old_genomes
    old = CppnGenomes(*(tf.constant(part) for part in genomes))
    parents, mates = (encoding.mutate(old, tf.constant([[seed, 0]], tf.int64), tf.constant(1)) for seed in (1, 2))
    room = [max(one.shape[2], other.shape[2]) for one, other in zip(parents, mates, strict=True)]
    parents, mates = (
        CppnGenomes(
            *(tf.pad(part, [[0, 0], [0, 0], [0, more - part.shape[2]]]) for part, more in zip(some, room, strict=True))
        )
        for some in (parents, mates)
    )
    taken, possible, nodes, common = 0, 0, 0, 0
    for seed in range(8):
        child = encoding.cross(parents, mates, tf.constant([[seed, 3]], tf.int64), 1.0)
        for one, other, born in zip(*map(list_pairs, (parents, mates, child)), strict=True):
            first: dict[tuple[int, int], float] = {}
            for source, target, weight in other[0]:
                first.setdefault((source, target), weight)
            assert [edge[:2] for edge in born[0]] == [edge[:2] for edge in one[0]] and born[1].keys() == one[1].keys()
            for mine, new in zip(one[0], born[0], strict=True):
                theirs = first.get(mine[:2], mine[2])
                assert new[2] in (mine[2], theirs)
                possible, taken = possible + (theirs != mine[2]), taken + (new[2] != mine[2])
            for node, kind in born[1].items():
                theirs = other[1].get(node, one[1][node])
                assert kind in (one[1][node], theirs)
                common, nodes = common + (theirs != one[1][node]), nodes + (kind != one[1][node])
    assert possible > 300 and stats.binomtest(taken, possible, 0.5).pvalue > 1e-4
    assert common > 100 and stats.binomtest(nodes, common, 0.5).pvalue > 1e-4


def test_a_share_of_the_children_has_two_parents_and_room_changes_no_child():
    seeds = tf.constant([[4, 0]], tf.int64)
    parents, mates = (
        CppnGenomes(
            tf.fill([1, 2000, 4], kind),
            *(tf.fill([1, 2000, 24], 1 + side) for side in (0, 4)),
            tf.fill([1, 2000, 24], weight),
        )
        for kind, weight in ((1, 2.0), (3, -5.0))
    )
    child = cross_graphs(parents, mates, seeds, 0.3)
    mixed = (child.weights.numpy()[0] != 2.0).any(axis=1)
    np.testing.assert_array_equal(mixed | (child.activations.numpy()[0] != 1).any(axis=1), mixed)
    assert stats.binomtest(int(mixed.sum()), 2000, 0.3).pvalue > 1e-4
    wide = [CppnGenomes(*(tf.pad(part, [[0, 0], [0, 0], [0, 8]]) for part in some)) for some in (parents, mates)]
    for narrow, padded in zip(child, cross_graphs(*wide, seeds, 0.3), strict=True):
        np.testing.assert_array_equal(np.pad(narrow, [(0, 0), (0, 0), (0, 8)]), padded)
