"""CPPN genomes drawn by a browser: the pixels of Python."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fooling import runs
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.population import express_genomes, take_genome
from fooling.evolution.evolution import Evolution, load_evolution
from fooling.report.bundle import bundle_modules
from fooling.runs import RunFolder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PUBLISHED = runs.ROOT / "results" / "published" / "runs"
GENOMES, SHARE = 200, 0.999  # champions drawn, and the share of pixels within one grey level
# Draws genomes and returns the images' red, green and blue, one after the other, in base 64.
DRAW = """([encoding, genomes]) => {
  const bytes = genomes.flatMap((genome) => {
    const numbers = { ...genome, weights: Float32Array.from(genome.weights) };
    return Array.from(express(numbers, encoding).filter((_, place) => place % 4 < 3));
  });
  let text = "";
  for (let first = 0; first < bytes.length; first += 32768) {
    text += String.fromCharCode(...bytes.slice(first, first + 32768));
  }
  return btoa(text);
}"""


def find_colour_searches() -> list[Evolution]:
    """Return the published runs of CPPNs on all classes of ImageNet; random search is none."""
    folders = [path for path in sorted(PUBLISHED.glob("cppn-*")) if is_large(path)]
    return [load_evolution([RunFolder(path)]) for path in folders]


def is_large(path: Path) -> bool:
    settings = json.loads((path / "settings.json").read_text(encoding="utf-8"))["settings"]
    return len(settings["classes"]) >= 1_000


def draw_in_browser(page: Any, encoding: CppnEncoding, genomes: Any) -> np.ndarray:
    """Return a population's images as a browser draws them, ``(count, height, width, 3) uint8``."""
    about = {"shape": encoding.image_shape, "coordinates": encoding.coordinates, "colour": encoding.colour}
    images = []
    for place in range(genomes.weights.shape[1]):
        genome = {name: part.tolist() for name, part in take_genome(genomes, place)._asdict().items()}
        drawn = base64.b64decode(page.evaluate(DRAW, [about, [genome]]))
        images.append(np.frombuffer(drawn, np.uint8).reshape(*encoding.image_shape[:2], 3))
    return np.stack(images)


@pytest.fixture
def page(browser: Browser) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.set_content(f"<script type='module'>{bundle_modules(['cppn.js'])}\nwindow.express = express;</script>")
    yield page
    context.close()


def test_champions_have_the_pixels_of_python_at_the_networks_own_size(page: Any) -> None:
    searches, near, same = find_colour_searches(), [], []
    for search in searches:
        distinct = np.unique(search.places[0])
        chosen = distinct[np.linspace(0, len(distinct) - 1, -(-GENOMES // len(searches))).astype(int)]
        genomes = type(search.genomes)(*(part[:, chosen] for part in search.genomes))  # type: ignore[misc, union-attr]
        drawn = draw_in_browser(page, search.encoding, genomes)  # type: ignore[arg-type]
        off = np.abs(drawn.astype(int) - express_genomes(search.encoding, genomes)).max(axis=-1)
        near.extend((off <= 1).mean(axis=(1, 2)))
        same.extend((off == 0).mean(axis=(1, 2)))
    assert np.mean(near) >= SHARE
    assert np.median(same) >= SHARE


@pytest.mark.parametrize("colour", ["hls", "hsv"])
@pytest.mark.parametrize(("coordinates", "channels"), [("centred", 1), ("raw", 3), ("centred", 3)])
def test_other_shapes_and_colours_have_the_pixels_of_python(
    page: Any, colour: str, coordinates: str, channels: int
) -> None:
    import tensorflow as tf

    encoding = CppnEncoding((19, 23, channels), coordinates, colour)
    seeds = tf.constant([[3, 0]], tf.int64)
    genomes = encoding.initialise(8, seeds)
    for generation in range(12):
        genomes = encoding.mutate(genomes, seeds + generation, tf.constant(generation))
    numbers = type(genomes)(*(part.numpy() for part in genomes))
    expected = np.broadcast_to(express_genomes(encoding, numbers), (8, 19, 23, 3))
    assert (np.abs(draw_in_browser(page, encoding, numbers).astype(int) - expected) <= 1).mean() >= SHARE
