"""All detectors of one network, side by side, and the networks that each of them guards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fooling.lab.detectors import names
from fooling.lab.detectors.guard import Score, guard, score_by_features, score_by_logits, score_by_odin
from fooling.lab.detectors.measures import fit_temperature
from fooling.lab.detectors.scores import FeatureDistance, compute_logits, fit_features, score_logits, score_odin
from fooling.networks.classifier import Classifier


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
        """Return every detector's scores, larger for images taken for natural.

        That of the fooling class is minus the log-odds of it.

        Args:
            images: ``(count, height, width, channels) uint8``.

        Returns:
            ``(detectors, count) float64``.
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

    def guard(self, natural: np.ndarray) -> dict[str, Classifier]:
        """Return the network guarded by each of :data:`fooling.lab.detectors.names.GUARDING`.

        Args:
            natural: ``(detectors, n)`` scores of natural images, which fix the thresholds.

        Raises:
            ValueError: As :func:`fooling.lab.detectors.guard.guard`.
        """
        ways: Mapping[str, Score] = {
            names.SCALED: score_by_logits(names.MAXIMUM_SOFTMAX, self.temperature),
            names.MAXIMUM_LOGIT: score_by_logits(names.MAXIMUM_LOGIT),
            names.ENERGY: score_by_logits(names.ENERGY),
            names.ODIN: score_by_odin(self.classifier),
            names.FEATURES: score_by_features(self.features),
        }
        scores = dict(zip(self.names, natural, strict=True))
        return {
            name: guard(self.classifier, ways[name], scores[name], f"{self.classifier.name}, {name}")
            for name in names.GUARDING
        }


def fit_panel(
    classifier: Classifier, images: np.ndarray, labels: np.ndarray, learned: np.ndarray, taught: Classifier | None
) -> Panel:
    """Fit temperature and features.

    Args:
        images: ``(count, height, width, channels) uint8``: natural images that it did not learn, for the temperature.
        labels: ``(count,)``: their classes.
        learned: Natural images for the features, those that it learned where they can be had.
        taught: A network with a fooling class, or None.

    Raises:
        ValueError: As :func:`fit_temperature` and :func:`fit_features`.
    """
    temperature = fit_temperature(compute_logits(classifier, images), labels)
    return Panel(classifier, temperature, fit_features(classifier, learned), taught)
