"""What the detectors look at: held-out digits in two halves, champions of searches, and noise of two sorts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fooling.data.digits import Digits
from fooling.evolution.evolution import Evolution
from fooling.lab.detectors.panel import Panel
from fooling.lab.detectors.records import Scored
from fooling.networks.classifier import Classifier

HALVES, UNIFORM, SHUFFLED, THIRDS = 1, 2, 3, 4  # what a page's seed is used for besides evolution
NOBODY = -1  # the target of an image that was made for no class


class Natural(NamedTuple):
    """Held-out digits in two halves, with as many of each digit in either."""

    fit_images: np.ndarray  # (about half, height, width, channels) uint8: temperature and thresholds are fitted on them
    fit_labels: np.ndarray  # (about half,) int64
    images: np.ndarray  # the half that is measured
    labels: np.ndarray


class Fooling(NamedTuple):
    """Fooling images of one kind."""

    images: np.ndarray  # (count, height, width, channels) uint8
    targets: np.ndarray  # (count,) int64: the class that each was made for; −1 where it was made for none


def split_held_out(digits: Digits, seed: int) -> Natural:
    """Split the held-out digits in two halves at random, each digit by itself.

    Raises:
        ValueError: If a digit that occurs occurs once only.
    """
    random, first = np.random.default_rng([seed, HALVES]), np.zeros(len(digits.test_labels), bool)
    for digit in np.unique(digits.test_labels):
        places = random.permutation(np.flatnonzero(digits.test_labels == digit))
        if len(places) < 2:
            raise ValueError(f"The digit {digit} is held out once, but detectors need it in two halves.")
        first[places[: len(places) // 2]] = True
    images, labels = digits.test_images, digits.test_labels
    return Natural(images[first], labels[first], images[~first], labels[~first])


def take_champions(evolved: Evolution, count: int) -> Fooling:
    """Return the last champions of runs in their order, at most ``count``; one that holds two cells counts twice."""
    cells = len(evolved.classes)
    runs = range(min(len(evolved.seeds), -(-count // cells)))
    images = [evolved.express(run, np.arange(min(cells, count - run * cells))) for run in runs]
    return Fooling(np.concatenate(images), np.tile(np.asarray(evolved.classes, np.int64), len(runs))[:count])


def draw_noise(shape: Sequence[int], count: int, seed: int) -> Fooling:
    """Draw images of ``(height, width, channels)`` in which every pixel has any grey level, all equally likely."""
    pixels = np.random.default_rng([seed, UNIFORM]).integers(256, size=(count, *shape), dtype=np.uint8)
    return Fooling(pixels, np.full(count, NOBODY, np.int64))


def shuffle_pixels(images: np.ndarray, count: int, seed: int) -> Fooling:
    """Shuffle the pixels of natural images, each by itself: noise with the grey levels of a digit.

    Args:
        images: ``(n, height, width, 1) uint8``, taken in their order, over again where ``count`` is more.
        seed: At least 0.
    """
    random = np.random.default_rng([seed, SHUFFLED])
    flat = images[np.arange(count) % len(images)].reshape(count, -1)
    return Fooling(random.permuted(flat, axis=1).reshape(count, *images.shape[1:]), np.full(count, NOBODY, np.int64))


def read_log_odds(classifier: Classifier, fooling: Fooling) -> np.ndarray:
    """Return the log-odds of the class that each image was made for, or else of its top class, ``(count,) float32``."""
    every = classifier.score(fooling.images)
    wanted = np.where(fooling.targets == NOBODY, every.argmax(axis=1), fooling.targets)
    return np.take_along_axis(every, wanted[:, None], axis=1)[:, 0]


def score_fooling(fitted: Panel, fooling: Fooling, judge: Classifier | None = None) -> Scored:
    """Return what the detectors say of images, and the network, or else ``judge``, of their classes."""
    return Scored(fitted.score(fooling.images), read_log_odds(judge or fitted.classifier, fooling))
