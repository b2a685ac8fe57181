"""What finished runs hold: champions as genomes, the history of every cell as takeovers, and their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.confidence import to_confidence
from fooling.encodings import Encoding, Genomes
from fooling.encodings.population import describe_population, express_genomes, join_padded
from fooling.encodings.stored import read_encoding
from fooling.evolution.search import PAPER, SearchSettings
from fooling.evolution.takeovers import TAKEOVER_TYPES, Takeovers
from fooling.files import DamagedError, check_arrays, hash_arrays, lock_folder, write_arrays
from fooling.runs import RunFolder, read_shown


class Evolution(NamedTuple):
    """Finished runs."""

    encoding: Encoding  # how their images are made
    classes: tuple[int, ...]  # the class of each cell, by index
    # the champions' genomes, ``(runs, places, …)`` arrays; None where they were too large to be published
    genomes: Genomes | None
    places: np.ndarray  # ``(runs, cells) int32``: where each cell's champion stands among the genomes
    log_odds: np.ndarray  # ``(runs, cells) float32``: the champions' log-odds for their class
    takeovers: Takeovers  # how the cells came to hold them
    generations: int  # generations after the random images
    children: int  # random images at the start and children per generation
    seeds: np.ndarray  # ``(runs,) int64``
    folders: tuple[RunFolder, ...] = ()  # where each run is kept; empty if nowhere
    search: SearchSettings = PAPER  # how parents were chosen and children varied

    @property
    def confidences(self) -> np.ndarray:
        """The champions' softmax values, ``(runs, cells) float32``."""
        return to_confidence(self.log_odds).astype(np.float32)

    @property
    def images(self) -> np.ndarray:
        """Each cell's champion, ``(runs, cells, height, width, channels) uint8``, as a PNG would hold it."""
        return np.stack([self.express(run) for run in range(len(self.seeds))])

    @property
    def history(self) -> np.ndarray:
        """Log-odds of every cell after every generation, ``(runs, generations + 1, cells) float32``."""
        return self.unroll("log_odds", -np.inf)

    def take_run(self, run: int) -> Evolution:
        """Return one of the runs by itself."""
        mine = self.takeovers.run == run
        took = Takeovers(*(part[mine] for part in self.takeovers))
        return self._replace(
            genomes=self.genomes and type(self.genomes)(*(part[run : run + 1] for part in self.genomes)),
            places=self.places[run : run + 1],
            log_odds=self.log_odds[run : run + 1],
            takeovers=took._replace(run=np.zeros_like(took.run)),
            seeds=self.seeds[run : run + 1],
            folders=self.folders[run : run + 1],
        )

    def unroll(self, field: str, before: float) -> np.ndarray:
        """Return a field of :class:`Takeovers` for every cell after every generation.

        Args:
            field: "log_odds", "champion" or "parent".
            before: What a cell has before its first champion.

        Returns:
            ``(runs, generations + 1, cells)`` of the field's type.
        """
        values = getattr(self.takeovers, field)
        runs, cells = self.log_odds.shape
        dense = np.full((runs, self.generations + 1, cells), before, values.dtype)
        run, cell = self.takeovers.run, self.takeovers.cell
        generation = self.takeovers.champion // self.children
        order = np.lexsort((generation, cell, run))
        run, cell, generation, values = (part[order] for part in (run, cell, generation, values))
        follows = np.append((run[1:] == run[:-1]) & (cell[1:] == cell[:-1]), False)
        until = np.where(follows, np.append(generation[1:], 0), self.generations + 1)
        lasting = until - generation  # generations that a champion stays
        steps = np.arange(lasting.sum()) - np.repeat(np.cumsum(lasting) - lasting, lasting)
        held = np.repeat(generation, lasting) + steps
        dense[np.repeat(run, lasting), held, np.repeat(cell, lasting)] = np.repeat(values, lasting)
        return dense

    def express(self, run: int = 0, cells: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Return champions of one run as images.

        Args:
            cells: Positions among ``classes``; None for all.

        Returns:
            ``(cells, height, width, channels) uint8``.

        Raises:
            ValueError: If there is no such cell, or the genomes were not published with the run.
        """
        distinct, index = np.unique(self.places[run, self._choose_cells(cells)], return_inverse=True)
        if self.genomes is None:
            raise ValueError(
                "These genomes were too large to be published, so only the images that pages show can be drawn; "
                "for others delete the run's folder and run the page again."
            )
        genomes = type(self.genomes)(*(part[run, distinct][None] for part in self.genomes))
        return express_genomes(self.encoding, genomes)[index]

    def _choose_cells(self, cells: Sequence[int] | np.ndarray | None) -> np.ndarray:
        """Return positions of cells, all for None, having checked them."""
        count = len(self.classes)
        chosen = np.arange(count) if cells is None else np.asarray(cells)
        whole = chosen.ndim == 1 and chosen.size and np.issubdtype(chosen.dtype, np.integer)
        if not whole or chosen.min() < 0 or chosen.max() >= count:
            raise ValueError(f"Cells are numbered from 0 to {count - 1}, and at least one is needed.")
        return chosen

    def show(self, count: int = 1, cells: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Return the champions of the first runs as images, and keep them beside the runs for whoever reads them.

        Args:
            cells: Positions among ``classes``; None for all.

        Returns:
            ``(count, cells, height, width, channels) uint8``.

        Raises:
            ValueError: If no run is asked for; and as :meth:`express`, for images that are not kept yet.
        """
        if count < 1:
            raise ValueError(f"At least one run is shown, but {count} was asked for.")
        chosen = self._choose_cells(cells)
        return np.stack([self._show_run(run, chosen) for run in range(min(count, len(self.seeds)))])

    def _show_run(self, run: int, cells: np.ndarray) -> np.ndarray:
        if not self.folders:
            return self.express(run, cells)
        path = self.folders[run].path / f"shown-{self.seeds[run]}.npz"
        with lock_folder(path.parent):  # two pages may show images of one run at the same time
            kept = read_shown(path)
            missing = np.setdiff1d(cells, kept.get("cells", cells[:0]))
            if missing.size:
                more = {
                    "cells": missing,
                    "classes": np.asarray(self.classes)[missing],
                    "images": self.express(run, missing),
                    "log_odds": self.log_odds[run, missing],
                }
                kept = {name: np.concatenate([kept[name], part]) if kept else part for name, part in more.items()}
                write_arrays(path, kept)
        where = {cell: index for index, cell in enumerate(kept["cells"].tolist())}
        return kept["images"][[where[cell] for cell in cells.tolist()]]


def hash_champions(evolution: Evolution) -> str:
    """Return a hash by which what was kept of these champions is found again."""
    return hash_arrays(evolution.log_odds, evolution.places)


def join_runs(blocks: Sequence[Evolution]) -> Evolution:
    """Join blocks of runs; genomes of smaller capacity are padded with zeros, and none are kept if a block has none."""
    first = blocks[0]
    if len(blocks) == 1:
        return first
    offsets = np.cumsum([0, *(len(block.seeds) for block in blocks)]).astype(np.int32)
    moved = [
        block.takeovers._replace(run=block.takeovers.run + offset)
        for block, offset in zip(blocks, offsets, strict=False)
    ]
    genomes: list[Any] = [block.genomes for block in blocks if block.genomes is not None]
    whole = len(genomes) == len(blocks)
    return first._replace(
        genomes=type(genomes[0])(*map(join_padded, zip(*genomes, strict=True))) if whole else None,
        places=np.concatenate([block.places for block in blocks]),
        log_odds=np.concatenate([block.log_odds for block in blocks]),
        takeovers=Takeovers(*(np.concatenate(parts) for parts in zip(*moved, strict=True))),
        seeds=np.concatenate([block.seeds for block in blocks]),
        folders=tuple(folder for block in blocks for folder in block.folders),
    )


def unpack_result(
    arrays: Mapping[str, np.ndarray], encoding: Encoding, run: RunFolder | None, search: SearchSettings = PAPER
) -> Evolution:
    """Return the arrays of a finished block as runs; genomes may have been left out when it was published.

    DamagedError if they are not what a finished run holds.
    """
    kind = type(encoding.genome_shapes())
    complete = all(f"genome_{name}" in arrays for name in kind._fields)
    try:
        _check_result(arrays, encoding, complete)
    except ValueError as error:
        which = run.path.name if run else "A run"
        raise DamagedError(f"{which}/result.npz {error}; delete that folder to run again.") from error
    return Evolution(
        encoding=encoding,
        classes=tuple(arrays["classes"].tolist()),
        genomes=kind(*(arrays[f"genome_{name}"] for name in kind._fields)) if complete else None,
        places=arrays["places"],
        log_odds=arrays["log_odds"],
        takeovers=Takeovers.read(arrays),
        generations=int(arrays["generations"]),
        children=int(arrays["children"]),
        seeds=arrays["seeds"],
        folders=(run,) * len(arrays["seeds"]) if run else (),
        search=search,
    )


def _check_result(arrays: Mapping[str, np.ndarray], encoding: Encoding, complete: bool) -> None:
    runs, cells = (np.size(arrays.get(name, ())) for name in ("seeds", "classes"))
    expected: dict[str, Any] = {
        "seeds": tf.TensorSpec([runs], tf.int64),
        "classes": tf.TensorSpec([cells], tf.int32),
        "places": tf.TensorSpec([runs, cells], tf.int32),
        "log_odds": tf.TensorSpec([runs, cells], tf.float32),
        "generations": tf.TensorSpec([], tf.int32),
        "children": tf.TensorSpec([], tf.int32),
        **{f"takeover_{name}": kind for name, kind in TAKEOVER_TYPES._asdict().items()},
    }
    if complete:
        genomes = describe_population(encoding, None, runs)
        expected |= {f"genome_{name}": kind for name, kind in genomes._asdict().items()}
    check_arrays({name: part for name, part in arrays.items() if name in expected}, expected)
    check_cells(arrays)


def check_cells(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError if a checkpoint's or a result's cells, runs, places or log-odds cannot be: none is NaN."""
    runs, cells = arrays["log_odds"].shape
    places = [part.shape[1] for name, part in arrays.items() if name.startswith("genome_")]
    most = {"takeover_run": runs, "takeover_cell": cells, **({"places": min(places)} if places else {})}
    within = all(((arrays[name] >= 0) & (arrays[name] < count)).all() for name, count in most.items())
    if not within or any(np.isnan(arrays[name]).any() for name in ("log_odds", "takeover_log_odds")):
        raise ValueError("holds values that no run has")


def load_evolution(folders: Iterable[RunFolder]) -> Evolution:
    """Return finished runs from their folders, without the network that they evolved on.

    Args:
        folders: Of the runs, or of their blocks; a folder that is named several times counts once.

    Raises:
        ValueError: If a run is not there, not finished or damaged, or its encoding is not one of this package.
    """
    blocks = []
    for run in dict.fromkeys(folders):
        arrays = run.load_result()
        if arrays is None:
            raise ValueError(f"The run {run.path.name} is not there or not finished; run its page again.")
        search = SearchSettings(**run.settings.get("search", {}))
        blocks.append(unpack_result(arrays, read_encoding(run.settings["encoding"]), run, search))
    return join_runs(blocks)
