"""An image is what a PNG holds: 8-bit grey levels, and the float32 numbers in [0, 1] that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

# Multiplying by this one number is the only way from 8 bits to [0, 1] in this project, so that an image that was saved
# and loaded again is the same float32 numbers (TensorFlow's graph optimiser may rewrite a division).
GREY_LEVEL = 1.0 / 255.0


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Return images in [0, 1] as uint8 grey levels; :func:`check_images` is the way back."""
    return np.rint(np.asarray(images) * 255.0).astype(np.uint8)


def check_images(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return images, ``(count, height, width, channels)`` uint8 or float, as float32 in [0, 1].

    ValueError if they have another shape (height, width, channels) than is expected, or values outside [0, 1].
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1:] != tuple(shape):
        raise ValueError(f"Images of shape {images.shape} were given, but the network takes (count, {str(shape)[1:]}.")
    if images.dtype == np.uint8:
        return images.astype(np.float32) * np.float32(GREY_LEVEL)
    if images.size and not (images.min() >= 0.0 and images.max() <= 1.0):
        raise ValueError(f"Images lie in [0, 1], but values from {images.min():.3g} to {images.max():.3g} were given.")
    return images.astype(np.float32)


def check_image_shape(shape: tuple[int, int, int]) -> None:
    """Raise ValueError unless ``shape`` is (height, width, 1 or 3)."""
    whole = all(isinstance(side, int | np.integer) and side >= 1 for side in shape)
    if len(shape) != 3 or not whole or shape[2] not in (1, 3):
        raise ValueError(f"An image shape is (height, width, 1 or 3), but {tuple(shape)} was given.")


def cut_middle(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the middle of images, as large as ``shape`` (height, width, channels)."""
    top, left = (images.shape[1] - shape[0]) // 2, (images.shape[2] - shape[1]) // 2
    return images[:, top : top + shape[0], left : left + shape[1]]


def average_areas(side: int, fewer: int) -> np.ndarray:
    """Return the ``(fewer, side) float64`` matrix whose rows take the mean over equal shares of a side of pixels."""
    edges, pixel = np.arange(fewer + 1) * side / fewer, np.arange(side)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.asarray(np.clip(overlap, 0.0, None) * fewer / side)


def resize_images(images: Any, height: int, width: int) -> Any:
    """Return images in [0, 1] at the size that another network takes; those that have it already are not touched.

    The one way to show an image to a network of another size; :func:`fooling.networks.answers.score_all` goes it.
    Choice: bilinear, averaging over the pixels that become one where an image shrinks, and not rounded to 8 bits.

    Args:
        images: ``(batch, height, width, channels)``, uint8 or float32 in [0, 1]: an array, a tensor, a layer's output.
    """
    from keras import ops  # only here: what draws and reads images needs no TensorFlow

    if images.dtype == np.uint8:
        images = check_images(images, images.shape[1:])
    old_height, old_width = images.shape[1:3]
    if (old_height, old_width) == (height, width):
        return images
    shrinks = height < old_height or width < old_width
    resized = ops.image.resize(images, (height, width), interpolation="bilinear", antialias=shrinks)
    return ops.clip(resized, 0.0, 1.0)  # rounding may step over the ends
