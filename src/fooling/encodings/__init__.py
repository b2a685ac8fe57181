"""Encodings: how a genome becomes an image, and how it varies.

An encoding is any object with the attributes and the three functions of :class:`Encoding`. All of them work on
whole populations of several independent runs at once; a run's randomness comes from its own row of ``seeds``.

Some parts of :class:`~fooling.evolution.search.SearchSettings` need more of an encoding, which others may lack:
``mutate_by(genomes, seeds, generation, strength, rate)`` is ``mutate`` with longer steps (``strength``, float32,
scalar or ``(runs, 1)``) of more genes (``rate``, scalar float32);
``cross(genomes, mates, seeds, share)`` gives each pair one child; and ``slope``, such as ``("weights", 10.0)``, names
the part of a genome in which ``express`` is differentiable, and how far from 0 it reaches.
"""

from __future__ import annotations

from typing import Any, Protocol

import tensorflow as tf

Genomes = Any  # a NamedTuple of tensors whose first two axes are (runs, count)


class Encoding(Protocol):
    """What :func:`fooling.evolution.evolve.evolve` needs of an encoding, which never changes: graphs of it are kept."""

    @property
    def name(self) -> str:
        """Its name in files and figures."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """``(height, width, channels)`` of the images it expresses."""

    @property
    def version(self) -> int:
        """Of its results, part of a run's key: raised when equal genomes give other bytes."""

    def settings(self) -> dict[str, Any]:
        """Return everything that makes this encoding differ from another one; part of a run's key."""

    def genome_shapes(self) -> Genomes:
        """Return the shape of one genome's tensors as lists, None where an axis may grow."""

    def initialise(self, count: int, seeds: tf.Tensor) -> Genomes:
        """Return ``count`` random genomes for each row of ``seeds``, ``(runs, 2) int64``."""

    def mutate(self, genomes: Genomes, seeds: tf.Tensor, generation: tf.Tensor) -> Genomes:
        """Return one mutated child of each genome; an axis that was given as None may come back longer."""

    def express(self, genomes: Genomes) -> tf.Tensor:
        """Return the images, ``(runs, count, height, width, channels) float32``, whole grey levels × ``GREY_LEVEL``."""
