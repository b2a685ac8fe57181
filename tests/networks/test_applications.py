"""Every network of keras.applications gets images in [0, 1] as it wants them, or says why it cannot be had."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import keras
import numpy as np
import pytest
from keras import layers

from fooling.networks.applications import APPLICATIONS, load_application, preprocess

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype(np.float32)
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # of ImageNet, red first
CAFFE_MEAN = np.array([103.939, 116.779, 123.68])  # blue first

# What each kind of network was trained on, written down here once more: Keras's own functions are the other side.
KINDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    r"VGG\d+|ResNet\d+": lambda pixels: pixels[..., ::-1] - CAFFE_MEAN,
    r"DenseNet\d+": lambda pixels: (pixels / 255.0 - MEAN) / DEVIATION,
    r"ResNet\d+V2|Inception.*|MobileNet(V2)?|NASNet.*|Xception": lambda pixels: pixels / 127.5 - 1.0,
    r"EfficientNet.*|ConvNeXt.*|MobileNetV3.*": lambda pixels: pixels,  # they begin with it themselves
}
# The first of each kind that begins with its own scaling or normalisation, the quick one before the slow ones.
SELF_PREPROCESSING = ["MobileNetV3Small"] + [
    pytest.param(name, marks=pytest.mark.slow) for name in ("EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny")
]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_pixels_are_prepared_as_the_network_was_trained(name):
    (expected,) = [prepare(PIXELS) for pattern, prepare in KINDS.items() if re.fullmatch(pattern, name)]
    inputs = layers.Input(PIXELS.shape[1:])
    model = keras.Model(inputs, preprocess(name, inputs))
    prepared = model(PIXELS).numpy()
    np.testing.assert_allclose(prepared, expected, rtol=1e-5, atol=2e-5)
    module = getattr(keras.applications, APPLICATIONS[name].__module__.split(".")[-1])
    np.testing.assert_allclose(prepared, module.preprocess_input(PIXELS.copy()), rtol=1e-5, atol=2e-5)


def test_the_networks_are_all_those_of_keras():
    assert len(APPLICATIONS) == 40
    assert {"VGG16", "ResNet50", "ResNet152V2", "NASNetLarge", "Xception", "ConvNeXtXLarge"} < set(APPLICATIONS)


@pytest.mark.parametrize("name", SELF_PREPROCESSING)
def test_a_network_that_gets_bare_pixels_scales_them_first(name):
    classifier = load_application(name, weights=None)
    network = classifier.model.layers[-1]
    kinds = [type(layer).__name__ for layer in _flatten(network)]
    assert {"Rescaling", "Normalization"} & set(kinds[: kinds.index("Conv2D")])
    assert classifier.image_shape == (224, 224, 3)


def _flatten(model: keras.Model) -> list[keras.layers.Layer]:
    return [inner for layer in model.layers for inner in (_flatten(layer) if hasattr(layer, "layers") else [layer])]


@pytest.fixture(scope="module")
def mobile_net():
    return load_application("MobileNet", weights=None)


def test_images_between_0_and_1_reach_the_network_as_keras_would_feed_it(mobile_net):
    assert (mobile_net.name, mobile_net.image_shape, mobile_net.outputs) == ("MobileNet", (224, 224, 3), "logits")
    assert mobile_net.class_names[285] == "Egyptian cat"
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    network = mobile_net.model.layers[-1]
    fed = keras.applications.mobilenet.preprocess_input(images.astype(np.float32))
    expected = network(fed, training=False).numpy()
    logits = mobile_net.logits(images.astype(np.float32) / np.float32(255.0)).numpy()
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-3 * np.ptp(expected))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side"), [("VGG16", 224), ("InceptionV3", 299), ("NASNetMobile", 224), ("Xception", 299)]
)
def test_a_network_keeps_its_own_size(name, side):
    assert load_application(name, weights=None).image_shape == (side, side, 3)


def test_without_a_connection_the_error_says_what_to_do(tmp_path, monkeypatch):
    def fail(*arguments: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(ValueError, match=r"^The weights of MobileNet could not be downloaded: ") as caught:
        load_application("MobileNet")
    address = re.search(r"put (\S+) into ~/\.keras/models", str(caught.value))
    assert address and Path(address.group(1)).name == "mobilenet_1_0_224_tf.h5"
    assert "EfficientNet-Lite0" in str(caught.value)


def test_an_unknown_network_is_refused_with_some_that_are_known():
    with pytest.raises(ValueError, match=r"^keras\.applications has no network 'AlexNet'; .* ResNet50, MobileNetV2"):
        load_application("AlexNet")
