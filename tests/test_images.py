"""An image is what a PNG holds, and there is one way to show it to a network of another size."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fooling.images import resize_images

IMAGES = np.random.default_rng(1).integers(0, 256, (3, 6, 5, 1), np.uint8)


def test_resizing_to_the_same_size_changes_nothing() -> None:
    images = tf.constant(IMAGES / np.float32(255.0))
    assert resize_images(images, 6, 5) is images


@pytest.mark.parametrize("size", [(12, 10), (9, 7), (3, 2)], ids=["twice", "larger", "smaller"])
def test_resizing_agrees_with_another_library(size: tuple[int, int]) -> None:
    image = np.random.default_rng(2).uniform(0, 1, (6, 5)).astype(np.float32)
    expected = np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR))
    found = np.asarray(resize_images(tf.constant(image[None, :, :, None]), *size))[0, :, :, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("size", [(6, 5), (9, 7), (3, 2)], ids=["same", "larger", "smaller"])
def test_grey_levels_of_a_file_are_resized_as_the_numbers_that_they_stand_for(size: tuple[int, int]) -> None:
    found = np.asarray(resize_images(IMAGES, *size))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, resize_images(tf.constant(IMAGES, tf.float32) * np.float32(1 / 255), *size))


def test_white_and_black_stay_what_they_are_at_any_size() -> None:
    for value in (0.0, 1.0):
        resized = np.asarray(resize_images(tf.fill([1, 6, 5, 1], value), 13, 17))
        assert resized.min() >= 0.0 and resized.max() <= 1.0
        np.testing.assert_allclose(resized, value, atol=1e-6)
