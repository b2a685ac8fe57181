"""A network's last layer alone, trained to know one class more; what the layers below compute stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy.special import softmax

from fooling.data.photographs import UNKNOWN
from fooling.images import check_images
from fooling.networks.adapt import TAKE, Adapted, End, Head, agree, find_end, find_input
from fooling.networks.classifier import Classifier
from fooling.runs import progress_bar

# Source: paper §3.6: 9,000 fooling images beside ImageNet's 1,281,167, seven times as many as of another class.
FOOLING_SHARE = 9_000 / (1_281_167 + 9_000)
# Choice: CaffeNet's batch, so that about two images of each are fooling ones; its momentum; a tenth of its learning
# rate, as is usual for a network that was trained before.
BATCH, RATE, MOMENTUM = 256, 0.001, 0.9
AWAKE = 0.1  # a new class's bias behind a ReLU, which lets no gradient through at 0; Choice: little beside logits of 10
PROBED = 8  # images on which a network taken apart must answer as it did; Choice: a moment, on a slow one too
PASSING = (keras.layers.Dropout, keras.layers.Identity)  # what changes nothing when a network only answers


class NaturalFeatures(NamedTuple):
    """What a head learns from besides fooling images."""

    features: np.ndarray  # as :func:`compute_features` gives them
    labels: np.ndarray  # (count,) int64: the class; −1 where the old head is the teacher


def expose_logits(classifier: Classifier, images: np.ndarray | None = None) -> Classifier:
    """Return the same network giving logits, where it ends in a softmax or a sigmoid that can be taken off.

    The confidences stay. The scores of detectors that read logits, and a gradient where the softmax has rounded to 1,
    can be had. A network that ends in another way, or whose answers to ``(count, height, width, channels) uint8``
    images or to noise would be others, is returned as it is.
    """
    form, network = _open_form(classifier)
    binary = form is not None and form.take is TAKE["one probability"]
    end = _find_last(network)
    if classifier.outputs != "probabilities" or end is None:
        return classifier
    dense, head = isinstance(end.operation, keras.layers.Dense), _read_dense(end.operation, binary)
    if _name_activation(end.operation) != ("sigmoid" if binary else "softmax") or (dense and head is None):
        return classifier
    model = keras.Model(find_input(network), end.before, name=network.name)
    if form or head:
        take = TAKE["one logit" if binary and head is None else "squeezed"]
        model = Adapted(model, form.give if form else None, take, f"{form.about if form else ''}; logits", head)
    exposed, pixels = replace(classifier, model=model), _draw_probe(classifier, images)
    given, logits = (np.asarray(one.model(pixels, training=False), np.float32) for one in (classifier, exposed))
    return exposed if exposed.outputs == "logits" and agree(given, softmax(logits, axis=1)) else classifier


def split_head(
    classifier: Classifier, images: np.ndarray | None = None, averaged: bool = False
) -> tuple[keras.Model, Head]:
    """Return a model of everything below the last layer, and that layer.

    With ``averaged`` the layer may also be a 1 × 1 convolution with a ReLU whose mean is taken, as in SqueezeNet; then
    what is below gives maps, and a class has the same weights at every place.

    Raises:
        ValueError: If the last layer is none of these, or the two together answer differently; images are those of
            :func:`expose_logits`.
    """
    form, network = _open_form(classifier)
    if form and form.head:
        plain = form.give is None and len(form.network.output_shape) == 2
        return form.network if plain else form.put_head(None), form.head
    end = _find_last(network)
    ending = end.operation.name if end else "no layer of its own"
    before_mean = _find_averaged(network, end) if averaged and end and not form else None
    head = _read_dense(end.operation, form is not None and form.take is TAKE["one logit"]) if end else None
    if before_mean:
        kernel, bias = before_mean.operation.get_weights()
        end, head = before_mean, Head(kernel[0, 0], bias)
    elif end is None or head is None or _name_activation(end.operation) != "linear":
        raise ValueError(f"{classifier.name} ends in {ending}, but its last layer must be a dense one.")
    below = keras.Model(find_input(network), end.before)
    below = Adapted(below, form.give, TAKE["squeezed"], f"{form.about}; features") if form else below
    pixels = _draw_probe(classifier, images)
    features, scores = (np.asarray(one(pixels, training=False), np.float32) for one in (below, classifier.model))
    if not agree(scores, np.asarray(score_head(features, head))):
        raise ValueError(f"{classifier.name} gives other answers than its last layer {ending} on what is below it.")
    return below, head


def score_head(features: Any, head: Head) -> Any:
    """Return a head's scores, ``(count, classes) float32``: of maps the mean over places of what is above zero.

    Args:
        features: ``(count, features) float32`` or maps, ``(count, height, width, features)``; an array or a tensor.
    """
    scores = tf.tensordot(tf.cast(features, tf.float32), head.kernel, 1) + head.bias
    return scores if len(features.shape) == 2 else tf.reduce_mean(tf.nn.relu(scores), axis=(1, 2))


def _find_averaged(network: keras.Model, end: End) -> End | None:
    """Return the 1 × 1 convolution with a ReLU whose mean a network ends in, as SqueezeNet does; None of another."""
    last = find_end(network, end.before) if type(end.operation) is keras.layers.GlobalAveragePooling2D else None
    convolution = last and type(last.operation) is keras.layers.Conv2D and last.operation.kernel_size == (1, 1)
    return last if last and convolution and _name_activation(last.operation, ("Conv2D",)) == "relu" else None


def _open_form(classifier: Classifier) -> tuple[Adapted | None, keras.Model]:
    """Return how a network is adapted, None if it is not, and the network itself."""
    form = classifier.model if isinstance(classifier.model, Adapted) else None
    return form, form.network if form else classifier.model


def _find_last(network: keras.Model) -> End | None:
    """Return what a network ends in, but for layers that change nothing."""
    end = find_end(network)
    while end and (isinstance(end.operation, PASSING) or _name_activation(end.operation, ("Activation",)) == "linear"):
        end = find_end(network, end.before)
    return end


def _name_activation(operation: Any, kinds: Collection[str] = ("Activation", "Dense", "Softmax", "Sigmoid")) -> str:
    """Return the name of what an operation of some kinds applies last, nothing of another operation."""
    kind = type(operation).__name__
    if kind not in kinds:
        return ""
    return getattr(getattr(operation, "activation", None), "__name__", kind.lower())


def _read_dense(operation: Any, binary: bool) -> Head | None:
    """Return the weights of a dense layer as a head; None of another operation, and of one with other arithmetic.

    One output becomes two classes, whose logits are 0 and the output.
    """
    if type(operation) is not keras.layers.Dense or operation.quantization_mode is not None:
        return None
    kernel = np.asarray(operation.kernel, np.float32)
    bias = np.asarray(operation.bias, np.float32) if operation.use_bias else np.zeros(kernel.shape[-1], np.float32)
    return Head(np.pad(kernel, ((0, 0), (1, 0))), np.pad(bias, (1, 0))) if binary else Head(kernel, bias)


def _draw_probe(classifier: Classifier, images: np.ndarray | None) -> np.ndarray:
    """Return the pixels that parts of a network are compared on, ``(count, …) float32``: of noise, and of images.

    A softmax that has rounded to 1 for every real image tells nothing.
    """
    low, high = classifier.input_range
    shown = np.random.default_rng(0).integers(0, 256, (PROBED, *classifier.image_shape), np.uint8)
    if images is not None and len(images):
        shown = np.concatenate([shown, images[np.linspace(0, len(images) - 1, PROBED).round().astype(int)]])
    return check_images(shown, classifier.image_shape) * np.float32(high - low) + np.float32(low)


def compute_features(classifier: Classifier, below: keras.Model, images: Iterable[np.ndarray]) -> np.ndarray:
    """Return what the layers below a network's head make of images, ``(count, features) float32``.

    Where the head is averaged over places it is ``(count, height, width, features) float16``, half of the memory.
    The images are batches ``(any, height, width, channels) uint8``; those of another shape raise ValueError.
    """
    low, high = classifier.input_range
    signature = [tf.TensorSpec([None, *classifier.image_shape], tf.float32)]
    run = tf.function(lambda part: below(part * (high - low) + low, training=False), input_signature=signature)
    size = classifier.batch
    parts = (batch[start : start + size] for batch in images for start in range(0, len(batch), size))
    found = (run(check_images(part, classifier.image_shape)) for part in parts)
    return np.concatenate([part if len(part.shape) == 2 else np.asarray(part, np.float16) for part in found])


def add_class(classifier: Classifier, below: keras.Model, head: Head) -> Classifier:
    """Return a network of this project's with a head that has one class more, called fooling; its scores are logits.

    It is one graph of layers, as runs against it were first described, so that they are found again. Above maps the
    class is one of a convolution, see :func:`score_head`.
    """
    if len(below.output.shape) == 2:
        layer = keras.layers.Dense(len(head.bias), name="head")
        outputs, weights = layer(below.output), list(head)
    else:
        layer = keras.layers.Conv2D(len(head.bias), 1, activation="relu", name="head")
        outputs = keras.layers.GlobalAveragePooling2D(name="head_mean")(layer(below.output))
        weights = [head.kernel[None, None], head.bias]
    layer.set_weights(weights)
    return _name_retrained(classifier, keras.Model(below.inputs[0], outputs, name=f"{classifier.model.name}_retrained"))


def replace_head(classifier: Classifier, below: keras.Model, head: Head) -> Classifier:
    """Return anybody's network as :func:`add_class` does; what is below its head is called as one."""
    whole = below if isinstance(below, Adapted) else Adapted(below, None, TAKE["squeezed"], "features")
    return _name_retrained(classifier, whole.put_head(head))


def _name_retrained(classifier: Classifier, model: keras.Model) -> Classifier:
    """Return a model with a class more as a classifier."""
    names, name = (*classifier.class_names, "fooling"), f"{classifier.name}, retrained"
    return Classifier(
        model, names, name, classifier.input_range, classifier.image_shape, batch_size=classifier.batch_size
    )


def train_head(head: Head, natural: NaturalFeatures, fooling: np.ndarray, steps: int, seed: int) -> Head:
    """Train a head with a class more, from the old weights and zeros for the new class; behind a ReLU a little more.

    The loss is the cross-entropy. Its target is the class of a labelled example, the new class for a fooling image, and
    for an example without label the old head's softmax, with 0 for the new class (Li & Hoiem 2016; Choice: temperature
    1, so that the loss is the same for all). Each example is a fooling image with the paper's probability.

    Args:
        fooling: Features of at least one, as :func:`compute_features` gives them.
        steps: Of gradient descent with momentum, batches of 256.
        seed: Of the order of examples.
    """
    features = tf.constant(np.concatenate([natural.features, fooling]))
    labels = tf.constant(np.concatenate([natural.labels, np.full(len(fooling), len(head.bias))]), tf.int32)
    start = 0.0 if features.shape.rank == 2 else AWAKE
    kernel = tf.Variable(np.pad(head.kernel, ((0, 0), (0, 1))))
    bias = tf.Variable(np.pad(head.bias, (0, 1), constant_values=(0.0, start)))
    velocities = tf.Variable(tf.zeros_like(kernel)), tf.Variable(tf.zeros_like(bias))
    known = _ask_teacher(features, len(natural.labels), head)

    def learn(chosen: tf.Tensor) -> None:
        inputs, wanted = tf.gather(features, chosen), tf.gather(labels, chosen)
        old = tf.pad(tf.gather(known, chosen), [[0, 0], [0, 1]])
        target = tf.where((wanted == UNKNOWN)[:, None], old, tf.one_hot(wanted, len(head.bias) + 1))
        with tf.GradientTape() as tape:
            scores = score_head(inputs, Head(kernel, bias))
        error = (tf.nn.softmax(scores) - target) / BATCH  # the loss's gradient by the scores
        gradients = tape.gradient(scores, (kernel, bias), error)
        for weight, velocity, gradient in zip((kernel, bias), velocities, gradients, strict=True):
            weight.assign_add(velocity.assign(MOMENTUM * velocity - RATE * gradient))

    step = tf.function(learn, input_signature=[tf.TensorSpec([BATCH], tf.int64)])
    random = np.random.default_rng(seed)
    with progress_bar(steps, "training the head") as bar:
        for _ in range(steps):
            step(tf.constant(draw_batch(random, len(natural.labels), len(fooling))))
            bar.update()
    return Head(kernel.numpy(), bias.numpy())


def _ask_teacher(features: tf.Tensor, natural: int, head: Head) -> tf.Tensor:
    """Return the old head's softmax, once for all steps, and zeros for the fooling images behind them."""
    starts = range(0, natural, BATCH)
    known = [tf.nn.softmax(score_head(features[one : min(one + BATCH, natural)], head)) for one in starts]
    return tf.concat([*known, tf.zeros([len(features) - natural, len(head.bias)])], axis=0)


def draw_batch(random: np.random.Generator, natural: int, fooling: int) -> np.ndarray:
    """Return ``(256,) int64`` places, fooling images (from ``natural`` on) with the paper's probability."""
    is_fooling = random.random(BATCH) < FOOLING_SHARE
    return np.where(is_fooling, natural + random.integers(fooling, size=BATCH), random.integers(natural, size=BATCH))
