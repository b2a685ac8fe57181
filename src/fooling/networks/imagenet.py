"""Networks by name, those of ImageNet with one crop or ten; or a file of one's own."""

from __future__ import annotations

from typing import Any

from fooling.networks.applications import APPLICATIONS, EXAMPLES, load_application
from fooling.networks.classifier import Classifier, load_classifier
from fooling.networks.crops import average_ten_crops
from fooling.networks.efficientnet_lite import VARIANTS, load_efficientnet_lite
from fooling.networks.imagenet_names import class_names
from fooling.networks.squeezenet import NAME as SQUEEZENET
from fooling.networks.squeezenet import load_squeezenet

__all__ = ["NAMES", "class_names", "load_imagenet_network", "load_network"]

NAMES = (*VARIANTS, SQUEEZENET)  # the networks that packages carry, which need no connection
CROPS = ("one", "ten")


def load_network(name: str, **fields: Any) -> Classifier:
    """Load the network that a page is told to take instead of its own.

    Args:
        name: The path of a ``.keras`` file, or a name for :func:`load_imagenet_network`.
        **fields: For a file: ``input_range``, ``class_names`` or ``image_shape`` of
            :class:`~fooling.networks.classifier.Classifier`.

    Raises:
        ValueError: If there is no such file or network, or it does not fit.
    """
    return load_classifier(name, **fields) if name.endswith(".keras") else load_imagenet_network(name)


def load_imagenet_network(name: str = "EfficientNet-Lite0", crops: str = "one") -> Classifier:
    """Load a network that was trained on the thousand classes of ImageNet.

    Args:
        name: One of :data:`NAMES`, or of ``keras.applications``, whose weights are downloaded.
        crops: "one": the network sees the image as it is; "ten": it sees ten crops of a larger one, as in the paper.

    Raises:
        ValueError: If there is no such network or kind of crops, or the weights cannot be had.
    """
    if crops not in CROPS:
        raise ValueError(f"There are no crops {crops!r}; choose one or ten.")
    if name in VARIANTS:
        classifier = load_efficientnet_lite(name)
    elif name == SQUEEZENET:
        classifier = load_squeezenet()
    elif name in APPLICATIONS:
        classifier = load_application(name)
    else:
        raise ValueError(
            f"There is no network {name!r}; choose {', '.join(NAMES)} or one of Keras, such as {EXAMPLES}."
        )
    return average_ten_crops(classifier) if crops == "ten" else classifier
