"""Networks of Caffe in Keras: its files of weights, the authors' own LeNet, and CaffeNet, the network of the paper.

Neither file is carried: ``data/README.md`` says where each comes from.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from keras import layers

from fooling.data.digits import DATA, DIGITS
from fooling.files import check_hash
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet_names import CLASSES, class_names
from fooling.networks.lenet import INPUT_RANGE, build_lenet
from fooling.networks.squeezenet import MEANS, SIDE

AUTHORS_LENET, CAFFENET = "the authors' LeNet", "CaffeNet"
# Source: the file in Evolving-AI-Lab/fooling, model/lenet; the SHA-1 that BVLC/caffe names beside its link.
FILES = {
    AUTHORS_LENET: ("lenet_iter_10000", "6c1c91f3bf68f48f0034756c66f769f4b6cd6a6931f713a8f7b93e3aa31f5af2"),
    CAFFENET: ("bvlc_reference_caffenet.caffemodel", "4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46"),
}
# Of a message: name, number and kind of its fields; "*" may occur several times. Source: Caffe's caffe.proto. Numbers
# are packed there, so an array is one field of bytes.
SCHEMA = {
    "Net": [("layers", 2, "*OldLayer"), ("layer", 100, "*Layer")],
    "OldLayer": [("name", 4, "string"), ("blobs", 6, "*Blob")],
    "Layer": [("name", 1, "string"), ("blobs", 7, "*Blob")],
    "Blob": [
        *((side, number, "int32") for number, side in enumerate("nchw", 1)),
        ("data", 5, "bytes"),
        ("shape", 7, "Shape"),
    ],
    "Shape": [("dim", 1, "*int64")],
}
# CaffeNet's convolutions: channels, side of the kernel, stride, groups of channels, and what follows.
CONVOLUTIONS = {
    "conv1": (96, 11, 4, 1, ("pool", "norm")),
    "conv2": (256, 5, 1, 2, ("pool", "norm")),
    "conv3": (384, 3, 1, 1, ()),
    "conv4": (384, 3, 1, 2, ()),
    "conv5": (256, 3, 1, 2, ("pool",)),
}


def load_authors_lenet() -> Classifier:
    """Load the LeNet that the authors released, fed as it was trained: without a mean image.

    As for CaffeNet, ValueError says so if its file is not in ``data/``, or is another one.
    """
    model = build_lenet(seed=0)
    _set_weights(model, _read_file(AUTHORS_LENET), ("conv1", "conv2", "ip1", "ip2"))
    return Classifier(model, DIGITS, AUTHORS_LENET, INPUT_RANGE)


def find_authors_lenet() -> Classifier | None:
    """Return :func:`load_authors_lenet` where its file is in ``data/``, else None."""
    return load_authors_lenet() if (DATA / FILES[AUTHORS_LENET][0]).exists() else None


def load_caffenet() -> Classifier:
    """Load CaffeNet, the network that the paper fooled."""
    model = build_caffenet()
    weights = _read_file(CAFFENET)
    kernel, bias = weights["conv1"]
    weights["conv1"] = [kernel[:, ::-1], bias]  # Caffe reads pictures as blue, green, red
    _set_weights(model, weights, (*CONVOLUTIONS, "fc6", "fc7", "fc8"))
    return Classifier(model, class_names(), CAFFENET, (0.0, 255.0))


def build_caffenet() -> keras.Model:
    """Build CaffeNet with random weights: AlexNet, but with each pool before its normalisation.

    From ``(batch, 227, 227, 3) float32 in [0, 255]``, red first, to ``(batch, 1000) float32`` logits. Layers with
    weights are named as in Caffe's file.
    """
    images = layers.Input((SIDE, SIDE, 3), name="images")
    # Choice: one mean for each colour, as in Caffe's own example of classification; the mean image is another file.
    x = layers.Rescaling(1.0, offset=[-mean for mean in MEANS], name="less_means")(images)
    for name, (channels, side, stride, groups, followers) in CONVOLUTIONS.items():
        padding = "same" if stride == 1 else "valid"
        x = layers.Conv2D(channels, side, stride, padding, groups=groups, activation="relu", name=name)(x)
        if "pool" in followers:
            x = layers.MaxPooling2D(3, 2, name=f"pool{name[-1]}")(x)
        if "norm" in followers:
            x = LocalResponseNormalization(name=f"norm{name[-1]}")(x)
    x = layers.Flatten(name="flatten")(x)  # 6 × 6 × 256
    for name in ("fc6", "fc7"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
    return keras.Model(images, layers.Dense(CLASSES, name="fc8")(x), name="caffenet")


@keras.saving.register_keras_serializable("fooling")
class LocalResponseNormalization(layers.Layer):
    """Caffe's normalisation across five channels: x / (1 + 1e-4 · mean of their squares)^0.75."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return ``x``, normalised; the shape stays."""
        return tf.nn.local_response_normalization(x, depth_radius=2, bias=1.0, alpha=1e-4 / 5, beta=0.75)


def read_caffe_weights(content: bytes) -> dict[str, list[np.ndarray]]:
    """Return the arrays of every layer in a ``.caffemodel``, of Caffe's first format or its second, else ValueError.

    Kernels are ``(out, in, height, width)`` or ``(out, in)``, biases ``(out,)``, float32, as Caffe orders them.
    """
    try:
        net = _define_messages().FromString(content)
        every = [*net.layers, *net.layer]
        return {layer.name: [_read_blob(blob) for blob in layer.blobs] for layer in every if layer.blobs}
    except (DecodeError, ValueError) as error:
        raise ValueError("These are not the weights of a Caffe network.") from error


def _define_messages() -> Any:
    """Return the protocol buffer of a network; fields that are not named in :data:`SCHEMA` are skipped."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="caffe", package="caffe")
    for name, parts in SCHEMA.items():
        message = file.message_type.add(name=name)
        for part, number, kind in parts:
            label = field.LABEL_REPEATED if kind.startswith("*") else field.LABEL_OPTIONAL
            added, kind = message.field.add(name=part, number=number, label=label), kind.removeprefix("*")
            if kind in SCHEMA:
                added.type_name = f".caffe.{kind}"
            else:
                added.type = getattr(field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.Net"))


def _read_blob(blob: Any) -> np.ndarray:
    """Return an array; the first format writes four sides of every array, ones in front."""
    sides = (blob.n, blob.c, blob.h, blob.w)
    shape = list(blob.shape.dim) or list(itertools.dropwhile(lambda side: side == 1, sides))
    if min(shape, default=0) < 0:  # which NumPy would take for "whatever is left"
        raise ValueError("A side of an array is negative.")
    return np.frombuffer(blob.data, "<f4").astype(np.float32).reshape(shape)


def _read_file(name: str) -> dict[str, list[np.ndarray]]:
    """Return the weights in the file of a network, having checked that it is the one known."""
    file, expected = FILES[name]
    path = DATA / file
    if not path.exists():
        raise ValueError(
            f"{name} is not carried by this project: put {file} into data/; data/README.md says from where."
        )
    content = path.read_bytes()
    check_hash(f"data/{file}", content, expected)
    return read_caffe_weights(content)


def _set_weights(model: keras.Model, weights: Mapping[str, Sequence[np.ndarray]], names: Iterable[str]) -> None:
    """Give a model's layers the kernels and biases of Caffe's layers, in this order.

    Caffe flattens images with the channels first, so the first dense kernel is turned, too.
    """
    flat = next(layer for layer in model.layers if isinstance(layer, layers.Flatten))
    height, width, channels = flat.input.shape[1:]
    trained = [layer for layer in model.layers if layer.weights]
    for layer, name in zip(trained, names, strict=True):
        kernel, bias = weights[name]
        if kernel.ndim == 4:
            kernel = kernel.transpose(2, 3, 1, 0)
        elif kernel.shape[1] == height * width * channels:
            kernel = kernel.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(-1, len(bias))
        else:
            kernel = kernel.T
        layer.set_weights([kernel, bias])
