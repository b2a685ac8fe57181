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
from fooling.encodings.operators import fold_seeds
from fooling.encodings.population import compile_mutate, express_genomes, stack_genomes, take_genome
from fooling.evolution.map_elites import VARIATION, generation_seeds
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
        return to_confidence(self.log_odds.max(axis=1))


def show_genomes(
    classifier: Classifier, encoding: Encoding, genomes: Sequence[Genomes], parents: tuple[int, ...] = ()
) -> Litter:
    """Express genomes, NumPy arrays, and ask the network."""
    images = express_genomes(encoding, stack_genomes(genomes))
    return Litter(tuple(genomes), images, classifier.score(images), parents)


def bear_children(
    encoding: Encoding, parents: Sequence[Genomes], count: int, seed: int, litter: int = 1
) -> list[Genomes]:
    """Return mutated children of one parent or of two.

    Two parents that are pixels are crossed as in the released code (half of the pairs of children, simulated binary
    crossover) before they mutate. The paper has no crossover of CPPNs, so there each parent has every second child.
    The same seed and litter, numbered from 1, give the same children.

    Raises:
        ValueError: If there is no parent or more than two, or no child is wanted.
    """
    if not 1 <= len(parents) <= MOST_PARENTS:
        raise ValueError(f"A litter has one parent or two, but {len(parents)} were given.")
    if count < 1 or litter < 1:
        raise ValueError(f"Litters are numbered from 1 and have at least 1 child, not {litter} and {count}.")
    if len(parents) == MOST_PARENTS and isinstance(encoding, DirectEncoding):
        encoding = replace(encoding, crossover=True)
    slots = stack_genomes([parents[slot % len(parents)] for slot in range(count)])
    seeds = fold_seeds(generation_seeds(tf.constant([seed], tf.int64), tf.constant(litter)), VARIATION)
    # Generation 1: the mutation rate of a long run's end would show a person no difference.
    mutate = compile_mutate(encoding, count)  # type: ignore[arg-type]  # every object is hashable
    born = mutate(tf.nest.map_structure(tf.constant, slots), seeds, tf.constant(1))
    return [take_genome(born, slot) for slot in range(count)]


class Breeding:
    """A line of litters, each from parents of the one before; a person chooses, and may go back.

    Attributes:
        seed: The same clicks give the same children.
        count: Children of a litter.
        litters: The first images and all litters up to the present one.
    """

    def __init__(self, classifier: Classifier, encoding: Encoding, seed: int = 0, count: int = LITTER) -> None:
        self.classifier, self.encoding, self.seed, self.count = classifier, encoding, seed, count
        self.litters: list[Litter] = []
        self._born = 0  # litters so far, those that were left again included, so that no two are alike

    @property
    def present(self) -> Litter:
        """The present litter.

        Raises:
            ValueError: If breeding has not begun.
        """
        if not self.litters:
            raise ValueError("There is nobody to breed yet; begin with a picture or with random images.")
        return self.litters[-1]

    @property
    def generation(self) -> int:
        """How many litters lead here; 0 are the first images."""
        return len(self.litters) - 1

    def begin(self, genomes: Sequence[Genomes]) -> Litter:
        """Begin with these genomes; what was bred before is forgotten."""
        self.litters = [show_genomes(self.classifier, self.encoding, genomes)]
        return self.present

    def begin_randomly(self) -> Litter:
        """Begin with random genomes, others each time."""
        self._born += 1
        seeds = fold_seeds(generation_seeds(tf.constant([self.seed], tf.int64), tf.constant(self._born)), VARIATION)
        drawn = self.encoding.initialise(self.count, seeds)
        return self.begin([take_genome(drawn, slot) for slot in range(self.count)])

    def breed(self, chosen: Sequence[int]) -> Litter:
        """Bear a litter from one or two of the present one, by their places.

        Raises:
            ValueError: If none or more than two are chosen, or there is no such place.
        """
        places = tuple(int(place) for place in dict.fromkeys(chosen))
        if not 1 <= len(places) <= MOST_PARENTS:
            raise ValueError(f"Choose one or two pictures as parents; {len(places)} are chosen.")
        if not all(0 <= place < len(self.present.genomes) for place in places):
            raise ValueError(f"The litter has pictures 0 to {len(self.present.genomes) - 1}, not {max(places)}.")
        parents = [self.present.genomes[place] for place in places]
        children = bear_children(self.encoding, parents, self.count, self.seed, self._born + 1)
        self._born += 1
        self.litters.append(show_genomes(self.classifier, self.encoding, children, places))
        return self.present

    def go_back(self) -> Litter:
        """Return to the litter before.

        Raises:
            ValueError: If this is the first.
        """
        if len(self.litters) < 2:
            raise ValueError("These are the first pictures; there is nothing to go back to.")
        self.litters.pop()
        return self.present
