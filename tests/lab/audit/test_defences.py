"""Scores, temperature and calibration on a network whose answers can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from fooling.confidence import DEVIATES
from fooling.lab.audit import defences
from fooling.lab.audit.defences import find_top, measure_detectors, measure_temperature
from fooling.lab.audit.natural import split_natural
from fooling.lab.detectors.names import FEATURES
from fooling.networks.classifier import Classifier
from fooling.networks.head import expose_logits

SHAPE = (12, 10, 3)


@pytest.fixture(scope="module")
def nonsense():
    """Return images that are nothing to the network, and images that are more of a colour than any real one."""
    pure = np.zeros((9, *SHAPE), np.uint8)
    pure[np.arange(9), ..., np.arange(9) % 3] = 255
    grey = np.full((8, *SHAPE), 90, np.uint8)
    return {"noise": grey, "direct": pure}


def test_confident_nonsense_passes_a_threshold_and_grey_does_not(colour_network, natural, nonsense) -> None:
    found, measured = measure_detectors(colour_network, natural, nonsense, seed=0)
    grey, pure = found["maximum softmax"].values()
    assert list(found["maximum softmax"]) == ["noise", "direct"] and measured == 30
    assert (grey.auroc[0], pure.auroc[0]) == (1.0, 0.0)
    assert (grey.passed[0], pure.passed[0]) == (0.0, 1.0)
    square = DEVIATES**2
    assert grey.passed[1:] == pytest.approx((0.0, square / (8 + square))), "Wilson's interval of 0 of 8"
    assert pure.passed[1:] == pytest.approx((9 / (9 + square), 1.0)), "and of 9 of 9"


def test_only_the_half_that_nothing_was_fitted_on_is_measured(colour_network, natural, nonsense, monkeypatch) -> None:
    images = np.concatenate([nonsense["noise"]] * 4)[:30]  # grey ones to fit on, and clear ones to measure with
    clear = np.concatenate([nonsense["direct"]] * 4)[:30]
    both = natural._replace(images=np.concatenate([images, clear]))
    monkeypatch.setattr(defences, "split_natural", lambda labels, seed: (np.arange(30), np.arange(30, 60)))
    found, _ = measure_detectors(colour_network, both, {"CPPN": natural.images}, seed=0)
    assert found["maximum softmax"]["CPPN"].auroc[0] == 1.0


def test_features_of_nonsense_are_far_from_real_ones(colour_network, natural, nonsense) -> None:
    found, _ = measure_detectors(colour_network, natural, nonsense, seed=0)
    assert found[FEATURES]["direct"].auroc[0] == 1.0


def test_energy_is_left_out_where_there_are_no_logits(make_colour_network, natural, nonsense) -> None:
    whole = Classifier(make_colour_network("inside"))
    assert "energy" not in measure_detectors(whole, natural, nonsense, 0)[0]
    assert "energy" in measure_detectors(expose_logits(whole), natural, nonsense, 0)[0]


def test_temperature_is_that_of_the_likelihood_on_one_half_and_told_on_the_other(
    colour_network, natural, nonsense
) -> None:
    found = measure_temperature(colour_network, natural, nonsense, seed=0)
    logits = 9.0 * natural.images.mean(axis=(1, 2)) / 255.0
    fitted, measured = split_natural(natural.labels, 0)

    def loss(temperature: float) -> float:
        chosen = softmax(logits[fitted] / temperature, axis=1)[np.arange(len(fitted)), natural.labels[fitted]]
        return float(-np.log(chosen).mean())

    value = found.value
    assert found.fitted and value == pytest.approx(minimize_scalar(loss, (0.5, 2.0)).x, rel=1e-3)
    for place, temperature in enumerate((1.0, value)):
        assert found.real[place] == pytest.approx(
            np.median(softmax(logits[measured] / temperature, axis=1).max(axis=1)), abs=1e-5
        )
        pure = softmax(np.array([9.0, 0.0, 0.0]) / temperature)[0]
        assert [shares[place] for shares in found.certain.values()] == [0.0, float(pure >= 0.99)]


def test_a_temperature_is_not_fitted_where_every_image_is_right(colour_network, natural, nonsense) -> None:
    right = natural.take(np.arange(4, 60))  # without those whose label is wrong
    assert not measure_temperature(colour_network, right, nonsense, seed=0).fitted


def test_top_confidence_is_the_softmax_maximum() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 4)) * 3
    assert np.allclose(find_top(logits, 2.0), softmax(logits / 2.0, axis=1).max(axis=1))
