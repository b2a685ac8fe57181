"""Colours against OpenCV, whose 8-bit conversion the released code uses, and whichever genomes stand beside one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.images import check_images, to_bytes

# All 256 hues, with every seventh level of the other two and those at which a formula turns.
LEVELS = np.unique([*range(0, 256, 7), 0, 1, 2, 126, 127, 128, 129, 253, 254, 255])
EVERY = (
    np.stack(np.meshgrid(np.arange(256), LEVELS, LEVELS, indexing="ij"), axis=-1).astype(np.uint8).reshape(256, -1, 3)
)
SPACES = pytest.mark.parametrize(
    ("colour", "code"), [("hls", cv2.COLOR_HLS2RGB), ("hsv", cv2.COLOR_HSV2RGB)], ids=["hls", "hsv"]
)


def express(colours: np.ndarray, colour: str) -> np.ndarray:
    """Return what a direct genome shows whose three genes a pixel are in the middle of these grey levels."""
    genes = np.minimum((colours + 0.5) / 255.0, 1.0).astype(np.float32).reshape(1, 1, -1)
    image = DirectEncoding(colours.shape, colour=colour).express(DirectGenomes(tf.constant(genes))).numpy()[0, 0]
    np.testing.assert_array_equal(check_images(to_bytes(image)[None], image.shape)[0], image)  # whole grey levels
    return to_bytes(image).astype(int)


def convert(colours: np.ndarray, code: int) -> np.ndarray:
    return cv2.cvtColor(colours, code).astype(int)


@SPACES
def test_all_hues_are_those_of_opencv_within_one_level(colour, code):
    assert np.abs(express(EVERY, colour) - convert(EVERY, code)).max() <= 1


@SPACES
def test_colours_are_opencvs_own_where_it_rounds(colour, code):
    """One pixel a row: in wide rows of hue, saturation, value the vector code of its later versions rounds down."""
    column = EVERY.reshape(-1, 1, 3)
    assert (express(column, colour) == convert(column, code)).mean() > 0.9999


@SPACES
def test_hues_from_180_on_begin_the_circle_again_here_and_in_opencv(colour, code):
    again, first = EVERY[180:], EVERY[:76]
    np.testing.assert_array_equal(express(again, colour), express(first, colour))
    difference = convert(again, code) - convert(first, code)
    assert np.abs(difference).max() <= 1 and (difference == 0).mean() > 0.99


@pytest.mark.parametrize("colour", ["hls", "hsv"])
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_a_direct_colour_image_is_the_same_bytes_whichever_genomes_stand_beside_it(colour, graph):
    """5 × 7 pixels fill no whole number of vector registers, so a genome alone ends where others go on."""
    encoding = DirectEncoding((5, 7, 3), colour=colour)
    genomes = encoding.initialise(33, tf.constant([[1, 1], [2, 1]], tf.int64))
    show = tf.function(encoding.express, reduce_retracing=True) if graph else encoding.express
    together = show(genomes).numpy()
    for run in (0, 1):
        for index in (0, 1, 16, 32):
            alone = show(DirectGenomes(genomes.genes[run : run + 1, index : index + 1])).numpy()
            assert alone[0, 0].tobytes() == together[run, index].tobytes()
