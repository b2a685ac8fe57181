"""The champions of page 08 as another network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fooling.evolution.evolution import Evolution
from fooling.images import resize_images
from fooling.networks.classifier import Classifier
from fooling.networks.head import compute_features, split_head

AT_ONCE = 100  # images expressed and resized at a time; Choice: 60 MB as float32 at 227 × 227


class Champions(NamedTuple):
    """The champions of one run, as another network sees them."""

    images: np.ndarray  # (cells,) integers, equal where two cells hold the very same image
    log_odds: np.ndarray  # (cells,) float32: of the class, by the network that they evolved on
    features: np.ndarray  # (cells, features) float32 of length 1, so that an inner product is a cosine


def describe_champions(run: Evolution, place: int, judge: Classifier) -> Champions:
    """Return the champions of one run, seen by a network that they did not evolve on.

    Features are what its last layer reads. Each image is shown once, resized where the network takes another size.
    """
    below, _ = split_head(judge)
    distinct, cells, where = np.unique(run.places[place], return_index=True, return_inverse=True)
    seen = compute_features(judge, below, _show_resized(run, place, cells, judge))
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    return Champions(distinct[where], run.log_odds[place], seen[where])


def _show_resized(run: Evolution, place: int, cells: np.ndarray, judge: Classifier) -> Iterator[np.ndarray]:
    for start in range(0, len(cells), AT_ONCE):
        yield np.asarray(resize_images(run.express(place, cells[start : start + AT_ONCE]), *judge.image_shape[:2]))
