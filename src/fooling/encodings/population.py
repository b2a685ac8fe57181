"""Populations of any encoding: genomes taken out, put together, expressed and mutated, each by one graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.images import to_bytes

EXPRESSED = 20  # images expressed at a time; Choice: as many as pass a large network
GRAPHS = 16  # kept of each kind; Choice: more than anybody looks at in one sitting


def take_genome(genomes: Genomes, place: int) -> Genomes:
    """Return one genome of the first run's population, ``(runs, places, …)``, as NumPy arrays of their own."""
    return type(genomes)(*(np.array(part[0, place]) for part in genomes))


def stack_genomes(genomes: Sequence[Genomes]) -> Genomes:
    """Return genomes as one population, ``(1, count, …)``; smaller capacities are padded with zeros."""
    parts = zip(*genomes, strict=True)
    return type(genomes[0])(*(join_padded([one[None] for one in part])[None] for part in parts))


def join_padded(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Join arrays along their first axis; where other axes are shorter, zeros are appended."""
    widest = np.max([part.shape for part in parts], axis=0)
    joined = np.zeros([sum(map(len, parts)), *widest[1:]], parts[0].dtype)  # filled in place: genomes may be large
    first = 0
    for part in parts:
        joined[(slice(first, first + len(part)), *(slice(side) for side in part.shape[1:]))] = part
        first += len(part)
    return joined


def express_genomes(encoding: Encoding, genomes: Genomes) -> np.ndarray:
    """Return the images of one run's population, ``(count, height, width, channels) uint8``, as PNG files hold them."""
    graph = compile_express(encoding)  # type: ignore[arg-type]  # every object is hashable, most by what they are
    parts = [np.asarray(part) for part in genomes]
    images = [np.zeros((0, *encoding.image_shape), np.uint8)]
    for start in range(0, parts[0].shape[1], EXPRESSED):
        few = type(genomes)(*(tf.constant(part[:, start : start + EXPRESSED]) for part in parts))
        images.append(to_bytes(graph(few)[0]))
    return np.concatenate(images)


def describe_population(encoding: Encoding, count: int | None, runs: int = 1) -> Genomes:
    """Return the tensor types of a population, for the signature of a graph."""
    shapes = encoding.genome_shapes()
    example = encoding.initialise(1, tf.zeros([1, 2], tf.int64))
    return type(shapes)(
        *(tf.TensorSpec([runs, count, *shape], part.dtype) for shape, part in zip(shapes, example, strict=True))
    )


@lru_cache(maxsize=GRAPHS)
def compile_express(encoding: Encoding) -> Callable[[Genomes], tf.Tensor]:
    """Return ``encoding.express`` as one graph for populations of any size of one run."""
    return compile_graph(on_processor(encoding.express), [describe_population(encoding, None)])


def map_batches(
    function: Callable[[Any], tf.Tensor], population: Any, size: int, width: int | None, under_way: int
) -> tf.Tensor:
    """Return what a function makes of a population, batch by batch; a batch is of one run, and all are of one size.

    So the last bits of a network's sums do not depend on the runs beside a run.

    Args:
        function: From a batch, a nest of ``(1, size, …)`` tensors, to ``(size, width) float32``.
        population: A nest of ``(runs, count, …)`` tensors; what is returned is ``(runs, count, width) float32``.
        size: Of a batch, at most.
        width: None where it is known later.
        under_way: How many batches at a time, so that the small steps of one fill the core that another leaves idle.
    """
    runs, count = tf.nest.flatten(population)[0].shape[:2]
    size = min(size, count)
    batches = -(-count // size)
    slots = tf.minimum(tf.range(batches * size), count - 1)  # the last batch is filled up with its last genome

    def split(part: tf.Tensor) -> tf.Tensor:
        filled = part if batches * size == count else tf.gather(part, slots, axis=1)
        shape = tf.concat([[runs * batches, 1, size], tf.shape(part)[2:]], axis=0)
        return tf.ensure_shape(tf.reshape(filled, shape), [runs * batches, 1, size, *part.shape[2:]])

    parts, kind = tf.nest.map_structure(split, population), tf.TensorSpec([size, width], tf.float32)
    made = tf.map_fn(function, parts, fn_output_signature=kind, parallel_iterations=under_way)
    shape = [runs, batches * size, width or tf.shape(made)[2]]
    return tf.reshape(made, shape)[:, :count]


def compile_graph(function: Callable[..., Any], signature: list[Any]) -> Callable[..., Any]:
    """Return a function as one graph; tf.function itself warns of retracing where many are made in one process."""
    graph: Callable[..., Any] = tf.function(function, input_signature=signature).get_concrete_function()
    return graph


def on_processor(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes on the processor, where there is a GPU too.

    Breeding and rendering are many small steps, which a GPU only waits for; and the images' bytes are the same without
    one. The network, :meth:`~fooling.networks.classifier.Classifier.logits`, is on the GPU.
    """

    def compute(*given: Any) -> Any:
        with tf.device("/CPU:0"):
            return function(*given)

    return compute
