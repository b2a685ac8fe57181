"""Runs as arrays: what a checkpoint and a result hold, and a finished run taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.map_elites import NOBODY, State
from fooling.evolution.takeovers import Takeovers


def pack_state(state: State, takeovers: Takeovers) -> dict[str, Any]:
    """Return what a checkpoint holds, by name."""
    parts = {f"genome_{name}": part for name, part in state.genomes._asdict().items()}
    parts |= {name: part for name, part in state._asdict().items() if name != "genomes"}
    return parts | {f"takeover_{name}": part for name, part in takeovers._asdict().items()}


def unpack_state(encoding: Encoding, arrays: Mapping[str, np.ndarray]) -> tuple[State, Takeovers]:
    """Return runs from the arrays of a checkpoint."""
    kind = type(encoding.genome_shapes())
    genomes = kind(*(tf.constant(arrays[f"genome_{name}"]) for name in kind._fields))
    cells = {name: tf.constant(arrays[name]) for name in State._fields if name != "genomes"}
    return State(genomes, **cells), Takeovers.read(arrays)


def take_up(finished: Evolution) -> tuple[State, Takeovers]:
    """Return finished runs, with their genomes, as what goes on: the last takeover of a cell says who holds it."""
    took, cells = finished.takeovers, {"places": finished.places, "log_odds": finished.log_odds}
    order = np.argsort(took.champion, kind="stable")  # the later image comes last, and stays
    holder = (took.run[order], took.cell[order])
    for name, numbers in (("champions", took.champion), ("parents", took.parent)):
        cells[name] = np.full(finished.places.shape, NOBODY, np.int32)
        cells[name][holder] = numbers[order]
    state = State(
        genomes=tf.nest.map_structure(tf.constant, finished.genomes),
        **{name: tf.constant(part) for name, part in cells.items()},
        generation=tf.constant(finished.generations),
        seeds=tf.constant(finished.seeds, tf.int64),
    )
    return state, took


def pack_result(state: State, takeovers: Takeovers, classes: Sequence[int], children: int) -> dict[str, np.ndarray]:
    """Return the arrays of a finished run, the same whichever runs stood beside it."""
    places = state.places.numpy()
    used = 1 + places.max()
    held = (places[:, :, None] == np.arange(used)).any(axis=1)  # (runs, places)
    genomes = {name: part.numpy()[:, :used] for name, part in state.genomes._asdict().items()}
    for part in genomes.values():
        part[~held] = 0  # what is left over at a place depends on the runs beside it
    return {
        **{f"genome_{name}": part for name, part in genomes.items()},
        **{f"takeover_{name}": part for name, part in takeovers._asdict().items()},
        "places": places,
        "log_odds": state.log_odds.numpy(),
        "seeds": state.seeds.numpy(),
        "classes": np.asarray(classes, np.int32),
        "generations": np.asarray(state.generation, np.int32),
        "children": np.asarray(children, np.int32),
    }
