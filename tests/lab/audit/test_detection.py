"""Scores, temperature and calibration on a network whose answers can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from fooling.lab.audit import detection
from fooling.lab.audit.detection import DISTANCE, find_top, find_top_confidences, measure_noticed, measure_temperature
from fooling.lab.audit.natural import split_natural
from fooling.lab.audit.network import expose_logits
from fooling.networks.classifier import Classifier

SHAPE = (12, 10, 3)


@pytest.fixture(scope="module")
def nonsense():
    """Return images that are nothing to the network, and images that are more of a colour than any real one."""
    pure = np.zeros((9, *SHAPE), np.uint8)
    pure[np.arange(9), ..., np.arange(9) % 3] = 255
    grey = np.full((8, *SHAPE), 90, np.uint8)
    return {"noise": grey, "direct": pure}


def test_confident_nonsense_passes_a_threshold_and_grey_does_not(colour_network, natural, nonsense) -> None:
    noticed = measure_noticed(colour_network, natural, nonsense, seed=0)
    softmax_row = noticed.detectors.tolist().index("maximum softmax")
    assert noticed.kinds.tolist() == ["noise", "direct"] and int(noticed.measured) == 30
    assert noticed.auroc[softmax_row, :, 0].tolist() == [1.0, 0.0]
    assert noticed.passed[softmax_row, :, 0].tolist() == [0.0, 1.0]


def test_only_the_half_that_nothing_was_fitted_on_is_measured(colour_network, natural, nonsense, monkeypatch) -> None:
    images = np.concatenate([nonsense["noise"]] * 4)[:30]  # grey ones to fit on, and clear ones to measure with
    clear = np.concatenate([nonsense["direct"]] * 4)[:30]
    both = natural._replace(images=np.concatenate([images, clear]))
    monkeypatch.setattr(detection, "split_natural", lambda labels, seed: (np.arange(30), np.arange(30, 60)))
    noticed = measure_noticed(colour_network, both, {"CPPN": natural.images}, seed=0)
    assert noticed.auroc[noticed.detectors.tolist().index("maximum softmax"), 0, 0] == 1.0


def test_features_of_nonsense_are_far_from_real_ones(colour_network, natural, nonsense) -> None:
    noticed = measure_noticed(colour_network, natural, nonsense, seed=0)
    assert noticed.auroc[noticed.detectors.tolist().index(DISTANCE), 1, 0] == 1.0


def test_energy_is_left_out_where_there_are_no_logits(make_colour_network, natural, nonsense) -> None:
    whole = Classifier(make_colour_network("inside"))
    assert "energy" not in measure_noticed(whole, natural, nonsense, 0).detectors
    assert "energy" in measure_noticed(expose_logits(whole), natural, nonsense, 0).detectors


def test_temperature_is_that_of_the_likelihood_on_one_half_and_told_on_the_other(
    colour_network, natural, nonsense
) -> None:
    found = measure_temperature(colour_network, natural, nonsense, seed=0)
    logits = 9.0 * natural.images.mean(axis=(1, 2)) / 255.0
    fitted, measured = split_natural(natural.labels, 0)

    def loss(temperature: float) -> float:
        chosen = softmax(logits[fitted] / temperature, axis=1)[np.arange(len(fitted)), natural.labels[fitted]]
        return float(-np.log(chosen).mean())

    value = float(found.value)
    assert 0.02 < value < 50.0 and value == pytest.approx(minimize_scalar(loss, (0.5, 2.0)).x, rel=1e-3)
    for place, temperature in enumerate((1.0, value)):
        assert found.real[place] == pytest.approx(
            np.median(softmax(logits[measured] / temperature, axis=1).max(axis=1)), abs=1e-5
        )
        pure = softmax(np.array([9.0, 0.0, 0.0]) / temperature)[0]
        assert found.certain[:, place].tolist() == [0.0, float(pure >= 0.99)]


def test_top_confidence_is_the_softmax_maximum(colour_network, natural) -> None:
    logits = np.random.default_rng(0).normal(size=(5, 4)) * 3
    assert np.allclose(find_top(logits, 2.0), softmax(logits / 2.0, axis=1).max(axis=1))
    assert np.allclose(
        find_top_confidences(colour_network, natural.images),
        colour_network.confidences(natural.images).max(axis=1),
        atol=1e-6,
    )
