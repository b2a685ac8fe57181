"""The detectors on an ImageNet network, for those who have a folder of natural photographs."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from fooling.data.photographs import UNKNOWN, Photographs
from fooling.images import cut_middle
from fooling.lab.detectors.guard import fit_panel
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import load_network
from fooling.pages.detectors.digits import Fooling, draw_noise, score_fooling, take_champions
from fooling.pages.detectors.records import Measurement, pack, read_measurement
from fooling.pages.detectors.summary import SIZES
from fooling.pages.imagenet_cppn import claim as imagenet_cppn
from fooling.pages.page import Page
from fooling.pages.searches import ImageNetSizes
from fooling.runs import compute_once

VERSION = 1  # of what is measured; golden arrays hold it to the bytes
THIRDS = 4  # what a page's seed is used for, besides what digits use it for
PARTS = 3  # of the photographs: for features, for temperature and thresholds, to be measured
FEWEST = 20 * PARTS  # photographs; Choice: of 20, one is the 5% that a threshold refuses


def measure_photographs(page: Page, photographs: Photographs, profile: str, seed: int) -> Measurement:
    """Score photographs, page 08's champions with coordinates in [−1, 1], and noise.

    The network sees one crop, so images that evolved for ten crops lose their edge; the detectors are those that need
    no other network. ValueError if page 08 has not been run, or photographs with a label are too few or not readable.
    """
    search, count = imagenet_cppn.SIZES[profile], SIZES[profile].images
    network, thirds = load_network(search.network), split_photographs(photographs, count, seed)
    described = {
        "network": network.fingerprint(),
        "photographs": [part.fingerprint() for part in thirds],
        "search": {part.name: getattr(search, part.name) for part in fields(ImageNetSizes)},
        "count": count,
        "seed": seed,
    }

    def compute() -> dict[str, np.ndarray]:
        champions = take_champions(page.find_search("08_imagenet_cppn", "centred"), count)
        return score_photographs(network, thirds, champions, seed)

    return read_measurement(*compute_once(page.runs, "detectors-imagenet", described, VERSION, compute))


def split_photographs(photographs: Photographs, count: int, seed: int) -> tuple[Photographs, ...]:
    """Split labelled photographs, fewer than 60 being a ValueError, at random into three parts of at most ``count``."""
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
    """Return the arrays of the result."""
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
