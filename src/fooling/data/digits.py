"""Digits to train on: MNIST, which the repository carries, or a folder of one's own; always chosen by name."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.files import check_hash
from fooling.runs import ROOT

DATA = ROOT / "data"
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
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
    """Load digits by name; ValueError if there are no such ones, or they cannot be read.

    The name is ``mnist`` (60,000 + 10,000), or the path of a folder with ``train/0`` … ``train/9`` and ``test/0`` …
    ``test/9`` full of 28×28 PNG files.
    """
    if name == "mnist":
        return _load_mnist()
    if name and Path(name).is_dir():
        train, test = (_load_split(Path(name) / split) for split in ("train", "test"))
        return Digits(str(Path(name)), *train, *test)
    raise ValueError(f"There are no digits {name!r}; choose mnist or a folder with train/0 … test/9.")


def choose_digits(digits: Digits, size: int, seed: int) -> Digits:
    """Return the digits with ``size`` of the training digits: as many of each as there can be, drawn by ``seed``.

    What is chosen for a size is also chosen for every larger one.
    """
    drawn = np.random.default_rng(seed).permutation(len(digits.train_labels))
    turn = np.zeros(len(drawn), np.int64)  # how many of the same digit were drawn before
    for label in np.unique(digits.train_labels):
        same = digits.train_labels[drawn] == label
        turn[same] = np.arange(same.sum())
    chosen = np.sort(drawn[np.argsort(turn, kind="stable")][:size])
    return digits._replace(train_images=digits.train_images[chosen], train_labels=digits.train_labels[chosen])


def _load_mnist() -> Digits:
    path = DATA / "mnist.npz"
    if not path.exists():
        raise ValueError(
            "data/mnist.npz is missing: it is part of the repository, so `git restore data` brings it back."
        )
    content = path.read_bytes()
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
