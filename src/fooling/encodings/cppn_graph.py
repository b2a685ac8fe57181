"""CPPN genomes: graphs of different shape in arrays of equal capacity."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

INPUTS = 4  # x, y, distance to the centre, bias
WEIGHT_RANGE = 10.0  # weights lie in [-10, 10]; released code
ACTIVATIONS = ("sine", "sigmoid", "gaussian", "linear")  # released code
EDGE_BLOCK, NODE_BLOCK = 8, 4  # capacity grows by so many places at a time; Choice


class CppnGenomes(NamedTuple):
    """A population of graphs. A 0 marks a free place everywhere, so padding with zeros adds room.

    Nodes are numbered from 1: the four inputs, then one node per place of ``activations``, of which the first
    ``channels`` are the outputs. Edges stand in no particular order; parallel edges are allowed and add up.
    """

    activations: tf.Tensor  # (runs, count, nodes) int32, 0 = free, otherwise 1 + index into ACTIVATIONS
    sources: tf.Tensor  # (runs, count, edges) int32, 0 = free, otherwise the node that the edge leaves
    targets: tf.Tensor  # (runs, count, edges) int32, 0 = free, otherwise the node that the edge enters
    weights: tf.Tensor  # (runs, count, edges) float32 in [-10, 10], 0 where free


def ensure_room(genomes: CppnGenomes) -> CppnGenomes:
    """Pad the arrays with zeros, if need be, so that one more mutation of any genome (2 edges, 1 node) fits."""
    edges = _missing_places(genomes.sources, spare=2, block=EDGE_BLOCK)
    nodes = _missing_places(genomes.activations, spare=1, block=NODE_BLOCK)
    added = CppnGenomes(nodes, edges, edges, edges)
    return CppnGenomes(*(tf.pad(part, [[0, 0], [0, 0], [0, more]]) for part, more in zip(genomes, added, strict=True)))


def _missing_places(occupied: tf.Tensor, spare: int, block: int) -> tf.Tensor:
    used = tf.reduce_max(tf.math.count_nonzero(occupied, axis=-1, dtype=tf.int32))
    capacity = tf.shape(occupied)[-1]
    return tf.maximum(-(-(used + spare) // block) * block - capacity, 0)


def measure_heights(genomes: CppnGenomes, bottom: tf.Tensor) -> tf.Tensor:
    """Return each non-input node's longest way down to one of the nodes at the bottom, ``(genomes, nodes) bool``.

    Returns:
        ``(genomes, nodes) int32``: 0 at the bottom, −1 for nodes that do not lead there.
    """
    nodes = tf.shape(bottom, out_type=tf.int64)[1]
    asked = tf.reduce_any(bottom, axis=1, keepdims=True)  # a graph without a bottom costs nothing
    edges = tf.where((genomes.sources > INPUTS) & asked)  # (edges, 2): genome, place; inputs have no height
    first = edges[:, 0] * nodes - (INPUTS + 1)
    source, target = (first + tf.cast(tf.gather_nd(ends, edges), tf.int64) for ends in genomes[1:3])

    def lift(heights: tf.Tensor, level: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        above = tf.boolean_mask(source, tf.gather(heights, target) == level)
        lifted = tf.size(above)
        return tf.tensor_scatter_nd_update(heights, above[:, None], tf.fill([lifted], level + 1)), level + 1, lifted

    # Ends because a graph has no cycles; what leads to a node stands at least one level higher.
    start = tf.reshape(tf.where(bottom, 0, -1), [-1]), 0, 1
    heights, *_ = tf.while_loop(lambda heights, level, lifted: lifted > 0, lift, start)
    return tf.reshape(heights, tf.shape(bottom))
