"""The images that a fooling class is made of: half champions of the first generation, half of the last (paper §3.6)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fooling.encodings.population import express_genomes
from fooling.evolution.evolution import Evolution
from fooling.evolution.lineage import find_first_champions, replay
from fooling.runs import RunFolder

# Between the first seeds of searches against two networks. Equal seeds would start from the very random images that the
# fooling class was made of. Choice: more than any search has runs.
SEEDS_APART = 1_000


def express_both_champions(run: Evolution, runs: Iterable[int]) -> np.ndarray:
    """Return what each cell held after the random images, before any was bred, and what it holds at the end.

    Returns:
        ``(runs, 2 · cells, height, width, channels) uint8``: of each cell the first champion, then the last.
    """
    chosen = list(runs)
    first = [express_genomes(run.encoding, replay(run, place, find_first_champions(run, place))) for place in chosen]
    pairs = np.stack([first, [run.express(place) for place in chosen]], axis=2)  # (runs, cells, 2, …)
    return pairs.reshape(len(chosen), -1, *pairs.shape[3:])


def draw_fooling_images(run: Evolution, count: int) -> np.ndarray:
    """Return the first ``count`` images of :func:`express_both_champions`, runs in their order.

    So half of them, to within one, are of the first generation, and only the last of the runs is drawn from in part.

    Raises:
        ValueError: If the runs have fewer images.
    """
    needed = -(-count // (2 * len(run.classes)))
    if needed > len(run.seeds):
        raise ValueError(f"{count} fooling images need {needed} runs, but there are {len(run.seeds)}.")
    images = express_both_champions(run, range(needed))
    return images.reshape(-1, *images.shape[2:])[:count]


def add_seconds(folders: Iterable[RunFolder]) -> float:
    """Return what these runs cost together when they were computed, in seconds."""
    return sum(run.seconds for run in dict.fromkeys(folders))
