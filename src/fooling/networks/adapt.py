"""What people hand in, from images to scores: called as one, nothing of ours in its graph, where names would meet."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from fooling.files import hash_arrays
from fooling.networks.asked import Asked

PROBES = 2  # noise images that tell the kind of output; few, because ten crops of a large network need 0.5 GB each
AGREE = 1e-5  # how far answers may lie apart that are the same but for rounding
CHANNELS = (1, 3)
NAMEABLE = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")  # Source: TensorFlow's rule for scopes

Shape = tuple[int, int, int]  # height, width, channels
Change = Callable[[Any], Any]


class Head(NamedTuple):
    """A last layer: scores are features · kernel + bias."""

    kernel: np.ndarray  # (features, classes) float32
    bias: np.ndarray  # (classes,) float32


class Adapted(keras.Model):
    """A network called as one: images take the form that it takes, and its answer that of scores, by a head if any."""

    def __init__(
        self, network: keras.Model, give: Change | None, take: Change, about: str, head: Head | None = None
    ) -> None:
        super().__init__(name=network.name)
        self.network, self.give, self.take, self.about, self.head = network, give, take, about, head

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return ``(batch, classes) float32`` scores of ``(batch, height, width, channels) float32`` pixels."""
        answer = self.take(self.network(self.give(images) if self.give else images, training=False))
        return answer if self.head is None else tf.matmul(answer, self.head.kernel) + self.head.bias

    def __reduce__(self) -> tuple[Any, ...]:
        """Send what it is made of; Keras would ask for a file, which functions do not fit in."""
        return type(self), (self.network, self.give, self.take, self.about, self.head)

    @property
    def one_output(self) -> bool:
        """Whether the network has one output, which tells two classes apart."""
        return "one " in self.about

    def put_head(self, head: Head | None) -> Adapted:
        """Return the same with another head, or without."""
        return Adapted(self.network, self.give, self.take, self.about, head)

    def to_json(self, **options: Any) -> str:
        """Return a description of all that the scores depend on, the network's weights aside."""
        head = None if self.head is None else hash_arrays(*self.head)
        return json.dumps({"adapted": json.loads(self.network.to_json()), "about": self.about, "head": head})


def adapt(model: Any, shape: Shape, input_range: tuple[float, float]) -> tuple[keras.Model, np.ndarray]:
    """Return a model from pixels to one row of at least two scores, and its scores of two noise images.

    A model that is so already is returned as it is; one that takes no images or gives no scores raises ValueError.
    """
    low, high = input_range
    noise = np.random.default_rng(0).uniform(low, high, (PROBES, *shape)).astype(np.float32)
    if isinstance(model, Adapted):
        return model, np.asarray(model(noise, training=False), np.float32)
    network, give, given = _adapt_input(model, shape, input_range)
    asked = model.ask(noise) if isinstance(model, Asked) else None
    try:
        answer = network(give(noise) if give else noise, training=False) if asked is None else asked
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f"{model.name} does not accept images of shape {shape}.") from error
    parts = tf.nest.flatten(answer)
    found = getattr(parts[0], "shape", type(answer).__name__) if len(parts) == 1 else f"{len(parts)} answers"
    kind = _find_kind(model, parts[0]) if len(parts) == 1 and hasattr(parts[0], "shape") else ""
    if not kind:
        raise ValueError(f"{model.name} gives {found} for {PROBES} images, but one row of class scores each is needed.")
    if kind == "scores" and give is None and answer is parts[0]:
        return network, np.asarray(answer, np.float32)
    take = TAKE[kind]
    scores = np.asarray(take(answer), np.float32)
    return Adapted(network, give, take, f"{given}{kind}"), scores


def find_image_shape(model: Any, size: Sequence[int] | None = None) -> Shape:
    """Return the shape of the images that a model takes.

    A vector is a square picture unless ``size`` says other sides; it is needed where a model leaves them open, too, and
    for a function has the channels as a third number, 3 if it has none. ValueError if the model does not say it, or
    takes something else than images of 1 or 3 channels.
    """
    if not isinstance(model, keras.Model) or isinstance(model, Asked):
        if not size:
            raise ValueError(f"{model.name} does not say what it takes; add image_shape=(height, width, channels).")
        return (int(size[0]), int(size[1]), int(size[2]) if len(size) > 2 else 3)
    taken = _find_taken(model)
    if taken is None:
        raise ValueError(f"{model.name} does not say what it takes; add image_shape=(height, width, channels).")
    sides = tuple(taken.shape)[1:]
    sides = (*sides[1:], sides[0]) if _is_channels_first(sides) else sides
    if len(sides) == 1 and sides[0]:
        sides = _square(int(sides[0]), size)
    elif len(sides) == 2:
        sides = (*sides, 1)
    if len(sides) != 3 or sides[2] not in CHANNELS:
        shape = tuple(taken.shape)
        raise ValueError(f"{model.name} takes {shape}, but a classifier takes (batch, height, width, 1 or 3 channels).")
    height, width = size or sides[:2]
    if height is None or width is None:
        raise ValueError(f"{model.name} takes images of any size; choose one by image_shape=(height, width, channels).")
    return (int(height), int(width), int(sides[2]))


def find_input(model: keras.Model) -> Any:
    """Return the tensor that a graph of layers starts from, in the structure that the model takes.

    AttributeError or ValueError if it is not such a graph.
    """
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


class Taken(NamedTuple):
    """What a model takes: the shape with the batch, the type, and how a tensor is wrapped."""

    shape: tuple[int | None, ...]
    dtype: str
    wrap: Change | None


def _find_taken(model: keras.Model) -> Taken | None:
    """Return what a model takes, None where it does not say."""
    try:
        inputs = find_input(model)
    except (AttributeError, ValueError):  # not a graph of layers
        built = (model.get_build_config() or {}) if model.built else {}
        shape = built.get("input_shape")
        if isinstance(shape, dict):
            raise ValueError(f"{model.name} takes {len(shape)} named inputs, but a classifier takes images.") from None
        return Taken(tuple(shape), "float32", None) if shape else None
    tensors = tf.nest.flatten(inputs)
    if len(tensors) != 1:
        raise ValueError(f"{model.name} takes {len(tensors)} inputs, but a classifier takes images alone.")
    wrap = None if inputs is tensors[0] else lambda tensor: tf.nest.pack_sequence_as(inputs, [tensor])
    return Taken(tuple(tensors[0].shape), keras.backend.standardize_dtype(tensors[0].dtype), wrap)


def _is_channels_first(sides: tuple[int | None, ...]) -> bool:
    return len(sides) == 3 and sides[0] in CHANNELS and sides[2] not in CHANNELS


def _square(count: int, size: Sequence[int] | None) -> tuple[int, ...]:
    """Return the shape of a picture whose pixels are a vector, of one side where it is none."""
    for channels in CHANNELS:
        height, width = size[:2] if size else (math.isqrt(count // channels),) * 2
        if height * width * channels == count:
            return (height, width, channels)
    return (count,)


def _adapt_input(model: Any, shape: Shape, input_range: tuple[float, float]) -> tuple[keras.Model, Change | None, str]:
    """Return a network, what must be done to pixels for it, None if nothing, and that in words."""
    _check_names(model)
    taken = None if isinstance(model, Asked) else _find_taken(model)
    if taken is None:
        return model, None, ""
    sides, steps, about, network = taken.shape[1:], list[Change](), "", model
    if len(sides) == 1:
        count = math.prod(shape)
        steps, about = [lambda images: tf.reshape(images, [-1, count])], "vector, "
    elif len(sides) == 2:
        steps, about = [lambda images: images[..., 0]], "matrix, "
    elif _is_channels_first(sides):
        steps, about = [lambda images: tf.transpose(images, [0, 3, 1, 2])], "channels first, "
    if not taken.dtype.startswith(("float", "bfloat")):
        if input_range[1] - input_range[0] <= 2.0:
            raise ValueError(f"{model.name} takes whole numbers ({taken.dtype}): its input_range is 0 to 255.")
        dtype, floating = taken.dtype, _take_floats(model, taken)
        about += f"{dtype}, "
        network = floating or model
        steps += [] if floating else [lambda images: tf.cast(tf.round(images), dtype)]
    steps += [taken.wrap] if taken.wrap else []
    if not steps and network is model:
        return model, None, ""

    def give(images: Any) -> Any:
        for step in steps:
            images = step(images)
        return images

    return network, give, about


def _check_names(model: keras.Model) -> None:
    """Raise ValueError if TensorFlow does not take a layer's name, as other backends do: it can build no graph then."""
    for layer in [*model._flatten_layers(), *getattr(model, "operations", ())]:
        if not NAMEABLE.match(layer.name):
            raise ValueError(
                f"{model.name} has a layer {layer.name!r}, a name that TensorFlow does not take; rename it."
            )


def _take_floats(model: keras.Model, taken: Taken) -> keras.Model | None:
    """Return a copy of a model of whole numbers that takes them as floats, as a gradient must; None if it differs."""
    try:
        (tensor,) = tf.nest.flatten(find_input(model))
        inputs = keras.Input(tensor.shape[1:], name=tensor.name)
        copy = keras.models.clone_model(model, input_tensors=tf.nest.pack_sequence_as(find_input(model), [inputs]))
        copy.set_weights(model.get_weights())
        for old, new in zip(model._flatten_layers(), copy._flatten_layers(), strict=True):
            if isinstance(new, keras.layers.Normalization) and old.input_mean is None:
                new.finalize_state()  # which set_weights forgets
        sides = [side or 32 for side in tensor.shape[1:]]
        noise = np.random.default_rng(0).integers(0, 256, (PROBES, *sides))
        given = [tf.nest.pack_sequence_as(find_input(model), [noise.astype(kind)]) for kind in (taken.dtype, "float32")]
        answers = [one(images, training=False) for one, images in zip((model, copy), given, strict=True)]
        first, second = (np.asarray(tf.nest.flatten(answer)[0], np.float32) for answer in answers)
    except Exception:  # whatever a copy runs into, the model itself is left
        return None
    return copy if agree(first, second) else None


def agree(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two arrays of answers are the same but for rounding, to 1e-5 of 1 or of the largest."""
    if first.shape != second.shape or not np.isfinite(first).all():
        return False
    return bool(np.abs(first - second).max() <= AGREE * max(1.0, float(np.abs(first).max())))


def _find_kind(model: keras.Model, answer: tf.Tensor) -> str:
    """Return what an answer is, a key of :data:`TAKE`; nothing of one that is no row of scores for each image."""
    shape = tuple(answer.shape)
    if shape[:1] != (PROBES,) or math.prod(shape[1:-1]) != 1:
        return ""
    if len(shape) > 1 and shape[-1] > 1:
        return "scores" if len(shape) == 2 else "squeezed"
    last = find_end(model)
    activation = getattr(last.operation, "activation", None) if last else None
    if activation not in (None, keras.activations.linear, keras.activations.sigmoid):
        raise ValueError(
            f"{model.name} has one output, from {activation.__name__}: two classes need a sigmoid, or a logit."
        )
    value = np.asarray(answer, np.float32)
    return "one probability" if value.min() >= 0.0 and value.max() <= 1.0 else "one logit"


def _take_rows(answer: Any) -> tf.Tensor:
    """Return the only tensor of an answer as rows, ``(batch, columns) float32``."""
    (tensor,) = tf.nest.flatten(answer)
    tensor = tf.cast(tensor, tf.float32)
    return tf.reshape(tensor, [-1, math.prod(tensor.shape[1:])])


def _take_logit(answer: Any) -> tf.Tensor:
    """Return two classes, whose logits are 0 and the only output."""
    z = _take_rows(answer)
    return tf.concat([tf.zeros_like(z), z], axis=1)


def _take_probability(answer: Any) -> tf.Tensor:
    """Return two classes, the second of which has the only output for probability."""
    p = _take_rows(answer)
    return tf.concat([1.0 - p, p], axis=1)


TAKE = {"scores": _take_rows, "squeezed": _take_rows, "one logit": _take_logit, "one probability": _take_probability}


class End(NamedTuple):
    """What a graph of layers ends in."""

    operation: Any
    before: keras.KerasTensor  # what goes into it


def find_end(model: keras.Model, tensor: keras.KerasTensor | None = None) -> End | None:
    """Return the operation that gives a model's only output, or a tensor of its graph; None where there is not one."""
    outputs = [tensor] if tensor is not None else tf.nest.flatten(getattr(model, "outputs", None) or [])
    if len(outputs) != 1 or not hasattr(outputs[0], "_keras_history"):
        return None
    history = outputs[0]._keras_history
    node = history.operation._inbound_nodes[history.node_index]
    inputs = node.input_tensors
    return End(history.operation, inputs[0]) if len(inputs) == 1 and len(node.output_tensors) == 1 else None
