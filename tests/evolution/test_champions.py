"""Champions as images: they score what was recorded, and are what a PNG holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding

ODD = (15, 13, 1)  # neither side nor their product is a multiple of a vector register
ENCODINGS = {
    "direct": DirectEncoding(ODD),
    "direct, crossed": DirectEncoding(ODD, crossover=True),
    "cppn": CppnEncoding(ODD),
    "cppn, colour": CppnEncoding((5, 7, 3)),
}


@pytest.fixture(scope="module")
def champions(cppn_evolution) -> np.ndarray:
    return cppn_evolution.images


def test_final_images_score_what_was_recorded(lenet, cppn_evolution, champions):
    """They were scored among 40 children, now among 20: float32 sums of 800 products differ in the fifth digit."""
    images = champions.reshape(-1, 28, 28, 1)
    own_class = np.tile(np.arange(10), 2)
    log_odds = lenet.score(images)[np.arange(20), own_class]
    np.testing.assert_allclose(log_odds, cppn_evolution.log_odds.ravel(), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        cppn_evolution.confidences.ravel(), lenet.confidences(images)[np.arange(20), own_class], atol=1e-4
    )


def read_back(image: np.ndarray, path: Path) -> np.ndarray:
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(path)
    return np.asarray(Image.open(path)).reshape(image.shape)


def test_an_image_saved_as_png_and_loaded_again_scores_the_same_bytes_as_the_genome(
    lenet, cppn_evolution, champions, tmp_path
):
    images = champions[0]
    loaded = np.stack([read_back(image, tmp_path / "image.png") for image in images])
    np.testing.assert_array_equal(loaded, images)
    genomes = tf.nest.map_structure(tf.constant, cppn_evolution.genomes)
    expressed = CppnEncoding((28, 28, 1)).express(genomes).numpy()[0, cppn_evolution.places[0]]
    assert lenet.score(loaded).tobytes() == lenet.score(expressed).tobytes()


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_expressed_images_are_the_very_floats_that_a_png_gives_back(name, graph, tmp_path):
    """In a graph too, where TensorFlow may rewrite arithmetic."""
    encoding = ENCODINGS[name]
    genomes = encoding.initialise(20, tf.constant([[1, 1]], tf.int64))
    images = (tf.function(encoding.express) if graph else encoding.express)(genomes).numpy()[0]
    assert images.min() >= 0 and images.max() <= 1
    as_bytes = np.rint(images * 255).astype(np.uint8)
    loaded = np.stack([read_back(image, tmp_path / "image.png") for image in as_bytes])
    assert (loaded.astype(np.float32) * np.float32(1 / 255)).tobytes() == images.tobytes()
