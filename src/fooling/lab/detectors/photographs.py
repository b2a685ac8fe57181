"""The detectors on an ImageNet network, for those who have a folder of natural photographs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fooling.data.photographs import UNKNOWN, Photographs
from fooling.images import cut_middle
from fooling.lab.detectors.inputs import THIRDS, Fooling, draw_noise, score_fooling
from fooling.lab.detectors.panel import fit_panel
from fooling.lab.detectors.records import PhotographScores, pack, read_photographs
from fooling.networks.classifier import Classifier
from fooling.runs import compute_once

VERSION = 1  # of what is measured; golden arrays hold it to the bytes
PARTS = 3  # of the photographs: for features, for temperature and thresholds, to be measured
FEWEST = 20 * PARTS  # photographs; Choice: of 20, one is the 5% that a threshold refuses


def measure_photographs(
    network: Classifier,
    photographs: Photographs,
    origin: Mapping[str, Any],
    find: Callable[[], Fooling],
    count: int,
    seed: int,
    folder: Path,
) -> PhotographScores:
    """Score photographs, champions and noise by every detector that needs no other network.

    Args:
        network: As it sees one crop; images that evolved for ten crops lose their edge.
        find: Finds them, CPPN images, at most ``count``; called only where nothing is measured yet.
        count: Of photographs in each third, at most.

    Raises:
        ValueError: If there are too few labelled photographs, or one cannot be read.
        OSError: If the folder cannot be written.
    """
    thirds = split_photographs(photographs, count, seed)
    described = {
        "network": network.fingerprint(),
        "photographs": [part.fingerprint() for part in thirds],
        **origin,
        "count": count,
        "seed": seed,
    }
    arrays, run = compute_once(
        folder, "detectors-imagenet", described, VERSION, lambda: score_photographs(network, thirds, find(), seed)
    )
    return read_photographs(arrays, run)


def split_photographs(photographs: Photographs, count: int, seed: int) -> tuple[Photographs, ...]:
    """Split labelled photographs at random into three parts of at most ``count``.

    Raises:
        ValueError: If there are fewer than 60 with a label.
    """
    labelled = np.flatnonzero(photographs.labels != UNKNOWN)
    if len(labelled) < FEWEST:
        raise ValueError(
            f"{photographs.name} holds {len(labelled)} labelled photographs, but detectors need at least {FEWEST}."
        )
    order = np.random.default_rng([seed, THIRDS]).permutation(labelled)
    return tuple(photographs.select(part[:count]) for part in np.array_split(order, PARTS))


def score_photographs(
    network: Classifier, thirds: tuple[Photographs, ...], champions: Fooling, seed: int
) -> dict[str, np.ndarray]:
    """Return the arrays of :class:`fooling.lab.detectors.records.PhotographScores`."""
    learned, fit, rest = (np.concatenate(list(part.batches(network.image_shape))) for part in thirds)
    fitted = fit_panel(network, fit, thirds[1].labels, learned, None)
    bred = champions._replace(images=cut_middle(champions.images, network.image_shape))
    kinds = (bred, draw_noise(network.image_shape, len(bred.images), seed))
    return {
        "detectors": np.array(fitted.names),
        "temperature": np.asarray(fitted.temperature),
        "fit_scores": fitted.score(fit),
        "natural": fitted.score(rest),
        **pack({f"kind_{place}": score_fooling(fitted, part) for place, part in enumerate(kinds)}),
    }
