"""The detectors on an ImageNet network, for those who have a folder of natural photographs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import UNKNOWN, Photographs
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolve import evolve
from fooling.lab.detectors import inputs, panel
from fooling.lab.detectors.inputs import Fooling
from fooling.lab.detectors.panel import Panel
from fooling.lab.detectors.records import Scored, pack_scored, read_scored
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import load_network
from fooling.pages.profiles import ImageNetSettings
from fooling.pages.retraining.lesson import cut_middle
from fooling.runs import RunFolder, open_run

KINDS = ("CPPN", "noise")
PARTS = 3  # of the photographs: for features, for temperature and thresholds, to be measured
FEWEST = 20 * PARTS  # photographs; Choice: of 20, one is the 5% that a threshold refuses
THIRDS = 4  # what a page's seed is used for here; see inputs.py


class ImageNetDetectors(NamedTuple):
    """What detectors say of an ImageNet network's photographs and fooling images.

    Attributes:
        detectors: Their names.
        temperature: Fitted on the second third of the photographs.
        fit_scores: ``(detectors, n) float64``: of that third.
        natural: Of the last third.
        kinds: By kind of fooling image.
        folder: Where it is kept.
    """

    detectors: tuple[str, ...]
    temperature: float
    fit_scores: np.ndarray
    natural: np.ndarray
    kinds: Mapping[str, Scored]
    folder: RunFolder


def measure_imagenet(
    search: ImageNetSettings, photographs: Photographs, count: int, seed: int, folder: Path
) -> ImageNetDetectors:
    """Score photographs, the champions of page 08 and noise by every detector that needs no other network.

    The network sees one crop; images that evolved for ten crops lose their edge.

    Args:
        search: The page's settings; its runs are found again if they are finished.
        photographs: Natural ones, labelled, since temperature needs labels.
        count: Of each kind of fooling image, and of photographs in each third, at most.
        seed: Of the page's first run.
        folder: Where runs are kept.

    Raises:
        ValueError: If there are too few labelled photographs, or one cannot be read.
        OSError: If the folder cannot be written.
    """
    thirds = split_photographs(photographs, count, seed)
    network = load_network(search.network)
    described = {
        "network": network.fingerprint(),
        "photographs": [part.fingerprint() for part in thirds],
        "search": asdict(search),
        "count": count,
        "seed": seed,
    }
    run = open_run(folder, "detectors-imagenet", described, 1)
    arrays = run.load_result()
    if arrays is None:
        champions = _find_champions(search, count, seed, folder)
        started = time.monotonic()
        arrays = score_photographs(network, thirds, champions, seed)
        run.save_result(arrays, time.monotonic() - started)
    names = tuple(str(name) for name in arrays["detectors"])
    kinds = {kind: read_scored(arrays, f"kind_{place}") for place, kind in enumerate(KINDS)}
    return ImageNetDetectors(names, float(arrays["temperature"]), arrays["fit_scores"], arrays["natural"], kinds, run)


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
    """Return the arrays of :class:`ImageNetDetectors`.

    Args:
        network: One that sees one crop.
        thirds: For features, for temperature and thresholds, to be measured.
        champions: CPPN images, as large as the network's own or larger.
        seed: Of the noise.
    """
    learned, fit, rest = (np.concatenate(list(part.batches(network.image_shape))) for part in thirds)
    fitted = panel.fit_panel(network, fit, thirds[1].labels, learned, None)
    images = cut_middle(champions.images, network.image_shape)
    noise = inputs.draw_noise(network.image_shape, len(images), seed)
    kinds = (Fooling(images, champions.targets), noise)
    return {
        "detectors": np.array(fitted.names),
        "temperature": np.asarray(fitted.temperature),
        "fit_scores": fitted.score(fit),
        "natural": fitted.score(rest),
        **pack_scored("kind", [_score(fitted, part) for part in kinds]),
    }


def _score(fitted: Panel, fooling: Fooling) -> Scored:
    return Scored(fitted.score(fooling.images), inputs.read_log_odds(fitted.classifier, fooling))


def _find_champions(search: ImageNetSettings, count: int, seed: int, folder: Path) -> Fooling:
    """Return champions of page 08 with coordinates in [−1, 1], run by run, since many are large."""
    classifier = load_network(search.network, search.crops)
    found = evolve(
        classifier,
        CppnEncoding(classifier.image_shape),
        generations=search.generations,
        children=search.children,
        seeds=range(seed, seed + search.runs),
        classes=search.classes or None,
        folder=folder,
    )
    cells = len(found.classes)
    parts: Iterable[np.ndarray] = (
        found.express(run, np.arange(min(cells, count - run * cells)))
        for run in range(min(len(found.seeds), -(-count // cells)))
    )
    targets = np.tile(np.asarray(found.classes, np.int64), len(found.seeds))[:count]
    return Fooling(np.concatenate(list(parts)), targets)
