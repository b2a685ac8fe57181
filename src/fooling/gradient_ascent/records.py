"""What is recorded of images that climbed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fooling.gradient_ascent.climb import NEVER, Climb, Score, Trace
from fooling.gradient_ascent.settings import Setting
from fooling.images import GREY_LEVEL, to_bytes
from fooling.runs import RunFolder

LEVELS = (0.99, 0.999, 0.9999)  # Source: released code
POINTS = 100  # of a curve, besides its end; Choice: more than a figure shows


class Ascent(NamedTuple):
    """What climbed from each seed for each class, with a record for each image."""

    setting: Setting  # how
    classes: tuple[int, ...]  # by index
    seeds: tuple[int, ...]  # one per start
    steps: int  # how often each image was measured
    curve_steps: np.ndarray  # ``(points,) int32``: at most 101 steps, from the first to the last
    curves: np.ndarray  # ``(seeds, classes, points) float32``: log-odds at these steps
    # ``(seeds, classes, 4) int32``: the first step at which the class is the network's first, and at which its
    # confidence is at least 99%, 99.9% and 99.99%; −1 if never
    first: np.ndarray
    # ``(seeds, classes) int32``: the step at which the gradient was exactly zero, or no number, so that the image moved
    # no more; −1 if never
    stopped: np.ndarray
    best_step: np.ndarray  # ``(seeds, classes) int32``: the step of the highest log-odds
    best_log_odds: np.ndarray  # ``(seeds, classes) float32``: there, before rounding to 8 bits
    last_log_odds: np.ndarray  # ``(seeds, classes) float32``: at the last step, before rounding
    best_images: np.ndarray  # ``(seeds, classes, height, width, channels) uint8``, as a PNG holds it
    last_images: np.ndarray  # the same at the last step
    best_rounded: np.ndarray  # ``(seeds, classes) float32``: log-odds of ``best_images``
    last_rounded: np.ndarray  # of ``last_images``
    last_leads: np.ndarray  # ``(seeds, classes) bool``: whether the class is the network's first for ``last_images``
    folder: RunFolder | None = None  # where it is kept; None if nowhere


KEPT = tuple(name for name in Ascent._fields if name not in ("setting", "classes", "seeds", "steps", "folder"))


def measure_batch(climb: Climb, trace: Trace, classes: np.ndarray, mean: float, score: Score) -> dict[str, np.ndarray]:
    """Return the records of a batch that has arrived, images first; the names are those of :class:`Ascent`.

    Args:
        classes: ``(batch,)``.
        score: Of :func:`fooling.gradient_ascent.climb.compile_score`.
    """
    steps = len(trace.log_odds)
    passed = [trace.leads, *(trace.log_odds >= np.log(level / (1.0 - level)) for level in LEVELS)]
    images = {
        name: to_bytes((offset + mean) * GREY_LEVEL)
        for name, offset in (("best", climb.best_offset), ("last", climb.offset))
    }
    scores = {name: score(tf.constant(part), tf.constant(classes, tf.int32)) for name, part in images.items()}
    return {
        "curves": trace.log_odds[choose_points(steps)].T,
        "first": np.stack([_find_first(part) for part in passed], axis=1),
        "stopped": climb.stopped.numpy(),
        "best_step": trace.log_odds.argmax(axis=0).astype(np.int32),
        "best_log_odds": climb.best_log_odds.numpy(),
        "last_log_odds": trace.log_odds[-1],
        "best_images": images["best"],
        "last_images": images["last"],
        "best_rounded": scores["best"][0].numpy(),
        "last_rounded": scores["last"][0].numpy(),
        "last_leads": scores["last"][1].numpy(),
    }


def _find_first(passed: np.ndarray) -> np.ndarray:
    """Return the first step at which each image passed, from ``(steps, images) bool``; −1 if none."""
    return np.where(passed.any(axis=0), passed.argmax(axis=0), NEVER).astype(np.int32)


def choose_points(steps: int) -> np.ndarray:
    """Return at most 101 of ``steps`` steps, as equally spaced as whole numbers can be, with the first and the last."""
    return np.unique(np.rint(np.linspace(0, steps - 1, min(steps, POINTS + 1))).astype(np.int32))
