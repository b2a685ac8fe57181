"""What the detectors look at: held-out digits in two halves, and the fooling images of the pages before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.digits import Digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.networks.classifier import Classifier
from fooling.pages.profiles import AscentSizes, DigitRetrainingSettings, EvolutionSettings
from fooling.pages.retraining.digits import FOOLING, PER_RUN, add_fooling_class, count_added, count_runs, train_network
from fooling.pages.retraining.fooling_images import SEEDS_APART, draw_fooling_images

HALVES, UNIFORM, SHUFFLED = 1, 2, 3  # what a page's seed is used for besides evolution
NOBODY = -1  # the target of an image that was made for no class


class Natural(NamedTuple):
    """Held-out digits in two halves, with as many of each digit in either.

    Attributes:
        fit_images: ``(about half, height, width, channels) uint8``: temperature and thresholds are fitted on them.
        fit_labels: ``(about half,) int64``.
        images: As ``fit_images``: the half that is measured.
        labels: As ``fit_labels``.
    """

    fit_images: np.ndarray
    fit_labels: np.ndarray
    images: np.ndarray
    labels: np.ndarray


class Fooling(NamedTuple):
    """Fooling images of one kind.

    Attributes:
        images: ``(count, height, width, channels) uint8``.
        targets: ``(count,) int64``: the class that each was made for; −1 where it was made for none.
    """

    images: np.ndarray
    targets: np.ndarray


class Taught(NamedTuple):
    """The last network of page 11's chain, and what evolved against it.

    Attributes:
        classifier: With the fooling class last.
        evolved: CPPN images against it, in the cells of the digits.
    """

    classifier: Classifier
    evolved: Evolution


def split_held_out(digits: Digits, seed: int) -> Natural:
    """Split the held-out digits in two halves at random, each digit by itself.

    Args:
        digits: Each digit must be held out at least twice.
        seed: At least 0.

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
    images = evolved.images  # (runs, cells, …)
    targets = np.tile(np.asarray(evolved.classes, np.int64), len(images))
    return Fooling(images.reshape(-1, *images.shape[2:])[:count], targets[:count])


def find_champions(
    classifier: Classifier, encoding: Encoding, sizes: EvolutionSettings, count: int, seed: int, folder: Path
) -> Fooling:
    """Return champions of pages 02 and 03: their very runs, found again if they are finished.

    Args:
        classifier: The network.
        encoding: The page's.
        sizes: The page's.
        count: How many, at most.
        seed: Of the page's first run.
        folder: Where runs are kept.
    """
    seeds = range(seed, seed + sizes.runs)
    run = evolve(
        classifier, encoding, generations=sizes.generations, children=sizes.children, seeds=seeds, folder=folder
    )
    return take_champions(run, count)


def find_climbed(classifier: Classifier, sizes: AscentSizes, count: int, seed: int, folder: Path) -> Fooling:
    """Return the last images of page 12's gradient ascent without L2: its very runs, found again if they are finished.

    Args:
        classifier: The network.
        sizes: The page's, on digits.
        count: How many, at most.
        seed: Of the page's first start.
        folder: Where runs are kept.
    """
    classes = sizes.classes or tuple(range(len(classifier.class_names)))
    steps = min(NONE.steps, sizes.most_steps or NONE.steps)
    climbed = ascend(classifier, NONE, classes, range(seed, seed + sizes.seeds), steps, folder)
    targets = np.tile(np.asarray(classes, np.int64), sizes.seeds)
    images = climbed.last_images.reshape(-1, *climbed.last_images.shape[2:])
    return Fooling(images[:count], targets[:count])


def draw_noise(shape: Sequence[int], count: int, seed: int) -> Fooling:
    """Draw images in which every pixel is any grey level, each as likely as any other.

    Args:
        shape: ``(height, width, channels)``.
        count: How many.
        seed: At least 0.
    """
    pixels = np.random.default_rng([seed, UNIFORM]).integers(256, size=(count, *shape), dtype=np.uint8)
    return Fooling(pixels, np.full(count, NOBODY, np.int64))


def shuffle_pixels(images: np.ndarray, count: int, seed: int) -> Fooling:
    """Shuffle the pixels of natural images, each by itself: noise with the grey levels of a digit.

    Args:
        images: ``(n, height, width, 1) uint8``, taken in their order, over again where ``count`` is more.
        count: How many.
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


def load_taught(digits: Digits, settings: DigitRetrainingSettings, seed: int, folder: Path) -> Taught:
    """Go through page 11's chain to its last network; what is finished is found again.

    Args:
        digits: The page's.
        settings: The page's, on digits.
        seed: The page's.
        folder: Where runs are kept.
    """
    natural, fooling = len(digits.train_labels), np.empty((0, *digits.train_images.shape[1:]), np.uint8)
    for number in range(1, settings.iterations + 2):
        learned = add_fooling_class(digits, fooling)
        classifier, _ = train_network(number, learned, settings.steps, seed + number, folder)
        first = seed + SEEDS_APART * (number - 1)
        evolved = evolve(
            classifier,
            CppnEncoding(classifier.image_shape),
            generations=settings.generations,
            children=settings.children,
            seeds=range(first, first + count_runs(settings, natural, number)),
            classes=range(FOOLING),
            folder=folder,
        )
        if number <= settings.iterations:
            fooling = np.concatenate([fooling, draw_fooling_images(evolved, count_added(natural, number))])
    return Taught(classifier, evolved)


def count_learned_runs(natural: int) -> int:
    """Return from how many runs against its first network the chain learned, those of the first seeds."""
    return -(-count_added(natural, 1) // PER_RUN)
