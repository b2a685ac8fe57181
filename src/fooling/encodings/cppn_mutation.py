"""How CPPN graphs vary: six mutations in the released code's order, each on the whole population at once."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from fooling.encodings.cppn_graph import ACTIVATIONS, INPUTS, WEIGHT_RANGE, CppnGenomes, measure_heights
from fooling.encodings.operators import draw_uniform, fold_seeds, polynomial_step

# Probabilities of the released code.
WEIGHT_RATE = 0.1  # each weight
ACTIVATION_RATE = 0.1  # each non-input node
ADD_EDGE_RATE, DELETE_EDGE_RATE, SPLIT_EDGE_RATE, DELETE_NODE_RATE = 0.5, 0.3, 0.5, 0.2  # each child

FREE = 0


def mutate_graphs(
    genomes: CppnGenomes, seeds: tf.Tensor, channels: int, strength: Any = 1.0, rate: Any = 1.0
) -> CppnGenomes:
    """Return one mutated child of each genome.

    Args:
        genomes: Parents with room for two more edges and one more node (:func:`~.cppn_graph.ensure_room`).
        seeds: ``(runs, 2) int64``, fresh for this generation.
        strength: Factor on the steps of weights, scalar float32 or ``(runs, 1)``.
        rate: Factor on how many weights change, scalar float32.
    """
    count = genomes.sources.shape[1] or tf.shape(genomes.sources)[1]
    # Places come before children, so that a larger capacity leaves the draws of the places before it unchanged.
    per_edge = draw_uniform(fold_seeds(seeds, 1), [tf.shape(genomes.sources)[2], 2, count])
    per_node = draw_uniform(fold_seeds(seeds, 2), [tf.shape(genomes.activations)[2], 2, count])
    per_child = draw_uniform(fold_seeds(seeds, 3), [11, count])

    flat = CppnGenomes(*(tf.reshape(part, [-1, tf.shape(part)[2]]) for part in genomes))
    chosen, step = (_flatten_places(per_edge[:, :, draw]) for draw in (0, 1))
    strengths = tf.reshape(tf.broadcast_to(strength, [tf.shape(seeds)[0], count]), [-1, 1])
    flat = mutate_weights(flat, chosen, step, strengths, rate)
    flat = mutate_activations(flat, *(_flatten_places(per_node[:, :, draw]) for draw in (0, 1)))
    draws = [tf.reshape(per_child[:, draw], [-1]) for draw in range(11)]
    flat = add_edge(flat, draws[0] < ADD_EDGE_RATE, draws[1], draws[2], draws[3], channels)
    flat = delete_edge(flat, draws[4] < DELETE_EDGE_RATE, draws[5])
    flat = split_edge(flat, draws[6] < SPLIT_EDGE_RATE, draws[7], draws[8])
    flat = delete_node(flat, draws[9] < DELETE_NODE_RATE, draws[10], channels)
    return CppnGenomes(*(tf.reshape(new, tf.shape(old)) for new, old in zip(flat, genomes, strict=True)))


def _flatten_places(draws: tf.Tensor) -> tf.Tensor:
    """Turn ``(runs, places, count)`` into ``(runs · count, places)``."""
    return tf.reshape(tf.transpose(draws, [0, 2, 1]), [-1, tf.shape(draws)[1]])


def mutate_weights(
    genomes: CppnGenomes, chosen: tf.Tensor, step: tf.Tensor, strength: Any = 1.0, rate: Any = 1.0
) -> CppnGenomes:
    """Change each weight with probability 0.1 by a polynomial step on the gene that spans [-10, 10].

    Args:
        genomes: ``(genomes, places)`` arrays, here and in all functions below.
        chosen: ``(genomes, edges) float32 in [0, 1)``: which weights change.
        step: ``(genomes, edges) float32 in [0, 1)``: by how much.
        strength: Factor on the steps, scalar or ``(genomes, 1)``.
    """
    changes = (chosen < WEIGHT_RATE * rate) & (genomes.sources != FREE)
    moved = genomes.weights + 2.0 * WEIGHT_RANGE * strength * polynomial_step(step)
    clipped = tf.clip_by_value(moved, -WEIGHT_RANGE, WEIGHT_RANGE)
    return genomes._replace(weights=tf.where(changes, clipped, genomes.weights))


def mutate_activations(genomes: CppnGenomes, chosen: tf.Tensor, function: tf.Tensor) -> CppnGenomes:
    """Redraw the activation of each non-input node with probability 0.1."""
    changes = (chosen < ACTIVATION_RATE) & (genomes.activations != FREE)
    return genomes._replace(activations=tf.where(changes, draw_activation(function), genomes.activations))


def add_edge(
    genomes: CppnGenomes, happens: tf.Tensor, source: tf.Tensor, target: tf.Tensor, weight: tf.Tensor, channels: int
) -> CppnGenomes:
    """Connect a random non-output node to a random node that is neither an input nor one of its ancestors."""
    alive = genomes.activations != FREE
    hidden = alive & (tf.range(tf.shape(alive)[1]) >= channels)
    all_inputs = tf.ones([tf.shape(alive)[0], INPUTS], tf.bool)
    source_node = 1 + pick_place(tf.concat([all_inputs, hidden], axis=1), source)
    bottom = one_place(source_node - 1 - INPUTS, alive) & happens[:, None]
    leads_to_source = measure_heights(genomes, bottom) >= 0  # itself included
    allowed = alive & ~leads_to_source
    target_node = 1 + INPUTS + pick_place(allowed, target)
    place = first_free(genomes.sources, happens)
    return CppnGenomes(
        genomes.activations,
        tf.where(place, source_node[:, None], genomes.sources),
        tf.where(place, target_node[:, None], genomes.targets),
        tf.where(place, draw_weight(weight)[:, None], genomes.weights),
    )


def delete_edge(genomes: CppnGenomes, happens: tf.Tensor, edge: tf.Tensor) -> CppnGenomes:
    """Delete a random edge."""
    alive = genomes.sources != FREE
    gone = alive & one_place(pick_place(alive, edge), genomes.sources) & happens[:, None]
    return _clear_edges(genomes, gone)


def split_edge(genomes: CppnGenomes, happens: tf.Tensor, edge: tf.Tensor, function: tf.Tensor) -> CppnGenomes:
    """Put a new node on a random edge; both halves take the old weight, the activation is random."""
    alive = genomes.sources != FREE
    happens &= tf.reduce_any(alive, axis=1)
    index = pick_place(alive, edge)
    old_target, old_weight = (tf.gather(part, index, batch_dims=1)[:, None] for part in genomes[2:])
    node_place = first_free(genomes.activations, happens)
    new_node = (1 + INPUTS + tf.argmax(genomes.activations == FREE, axis=1, output_type=tf.int32))[:, None]
    first_half = one_place(index, genomes.sources) & happens[:, None]
    second_half = first_free(genomes.sources, happens)
    return CppnGenomes(
        tf.where(node_place, draw_activation(function)[:, None], genomes.activations),
        tf.where(second_half, new_node, genomes.sources),
        tf.where(second_half, old_target, tf.where(first_half, new_node, genomes.targets)),
        tf.where(second_half, old_weight, genomes.weights),
    )


def delete_node(genomes: CppnGenomes, happens: tf.Tensor, node: tf.Tensor, channels: int) -> CppnGenomes:
    """Delete a random hidden node with its edges."""
    hidden = (genomes.activations != FREE) & (tf.range(tf.shape(genomes.activations)[1]) >= channels)
    index = pick_place(hidden, node)
    gone = hidden & one_place(index, genomes.activations) & happens[:, None]
    number = tf.where(tf.reduce_any(gone, axis=1), 1 + INPUTS + index, -1)[:, None]
    touching = (genomes.sources == number) | (genomes.targets == number)
    return _clear_edges(genomes._replace(activations=tf.where(gone, FREE, genomes.activations)), touching)


def _clear_edges(genomes: CppnGenomes, gone: tf.Tensor) -> CppnGenomes:
    return genomes._replace(
        sources=tf.where(gone, FREE, genomes.sources),
        targets=tf.where(gone, FREE, genomes.targets),
        weights=tf.where(gone, 0.0, genomes.weights),
    )


def cross_graphs(genomes: CppnGenomes, mates: CppnGenomes, seeds: tf.Tensor, share: float) -> CppnGenomes:
    """Return one child of each pair: the first parent's graph, half of the genes that both have from the second.

    Source: NEAT (Stanley & Miikkulainen 2002), whose genes carry the number of the mutation that made them. Choice: as
    ours do not, an edge is the same gene where it joins the same nodes, and a node where it has the same number. Other
    genes are the first one's, so that no cycle arises. Of parallel edges the second parent gives its first.

    Args:
        genomes: The first parents, ``(runs, count, places)`` arrays, as ``mates``, of the same capacity.
        seeds: ``(runs, 2) int64``.
        share: Of the children that have two parents; the others are their first parent.
    """
    count = genomes.sources.shape[1] or tf.shape(genomes.sources)[1]
    has_two = (draw_uniform(fold_seeds(seeds, 3), [count]) < share)[:, :, None]
    # Places come before children, as in :func:`mutate_graphs`.
    takes_edge, takes_node = (
        has_two & (tf.transpose(draw_uniform(fold_seeds(seeds, purpose), [tf.shape(part)[2], count]), [0, 2, 1]) < 0.5)
        for purpose, part in ((1, genomes.sources), (2, genomes.activations))
    )
    alike = [own[..., :, None] == other[..., None, :] for own, other in zip(genomes[1:3], mates[1:3], strict=True)]
    same = alike[0] & alike[1] & (genomes.sources != FREE)[..., None]  # (runs, count, edges, edges of the mate)
    twin = tf.argmax(tf.cast(same, tf.int32), axis=3)
    given = tf.gather(mates.weights, twin, batch_dims=2)
    both = (genomes.activations != FREE) & (mates.activations != FREE)
    return genomes._replace(
        activations=tf.where(takes_node & both, mates.activations, genomes.activations),
        weights=tf.where(takes_edge & tf.reduce_any(same, axis=3), given, genomes.weights),
    )


def pick_place(allowed: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
    """Return the index of one allowed place of each genome, all equally likely; 0 where none is, ``(genomes,) int32``.

    The choice depends on the order of the allowed places only, not on how many free ones stand behind them.

    Args:
        allowed: ``(genomes, places) bool``.
        draw: ``(genomes,) float32 in [0, 1)``.
    """
    places = tf.range(tf.shape(allowed)[1])
    up_to = tf.cast(places[:, None] <= places[None, :], tf.float32)
    rank = tf.matmul(tf.cast(allowed, tf.float32), up_to)  # a cumulative sum: 1 at the first allowed place, 2 at …
    wanted = tf.floor(draw * rank[:, -1])
    return tf.argmax(rank > wanted[:, None], axis=1, output_type=tf.int32)


def one_place(index: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Return ``(genomes, places) bool``, true at ``index`` only."""
    return tf.range(tf.shape(like)[1])[None, :] == index[:, None]


def first_free(places: tf.Tensor, happens: tf.Tensor) -> tf.Tensor:
    """Return ``(genomes, places) bool``, true at the first free place of the genomes to which it happens."""
    return one_place(tf.argmax(places == FREE, axis=1, output_type=tf.int32), places) & happens[:, None]


def draw_activation(draw: tf.Tensor) -> tf.Tensor:
    """Turn uniform numbers in [0, 1) into activations, all equally likely."""
    return 1 + tf.cast(draw * len(ACTIVATIONS), tf.int32)


def draw_weight(draw: tf.Tensor) -> tf.Tensor:
    """Turn uniform numbers in [0, 1) into weights in [-10, 10)."""
    return (2.0 * draw - 1.0) * WEIGHT_RANGE
