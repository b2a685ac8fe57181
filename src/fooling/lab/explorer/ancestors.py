"""Everybody who ever held a cell, so that a champion's line can be told and drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fooling.encodings import Genomes
from fooling.evolution.map_elites import NOBODY

MOST_BYTES = 2**28  # Choice: 256 MB, all CPPNs of a day, or 400 pixel images of 224 × 224 × 3


class Ancestor(NamedTuple):
    """An image of a champion's line.

    Attributes:
        number: generation · children + its slot.
        cells: The cells that it took when it was born.
        log_odds: Its log-odds for each of them.
        genome: NumPy arrays of one genome; None where it was dropped for lack of memory.
    """

    number: int
    cells: tuple[int, ...]
    log_odds: tuple[float, ...]
    genome: Genomes | None


class Ancestors:
    """Genomes and parents of all images that took a cell.

    A parent is drawn from the cells, so every ancestor once held one, and nobody else need be remembered. Where genomes
    take more than ``most_bytes``, those outside the lines of the present champions go first, then the oldest; the
    champions themselves stay. What is dropped is the genome only: parents and cells remain.

    Only one thread may add; others may read at the same time.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.parents: dict[int, int] = {}
        self.taken: dict[int, tuple[tuple[int, ...], tuple[float, ...]]] = {}
        self.genomes: dict[int, Genomes] = {}
        self._bytes = 0

    def add(self, born: Ancestor, parent: int) -> None:
        """Remember an image that took cells, and its parent's number, −1 for a random image."""
        self.parents[born.number] = parent
        self.taken[born.number] = (born.cells, born.log_odds)
        if born.genome is not None:
            self.genomes[born.number] = born.genome
            self._bytes += count_bytes(born.genome)

    def trace(self, number: int) -> list[Ancestor]:
        """Return the line of an image, the first random image first and itself last.

        Raises:
            ValueError: If it never held a cell.
        """
        return [Ancestor(one, *self.taken[one], self.genomes.get(one)) for one in self._trace_numbers(number)]

    def _trace_numbers(self, number: int) -> list[int]:
        if number not in self.parents:
            raise ValueError(f"Image {number} never held a cell.")
        line = [number]
        while self.parents[line[-1]] != NOBODY:
            line.append(self.parents[line[-1]])
        return line[::-1]

    def prune(self, champions: Iterable[int]) -> None:
        """Drop genomes until they fit into memory, if they do not."""
        if self._bytes <= self.most_bytes:
            return
        living = set(champions)
        lines = {one for champion in living for one in self._trace_numbers(champion)}
        kept = {number: genome for number, genome in self.genomes.items() if number in lines}
        size = sum(map(count_bytes, kept.values()))
        for number in sorted(kept.keys() - living):
            if size <= self.most_bytes:
                break
            size -= count_bytes(kept.pop(number))
        self.genomes, self._bytes = kept, size  # a new dictionary: whoever reads the old one may go on


def count_bytes(genome: Genomes) -> int:
    """Return how much memory a genome takes."""
    return sum(np.asarray(part).nbytes for part in genome)
