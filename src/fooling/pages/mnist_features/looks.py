"""Where a network looks: gradient × input, for the log-odds of a class."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from fooling.encodings.population import compile_graph
from fooling.images import check_images
from fooling.networks.classifier import Classifier


def trace_looks(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return where the network looks in the images of each class: the mean of :func:`share_looks` over runs.

    Choice: each image's map sums to 1 before the mean, so that none outweighs others.
    """
    return np.asarray(share_looks(classifier, images).mean(axis=0))


def find_low_look(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return which share of where the network looks is in the lower half: ``(runs, classes) float32 in [0, 1]``."""
    looks = share_looks(classifier, images)
    return np.asarray(looks[:, :, -(looks.shape[2] // 2) :].sum(axis=(2, 3)))


def share_looks(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return where the network looks in each image: the share of each pixel in Σ |gradient × input|.

    The gradient is that of the class's log-odds. It says what a pixel's grey level adds to them, to first order; a
    black pixel adds nothing by definition.

    From ``(runs, classes, height, width, channels) uint8``, the classes in the network's order, comes ``(runs, classes,
    height, width) float32``, each map summing to 1; 0 where an image has no influence.
    """
    runs, classes = images.shape[:2]
    flat = images.reshape(-1, *images.shape[2:])
    maps = multiply_gradient(classifier, flat, np.tile(np.arange(classes), runs))
    size = np.abs(maps).sum(axis=-1).reshape(runs, classes, *images.shape[2:4])
    total = size.sum(axis=(2, 3), keepdims=True)
    return np.asarray(np.divide(size, total, out=np.zeros_like(size), where=total > 0.0))


def multiply_gradient(classifier: Classifier, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return gradient × input, ``(count, height, width, channels) float32``, of a class's log-odds for each image.

    Args:
        images: ``(count, height, width, channels)``, uint8 or float32 in [0, 1].
        classes: ``(count,)``: for which class, by index.
    """

    def differentiate(pixels: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            wanted = tf.gather(classifier.log_odds(pixels), chosen, axis=1, batch_dims=1)
        return tape.gradient(wanted, pixels) * pixels

    signature = [tf.TensorSpec([None, *classifier.image_shape]), tf.TensorSpec([None], tf.int32)]
    graph = compile_graph(differentiate, signature)
    pixels, size = check_images(images, classifier.image_shape), classifier.batch
    chosen, starts = np.asarray(classes, np.int32), range(0, len(pixels), size)
    found = np.concatenate(
        [graph(tf.constant(pixels[at : at + size]), tf.constant(chosen[at : at + size])) for at in starts]
    )
    if not np.isfinite(found).all():
        raise ValueError(f"{classifier.name} has a gradient that is not a number, so where it looks is not known.")
    return found
