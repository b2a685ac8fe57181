"""A search in small steps, so that a person can watch, stop and go on; its bytes are those of ``evolve``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.encodings.population import express_genomes, stack_genomes, take_genome
from fooling.evolution import evolve
from fooling.evolution.evolution import Evolution
from fooling.evolution.lineage import trace_line
from fooling.evolution.map_elites import NOBODY, History, State, Target, check_scored, empty_cells
from fooling.evolution.takeovers import Takeovers, find_takeovers
from fooling.lab.explorer.standing import Standing
from fooling.lab.explorer.steps import compile_steps
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, compute_once, progress_bar

VERSION = 1  # of what a search keeps besides the bytes of evolution
PICTURES_KEPT = 64  # images that need not be expressed again; Choice: more than a grid shows
# Genomes of ancestors are remembered: to replay a digit's line of 200 generations would take a person's click seconds.
MOST_BYTES = 2**28  # Choice: 256 MB, all CPPNs of a day, or 400 pixel images of 224 × 224 × 3


class Search:
    """One run of MAP-Elites that may be stopped within a generation and goes on from the last whole one.

    One thread may evolve while others read what it holds.

    Attributes:
        classes: The class of each cell, by index, as ``class_names`` by name.
        standing: Where the search is; None before the first images.
        genomes: By number, NumPy arrays of those who ever held a cell, and so of every ancestor. Where they take more
            than ``most_bytes``, those in no champion's line go first, then the oldest; the champions' own stay.
    """

    def __init__(
        self,
        classifier: Classifier,
        encoding: Encoding,
        *,
        children: int,
        seed: int = 0,
        classes: Sequence[int] | None = None,
    ) -> None:
        """Make ready, evaluating nothing; arguments, and what they raise, are those of ``evolve``."""
        (self.seed,) = evolve.check_arguments(classifier, encoding, 1, children, [seed])
        self.classes = evolve.check_classes(classifier, classes)
        self.class_names = [str(classifier.class_names[index]) for index in self.classes]
        self.classifier, self.encoding, self.children = classifier, encoding, int(children)
        self.standing: Standing | None = None
        self.genomes: dict[int, Genomes] = {}
        self.most_bytes, self._bytes = MOST_BYTES, 0
        self._size = min(classifier.batch, self.children)
        self._target = Target(classifier, self.classes)
        self._steps = compile_steps(self._target, encoding, self.children, self._size)  # type: ignore[arg-type]  # every object is hashable
        self._pictures: dict[int, np.ndarray] = {}

    @property
    def generation(self) -> int:
        """The last whole generation, −1 before the first images."""
        return self.standing.generation if self.standing else -1

    def advance(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Evolve one generation, or drop it unfinished when ``stop`` says so between two forward batches.

        Returns:
            Whether the generation was finished.

        Raises:
            ValueError: If the network gives NaN for every random image in some class.
        """
        if self.standing is None:
            seeds = tf.constant([self.seed], tf.int64)
            offspring, parents = self._steps.draw_first(seeds), tf.fill([1, self.children], NOBODY)
            state = empty_cells(offspring, len(self.classes), seeds)
        else:
            offspring, parents = self._steps.breed(self.standing.state)
            state = self.standing.state._replace(generation=self.standing.state.generation + 1)
        scores = []
        for start in range(0, self.children, self._size):
            if stop():
                return False
            scores.append(self._steps.score(offspring, tf.constant(start)))
        log_odds = tf.concat(scores, axis=0)[None, : self.children]  # (1, children, cells)
        after = self._steps.offer(state, offspring, log_odds, parents)
        if self.standing is None:
            check_scored(after, self._target)
        self._settle(state.champions.numpy(), after)
        return True

    def _settle(self, before: np.ndarray, after: State) -> None:
        """Take up a generation, and remember the genomes of those who took a cell."""
        new = find_takeovers(History(*(getattr(after, name)[None] for name in History._fields)), before)
        numbers, first = np.unique(new.champion, return_index=True)
        places = after.places.numpy()[0, new.cell[first]]
        for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
            self.genomes[number] = take_genome(after.genomes, place)
            self._bytes += count_bytes(self.genomes[number])
        self.standing = Standing(after, self.standing.takeovers.append(new) if self.standing else new)
        if self._bytes > self.most_bytes:
            self._forget(self.standing)

    def _forget(self, standing: Standing) -> None:
        """Let genomes go until the others fit into memory."""
        living, parents = set(standing.champions.tolist()), standing.parents
        lines = {one for champion in living for one in trace_line(parents, champion)}
        kept = {number: genome for number, genome in self.genomes.items() if number in lines}
        self._bytes = sum(map(count_bytes, kept.values()))
        for number in sorted(kept.keys() - living):
            if self._bytes <= self.most_bytes:
                break
            self._bytes -= count_bytes(kept.pop(number))
        self.genomes = kept  # a new dictionary: whoever reads the old one may go on

    def run(self, generations: int, label: str = "evolving") -> None:
        """Evolve up to a generation, with a progress bar."""
        with progress_bar(generations, label) as bar:
            bar.update(max(0, min(self.generation, generations)))
            while self.generation < generations:
                self.advance()
                bar.update(1 if self.generation else 0)

    def find_genome(self, number: int) -> Genomes:
        """Return the genome of an image, as NumPy arrays.

        Raises:
            ValueError: If it never held a cell, or was forgotten for lack of memory.
        """
        if number not in (genomes := self.genomes):
            raise ValueError("The genome of this image is no longer kept; click its class again.")
        return genomes[number]

    def express(self, numbers: Sequence[int]) -> np.ndarray:
        """Return images by their numbers, ``(count, height, width, channels) uint8``.

        Raises:
            ValueError: As :meth:`find_genome`.
        """
        kept = dict(self._pictures)
        missing = [number for number in dict.fromkeys(numbers) if number not in kept]
        if missing:
            images = express_genomes(self.encoding, stack_genomes([self.find_genome(number) for number in missing]))
            kept |= dict(zip(missing, images, strict=True))
            self._pictures = dict(list(kept.items())[-PICTURES_KEPT:])
        return np.stack([kept[number] for number in numbers])

    def to_evolution(self) -> Evolution:
        """Return the search so far as what ``evolve`` returns."""
        standing = self.check_started()
        numbers, places = np.unique(standing.champions, return_inverse=True)
        return Evolution(
            encoding=self.encoding,
            classes=self.classes,
            genomes=stack_genomes([self.find_genome(number) for number in numbers.tolist()]),
            places=places[None].astype(np.int32),
            log_odds=standing.log_odds[None],
            takeovers=standing.takeovers,
            generations=standing.generation,
            children=self.children,
            seeds=np.array([self.seed]),
        )

    def check_started(self) -> Standing:
        """Return where the search is.

        Raises:
            ValueError: If nothing has evolved yet.
        """
        if self.standing is None:
            raise ValueError("Nothing has evolved yet; start the search first.")
        return self.standing

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return everything that :meth:`restore` needs, for an ``.npz``."""
        standing, kept = self.check_started(), self.genomes
        numbers = sorted(kept)
        genomes = stack_genomes([kept[number] for number in numbers])
        return {
            **{f"genome_{name}": part[0] for name, part in genomes._asdict().items()},
            **{f"takeover_{name}": part for name, part in standing.takeovers._asdict().items()},
            "numbers": np.array(numbers, np.int32),
            "generation": np.array(standing.generation),
        }

    def copy(self) -> Search:
        """Return another search that goes on from here, while this one stays as it is."""
        other = copy.copy(self)
        other.restore(self.to_arrays())
        return other

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the search back to where :meth:`to_arrays` found it; it goes on as if it had never stopped."""
        kind = type(self.encoding.genome_shapes())
        parts = [arrays[f"genome_{name}"][None] for name in kind._fields]
        self.genomes = {
            number: take_genome(kind(*parts), place) for place, number in enumerate(arrays["numbers"].tolist())
        }
        self._bytes, self._pictures = sum(map(count_bytes, self.genomes.values())), {}
        took, (champions, parents) = Takeovers.read(arrays), np.full((2, len(self.classes)), NOBODY, np.int32)
        log_odds = np.full(len(self.classes), -np.inf, np.float32)
        champions[took.cell], parents[took.cell], log_odds[took.cell] = took.champion, took.parent, took.log_odds
        distinct, places = np.unique(champions, return_inverse=True)
        living = stack_genomes([self.genomes[number] for number in distinct.tolist()])
        held = {"places": places.astype(np.int32), "log_odds": log_odds, "champions": champions, "parents": parents}
        state = State(
            genomes=tf.nest.map_structure(tf.constant, living),
            **{name: tf.constant(part[None]) for name, part in held.items()},
            generation=tf.constant(int(arrays["generation"])),
            seeds=tf.constant([self.seed], tf.int64),
        )
        self.standing = Standing(state, took)


def count_bytes(genome: Genomes) -> int:
    """Return how much memory a genome takes."""
    return sum(part.nbytes for part in genome)


def search_in_folder(
    classifier: Classifier, encoding: Encoding, *, generations: int, children: int, seed: int, folder: Path
) -> tuple[Search, RunFolder]:
    """Evolve for a page, or take up the very same search when it was done before.

    Raises:
        ValueError: As :class:`Search`.
    """
    search = Search(classifier, encoding, children=children, seed=seed)
    sizes = {"generations": generations, "children": children, "seed": seed}
    settings = {"classifier": classifier.fingerprint(), "encoding": encoding.settings(), **sizes}
    version = {"search": VERSION, "evolution": evolve.VERSION, "encoding": encoding.version}

    def compute() -> dict[str, np.ndarray]:
        search.run(generations, f"evolving {encoding.name}")
        return search.to_arrays()

    arrays, run = compute_once(folder, f"explored-{encoding.name}", settings, version, compute)
    search.restore(arrays)
    assert run is not None  # there is a folder
    return search, run
