"""Several networks as one: each sees the image at its own size, and their softmax is averaged."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fooling.images import resize_images
from fooling.networks.classifier import Classifier


def average_networks(classifiers: Sequence[Classifier]) -> Classifier:
    """Return a classifier whose confidences are the mean of several networks' softmax.

    Its images are those of the first network; the others see them resized.

    Source: paper, supplement (recalled): images evolved against the mean of three networks. ValueError if there is no
    network, their classes or the order of them differ, or some are of grey images and some of colours.
    """
    check_alike(classifiers)
    first = classifiers[0]
    inputs = layers.Input(first.image_shape, name="ensemble_images")
    members = [_wrap_member(one, place) for place, one in enumerate(classifiers)]
    answers = [
        member(resize_images(inputs, *one.image_shape[:2])) for member, one in zip(members, classifiers, strict=True)
    ]
    confidences = layers.Average(name="ensemble_mean")(answers) if len(answers) > 1 else answers[0]
    model = keras.Model(inputs, confidences, name="ensemble")
    names = [one.name for one in classifiers]
    return Classifier(model, first.class_names, f"mean of {', '.join(names)}")


def check_alike(classifiers: Sequence[Classifier]) -> None:
    """Raise ValueError unless there are networks, all of the same classes and kind of images."""
    if not classifiers:
        raise ValueError("No network was given, but at least one is needed.")
    first = classifiers[0]
    for other in classifiers[1:]:
        if tuple(other.class_names) != tuple(first.class_names):
            raise ValueError(f"{other.name} and {first.name} are networks of different classes.")
        if other.image_shape[2] != first.image_shape[2]:
            raise ValueError(
                f"{other.name} sees images of {other.image_shape[2]} channels, {first.name} of {first.image_shape[2]}."
            )


def _wrap_member(classifier: Classifier, place: int) -> keras.Model:
    """Return a network from images in [0, 1] to probabilities, under a name that no other member has.

    All layers are named here: a name that Keras counts up may be that of a layer in a network loaded from a file, and
    whether it is depends on what was built before.
    """
    name = f"member_{place}"
    inputs = layers.Input(classifier.image_shape, name=f"{name}_images")
    low, high = classifier.input_range
    scale = layers.Rescaling(high - low, offset=low, name=f"{name}_pixels")
    scores = classifier.model(scale(inputs) if (low, high) != (0.0, 1.0) else inputs)
    if classifier.outputs == "logits":
        scores = layers.Softmax(name=f"{name}_softmax")(scores)
    return keras.Model(inputs, scores, name=name)
