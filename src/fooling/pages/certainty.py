"""How sure a network is of images that nobody bred: where every search starts, and what photographs get."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.photographs import Photographs, random_crops
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
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
    classifier: Classifier, photographs: Photographs, count: int, seed: int, folder: str | Path
) -> Certainty:
    """Show a network random crops of photographs, uniform noise and random CPPN images; nothing is done twice.

    Args:
        count: Of each kind.

    Raises:
        ValueError: If the network takes no colour images, or there is no photograph.
        OSError: If the folder cannot be written.
    """

    def compute() -> dict[str, np.ndarray]:
        crops = random_crops(photographs, count, seed, classifier.image_shape).images
        images = {
            label: draw_random_images(encoding(classifier.image_shape), count, seed)
            for label, encoding in UNBRED.items()
        }
        return {label: _find_surest(classifier, batches) for label, batches in {CROPS: [crops], **images}.items()}

    settings = {
        "classifier": classifier.fingerprint(),
        "photographs": photographs.fingerprint(),
        "count": count,
        "seed": seed,
    }
    arrays, run = compute_once(Path(folder), "certainty", settings, VERSION, compute)
    return Certainty({label: arrays[label] for label in (CROPS, *UNBRED)}, run)


def _find_surest(classifier: Classifier, batches: Iterable[np.ndarray]) -> np.ndarray:
    """Return the confidence in the top class of every image."""
    return np.concatenate([classifier.confidences(batch).max(axis=1) for batch in batches])
