"""A search in small steps, so that a person can watch, stop and go on; its bytes are those of ``evolve``."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from fooling.lab.explorer.genomes import express_genomes, stack_genomes, take_genome

from fooling.confidence import to_confidence
from fooling.encodings import Encoding
from fooling.evolution import evolve
from fooling.evolution.evolution import Evolution
from fooling.evolution.map_elites import NOBODY, History, State, Target, check_scored
from fooling.evolution.takeovers import Takeovers, find_takeovers
from fooling.lab.explorer.ancestors import Ancestor, Ancestors
from fooling.lab.explorer.steps import compile_steps, empty_state
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, open_run, progress_bar

PICTURES_KEPT = 64  # images that need not be expressed again; Choice: more than a grid shows


class Standing(NamedTuple):
    """What the cells hold after a generation.

    Attributes:
        generation: 0 are the random images.
        champions: ``(cells,) int32``: each champion's number, generation · children + its slot.
        log_odds: ``(cells,) float32``: its log-odds for its cell's class.
    """

    generation: int
    champions: np.ndarray
    log_odds: np.ndarray

    @property
    def confidences(self) -> np.ndarray:
        """The champions' softmax values, ``(cells,) float32``."""
        return to_confidence(self.log_odds)


class Search:
    """One run of MAP-Elites that may be stopped within a generation and goes on from the last whole one.

    One thread may evolve while others read what it holds.

    Attributes:
        classifier: The network to fool.
        encoding: How images are made.
        classes: The class of each cell, by index.
        children: Random images at the start, and children per generation.
        seed: Of the run.
        ancestors: Everybody who ever held a cell.
        standing: What the cells hold; None before the first images.
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
        """Make ready, evaluating nothing.

        Raises:
            ValueError: As :func:`fooling.evolution.evolve.evolve`.
        """
        (self.seed,) = evolve.check_request(classifier, encoding, 1, children, [seed])
        self.classes = evolve.check_classes(classifier, classes)
        self.classifier, self.encoding, self.children = classifier, encoding, int(children)
        self.ancestors = Ancestors()
        self.standing: Standing | None = None
        self._size = min(classifier.batch, self.children)
        self._target = Target(classifier, self.classes)
        self._steps = compile_steps(self._target, encoding, self.children, self._size)  # type: ignore[arg-type]  # as in genomes.py
        self._state: State | None = None
        self._takeovers: list[Takeovers] = []
        self._pictures: dict[int, np.ndarray] = {}

    @property
    def class_names(self) -> list[str]:
        """The name of each cell's class."""
        return [str(self.classifier.class_names[index]) for index in self.classes]

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
        if self._state is None:
            offspring = self._steps.initialise(tf.constant([self.seed], tf.int64))
            state, parents = empty_state(offspring, self.seed, len(self.classes)), tf.fill([1, self.children], NOBODY)
        else:
            offspring, parents = self._steps.breed(self._state)
            state = self._state._replace(generation=self._state.generation + 1)
        scores = []
        for start in range(0, self.children, self._size):
            if stop():
                return False
            scores.append(self._steps.score(offspring, tf.constant(start)))
        log_odds = tf.concat(scores, axis=0)[None, : self.children]  # (1, children, cells)
        after = self._steps.offer(state, offspring, log_odds, parents)
        if self._state is None:
            check_scored(after, self._target)
        self._record(state.champions.numpy(), after)
        return True

    def _record(self, before: np.ndarray, after: State) -> None:
        history = History(*(getattr(after, name)[None] for name in History._fields))
        new = find_takeovers(history, before)
        places = after.places.numpy()[0]
        for number in np.unique(new.champion).tolist():
            mine = new.champion == number
            cells = tuple(new.cell[mine].tolist())
            genome = take_genome(after.genomes, places[cells[0]])
            born = Ancestor(number, cells, tuple(new.log_odds[mine].tolist()), genome)
            self.ancestors.add(born, int(new.parent[mine][0]))
        self._state = after
        self._takeovers.append(new)
        self.standing = Standing(int(after.generation), after.champions.numpy()[0], after.log_odds.numpy()[0])
        self.ancestors.prune(self.standing.champions.tolist())

    def run(self, generations: int, label: str = "evolving") -> None:
        """Evolve up to a generation, with a progress bar."""
        with progress_bar(generations, label) as bar:
            bar.update(max(0, min(self.generation, generations)))
            while self.generation < generations:
                self.advance()
                bar.update(1 if self.generation else 0)

    def express(self, numbers: Sequence[int]) -> np.ndarray:
        """Return images by their numbers, ``(count, height, width, channels) uint8``.

        Raises:
            ValueError: If one never held a cell, or its genome was dropped for lack of memory.
        """
        genomes, kept = self.ancestors.genomes, dict(self._pictures)
        missing = [number for number in dict.fromkeys(numbers) if number not in kept]
        lost = [number for number in missing if number not in genomes]
        if lost:
            raise ValueError(f"The genome of image {lost[0]} is not kept.")
        images = express_genomes(self.encoding, [genomes[number] for number in missing])
        kept |= dict(zip(missing, images, strict=True))
        self._pictures = dict(list(kept.items())[-PICTURES_KEPT:])
        return np.stack([kept[number] for number in numbers]) if len(numbers) else images

    @property
    def history(self) -> np.ndarray:
        """Log-odds of every cell after every generation, ``(generations + 1, cells) float32``."""
        return np.asarray(self.to_evolution().history[0])

    def to_evolution(self) -> Evolution:
        """Return the search so far as what :func:`fooling.evolution.evolve.evolve` returns.

        Raises:
            ValueError: If nothing has evolved yet.
        """
        standing = self._check_started()
        numbers, places = np.unique(standing.champions, return_inverse=True)
        return Evolution(
            encoding=self.encoding,
            classes=self.classes,
            genomes=stack_genomes([self.ancestors.genomes[number] for number in numbers.tolist()]),
            places=places[None].astype(np.int32),
            log_odds=standing.log_odds[None],
            takeovers=_join(self._takeovers, standing.generation, self.children),
            generations=standing.generation,
            children=self.children,
            seeds=np.array([self.seed]),
        )

    def _check_started(self) -> Standing:
        if self.standing is None:
            raise ValueError("Nothing has evolved yet; start the search first.")
        return self.standing

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return everything that :meth:`restore` needs, for an ``.npz``."""
        standing = self._check_started()
        numbers = sorted(self.ancestors.genomes)
        genomes = stack_genomes([self.ancestors.genomes[number] for number in numbers])
        takeovers = _join(self._takeovers, standing.generation, self.children)
        return {
            **{f"genome_{name}": part[0] for name, part in genomes._asdict().items()},
            **{f"takeover_{name}": part for name, part in takeovers._asdict().items()},
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
        parts = kind(*(arrays[f"genome_{name}"] for name in kind._fields))
        genomes = {
            number: kind(*(part[place] for part in parts)) for place, number in enumerate(arrays["numbers"].tolist())
        }
        takeovers = Takeovers(*(arrays[f"takeover_{name}"] for name in Takeovers._fields))
        cells = {name: np.full(len(self.classes), NOBODY, np.int32) for name in ("champions", "parents")}
        log_odds = np.full(len(self.classes), -np.inf, np.float32)
        self.ancestors = Ancestors()
        for number in dict.fromkeys(takeovers.champion.tolist()):  # in the order in which they were born
            mine = takeovers.champion == number
            taken, scores, parent = takeovers.cell[mine], takeovers.log_odds[mine], int(takeovers.parent[mine][0])
            cells["champions"][taken], cells["parents"][taken], log_odds[taken] = number, parent, scores
            born = Ancestor(number, tuple(taken.tolist()), tuple(scores.tolist()), genomes.get(number))
            self.ancestors.add(born, parent)
        standing = Standing(int(arrays["generation"]), cells["champions"], log_odds)
        distinct, places = np.unique(standing.champions, return_inverse=True)
        living = stack_genomes([genomes[number] for number in distinct.tolist()])
        held = {**cells, "places": places.astype(np.int32), "log_odds": log_odds}
        self._state = State(
            genomes=tf.nest.map_structure(tf.constant, living),
            **{name: tf.constant(part[None]) for name, part in held.items()},
            generation=tf.constant(standing.generation),
            seeds=tf.constant([self.seed], tf.int64),
        )
        self._takeovers, self._pictures, self.standing = [takeovers], {}, standing


def _join(parts: Sequence[Takeovers], generation: int, children: int) -> Takeovers:
    """Return the takeovers up to a generation; another thread may have added later ones."""
    whole = Takeovers(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return Takeovers(*(column[whole.champion < (generation + 1) * children] for column in whole))


def search_in_folder(
    classifier: Classifier, encoding: Encoding, *, generations: int, children: int, seed: int, folder: Path
) -> tuple[Search, RunFolder]:
    """Evolve for a page, or take up the very same search when it was done before.

    Args:
        classifier: The network to fool.
        encoding: How images are made.
        generations: Generations after the random images.
        children: Random images at the start, and children per generation.
        seed: Of the run.
        folder: Where runs are kept.

    Raises:
        ValueError: As :class:`Search`.
    """
    search = Search(classifier, encoding, children=children, seed=seed)
    settings: dict[str, Any] = {
        "classifier": classifier.fingerprint(),
        "encoding": encoding.settings(),
        "generations": generations,
        "children": children,
        "seed": seed,
    }
    run = open_run(folder, f"explored-{encoding.name}", settings, 1)
    finished = run.load_result()
    if finished:
        search.restore(finished)
    else:
        started = time.monotonic()
        search.run(generations, f"evolving {encoding.name}")
        run.save_result(search.to_arrays(), time.monotonic() - started)
    return search, run
