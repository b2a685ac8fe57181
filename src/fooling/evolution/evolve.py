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
from fooling.evolution.evolution import Evolution, join_runs
from fooling.evolution.map_elites import CELL_TYPES, History, State, Target, advance_many, check_scored, initialise
from fooling.evolution.takeovers import Takeovers, find_takeovers
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, open_run, progress_bar

BLOCK = 10  # runs evolved together; Choice: enough to fill two cores, and a unit of work for a cluster
# The code that makes the bytes of a run, with the encoding's; the network's is in its weights.
CODE = (
    "images.py",
    "evolution/map_elites.py",
    "evolution/takeovers.py",
    "evolution/evolve.py",
    "networks/classifier.py",
)
CHUNK = 10  # generations in one graph between two checkpoints; Choice: a few seconds on a laptop


def evolve(
    classifier: Classifier,
    encoding: Encoding,
    *,
    generations: int,
    children: int,
    seeds: Iterable[int],
    classes: Sequence[int] | None = None,
    folder: str | Path | None = None,
) -> Evolution:
    """Run MAP-Elites with one cell per class, once for every seed.

    Args:
        classifier: The network to fool.
        encoding: How images are made, at the classifier's image shape.
        generations: Generations after the random images.
        children: Random images at the start and children per generation.
        seeds: One integer per independent run. A run is the same whichever runs stand beside it.
        classes: The classes that get a cell, by index; None for all. With fewer cells the other classes' champions are
            missing as stepping stones, so it is another search and not a part of the whole one.
        folder: Where runs are kept and resumed from; None keeps nothing.

    Raises:
        ValueError: If a number is too small, the shapes differ, there is no such class, or the network gives NaN for
            everything.
        OSError: If the folder cannot be written.
    """
    chosen = check_request(classifier, encoding, generations, children, seeds)
    target = Target(classifier, check_classes(classifier, classes))
    request = Request(target, encoding, int(generations), int(children), Path(folder) if folder else None)
    compiled = cache(partial(compile_advance, request))  # one graph per number of runs
    with progress_bar(-(-len(chosen) // BLOCK) * generations, f"evolving {encoding.name}") as bar:
        blocks = [
            evolve_block(request, chosen[start : start + BLOCK], compiled, bar.update)
            for start in range(0, len(chosen), BLOCK)
        ]
    return join_runs(blocks)


class Request(NamedTuple):
    """The arguments of :func:`evolve` but the seeds."""

    target: Target
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


def check_classes(classifier: Classifier, classes: Sequence[int] | None) -> tuple[int, ...]:
    """Return the classes that get a cell, having checked that each is there and named once."""
    count = len(classifier.class_names)
    given = range(count) if classes is None else classes
    chosen = tuple(given) if isinstance(given, Iterable) else ()
    if not chosen or not all(isinstance(index, int | np.integer) and 0 <= index < count for index in chosen):
        raise ValueError(f"Classes are whole numbers from 0 to {count - 1}, at least one of them.")
    if len(set(chosen)) < len(chosen):
        raise ValueError("A class was named twice, but it has one cell.")
    return tuple(int(index) for index in chosen)


Advance = Callable[[State, tf.Tensor], tuple[State, History]]


def compile_advance(request: Request, runs: int) -> Advance:
    """Return :func:`~.map_elites.advance_many` as one graph for this many runs at once."""
    shapes = request.encoding.genome_shapes()
    example = request.encoding.initialise(1, tf.zeros([1, 2], tf.int64))
    genomes = type(shapes)(
        *(tf.TensorSpec([runs, None, *shape], part.dtype) for shape, part in zip(shapes, example, strict=True))
    )
    cells = {name: tf.TensorSpec([runs, len(request.target.classes)], kind) for name, kind in CELL_TYPES.items()}
    state = State(genomes, **cells, generation=tf.TensorSpec([], tf.int32), seeds=tf.TensorSpec([runs], tf.int64))

    def advance_graph(state: State, generations: tf.Tensor) -> tuple[State, History]:
        return advance_many(state, request.target, request.encoding, request.children, generations)

    signature = [state, tf.TensorSpec([], tf.int32)]
    # The concrete function: tf.function itself warns of retracing where several networks are fooled in one process.
    compiled: Advance = tf.function(advance_graph, input_signature=signature).get_concrete_function()
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
    state, takeovers, before = resumed or (*_start(request, seeds), 0.0)
    count_done(int(state.generation))
    while int(state.generation) < request.generations:
        chunk = min(CHUNK, request.generations - int(state.generation))
        last = state.champions.numpy()
        state, history = compiled(len(seeds))(state, tf.constant(chunk))
        takeovers = takeovers.append(find_takeovers(history, last))
        if run:
            seconds = np.asarray(before + time.monotonic() - started)
            run.save_checkpoint(int(state.generation), {**_pack_checkpoint(state, takeovers), "seconds": seconds})
        count_done(chunk)
    arrays = _pack_result(state, takeovers)
    if run:
        run.save_result(arrays, before + time.monotonic() - started)
    return _unpack_result(arrays, request, run)


def open_block(request: Request, seeds: tuple[int, ...]) -> RunFolder | None:
    """Return the folder of a block of runs, or None if nothing is kept."""
    if request.folder is None:
        return None
    settings = {
        "classifier": request.target.classifier.fingerprint(),
        "classes": list(request.target.classes),
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


def _start(request: Request, seeds: tuple[int, ...]) -> tuple[State, Takeovers]:
    def initialise_graph(seeds: tf.Tensor) -> State:
        return initialise(request.target, request.encoding, request.children, seeds)

    signature = [tf.TensorSpec([len(seeds)], tf.int64)]
    state = tf.function(initialise_graph, input_signature=signature).get_concrete_function()(
        tf.constant(seeds, tf.int64)
    )
    check_scored(state, request.target)
    first = History(*(getattr(state, name)[None] for name in History._fields))
    return state, find_takeovers(first, np.full(state.champions.shape, -1, np.int32))


def _pack_checkpoint(state: State, takeovers: Takeovers) -> dict[str, np.ndarray]:
    arrays = {f"genome_{name}": part for name, part in state.genomes._asdict().items()}
    arrays |= {name: part for name, part in state._asdict().items() if name != "genomes"}
    arrays |= {f"takeover_{name}": part for name, part in takeovers._asdict().items()}
    return {name: np.asarray(part) for name, part in arrays.items()}


def _resume(run: RunFolder | None, request: Request) -> tuple[State, Takeovers, float] | None:
    checkpoint = run.load_checkpoint() if run else None
    if checkpoint is None:
        return None
    arrays = checkpoint[1]
    cells = {name: tf.constant(arrays[name]) for name in State._fields if name != "genomes"}
    genomes = tf.nest.map_structure(tf.constant, _read_genomes(arrays, request))
    return State(genomes, **cells), _read_takeovers(arrays), float(arrays["seconds"])


def _read_genomes(arrays: dict[str, np.ndarray], request: Request) -> Genomes:
    kind = type(request.encoding.genome_shapes())
    return kind(*(arrays[f"genome_{name}"] for name in kind._fields))


def _read_takeovers(arrays: dict[str, np.ndarray]) -> Takeovers:
    return Takeovers(*(arrays[f"takeover_{name}"] for name in Takeovers._fields))


def _pack_result(state: State, takeovers: Takeovers) -> dict[str, np.ndarray]:
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
    }


def _unpack_result(arrays: dict[str, np.ndarray], request: Request, run: RunFolder | None) -> Evolution:
    complete = any(name.startswith("genome_") for name in arrays)
    return Evolution(
        encoding=request.encoding,
        classes=request.target.classes,
        genomes=_read_genomes(arrays, request) if complete else None,
        places=arrays["places"],
        log_odds=arrays["log_odds"],
        takeovers=_read_takeovers(arrays),
        generations=request.generations,
        children=request.children,
        seeds=arrays["seeds"],
        folders=(run,) * len(arrays["seeds"]) if run else (),
    )
