"""The CPPN encoding: an image is a small graph of functions of the pixel's place (paper §2.2, released code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from fooling.encodings.cppn_evaluation import evaluate_graphs, pixel_coordinates
from fooling.encodings.cppn_graph import INPUTS, WEIGHT_RANGE, CppnGenomes, ensure_room
from fooling.encodings.cppn_mutation import cross_graphs, draw_activation, draw_weight, mutate_graphs
from fooling.encodings.operators import (
    COLOURS,
    as_written,
    check_colour,
    describe_fields,
    draw_uniform,
    fold_seeds,
    to_grey_levels,
)
from fooling.images import check_image_shape

COORDINATES = ("centred", "raw")


@dataclass(frozen=True)
class CppnEncoding:
    """Compositional pattern-producing networks.

    They are fed x and y in [-1, 1] ("centred", the CPPN convention) or pixel indices ("raw", the released code). The
    distance to the centre is measured in [-1, 1] in both.
    """

    image_shape: tuple[int, int, int]  # height, width, 1 or 3
    coordinates: str = "centred"
    colour: str = "hls"  # what three outputs mean: "hls" (released code) or "hsv" (the paper's text)

    name = "cppn"
    version = 1  # of its results
    slope = ("weights", WEIGHT_RANGE)

    def __post_init__(self) -> None:
        check_image_shape(self.image_shape)
        check_colour(self.colour)
        if self.coordinates not in COORDINATES:
            raise ValueError(f"There are no {self.coordinates!r} coordinates; choose one of {', '.join(COORDINATES)}.")

    def settings(self) -> dict[str, Any]:
        """Return everything that makes this encoding differ from another one."""
        return describe_fields(self)

    def genome_shapes(self) -> CppnGenomes:
        """Return the shape of one genome's tensors; all of them may grow."""
        return CppnGenomes([None], [None], [None], [None])

    @as_written
    def initialise(self, count: int, seeds: tf.Tensor) -> CppnGenomes:
        """Return ``count`` genomes for each row of ``seeds``: every input connected to every output, nothing hidden."""
        channels = self.image_shape[2]
        weights = draw_weight(draw_uniform(fold_seeds(seeds, 1), [count, INPUTS * channels]))
        activations = draw_activation(draw_uniform(fold_seeds(seeds, 2), [count, channels]))
        sources, targets = np.meshgrid(1 + np.arange(INPUTS), 1 + INPUTS + np.arange(channels))
        sources, targets = (
            tf.broadcast_to(tf.constant(ends.ravel(), tf.int32), tf.shape(weights)) for ends in (sources, targets)
        )
        return ensure_room(CppnGenomes(activations, sources, targets, weights))

    @as_written
    def mutate(self, genomes: CppnGenomes, seeds: tf.Tensor, generation: tf.Tensor) -> CppnGenomes:
        """Return one mutated child of each genome, in arrays that have room for the next mutation."""
        return self.mutate_by(genomes, seeds, generation, 1.0, 1.0)

    @as_written
    def mutate_by(
        self, genomes: CppnGenomes, seeds: tf.Tensor, generation: tf.Tensor, strength: Any, rate: Any
    ) -> CppnGenomes:
        """Mutate, with steps of weights longer by the factor ``strength``, and ``rate`` times as many of them.

        Both are scalar float32; a strength may also be ``(runs, 1)``.
        """
        return ensure_room(mutate_graphs(genomes, seeds, self.image_shape[2], strength, rate))

    @as_written
    def cross(self, genomes: CppnGenomes, mates: CppnGenomes, seeds: tf.Tensor, share: float) -> CppnGenomes:
        """Return one child of each pair, of which a share has two parents: the graph of the first, genes of both."""
        return cross_graphs(genomes, mates, seeds, share)

    @as_written
    def express(self, genomes: CppnGenomes) -> tf.Tensor:
        """Return the images, ``(runs, count, height, width, channels) float32``, whole grey levels in [0, 1].

        An output v becomes the grey level int(|255·v|); three outputs are a colour.
        """
        height, width, channels = self.image_shape
        leading = tf.unstack(tf.shape(genomes.activations)[:2])
        flat = CppnGenomes(*(tf.reshape(part, [-1, tf.shape(part)[2]]) for part in genomes))
        values = evaluate_graphs(flat, pixel_coordinates(self.image_shape, self.coordinates), channels)
        levels = to_grey_levels(tf.abs(values[:, :, : height * width]))  # (genomes, channels, pixels)
        if channels == 1:
            return tf.reshape(levels, [*leading, height, width, 1])
        colours = COLOURS[self.colour](*tf.unstack(levels, axis=1))  # (genomes, pixels, 3)
        return tf.reshape(colours, [*leading, height, width, channels])
