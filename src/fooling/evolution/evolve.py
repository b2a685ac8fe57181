"""Evolve images that a classifier is certain of: blocks of runs, chunks of generations, checkpoints between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.encodings import Encoding, Genomes
from fooling.evolution.map_elites import CELL_TYPES, History, State, advance_many, check_scored, initialise
from fooling.images import to_bytes
from fooling.networks.classifier import Classifier, to_confidence
from fooling.runs import RunFolder, open_run, progress_bar

BLOCK = 10  # runs evolved together; Choice: enough to fill two cores, and a unit of work for a cluster
# The code that makes the bytes of a run, with the encoding's; the network's is in its weights.
CODE = ("images.py", "evolution", "networks/classifier.py")
CHUNK = 10  # generations in one graph between two checkpoints; Choice: a few seconds on a laptop


class Evolution(NamedTuple):
    """Finished runs.

    Attributes:
        images: ``(runs, classes, height, width, channels) uint8``: each cell's champion, as a PNG would hold it.
        log_odds: ``(runs, classes) float32``: the champions' log-odds for their class.
        genomes: The champions' genomes, ``(runs, classes, …)`` arrays.
        history: ``(runs, generations + 1, classes) float32``: log-odds of every cell after every generation.
        champions: ``(runs, generations + 1, classes) int32``: number of the image in every cell: generation · children
            + slot.
        parents: ``(runs, generations + 1, classes) int32``: number of its parent, −1 for random images.
        children: Random images at the start and children per generation.
        seeds: ``(runs,) int64``.
        folders: Where the runs are kept; empty if nowhere.
    """

    images: np.ndarray
    log_odds: np.ndarray
    genomes: Genomes
    history: np.ndarray
    champions: np.ndarray
    parents: np.ndarray
    children: int
    seeds: np.ndarray
    folders: tuple[RunFolder, ...] = ()

    @property
    def confidences(self) -> np.ndarray:
        """The champions' softmax values, ``(runs, classes) float32``."""
        return to_confidence(self.log_odds)


def evolve(
    classifier: Classifier,
    encoding: Encoding,
    *,
    generations: int,
    children: int,
    seeds: Iterable[int],
    folder: str | Path | None = None,
) -> Evolution:
    """Run MAP-Elites with one cell per class, once for every seed.

    Args:
        classifier: The network to fool.
        encoding: How images are made, at the classifier's image shape.
        generations: Generations after the random images.
        children: Random images at the start and children per generation.
        seeds: One integer per independent run. A run is the same whichever runs stand beside it.
        folder: Where runs are kept and resumed from; None keeps nothing.

    Raises:
        ValueError: If a number is too small, the shapes differ, or the network gives NaN for everything.
        OSError: If the folder cannot be written.
    """
    chosen = check_request(classifier, encoding, generations, children, seeds)
    request = Request(classifier, encoding, int(generations), int(children), Path(folder) if folder else None)
    compiled = cache(partial(compile_advance, request))  # one graph per number of runs
    with progress_bar(-(-len(chosen) // BLOCK) * generations, f"evolving {encoding.name}") as bar:
        blocks = [
            evolve_block(request, chosen[start : start + BLOCK], compiled, bar.update)
            for start in range(0, len(chosen), BLOCK)
        ]
    return join_runs(blocks)


class Request(NamedTuple):
    """The arguments of :func:`evolve` but the seeds."""

    classifier: Classifier
    encoding: Encoding
    generations: int
    children: int
    folder: Path | None


def check_request(
    classifier: Classifier, encoding: Encoding, generations: int, children: int, seeds: Iterable[int]
) -> tuple[int, ...]:
    """Return the seeds as a tuple, having checked the arguments of :func:`evolve`."""
    chosen = tuple(seeds) if isinstance(seeds, Iterable) else ()
    if not all(isinstance(seed, int | np.integer) and 0 <= seed < 2**63 for seed in chosen):
        raise ValueError("Seeds are whole numbers from 0 to 2^63 − 1, one per run, such as range(5).")
    for name, value in (("generations", generations), ("children", children), ("seeds", len(chosen))):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"Evolution needs a whole number of {name}, at least 1, but {value} was given.")
    if len(set(chosen)) < len(chosen):
        raise ValueError("Two runs have the same seed and would be the same run.")
    if tuple(encoding.image_shape) != tuple(classifier.image_shape):
        raise ValueError(f"The encoding makes {encoding.image_shape}, but the network takes {classifier.image_shape}.")
    return tuple(int(seed) for seed in chosen)


Advance = Callable[[State, tf.Tensor], tuple[State, History]]


def compile_advance(request: Request, runs: int) -> Advance:
    """Return :func:`~.map_elites.advance_many` as one graph for this many runs at once."""
    classes = len(request.classifier.class_names)
    shapes = request.encoding.genome_shapes()
    example = request.encoding.initialise(1, tf.zeros([1, 2], tf.int64))
    genomes = type(shapes)(
        *(tf.TensorSpec([runs, classes, *shape], part.dtype) for shape, part in zip(shapes, example, strict=True))
    )
    cells = {name: tf.TensorSpec([runs, classes], kind) for name, kind in CELL_TYPES.items()}
    state = State(genomes, **cells, generation=tf.TensorSpec([], tf.int32), seeds=tf.TensorSpec([runs], tf.int64))

    def advance_graph(state: State, generations: tf.Tensor) -> tuple[State, History]:
        return advance_many(state, request.classifier, request.encoding, request.children, generations)

    compiled: Advance = tf.function(advance_graph, input_signature=[state, tf.TensorSpec([], tf.int32)])
    return compiled


def evolve_block(
    request: Request, seeds: tuple[int, ...], compiled: Callable[[int], Advance], count_done: Callable[[int], Any]
) -> Evolution:
    """Evolve a few runs together, from their last checkpoint if there is one; no work if they are finished.

    Args:
        request: What to evolve.
        seeds: One per run.
        compiled: Gives the graph for a number of runs.
        count_done: Called with the number of generations done since the last call.
    """
    run = open_block(request, seeds)
    finished = run.load_result() if run else None
    if finished:
        count_done(request.generations)
        return _unpack_result(finished, request, run)
    started = time.monotonic()
    resumed = _resume(run, request)
    state, history, before = resumed or (*_start(request, seeds), 0.0)
    count_done(int(state.generation))
    while int(state.generation) < request.generations:
        chunk = min(CHUNK, request.generations - int(state.generation))
        state, more = compiled(len(seeds))(state, tf.constant(chunk))
        history = History(*(np.concatenate(parts) for parts in zip(history, more, strict=True)))
        if run:
            seconds = np.asarray(before + time.monotonic() - started)
            run.save_checkpoint(int(state.generation), {**_pack_checkpoint(state, history), "seconds": seconds})
        count_done(chunk)
    arrays = _pack_result(state, history, request)
    if run:
        run.save_result(arrays, before + time.monotonic() - started)
    return _unpack_result(arrays, request, run)


def open_block(request: Request, seeds: tuple[int, ...]) -> RunFolder | None:
    """Return the folder of a block of runs, or None if nothing is kept."""
    if request.folder is None:
        return None
    settings = {
        "classifier": request.classifier.fingerprint(),
        "encoding": request.encoding.settings(),
        "own encoding": None if request.encoding.code else describe_class(type(request.encoding)),
        "generations": request.generations,
        "children": request.children,
        "seeds": list(seeds),
    }
    return open_run(request.folder, request.encoding.name, settings, (*CODE, *request.encoding.code))


def describe_class(own: type) -> list[Any]:
    """Return what the functions of a class from outside this package do, as JSON for a key."""
    return [
        (name, _describe_code(part.__code__)) for name, part in sorted(vars(own).items()) if hasattr(part, "__code__")
    ]


def _describe_code(code: CodeType) -> list[Any]:
    constants = [_describe_code(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), constants]


def _start(request: Request, seeds: tuple[int, ...]) -> tuple[State, History]:
    state = tf.function(initialise)(
        request.classifier, request.encoding, request.children, tf.constant(seeds, tf.int64)
    )
    check_scored(state, request.classifier)
    return state, History(*(part.numpy()[None] for part in (state.log_odds, state.champions, state.parents)))


def _pack_checkpoint(state: State, history: History) -> dict[str, np.ndarray]:
    arrays = {f"genome_{name}": part for name, part in state.genomes._asdict().items()}
    arrays |= {name: part for name, part in state._asdict().items() if name != "genomes"}
    arrays |= {f"history_{name}": part for name, part in history._asdict().items()}
    return {name: np.asarray(part) for name, part in arrays.items()}


def _resume(run: RunFolder | None, request: Request) -> tuple[State, History, float] | None:
    checkpoint = run.load_checkpoint() if run else None
    if checkpoint is None:
        return None
    arrays = checkpoint[1]
    cells = {name: tf.constant(arrays[name]) for name in State._fields if name != "genomes"}
    genomes = tf.nest.map_structure(tf.constant, _read_genomes(arrays, request))
    history = History(*(arrays[f"history_{name}"] for name in History._fields))
    return State(genomes, **cells), history, float(arrays["seconds"])


def _read_genomes(arrays: dict[str, np.ndarray], request: Request) -> Genomes:
    kind = type(request.encoding.genome_shapes())
    return kind(*(arrays[f"genome_{name}"] for name in kind._fields))


def _pack_result(state: State, history: History, request: Request) -> dict[str, np.ndarray]:
    images = tf.function(request.encoding.express)(state.genomes)
    arrays = {f"genome_{name}": np.asarray(part) for name, part in state.genomes._asdict().items()}
    by_run = {name: np.swapaxes(part, 0, 1) for name, part in history._asdict().items()}
    return arrays | {
        "images": to_bytes(images),
        "history": by_run["log_odds"],
        "champions": by_run["champions"],
        "parents": by_run["parents"],
        "seeds": np.asarray(state.seeds),
    }


def _unpack_result(arrays: dict[str, np.ndarray], request: Request, run: RunFolder | None) -> Evolution:
    return Evolution(
        images=arrays["images"],
        log_odds=arrays["history"][:, -1],
        genomes=_read_genomes(arrays, request),
        history=arrays["history"],
        champions=arrays["champions"],
        parents=arrays["parents"],
        children=request.children,
        seeds=arrays["seeds"],
        folders=(run,) if run else (),
    )


def join_runs(blocks: Sequence[Evolution]) -> Evolution:
    """Join blocks of runs; genomes of smaller capacity are padded with zeros."""
    joined = {name: [getattr(block, name) for block in blocks] for name in Evolution._fields}
    genomes = type(blocks[0].genomes)(*(_concatenate_padded(parts) for parts in zip(*joined["genomes"], strict=True)))
    return Evolution(
        **{name: np.concatenate(joined[name]) for name in ("images", "log_odds", "history", "champions", "parents")},
        genomes=genomes,
        children=blocks[0].children,
        seeds=np.concatenate(joined["seeds"]),
        folders=tuple(folder for folders in joined["folders"] for folder in folders),
    )


def _concatenate_padded(parts: Sequence[np.ndarray]) -> np.ndarray:
    width = max(part.shape[-1] for part in parts)
    return np.concatenate([np.pad(part, [(0, 0), (0, 0), (0, width - part.shape[-1])]) for part in parts])
