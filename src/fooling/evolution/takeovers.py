"""The history of a run: every time a cell got a new champion. Cells change rarely, so this is small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fooling.evolution.map_elites import History


class Takeovers(NamedTuple):
    """Every time a cell got a new champion: ``(takeovers,)`` arrays.

    They are the lineage, too: a parent is drawn from the cells, so every ancestor of a champion was one itself.
    Runs that evolved side by side stand together, by generation, then by run, then by cell; blocks of them that were
    joined stand one after the other.
    """

    run: np.ndarray  # int32, position among the seeds
    cell: np.ndarray  # int32
    champion: np.ndarray  # int32: the image's number, generation · children + its slot
    parent: np.ndarray  # int32: its parent's number, −1 for random images
    log_odds: np.ndarray  # float32: its log-odds for the cell's class

    @classmethod
    def read(cls, arrays: Mapping[str, np.ndarray]) -> Takeovers:
        """Return what a result or a checkpoint holds under ``takeover_…``."""
        return cls(*(arrays[f"takeover_{name}"] for name in cls._fields))

    def append(self, later: Takeovers) -> Takeovers:
        """Return these and later ones."""
        return Takeovers(*(np.concatenate(parts) for parts in zip(self, later, strict=True)))


KINDS = (*4 * (np.int32,), np.float32)
TAKEOVER_TYPES = Takeovers(*(tf.TensorSpec([None], kind) for kind in KINDS))
NO_TAKEOVERS = Takeovers(*(np.zeros(0, kind) for kind in KINDS))


def find_takeovers(history: History, before: np.ndarray) -> Takeovers:
    """Return what changed in a stretch of history.

    Args:
        history: What every cell held after each generation.
        before: ``(runs, cells) int32``: the champions before the first of them, −1 where empty.
    """
    log_odds, champions, parents = (np.asarray(part) for part in history)
    places = np.nonzero(np.diff(champions, axis=0, prepend=before[None]))
    run, cell = (index.astype(np.int32) for index in places[1:])
    return Takeovers(run, cell, champions[places], parents[places], log_odds[places])
