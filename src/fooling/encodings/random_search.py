"""The baseline of every page: the same number of images, each drawn at random and none bred from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from fooling.encodings import Encoding, Genomes


@dataclass(frozen=True)
class RandomSearch:
    """An encoding whose children forget their parents, so that evolution becomes random search."""

    encoding: Encoding  # whose random genomes are drawn; the direct encoding's are uniform noise

    @property
    def name(self) -> str:
        """The name in files and figures."""
        return f"random-{self.encoding.name}"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """``(height, width, channels)``."""
        return self.encoding.image_shape

    @property
    def version(self) -> int:
        """Of its results."""
        return self.encoding.version

    def settings(self) -> dict[str, Any]:
        """Return everything that makes this encoding differ from another one."""
        return {"random search": self.encoding.settings()}

    def genome_shapes(self) -> Genomes:
        """Return the shape of one genome's tensors."""
        return self.encoding.genome_shapes()

    def initialise(self, count: int, seeds: tf.Tensor) -> Genomes:
        """Return ``count`` random genomes for each row of ``seeds``."""
        return self.encoding.initialise(count, seeds)

    def mutate(self, genomes: Genomes, seeds: tf.Tensor, generation: tf.Tensor) -> Genomes:
        """Return as many fresh random genomes as there are parents."""
        return self.encoding.initialise(genomes[0].shape[1], seeds)

    def express(self, genomes: Genomes) -> tf.Tensor:
        """Return the images."""
        return self.encoding.express(genomes)
