"""Graphs for the CPPN's tests: some drawn by hand, many grown by hundreds of mutations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_graph import ACTIVATIONS, CppnGenomes


def draw_graph(
    activations: Sequence[str | None], edges: Sequence[tuple[int, int, float]], nodes: int = 0, places: int = 0
) -> CppnGenomes:
    """Return one genome, ``(1, places)`` arrays: node 5 is the first of ``activations``, None marks a free place."""
    nodes, places = max(nodes, len(activations)), max(places, len(edges))
    names = [0 if name is None else 1 + ACTIVATIONS.index(name) for name in activations]
    ends = np.zeros((3, places))
    if edges:
        ends[:, : len(edges)] = np.array(edges).T
    return CppnGenomes(
        tf.constant([names + [0] * (nodes - len(names))], tf.int32),
        tf.constant(ends[:1], tf.int32),
        tf.constant(ends[1:2], tf.int32),
        tf.constant(ends[2:], tf.float32),
    )


@pytest.fixture(scope="session")
def make_graph() -> Callable[..., CppnGenomes]:
    return draw_graph


@pytest.fixture(scope="session")
def grow() -> Callable[..., list[CppnGenomes]]:
    """Return a function: ``grow(encoding, count, ages)`` gives populations (1, count) after so many mutations."""

    def grow_population(encoding: CppnEncoding, count: int, ages: Sequence[int], seed: int = 0) -> list[Any]:
        any_shape = CppnGenomes(*(tf.TensorSpec([1, count, None], kind) for kind in [tf.int32] * 3 + [tf.float32]))

        @tf.function(input_signature=[any_shape, tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int32)])
        def mutate_often(genomes: CppnGenomes, first: tf.Tensor, last: tf.Tensor) -> CppnGenomes:
            for age in tf.range(first, last):
                tf.autograph.experimental.set_loop_options(
                    shape_invariants=[(part, tf.TensorShape([1, count, None])) for part in genomes]
                )
                seeds = tf.cast(tf.stack([[seed, 16 * age]]), tf.int64)
                genomes = encoding.mutate(genomes, seeds, age)
            return genomes

        genomes = encoding.initialise(count, tf.constant([[seed, 1]], tf.int64))
        found, before = [], 1
        for age in ages:
            genomes = mutate_often(genomes, tf.constant(before), tf.constant(age + 1))
            found.append(CppnGenomes(*(part.numpy() for part in genomes)))
            before = age + 1
        return found

    return grow_population


@pytest.fixture(scope="session", params=[1, 3], ids=["grey", "colour"])
def old_genomes(request: pytest.FixtureRequest, grow: Callable[..., list[CppnGenomes]]) -> tuple[CppnEncoding, Any]:
    """Return an encoding and twenty-five genomes after 500 mutations."""
    encoding = CppnEncoding((9, 7, request.param))
    return encoding, grow(encoding, 25, [500])[0]
