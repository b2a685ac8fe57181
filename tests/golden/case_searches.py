"""Tiny searches: evolution in every encoding, the operators alone, the explorer, gradient ascent."""

from __future__ import annotations

from typing import Any

import numpy as np
import package
import tensorflow as tf
from inputs import COLOUR, GREY, colour_network, digit_network
from recording import Arrays, case

BLOCKS = range(12)  # seeds: more than are evolved in one block
FEW = (3, 11, 5)
# A pixel of a CPPN may round to another grey level where sums round otherwise; from then on it is another search.
FIRST = ("first",)


def trim(array: np.ndarray) -> np.ndarray:
    """Cut off the zeros that give genomes room to grow, which are no part of them."""
    used = np.flatnonzero(np.asarray(array).any(axis=tuple(range(np.ndim(array) - 1))))
    return np.asarray(array)[..., : used[-1] + 1 if used.size else 0]


def list_genomes(genomes: Any, label: str = "genome") -> Arrays:
    """Name the parts of genomes."""
    return {f"{label}.{name}": trim(part) for name, part in genomes._asdict().items()}


def list_evolution(run: package.Evolution) -> Arrays:
    """Name all that a finished search holds."""
    return {
        "log_odds": run.log_odds,
        "places": run.places,
        "images": run.images,
        "confidences": run.confidences,
        **list_genomes(run.genomes),
        **{f"takeover.{name}": part for name, part in run.takeovers._asdict().items()},
        **{f"first.{name}": run.unroll(name, -1)[:, 0] for name in ("champion", "log_odds")},
    }


def evolve_tiny(
    network: package.Classifier, encoding: Any, seeds: Any = FEW, classes: Any = None, **more: Any
) -> Arrays:
    """Evolve for two chunks of generations."""
    run = package.evolve(network, encoding, generations=12, children=12, seeds=seeds, classes=classes, **more)
    return list_evolution(run)


# Evolution


@case()
def evolve_direct_grey() -> Arrays:
    return evolve_tiny(digit_network(), package.DirectEncoding(GREY), BLOCKS)


@case()
def evolve_direct_hls() -> Arrays:
    return evolve_tiny(colour_network(), package.DirectEncoding(COLOUR))


@case()
def evolve_direct_hsv_crossover() -> Arrays:
    encoding = package.DirectEncoding(COLOUR, halving=False, crossover=True, colour="hsv")
    return evolve_tiny(colour_network(), encoding, classes=(5, 1, 2))


@case(slow=True, steady=FIRST)
def evolve_cppn_grey() -> Arrays:
    return evolve_tiny(digit_network(), package.CppnEncoding(GREY), BLOCKS)


@case(steady=FIRST)
def evolve_cppn_raw_grey() -> Arrays:
    return evolve_tiny(digit_network(), package.CppnEncoding(GREY, "raw"))


@case(steady=FIRST)
def evolve_cppn_hls() -> Arrays:
    return evolve_tiny(colour_network(), package.CppnEncoding(COLOUR))


@case(slow=True, steady=FIRST)
def evolve_cppn_raw_hsv() -> Arrays:
    return evolve_tiny(colour_network(), package.CppnEncoding(COLOUR, "raw", "hsv"))


@case()
def evolve_random_direct() -> Arrays:
    return evolve_tiny(colour_network(), package.RandomSearch(package.DirectEncoding(COLOUR)))


@case(slow=True, steady=FIRST)
def evolve_random_cppn() -> Arrays:
    return evolve_tiny(digit_network(), package.RandomSearch(package.CppnEncoding(GREY)))


# The parts of a search beside the paper's


@case()
def search_weak_direct() -> Arrays:
    parts = package.SearchSettings(pressure=2, mutations=2, strength=2.0, rate=3.0, fading=4)
    return evolve_tiny(digit_network(), package.DirectEncoding(GREY), search=parts)


@case(steady=FIRST)
def search_crossed_cppn() -> Arrays:
    parts = package.SearchSettings(pressure=-1, own=0.5, crossover=0.5, library=3, strength=0.5)
    return evolve_tiny(colour_network(), package.CppnEncoding(COLOUR), search=parts)


@case(slow=True, steady=FIRST)
def search_climbing_cppn() -> Arrays:
    parts = package.SearchSettings(own=1.0, gradient_steps=2)
    return evolve_tiny(colour_network(), package.CppnEncoding(COLOUR), search=parts)


# Encodings by themselves


@case("draws", "folded", "steps", "levels", "hls", "hsv")
def operators_alone() -> Arrays:
    seeds = tf.constant([[5, 0], [2**40, 7]], tf.int64)
    draws = package.operators.draw_uniform(seeds, [4, 50])
    levels = package.operators.to_grey_levels(draws)
    parts = levels[:, 0], levels[:, 1], levels[:, 2]
    return {
        "draws": draws.numpy(),
        "folded": package.operators.fold_seeds(package.operators.fold_seeds(seeds, 3), 15).numpy(),
        "steps": package.operators.polynomial_step(draws).numpy(),
        "levels": levels.numpy(),
        "hls": package.to_bytes(package.operators.hls_to_rgb(*parts)),
        "hsv": package.to_bytes(package.operators.hsv_to_rgb(*parts)),
        "crossed": package.operators.simulated_binary_crossover(draws, seeds).numpy(),
    }


@case("random")
def mutate_direct() -> Arrays:
    seeds = tf.constant([[5, 0], [6, 0]], tf.int64)
    pixels, steady = package.DirectEncoding((6, 5, 3)), package.DirectEncoding((6, 5, 3), halving=False)
    random = pixels.initialise(9, seeds)
    arrays = {"random": random.genes.numpy()}
    for generation in (1, 999, 1000, 2500):  # the rate halves every 1000
        for label, encoding in (("halving", pixels), ("steady", steady)):
            child = encoding.mutate(random, seeds + generation, tf.constant(generation))
            arrays[f"{label}.{generation}"] = child.genes.numpy()
    return arrays


@case()
def mutate_cppn() -> Arrays:
    seeds = tf.constant([[5, 0], [6, 0]], tf.int64)
    encoding = package.CppnEncoding((9, 8, 3))
    genomes = encoding.initialise(6, seeds)
    arrays = list_genomes(genomes, "random") | {"random.images": package.to_bytes(encoding.express(genomes))}
    grow = tf.function(encoding.mutate, reduce_retracing=True)
    for generation in range(1, 61):
        genomes = grow(genomes, seeds + (generation << 32), tf.constant(generation))
    return arrays | list_genomes(genomes, "grown") | {"grown.images": package.to_bytes(encoding.express(genomes))}


# The explorer


def explore(network: package.Classifier, encoding: Any, seed: int) -> Arrays:
    """Go the same way as :func:`evolve_tiny` in the steps of the explorer."""
    search = package.Search(network, encoding, children=12, seed=seed)
    search.run(12)
    return list_evolution(search.to_evolution())


@case()
def explore_direct_grey() -> Arrays:
    return explore(digit_network(), package.DirectEncoding(GREY), BLOCKS[-1])


@case(steady=FIRST)
def explore_cppn_hls() -> Arrays:
    return explore(colour_network(), package.CppnEncoding(COLOUR), FEW[-1])


@case()
def breed_by_hand() -> Arrays:
    arrays: Arrays = {}
    for encoding in (package.DirectEncoding(COLOUR), package.CppnEncoding(COLOUR)):
        first = package.bear_children(encoding, _two_random(encoding), 5, seed=4, litter=1)
        litter = package.show_genomes(
            colour_network(), encoding, package.bear_children(encoding, first[:1], 5, seed=4, litter=2)
        )
        arrays |= {f"{encoding.name}.images": litter.images, f"{encoding.name}.log_odds": litter.log_odds}
    return arrays


def _two_random(encoding: Any) -> list[Any]:
    drawn = encoding.initialise(2, tf.constant([[9, 0]], tf.int64))
    return [type(drawn)(*(part[0, place].numpy() for part in drawn)) for place in range(2)]


# Gradient ascent


def climb(setting: package.climbing.Setting) -> Arrays:
    """Climb a few steps for two classes from two seeds."""
    found = package.ascend(digit_network(), setting, (7, 2), (0, 4), 12)._asdict()
    return {name: part for name, part in found.items() if isinstance(part, np.ndarray)}


@case("curve_steps")
def ascent_none() -> Arrays:
    return climb(package.climbing.NONE)


@case("curve_steps")
def ascent_l2() -> Arrays:
    return climb(package.climbing.L2)


@case("curve_steps")
def ascent_l2_blur() -> Arrays:
    return climb(package.climbing.L2_BLUR)


@case("curve_steps")
def ascent_l2_blur_clipping() -> Arrays:
    return climb(package.climbing.L2_BLUR_CLIPPING)
