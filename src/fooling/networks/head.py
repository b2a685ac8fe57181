"""A network's last layer alone, trained to know one class more; what the layers below compute stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from fooling.data.photographs import UNKNOWN
from fooling.images import check_images
from fooling.networks.classifier import Classifier
from fooling.runs import progress_bar

# Source: paper §3.6: 9,000 fooling images beside ImageNet's 1,281,167, seven times as many as of another class.
FOOLING_SHARE = 9_000 / (1_281_167 + 9_000)
# Choice: CaffeNet's batch, so that about two images of each are fooling ones; its momentum; a tenth of its learning
# rate, as is usual for a network that was trained before.
BATCH, RATE, MOMENTUM = 256, 0.001, 0.9


class Head(NamedTuple):
    """A last layer: scores are features · kernel + bias."""

    kernel: np.ndarray  # (features, classes) float32
    bias: np.ndarray  # (classes,) float32


class NaturalFeatures(NamedTuple):
    """What a head learns from besides fooling images."""

    features: np.ndarray  # (count, features) float32
    labels: np.ndarray  # (count,) int64: the class; −1 where the old head is the teacher


def split_head(classifier: Classifier) -> tuple[keras.Model, Head]:
    """Return a model of everything below the last layer, and that layer.

    Raises:
        ValueError: If the last layer is not a dense one.
    """
    last = classifier.model.layers[-1]
    if not isinstance(last, keras.layers.Dense) or not last.use_bias:
        raise ValueError(f"{classifier.name} ends in {last.name}, but its last layer must be a dense one with a bias.")
    return keras.Model(classifier.model.inputs[0], last.input), Head(*last.get_weights())


def compute_features(classifier: Classifier, below: keras.Model, images: Iterable[np.ndarray]) -> np.ndarray:
    """Return what the layers below a network's head make of images, ``(count, features) float32``.

    The images are batches ``(any, height, width, channels) uint8``; those of another shape raise ValueError.
    """
    low, high = classifier.input_range
    signature = [tf.TensorSpec([None, *classifier.image_shape], tf.float32)]
    run = tf.function(lambda part: below(part * (high - low) + low, training=False), input_signature=signature)
    size = classifier.batch
    parts = (batch[start : start + size] for batch in images for start in range(0, len(batch), size))
    return np.concatenate([run(check_images(part, classifier.image_shape)) for part in parts])


def add_class(classifier: Classifier, below: keras.Model, head: Head) -> Classifier:
    """Return the network with a head that has one class more, called fooling; its scores are logits."""
    outputs = keras.layers.Dense(len(head.bias), name="head")(below.output)
    model = keras.Model(below.inputs[0], outputs, name=f"{classifier.model.name}_retrained")
    model.layers[-1].set_weights(list(head))
    names = (*classifier.class_names, "fooling")
    return Classifier(model, names, f"{classifier.name}, retrained", classifier.input_range)


def train_head(head: Head, natural: NaturalFeatures, fooling: np.ndarray, steps: int, seed: int) -> Head:
    """Train a head with a class more, from the old weights and zeros for the new class.

    The loss is the cross-entropy. Its target is the class of a labelled example, the new class for a fooling image, and
    for an example without label the old head's softmax, with 0 for the new class (Li & Hoiem 2016; Choice: temperature
    1, so that the loss is the same for all). Each example is a fooling image with the paper's probability.

    Args:
        fooling: ``(count, features) float32``, at least one.
        steps: Of gradient descent with momentum, batches of 256.
        seed: Of the order of examples.
    """
    features = tf.constant(np.concatenate([natural.features, fooling]))
    labels = tf.constant(np.concatenate([natural.labels, np.full(len(fooling), len(head.bias))]), tf.int32)
    kernel, bias = tf.Variable(np.pad(head.kernel, ((0, 0), (0, 1)))), tf.Variable(np.pad(head.bias, (0, 1)))
    velocities = tf.Variable(tf.zeros_like(kernel)), tf.Variable(tf.zeros_like(bias))

    def learn(chosen: tf.Tensor) -> None:
        inputs, wanted = tf.gather(features, chosen), tf.gather(labels, chosen)
        old = tf.pad(tf.nn.softmax(inputs @ head.kernel + head.bias), [[0, 0], [0, 1]])
        target = tf.where((wanted == UNKNOWN)[:, None], old, tf.one_hot(wanted, len(head.bias) + 1))
        error = (tf.nn.softmax(inputs @ kernel + bias) - target) / BATCH  # the loss's gradient by the scores
        gradients = tf.matmul(inputs, error, transpose_a=True), tf.reduce_sum(error, axis=0)
        for weight, velocity, gradient in zip((kernel, bias), velocities, gradients, strict=True):
            weight.assign_add(velocity.assign(MOMENTUM * velocity - RATE * gradient))

    step = tf.function(learn, input_signature=[tf.TensorSpec([BATCH], tf.int64)])
    random = np.random.default_rng(seed)
    with progress_bar(steps, "training the head") as bar:
        for _ in range(steps):
            step(tf.constant(draw_batch(random, len(natural.labels), len(fooling))))
            bar.update()
    return Head(kernel.numpy(), bias.numpy())


def draw_batch(random: np.random.Generator, natural: int, fooling: int) -> np.ndarray:
    """Return ``(256,) int64`` places, fooling images (from ``natural`` on) with the paper's probability."""
    is_fooling = random.random(BATCH) < FOOLING_SHARE
    return np.where(is_fooling, natural + random.integers(fooling, size=BATCH), random.integers(natural, size=BATCH))
