"""A search by generations, so that a person can watch, stop and go on; its bytes are those of ``evolve``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.encodings import Encoding, Genomes
from fooling.encodings.population import express_genomes, stack_genomes, take_genome
from fooling.evolution import evolve
from fooling.evolution.evolution import Evolution
from fooling.evolution.kept import take_up
from fooling.evolution.lineage import replay, trace_line
from fooling.evolution.map_elites import State, Target
from fooling.evolution.search import PAPER, SearchSettings, check_search
from fooling.evolution.takeovers import Takeovers
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, compute_once, progress_bar

VERSION = 1  # of what a search keeps besides the bytes of evolution
PICTURES_KEPT = 64  # images that need not be expressed again; Choice: more than a grid shows


class Ancestor(NamedTuple):
    """An image of a champion's line: its number, the cells that it took when it was born, its log-odds for each."""

    number: int
    cells: list[int]
    log_odds: list[float]


class Standing(NamedTuple):
    """A search after a whole generation."""

    state: State  # what the cells hold
    takeovers: Takeovers  # how they came to hold it

    @property
    def generation(self) -> int:
        """The generation; 0 are the random images."""
        return int(self.state.generation)

    @property
    def champions(self) -> np.ndarray:
        """Each champion's number, generation · children + its slot, ``(cells,) int32``."""
        return np.asarray(self.state.champions[0])

    @property
    def log_odds(self) -> np.ndarray:
        """The champions' log-odds for their cells' classes, ``(cells,) float32``."""
        return np.asarray(self.state.log_odds[0])

    @property
    def places(self) -> dict[int, int]:
        """Where each champion's genome stands in the state, by its number, in ascending order."""
        numbers, first = np.unique(self.champions, return_index=True)
        return dict(zip(numbers.tolist(), self.state.places.numpy()[0, first].tolist(), strict=True))

    def take_genomes(self, numbers: Collection[int]) -> dict[int, Genomes]:
        """Return the genomes of those of some images that are champions, by number, as NumPy arrays."""
        places = self.places.items()
        return {number: take_genome(self.state.genomes, place) for number, place in places if number in numbers}

    def trace(self, number: int) -> list[Ancestor]:
        """Return the line of an image, the first random image first; ValueError if it never held a cell."""
        parents = dict(zip(self.takeovers.champion.tolist(), self.takeovers.parent.tolist(), strict=True))
        line = {one: Ancestor(one, [], []) for one in trace_line(parents, number)}
        for place in np.flatnonzero(np.isin(self.takeovers.champion, list(line))):
            born = line[int(self.takeovers.champion[place])]
            born.cells.append(int(self.takeovers.cell[place]))
            born.log_odds.append(float(self.takeovers.log_odds[place]))
        return list(line.values())


class Search:
    """One run of MAP-Elites, a generation at a time; one thread may evolve while others read what it holds.

    Attributes:
        classes: The class of each cell, by index, as ``class_names`` by name.
        settings: The parts of the search beside the paper's.
        standing: Where the search is; None before the first images.
        genomes: Those of :meth:`run`, by number; what else was a champion once is made again when asked for.
    """

    def __init__(
        self,
        classifier: Classifier,
        encoding: Encoding,
        *,
        children: int,
        seed: int = 0,
        classes: Sequence[int] | None = None,
        search: SearchSettings = PAPER,
    ) -> None:
        """Make ready, evaluating nothing; arguments, and what they raise, are those of ``evolve``."""
        (self.seed,) = evolve.check_arguments(classifier, encoding, 1, children, [seed])
        check_search(search, encoding, classifier)
        self.classes = evolve.check_classes(classifier, classes)
        self.class_names = [str(classifier.class_names[index]) for index in self.classes]
        self.classifier, self.encoding, self.children = classifier, encoding, int(children)
        self.settings = search
        self.standing: Standing | None = None
        self.genomes: dict[int, Genomes] = {}
        self._setup = evolve.Setup(Target(classifier, self.classes), encoding, 1, self.children, None, search=search)
        self._pictures: dict[int, np.ndarray] = {}

    @property
    def generation(self) -> int:
        """The last generation, −1 before the first images."""
        return self.standing.generation if self.standing else -1

    def advance(self) -> None:
        """Evolve one generation; ValueError if the network gives NaN for every random image in some class."""
        before = self.standing or evolve.begin(self._setup, (self.seed,))
        self.standing = Standing(*evolve.step(self._setup, evolve.compile_advance(self._setup, 1), *before, 1))

    def run(self, generations: int, label: str = "evolving") -> None:
        """Evolve up to a generation, with a progress bar, and keep the genomes of all who held a cell."""
        with progress_bar(generations, label) as bar:
            while self.generation < generations:
                self.advance()
                standing = self.check_started()
                self.genomes |= standing.take_genomes(standing.places.keys() - self.genomes.keys())
                bar.update(1 if self.generation else 0)

    def find_genomes(self, numbers: Sequence[int]) -> list[Genomes]:
        """Return genomes of images that hold a cell or once did, as NumPy arrays; ValueError if one never did."""
        known = self.genomes | self.check_started().take_genomes(numbers)
        if missing := [number for number in dict.fromkeys(numbers) if number not in known]:
            again = replay(self.to_evolution(), 0, missing)
            known |= {number: take_genome(again, place) for place, number in enumerate(missing)}
        return [known[number] for number in numbers]

    def express(self, numbers: Sequence[int]) -> np.ndarray:
        """Return images as :meth:`find_genomes` their genomes, ``(count, height, width, channels) uint8``."""
        kept = dict(self._pictures)
        if missing := [number for number in dict.fromkeys(numbers) if number not in kept]:
            images = express_genomes(self.encoding, stack_genomes(self.find_genomes(missing)))
            kept |= dict(zip(missing, images, strict=True))
            self._pictures = dict(list(kept.items())[-PICTURES_KEPT:])
        return np.stack([kept[number] for number in numbers])

    def to_evolution(self) -> Evolution:
        """Return the search so far as what ``evolve`` returns."""
        standing = self.check_started()
        places = list(standing.places.values())
        return Evolution(
            encoding=self.encoding,
            classes=self.classes,
            genomes=type(standing.state.genomes)(*(part.numpy()[:, places] for part in standing.state.genomes)),
            places=np.unique(standing.champions, return_inverse=True)[1][None].astype(np.int32),
            log_odds=standing.log_odds[None],
            takeovers=standing.takeovers,
            generations=standing.generation,
            children=self.children,
            seeds=np.array([self.seed]),
            search=self.settings,
        )

    def check_started(self) -> Standing:
        """Return where the search is, or raise ValueError if nothing has evolved yet."""
        if self.standing is None:
            raise ValueError("Nothing has evolved yet; start the search first.")
        return self.standing

    @classmethod
    def take_up(cls, classifier: Classifier, finished: Evolution) -> Search:
        """Return a finished run, with its genomes, as a search that goes on where it ended, as ``evolve`` would."""
        (seed,) = finished.seeds.tolist()
        sizes = {"children": finished.children, "seed": seed, "classes": finished.classes, "search": finished.search}
        search = cls(classifier, finished.encoding, **sizes)
        search.standing = Standing(*take_up(finished))
        return search

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return after :meth:`run` everything that :meth:`restore` needs, for an ``.npz``."""
        standing, numbers = self.check_started(), sorted(self.genomes)
        genomes = stack_genomes([self.genomes[number] for number in numbers])
        return {
            **{f"genome_{name}": part[0] for name, part in genomes._asdict().items()},
            **{f"takeover_{name}": part for name, part in standing.takeovers._asdict().items()},
            "numbers": np.array(numbers, np.int32),
            "generation": np.array(standing.generation),
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the search where :meth:`to_arrays` found it; it goes on as if it had never stopped."""
        kind = type(self.encoding.genome_shapes())
        whole = kind(*(arrays[f"genome_{name}"][None] for name in kind._fields))
        self.genomes = {number: take_genome(whole, place) for place, number in enumerate(arrays["numbers"].tolist())}
        took = Takeovers.read(arrays)
        last = np.zeros(len(self.classes), np.int64)
        last[took.cell] = np.arange(len(took.cell))  # each cell has takeovers, of which the last stays
        distinct, places = np.unique(took.champion[last], return_inverse=True)
        finished = Evolution(
            encoding=self.encoding,
            classes=self.classes,
            genomes=stack_genomes([self.genomes[number] for number in distinct.tolist()]),
            places=places[None].astype(np.int32),
            log_odds=took.log_odds[last][None],
            takeovers=took,
            generations=int(arrays["generation"]),
            children=self.children,
            seeds=np.array([self.seed]),
        )
        self.standing = Standing(*take_up(finished))


def search_in_folder(
    classifier: Classifier, encoding: Encoding, *, generations: int, children: int, seed: int, folder: Path
) -> tuple[Search, RunFolder]:
    """Evolve for a page, or take up the very same search when it was done before."""
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
