"""Any ImageNet network of ``keras.applications``, with its own preprocessing inside; its weights are downloaded."""

from __future__ import annotations

import re
from collections.abc import Callable

import keras

from fooling.networks.classifier import Classifier
from fooling.networks.imagenet_names import class_names

# Every network of keras.applications by its name; all are functions that build one.
APPLICATIONS: dict[str, Callable[..., keras.Model]] = {
    name: build for name, build in vars(keras.applications).items() if callable(build) and name[0].isupper()
}
EXAMPLES = "ResNet50, MobileNetV2, VGG16, EfficientNetV2B0"
# Keras leaves the size of these open, but their weights were trained at one.
SIZES = {"MobileNetV3Small": (224, 224, 3), "MobileNetV3Large": (224, 224, 3)}


def load_application(name: str, weights: str | None = "imagenet") -> Classifier:
    """Load a network of ``keras.applications`` at the size that it was made for, with logits for its output.

    The name is Keras's, for example "ResNet50". Keras downloads the weights once and keeps them in its own folder; None
    are random ones. ValueError if there is no such network, or its weights cannot be had.
    """
    if name not in APPLICATIONS:
        raise ValueError(f"keras.applications has no network {name!r}; it has, for example, {EXAMPLES}.")
    network = _build(name, weights)
    height, width, channels = network.input_shape[1:]
    pixels = keras.layers.Input((height, width, channels))
    model = keras.Model(pixels, network(preprocess(name, pixels)), name=network.name)
    return Classifier(model, class_names(), name, input_range=(0.0, 255.0))


def preprocess(name: str, pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Append what a network of ``keras.applications`` wants done to pixels in [0, 255] before it sees them.

    This is its module's own ``preprocess_input``: means and BGR, a scaling, or nothing where the network itself begins
    with it.
    """
    module = getattr(keras.applications, APPLICATIONS[name].__module__.rsplit(".", 1)[-1])
    return module.preprocess_input(pixels)


def _build(name: str, weights: str | None) -> keras.Model:
    """Return the network itself, without preprocessing."""
    try:
        return APPLICATIONS[name](weights=weights, classifier_activation=None, input_shape=SIZES.get(name))
    except Exception as error:  # which Keras raises when a download fails
        address = re.search(r"https?://\S+(?<!:)", str(error))
        if address is None:
            raise
        raise ValueError(
            f"The weights of {name} could not be downloaded: connect to the internet, or put {address.group()} into "
            "~/.keras/models, or choose a network that needs no connection, such as EfficientNet-Lite0."
        ) from error
