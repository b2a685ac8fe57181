"""What CPPNs compute, beside neat-python: the same graphs at the same pixels, up to the outputs' values.

Source: neat-python, ``examples/picture2d`` (one call of ``activate`` for each pixel), ``docs/activation.rst`` (its own
functions) and ``docs/customization.rst`` (functions of one's own). Fed with arrays, a network computes all pixels in
one call; it gets functions of NumPy's, float32, and the pixels in pieces that a cache holds. Its networks are built
before the clock runs, while ours are put in order anew each time; its processes keep what they compute.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

import neat
import numpy as np
import tensorflow as tf
from neat.genes import DefaultConnectionGene, DefaultNodeGene
from neat.nn import FeedForwardNetwork

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_evaluation import evaluate_graphs, pixel_coordinates
from fooling.encodings.cppn_graph import ACTIVATIONS, INPUTS, CppnGenomes
from fooling.encodings.population import compile_graph, take_genome
from fooling.evolution.map_elites import BATCHES_UNDER_WAY
from peers.generations import GROWN, grow
from peers.measure import Measured, Row, Sizes, alternate, compare, count_cores, find_fastest

AIM = 3.0
SHAPES = {(28, 28, 1): 200, (227, 227, 3): 40}  # of images, and how many are computed
BATCHES = (10, 20, 40, 200)  # genomes at a time, ours
PIECES = (2048, 8192, 65536)  # pixels at a time, theirs
SLOW = 20  # times fewer genomes where each pixel is a call

# Our functions in neat-python's own, each with the factor for the sum of its inputs that makes them equal.
STOCK = {
    "sine": ("sin", 1 / 5),
    "sigmoid": ("tanh", 1 / 5),
    "gaussian": ("gauss", 5**-0.5),
    "linear": ("clamped", 1 / 3),
}
ARRAY_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "array_sine": lambda z: np.sin(z),
    "array_sigmoid": lambda z: np.tanh(z),
    "array_gaussian": lambda z: np.exp(-z * z),
    "array_linear": lambda z: np.clip(z, -1.0, 1.0),
}
FOR_ARRAYS = {
    "sine": ("array_sine", 1.0), "sigmoid": ("array_sigmoid", 1 / 2),
    "gaussian": ("array_gaussian", 1.0), "linear": ("array_linear", 1 / 3),
}  # fmt: skip
Functions = dict[str, tuple[str, float]]
PER_PIXEL = 0  # in the place of the pixels of a piece
KEPT: dict[str, Any] = {}  # what a process of theirs draws from


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure small grey and large coloured images beside both ways of theirs."""
    return Measured([row for shape in SHAPES for row in measure_shape(shape, sizes)])


def measure_shape(shape: tuple[int, int, int], sizes: Sizes) -> list[Row]:
    """Time the same genomes on all sides; every core is allowed to each."""
    count = max(SHAPES[shape] // sizes.share, 2)
    genomes = grow(CppnEncoding(shape), count, 1, GROWN)
    few = max(count // SLOW, 1)
    kept = CppnGenomes(*(part.numpy() for part in genomes))
    sides = {"per pixel": (PER_PIXEL, few)}
    sides |= {f"arrays of {piece} pixels": (piece, count) for piece in PIECES}
    ours = {f"{batch} at a time": batch for batch in BATCHES if count % batch == 0} or {f"{count} at a time": count}
    with ProcessPoolExecutor(count_cores(), get_context("spawn"), prepare, (kept, shape)) as pool:
        calls = {side: partial(draw_all, pool, *given) for side, given in sides.items()}
        calls |= {side: compile_ours(genomes, shape, batch) for side, batch in ours.items()}
        seconds = alternate(calls, sizes.rounds)
    rates = {side: (few if side == "per pixel" else count) / taken for side, taken in seconds.items()}
    best, arrays = find_fastest(ours, rates), find_fastest([side for side in sides if side != "per pixel"], rates)
    agreed = measure_agreement(kept, shape, PIECES[0])
    note = f"their best: {arrays}; ours: {best}; {agreed:.2%} of grey levels agree within one"
    label = "CPPN, " + "×".join(map(str, shape))
    return [
        compare(f"{label}: neat-python, arrays", rates[best], rates[arrays], "images/s", AIM, note=note),
        compare(f"{label}: neat-python, per pixel", rates[best], rates["per pixel"], "images/s", None),
    ]


def compile_ours(genomes: CppnGenomes, shape: tuple[int, int, int], batch: int) -> Callable[[], object]:
    """Return a function that evaluates all genomes, so many at a time and several of these batches under way."""
    coordinates = pixel_coordinates(shape, "centred")
    parts = CppnGenomes(*(tf.reshape(part, [-1, batch, part.shape[2]]) for part in genomes))

    def evaluate(parts: CppnGenomes) -> tf.Tensor:
        return tf.map_fn(
            lambda some: evaluate_graphs(some, coordinates, shape[2])[:, :, 0],  # only a pixel is kept
            parts,
            parallel_iterations=BATCHES_UNDER_WAY,
            fn_output_signature=tf.float32,
        )

    graph = compile_graph(evaluate, [CppnGenomes(*(tf.TensorSpec(part.shape, part.dtype) for part in parts))])
    return lambda: graph(parts).numpy()


def draw_all(pool: ProcessPoolExecutor, piece: int, count: int) -> None:
    """Draw the first genomes in all processes, which take four shares each."""
    shares = np.array_split(np.arange(count), 4 * count_cores())
    list(pool.map(draw_some, [piece] * len(shares), shares))


def prepare(genomes: CppnGenomes, shape: tuple[int, int, int]) -> None:
    """Build every network in a process of theirs, once for pixels and once for arrays."""
    KEPT["inputs"] = find_inputs(shape)
    KEPT["pixels"], KEPT["arrays"] = (build_networks(genomes, shape[2], way) for way in (STOCK, FOR_ARRAYS))


def draw_some(piece: int, places: np.ndarray) -> None:
    """Draw a share of the genomes."""
    networks = KEPT["arrays" if piece else "pixels"]
    for place in places:
        draw(networks[place], KEPT["inputs"], piece)


def find_inputs(shape: tuple[int, int, int]) -> np.ndarray:
    """Return what the inputs see, ``(4, pixels) float32``."""
    return pixel_coordinates(shape, "centred").numpy()[:, : shape[0] * shape[1]]


def draw(network: FeedForwardNetwork, inputs: np.ndarray, piece: int) -> np.ndarray:
    """Return the outputs of a network of neat-python's, ``(channels, pixels)``, so many pixels at a time."""
    if piece == PER_PIXEL:
        return np.array([network.activate(pixel) for pixel in inputs.T.tolist()]).T
    pieces = np.split(inputs, range(piece, inputs.shape[1], piece), axis=1)
    values = [[np.broadcast_to(v, part.shape[1]) for v in network.activate(list(part))] for part in pieces]
    return np.concatenate(values, axis=1)


def build_networks(genomes: CppnGenomes, channels: int, functions: Functions) -> list[FeedForwardNetwork]:
    """Return one network of neat-python's for every genome of one run, ``(1, count, …)``."""
    config = make_config(channels)
    converted = [convert(take_genome(genomes, place), functions) for place in range(len(genomes.weights[0]))]
    return [FeedForwardNetwork.create(genome, config) for genome in converted]


def convert(genome: CppnGenomes, functions: Functions) -> neat.DefaultGenome:
    """Return a genome of ours, ``(places,)`` arrays, as one of neat-python's.

    Its inputs are −1 to −4 and its outputs 0 and up. Parallel edges are one connection, whose weight is their sum.
    """
    converted = neat.DefaultGenome(0)
    for place in np.flatnonzero(genome.activations).tolist():
        node = DefaultNodeGene(place)
        node.activation, node.response = functions[ACTIVATIONS[genome.activations[place] - 1]]
        node.bias, node.aggregation = 0.0, "sum"
        converted.nodes[place] = node
    for source, target, weight in zip(*(part.tolist() for part in genome[1:]), strict=True):
        if source:
            ends = (-source if source <= INPUTS else source - INPUTS - 1, target - INPUTS - 1)
            known = converted.connections.get(ends) or DefaultConnectionGene(
                ends, innovation=len(converted.connections)
            )
            known.weight, known.enabled = getattr(known, "weight", 0.0) + weight, True
            converted.connections[ends] = known
    return converted


def make_config(channels: int) -> Any:
    """Return what neat-python wants to know of genomes; numbers of evolution are there and stay unused."""
    unused = ("init_mean", "init_stdev", "replace_rate", "mutate_rate", "mutate_power", "max_value", "min_value")
    settings = {f"{gene}_{name}": "0" for gene in ("bias", "response", "weight") for name in unused}
    settings |= {f"{name}_mutate_rate": "0" for name in ("activation", "aggregation", "enabled")}
    settings |= {f"compatibility_{name}_coefficient": "0" for name in ("disjoint", "weight")}
    settings |= {f"{part}_{change}_prob": "0" for part in ("conn", "node") for change in ("add", "delete")}
    settings |= {"num_inputs": str(INPUTS), "num_outputs": str(channels), "num_hidden": "0", "feed_forward": "True"}
    settings |= {"activation_options": "sin", "aggregation_options": "sum", "enabled_default": "True"}
    config = neat.DefaultGenome.parse_config(settings)
    for name, function in ARRAY_FUNCTIONS.items():
        config.add_activation(name, function)
    return SimpleNamespace(genome_config=config)


def measure_agreement(genomes: CppnGenomes, shape: tuple[int, int, int], piece: int) -> float:
    """Return the share of the outputs' grey levels that are the same on both sides or differ by one."""
    channels, inputs = shape[2], find_inputs(shape)
    flat = CppnGenomes(*(tf.constant(part[0]) for part in genomes))
    ours = evaluate_graphs(flat, pixel_coordinates(shape, "centred"), channels).numpy()[:, :, : inputs.shape[1]]
    networks = build_networks(genomes, channels, FOR_ARRAYS if piece else STOCK)
    theirs = np.stack([draw(network, inputs, piece) for network in networks])
    levels, others = (np.floor(np.abs(255.0 * values)) for values in (ours, theirs))
    return float((np.abs(levels - others) <= 1).mean())
