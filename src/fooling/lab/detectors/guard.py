"""A network that refuses what a detector takes for unnatural: the detector becomes one class more.

Nothing of evolution knows of detectors. The guarded network has the network's own classes and "refused", so that an
image of which it is certain has beaten the other classes and the detector alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from fooling.lab.detectors.measures import find_threshold
from fooling.lab.detectors.names import ENERGY, MAXIMUM_LOGIT, MAXIMUM_SOFTMAX
from fooling.lab.detectors.scores import ODIN_STEP, ODIN_TEMPERATURE, FeatureDistance, step_towards_top
from fooling.networks.classifier import Classifier

REFUSED = "refused"

# From the network's pixels, ``(batch, height, width, channels)``, and its logits, ``(batch, classes)``, to scores
# ``(batch,)`` that are larger for images taken for natural; all of them symbolic, as Keras joins layers.
Score = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def guard(classifier: Classifier, score: Score, natural: np.ndarray, name: str) -> Classifier:
    """Return a network with one class more, whose confidence in its own classes an unnatural image loses.

    Its scores are the log-probabilities of the network's classes, and for "refused" (threshold − score) / spread: 0
    where the detector just lets an image pass, and a natural image's usual distance from there is a few units. So no
    refused image has more than 50% in any class, and one that passes keeps more than half of its confidence.

    Args:
        score: The detector, as :func:`score_by_logits` or :func:`score_by_features` gives it.
        natural: ``(n,)`` scores of natural images: the threshold lets 95% pass, the standard deviation is the spread.

    Returns:
        The network with the class "refused" last; the fingerprint depends on nothing but the arguments.

    Raises:
        ValueError: If there are no such scores, or all of them are equal.
    """
    threshold, spread = find_threshold(natural), float(np.std(natural))
    if not (np.isfinite(spread) and spread > 0.0):
        raise ValueError(f"The spread of natural images' scores is {spread}, but a detector needs some that differ.")
    pixels = layers.Input(classifier.image_shape, name="guard_pixels")
    scores = classifier.model(pixels)
    logits = ops.log(scores) if classifier.outputs == "probabilities" else scores
    centred = layers.Rescaling(-1.0 / spread, offset=threshold / spread, name="guard_refused")
    refused = layers.Reshape((1,), name="guard_column")(centred(score(pixels, logits)))
    outputs = layers.Concatenate(name="guard_scores")([ops.log_softmax(logits, axis=-1), refused])
    model = keras.Model(pixels, outputs, name="guarded")
    return Classifier(model, (*classifier.class_names, REFUSED), name, classifier.input_range)


def score_by_logits(kind: str, temperature: float = 1.0) -> Score:
    """Return a score of :func:`fooling.lab.detectors.scores.score_logits` for :func:`guard`; others are refused."""
    ways: Mapping[str, Callable[[Any], Any]] = {
        MAXIMUM_SOFTMAX: lambda logits: _lead_of_top(logits / temperature),
        MAXIMUM_LOGIT: lambda logits: ops.max(logits, axis=1),
        ENERGY: lambda logits: temperature * ops.logsumexp(logits / temperature, axis=1),
    }
    if kind not in ways:
        raise ValueError(f"There is no score {kind!r} of logits; choose {', '.join(ways)}.")
    return lambda pixels, logits: ways[kind](logits)


def score_by_features(features: FeatureDistance) -> Score:
    """Return minus the distance to natural features for :func:`guard`."""
    model = features.join()
    return lambda pixels, logits: model(pixels)


def score_by_odin(classifier: Classifier, temperature: float = ODIN_TEMPERATURE, step: float = ODIN_STEP) -> Score:
    """Return the score of :func:`fooling.lab.detectors.scores.score_odin` for :func:`guard`."""
    model, outputs, (low, high) = classifier.model, classifier.outputs, classifier.input_range

    def score(pixels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        layer = StepTowardsTop(model, outputs, temperature, step * abs(high - low), name="guard_step")
        again = model(layer(pixels))
        return _lead_of_top((ops.log(again) if outputs == "probabilities" else again) / temperature)

    return score


@keras.saving.register_keras_serializable("fooling")
class StepTowardsTop(layers.Layer):
    """A layer that moves pixels one step towards a network's top class, by the sign of the gradient.

    The network's ``outputs`` are "logits" or "probabilities"; the step is in the network's own pixel values.
    """

    def __init__(self, network: keras.Model, outputs: str, temperature: float, step: float, **options: Any) -> None:
        super().__init__(**options)
        self.network, self.outputs, self.temperature, self.step = network, outputs, temperature, step

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Return ``(batch, height, width, channels) float32`` pixels after the step."""

        def find_logits(pixels: tf.Tensor) -> tf.Tensor:
            scores = self.network(pixels, training=False)
            return tf.math.log(scores) if self.outputs == "probabilities" else scores

        return step_towards_top(find_logits, pixels, self.temperature, self.step)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of, the network included."""
        network = keras.saving.serialize_keras_object(self.network)
        own = {"outputs": self.outputs, "temperature": self.temperature, "step": self.step}
        return {**super().get_config(), **own, "network": network}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> StepTowardsTop:
        """Return the layer that :meth:`get_config` describes."""
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)


def _lead_of_top(logits: Any) -> Any:
    """Return z − logsumexp of the others for the top class, which nothing saturates."""
    ordered = ops.top_k(logits, logits.shape[1])[0]
    return ordered[:, 0] - ops.logsumexp(ordered[:, 1:], axis=1)
