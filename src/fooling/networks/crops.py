"""Ten crops: the network sees the corners, the centre and their mirror images, and its softmax is averaged."""

from __future__ import annotations

import keras
from keras import layers, ops

from fooling.networks.classifier import Classifier

# Source: paper, in Caffe's sizes: images of 256 × 256, of which the network sees 224 × 224.
IMAGE, CROP = 256, 224


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
