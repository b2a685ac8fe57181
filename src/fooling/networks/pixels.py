"""Which pixels a network expects, as far as its first layers tell it."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from fooling.networks.adapt import find_input

RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))  # of pixels; Choice: those of nearly all published Keras networks
LEVELS = np.array([-1.0, 0.0, 1.0, 255.0], np.float32)  # of pixels, that tell what a layer makes of any
NEAR = 12  # operations from the input that are looked at; Choice: preprocess_input of Keras has at most seven
# What networks make of black and white, whatever they take; Choice: to 2%, so that 1/256 is 1/255.
MADE = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 255.0))
NARROW, WIDE = 1.0, 12.0  # standard deviations from black to white, where they are the unit

Range = tuple[float, float]


def read_range(network: keras.Model) -> tuple[Range, str] | None:
    """Return the pixels that the first layers of a network ask for, and in words why; None where they do not say.

    Whole numbers, a rescaling, a normalisation or operators near the input tell it: one of the usual ranges must become
    what networks compute with. Layers with other weights end the search.
    """
    try:
        (tensor,) = tf.nest.flatten(find_input(network))
    except (AttributeError, ValueError):  # not a graph of layers
        return None
    if not tensor.dtype.startswith(("float", "bfloat")):
        return RANGES[1], f"its input is whole numbers ({tensor.dtype})"
    sides = [side or 8 for side in tensor.shape[1:]]
    return _follow(network, np.broadcast_to(LEVELS.reshape(-1, *[1] * len(sides)), (len(LEVELS), *sides)))


def _follow(network: keras.Model, images: np.ndarray) -> tuple[Range, str] | None:
    """Return what :func:`read_range` does, for images of one level each."""
    if isinstance(network, keras.Sequential):
        network = keras.Model(network.inputs[0], network.outputs[0])
    for operation in network.operations[: NEAR + 1]:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        node = operation._inbound_nodes[0]
        if isinstance(operation, keras.Sequential) or type(operation).__name__ == "Functional":
            return _follow(operation, _compute(network, node.input_tensors[0], images))
        normalises = isinstance(operation, keras.layers.Normalization)
        if len(node.output_tensors) != 1 or (getattr(operation, "weights", None) and not normalises):
            return None
        made = _compute(network, node.output_tensors[0], images).reshape(len(LEVELS), -1)
        minus, zero, one, white = made.astype(np.float64)
        scale = one - zero
        if not np.allclose([zero - minus, (white - zero) / 255.0], scale, rtol=1e-2, atol=1e-6):
            return None
        moved = np.abs(scale) > 0.0  # the rest is padding
        found = _match(float(np.median(scale[moved])), float(np.median(zero[moved]))) if moved.any() else None
        if found:
            return found, f"its layer {operation.name} ({type(operation).__name__}) asks for them"
    return None


def _compute(network: keras.Model, tensor: keras.KerasTensor, images: np.ndarray) -> np.ndarray:
    """Return a tensor inside a network for some images."""
    start = find_input(network)
    if tensor is tf.nest.flatten(start)[0]:
        return images
    given = tf.nest.pack_sequence_as(start, [tf.constant(images)])
    return np.asarray(keras.Model(start, tensor)(given, training=False), np.float32)


def _match(scale: float, offset: float) -> Range | None:
    """Return the usual range that scale · pixel + offset makes into what networks compute with, None if there is none.

    Where it is standard deviations from a mean, it is the narrowest range that the mean lies in.
    """
    made = {one: (scale * one[0] + offset, scale * one[1] + offset) for one in RANGES}
    exact = [
        one
        for one, ends in made.items()
        if (scale, offset) != (1.0, 0.0)
        and any(np.allclose(ends, usual, atol=0.02 * (usual[1] - usual[0])) for usual in MADE)
    ]
    inside = {
        one: high - low
        for one, (low, high) in made.items()
        if abs(offset) > 0.01 and low < 0.0 < high and (NARROW < high - low < WIDE or high - low == 255.0)
    }
    return exact[0] if exact else min(inside, key=lambda one: inside[one], default=None)
