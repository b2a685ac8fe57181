"""Any function from images to scores, as a network that is asked and has no gradient."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Asked(keras.Model):
    """A function from images to scores, both NumPy arrays, as a network without a gradient.

    It counts the images that it was shown, and shows no more than ``most`` of them, none twice.
    """

    def __init__(self, classify: Callable[[np.ndarray], Any], most: int | None = None) -> None:
        super().__init__(
            name=re.sub(r"\W", "_", getattr(classify, "__name__", ""), flags=re.ASCII).strip("_") or "function"
        )
        self.classify, self.most, self.columns, self.failure = classify, most, 0, ""
        self._known: list[dict[bytes, np.ndarray]] = [{}]  # scores by image; in a list, which Keras leaves alone
        self.built = True

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError(f"what the function {self.name} is shown is counted, so it is asked where it is")

    @property
    def shown(self) -> int:
        """How many images the function was shown."""
        return len(self._known[0])

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return ``(batch, columns) float32`` scores of ``(batch, height, width, channels) float32`` pixels.

        How many columns there are is known from :meth:`ask`.
        """
        scores = tf.numpy_function(self.ask, [images], tf.float32)
        scores.set_shape((None, self.columns))
        return scores

    def ask(self, images: np.ndarray) -> np.ndarray:
        """Return the function's scores, ``(batch, columns) float32``, a single column included.

        ValueError if more images are shown than may be, or the answer is not a row of numbers for each image.
        """
        known, names = self._known[0], [hashlib.sha256(image.tobytes()).digest() for image in images]
        places = {name: place for place, name in enumerate(names) if name not in known}
        if places:
            try:
                known |= zip(places, self._answer(images[list(places.values())]), strict=True)
            except Exception as error:  # whatever the function runs into; TensorFlow would wrap it in its own words
                what = "" if isinstance(error, ValueError) else f"{self.name} fails: {type(error).__name__}: "
                self.failure = f"{what}{error}"
                raise ValueError(self.failure) from error
        return np.stack([known[name] for name in names]) if names else np.zeros((0, self.columns), np.float32)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        """Return the function's scores, as :meth:`ask` does."""
        if self.most is not None and self.shown + len(images) > self.most:
            raise ValueError(f"{self.name} was shown {self.shown:,} images, and may be shown {self.most:,}.")
        scores = np.asarray(self.classify(images), np.float32)
        scores = scores[:, None] if scores.ndim == 1 else scores
        self.columns = self.columns or (scores.shape[1] if scores.ndim == 2 else 0)
        if scores.shape != (len(images), self.columns):
            raise ValueError(f"{self.name} gives {scores.shape} for {len(images)} images, not one row of scores each.")
        return scores

    def to_json(self, **options: Any) -> str:
        """Raise NotImplementedError: nothing but its answers, or its file, says what a function does."""
        raise NotImplementedError
