"""Evolve images that a classifier is certain of: blocks of runs, chunks of generations, checkpoints between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.cluster import find_client, send_graph, work_through
from fooling.confidence import to_confidence
from fooling.encodings import Encoding
from fooling.encodings.population import compile_graph, describe_population, on_processor
from fooling.evolution.evolution import Evolution, check_cells, join_runs, unpack_result
from fooling.evolution.kept import pack_result, pack_state, take_up, unpack_state
from fooling.evolution.map_elites import CELL_TYPES, History, State, Target, advance_many, check_scored, empty_cells
from fooling.evolution.search import PAPER, SearchSettings, check_search
from fooling.evolution.search import VERSION as SEARCH_VERSION
from fooling.evolution.takeovers import NO_TAKEOVERS, TAKEOVER_TYPES, Takeovers, find_takeovers
from fooling.files import check_arrays
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, find_shorter, hold_run, open_run, progress_bar
from fooling.words import show_confidence

if TYPE_CHECKING:
    from distributed import Client

VERSION = 1  # of what evolution makes of genomes and log-odds; golden arrays hold it to the bytes
# Runs evolved together: a unit of work for a cluster. Choice: ten digit runs fill two cores; where images are larger, a
# run fills them alone, and a kill loses less.
BLOCK, BLOCK_PIXELS = 10, 2**21
CHUNK = 10  # generations in one graph between two looks at the clock; Choice: a few seconds on a laptop
CHUNK_THERE = 50  # on a cluster; Choice: what goes to and fro is little beside it, and a worker's death loses minutes
GRAPHS = 4  # kept for searches that go on or begin again; Choice: few, as they keep their networks, too
CHECKPOINT_SECONDS, CHECKPOINT_SHARE = 60.0, 0.02  # between two checkpoints at least, and what they may cost; Choice


def evolve(
    classifier: Classifier,
    encoding: Encoding,
    *,
    generations: int,
    children: int,
    seeds: Iterable[int],
    classes: Sequence[int] | None = None,
    folder: str | Path | None = None,
    client: Client | None = None,
    search: SearchSettings = PAPER,
) -> Evolution:
    """Run MAP-Elites with one cell per class, once for every seed.

    Args:
        generations: Generations after the random images. More of them continue a finished run that is kept.
        seeds: One integer per independent run. A run is the same whichever runs stand beside it.
        classes: The classes that get a cell, by index; None for all. With fewer cells the other classes' champions are
            missing as stepping stones, so it is another search and not a part of the whole one.
        folder: Where runs are kept and resumed from; None keeps nothing.
        client: A Dask cluster, whose workers evolve blocks of seeds side by side; None for the one named by
            ``FOOLING_SCHEDULER``, or this machine.
        search: Parts of the search beside the paper's. With a library of random images some generations are of those.

    Raises:
        ValueError: If a number is too small, the shapes differ, there is no such class, the network gives NaN for
            everything, or the search needs what this encoding or network does not have.
        ClusterError: If a cluster cannot be used.
        OSError: If the folder cannot be written.
    """
    chosen = check_arguments(classifier, encoding, generations, children, seeds)
    check_search(search, encoding, classifier)
    target = Target(classifier, check_classes(classifier, classes))
    setup = Setup(target, encoding, int(generations), int(children), Path(folder) if folder else None)
    setup = setup._replace(client=client or find_client(), search=search)
    compiled = partial(compile_advance, setup._replace(generations=0, folder=None))  # neither is in the graph
    size = find_block(setup)
    with progress_bar(-(-len(chosen) // size) * generations, f"evolving {encoding.name}") as bar:

        def tell(done: int, log_odds: np.ndarray) -> None:
            bar.set_postfix_str(f"median {show_confidence(float(np.median(to_confidence(log_odds))))}", refresh=False)
            bar.update(done)

        blocks = [
            partial(evolve_block, setup, chosen[start : start + size], compiled, tell)
            for start in range(0, len(chosen), size)
        ]
        return join_runs(work_through(setup.client, blocks))


class Setup(NamedTuple):
    """The arguments of :func:`evolve` but the seeds."""

    target: Target
    encoding: Encoding
    generations: int
    children: int
    folder: Path | None
    client: Client | None = None
    search: SearchSettings = PAPER


def find_block(setup: Setup) -> int:
    """Return how many runs evolve side by side; it depends on the images' size and on no machine."""
    height, width, _ = setup.encoding.image_shape
    return max(1, min(BLOCK, BLOCK_PIXELS // (setup.children * height * width)))


def check_arguments(
    classifier: Classifier, encoding: Encoding, generations: int, children: int, seeds: Iterable[int]
) -> tuple[int, ...]:
    """Return the seeds as a tuple, having checked the arguments of :func:`evolve`."""
    for name, value in (("generations", generations), ("children", children)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"Evolution needs a whole number of {name}, at least 1, but {value} was given.")
    if tuple(encoding.image_shape) != tuple(classifier.image_shape):
        raise ValueError(f"The encoding makes {encoding.image_shape}, but the network takes {classifier.image_shape}.")
    return check_seeds(seeds)


def check_seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    """Return the seeds of runs or of starts as a tuple, having checked that there is one and that all differ."""
    chosen = tuple(seeds) if isinstance(seeds, Iterable) else ()
    whole = all(isinstance(seed, int | np.integer) and 0 <= seed < 2**63 for seed in chosen)
    if not chosen or not whole or len(set(chosen)) < len(chosen):
        raise ValueError("Seeds are different whole numbers from 0 to 2^63 − 1, at least one, such as range(5).")
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
Tell = Callable[[int, np.ndarray], None]


def describe_state(setup: Setup, runs: int) -> State:
    """Return the tensor types of this many runs."""
    cells = {name: tf.TensorSpec([runs, len(setup.target.classes)], kind) for name, kind in CELL_TYPES.items()}
    genomes = describe_population(setup.encoding, None, runs)
    return State(genomes, **cells, generation=tf.TensorSpec([], tf.int32), seeds=tf.TensorSpec([runs], tf.int64))


@lru_cache(maxsize=GRAPHS)
def compile_advance(setup: Setup, runs: int) -> Advance:
    """Return :func:`~.map_elites.advance_many` as one graph for this many runs at once, here or on a cluster."""
    if setup.client:
        return send_graph(setup.client, compile_advance, setup._replace(client=None), runs)

    def advance_graph(state: State, generations: tf.Tensor) -> tuple[State, History]:
        return advance_many(state, setup.target, setup.encoding, setup.children, generations, setup.search)

    return compile_graph(on_processor(advance_graph), [describe_state(setup, runs), tf.TensorSpec([], tf.int32)])


def evolve_block(setup: Setup, seeds: tuple[int, ...], compiled: Callable[[int], Advance], tell: Tell) -> Evolution:
    """Evolve a few runs together, from where they were left if they were begun; no work if they are finished.

    ``tell`` is called with the number of generations done since the last call, and the champions' log-odds.
    """
    run = open_block(setup, seeds)
    with hold_run(run) as finished:
        arrays = finished or _compute_block(setup, seeds, run, compiled, tell)
    evolution = unpack_result(arrays, setup.encoding, run, setup.search)
    if finished:
        tell(setup.generations, evolution.log_odds)
    return evolution


def _compute_block(
    setup: Setup, seeds: tuple[int, ...], run: RunFolder | None, compiled: Callable[[int], Advance], tell: Tell
) -> dict[str, np.ndarray]:
    """Return the arrays of a few runs, from their last checkpoint if there is one, and keep them."""
    saved, pause = time.monotonic(), CHECKPOINT_SECONDS
    state, takeovers = (_resume(run, setup, seeds) if run else None) or begin(setup, seeds)
    told = 0
    while (done := int(state.generation)) < setup.generations:
        tell(max(done, 0) - told, state.log_odds.numpy())
        told = max(done, 0)
        chunk = min(CHUNK_THERE if setup.client else CHUNK, setup.generations - done)
        state, takeovers = step(setup, compiled(len(seeds)), state, takeovers, chunk)
        spent = time.monotonic() - saved
        if run and spent >= pause and 0 < int(state.generation) < setup.generations:
            arrays = {name: np.asarray(part) for name, part in pack_state(state, takeovers).items()}
            run.save_checkpoint(int(state.generation), arrays, spent)
            saved, pause = saved + spent, max(pause, (time.monotonic() - saved - spent) / CHECKPOINT_SHARE)
    tell(setup.generations - told, state.log_odds.numpy())
    arrays = pack_result(state, takeovers, setup.target.classes, setup.children)
    if run:
        run.save_result(arrays, time.monotonic() - saved)
    return arrays


def open_block(setup: Setup, seeds: tuple[int, ...]) -> RunFolder | None:
    """Return the folder of a block of runs, or None if nothing is kept."""
    if setup.folder is None:
        return None
    own = not type(setup.encoding).__module__.startswith("fooling.")
    settings = {
        "classifier": setup.target.classifier.fingerprint(),
        "classes": list(setup.target.classes),
        "encoding": setup.encoding.settings(),
        "own encoding": describe_class(type(setup.encoding)) if own else None,
        "children": setup.children,
        "seeds": list(seeds),
    }
    version = {"evolution": VERSION, "encoding": setup.encoding.version}
    if parts := setup.search.describe():  # the paper's search has the key that it had before there were others
        settings["search"], version["search"] = parts, SEARCH_VERSION
    return open_run(setup.folder, setup.encoding.name, settings, version, setup.generations)


def describe_class(own: type) -> list[Any]:
    """Return what the functions of a class from outside this package do, as JSON for a key."""

    def describe(code: CodeType) -> list[Any]:
        constants = [describe(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts]
        return [code.co_code.hex(), list(code.co_names), constants]

    return [(name, describe(part.__code__)) for name, part in sorted(vars(own).items()) if hasattr(part, "__code__")]


def begin(setup: Setup, seeds: tuple[int, ...]) -> tuple[State, Takeovers]:
    """Return the runs before their random images."""
    return empty_cells(setup.encoding, len(setup.target.classes), tf.constant(seeds, tf.int64)), NO_TAKEOVERS


def step(
    setup: Setup, advance: Advance, state: State, takeovers: Takeovers, generations: int
) -> tuple[State, Takeovers]:
    """Return the runs some generations later, or after their random images if they have none yet.

    One graph does both, since tracing it takes longer than a generation of digits.

    Raises:
        ValueError: If the network gives NaN for every random image in some class.
    """
    first = int(state.generation) < 0
    later, history = advance(state, tf.constant(1 if first else generations))
    if first:
        check_scored(later, setup.target)
    return later, takeovers.append(find_takeovers(history, state.champions.numpy()))


def _resume(run: RunFolder, setup: Setup, seeds: tuple[int, ...]) -> tuple[State, Takeovers] | None:
    """Return the runs at their last checkpoint, or at the end of a shorter run of the same key; else None."""

    def read(number: int, arrays: dict[str, np.ndarray]) -> tuple[State, Takeovers]:
        check_arrays(arrays, pack_state(describe_state(setup, len(seeds)), TAKEOVER_TYPES))
        if tuple(arrays["seeds"]) != seeds or arrays["generation"] != number:
            raise ValueError("is of other seeds or of another generation")
        check_cells(arrays)
        return unpack_state(setup.encoding, arrays)

    if saved := run.load_checkpoint(read):
        return saved
    shorter = find_shorter(run, setup.generations)
    finished = shorter.load_result() if shorter else None
    evolution = unpack_result(finished, setup.encoding, shorter) if finished else None
    if not shorter or not evolution or evolution.genomes is None:
        return None  # genomes may have been left out when it was published
    run.continue_from(shorter)
    return take_up(evolution)
