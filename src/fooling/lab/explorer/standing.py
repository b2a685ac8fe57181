"""Where a search is after a generation, and the lines that led there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.evolution.lineage import trace_line
from fooling.evolution.map_elites import State
from fooling.evolution.takeovers import Takeovers


class Ancestor(NamedTuple):
    """An image of a champion's line: its number, the cells that it took when it was born, its log-odds for each."""

    number: int
    cells: list[int]
    log_odds: list[float]

    @property
    def confidence(self) -> float:
        """The confidence in the class of the first cell."""
        return float(to_confidence(np.array(self.log_odds[0])))


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
    def confidences(self) -> np.ndarray:
        """The champions' softmax values, ``(cells,) float64``."""
        return to_confidence(self.log_odds)

    @property
    def parents(self) -> dict[int, int]:
        """The parent's number of every image that ever held a cell, −1 for random images."""
        return dict(zip(self.takeovers.champion.tolist(), self.takeovers.parent.tolist(), strict=True))

    def trace(self, number: int) -> list[Ancestor]:
        """Return the line of an image, the first random image first and itself last.

        Raises:
            ValueError: If it never held a cell.
        """
        line = {one: Ancestor(one, [], []) for one in trace_line(self.parents, number)}
        for place in np.flatnonzero(np.isin(self.takeovers.champion, list(line))):
            born = line[int(self.takeovers.champion[place])]
            born.cells.append(int(self.takeovers.cell[place]))
            born.log_odds.append(float(self.takeovers.log_odds[place]))
        return list(line.values())
