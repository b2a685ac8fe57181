"""What the page measures on digits: detectors on images of the pages before, then on images evolved against them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.digits import Digits, choose_digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.lab.detectors.guard import Panel, fit_panel
from fooling.lab.detectors.names import ENCODINGS, GUARDING
from fooling.lab.detectors.scores import compute_logits
from fooling.networks.classifier import Classifier
from fooling.pages.ascent import claim as ascent
from fooling.pages.ascent.measure import Ascents
from fooling.pages.detectors import records
from fooling.pages.detectors.records import DetectorSizes, DigitMeasurement, Picks, Scored, pack
from fooling.pages.detectors.summary import SIZES
from fooling.pages.mnist_search import SIZES as SEARCHES
from fooling.pages.page import Page
from fooling.pages.retraining import sizes as retraining
from fooling.pages.retraining.digits import walk_chain
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is measured; golden arrays hold it to the bytes
KNOWN = 10_000  # training digits among which neighbours are sought; Choice: among 60,000 a search takes an hour
SHOWN = 5  # digits of the first run kept as images; Choice: half a row of a sheet
HALVES, UNIFORM, SHUFFLED = 1, 2, 3  # what a page's seed is used for besides evolution
NOBODY = -1  # the target of an image that was made for no class


class Fooling(NamedTuple):
    """Fooling images of one kind."""

    images: np.ndarray  # (count, height, width, channels) uint8
    targets: np.ndarray  # (count,) int64: the class that each was made for; −1 where it was made for none


class Bred(NamedTuple):
    """What other pages made with the same network and digits."""

    searches: Sequence[Evolution]  # against the network, one for each of names.ENCODINGS
    climbed: Fooling  # by gradient ascent
    taught: Classifier  # a network with a fooling class, its last
    evolved: Evolution  # CPPN images against that one, in the cells of the digits


def measure_digits(page: Page, classifier: Classifier, digits: Digits, profile: str, seed: int) -> DigitMeasurement:
    """Score natural and fooling images by every detector, evolve against the detectors, and score again.

    What other pages made is asked for only where nothing is measured yet; ValueError if page 02 or 03 has not been run.
    The searches, whose first run has the seed, are kept beside the reduced arrays, which are all that the page needs to
    be drawn again.
    """
    sizes, search = SIZES[profile], asdict(SEARCHES[profile])
    climb, chain = ascent.SIZES[profile].digits, retraining.SIZES[profile].digits
    described = {
        "classifier": classifier.fingerprint(),
        "digits": digits.fingerprint(),
        **{"direct": search, "cppn": search, "ascent": asdict(climb), "chain": asdict(chain)},
        "sizes": asdict(sizes),
        "known": KNOWN,
        "seed": seed,
    }
    inner: list[RunFolder] = []

    def compute() -> dict[str, np.ndarray]:
        searches = page.find_search("02_mnist_direct", "direct"), page.find_search("03_mnist_cppn", "cppn")
        last = deque(walk_chain(digits, chain, seed, page.runs), maxlen=1)[0]
        bred = Bred(searches, find_climbed(page, classifier, climb, seed), last.classifier, last.evolved)
        return score_digits(classifier, digits, sizes, seed, bred, page.runs, inner)

    return records.read_digits(*compute_once(page.runs, "detectors", described, VERSION, compute, inner))


def find_climbed(page: Page, classifier: Classifier, sizes: ascent.AscentSizes, seed: int) -> Fooling:
    """Return the last images of page 12's gradient ascent without L2: its very runs, found again if finished."""
    wanted = Ascents(classifier, (), sizes, seed)
    classes, seeds = wanted.where
    climbed = ascend(classifier, NONE, classes, seeds, wanted.steps(NONE), page.runs)
    targets = np.tile(np.asarray(classes, np.int64), len(seeds))
    return Fooling(climbed.last_images.reshape(-1, *classifier.image_shape), targets)


def score_digits(
    classifier: Classifier,
    digits: Digits,
    sizes: DetectorSizes,
    seed: int,
    bred: Bred,
    folder: Path,
    inner: list[RunFolder],
) -> dict[str, np.ndarray]:
    """Return the arrays of the result, and append the runs of this page's own searches to ``inner``."""
    half, count, shape = choose_half(digits.test_labels, seed), sizes.images, classifier.image_shape
    natural, fit_images = digits.test_images[~half], digits.test_images[half]
    learned = choose_digits(digits, min(KNOWN, len(digits.train_labels)), seed).train_images
    fitted = fit_panel(classifier, fit_images, digits.test_labels[half], learned, bred.taught)
    fit_scores = fitted.score(fit_images)
    kinds = (  # as names.KINDS
        *(take_champions(search, count) for search in bred.searches),
        Fooling(*(part[:count] for part in bred.climbed)),
        draw_noise(shape, count, seed),
        shuffle_pixels(natural, count, seed),
    )
    last = take_champions(bred.evolved, count)
    encodings: Mapping[str, Encoding] = {"direct": DirectEncoding(shape), "CPPN": CppnEncoding(shape)}
    guarded, against = fitted.guard(fit_scores), []
    for encoding, name in product(ENCODINGS, GUARDING):
        search = evolve(
            guarded[name],
            encodings[encoding],
            generations=sizes.generations,
            children=sizes.children,
            seeds=range(seed, seed + sizes.runs),
            classes=range(len(classifier.class_names)),  # no cell is for "refused"
            folder=folder,
        )
        inner += search.folders
        against.append(take_champions(search, count))
    known, again = ([score_fooling(fitted, part) for part in group] for group in (kinds, against))
    taught, thresholds = score_fooling(fitted, last, bred.taught), records.find_thresholds(fit_scores)
    return {
        "detectors": np.array(fitted.names),
        "temperature": np.asarray(fitted.temperature),
        "fit_scores": fit_scores,
        "natural": fitted.score(natural),
        "logits": compute_logits(classifier, natural),
        "labels": digits.test_labels[~half],
        **pack({"taught": taught}),
        **pack({f"kind_{place}": one for place, one in enumerate(known)}),
        **pack({f"against_{place}": one for place, one in enumerate(again)}),
        **pack({"before": pick(classifier, kinds, known, thresholds)}),
        **pack({"after": pick(classifier, [*against, last], [*again, taught], thresholds)}),
        "shown": _group_guards([part.images[:SHOWN] for part in against]),
        "shown_log_odds": _group_guards([part.log_odds[:SHOWN] for part in again]),
    }


def _group_guards(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return what belongs to each search against a guarded network as ``(guards, encodings, …)``."""
    return np.stack(parts).reshape(len(ENCODINGS), len(GUARDING), *parts[0].shape).swapaxes(0, 1)


def pick(classifier: Classifier, images: Sequence[Fooling], scored: Sequence[Scored], thresholds: np.ndarray) -> Picks:
    """Choose for each digit the image that most detectors let pass, and of those the one the network is surest of."""
    pictures = np.concatenate([part.images for part in images])
    sources = np.repeat(np.arange(len(images)), [len(part.images) for part in images])
    passed = np.concatenate([(part.scores >= thresholds[:, None]).sum(axis=0) for part in scored])
    every = classifier.score(pictures)
    digits, log_odds = every.argmax(axis=1), every.max(axis=1)
    best = np.lexsort((-log_odds, -passed))  # most detectors first, then the surest
    chosen = best[np.unique(digits[best], return_index=True)[1]]  # the first of each digit
    return Picks(pictures[chosen], digits[chosen], log_odds[chosen], passed[chosen], sources[chosen])


def choose_half(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return which of the held-out digits, with as many of each as not, temperature and thresholds are fitted on."""
    random, first = np.random.default_rng([seed, HALVES]), np.zeros(len(labels), bool)
    for digit in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == digit))
        first[places[: len(places) // 2]] = True
    return first


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

    They are ``(n, height, width, 1) uint8``, taken in their order, over again where ``count`` is more.
    """
    random = np.random.default_rng([seed, SHUFFLED])
    flat = images[np.arange(count) % len(images)].reshape(count, -1)
    return Fooling(random.permuted(flat, axis=1).reshape(count, *images.shape[1:]), np.full(count, NOBODY, np.int64))


def score_fooling(fitted: Panel, fooling: Fooling, judge: Classifier | None = None) -> Scored:
    """Return what the detectors say of images, and the network, or else ``judge``, of their classes or top classes."""
    every = (judge or fitted.classifier).score(fooling.images)
    wanted = np.where(fooling.targets == NOBODY, every.argmax(axis=1), fooling.targets)
    return Scored(fitted.score(fooling.images), np.take_along_axis(every, wanted[:, None], axis=1)[:, 0])
