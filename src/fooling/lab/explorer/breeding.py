"""Breeding by hand: a litter of children from one or two parents, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fooling.confidence import to_confidence
from fooling.encodings import Encoding, Genomes
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.population import express_genomes, stack_genomes, take_genome
from fooling.evolution.map_elites import draw_first, generation_seeds
from fooling.evolution.search import PAPER
from fooling.evolution.variation import compile_vary
from fooling.networks.classifier import Classifier

LITTER = 12  # children; Choice: two rows of six, and 12 EfficientNet-Lite0 images take a quarter of a second
MOST_PARENTS = 2


class Litter(NamedTuple):
    """Images side by side, and what the network says of each."""

    genomes: tuple[Genomes, ...]  # one each, NumPy arrays
    images: np.ndarray  # ``(count, height, width, channels) uint8``
    log_odds: np.ndarray  # ``(count, classes) float32``: of every class of the network
    parents: tuple[int, ...] = ()  # their places in the litter before; empty for the first

    @property
    def top(self) -> np.ndarray:
        """The class that the network takes each for, ``(count,) int64``."""
        return np.asarray(self.log_odds.argmax(axis=1))

    @property
    def confidences(self) -> np.ndarray:
        """The confidence in that class, ``(count,) float64``."""
        return self.rate(None)

    def rate(self, aim: int | None) -> np.ndarray:
        """Return the confidence in one class, or in each image's own for None, ``(count,) float64``."""
        return to_confidence(self.log_odds.max(axis=1) if aim is None else self.log_odds[:, aim])


def name_litter(generation: int) -> str:
    """Return what a litter is called."""
    return f"Litter {generation}" if generation else "First images"


def show_genomes(
    classifier: Classifier, encoding: Encoding, genomes: Sequence[Genomes], parents: tuple[int, ...] = ()
) -> Litter:
    """Express genomes, NumPy arrays, and ask the network."""
    images = express_genomes(encoding, stack_genomes(genomes))
    return Litter(tuple(genomes), images, classifier.score(images), parents)


def bear_children(
    encoding: Encoding, parents: Sequence[Genomes], count: int, seed: int, litter: int = 1
) -> list[Genomes]:
    """Return mutated children of one parent or of two; the same seed and litter, from 1 on, give the same children.

    Two parents that are pixels are crossed as in the released code (half of the pairs of children, simulated binary
    crossover) before they mutate. CPPNs are not, as in the released code: each parent has every second child.
    """
    if len(parents) == MOST_PARENTS and isinstance(encoding, DirectEncoding):
        encoding = replace(encoding, crossover=True)
    slots = stack_genomes([parents[slot % len(parents)] for slot in range(count)])
    # Generation 1: the mutation rate of a long run's end would show a person no difference.
    mutate = compile_vary(PAPER, encoding, count)  # type: ignore[arg-type]  # every object is hashable
    seeds = generation_seeds(tf.constant([seed], tf.int64), tf.constant(litter))
    born = mutate(tf.nest.map_structure(tf.constant, slots), seeds, tf.constant(1))
    return [take_genome(born, slot) for slot in range(count)]


class Breeding:
    """A line of litters, each from parents of the one before; a person chooses, and may go to any of them.

    The same seed and the same clicks give the same children.

    Attributes:
        litters: The first images and all litters; those after the present one are kept until it is bred from.
        generation: How many litters lead to the present one; 0 are the first images.
    """

    def __init__(self, classifier: Classifier, encoding: Encoding, seed: int = 0) -> None:
        self.classifier, self.encoding, self.seed = classifier, encoding, seed
        self.litters: list[Litter] = []
        self.generation = 0
        self._born = 0  # litters so far, those that were left again included, so that no two are alike

    @property
    def present(self) -> Litter:
        """The present litter."""
        return self.litters[self.generation]

    def begin(self, genomes: Sequence[Genomes]) -> Litter:
        """Begin with these genomes; what was bred before is forgotten."""
        self.litters, self.generation = [show_genomes(self.classifier, self.encoding, genomes)], 0
        return self.present

    def begin_randomly(self) -> Litter:
        """Begin with random genomes, others each time."""
        self._born += 1
        drawn = draw_first(self.encoding, LITTER, tf.constant([self.seed], tf.int64), self._born)
        return self.begin([take_genome(drawn, slot) for slot in range(LITTER)])

    def breed(self, chosen: Sequence[int]) -> Litter:
        """Bear a litter from one or two of the present one, by their places; ValueError for none or more than two."""
        if not 1 <= len(chosen) <= MOST_PARENTS:
            raise ValueError(f"Choose one or two pictures as parents; {len(chosen)} are chosen.")
        self._born += 1
        parents = [self.present.genomes[place] for place in chosen]
        children = bear_children(self.encoding, parents, LITTER, self.seed, self._born)
        litter = show_genomes(self.classifier, self.encoding, children, tuple(chosen))
        self.litters[self.generation + 1 :] = [litter]
        self.generation += 1
        return litter

    def go_back(self) -> Litter:
        """Return to the litter before; ValueError if this is the first."""
        if self.generation < 1:
            raise ValueError("These are the first pictures; there is nothing to go back to.")
        self.generation -= 1
        return self.present
