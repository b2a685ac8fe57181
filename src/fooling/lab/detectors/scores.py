"""Scores that are high for images which look natural to a network: by its logits, by its gradient, by its features."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from scipy.special import logsumexp

from fooling.encodings.population import compile_graph
from fooling.lab.detectors.names import ENERGY, MAXIMUM_LOGIT, MAXIMUM_SOFTMAX
from fooling.networks.adapt import Adapted
from fooling.networks.classifier import Classifier
from fooling.networks.head import compute_features, expose_logits, split_head

ODIN_TEMPERATURE = 1_000.0  # Source: Liang et al. 2018
# Of [0, 1]. Source: Liang et al. 2018, for CIFAR-10. Choice: not tuned here, since that would need fooling images.
ODIN_STEP = 0.0014
# Of the natural images, the neighbour that counts is one in a thousand. Source: Sun et al. 2022, 50 of CIFAR-10's
# 50,000 and 1,000 of ImageNet's 1.3 million.
NEIGHBOUR_SHARE = 1 / 1_000
GRAPHS = 16  # that are kept of each sort; Choice: more than one page needs
Graph = Callable[[tf.Tensor], tf.Tensor]


def score_logits(logits: np.ndarray, temperature: float = 1.0) -> dict[str, np.ndarray]:
    """Return the scores that need nothing but logits, ``(n, k)``; each is ``(n,) float64``, larger if more natural.

    - "maximum softmax" (Hendrycks & Gimpel 2017): as log-odds of the top class, z − logsumexp of the others, which
      order images as the softmax does and still tell them apart where it has been rounded to 1.
    - "maximum logit" (Hendrycks et al. 2022). Temperature does not change it.
    - "energy" (Liu et al. 2020): temperature · logsumexp(logits / temperature), the negative of their energy.

    Where a model ends in a softmax its logarithm stands for logits; then energy is 0 for every image but for rounding.

    Raises:
        ValueError: If a logit is infinite or no number.
    """
    wide = np.asarray(logits, np.float64)
    if np.isnan(wide).any() or np.isposinf(wide).any():
        raise ValueError("Detectors score logits below infinity, but some of these are infinite or no numbers.")
    scaled = np.sort(wide / temperature, axis=1)
    return {
        MAXIMUM_SOFTMAX: scaled[:, -1] - logsumexp(scaled[:, :-1], axis=1),
        MAXIMUM_LOGIT: wide.max(axis=1),
        ENERGY: temperature * logsumexp(scaled, axis=1),
    }


def compute_logits(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return logits, ``(count, classes) float32``, of ``(count, height, width, channels)`` uint8 or float in [0, 1]."""
    return classifier.answer(_compile(classifier, classifier.logits), images)


def score_odin(
    classifier: Classifier, images: np.ndarray, temperature: float = ODIN_TEMPERATURE, step: float = ODIN_STEP
) -> np.ndarray:
    """Return ODIN's score, ``(count,) float64``: the maximum softmax at a high temperature after a step that raises it.

    Each pixel moves by ``step``, a share of the range from black to white, along the sign of the gradient of the top
    class's log-softmax at that temperature; it may leave [0, 1]. As in :func:`score_logits` the softmax is given as
    log-odds, and images are those of :func:`compute_logits`. Source: Liang et al. 2018.
    """
    logits = classifier.answer(_compile_odin(classifier, temperature, step), images)
    return score_logits(logits, temperature)[MAXIMUM_SOFTMAX]


def step_towards_top(find_logits: Graph, images: tf.Tensor, temperature: float, step: float) -> tf.Tensor:
    """Return images after ODIN's step, ``(batch, height, width, channels) float32``; the step is in their values."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        top = tf.reduce_max(tf.nn.log_softmax(find_logits(images) / temperature), axis=1)
    gradient = tape.gradient(top, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return images + step * tf.sign(gradient)


class FeatureDistance(NamedTuple):
    """How far an image's features lie from those of natural images.

    Features are what the last layer sees, scaled to length 1; the distance is that to the k-th nearest natural image
    (Sun et al. 2022). Choice: of the two common distances this one needs no labels, no shape of the classes and no
    covariance, which a few hundred images cannot give for a thousand features.
    """

    classifier: Classifier
    below: keras.Model  # from the network's own pixels to features
    measure: Callable[[Any], Any]  # from ``(batch, features) float32`` to (batch,) float32, minus the distance
    neighbour: int  # k

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return minus the distance, so that larger scores are more natural: ``(count,) float64``, −2 to 0."""
        graph = _compile(self.classifier, self.find_distance)
        return self.classifier.answer(graph, images).astype(np.float64)

    def find_distance(self, images: tf.Tensor) -> tf.Tensor:
        """Return minus the distance, of images in [0, 1]."""
        low, high = self.classifier.input_range
        return self.measure(self.below(images * (high - low) + low, training=False))

    def join(self) -> keras.Model:
        """Return one graph of layers from the network's own pixels to minus the distance."""
        return keras.Model(self.below.inputs[0], self.measure(self.below.output), name="feature_distance")


def fit_features(classifier: Classifier, images: np.ndarray, below: keras.Model | None = None) -> FeatureDistance:
    """Remember the features of natural images, of those that the network learned if they can be had.

    Args:
        images: ``(count, height, width, channels) uint8``, at least one.
        below: What is below the last dense layer, where it is known.

    Raises:
        ValueError: If ``below`` is not given, and the last layer is none that :func:`fooling.networks.head.split_head`
            knows, a softmax after it aside.
    """
    below = below or _find_below(expose_logits(classifier))
    natural = compute_features(classifier, below, [images])
    lengths = np.linalg.norm(natural, axis=1, keepdims=True)
    units = natural / np.maximum(lengths, np.finfo(np.float32).tiny)
    neighbour = max(1, round(NEIGHBOUR_SHARE * len(units)))
    return FeatureDistance(classifier, below, _build_measure(units, neighbour), neighbour)


def _find_below(classifier: Classifier) -> keras.Model:
    """Return what is below the last layer; of one that is averaged over places, as SqueezeNet's, the mean of maps."""
    below, _ = split_head(classifier, averaged=True)
    if isinstance(below, Adapted) or len(below.output_shape) == 2:
        return below
    return keras.Model(below.inputs[0], layers.GlobalAveragePooling2D(name="features_mean")(below.output))


def _build_measure(units: np.ndarray, neighbour: int) -> Callable[[Any], Any]:
    """Return the way from features to minus the distance to the k-th nearest of ``(natural, features) float32``."""
    flat, unit = layers.Flatten(name="features"), layers.UnitNormalization(name="unit_features")
    similarity = layers.Dense(len(units), use_bias=False, trainable=False, name="similarity")
    similarity.build((None, units.shape[1]))
    similarity.set_weights([units.T])

    def measure(features: Any) -> Any:
        nearest = ops.top_k(similarity(unit(flat(features))), neighbour)[0][:, -1]  # of (batch, natural) cosines
        squared = ops.maximum(2.0 - 2.0 * nearest, 0.0)  # of the distance between two unit vectors
        return -ops.sqrt(squared)

    return measure


@lru_cache(maxsize=GRAPHS)
def _compile_odin(classifier: Classifier, temperature: float, step: float) -> Graph:
    logits = classifier.logits
    return _compile(classifier, lambda images: logits(step_towards_top(logits, images, temperature, step)))


@lru_cache(maxsize=GRAPHS)
def _compile(classifier: Classifier, function: Graph) -> Graph:
    """Return one graph of a function of images; a concrete one, since tf.function itself would warn of retracing."""
    return compile_graph(function, [tf.TensorSpec([None, *classifier.image_shape], tf.float32)])
