"""A guarded network refuses what its detector refuses, by a closed form, and is the same network each time."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import expit

from fooling.confidence import to_confidence
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.lab.detectors import guard as guarding
from fooling.lab.detectors import scores
from fooling.lab.detectors.guard import guard
from fooling.lab.detectors.measures import find_threshold
from fooling.lab.detectors.names import GUARDING
from fooling.networks.classifier import Classifier

SHAPE = (4, 4, 1)


def make_network(ending: str | None = None, scale: float = 6.0) -> Classifier:
    model = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(6, "relu"), layers.Dense(3, ending)])
    random = np.random.default_rng(4)
    model.set_weights([scale**0.5 * random.normal(size=part.shape) for part in model.get_weights()])
    return Classifier(model, input_range=(0.0, 2.0), name="toy")


@pytest.fixture(scope="module")
def network() -> Classifier:
    return make_network()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (300, *SHAPE), dtype=np.uint8)


def prepare(way: str, network: Classifier, images: np.ndarray) -> tuple[guarding.Score, np.ndarray]:
    """Return a detector for guarding, and the scores that the panel gives images."""
    panel = guarding.Panel(network, 3.0, scores.fit_features(network, images[:100]), None)
    return panel.list_scores()[way], dict(zip(panel.names, panel.score(images), strict=True))[way]


@pytest.mark.parametrize("way", GUARDING)
def test_confidence_is_low_exactly_where_the_detector_refuses(
    way: str, network: Classifier, images: np.ndarray
) -> None:
    score, found = prepare(way, network, images)
    natural = np.sort(found)[-160:]  # so that some images are refused of which the network is certain
    guarded = guard(network, score, natural, "guarded")
    assert guarded.class_names == (*network.class_names, "refused") and guarded.outputs == "logits"
    refused = (find_threshold(natural) - found) / natural.std()
    plain, log_odds = network.confidences(images), guarded.score(images)
    mine = to_confidence(log_odds)
    np.testing.assert_allclose(mine[:, :3], plain * expit(-refused)[:, None], rtol=2e-3, atol=1e-6)
    sure = (plain.max(axis=1) > 0.9999) & (np.abs(refused) > 1e-2)
    assert 0 < (refused[sure] > 0).sum() < sure.sum(), "some are refused and some are not"
    assert np.array_equal(mine[sure, :3].max(axis=1) < 0.5, refused[sure] > 0)
    assert np.array_equal(mine[sure, 3] > 0.5, refused[sure] > 0)


def test_certain_images_are_told_apart_by_the_detector_alone(network: Classifier) -> None:
    bright = np.stack([np.full(SHAPE, level, np.uint8) for level in (150, 200, 250)])
    assert network.confidences(bright).max(axis=1).min() > 0.9999
    guarded = guard(network, *prepare("maximum logit", network, bright), "guarded")
    assert np.all(np.diff(guarded.score(bright)[:, :3].max(axis=1)) > 0.1), "the higher logit, the better"


def test_network_of_probabilities_is_guarded_alike(network: Classifier, images: np.ndarray) -> None:
    soft = make_network("softmax", scale=0.5)
    plain = make_network(scale=0.5)
    assert soft.outputs == "probabilities"
    parts = []
    for one in (soft, plain):
        score, found = prepare("temperature scaling", one, images)
        parts.append(guard(one, score, found, "guarded").score(images))
    np.testing.assert_allclose(*parts, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("way", GUARDING)
def test_fingerprint_depends_on_detector_and_threshold_alone(way: str, network: Classifier, images: np.ndarray) -> None:
    def build(natural: np.ndarray) -> str:
        layers.Dense(2)(layers.Input((3,)))  # Keras counts up the names of layers
        return guard(network, prepare(way, network, images)[0], natural, "guarded").fingerprint()

    natural = np.arange(40.0)
    assert build(natural) == build(natural)
    assert build(natural) != build(natural + 1.0) and build(natural) != build(2.0 * natural)


def test_detectors_have_different_fingerprints(network: Classifier, images: np.ndarray) -> None:
    natural = np.arange(40.0)
    found = {guard(network, prepare(way, network, images)[0], natural, way).fingerprint() for way in GUARDING}
    assert len(found) == len(GUARDING)


def test_step_moves_every_pixel_by_as_much_or_not_at_all(network: Classifier, images: np.ndarray) -> None:
    layer = guarding.StepTowardsTop(network.model, "logits", 20.0, 0.01)
    pixels = keras.ops.convert_to_tensor(images[:4].astype(np.float32) / 255.0)
    moved = layer(pixels).numpy()
    steps = np.round(np.abs(moved - pixels.numpy()), 4)
    assert set(np.unique(steps)) <= {np.float32(0.0), np.float32(0.01)} and (steps > 0).mean() > 0.9


@pytest.mark.slow
def test_images_evolve_past_the_detector(network: Classifier, images: np.ndarray) -> None:
    score, found = prepare("feature distance", network, images)
    guarded = guard(network, score, found[:100], "guarded")
    sizes = {"generations": 12, "children": 30, "seeds": range(2), "classes": range(3)}
    plain, past = (evolve(one, DirectEncoding(SHAPE), **sizes) for one in (network, guarded))
    distances = scores.fit_features(network, images[:100])
    mean = [distances.score(run.images.reshape(-1, *SHAPE)).mean() for run in (plain, past)]
    assert mean[1] > mean[0], "images that evolve against a distance keep it smaller"
