"""What CPPN graphs compute: a whole population at all pixels, level by level."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fooling.encodings.cppn_graph import ACTIVATIONS, INPUTS, CppnGenomes, measure_heights

REGISTER = 16  # float32 numbers in the widest vector register of today's processors

# Each activation as a factor for the weights of the edges, and a function of their scaled sum; released code.
FUNCTIONS = {
    "sine": (1.0, tf.sin),
    "sigmoid": (0.5, tf.tanh),  # 2 · sigmoid(total) − 1 is tanh(total / 2)
    "gaussian": (1.0, lambda total: tf.exp(-tf.square(total))),
    "linear": (1.0 / 3.0, lambda third: tf.clip_by_value(third, -1.0, 1.0)),  # clip(total, −3, 3) / 3
}


def pixel_coordinates(shape: tuple[int, int, int], coordinates: str) -> tf.Tensor:
    """Return what the four inputs see at each pixel, row by row.

    The pixels are padded to whole vector registers: processors evaluate the few numbers left over by another routine,
    with other last bits, and a genome's image must not depend on which genomes stand beside it.

    Returns:
        ``(4, height · width rounded up to 16) float32``: x and y, in [-1, 1] if "centred" and pixel indices if "raw";
        distance to the centre; 1.
    """
    height, width, _ = shape
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    x, y = 2.0 * columns / max(width - 1, 1) - 1.0, 2.0 * rows / max(height - 1, 1) - 1.0
    place = (x, y) if coordinates == "centred" else (columns, rows)
    inputs = np.stack([*place, np.hypot(x, y), np.ones_like(x)]).reshape(INPUTS, -1)
    return tf.constant(np.pad(inputs, [(0, 0), (0, -(height * width) % REGISTER)]), tf.float32)


class EvaluationPlan(NamedTuple):
    """In which order to evaluate the nodes of a population that reach an output.

    Rows of values are: the four inputs, then these nodes by descending height above the outputs and, within a height,
    by activation.
    """

    starts: tf.Tensor  # (4 · heights + 1,) int32: first row of each group of one height and one activation
    edge_starts: tf.Tensor  # (heights + 1,) int32: first edge into each height
    edges: tf.Tensor  # (edges, 2) int64: row of the target, row of the source; ascending by target, then by place
    weights: tf.Tensor  # (edges,) float32, times the factor of the target's activation
    outputs: tf.Tensor  # (genomes, channels) int32: the outputs' rows


def evaluate_graphs(genomes: CppnGenomes, coordinates: tf.Tensor, channels: int) -> tf.Tensor:
    """Evaluate a population of graphs at all pixels.

    All nodes of one height are one sparse matrix product with the values above them, which adds up each node's edges
    in the order of their places; then each activation runs once over its share of the rows.

    Args:
        coordinates: ``(4, pixels) float32``.

    Returns:
        ``(genomes, channels, pixels) float32 in [-1, 1]``.
    """
    plan = plan_evaluation(genomes, channels)
    last = tf.shape(plan.edge_starts)[0] - 2

    def append(level: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # This copies the rows so far, but the highest levels are the smallest; it beat updates in place twofold.
        return level + 1, tf.concat([values, *evaluate_level(plan, level, values)], axis=0)

    growing = [tf.TensorShape([]), tf.TensorShape([None, coordinates.shape[1]])]
    _, values = tf.while_loop(lambda level, _: level < last, append, [0, coordinates], shape_invariants=growing)
    outputs = tf.gather(tf.concat(evaluate_level(plan, last, values), axis=0), plan.outputs - tf.shape(values)[0])
    return tf.ensure_shape(outputs, [None, channels, coordinates.shape[1]])


def evaluate_level(plan: EvaluationPlan, level: tf.Tensor, values: tf.Tensor) -> list[tf.Tensor]:
    """Return the values of the nodes of one height, 0 for the highest, one tensor of rows per activation.

    The values given, ``(rows, pixels) float32``, are those of the inputs and all higher nodes.
    """
    groups = len(ACTIVATIONS)
    bounds = plan.starts[groups * level : groups * (level + 1) + 1]
    entering = slice(plan.edge_starts[level], plan.edge_starts[level + 1])
    # For each row the sum over its edges of weight · value of the source, (rows, pixels).
    indices = plan.edges[entering] - tf.cast(tf.stack([bounds[0], 0]), tf.int64)
    totals = add_edges(bounds[-1] - bounds[0], indices, plan.weights[entering], values)
    shares = tf.split(totals, bounds[1:] - bounds[:-1], num=groups)
    return [FUNCTIONS[name][1](share) for name, share in zip(ACTIVATIONS, shares, strict=True)]


def add_edges(rows: tf.Tensor, edges: tf.Tensor, weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return for each row the sum over its edges of weight · value of the source, ``(rows, pixels) float32``.

    Its gradient is its own: TensorFlow's adds up in an order that depends on which thread was free. Edges and weights
    are as in :class:`EvaluationPlan`, the values ``(sources, pixels) float32``.
    """
    sources = tf.shape(values)[0]

    def multiply(edges: tf.Tensor, weights: tf.Tensor, values: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        shape = tf.cast(tf.stack([rows, tf.shape(values)[0]]), tf.int64)
        matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(indices=edges, values=weights, dense_shape=shape)
        return tf.raw_ops.SparseMatrixMatMul(a=matrix, b=values)

    def compute(weights: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor, tf.Tensor]]]:
        def go_back(slope: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            by_weight = tf.reduce_sum(tf.gather(slope, edges[:, 0]) * tf.gather(values, edges[:, 1]), axis=1)
            order = tf.argsort(edges[:, 1], stable=True)  # by source
            turned = tf.reverse(tf.gather(edges, order), axis=[1])
            return by_weight, multiply(turned, tf.gather(weights, order), slope, sources)

        return multiply(edges, weights, values, rows), go_back

    return tf.custom_gradient(compute)(weights, values)


def plan_evaluation(genomes: CppnGenomes, channels: int) -> EvaluationPlan:
    """Order the nodes and edges of a population for :func:`evaluate_graphs`."""
    count, nodes = tf.unstack(tf.shape(genomes.activations))
    is_output = tf.tile(tf.range(nodes)[None, :] < channels, [count, 1])
    heights = measure_heights(genomes, is_output)
    top = tf.reduce_max(heights)
    active = tf.where(heights >= 0)  # (rows, 2): genome, place
    group = len(ACTIVATIONS) * (top - tf.gather_nd(heights, active)) + tf.gather_nd(genomes.activations, active) - 1
    order = tf.argsort(group, stable=True)
    active, group = tf.gather(active, order), tf.gather(group, order)
    sizes = tf.math.bincount(group, minlength=len(ACTIVATIONS) * (top + 1))
    starts = INPUTS + tf.concat([[0], tf.cumsum(sizes)], axis=0)

    input_rows = tf.tile(tf.range(INPUTS + nodes)[None, :], [count, 1])
    node_rows = INPUTS + tf.range(tf.shape(active)[0])
    row_of = tf.tensor_scatter_nd_update(input_rows, active + [0, INPUTS], node_rows)  # (genomes, 4 + nodes)
    # One row of candidate edges for each node in its order: `where` then lists the edges already sorted.
    owner, node = active[:, 0], tf.cast(active[:, 1], tf.int32) + INPUTS + 1
    entering = tf.where(tf.gather(genomes.targets, owner) == node[:, None])  # (edges, 2): rank of node, place
    edge = tf.stack([tf.gather(owner, entering[:, 0]), entering[:, 1]], axis=1)
    source = tf.stack([edge[:, 0], tf.cast(tf.gather_nd(genomes.sources, edge), tf.int64) - 1], axis=1)
    edges = tf.stack([entering[:, 0] + INPUTS, tf.cast(tf.gather_nd(row_of, source), tf.int64)], axis=1)
    edge_starts = tf.searchsorted(tf.cast(edges[:, 0], tf.int32), starts[:: len(ACTIVATIONS)])
    factors = tf.gather([FUNCTIONS[name][0] for name in ACTIVATIONS], group % len(ACTIVATIONS))
    weights = tf.gather_nd(genomes.weights, edge) * tf.gather(factors, entering[:, 0])
    return EvaluationPlan(starts, edge_starts, edges, weights, row_of[:, INPUTS : INPUTS + channels])
