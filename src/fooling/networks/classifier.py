"""A classifier: any Keras model, from images in [0, 1] to one score per class."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fooling.confidence import to_confidence
from fooling.encodings.population import compile_graph
from fooling.images import check_images
from fooling.networks.adapt import Adapted, adapt, find_image_shape
from fooling.networks.asked import Asked
from fooling.networks.loading import hash_code, load_model
from fooling.networks.pixels import read_range

BATCH = 200  # most images per forward pass; Choice: where LeNet's images per second level off
BATCH_PIXELS = 2**20  # most pixels per forward pass; Choice: 20 images of 224 × 224, which a cache still holds


@dataclass(frozen=True, eq=False)
class Classifier:
    """A frozen Keras model with all that the outside must not know about: its size, pixel range and kind of output.

    Raises:
        ValueError: If the model takes no images with 1 or 3 channels, or its output is not one row of class scores per
            image, or the class names do not fit, or fewer than no images are to be passed at a time.
    """

    # functional, Sequential or subclassed; ``(batch, height, width, channels) float32`` to one row of class scores
    # (logits or softmax) per image. Preprocessing other than ``input_range`` is a layer of the model. What takes or
    # gives the same in another form is adapted: grey pictures without channels, vectors, whole numbers, dictionaries,
    # one output for two classes. A function of NumPy arrays will do, too; then there is no gradient.
    model: keras.Model
    # one name per class; "0", "1", … when not given
    class_names: Sequence[str] = field(default=(), repr=False)  # a thousand would fill every message
    name: str = ""  # what files and figures call it
    input_range: tuple[float, float] = (0.0, 1.0)  # the pixel values that the model expects for black and for white
    # ``(height, width, channels)``; needed only where the model leaves it open
    image_shape: tuple[int, int, int] = (0, 0, 0)
    code: str = field(default="", repr=False)  # a hash of what the model does beside what its file describes
    batch_size: int = 0  # images per forward pass, where other than so many pixels are fastest; 0 for the latter
    # "logits" or "probabilities", found by a probe: rows that sum to 1. Anything else counts as logits, the independent
    # sigmoids of a multi-label model too.
    outputs: str = field(init=False, default="logits")

    def __post_init__(self) -> None:
        if not callable(self.model):
            raise ValueError(f"A classifier wraps a Keras model, not {self.model!r}; a file is for load_classifier.")
        given = self.model if isinstance(self.model, keras.Model) else Asked(self.model)
        shape = self.image_shape if all(self.image_shape) else find_image_shape(given)
        object.__setattr__(self, "image_shape", shape)
        object.__setattr__(self, "name", self.name or given.name)
        model, scores = adapt(given, shape, self.input_range)
        object.__setattr__(self, "model", model)
        names = tuple(self.class_names) or tuple(str(index) for index in range(scores.shape[1]))
        if len(names) != scores.shape[1]:
            raise ValueError(f"{len(names)} class names were given, but {self.name} has {scores.shape[1]} classes.")
        object.__setattr__(self, "class_names", names)
        if self.batch_size < 0:
            raise ValueError(
                f"A forward pass has 1 image or more, or 0 for the project's choice, not {self.batch_size}."
            )
        sums_to_one = np.allclose(scores.sum(axis=1), 1.0, atol=1e-3) and scores.min() >= 0.0
        object.__setattr__(self, "outputs", "probabilities" if sums_to_one else "logits")

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the model and what stands beside it, and no graph that was made of it."""
        given = (self.model, tuple(self.class_names), self.name, self.input_range, self.image_shape, self.code)
        return type(self), (*given, self.batch_size)

    @property
    def asked(self) -> Asked | None:
        """The function of NumPy arrays that answers, by one output or more; None of a network."""
        model = self.model.network if isinstance(self.model, Adapted) else self.model
        return model if isinstance(model, Asked) else None

    @property
    def batch(self) -> int:
        """How many images the project passes at a time."""
        return self.batch_size or max(1, min(BATCH, BATCH_PIXELS // math.prod(self.image_shape[:2])))

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """Return the class scores before the softmax, ``(batch, classes) float32``; of a softmax the logarithm.

        The images are ``(batch, height, width, channels) float32 in [0, 1]``.
        """
        low, high = self.input_range
        with tf.device("/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"):  # whatever its caller is on
            if (low, high) != (0.0, 1.0):
                images = images * (high - low) + low
            scores = tf.cast(self.model(images, training=False), tf.float32)
            return tf.math.log(scores) if self.outputs == "probabilities" else scores

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        """Return log p − log(1 − p) of every class; it orders images as the softmax does and does not saturate.

        Shapes are those of :meth:`logits`.
        """
        return log_odds_of(self.logits(images))

    @cached_property
    def _log_odds_graph(self) -> Callable[[tf.Tensor], tf.Tensor]:
        # A graph, as in evolution: there TensorFlow joins softmax and logarithm, which keeps what softmax rounds off.
        return compile_graph(self.log_odds, [tf.TensorSpec([None, *self.image_shape], tf.float32)])

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return the log-odds of every class, ``(count, classes) float32``.

        The images are ``(count, height, width, channels)``, uint8 or float32 in [0, 1]; others raise ValueError.
        """
        return self.answer(self._log_odds_graph, images)

    def answer(self, graph: Callable[[tf.Tensor], tf.Tensor], images: np.ndarray) -> np.ndarray:
        """Return what a graph makes of images, as those of :meth:`score`, as many at a time as the network takes in."""
        size = self.batch
        starts = range(0, max(len(images), 1), size)  # no images at all are checked, too
        batches = (check_images(images[start : start + size], self.image_shape) for start in starts)
        return np.concatenate([graph(tf.constant(batch)) for batch in batches])

    def confidences(self, images: np.ndarray) -> np.ndarray:
        """Return the softmax of every class, ``(count, classes) float32``; images and errors as in :meth:`score`."""
        return to_confidence(self.score(images)).astype(np.float32)

    def fingerprint(self) -> str:
        """Return a hash of weights, architecture, pixel range and batch: part of the key of every run."""
        digest = hashlib.sha256()
        for weight in self.model.get_weights():
            digest.update(f"{weight.shape}{weight.dtype}".encode())
            digest.update(np.ascontiguousarray(weight).tobytes())
        architecture = _describe_architecture(self.model)
        if architecture is None and self.code and self.asked:
            architecture = self.asked.name  # of the function in that file
        if architecture is None:  # then the answers to a few images must tell two networks of equal weights apart
            architecture = str(adapt(self.model, self.image_shape, self.input_range)[1].tolist())
        digest.update(architecture.encode())
        digest.update(f"{self.input_range}{self.outputs}{self.image_shape}{self.code}".encode())
        if self.batch_size:  # sums depend on it
            digest.update(f"batch {self.batch_size}".encode())
        return digest.hexdigest()[:16]


def load_classifier(
    path: str | Path,
    *,
    code: str | Path | None = None,
    trust: bool = False,
    input_range: Sequence[float] | None = None,
    **fields: Any,
) -> Classifier:
    """Load a classifier from a user's file, as :func:`~fooling.networks.loading.load_model` does.

    What it expects for black and for white, ``input_range``, is read off its first layers where they tell it and it is
    not given, and else 0 and 1. The fields are ``class_names``, ``image_shape`` or ``name`` of :class:`Classifier`.
    ValueError if the file cannot be loaded, or the model does not fit.
    """
    model = load_model(path, code, trust)
    read = None if input_range else read_range(model)
    low, high = input_range or (read[0] if read else (0.0, 1.0))
    return Classifier(
        model, **{"name": Path(path).stem, "code": hash_code(code), "input_range": (float(low), float(high)), **fields}
    )


def log_odds_of(logits: tf.Tensor) -> tf.Tensor:
    """Return z_k − logsumexp of the other logits, for every class k of ``(batch, classes) float32``.

    For all classes but an image's top one this is log p − log(1 − p) with p at most ½; for the top one the others
    are summed without it, so that nothing cancels.
    """
    logits -= tf.reduce_max(logits, axis=1, keepdims=True)  # a common offset would cost digits
    top = tf.one_hot(tf.argmax(logits, axis=1), tf.shape(logits)[1], on_value=True, off_value=False)
    others = tf.reduce_logsumexp(tf.where(top, -np.inf, logits), axis=1, keepdims=True)
    log_p = tf.nn.log_softmax(logits)
    return tf.where(top, logits - others, log_p - tf.math.log1p(-tf.exp(tf.where(top, -1.0, log_p))))


def _describe_architecture(model: keras.Model) -> str | None:
    """Return the architecture without the names that Keras counts up; None where a subclass does not describe it."""
    try:
        described = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError):
        return None
    scopes: dict[int, dict[str, str]] = {}
    _number_names(described, {}, scopes, itertools.count())
    return json.dumps(_replace_names(described, {}, scopes))


def _number_names(node: Any, names: dict[str, str], scopes: dict[int, dict[str, str]], counter: Iterator[int]) -> None:
    """Number names as they come; layers of a model within a model are never those of the outer one."""
    if isinstance(node, dict) and isinstance(node.get("name"), str) and node["name"] not in names:
        names[node["name"]] = f"#{next(counter)}"
    if isinstance(node, dict) and "layers" in node:
        own = {layer["config"].get("name") for layer in node["layers"]}
        names = scopes[id(node)] = {name: number for name, number in names.items() if name not in own}
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _number_names(child, names, scopes, counter)


def _replace_names(node: Any, names: Mapping[str, str], scopes: Mapping[int, Mapping[str, str]]) -> Any:
    names = scopes.get(id(node), names)
    if isinstance(node, dict):
        return {key: _replace_names(value, names, scopes) for key, value in node.items()}
    if isinstance(node, list):
        return [_replace_names(value, names, scopes) for value in node]
    return names.get(node, node) if isinstance(node, str) else node
