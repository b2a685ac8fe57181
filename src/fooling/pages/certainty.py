"""How sure a network is of images that nobody bred: where every search starts, and what photographs get; kept."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import Photographs, random_crops
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
from fooling.networks.assessment import Assessment, place_labels, summarise
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is kept
CROPS, UNBRED = "crops of photographs", {"random CPPN images": CppnEncoding, "uniform noise": DirectEncoding}


class Certainty(NamedTuple):
    """What a network answers."""

    # by kind of image, (count,) float32: the confidence in the top class, whatever it is
    confidences: dict[str, np.ndarray]
    folder: RunFolder | None  # where it is kept


def measure_certainty(
    classifier: Classifier, photographs: Photographs, count: int, seed: int, folder: Path
) -> Certainty:
    """Show a network ``count`` each of random crops, random CPPN images and uniform noise; nothing is done twice."""

    def compute() -> dict[str, np.ndarray]:
        shape = classifier.image_shape
        images = {CROPS: [random_crops(photographs, count, seed, shape).images]} | {
            label: draw_random_images(encoding(shape), count, seed) for label, encoding in UNBRED.items()
        }
        return {
            label: np.concatenate([classifier.confidences(batch).max(axis=1) for batch in batches])
            for label, batches in images.items()
        }

    settings = {
        "classifier": classifier.fingerprint(),
        "photographs": photographs.fingerprint(),
        "count": count,
        "seed": seed,
    }
    arrays, run = compute_once(folder, "certainty", settings, VERSION, compute)
    return Certainty({label: arrays[label] for label in (CROPS, *UNBRED)}, run)


def assess_photographs(
    classifier: Classifier, photographs: Photographs, margin: float, folder: Path
) -> tuple[Assessment, RunFolder | None]:
    """Return how good a network is on labelled photographs, cut by ``margin``, and where that is kept."""

    def compute() -> dict[str, np.ndarray]:
        batches = photographs.batches(classifier.image_shape, margin=margin)
        return dict(zip(("confidences", "places"), place_labels(classifier, batches, photographs.labels), strict=True))

    settings = {"classifier": classifier.fingerprint(), "photographs": photographs.fingerprint(), "margin": margin}
    arrays, run = compute_once(folder, "photographs", settings, VERSION, compute)
    return summarise(**arrays), run
