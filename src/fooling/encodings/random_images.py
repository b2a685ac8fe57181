"""Images that nobody bred: what an encoding draws at random, for looking at a network before any search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding
from fooling.images import to_bytes

BATCH = 20  # images expressed at a time; Choice: 12 MB as float32 at 224 × 224 × 3


def draw_random_images(encoding: Encoding, count: int, seed: int) -> Iterator[np.ndarray]:
    """Express random genomes, the same for the same seed whatever the count.

    Args:
        encoding: How images are made.
        count: How many, at least 1.
        seed: 0 to 2^63 − 1.

    Yields:
        Batches ``(up to 20, height, width, channels) uint8``.
    """
    genomes = encoding.initialise(count, tf.constant([[seed, 0]], tf.int64))
    for start in range(0, count, BATCH):
        some = tf.nest.map_structure(lambda part, start=start: part[:, start : start + BATCH], genomes)
        yield to_bytes(encoding.express(some)[0])
