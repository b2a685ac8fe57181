"""What Caffe's CaffeNet answers with made-up weights, computed by OpenCV and kept in caffenet.npz.

The network is described here as in the file ``deploy.prototxt`` of Caffe's reference model. Its weights are drawn,
since the trained ones take 232 MB.

To compute it again, in an environment of its own (OpenCV 5 no longer reads Caffe files), with the packages
opencv-python-headless, numpy, pillow and scikit-image:

    python tests/networks/golden/caffenet.py

Made with opencv-python-headless 4.12.0.88, numpy 2.2.6 and pillow 12.0.0.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np

SQUEEZENET: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("squeezenet.py")))
# Shapes as Caffe orders them: outputs, inputs of a group, height, width.
SHAPES = {
    "conv1": (96, 3, 11, 11),
    "conv2": (256, 48, 5, 5),
    "conv3": (384, 256, 3, 3),
    "conv4": (384, 192, 3, 3),
    "conv5": (256, 192, 3, 3),
    "fc6": (4096, 9216),
    "fc7": (4096, 4096),
    "fc8": (1000, 4096),
}


def make_weights() -> dict[str, list[np.ndarray]]:
    """Return kernels and biases that let every layer's answers vary about as much as its inputs."""
    random = np.random.default_rng(0)
    weights = {}
    for name, shape in SHAPES.items():
        spread = np.float32(np.sqrt(2.0 / np.prod(shape[1:])) * (0.02 if name == "conv1" else 1.0))
        kernel = random.standard_normal(shape, np.float32) * spread
        weights[name] = [kernel, random.standard_normal(shape[0], np.float32) * np.float32(0.1)]
    return weights


def pack_weights(weights: dict[str, list[np.ndarray]], first_format: bool = False) -> bytes:
    """Return a ``.caffemodel``, in Caffe's second format or in its first, where sides stand in four fields."""
    field, pack_number = SQUEEZENET["_field"], SQUEEZENET["_pack_number"]

    def pack_sides(array: np.ndarray) -> bytes:
        sides = (1,) * (4 - array.ndim) + array.shape
        numbers = (pack_number(number << 3) + pack_number(side) for number, side in enumerate(sides, 1))
        return b"".join(numbers) + field(5, array.astype("<f4").tobytes())

    pack, name_at, blobs_at, layer_at = (pack_sides, 4, 6, 2) if first_format else (SQUEEZENET["_pack_blob"], 1, 7, 100)
    layers = (
        field(layer_at, field(name_at, name.encode()) + b"".join(field(blobs_at, pack(array)) for array in arrays))
        for name, arrays in weights.items()
    )
    return b"".join(layers)


def describe_network() -> str:
    """Return the network in Caffe's own words."""
    layer, side = SQUEEZENET["_layer"], SQUEEZENET["SIDE"]
    parts, before = [f'input: "data" input_dim: 1 input_dim: 3 input_dim: {side} input_dim: {side}'], "data"
    sizes = {"conv1": "stride: 4", "conv2": "pad: 2 group: 2", "conv3": "pad: 1"}
    sizes |= dict.fromkeys(("conv4", "conv5"), "pad: 1 group: 2")
    for name, shape in SHAPES.items():
        if name in sizes:
            described = f"convolution_param {{ num_output: {shape[0]} kernel_size: {shape[-1]} {sizes[name]} }}"
        else:
            described = f"inner_product_param {{ num_output: {shape[0]} }}"
        parts.append(layer(name, "Convolution" if name in sizes else "InnerProduct", [before], described))
        before = name
        if name != "fc8":
            parts.append(layer(f"{name}/relu", "ReLU", [name], top=name))
        if name in ("conv1", "conv2", "conv5"):
            parts.append(SQUEEZENET["_pool"](f"{name}/pool", name))
            before = f"{name}/pool"
        if name in ("conv1", "conv2"):
            norm = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
            parts.append(layer(f"{name}/norm", "LRN", [before], norm))
            before = f"{name}/norm"
    return "\n".join(parts)


def compute_logits() -> np.ndarray:
    """Return the logits for the images of SqueezeNet's test, ``(4, 1000) float32``."""
    logits: np.ndarray = SQUEEZENET["ask_opencv"](describe_network(), pack_weights(make_weights()))
    return logits


if __name__ == "__main__":
    np.savez_compressed(Path(__file__).with_suffix(".npz"), logits=compute_logits())
