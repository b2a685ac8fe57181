"""What the breeding page computes: LeNet, mutation and log-odds in a browser, held to Python's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fooling import runs
from fooling.confidence import to_confidence, to_log_odds
from fooling.report import breed
from fooling.report.bundle import bundle_modules
from fooling.words import show_confidence

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PUBLISHED = runs.ROOT / "results" / "published" / "runs"
IMAGES, GENES, LINES = 200, 40_000, 200  # compared with Keras; mutated; lines of descent that grow patterns
PATIENCE = 600_000  # milliseconds
# A browser's modules as functions of the window.
EXPOSED = "Object.assign(window, { buildLenet, cppn, direct, drawUniform, logOddsOf, polynomialStep, showConfidence });"


def read_network() -> Path:
    """Return the file of the published LeNet."""
    (run,) = (path for path in PUBLISHED.iterdir() if breed.LENET.fullmatch(path.name))
    return run / "model.keras"


@pytest.fixture
def program(browser: Browser) -> Iterator[Page]:
    """Return an empty page that has the modules' functions."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.set_content(f"<script type='module'>{bundle_modules(breed.MODULES[:-1])}\n{EXPOSED}</script>")
    yield page
    context.close()


def test_confidences_are_told_as_everywhere(program: Page) -> None:
    odds = [*np.linspace(-12.0, 18.0, 301), *(to_log_odds(one) for one in (0.00012, 0.5, 0.9985, 0.99999, 0.9999991))]
    told = program.evaluate("(odds) => odds.map(showConfidence)", list(map(float, odds)))
    assert told == [show_confidence(float(to_confidence(one))) for one in odds]


def test_logits_are_those_of_keras(program: Page) -> None:
    import keras

    from fooling.networks.lenet import INPUT_RANGE

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, 28, 28, 1), np.uint8)
    images[IMAGES // 2 :] //= 1 + random.integers(0, 8, (IMAGES // 2, 28, 28, 1), np.uint8)
    model = keras.models.load_model(read_network(), compile=False)
    expected = model(images.astype(np.float32) / 255.0 * INPUT_RANGE[1]).numpy()
    ask = """([weights, pixels, count]) => {
      const read = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return Array.from(buildLenet(new Float32Array(read(weights).buffer))(read(pixels), count));
    }"""
    weights = base64.b64encode(breed.read_weights(read_network()).tobytes()).decode()
    found = program.evaluate(ask, [weights, base64.b64encode(images.tobytes()).decode(), IMAGES])
    assert np.abs(np.reshape(found, expected.shape) - expected).max() < 1e-3
    assert np.array_equal(np.reshape(found, expected.shape).argmax(axis=1), expected.argmax(axis=1))


def test_log_odds_are_those_of_python_where_the_softmax_is_rounded_to_certainty(program: Page) -> None:
    from fooling.networks.classifier import log_odds_of

    logits = np.float32([[60, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0] * 10, [-3, 2, 2, 0, 1, 0, 0, 0, 0, 0]])
    found = [program.evaluate("row => Array.from(logOddsOf(Float64Array.from(row)))", row.tolist()) for row in logits]
    np.testing.assert_allclose(found, log_odds_of(logits).numpy(), rtol=1e-5, atol=1e-5)


def test_a_mutation_changes_a_tenth_of_the_pixels_by_the_steps_of_python(program: Page) -> None:
    from fooling.encodings.operators import polynomial_step

    uniform = np.linspace(0.0, 1.0, 201)[:-1]
    steps = program.evaluate("draws => draws.map(polynomialStep)", uniform.tolist())
    np.testing.assert_allclose(steps, polynomial_step(np.float32(uniform)).numpy(), atol=2e-6)
    mutate = """count => {
      const draw = drawUniform(3);
      const changes = Array.from({ length: count }, () => direct.mutate(new Float32Array(784).fill(0.5), draw));
      return changes.flatMap((child) => Array.from(child, (gene) => gene - 0.5).filter((change) => change));
    }"""
    children = GENES // 784
    changes = np.array(program.evaluate(mutate, children))
    assert abs(len(changes) / (children * 784) - 0.1) < 5 * np.sqrt(0.09 / (children * 784))
    assert abs(np.abs(changes).mean() - 1 / 17) < 5 * np.abs(changes).std() / np.sqrt(len(changes))
    assert abs(changes.mean()) < 5 * changes.std() / np.sqrt(len(changes))


def test_patterns_grow_as_in_python(program: Page) -> None:
    """Twenty mutations, one after the other: the numbers of nodes and edges, and the weights, have Python's means."""
    import tensorflow as tf

    from fooling.encodings.cppn import CppnEncoding

    encoding, seeds = CppnEncoding((28, 28, 1)), tf.constant([[5, 0]], tf.int64)
    genomes = encoding.initialise(LINES, seeds)
    for generation in range(1, 21):
        genomes = encoding.mutate(genomes, seeds + [[0, generation * 2**32]], tf.constant(generation))
    nodes, edges = (np.count_nonzero(part[0], axis=1) for part in (genomes.activations, genomes.sources))
    weights = np.abs(genomes.weights[0].numpy()).sum(axis=1)
    grow = """count => {
      const draw = drawUniform(7);
      return Array.from({ length: count }, () => {
        let genome = cppn.initialise(draw);
        for (let generation = 0; generation < 20; generation++) genome = cppn.mutate(genome, draw);
        const occupied = (places) => places.filter((place) => place).length;
        const sum = genome.weights.reduce((total, weight) => total + Math.abs(weight), 0);
        return [occupied(genome.activations), occupied(genome.sources), sum];
      });
    }"""
    grown = np.array(program.evaluate(grow, LINES))
    for found, expected in zip(grown.T, (nodes, edges, weights), strict=True):
        error = np.hypot(found.std(), expected.std()) / np.sqrt(LINES)
        assert abs(found.mean() - expected.mean()) < 4 * error, (found.mean(), expected.mean(), error)
