"""Images that nobody bred: what an encoding draws at random, for looking at a network before any search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding
from fooling.encodings.population import EXPRESSED, express_genomes


def draw_random_images(encoding: Encoding, count: int, seed: int) -> Iterator[np.ndarray]:
    """Express random genomes, the same for the same seed whatever the count, at least 1.

    Yields:
        Batches ``(up to 20, height, width, channels) uint8``.
    """
    genomes = encoding.initialise(count, tf.constant([[seed, 0]], tf.int64))
    for start in range(0, count, EXPRESSED):
        few = (part[:, start : start + EXPRESSED] for part in genomes)
        yield express_genomes(encoding, type(genomes)(*few))
