"""Random images: a seed's own, as many as are asked for, a few at a time."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images


def draw(encoding, count: int, seed: int = 5) -> np.ndarray:
    return np.concatenate(list(draw_random_images(encoding, count, seed)))


@pytest.mark.parametrize("encoding", [DirectEncoding((5, 4, 1)), CppnEncoding((5, 4, 3))], ids=["direct", "cppn"])
def test_a_seed_has_the_same_images_however_many_are_drawn(encoding):
    many = draw(encoding, 41)
    assert many.shape == (41, *encoding.image_shape) and many.dtype == np.uint8
    for count in (1, 20, 21):
        np.testing.assert_array_equal(draw(encoding, count), many[:count])
    assert (draw(encoding, 41, seed=6) != many).any()


def test_batches_hold_all_genomes_in_their_order():
    encoding = DirectEncoding((5, 4, 1))
    genes = encoding.initialise(41, tf.constant([[5, 0]], tf.int64)).genes.numpy()[0]
    batches = list(draw_random_images(encoding, 41, 5))
    assert [len(batch) for batch in batches] == [20, 20, 1]
    np.testing.assert_array_equal(np.concatenate(batches).reshape(41, 20), np.floor(genes * np.float32(255)))
