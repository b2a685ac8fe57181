"""The direct encoding: one gene per pixel and channel (paper §2.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from fooling.encodings.operators import (
    COLOURS,
    as_written,
    check_colour,
    describe_fields,
    draw_uniform,
    fold_seeds,
    polynomial_step,
    simulated_binary_crossover,
    to_grey_levels,
)
from fooling.images import check_image_shape

MUTATION_RATE = 0.1  # paper §2.2: each gene with probability 0.1 …
HALVING_PERIOD = 1000  # … which "drops by half every 1000 generations"


class DirectGenomes(NamedTuple):
    """A population of direct genomes, ``(runs, count, height · width · channels) float32 in [0, 1]``."""

    genes: tf.Tensor


@dataclass(frozen=True)
class DirectEncoding:
    """Pixels as genes."""

    image_shape: tuple[int, int, int]  # height, width, 1 or 3
    halving: bool = True  # of the mutation rate every 1000 generations (the paper; the released code never does)
    crossover: bool = False  # of neighbours before mutation (released code; the paper has mutation only)
    colour: str = "hls"  # what three channels hold: "hls" (released code) or "hsv" (the paper's text)

    name = "direct"
    version = 1  # of its results

    def __post_init__(self) -> None:
        check_image_shape(self.image_shape)
        check_colour(self.colour)

    def settings(self) -> dict[str, Any]:
        """Return everything that makes this encoding differ from another one."""
        return describe_fields(self)

    def genome_shapes(self) -> DirectGenomes:
        """Return the shape of one genome's tensors."""
        return DirectGenomes(genes=[math.prod(self.image_shape)])

    @as_written
    def initialise(self, count: int, seeds: tf.Tensor) -> DirectGenomes:
        """Return ``count`` genomes of uniform noise for each row of ``seeds``, ``(runs, 2) int64``."""
        return DirectGenomes(draw_uniform(seeds, [count, math.prod(self.image_shape)]))

    @as_written
    def mutate(self, genomes: DirectGenomes, seeds: tf.Tensor, generation: tf.Tensor) -> DirectGenomes:
        """Return one child of each genome: optional crossover, then polynomial mutation of about a tenth of the genes.

        The first children are of generation 1.
        """
        return self.mutate_by(genomes, seeds, generation, 1.0, 1.0)

    @as_written
    def mutate_by(
        self, genomes: DirectGenomes, seeds: tf.Tensor, generation: tf.Tensor, strength: Any, rate: Any
    ) -> DirectGenomes:
        """Mutate, with steps of genes longer by the factor ``strength``, and ``rate`` times as many of them.

        Both are scalar float32; a strength may also be ``(runs, 1)``.
        """
        genes = genomes.genes
        if self.crossover:
            genes = simulated_binary_crossover(genes, fold_seeds(seeds, 1))
        share = tf.constant(MUTATION_RATE) * rate
        if self.halving:
            share *= 0.5 ** tf.cast(generation // HALVING_PERIOD, tf.float32)
        return DirectGenomes(mutate_some(genes, share, seeds, strength))

    @as_written
    def express(self, genomes: DirectGenomes) -> tf.Tensor:
        """Return the images, ``(runs, count, height, width, channels) float32``, whole grey levels in [0, 1]."""
        levels = to_grey_levels(genomes.genes)
        images = tf.reshape(levels, [*tf.unstack(tf.shape(levels)[:-1]), *self.image_shape])
        return images if self.image_shape[2] == 1 else COLOURS[self.colour](*tf.unstack(images, axis=-1))


def mutate_some(genes: tf.Tensor, rate: tf.Tensor, seeds: tf.Tensor, strength: Any = 1.0) -> tf.Tensor:
    """Change each gene with probability ``rate`` by a polynomial step, and draw numbers only for those that change.

    Independent trials with probability r are geometric gaps between successes, so the places that mutate are a running
    sum of gaps. Twenty more than eight standard deviations of spare gaps are drawn: the sum falls short of the last
    gene less than once in 10^15 generations.

    Args:
        genes: ``(runs, count, genes) float32 in [0, 1]``.
        rate: Scalar float32 in (0, 1).
        seeds: ``(runs, 2) int64``.
        strength: Factor on the steps, float32, scalar or ``(runs, 1)``.
    """
    shape = tf.shape(genes)
    runs, places = shape[0], shape[1] * shape[2]
    expected = tf.cast(places, tf.float32) * rate
    spare = tf.cast(expected + 8.0 * tf.sqrt(expected) + 20.0, tf.int32)
    draws = draw_uniform(seeds, [spare, 2])  # (runs, spare, 2)
    gaps = 1.0 + tf.floor(tf.math.log1p(-draws[..., 0]) / tf.math.log1p(-rate))
    gaps = tf.cast(tf.minimum(gaps, tf.cast(places + 1, tf.float32)), tf.int32)  # a rate near 0 must not overflow
    chosen = tf.cumsum(gaps, axis=1) - 1  # (runs, spare), ascending
    inside = chosen < places
    positions = tf.boolean_mask(chosen + places * tf.range(runs)[:, None], inside)[:, None]
    steps = tf.boolean_mask(strength * polynomial_step(draws[..., 1]), inside)
    flat = tf.reshape(genes, [-1])
    changed = tf.clip_by_value(tf.gather_nd(flat, positions) + steps, 0.0, 1.0)
    return tf.reshape(tf.tensor_scatter_nd_update(flat, positions, changed), shape)
