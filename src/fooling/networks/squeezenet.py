"""SqueezeNet v1.1 in Keras, with the ImageNet weights that a Python package carries.

Source: Iandola et al. 2016, and the Caffe model ``SqueezeNet_v1.1`` that they released.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import keras
from keras import layers

from fooling.networks.classifier import Classifier
from fooling.networks.imagenet_names import CLASSES, class_names
from fooling.networks.pickled_weights import read_numpy_pickle

NAME = "SqueezeNet"
PACKAGE, FILE = "ndf", "example_models/weights/squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
SIDE = 227
BATCH = 10  # images per forward pass; Choice: the fastest on two cores, 143 images/s where 20 at a time make 124
INPUT_RANGE = (0.0, 255.0)
MEANS = (122.679, 116.669, 104.006)  # of red, green and blue; Source: Caffe's mean image of ImageNet, averaged
# Channels of every fire after the squeeze, and after each of the two expanding convolutions.
FIRES = {
    **{"fire2": (16, 64), "fire3": (16, 64), "fire4": (32, 128), "fire5": (32, 128)},
    **{"fire6": (48, 192), "fire7": (48, 192), "fire8": (64, 256), "fire9": (64, 256)},
}
POOLED = {"fire3": "pool3", "fire5": "pool5"}  # the fires that a pool follows


def load_squeezenet() -> Classifier:
    """Load SqueezeNet v1.1 with its ImageNet weights; no connection is needed."""
    with as_file(files(PACKAGE) / FILE) as path:
        weights = read_numpy_pickle(path, SHA256)
    model = build_squeezenet()
    for layer in model.layers:
        if layer.weights:
            kernel, bias = weights[layer.name.replace("_", "/")]
            # Caffe reads pictures as blue, green, red; with its kernels turned round, conv1 sees red, green, blue.
            layer.set_weights([kernel[:, :, ::-1] if layer.name == "conv1" else kernel, bias])
    return Classifier(model, class_names(), NAME, INPUT_RANGE, batch_size=BATCH)


def build_squeezenet() -> keras.Model:
    """Build SqueezeNet v1.1 in Caffe's geometry, with random weights.

    Caffe rounds the size of a pool's output up: ``same`` where something is left over, ``valid`` where nothing is.

    From ``(batch, 227, 227, 3) float32`` in :data:`INPUT_RANGE`, red first, to ``(batch, 1000) float32`` logits, none
    negative: a ReLU stands before the mean. Layers are named as in the file of weights, with "_" for "/".
    """
    images = layers.Input((SIDE, SIDE, 3), name="images")
    x = layers.Rescaling(1.0, offset=[-mean for mean in MEANS], name="less_means")(images)
    x = layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(x)  # 113 × 113
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)  # 56 × 56
    for name, (squeezed, expanded) in FIRES.items():
        x = _add_fire(x, name, squeezed, expanded)
        if name in POOLED:
            x = layers.MaxPooling2D(3, 2, "same", name=POOLED[name])(x)  # 28 × 28, 14 × 14
    x = layers.Conv2D(CLASSES, 1, activation="relu", name="conv10")(x)
    return keras.Model(images, layers.GlobalAveragePooling2D(name="pool10")(x), name="squeezenet")


def _add_fire(x: keras.KerasTensor, name: str, squeezed: int, expanded: int) -> keras.KerasTensor:
    """Append a fire module: few channels, and out of them many by kernels of 1 × 1 and of 3 × 3."""
    few = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    small = layers.Conv2D(expanded, 1, activation="relu", name=f"{name}_expand1x1")(few)
    large = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"{name}_expand3x3")(few)
    return layers.Concatenate(name=f"{name}_concat")([small, large])
