"""Single genomes: taken out of a population, put together again, expressed, mutated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.evolution.evolution import EXPRESSED
from fooling.images import to_bytes

ENCODINGS = 16  # whose graphs are kept; Choice: more than anybody looks at in one sitting


def take_genome(genomes: Genomes, place: int) -> Genomes:
    """Return one genome of a single run's population, ``(1, places, …)``, as NumPy arrays of their own."""
    return type(genomes)(*(np.array(part[0, place]) for part in genomes))


def stack_genomes(genomes: Sequence[Genomes]) -> Genomes:
    """Return genomes as one population, ``(1, count, …)``; smaller capacities are padded with zeros."""
    return type(genomes[0])(*(_stack_padded(parts)[None] for parts in zip(*genomes, strict=True)))


def _stack_padded(parts: Sequence[np.ndarray]) -> np.ndarray:
    widest = np.max([part.shape for part in parts], axis=0)
    return np.stack(
        [
            np.pad(part, [(0, more) for more in widest - part.shape]) if (widest > part.shape).any() else part
            for part in parts
        ]
    )


def express_genomes(encoding: Encoding, genomes: Sequence[Genomes]) -> np.ndarray:
    """Return the images of genomes, ``(count, height, width, channels) uint8``, as PNG files would hold them."""
    graph = compile_express(encoding)  # type: ignore[arg-type]  # every object is hashable, most by what they are
    parts = [np.zeros((0, *encoding.image_shape), np.uint8)]
    for start in range(0, len(genomes), EXPRESSED):
        population = stack_genomes(genomes[start : start + EXPRESSED])
        parts.append(to_bytes(graph(tf.nest.map_structure(tf.constant, population))[0]))
    return np.concatenate(parts)


def describe_population(encoding: Encoding, count: int | None) -> Genomes:
    """Return the tensor types of a single run's population, for the signature of a graph."""
    shapes = encoding.genome_shapes()
    example = encoding.initialise(1, tf.zeros([1, 2], tf.int64))
    return type(shapes)(
        *(tf.TensorSpec([1, count, *shape], part.dtype) for shape, part in zip(shapes, example, strict=True))
    )


@lru_cache(maxsize=ENCODINGS)
def compile_express(encoding: Encoding) -> Callable[[Genomes], tf.Tensor]:
    """Return ``encoding.express`` as one graph for populations of any size."""
    return concrete(encoding.express, [describe_population(encoding, None)])


@lru_cache(maxsize=ENCODINGS)
def compile_mutate(encoding: Encoding, count: int) -> Callable[[Genomes, tf.Tensor, tf.Tensor], Genomes]:
    """Return ``encoding.mutate`` as one graph for ``count`` parents of one run."""
    signature = [
        describe_population(encoding, count),
        tf.TensorSpec([1, 2], tf.int64),
        tf.TensorSpec([], tf.int32),
    ]
    return concrete(encoding.mutate, signature)


def concrete(function: Callable[..., Any], signature: list[Any]) -> Callable[..., Any]:
    """Return a function as one graph; tf.function itself warns of retracing where many are made in one process."""
    graph: Callable[..., Any] = tf.function(function, input_signature=signature).get_concrete_function()
    return graph
