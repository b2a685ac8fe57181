"""Who descends from whom, and any genome of a run made again without the network.

Parents are drawn from the cells, so every ancestor of a champion was a champion itself and stands among the takeovers.
Every draw follows from seed, generation and slot, so a child is its parent in its own slot, mutated once more.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from fooling.encodings import Genomes
from fooling.encodings.population import stack_genomes, take_genome
from fooling.evolution.evolution import Evolution
from fooling.evolution.map_elites import NOBODY, draw_first, find_share_won, generation_seeds
from fooling.evolution.variation import compile_vary


def find_parents(evolution: Evolution, run: int = 0) -> dict[int, int]:
    """Return the parent's number of every image of a run that ever held a cell, −1 for random images."""
    mine = evolution.takeovers.run == run
    champions, parents = evolution.takeovers.champion[mine], evolution.takeovers.parent[mine]
    return dict(zip(champions.tolist(), parents.tolist(), strict=True))


def trace_line(parents: dict[int, int], number: int) -> list[int]:
    """Return the numbers of an image's ancestors, the first random image first and the image itself last.

    ``parents`` are as :func:`find_parents` gives them; ValueError if the image never held a cell.
    """
    if number not in parents:
        raise ValueError(f"Image {number} never held a cell.")
    line = [number]
    while parents[line[-1]] != NOBODY:
        line.append(parents[line[-1]])
    return line[::-1]


def measure_kinship(evolution: Evolution, run: int) -> np.ndarray:
    """Return how many generations ago the champions of two cells last had an ancestor in common.

    Returns:
        ``(cells, cells) float64``: 0 where they are the same image; from the older of the two champions' last common
        ancestor to the younger champion; infinite where they descend from two random images.
    """
    parents = find_parents(evolution, run)
    numbers = np.array([NOBODY, *sorted(parents)])  # a parent's number is lower than its child's
    above = np.searchsorted(numbers, [NOBODY, *(parents[number] for number in numbers[1:].tolist())])
    champions = np.searchsorted(numbers, evolution.unroll("champion", NOBODY)[run, -1])
    one, other = (part.ravel() for part in np.meshgrid(champions, champions))
    while (apart := np.flatnonzero(one != other)).size:  # the younger of the two takes one step back
        steps_back = one[apart] > other[apart]
        one[apart[steps_back]] = above[one[apart[steps_back]]]
        other[apart[~steps_back]] = above[other[apart[~steps_back]]]
    born = numbers // evolution.children
    ago = np.maximum.outer(born[champions], born[champions]) - born[one].reshape(2 * champions.shape)
    return np.where(one.reshape(ago.shape) > 0, ago, np.inf)


def replay(evolution: Evolution, run: int, numbers: Iterable[int]) -> Genomes:
    """Make genomes of a run again, of living champions and of dead ones alike.

    Args:
        evolution: Finished runs, with their genomes or without.

    Returns:
        A population of one run, ``(1, count, …)`` arrays, in the order of ``numbers``.

    Raises:
        ValueError: If an image never held a cell, children had two parents, or the network's gradient moved them.
    """
    encoding, children, search = evolution.encoding, evolution.children, evolution.search
    if search.crossover or getattr(encoding, "crossover", False):
        raise ValueError("With crossover a child has a second parent, which the lineage does not hold.")
    if search.gradient_steps:
        raise ValueError("A gradient moved these children, and without the network it is not known.")
    wanted, parents = list(numbers), find_parents(evolution, run)
    needed = sorted({one for number in wanted for one in trace_line(parents, number)})
    seeds = tf.constant(evolution.seeds[run : run + 1], tf.int64)
    held = evolution.unroll("champion", NOBODY)[run]  # (generations + 1, cells)
    blank, made = take_genome(draw_first(encoding, 1, seeds), 0), dict[int, Genomes]()
    for generation, group in itertools.groupby(needed, lambda number: number // children):
        born = list(group)
        if generation < search.library:
            population = draw_first(encoding, children, seeds, generation)
        else:
            slots = {number % children: made[parents[number]] for number in born if parents[number] != NOBODY}
            few, which = stack_genomes([blank, *slots.values()]), np.zeros(children, int)
            which[[*slots]] = np.arange(1, 1 + len(slots))  # the other children have a blank parent, and are not wanted
            litter = type(few)(*(tf.constant(part[:, which]) for part in few))
            vary = compile_vary(search, encoding, children)  # type: ignore[arg-type]  # every object is hashable
            before = tf.constant(held[None, generation - 1]), tf.constant(generation - 1)
            won = [find_share_won(*before, children)] if search.success else []
            population = vary(litter, generation_seeds(seeds, generation), tf.constant(generation), *won)
        bred = type(population)(*map(np.asarray, population))
        made |= {number: take_genome(bred, number % children) for number in born}
    return stack_genomes([made[number] for number in wanted])


def find_first_champions(evolution: Evolution, run: int) -> np.ndarray:
    """Return the number of the random image that each cell of a run held at first, ``(cells,) int32``."""
    return np.asarray(evolution.unroll("champion", NOBODY)[run, 0])
