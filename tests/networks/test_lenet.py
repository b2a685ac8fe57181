"""The digit networks are Caffe's, and so is a step of their solver."""

from __future__ import annotations

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from fooling.data.digits import Digits
from fooling.files import DamagedError, write_atomically
from fooling.networks import lenet as lenet_module
from fooling.networks.lenet import InverseDecay, build_lenet, build_relu_network, fit, subtract_mean, train_network
from fooling.runs import RunFolder


def test_lenet_has_caffes_layers_and_431080_parameters():
    model = build_lenet(0)
    assert model.count_params() == 20 * 26 + 50 * (500 + 1) + 500 * (800 + 1) + 10 * 501 == 431_080
    kinds = [type(layer) for layer in model.layers]
    assert kinds == [
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Flatten,
        layers.Dense,
        layers.Dense,
    ]
    names = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]
    assert names == ["linear", "linear", "relu", "linear"]
    assert [layer.output.shape[1:] for layer in model.layers[:4]] == [
        (24, 24, 20),
        (12, 12, 20),
        (8, 8, 50),
        (4, 4, 50),
    ]


def test_initial_weights_are_caffes_xavier_and_biases_are_zero():
    for layer in build_lenet(0).layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            bound = np.sqrt(3.0 / np.prod(kernel.shape[:-1]))
            assert np.abs(kernel).max() <= bound
            assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)
            assert not bias.any()


def test_another_seed_is_another_initialisation_and_no_two_layers_share_one():
    first, again, other = (build_lenet(seed).get_weights() for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert all((a != b).any() for a, b in zip(first[::2], other[::2], strict=True))
    kernels = [kernel.ravel()[:100] / np.abs(kernel).max() for kernel in first[::2]]
    assert all(not np.allclose(a, b, atol=0.05) for i, a in enumerate(kernels) for b in kernels[:i])


def test_the_relu_network_has_another_shape():
    model = build_relu_network(0)
    assert model.input_shape == (None, 28, 28, 1) and model.output_shape == (None, 10)
    assert not any(isinstance(layer, layers.MaxPooling2D) for layer in model.layers)


@pytest.mark.parametrize("step", [0, 1, 150, 1500, 10_000])
def test_the_learning_rate_is_caffes_inverse_decay(step):
    assert float(InverseDecay()(step)) == pytest.approx(0.01 * (1 + 1e-4 * step) ** -0.75, rel=1e-6)


def build_linear(decay: float) -> keras.Model:
    """Build the smallest network that ``fit`` trains: one dense layer, decayed as the digit networks' layers are."""
    settings = next(lenet_module._initialise_layers(7))
    for part in ("kernel_regularizer", "bias_regularizer"):
        assert 2 * settings[part].l2 == pytest.approx(decay)
    dense = layers.Dense(10, **settings)
    return keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), dense])


def test_two_steps_of_training_are_caffes_update_done_by_hand():
    """V ← 0.9 V + rate · (gradient + 5e-4 · W); W ← W − V: for weights and biases alike, on one batch of all images."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (64, 28, 28, 1), np.uint8), rng.integers(0, 10, 64)
    model = build_linear(5e-4)
    bias = rng.normal(size=10).astype(np.float32)  # not zero, so that its decay shows
    model.layers[-1].set_weights([model.layers[-1].get_weights()[0], bias])
    weights = [part.astype(np.float64) for part in model.get_weights()]

    pixels = images.reshape(64, -1).astype(np.float64) / 256
    momentum = [np.zeros_like(part) for part in weights]
    for step in range(2):
        logits = pixels @ weights[0] + weights[1]
        softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
        softmax /= softmax.sum(axis=1, keepdims=True)
        error = (softmax - np.eye(10)[labels]) / 64
        gradients = [pixels.T @ error, error.sum(axis=0)]
        rate = 0.01 * (1 + 1e-4 * step) ** -0.75
        momentum = [0.9 * v + rate * (g + 5e-4 * w) for v, g, w in zip(momentum, gradients, weights, strict=True)]
        weights = [w - v for w, v in zip(weights, momentum, strict=True)]

    before = model.get_weights()
    fit(model, Digits("64", images, labels, images, labels), steps=2, seed=0)
    for start, ours, by_hand in zip(before, model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, by_hand, atol=3e-7)
        assert np.abs(by_hand - start).max() > 1e-4  # far more than the tolerance


@pytest.mark.slow
def test_training_again_gives_the_same_bytes_whatever_was_drawn_before(lenet, digits, tmp_path):
    tf.random.set_seed(12345)  # what a notebook may have done
    try:
        again = train_network("LeNet", digits, 150, tmp_path)
    finally:
        tf.random.set_seed(None)
    for first, second in zip(lenet.model.get_weights(), again.model.get_weights(), strict=True):
        assert first.tobytes() == second.tobytes()


def test_a_training_that_was_done_is_loaded_and_not_done_again(lenet, digits, network_runs, monkeypatch):
    def refuse(*args: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(lenet_module, "fit", refuse)
    loaded = train_network("LeNet", digits, 150, network_runs)
    assert loaded.fingerprint() == lenet.fingerprint()
    with pytest.raises(AssertionError, match="trained again"):
        train_network("LeNet, other initialisation", digits, 150, network_runs)


def test_another_network_choice_of_digits_or_number_of_steps_is_another_training(tmp_path):
    images, labels = np.zeros((3, 28, 28, 1), np.uint8), np.arange(3)
    digits = Digits("made", images, labels, images[:1], labels[:1])
    others = [digits, digits._replace(train_labels=labels[::-1]), digits._replace(train_images=images + np.uint8(1))]
    asked = [("LeNet", one, 10) for one in others] + [("LeNet", digits, 11)]
    asked += [(name, digits, 10) for name in lenet_module.NETWORKS if name != "LeNet"]
    assert len({lenet_module.open_network_run(*one, tmp_path).path for one in asked}) == len(asked) == 6


def test_a_network_sees_pixels_divided_by_256(lenet, digits):
    images = digits.test_images[:5]
    logits = lenet.model(images.astype(np.float32) / 256).numpy()
    np.testing.assert_allclose(lenet.logits(images.astype(np.float32) / 255), logits, atol=1e-4)


def test_subtracting_a_mean_image_is_that_arithmetic_and_another_network(lenet, digits):
    shifted = subtract_mean(lenet, digits.train_images)
    images = digits.test_images[:5].astype(np.float64)
    mean = digits.train_images.astype(np.float64).mean(axis=0)
    expected = lenet.model(((images - mean) / 256).astype(np.float32)).numpy()
    np.testing.assert_allclose(shifted.logits(digits.test_images[:5].astype(np.float32) / 255), expected, atol=1e-3)
    assert shifted.name == "LeNet, mean subtracted"
    others = {lenet.fingerprint(), shifted.fingerprint(), subtract_mean(lenet, digits.train_images[:100]).fingerprint()}
    assert len(others) == 3


def test_a_network_of_another_training_is_refused_by_its_name(tmp_path):
    first, second = (RunFolder(tmp_path / f"network-lenet-{number}") for number in "12")
    for run, seed in ((first, 1), (second, 2)):
        model = lenet_module.train_once(run, lambda seed=seed: lenet_module.build_lenet(seed), lambda model: None)
    again = lenet_module.train_once(second, build=lambda: None, train=lambda model: None)
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    shutil.copy(first.path / "model.keras", second.path)
    with pytest.raises(DamagedError, match=r"^network-lenet-2/model\.keras belongs to the run network-lenet-1; delete"):
        lenet_module.train_once(second, build=lambda: None, train=lambda model: None)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut"])
def test_a_kept_network_that_is_damaged_is_named_with_what_to_do(tmp_path, content):
    run = RunFolder(tmp_path / "network-lenet-0123")
    write_atomically(run.path / "model.keras", content)
    with pytest.raises(DamagedError, match=r"^network-lenet-0123/model\.keras is damaged; delete that folder to train"):
        lenet_module.train_once(run, build=lambda: None, train=lambda model: None)
