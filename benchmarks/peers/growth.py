"""How a generation grows: with children, classes, side, size of genome, runs and threads.

All but the threads are this project's own work, with a network that looks at one pixel: selection, mutation, images,
competition for the cells. Threads are whole generations, each number of them in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fooling.encodings.cppn import CppnEncoding
from fooling.networks.imagenet import load_network
from peers.generations import (
    ENCODINGS,
    GROWN,
    Timed,
    build_cheap_network,
    build_digit_network,
    compile_generations,
    grow,
)
from peers.measure import Growth, Measured, Sizes, alternate, count_cores, measure, run_alone

CHILDREN, CLASSES, SIDE = 200, 10, 28
LARGE_CHILDREN = 20  # of 300 × 300 pixels
THREAD_ROUNDS = 3  # at most; Choice: each takes a process for each number of threads, which loads TensorFlow
NUMBERS = {
    "children": (50, 100, 200, 400, 800),
    "classes": (10, 30, 100, 300, 1000),
    "side": (28, 56, 112, 200, 300),
    "genome": (0, 15, 30, 60, 120),  # mutations; told are the edges that a genome has after them
    "runs": (1, 2, 5, 10, 20),
}
AXES = {
    "children": "children",
    "classes": "classes",
    "side": "pixels on a side, three channels",
    "genome": "edges of a CPPN",
    "runs": "runs side by side",
    "threads": "threads",
}


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure what grows with one of ``AXES``."""
    if name == "threads":
        return Measured(growths=measure_threads(sizes))
    encodings = ["CPPN"] if name == "genome" else list(ENCODINGS)
    return Measured(growths=[measure_growth(name, encoding, sizes) for encoding in encodings])


def measure_growth(name: str, encoding: str, sizes: Sizes) -> Growth:
    """Time the project's own work in a generation at every number."""
    numbers = NUMBERS[name] if sizes.share == 1 else NUMBERS[name][:2]
    cases = {number: prepare(name, encoding, number, sizes) for number in numbers}
    calls = {str(number): compile_generations(timed) for number, timed in cases.items()}
    seconds = alternate(calls, sizes.rounds)
    counted = [count_edges(timed) for timed in cases.values()] if name == "genome" else list(map(float, numbers))
    medians = [float(np.median(taken)) for taken in seconds.values()]
    return Growth(f"own work, {encoding}", AXES[name], counted, medians)


def prepare(name: str, encoding: str, number: int, sizes: Sizes) -> Timed:
    """Return runs with one number other than usual."""
    usual = {"children": CHILDREN, "classes": CLASSES, "side": SIDE, "genome": GROWN, "runs": 1}
    if name == "side":
        usual["children"] = LARGE_CHILDREN
    chosen = {**usual, name: number}
    shape = (chosen["side"], chosen["side"], 3 if name == "side" else 1)
    network = build_cheap_network(shape, chosen["classes"])
    mutations = chosen["genome"] if encoding == "CPPN" else 0
    children = max(chosen["children"] // sizes.share, 2)
    return Timed(network, ENCODINGS[encoding](shape), children, chosen["runs"], mutations)


def count_edges(timed: Timed) -> float:
    """Return the mean number of edges of the genomes that runs begin with."""
    genomes = grow(timed.encoding, timed.children, timed.runs, timed.mutations)
    return float(np.count_nonzero(genomes.sources, axis=-1).mean())


def measure_threads(sizes: Sizes) -> list[Growth]:
    """Time whole generations with one thread, two, four, and so on up to all; numbers of threads take their turns."""
    threads = sorted({*(2**power for power in range(count_cores().bit_length())), count_cores()})
    rounds = range(min(sizes.rounds, THREAD_ROUNDS))
    taken = [[run_alone(time_generations, sizes, cores=number) for number in threads] for _ in rounds]
    labels = taken[0][0]
    medians = {label: np.median([[one[label] for one in turn] for turn in taken], axis=0) for label in labels}
    return [Growth(label, AXES["threads"], list(map(float, threads)), m.tolist()) for label, m in medians.items()]


def time_generations(sizes: Sizes) -> dict[str, float]:
    """Return the seconds of a generation of each kind on as many threads as this process has."""
    digits, squeezenet = build_digit_network(), load_network("SqueezeNet")
    children = max(CHILDREN // sizes.share, 2)
    timed = {
        f"LeNet, {name}": Timed(digits, encoding(digits.image_shape), children, 1, GROWN if name == "CPPN" else 0)
        for name, encoding in ENCODINGS.items()
    }
    large = CppnEncoding(squeezenet.image_shape)
    timed["SqueezeNet, CPPN"] = Timed(squeezenet, large, max(100 // sizes.share, 2), 1, GROWN)
    return {label: time_warm(compile_generations(case, sizes.stretch)) / sizes.stretch for label, case in timed.items()}


def time_warm(call: Callable[[], object]) -> float:
    """Return the seconds of a second call."""
    call()
    return measure(call)
