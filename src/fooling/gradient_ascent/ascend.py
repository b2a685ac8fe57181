"""Climb for many classes and seeds: fixed batches, chunks of steps, checkpoints between them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.cluster import find_client, send_graph
from fooling.evolution.evolve import check_classes, check_seeds
from fooling.files import check_arrays
from fooling.gradient_ascent.climb import (
    Advance,
    Climb,
    Trace,
    compile_advance,
    compile_score,
    describe_climb,
    find_mean,
    find_reach,
    start_climb,
)
from fooling.gradient_ascent.records import KEPT, Ascent, choose_points, measure_batch
from fooling.gradient_ascent.settings import Setting
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, hold_run, open_run, progress_bar

VERSION = 1  # of what climbs; golden arrays hold it to the bytes
# Images in a batch: a multiple of 8, because the sums of another batch, and the odd ones at its end, differ in the last
# bits, and an image must not depend on those beside it. Choice: of LeNet 64, where images per second level off, and of
# EfficientNet-Lite 8, which 16 does not beat by a tenth and which wastes fewer places.
FACTOR, BATCH, BATCH_PIXELS = 8, 64, 2**19
CHUNK_PIXELS = 2e7  # between two checkpoints; Choice: some seconds on a laptop
Count = Callable[[int], Any]


class AscentSetup(NamedTuple):
    """The arguments of :func:`ascend`, checked."""

    classifier: Classifier
    setting: Setting
    classes: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int

    @property
    def batch(self) -> int:
        """How many images climb together."""
        pixels = math.prod(self.classifier.image_shape[:2])
        return max(FACTOR, min(BATCH, BATCH_PIXELS // pixels) // FACTOR * FACTOR)

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.seeds) * len(self.classes)

    @property
    def work(self) -> int:
        """Images × steps, those that fill up the last batch not counted."""
        return self.images * self.steps


def ascend(
    classifier: Classifier,
    setting: Setting,
    classes: Sequence[int] | None,
    seeds: Iterable[int],
    steps: int | None = None,
    folder: str | Path | None = None,
    count_done: Count | None = None,
) -> Ascent:
    """Climb from noise until a class is as certain as the setting's steps make it, once for every class and seed.

    Args:
        classes: By index; None for all.
        seeds: One integer per start. Seed and class make the noise, whatever other images are asked for.
        steps: How often the confidence is measured; None for as often as the setting says.
        folder: Where it is kept and resumed from; None keeps nothing.
        count_done: Called with the number of images × steps done since the last call; None shows a bar.

    Raises:
        ValueError: If a number makes no sense, or there is no such class.
        OSError: If the folder cannot be written.
    """
    setup = check_ascent(classifier, setting, classes, seeds, steps)
    label = "".join(letter if letter.isalnum() else "-" for letter in setting.name.lower().replace(" + ", "-"))
    run = open_run(Path(folder), f"ascent-{label}", describe_ascent(setup), VERSION) if folder else None
    shown: Any = nullcontext() if count_done else progress_bar(setup.work, f"climbing, {setting.name}")
    with shown as bar, hold_run(run) as finished:
        count = count_done or bar.update
        if finished:
            count(setup.work)
        climbed = finished or _climb_all(setup, run, count)
    arrays: dict[str, Any] = {name: climbed[name] for name in KEPT}
    return Ascent(*setup[1:], **arrays, folder=run)


def check_ascent(
    classifier: Classifier, setting: Setting, classes: Sequence[int] | None, seeds: Iterable[int], steps: int | None
) -> AscentSetup:
    """Return the arguments of :func:`ascend`, having checked them."""
    steps = setting.steps if steps is None else steps
    if not isinstance(steps, int | np.integer) or steps < 1:
        raise ValueError(f"Ascent needs a whole number of steps, at least 1, but {steps} was given.")
    if find_reach(setting.blur_radius) > min(classifier.image_shape[:2]):
        raise ValueError(f"A blur of {setting.blur_radius} pixels is wider than images of {classifier.image_shape}.")
    return AscentSetup(classifier, setting, check_classes(classifier, classes), check_seeds(seeds), int(steps))


def describe_ascent(setup: AscentSetup) -> dict[str, Any]:
    """Return what a climb depends on, as JSON."""
    return {
        "classifier": setup.classifier.fingerprint(),
        "setting": asdict(setup.setting),
        "classes": list(setup.classes),
        "seeds": list(setup.seeds),
        "steps": setup.steps,
    }


class Progress(NamedTuple):
    """What a checkpoint holds."""

    place: int  # which batch is under way
    done: dict[str, np.ndarray]  # the arrays of the batches before it, images first
    climb: Climb  # its images
    trace: Trace  # what was measured on them, as arrays


def _climb_all(setup: AscentSetup, run: RunFolder | None, count: Count) -> dict[str, np.ndarray]:
    """Return the arrays of an ascent, from its last checkpoint if there is one."""
    begun = time.monotonic()
    mean, size, saved = find_mean(setup.classifier), setup.batch, _load_checkpoint(run, setup)
    given, client = (setup.classifier, setup.setting, mean, size), find_client()
    advance = send_graph(client, compile_advance, *given) if client else compile_advance(*given)
    score = compile_score(setup.classifier, size)
    done, first = (saved.done, saved.place) if saved else ({}, 0)
    pairs = np.array([(seed, index) for seed in setup.seeds for index in setup.classes], np.int64)
    count(first * size * setup.steps)
    for place in range(first, -(-len(pairs) // size)):
        used = pairs[place * size : (place + 1) * size]
        filled = np.resize(used, (size, 2))  # the last batch is filled up with its own images
        if saved:
            start = saved.climb, saved.trace
        else:
            nothing = (np.zeros((0, size), np.float32), np.zeros((0, size), np.bool_))
            start = start_climb(setup.setting, mean, setup.classifier.image_shape, filled), Trace(*nothing)
        saved, reached = None, 0
        for climb, trace in _take_chunks(setup, advance, start, filled[:, 1]):
            if run:
                spent = time.monotonic() - begun
                arrays = _pack_checkpoint(Progress(place, done, climb, trace))
                run.save_checkpoint(place * setup.steps + len(trace.log_odds), arrays, spent)
                begun += spent
            count((len(trace.log_odds) - reached) * len(used))
            reached = len(trace.log_odds)
        measured = measure_batch(climb, trace, filled[:, 1], mean, score)
        parts = {name: part[: len(used)] for name, part in measured.items()}
        done = {name: np.concatenate([done[name], part]) if done else part for name, part in parts.items()}
    shape = (len(setup.seeds), len(setup.classes))
    result = {name: part.reshape(*shape, *part.shape[1:]) for name, part in done.items()}
    result["curve_steps"] = choose_points(setup.steps)
    if run:
        run.save_result(result, time.monotonic() - begun)
    return result


def _take_chunks(
    setup: AscentSetup, advance: Advance, start: tuple[Climb, Trace], classes: np.ndarray
) -> Iterator[tuple[Climb, Trace]]:
    """Yield a batch as it starts and after every chunk of steps, with all that was measured on it so far."""
    climb, trace = start
    yield start
    pixels = math.prod(setup.classifier.image_shape[:2]) * setup.batch
    most, last = max(1, int(CHUNK_PIXELS // pixels)), tf.constant(setup.steps - 1)
    while len(trace.log_odds) < setup.steps:
        chunk = tf.constant(min(most, setup.steps - len(trace.log_odds)))
        climb, more = advance(climb, tf.constant(classes, tf.int32), chunk, last)
        trace = Trace(*(np.concatenate(parts) for parts in zip(trace, more, strict=True)))
        yield climb, trace


def _name_parts(climb: Climb, trace: Trace) -> dict[str, Any]:
    """Return what a checkpoint holds of a batch that is under way, by name."""
    parts = {f"climb_{name}": part for name, part in climb._asdict().items()}
    return parts | {f"trace_{name}": part for name, part in trace._asdict().items()}


def _pack_checkpoint(progress: Progress) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(part) for name, part in _name_parts(progress.climb, progress.trace).items()}
    arrays |= {f"done_{name}": part for name, part in progress.done.items()}
    return arrays | {"place": np.asarray(progress.place)}


def _load_checkpoint(run: RunFolder | None, setup: AscentSetup) -> Progress | None:
    def read(number: int, arrays: dict[str, np.ndarray]) -> Progress:
        kept = [name for name in arrays if name.startswith("done_")]
        done = {name.removeprefix("done_"): arrays.pop(name) for name in kept}
        kinds = _name_parts(*describe_climb(setup.classifier, setup.batch))
        check_arrays(arrays, {**kinds, "place": tf.TensorSpec([], tf.int64)})
        place = int(arrays["place"])
        counts = {len(part) for part in done.values()} or {0}
        steps = len(arrays["trace_log_odds"])
        if number != place * setup.steps + steps or counts != {place * setup.batch}:
            raise ValueError("is of another batch or of another step")
        climb = Climb(*(tf.constant(arrays[f"climb_{name}"]) for name in Climb._fields))
        return Progress(place, done, climb, Trace(*(arrays[f"trace_{name}"] for name in Trace._fields)))

    return run.load_checkpoint(read) if run else None
