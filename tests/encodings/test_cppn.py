"""What a graph computes: against an evaluator of our own, node by node in float64, and graphs solved by hand."""

from __future__ import annotations

import colorsys
import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_evaluation import evaluate_graphs, pixel_coordinates
from fooling.encodings.cppn_graph import ACTIVATIONS, CppnGenomes

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # paper.md's four, in float64
    "sine": np.sin,
    "sigmoid": lambda p: 2.0 / (1.0 + np.exp(-np.clip(p, -700, 700))) - 1.0,
    "gaussian": lambda p: np.exp(-(p**2)),
    "linear": lambda p: np.minimum(np.maximum(p, -3.0), 3.0) / 3.0,
}


def evaluate_alone(genome: CppnGenomes, shape: tuple[int, int, int], coordinates: str) -> np.ndarray:
    """Return the outputs of one genome, ``(channels, height, width) float64``, by asking each node for its value."""
    height, width, channels = shape
    inputs = np.zeros((4, height, width))
    for row in range(height):
        for column in range(width):
            x, y = 2.0 * column / (width - 1) - 1.0, 2.0 * row / (height - 1) - 1.0
            place = (x, y) if coordinates == "centred" else (column, row)
            inputs[:, row, column] = (*place, (x * x + y * y) ** 0.5, 1.0)
    edges = [edge for edge in zip(*genome[1:], strict=True) if edge[0] > 0]
    known: dict[int, np.ndarray] = {node: inputs[node - 1] for node in (1, 2, 3, 4)}

    def ask(node: int) -> np.ndarray:
        if node not in known:
            total = np.zeros((height, width))
            for source, target, weight in edges:
                if target == node:
                    total = total + float(weight) * ask(int(source))
            known[node] = FUNCTIONS[ACTIVATIONS[genome.activations[node - 5] - 1]](total)
        return known[node]

    return np.stack([ask(5 + channel) for channel in range(channels)])


@cache
def convert_colour(hue: int, lightness: int, saturation: int) -> tuple[float, ...]:
    """Return RGB levels of 8-bit HLS with 180 hues that wrap round."""
    return tuple(255 * v for v in colorsys.hls_to_rgb((hue % 180) / 180, lightness / 255, saturation / 255))


def is_near(pixel: np.ndarray, levels: np.ndarray) -> bool:
    """Return whether a coloured pixel shows these levels of hue, lightness, saturation, or ones that differ by one."""
    for steps in itertools.product((0, -1, 1), repeat=3):
        near = np.clip(levels + np.array(steps), 0, 255)
        if np.abs(pixel - convert_colour(*near.tolist())).max() <= 1.0:
            return True
    return False


def share_that_agrees(genomes: CppnGenomes, encoding: CppnEncoding) -> float:
    """Return the share of pixels of a population ``(1, count, …)`` that agree with the evaluator above."""
    images = np.rint(encoding.express(CppnGenomes(*map(tf.constant, genomes))).numpy()[0] * 255.0)
    good = total = 0
    for index, image in enumerate(images):
        genome = CppnGenomes(*(np.asarray(part)[0, index] for part in genomes))
        values = evaluate_alone(genome, encoding.image_shape, encoding.coordinates)
        levels = np.floor(np.abs(255.0 * values)).astype(int)
        pixels = image.reshape(-1, len(levels))
        wanted = levels.reshape(len(levels), -1).T
        if len(levels) == 1:
            good += np.count_nonzero(np.abs(pixels - wanted) <= 1)
        else:
            good += sum(map(is_near, pixels, wanted))
        total += len(pixels)
    return good / total


@pytest.fixture(scope="module", params=[1, 3], ids=["grey", "colour"])
def populations(request, grow) -> tuple[int, list[CppnGenomes]]:
    """Return the number of channels and 200 genomes of all ages."""
    return request.param, grow(CppnEncoding((2, 2, request.param)), 50, [3, 15, 40, 80])


@pytest.mark.parametrize(("coordinates", "least"), [("centred", 0.999), ("raw", 0.99)])
def test_images_agree_with_an_evaluator_of_single_nodes_in_float64(populations, coordinates, least):
    channels, populations = populations
    encoding = CppnEncoding((12, 13, channels), coordinates)
    assert max(np.count_nonzero(genomes.activations[0], axis=1).max() for genomes in populations) > 20
    agreed = [share_that_agrees(genomes, encoding) for genomes in populations]
    assert np.mean(agreed) >= least, agreed


def test_images_of_real_champions_agree_with_the_evaluator(cppn_evolution):
    genomes = cppn_evolution.genomes
    for run in range(len(cppn_evolution.seeds)):
        one_run = CppnGenomes(*(part[run : run + 1] for part in genomes))
        assert share_that_agrees(one_run, CppnEncoding((28, 28, 1))) >= 0.999


def express(genome: CppnGenomes, encoding: CppnEncoding) -> np.ndarray:
    """Return the grey levels of one genome with ``(1, places)`` arrays."""
    images = encoding.express(CppnGenomes(*(tf.constant(part)[None] for part in genome)))
    return np.rint(images.numpy()[0, 0] * 255.0).astype(int)


@pytest.mark.parametrize(("name", "level"), [("sine", 0), ("sigmoid", 0), ("gaussian", 255), ("linear", 0)])
def test_an_output_without_incoming_edges_shows_its_function_of_zero(make_graph, name, level):
    image = express(make_graph([name], []), CppnEncoding((5, 4, 1)))
    np.testing.assert_array_equal(image, np.full((5, 4, 1), level))


def test_a_hidden_node_without_incoming_edges_gives_its_function_of_zero(make_graph):
    graph = make_graph(["linear", "gaussian"], [(6, 5, 1.5)])  # 1.5 · exp(0) / 3 = one half
    np.testing.assert_array_equal(express(graph, CppnEncoding((3, 3, 1))), np.full((3, 3, 1), 127))


# With weight 3 into a linear node the image is the input itself: clip(3 v, -3, 3) / 3 = v.
GRID = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 3))
INPUT_IMAGES = {1: GRID[0], 2: GRID[1], 3: np.minimum(np.hypot(*GRID), 1), 4: np.ones((3, 5))}


@pytest.mark.parametrize("node", [1, 2, 3, 4], ids=["x", "y", "distance", "bias"])
def test_the_inputs_are_column_row_distance_and_bias_in_centred_coordinates(make_graph, node):
    image = express(make_graph(["linear"], [(node, 5, 3.0)]), CppnEncoding((3, 5, 1)))
    assert np.abs(image[..., 0] - 255 * np.abs(INPUT_IMAGES[node])).max() <= 1


@pytest.mark.parametrize(("node", "axis"), [(1, 1), (2, 0)], ids=["x", "y"])
def test_raw_coordinates_are_pixel_indices_from_zero(make_graph, node, axis):
    image = express(make_graph(["linear"], [(node, 5, 0.25)]), CppnEncoding((9, 11, 1), "raw"))
    index = np.indices((9, 11))[axis]
    assert np.abs(image[..., 0] - 255 * np.minimum(0.25 * index, 3) / 3).max() <= 1


def test_the_distance_is_measured_in_centred_coordinates_even_when_the_others_are_raw(make_graph):
    graph = make_graph(["linear"], [(3, 5, 1.0)])
    centred, raw = (express(graph, CppnEncoding((9, 11, 1), kind)) for kind in ("centred", "raw"))
    np.testing.assert_array_equal(centred, raw)


def test_parallel_edges_add(make_graph):
    apart = make_graph(["linear"], [(1, 5, 1.0), (1, 5, 0.5), (1, 5, -0.25)])
    together = make_graph(["linear"], [(1, 5, 1.25)])
    np.testing.assert_array_equal(*(express(graph, CppnEncoding((6, 9, 1))) for graph in (apart, together)))


def test_nodes_that_reach_no_output_change_no_pixel(make_graph):
    core = [(1, 5, 2.0), (2, 6, 1.0), (6, 5, 3.0)]
    plain = make_graph(["sine", "gaussian"], core)
    dead_ends = [(1, 7, 4.0), (7, 8, 1.0), (6, 8, -2.0)]
    with_dead_ends = make_graph(["sine", "gaussian", "linear", "sigmoid", None, "sine"], core + dead_ends)
    np.testing.assert_array_equal(*(express(graph, CppnEncoding((7, 7, 1))) for graph in (plain, with_dead_ends)))


def test_a_negative_output_shows_its_size(make_graph):
    images = [express(make_graph(["linear"], [(4, 5, weight)]), CppnEncoding((2, 2, 1))) for weight in (2.0, -2.0)]
    np.testing.assert_array_equal(*images)


def test_an_image_is_the_same_bytes_whichever_genomes_stand_beside_it(old_genomes):
    encoding, genomes = old_genomes
    together = encoding.express(CppnGenomes(*map(tf.constant, genomes))).numpy()
    for index in (0, 7, 24):
        alone = encoding.express(CppnGenomes(*(tf.constant(part[:, index : index + 1]) for part in genomes)))
        assert alone.numpy()[0, 0].tobytes() == together[0, index].tobytes()


def test_values_are_the_same_bytes_whichever_genomes_stand_beside_it(old_genomes):
    """Stricter than images, whose grey levels hide the last bits. 63 pixels fill no whole number of registers."""
    encoding, genomes = old_genomes
    height, width, channels = encoding.image_shape
    coordinates = pixel_coordinates(encoding.image_shape, "centred")
    flat = CppnGenomes(*(tf.constant(part[0]) for part in genomes))
    together = evaluate_graphs(flat, coordinates, channels).numpy()[..., : height * width]
    for index in (*range(6), 24):
        alone = evaluate_graphs(CppnGenomes(*(part[index : index + 1] for part in flat)), coordinates, channels)
        assert alone.numpy()[0, :, : height * width].tobytes() == together[index].tobytes(), index


@pytest.mark.parametrize("more", [(8, 0), (0, 16), (1, 3), (24, 160)])
def test_more_room_changes_no_pixel(old_genomes, more):
    encoding, genomes = old_genomes
    roomy = CppnGenomes(
        *(
            tf.pad(part, [[0, 0], [0, 0], [0, extra]])
            for part, extra in zip(genomes, (more[0], *3 * more[1:]), strict=True)
        )
    )
    before = encoding.express(CppnGenomes(*map(tf.constant, genomes)))
    assert before.numpy().tobytes() == encoding.express(roomy).numpy().tobytes()


def test_a_random_genome_joins_every_input_to_every_output_and_has_nothing_hidden():
    genomes: Any = CppnEncoding((4, 4, 3)).initialise(500, tf.constant([[1, 1]], tf.int64))
    activations, sources, targets, weights = (part.numpy()[0] for part in genomes)
    assert (activations[:, :3] > 0).all() and (activations[:, 3:] == 0).all()
    every = {(source, target) for source in (1, 2, 3, 4) for target in (5, 6, 7)}
    for genome in range(500):
        alive = sources[genome] > 0
        assert sorted(zip(sources[genome][alive], targets[genome][alive], strict=True)) == sorted(every)
    drawn = weights[sources > 0]
    assert drawn.min() >= -10 and drawn.max() <= 10
    assert abs(drawn.mean()) < 0.4 and abs(drawn.std() - 20 / 12**0.5) < 0.3  # uniform: 6000 draws
    shares = np.bincount(activations[:, :3].ravel(), minlength=5)[1:] / 1500
    assert np.abs(shares - 0.25).max() < 0.06


def test_unknown_coordinates_are_refused():
    with pytest.raises(ValueError, match="choose one of centred, raw"):
        CppnEncoding((4, 4, 1), coordinates="polar")


def measure_slopes(genomes: CppnGenomes, encoding: CppnEncoding, mask: np.ndarray) -> np.ndarray:
    """Return the gradient of each image's sum under a mask by the weights, ``(count, edges)``."""
    with tf.GradientTape() as tape:
        tape.watch(genomes.weights)
        total = tf.reduce_sum(encoding.express(genomes) * mask)
    return np.asarray(tape.gradient(total, genomes.weights))[0]


def paint(genome: CppnGenomes, encoding: CppnEncoding) -> np.ndarray:
    """Return the image of one genome as it would be without 8 bits, ``(height, width, channels) float64``."""
    levels = np.moveaxis(np.abs(evaluate_alone(genome, encoding.image_shape, encoding.coordinates)), 0, -1)
    if levels.shape[2] == 1:
        return levels
    hue, lightness, saturation = levels[..., 0] * 255 / 180 % 1.0, levels[..., 1], levels[..., 2]
    return np.stack(np.vectorize(colorsys.hls_to_rgb)(hue, lightness, saturation), axis=-1)


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
def test_the_gradient_by_weights_is_that_of_the_image_before_it_was_rounded(channels, grow):
    encoding = CppnEncoding((5, 6, channels))
    genomes = CppnGenomes(*map(tf.constant, grow(encoding, 12, [12])[0]))
    mask = np.random.default_rng(0).normal(size=encoding.image_shape).astype(np.float32)
    slopes = measure_slopes(genomes, encoding, mask)
    found, wanted = [], []
    for index in range(12):
        parts = [np.asarray(part)[0, index] for part in genomes]
        for place in np.flatnonzero(parts[1]):
            sums = []
            for step in (-1e-6, 1e-6):
                weights = parts[3].astype(np.float64)
                weights[place] += step
                sums.append(np.sum(paint(CppnGenomes(*parts[:3], weights), encoding) * mask))
            found.append(slopes[index, place])
            wanted.append((sums[1] - sums[0]) / 2e-6)
        np.testing.assert_array_equal(slopes[index, parts[1] == 0], 0.0)
    found, wanted = np.array(found), np.array(wanted)
    assert (np.abs(wanted) > 0.05).sum() > 50
    if channels == 1:  # a sum of pixels: rounding leaves no trace
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
    else:  # colours are products, of rounded numbers here
        assert np.isclose(found, wanted, rtol=0.05, atol=0.1).mean() > 0.9
        assert np.corrcoef(found, wanted)[0, 1] > 0.95


def test_the_gradient_is_the_same_to_the_last_bit_each_time(grow):
    """TensorFlow's own gradient of a sparse product is not."""
    encoding = CppnEncoding((60, 60, 3))
    genomes = CppnGenomes(*map(tf.constant, grow(encoding, 20, [40])[0]))
    mask = np.random.default_rng(0).normal(size=encoding.image_shape).astype(np.float32)
    again = {measure_slopes(genomes, encoding, mask).tobytes() for _ in range(10)}
    assert len(again) == 1
