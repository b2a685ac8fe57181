"""One step up the gradient, and many of them in one graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from fooling.encodings.population import compile_graph
from fooling.gradient_ascent.settings import Setting
from fooling.images import GREY_LEVEL
from fooling.networks.classifier import Classifier

NEVER = -1
WHITE = 255.0
TRUNCATE = 4.0  # standard deviations after which a Gaussian is cut off, as SciPy does


class Climb(NamedTuple):
    """A batch of images on their way."""

    offset: tf.Tensor  # ``(batch, height, width, channels) float32``: grey levels from the mean image, the paper's X
    best_offset: tf.Tensor  # the same where the confidence was highest; the first of equals
    best_log_odds: tf.Tensor  # ``(batch,) float32``
    stopped: tf.Tensor  # ``(batch,) int32``: the step at which the gradient was exactly zero or no number, −1 if never
    step: tf.Tensor  # ``() int32``: steps done


class Trace(NamedTuple):
    """What was measured at each step, before the image moved."""

    log_odds: tf.Tensor  # ``(steps, batch) float32``; −∞ where the network gives NaN
    leads: tf.Tensor  # ``(steps, batch) bool``: whether the class is the network's first


class Slope(NamedTuple):
    """A batch's confidence and its gradient.

    The gradient of p is p · (1 − p) · direction. Kept apart, neither is zero where float32's softmax has rounded to 1.
    """

    log_odds: tf.Tensor  # ``(batch,) float32``: of the image's class
    leads: tf.Tensor  # ``(batch,) bool``
    direction: tf.Tensor  # ``(batch, height, width, channels) float32``: the gradient of the log-odds by grey levels


Advance = Callable[[Climb, tf.Tensor, tf.Tensor, tf.Tensor], tuple[Climb, Trace]]
Score = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def find_mean(classifier: Classifier) -> float:
    """Return the grey level, 0 to 255, that the network takes for zero; a first layer that rescales is looked through.

    Choice: the paper's mean image is what its network's input has subtracted, so that X is that input. Here X is the
    network's input, too, up to a factor: ImageNet's mean grey for SqueezeNet, mid-grey for EfficientNet-Lite, black for
    the digit networks.
    """
    low, high = classifier.input_range
    first = next((layer for layer in classifier.model.layers if not isinstance(layer, keras.layers.InputLayer)), None)
    zero = -np.mean(first.offset) / np.mean(first.scale) if isinstance(first, keras.layers.Rescaling) else 0.0
    return float(np.clip((zero - low) / (high - low), 0.0, 1.0)) * WHITE


def start_climb(setting: Setting, mean: float, shape: tuple[int, int, int], seeds: np.ndarray) -> Climb:
    """Return images of noise around the mean image.

    Args:
        shape: ``(height, width, channels)``.
        seeds: ``(batch, 2) int64``; an image depends on its own alone.
    """
    noise = tf.stack([tf.random.stateless_normal(shape, seed, alg="philox") for seed in tf.constant(seeds, tf.int64)])
    offset = tf.clip_by_value(setting.noise * noise, -mean, WHITE - mean)
    count = len(seeds)
    return Climb(offset, offset, tf.fill([count], -np.inf), tf.fill([count], NEVER), tf.constant(0))


def describe_climb(classifier: Classifier, batch: int) -> tuple[Climb, Trace]:
    """Return the tensor types of so many images and of what was measured on them."""
    images, one = tf.TensorSpec([batch, *classifier.image_shape], tf.float32), tf.TensorSpec([], tf.int32)
    climb = Climb(images, images, tf.TensorSpec([batch], tf.float32), tf.TensorSpec([batch], tf.int32), one)
    return climb, Trace(*(tf.TensorSpec([None, batch], kind) for kind in (tf.float32, tf.bool)))


def compile_advance(classifier: Classifier, setting: Setting, mean: float, batch: int) -> Advance:
    """Return a graph that takes many steps: of a climb, its classes, how many steps, and the step that is the last."""
    start, _ = describe_climb(classifier, batch)

    def advance(climb: Climb, classes: tf.Tensor, count: tf.Tensor, last: tf.Tensor) -> tuple[Climb, Trace]:
        until = climb.step + count
        kinds = Trace(tf.float32, tf.bool)
        rows = [tf.TensorArray(kind, count, element_shape=[batch]) for kind in kinds]

        def take(climb: Climb, rows: list[tf.TensorArray], index: tf.Tensor) -> tuple[Climb, list[tf.TensorArray], int]:
            moved, measured = take_step(classifier, setting, mean, climb, classes, last)
            return moved, [row.write(index, part) for row, part in zip(rows, measured, strict=True)], index + 1

        loop = (climb, rows, tf.constant(0))
        climb, rows, _ = tf.while_loop(lambda climb, *_: climb.step < until, take, loop, parallel_iterations=1)
        return climb, Trace(*(row.stack() for row in rows))

    return compile_graph(advance, [start, start.stopped, start.step, start.step])


def compile_score(classifier: Classifier, batch: int) -> Score:
    """Return a graph from ``(batch, height, width, channels) uint8`` and ``(batch,) int32`` classes to measurements.

    They are its log-odds, ``(batch,) float32``, and whether the class is the network's first, ``(batch,) bool``.
    """

    def score(images: tf.Tensor, classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = classifier.logits(tf.cast(images, tf.float32) * GREY_LEVEL)
        return find_log_odds(logits, classes), tf.argmax(logits, axis=1, output_type=tf.int32) == classes

    signature = [tf.TensorSpec([batch, *classifier.image_shape], tf.uint8), tf.TensorSpec([batch], tf.int32)]
    return compile_graph(score, signature)


def take_step(
    classifier: Classifier, setting: Setting, mean: float, climb: Climb, classes: tf.Tensor, last: tf.Tensor
) -> tuple[Climb, Trace]:
    """Measure a batch of images, then move each up its own gradient; one without a gradient stays where it is.

    Source: released code. Choice: p, 1 − p and the rate are float64, so that nothing is lost where softmax saturates.

    Args:
        classes: ``(batch,) int32``.
        last: ``() int32``: the step after whose measurement nothing moves.
    """
    offset = tf.clip_by_value(climb.offset, -mean, WHITE - mean)
    slope = measure_slope(classifier, mean, offset, classes)
    wide = tf.cast(slope.log_odds, tf.float64)
    p, missing = tf.sigmoid(wide), tf.sigmoid(-wide)
    norm = tf.reduce_sum(tf.cast(slope.direction, tf.float64) ** 2, axis=(1, 2, 3))
    squared = (p * missing) ** 2 * norm  # of the gradient of p
    desired = tf.minimum(tf.constant(setting.early, tf.float64), setting.late * missing)
    rate = tf.minimum(tf.where(squared > 0.0, desired / squared, np.inf), tf.constant(setting.max_rate, tf.float64))
    flat = (p * missing == 0.0) | ~tf.math.is_finite(wide) | ~tf.math.is_finite(norm)
    flat |= tf.reduce_all(slope.direction == 0.0, axis=(1, 2, 3))
    stopped = tf.where((climb.stopped == NEVER) & flat, climb.step, climb.stopped)
    length = tf.cast(rate * p * missing, tf.float32)[:, None, None, None]
    moved = regularise(setting, offset + length * slope.direction, slope.direction, climb.step)
    moves = ((stopped == NEVER) & (climb.step != last))[:, None, None, None]
    better = slope.log_odds > climb.best_log_odds
    following = Climb(
        offset=tf.where(moves, moved, offset),
        best_offset=tf.where(better[:, None, None, None], offset, climb.best_offset),
        best_log_odds=tf.where(better, slope.log_odds, climb.best_log_odds),
        stopped=stopped,
        step=climb.step + 1,
    )
    return following, Trace(slope.log_odds, slope.leads)


def measure_slope(classifier: Classifier, mean: float, offset: tf.Tensor, classes: tf.Tensor) -> Slope:
    """Return the log-odds of each image's class, ``(batch,) int32``, and their gradient by grey levels."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(offset)
        logits = classifier.logits((offset + mean) * GREY_LEVEL)
        log_odds = find_log_odds(logits, classes)
    direction = tape.gradient(log_odds, offset, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    known = tf.where(tf.math.is_nan(log_odds), -np.inf, log_odds)
    return Slope(known, tf.argmax(logits, axis=1, output_type=tf.int32) == classes, direction)


def find_log_odds(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Return z_k − logsumexp of the other logits for one class per image, which loses nothing to saturation.

    From ``(batch, classes) float32`` logits and ``(batch,) int32`` classes to ``(batch,) float32``.
    """
    own = tf.one_hot(classes, logits.shape[1], True, False, dtype=tf.bool)
    return tf.gather(logits, classes, batch_dims=1) - tf.reduce_logsumexp(tf.where(own, -np.inf, logits), axis=1)


def regularise(setting: Setting, offset: tf.Tensor, direction: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Shrink images towards the mean image, blur them, and set their least pixels to it.

    Source: released code, in its order: the second percentile counts pixels that the first has just set to zero, so
    where both are equal the second takes next to nothing.

    Args:
        offset: ``(batch, height, width, channels) float32``.
        direction: The same shape: the gradient, up to a factor per image.
        step: ``() int32``.
    """
    offset = offset * (1.0 - setting.decay)
    if setting.blur_radius > 0.0:
        offset = tf.cond(step % setting.blur_every == 0, lambda: blur(offset, setting.blur_radius), lambda: offset)
    if setting.small_norm > 0.0:
        offset = drop_least(offset, tf.norm(offset, axis=-1), setting.small_norm)
    if setting.small_benefit > 0.0:
        offset = drop_least(offset, tf.abs(tf.reduce_sum(direction * offset, axis=-1)), setting.small_benefit)
    return offset


def blur(images: tf.Tensor, radius: float) -> tf.Tensor:
    """Blur ``(batch, height, width, channels) float32`` by a Gaussian, reflecting at the edges.

    The radius is its standard deviation in pixels.
    """
    reach = find_reach(radius)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        edges = [[reach, reach] if place == axis else [0, 0] for place in range(4)]
        padded, side = tf.pad(images, edges, "SYMMETRIC"), images.shape[axis]
        images = tf.add_n(
            [
                float(weight) * (padded[:, place : place + side] if axis == 1 else padded[:, :, place : place + side])
                for place, weight in enumerate(weights)
            ]
        )
    return images


def find_reach(radius: float) -> int:
    """Return how many pixels to either side a Gaussian reaches."""
    return math.floor(TRUNCATE * radius + 0.5)


def drop_least(offset: tf.Tensor, values: tf.Tensor, percentage: float) -> tf.Tensor:
    """Set the pixels whose value is below a percentile of their image's to zero.

    Args:
        offset: ``(batch, height, width, channels) float32``.
        values: ``(batch, height, width) float32``.
        percentage: Above 0 and below 100; between two pixels by linear interpolation.
    """
    flat = tf.reshape(values, [values.shape[0], -1])  # (batch, pixels)
    place = percentage / 100.0 * (flat.shape[1] - 1)
    below = math.floor(place)
    least = -tf.math.top_k(-flat, min(below + 2, flat.shape[1]), sorted=False).values
    upper, lower = tf.unstack(tf.math.top_k(least, 2).values, axis=1)
    bound = lower + (place - below) * (upper - lower)
    return tf.where((values < bound[:, None, None])[..., None], 0.0, offset)
