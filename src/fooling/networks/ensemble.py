"""Several networks as one, each at its own size, or one on ten crops of an image: their softmax is averaged."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from fooling.images import resize_images
from fooling.networks.classifier import Classifier

# Source: paper, in Caffe's sizes: images of 256 × 256, of which the network sees 224 × 224.
IMAGE, CROP = 256, 224


def average_networks(classifiers: Sequence[Classifier]) -> Classifier:
    """Return a classifier whose confidences are the mean of several networks' softmax.

    Its images are those of the first network; the others see them resized. ValueError if there is no network, their
    classes or the order of them differ, or some are of grey images and some of colours.

    Source: paper, supplement (recalled): images evolved against the mean of three networks.
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


def average_ten_crops(classifier: Classifier) -> Classifier:
    """Return a classifier of larger images, whose confidences are the mean of the softmax over ten crops.

    The larger images have 256 / 224 of the network's own sides, rounded. The crops are the four corners and the centre,
    and each of them mirrored, as large as the network's own images. All ten go through the network in one batch, so
    that a batch needs ten times the memory.
    """
    height, width, channels = classifier.image_shape
    inputs = layers.Input((round(height * IMAGE / CROP), round(width * IMAGE / CROP), channels))
    scores = classifier.model(_crop_ten(inputs, height, width))
    if classifier.outputs == "logits":
        scores = layers.Softmax()(scores)
    confidences = ops.mean(ops.reshape(scores, (10, -1, scores.shape[-1])), axis=0)  # crops are the slower axis
    model = keras.Model(inputs, confidences, name=f"{classifier.model.name}_ten_crops")
    return Classifier(model, classifier.class_names, f"{classifier.name}, ten crops", classifier.input_range)


def _crop_ten(images: keras.KerasTensor, height: int, width: int) -> keras.KerasTensor:
    """Return all crops as one batch: crop 0 of every image, crop 1 of every image, …, ``(10 · batch, …)``."""
    below, right = images.shape[1] - height, images.shape[2] - width
    corners = [(top, left) for top in (0, below) for left in (0, right)]
    crops = [
        layers.Cropping2D(((top, below - top), (left, right - left)))(images)
        for top, left in [*corners, (below // 2, right // 2)]
    ]
    return ops.concatenate([*crops, *(ops.flip(crop, axis=2) for crop in crops)], axis=0)
