"""What page 13 asks of other pages: searches of 02, 03 and 08, page 12's ascent, page 11's last network."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict

import numpy as np

from fooling.data.digits import Digits
from fooling.data.photographs import Photographs
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.lab.detectors import experiment, photographs
from fooling.lab.detectors.experiment import Bred, Trial
from fooling.lab.detectors.inputs import Fooling, take_champions
from fooling.lab.detectors.records import Measurement, PhotographScores
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import load_network
from fooling.pages.ascent import claim as ascent
from fooling.pages.ascent.measure import Ascents
from fooling.pages.detectors.summary import SIZES
from fooling.pages.imagenet_cppn import claim as imagenet_cppn
from fooling.pages.mnist_search import SIZES as SEARCHES
from fooling.pages.page import Page
from fooling.pages.retraining import sizes as retraining
from fooling.pages.retraining.digits import walk_chain


def measure_digits(page: Page, classifier: Classifier, digits: Digits, profile: str, seed: int) -> Measurement:
    """Measure the detectors on digits; what other pages made is asked for only where nothing is measured yet.

    Args:
        classifier: LeNet of page 01.
        seed: Of the first run of every search.

    Raises:
        ValueError: If page 02 or 03 has not been run.
    """
    search, climb, chain = asdict(SEARCHES[profile]), ascent.SIZES[profile].digits, retraining.SIZES[profile].digits
    origin = {"direct": search, "cppn": search, "ascent": asdict(climb), "chain": asdict(chain)}

    def find() -> Bred:
        names = {"02_mnist_direct": "direct", "03_mnist_cppn": "cppn"}
        searches = tuple(page.find_search(number, name) for number, name in names.items())
        last = deque(walk_chain(digits, chain, seed, page.runs), maxlen=1)[0]
        return Bred(searches, find_climbed(page, classifier, climb, seed), last.classifier, last.evolved)

    return experiment.measure_detectors(Trial(classifier, digits, SIZES[profile], seed), origin, find, page.runs)


def find_climbed(page: Page, classifier: Classifier, sizes: ascent.AscentSizes, seed: int) -> Fooling:
    """Return the last images of page 12's gradient ascent without L2: its very runs, found again if finished."""
    wanted = Ascents(classifier, (), sizes, seed)
    classes, seeds = wanted.where
    climbed = ascend(classifier, NONE, classes, seeds, wanted.steps(NONE), page.runs)
    targets = np.tile(np.asarray(classes, np.int64), len(seeds))
    return Fooling(climbed.last_images.reshape(-1, *classifier.image_shape), targets)


def measure_photographs(page: Page, natural: Photographs, profile: str, seed: int) -> PhotographScores:
    """Measure the detectors on photographs and on page 08's champions with coordinates in [−1, 1].

    Raises:
        ValueError: If page 08 has not been run, there are too few labelled photographs, or one cannot be read.
    """
    search, count = imagenet_cppn.SIZES[profile], SIZES[profile].images
    return photographs.measure_photographs(
        load_network(search.network),
        natural,
        {"search": asdict(search)},
        lambda: take_champions(page.find_search("08_imagenet_cppn", "centred"), count),
        count,
        seed,
        page.runs,
    )
