"""All detectors of a network, and networks that refuse what a detector takes for unnatural.

Nothing of evolution knows of detectors: one becomes one class more. The guarded network has the network's own classes
and "refused", so that an image of which it is certain has beaten the other classes and the detector alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from fooling.lab.detectors import names
from fooling.lab.detectors.measures import find_threshold, fit_temperature
from fooling.lab.detectors.scores import (
    ODIN_STEP,
    ODIN_TEMPERATURE,
    FeatureDistance,
    compute_logits,
    fit_features,
    score_logits,
    score_odin,
    step_towards_top,
)
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
        natural: ``(n,)`` scores of natural images: the threshold lets 95% pass, the standard deviation is the spread.

    Returns:
        The network with the class "refused" last; the fingerprint depends on nothing but the arguments.
    """
    threshold, spread = find_threshold(natural), float(np.std(natural))
    pixels = layers.Input(classifier.image_shape, name="guard_pixels")
    scores = classifier.model(pixels)
    logits = ops.log(scores) if classifier.outputs == "probabilities" else scores
    centred = layers.Rescaling(-1.0 / spread, offset=threshold / spread, name="guard_refused")
    refused = layers.Reshape((1,), name="guard_column")(centred(score(pixels, logits)))
    outputs = layers.Concatenate(name="guard_scores")([ops.log_softmax(logits, axis=-1), refused])
    model = keras.Model(pixels, outputs, name="guarded")
    return Classifier(model, (*classifier.class_names, REFUSED), name, classifier.input_range)


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


def _lead_of_top(logits: Any) -> Any:
    """Return z − logsumexp of the others for the top class, which nothing saturates."""
    ordered = ops.top_k(logits, logits.shape[1])[0]
    return ordered[:, 0] - ops.logsumexp(ordered[:, 1:], axis=1)


class Panel(NamedTuple):
    """All detectors of one network."""

    classifier: Classifier
    temperature: float  # that its logits are divided by
    features: FeatureDistance  # of natural images that it learned
    taught: Classifier | None  # a network with a fooling class, its last

    @property
    def names(self) -> tuple[str, ...]:
        """The detectors, in the order in which pages show them."""
        return names.DETECTORS if self.taught else names.DETECTORS[:-1]

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return every detector's scores, ``(detectors, count) float64``, larger for images taken for natural.

        That of the fooling class is minus the log-odds of it. Images are ``(count, height, width, channels) uint8``.
        """
        logits = compute_logits(self.classifier, images)
        found = {
            **score_logits(logits),
            names.SCALED: score_logits(logits, self.temperature)[names.MAXIMUM_SOFTMAX],
            names.ODIN: score_odin(self.classifier, images),
            names.FEATURES: self.features.score(images),
        }
        if self.taught:
            found[names.FOOLING_CLASS] = -self.taught.score(images)[:, -1].astype(np.float64)
        return np.stack([found[name] for name in self.names])

    def list_scores(self) -> dict[str, Score]:
        """Return the detectors of :data:`fooling.lab.detectors.names.GUARDING` for :func:`guard`."""
        return {
            names.SCALED: lambda pixels, logits: _lead_of_top(logits / self.temperature),
            names.MAXIMUM_LOGIT: lambda pixels, logits: ops.max(logits, axis=1),
            # 1.0 is the temperature; as layers these two are part of the key of what evolved against the network.
            names.ENERGY: lambda pixels, logits: 1.0 * ops.logsumexp(logits / 1.0, axis=1),
            names.ODIN: self._score_by_odin,
            names.FEATURES: lambda pixels, logits: self.features.join()(pixels),
        }

    def _score_by_odin(self, pixels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        model, outputs, (low, high) = self.classifier.model, self.classifier.outputs, self.classifier.input_range
        layer = StepTowardsTop(model, outputs, ODIN_TEMPERATURE, ODIN_STEP * abs(high - low), name="guard_step")
        again = model(layer(pixels))
        return _lead_of_top((ops.log(again) if outputs == "probabilities" else again) / ODIN_TEMPERATURE)

    def guard(self, natural: np.ndarray) -> dict[str, Classifier]:
        """Return the network guarded by each of them; natural images' scores, ``(detectors, n)``, fix thresholds."""
        scores = dict(zip(self.names, natural, strict=True))
        return {
            name: guard(self.classifier, score, scores[name], f"{self.classifier.name}, {name}")
            for name, score in self.list_scores().items()
        }


def fit_panel(
    classifier: Classifier, images: np.ndarray, labels: np.ndarray, learned: np.ndarray, taught: Classifier | None
) -> Panel:
    """Fit the temperature on natural images that the network did not learn, and remember features of others.

    Args:
        images: ``(count, height, width, channels) uint8``, for the temperature, as their ``(count,)`` labels.
        learned: For the features, those that it learned where they can be had.
    """
    temperature = fit_temperature(compute_logits(classifier, images), labels)
    return Panel(classifier, temperature, fit_features(classifier, learned), taught)
