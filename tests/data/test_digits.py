"""Digits come whole, split and checked, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fooling.data import digits as datasets
from fooling.data.digits import Digits, load_digits
from fooling.images import GREY_LEVEL, to_bytes


def test_the_digits_of_the_tests_are_4000_to_train_on_and_1000_held_out_of_every_digit_alike(digits):
    for images, labels, each in ((digits[1], digits[2], 400), (digits[3], digits[4], 100)):
        assert images.shape == (10 * each, 28, 28, 1) and images.dtype == np.uint8
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(np.bincount(labels), np.full(10, each))
        assert images.min() == 0 and images.max() == 255


def test_no_held_out_digit_was_trained_on(digits):
    train, test = ({image.tobytes() for image in images} for images in (digits.train_images, digits.test_images))
    assert not train & test


def test_digits_are_white_on_black_and_upright(digits):
    """A one is a narrow white column in the middle; turned by a quarter it would be a wide row."""
    ones = digits.train_images[digits.train_labels == 1].astype(float).mean(axis=0)[..., 0]
    assert ones[:, :3].max() < 20
    rows, columns = (ones > 128).any(axis=1).sum(), (ones > 128).any(axis=0).sum()
    assert rows > 1.5 * columns


def test_the_fingerprint_notices_one_pixel_and_one_label(digits):
    assert digits.fingerprint() == digits._replace(name="others").fingerprint()
    images, labels = digits.test_images.copy(), digits.train_labels.copy()
    images[3, 14, 14, 0] ^= 1
    labels[0] += 1
    prints = {digits._replace(test_images=images).fingerprint(), digits._replace(train_labels=labels).fingerprint()}
    assert len(prints | {digits.fingerprint()}) == 3


def test_mnist_is_the_60000_and_10000_digits_of_the_paper():
    found = load_digits("mnist")
    assert found.train_images.shape == (60_000, 28, 28, 1) and found.test_images.shape == (10_000, 28, 28, 1)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # Source: LeCun and Cortes
    np.testing.assert_array_equal(np.bincount(found.train_labels), counts)


def test_unknown_digits_are_refused_and_the_choices_named():
    with pytest.raises(ValueError, match=r"no digits 'mnist-6k'; choose mnist or a folder"):
        load_digits("mnist-6k")


def test_without_its_file_mnist_is_refused_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    with pytest.raises(ValueError, match=r"^data/mnist\.npz is missing: .*git restore data") as refused:
        load_digits("mnist")
    assert "\n" not in str(refused.value)


@pytest.fixture
def small_mnist(monkeypatch, tmp_path) -> Path:
    """Put a tiny file of MNIST's layout, and its checksum, where the real one would be."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    parts = {f"x_{part}": rng.integers(0, 256, (20, 28, 28), np.uint8) for part in ("train", "test")}
    parts |= {f"y_{part}": np.arange(20, dtype=np.uint8) % 10 for part in ("train", "test")}
    np.savez(folder / "mnist.npz", **parts)
    monkeypatch.setattr(datasets, "DATA", folder)
    monkeypatch.setattr(datasets, "MNIST_SHA256", hashlib.sha256((folder / "mnist.npz").read_bytes()).hexdigest())
    return folder / "mnist.npz"


def test_mnist_is_read_as_it_lies_in_its_file(small_mnist):
    found = load_digits("mnist")
    with np.load(small_mnist) as file:
        np.testing.assert_array_equal(found.train_images[..., 0], file["x_train"])
        np.testing.assert_array_equal(found.test_labels, file["y_test"])
    assert found.name == "mnist" and found.test_labels.dtype == np.int64


def test_another_file_called_mnist_is_refused(small_mnist):
    small_mnist.write_bytes(small_mnist.read_bytes() + b"x")
    with pytest.raises(ValueError, match=r"mnist\.npz has SHA-256"):
        load_digits("mnist")


def write_folder(folder: Path, digits: Digits, each: int = 2) -> None:
    for split, images, labels in (("train", digits[1], digits[2]), ("test", digits[3], digits[4])):
        for digit in range(10):
            (folder / split / str(digit)).mkdir(parents=True)
            for index, image in enumerate(images[labels == digit][:each]):
                Image.fromarray(image[..., 0]).save(folder / split / str(digit) / f"{index}.png")


def test_a_folder_of_png_files_is_read_pixel_by_pixel_with_its_folders_as_labels(digits, tmp_path):
    write_folder(tmp_path, digits)
    found = load_digits(str(tmp_path))
    assert found.train_images.shape == found.test_images.shape == (20, 28, 28, 1)
    np.testing.assert_array_equal(found.train_labels, np.repeat(np.arange(10), 2))
    for digit in range(10):
        mine = found.test_images[found.test_labels == digit]
        np.testing.assert_array_equal(mine, digits.test_images[digits.test_labels == digit][:2])


def test_a_digit_of_another_size_is_refused_by_its_name_and_size(digits, tmp_path):
    write_folder(tmp_path, digits, each=1)
    Image.new("L", (32, 30)).save(tmp_path / "test" / "3" / "large.png")
    with pytest.raises(ValueError, match=r"large\.png is 32×30 pixels, but digits are 28×28"):
        load_digits(str(tmp_path))


def test_a_folder_without_digits_is_refused_with_what_was_expected(tmp_path):
    with pytest.raises(ValueError, match=r"train/ holds no digits; expected PNG files in train/0 … train/9"):
        load_digits(str(tmp_path))


def test_a_file_that_is_no_picture_is_refused_by_its_name(digits, tmp_path):
    write_folder(tmp_path, digits, each=1)
    (tmp_path / "train" / "5" / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"broken\.png"):
        load_digits(str(tmp_path))


def test_every_grey_level_survives_bytes_and_back():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_bytes(levels.astype(np.float32) * np.float32(GREY_LEVEL)), levels)
