"""Breeding by hand: a litter of children from one or two parents, the way back, and the section that shows them."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import tensorflow as tf

from fooling.confidence import to_confidence
from fooling.encodings import Encoding, Genomes
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.operators import fold_seeds
from fooling.encodings.population import compile_mutate, express_genomes, stack_genomes, take_genome
from fooling.evolution.map_elites import VARIATION, generation_seeds
from fooling.files import hash_arrays
from fooling.lab.explorer.desk import Desk, make_row, show_image
from fooling.lab.explorer.grid import Grid
from fooling.networks.classifier import Classifier
from fooling.words import show_confidence

LITTER = 12  # children; Choice: two rows of six, and 12 EfficientNet-Lite0 images take a quarter of a second
MOST_PARENTS = 2
PARENT = 72  # pixels of a parent's picture
ROW = "display:flex;flex-wrap:wrap;align-items:center"
WELCOME = "<p>You are the selection: choose one or two pictures as parents, look at their children, go on.</p>"


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


def fold_litter(seed: int, litter: int) -> tf.Tensor:
    """Return what the draws of a litter, numbered from 1, depend on, ``(1, 2) int64``."""
    return fold_seeds(generation_seeds(tf.constant([seed], tf.int64), tf.constant(litter)), VARIATION)


def bear_children(
    encoding: Encoding, parents: Sequence[Genomes], count: int, seed: int, litter: int = 1
) -> list[Genomes]:
    """Return mutated children of one parent or of two; the same seed and litter give the same children.

    Two parents that are pixels are crossed as in the released code (half of the pairs of children, simulated binary
    crossover) before they mutate. The paper has no crossover of CPPNs, so there each parent has every second child.
    """
    if len(parents) == MOST_PARENTS and isinstance(encoding, DirectEncoding):
        encoding = replace(encoding, crossover=True)
    slots = stack_genomes([parents[slot % len(parents)] for slot in range(count)])
    # Generation 1: the mutation rate of a long run's end would show a person no difference.
    mutate = compile_mutate(encoding, count)  # type: ignore[arg-type]  # every object is hashable
    born = mutate(tf.nest.map_structure(tf.constant, slots), fold_litter(seed, litter), tf.constant(1))
    return [take_genome(born, slot) for slot in range(count)]


class Breeding:
    """A line of litters, each from parents of the one before; a person chooses, and may go back.

    The same seed and the same clicks give the same children.

    Attributes:
        litters: The first images and all litters up to the present one.
    """

    def __init__(self, classifier: Classifier, encoding: Encoding, seed: int = 0) -> None:
        self.classifier, self.encoding, self.seed = classifier, encoding, seed
        self.litters: list[Litter] = []
        self._born = 0  # litters so far, those that were left again included, so that no two are alike

    @property
    def present(self) -> Litter:
        """The present litter."""
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
        drawn = self.encoding.initialise(LITTER, fold_litter(self.seed, self._born))
        return self.begin([take_genome(drawn, slot) for slot in range(LITTER)])

    def breed(self, chosen: Sequence[int]) -> Litter:
        """Bear a litter from one or two of the present one, by their places; ValueError for none or more than two."""
        if not 1 <= len(chosen) <= MOST_PARENTS:
            raise ValueError(f"Choose one or two pictures as parents; {len(chosen)} are chosen.")
        self._born += 1
        parents = [self.present.genomes[place] for place in chosen]
        children = bear_children(self.encoding, parents, LITTER, self.seed, self._born)
        self.litters.append(show_genomes(self.classifier, self.encoding, children, tuple(chosen)))
        return self.present

    def go_back(self) -> Litter:
        """Return to the litter before; ValueError if this is the first."""
        if len(self.litters) < 2:
            raise ValueError("These are the first pictures; there is nothing to go back to.")
        self.litters.pop()
        return self.present


class BreedSection:
    """A grid of children of which one or two become parents."""

    breeding: Breeding  # the line of litters, set before a button that needs it can be clicked

    def __init__(self, desk: Desk, choose: Callable[[], tuple[Classifier, Encoding]], seed: int) -> None:
        self.desk, self.choose, self.seed = desk, choose, seed
        self.grid = Grid(most=MOST_PARENTS)
        self.told, self.parents = widgets.HTML(WELCOME), widgets.HTML()
        random = desk.make_button(
            "Begin with random images", "Of the network and encoding in Evolve", self.begin_randomly
        )
        self.on = desk.make_button("Breed the chosen", "A litter of one or two parents", self.breed, "primary")
        self.back = desk.make_button("Go back", "To the litter before", self.go_back)
        self.keep = desk.make_button("Save the chosen", "As PNG files that hold the genome, too", self.save)
        self.on.disabled = self.back.disabled = self.keep.disabled = True
        buttons = make_row(random, self.on, self.back, self.keep)
        self.widget = widgets.VBox([buttons, self.told, self.parents, self.grid])

    def begin(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        """Begin with the litter of one genome; ValueError if its images do not fit the network."""
        if tuple(encoding.image_shape) != tuple(classifier.image_shape):
            drawn, taken = (" × ".join(map(str, one.image_shape)) for one in (encoding, classifier))
            raise ValueError(f"This genome draws {drawn} pixels, but {classifier.name} takes {taken}; choose another.")
        self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin([genome])
        self.breeding.breed([0])
        self._show("Choose one or two children, then breed them.")

    def begin_randomly(self) -> None:
        """Begin with random images of what is chosen for evolution, others each time."""
        self.breeding = Breeding(*self.choose(), self.seed)
        self.seed += 1
        self.breeding.begin_randomly()
        self._show(f"{LITTER} random images. Choose one or two, then breed them.")

    def breed(self) -> None:
        """Bear the litter of the chosen."""
        how = ""
        if len(self.breeding.breed(self.grid.chosen).parents) == MOST_PARENTS:
            crossed = isinstance(self.breeding.encoding, DirectEncoding)
            kept_apart = " CPPNs are not crossed: each parent has every second child."
            how = " Half of the pairs were crossed." if crossed else kept_apart
        self._show(f"Litter {self.breeding.generation}.{how}")

    def go_back(self) -> None:
        """Show the litter before."""
        self.breeding.go_back()
        generation = self.breeding.generation
        self._show(f"Back at {f'litter {generation}' if generation else 'the first images'}.")

    def save(self) -> None:
        """Save the chosen pictures."""
        if not self.grid.chosen:
            raise ValueError("Choose a picture first.")
        litter, classifier = self.breeding.present, self.breeding.classifier
        for place in self.grid.chosen:
            told = hash_arrays(*litter.genomes[place])[:6]  # other clicks may lead to another picture of this place
            name = f"{classifier.class_names[litter.top[place]]}-{classifier.name}-bred-{told}"
            self.desk.save(name, litter.images[place], self.breeding.encoding, litter.genomes[place])

    def _show(self, sentence: str) -> None:
        """Show the present litter and its parents."""
        litter, generation = self.breeding.present, self.breeding.generation
        self.on.disabled = self.keep.disabled = False
        self.back.disabled = generation < 1
        title, places = f"Litter {generation}" if generation else "First images", range(len(litter.top))
        taker = self.breeding.classifier.name
        caption = f"{title}: {len(places)} images with the class that {taker} takes each for"
        self.told.value, self.grid.chosen = f"<h3 style='margin:4px 0'>{title}</h3>", []
        tops = [str(self.breeding.classifier.class_names[index]) for index in litter.top]
        self.grid.show(litter.images, tops, litter.confidences, places, places, caption)
        self.parents.value = self._tell_parents() if litter.parents else ""
        self.desk.say(sentence)

    def _tell_parents(self) -> str:
        """Return the parents of the present litter as HTML."""
        before, places = self.breeding.litters[-2], self.breeding.present.parents
        parts = [f"<b>{'Parents' if len(places) > 1 else 'Parent'}</b>"]
        for place in places:
            name = self.breeding.classifier.class_names[before.top[place]]
            told = f"{name}, {show_confidence(before.confidences[place])}"
            picture = show_image(before.images[place], f"Parent: {told}", PARENT)
            parts.append(f"<span style='{ROW};gap:6px'>{picture}<span>{html.escape(told)}</span></span>")
        return f"<div style='{ROW};gap:16px'>{''.join(parts)}</div>"
