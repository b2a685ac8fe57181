"""The images that a fooling class is made of: half champions of the first generation, half of the last (paper §3.6)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from fooling.encodings.operators import fold_seeds
from fooling.evolution.evolution import EXPRESSED, Evolution
from fooling.evolution.map_elites import VARIATION, generation_seeds
from fooling.images import to_bytes
from fooling.runs import RunFolder

# Between the first seeds of searches against two networks. Equal seeds would start from the very random images that the
# fooling class was made of. Choice: more than any search has runs.
SEEDS_APART = 1_000


def express_first_champions(run: Evolution, runs: Iterable[int]) -> np.ndarray:
    """Express what each cell held after the random images, before any was bred.

    Runs keep the genomes of their last champions only. Random genomes depend on a run's seed alone, so they are drawn
    once more, and the takeovers say which of them held a cell.

    Args:
        run: Finished runs.
        runs: Positions among its seeds.

    Returns:
        ``(runs, cells, height, width, channels) uint8``.
    """
    numbers = run.unroll("champion", -1)[:, 0]  # (runs, cells): in generation 0 an image's number is its slot
    express = tf.function(run.encoding.express, reduce_retracing=True)
    images = []
    for place in runs:
        start = generation_seeds(tf.constant(run.seeds[place : place + 1], tf.int64), tf.constant(0))
        genomes = run.encoding.initialise(run.children, fold_seeds(start, VARIATION))
        images.append(
            np.concatenate(
                [
                    to_bytes(
                        express(tf.nest.map_structure(lambda part, few=few: tf.gather(part, few, axis=1), genomes))[0]
                    )
                    for few in np.split(numbers[place], range(EXPRESSED, numbers.shape[1], EXPRESSED))
                ]
            )
        )
    return np.stack(images)


def express_both_champions(run: Evolution, runs: Iterable[int]) -> np.ndarray:
    """Return ``(runs, 2 · cells, height, width, channels) uint8``: of each cell the first champion, then the last."""
    chosen = list(runs)
    first = express_first_champions(run, chosen)
    last = np.stack([run.express(place) for place in chosen])
    pairs = np.stack([first, last], axis=2)  # (runs, cells, 2, …)
    return pairs.reshape(len(chosen), -1, *first.shape[2:])


def draw_fooling_images(run: Evolution, count: int) -> np.ndarray:
    """Return the first ``count`` images of :func:`express_both_champions`, runs in their order.

    So half of them, to within one, are of the first generation, and only the last of the runs is drawn from in part.

    Raises:
        ValueError: If the runs have fewer images.
    """
    held = 2 * len(run.classes)
    needed = -(-count // held)
    if needed > len(run.seeds):
        raise ValueError(f"{count} fooling images need {needed} runs, but there are {len(run.seeds)}.")
    images = express_both_champions(run, range(needed))
    return images.reshape(-1, *images.shape[2:])[:count]


def add_seconds(folders: Iterable[RunFolder]) -> float:
    """Return what these runs cost together when they were computed, in seconds."""
    records = [(run.path / "provenance.json").read_text(encoding="utf-8") for run in dict.fromkeys(folders)]
    return float(sum(json.loads(record)["seconds"] for record in records))
