"""EfficientNet-Lite in Keras answers as its original in PyTorch, whose logits are kept in golden/."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from fooling.images import check_images
from fooling.networks.classifier import Classifier
from fooling.networks.efficientnet_lite import (
    EPSILON,
    VARIANTS,
    build_efficientnet_lite,
    fold_batch_norm,
    load_efficientnet_lite,
)

GOLDEN = Path(__file__).parent / "golden" / "efficientnet_lite.npz"
MAKER = runpy.run_path(str(GOLDEN.with_suffix(".py")))  # the images, as they were made for the original
TOLERANCE = 1e-3  # measured: at most 1.6e-5, of logits up to 11

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("EfficientNet-Lite1", "EfficientNet-Lite2")]
EVERY = ["EfficientNet-Lite0", *SLOW]


# What the originals have, the scales and offsets of batch normalisation included.
PARAMETERS = {"EfficientNet-Lite0": 4_652_008, "EfficientNet-Lite1": 5_416_680, "EfficientNet-Lite2": 6_092_072}


@cache
def load(name: str) -> Classifier:
    return load_efficientnet_lite(name)


def load_golden(name: str) -> np.ndarray:
    """Return the original's logits for two images of noise and two photographs, ``(4, 1000) float32``."""
    with np.load(GOLDEN, allow_pickle=False) as file:
        return file[name.removeprefix("EfficientNet-").lower()]


@pytest.mark.parametrize("name", EVERY)
def test_logits_are_those_of_the_original(name):
    classifier = load(name)
    assert classifier.image_shape == (VARIANTS[name].side, VARIANTS[name].side, 3)
    assert classifier.outputs == "logits"
    images = check_images(MAKER["make_images"](VARIANTS[name].side), classifier.image_shape)
    golden = load_golden(name)
    assert golden.shape == (4, 1000) and np.ptp(golden, axis=1).min() > 8.0
    np.testing.assert_allclose(classifier.logits(images), golden, rtol=0, atol=TOLERANCE)


def test_photographs_are_what_they_show():
    photographs = [("skimage", "chelsea.png"), ("skimage", "coffee.png"), ("skimage", "rocket.jpg")]
    photographs += [("sklearn", "flower.jpg"), ("sklearn", "china.jpg")]
    images = np.stack([MAKER["crop_photograph"](package, name, 224) for package, name in photographs])
    classifier = load("EfficientNet-Lite0")
    top = classifier.confidences(images).argmax(axis=1)
    assert top.tolist() == [285, 967, 657, 985, 698]
    named = [classifier.class_names[index] for index in top]
    assert named == ["Egyptian cat", "espresso", "missile", "daisy", "palace"]


def test_a_folded_convolution_is_the_convolution_and_its_normalisation():
    random = np.random.default_rng(0)
    weight = random.normal(size=(5, 3, 1, 1)).astype(np.float32)
    scale, offset, mean = random.normal(size=(3, 5)).astype(np.float32)
    variance = np.array([0.0, 1e-6, 0.5, 1.0, 100.0], np.float32)
    kernel, bias = fold_batch_norm(weight, scale, offset, mean, variance)
    pixels = random.normal(size=(20, 3))
    convolved = pixels @ weight[:, :, 0, 0].T.astype(np.float64)
    expected = (convolved - mean) / np.sqrt(variance.astype(np.float64) + EPSILON) * scale + offset
    assert kernel.dtype == bias.dtype == np.float32
    np.testing.assert_allclose(pixels @ kernel[:, :, 0, 0].T + bias, expected, rtol=1e-5, atol=1e-5)


def test_a_gradient_reaches_every_part_of_the_image():
    images = tf.constant(check_images(MAKER["make_images"](224)[2:3], (224, 224, 3)))
    with tf.GradientTape() as tape:
        tape.watch(images)
        log_odds = load("EfficientNet-Lite0").log_odds(images)[:, 285]
    gradient = np.abs(tape.gradient(log_odds, images).numpy())
    assert np.isfinite(gradient).all()
    blocks = gradient.reshape(14, 16, 14, 16, 3).sum(axis=(1, 3, 4))
    assert (blocks > 0.0).all()


@pytest.mark.parametrize("name", EVERY)
def test_each_variant_has_as_many_parameters_as_the_original(name):
    model = build_efficientnet_lite(name)
    biases = sum(layer.bias.shape[0] for layer in model.layers if "conv" in layer.name)
    assert model.count_params() + biases == PARAMETERS[name]  # a bias stands for a scale and an offset


def test_an_unknown_variant_and_another_file_of_weights_are_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"^There is no network 'EfficientNet-Lite9'; choose EfficientNet-Lite0, "):
        load_efficientnet_lite("EfficientNet-Lite9")
    other = VARIANTS["EfficientNet-Lite0"]._replace(sha256=VARIANTS["EfficientNet-Lite1"].sha256)
    monkeypatch.setitem(VARIANTS, "EfficientNet-Lite0", other)
    with pytest.raises(ValueError, match=r"^efficientnet-lite0-57934424\.pth has SHA-256 579344248a93…, expected 77cc"):
        load_efficientnet_lite("EfficientNet-Lite0")
