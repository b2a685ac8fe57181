"""Networks by name, those of ImageNet with one crop or ten; or a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fooling.networks.applications import APPLICATIONS, EXAMPLES, load_application
from fooling.networks.caffe import CAFFENET, load_caffenet
from fooling.networks.classifier import Classifier, load_classifier
from fooling.networks.efficientnet_lite import VARIANTS, load_efficientnet_lite
from fooling.networks.ensemble import average_ten_crops
from fooling.networks.imagenet_names import class_names
from fooling.networks.squeezenet import NAME as SQUEEZENET
from fooling.networks.squeezenet import load_squeezenet

__all__ = ["NAMES", "class_names", "load_network"]

NAMES = (*VARIANTS, SQUEEZENET)  # the networks that packages carry, which need no connection
CROPS = ("one", "ten")


def load_network(name: str | Path = "SqueezeNet", crops: str = "one", **fields: Any) -> Classifier:
    """Load a network of ImageNet by its name, or any network from its file.

    Args:
        name: One of :data:`NAMES`; "CaffeNet", whose weights a user puts into ``data/``; one of
            ``keras.applications``, whose weights are downloaded; or the path of a ``.keras`` or ``.h5`` file.
        crops: "one": the network sees the image as it is; "ten": it sees ten crops of a larger one, as in the paper.
        **fields: For a file, those of :func:`~fooling.networks.classifier.load_classifier`.

    Raises:
        ValueError: If there is no such network or kind of crops, the weights cannot be had, or the file does not fit.
    """
    if crops not in CROPS:
        raise ValueError(f"There are no crops {crops!r}; choose one or ten.")
    if str(name).endswith((".keras", ".h5")):
        classifier = load_classifier(name, **fields)
    elif name in VARIANTS:
        classifier = load_efficientnet_lite(str(name))
    elif name == SQUEEZENET:
        classifier = load_squeezenet()
    elif name == CAFFENET:
        classifier = load_caffenet()
    elif name in APPLICATIONS:
        classifier = load_application(str(name))
    else:
        raise ValueError(
            f"There is no network {name!r}; choose {', '.join(NAMES)}, {CAFFENET} or one of Keras, such as {EXAMPLES}."
        )
    return average_ten_crops(classifier) if crops == "ten" else classifier
