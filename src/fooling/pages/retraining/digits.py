"""The digit chain: evolve against a network, let the next one learn the images as a fooling class, and again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.data.digits import DIGITS, Digits, choose_digits
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.population import express_genomes
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.evolution.lineage import find_first_champions, replay
from fooling.networks import lenet
from fooling.networks.classifier import Classifier
from fooling.pages.retraining.sizes import ChainSizes
from fooling.pages.searches import SearchSizes
from fooling.runs import RunFolder, compute_once, open_run

VERSION = 1  # of what is measured of a network
FOOLING = len(DIGITS)  # the class that grows
# Source: paper §3.6: 6,000 images first and 1,000 an iteration, to 60,000 digits.
FIRST_SHARE, LATER_SHARE = 6_000 / 60_000, 1_000 / 60_000
PER_RUN = 2 * len(DIGITS)  # Source: paper §3.6: 20 images a run
# Between the first seeds of searches against two networks. Equal seeds would start from the very random images that the
# fooling class was made of. Choice: more than any search has runs.
SEEDS_APART = 1_000


class Link(NamedTuple):
    """One network of the chain, with what it learned and what evolved against it."""

    classifier: Classifier  # with the fooling class last, but for the first one, which knows digits only
    fooling: np.ndarray  # (count, 28, 28, 1) uint8: the fooling images that it learned
    evolved: Evolution  # CPPN images against it, in the cells of the digits
    training: RunFolder  # where the network is kept


class RetrainedDigits(NamedTuple):
    """What is measured of one network of the chain; the runs are the first ``sizes.runs``."""

    medians: np.ndarray  # (runs, generations + 1) float32: median log-odds of the ten digits after every generation
    log_odds: np.ndarray  # (runs, 10) float32: the last champions' log-odds
    champions: np.ndarray  # (10, 28, 28, 1) uint8: those of the first run
    error: np.ndarray  # scalar float64: share of the held-out digits that the network gets wrong
    called_fooling: np.ndarray  # scalar float64: share of them that it calls fooling
    held_out: np.ndarray  # scalar int64: how many digits were held out
    # (left-out runs,) float64: of the last champions that evolved against the network before, in each run that
    # nothing was learned from, the share that this network calls fooling. Empty for the first one
    caught_before: np.ndarray
    caught_after: np.ndarray  # (runs,) float64: the same share of the images that evolved against this network itself
    natural: np.ndarray  # scalar int64: digits in its training set
    fooling: np.ndarray  # scalar int64: fooling images in it


def count_added(natural: int, iteration: int) -> int:
    """Return how many fooling images, at least 1, iteration 1, 2, … adds to a training set of so many digits."""
    return max(1, round(natural * (FIRST_SHARE if iteration == 1 else LATER_SHARE)))


def count_learned_runs(natural: int, number: int) -> int:
    """Return from how many runs against network 1, 2, … the next one learns, those of the first seeds."""
    return -(-count_added(natural, number) // PER_RUN)


def count_runs(sizes: ChainSizes, natural: int, number: int) -> int:
    """Return how many runs evolve against a network, by its number from 1.

    Choice: at least one more than the next network learns from, so that it can be asked about images it never saw.
    """
    return max(sizes.runs, count_learned_runs(natural, number) + 1)


def retrain_digits(
    digits: Digits, sizes: ChainSizes, seed: int, folder: Path
) -> list[tuple[RetrainedDigits, RunFolder | None]]:
    """Train, evolve and retrain; what was finished before is not done again, and a shorter chain begins a longer one.

    All networks learn the same ``sizes.natural`` of the digits. Network i starts from the weights of ``seed + i``. The
    folders that are returned hold neither weights nor searches.
    """
    digits = choose_digits(digits, sizes.natural, seed)
    walk, links = walk_chain(digits, sizes, seed, folder), list[Link]()
    settings = _describe(digits, sizes, seed)

    def measure(number: int) -> tuple[RetrainedDigits, RunFolder | None]:
        inner: list[RunFolder] = []

        def compute() -> dict[str, np.ndarray]:
            links.extend(next(walk) for _ in range(number - len(links)))
            link = links[-1]
            inner.extend(dict.fromkeys([link.training, *link.evolved.folders]))
            first_unseen = count_learned_runs(len(digits.train_labels), number - 1)
            unseen = links[-2].evolved.images[first_unseen:] if number > 1 else ()
            return _measure_link(link, digits, sizes.runs, unseen)._asdict()

        described = settings | {"network": number}
        arrays, run = compute_once(folder, f"retrained-digits-{number:02d}", described, VERSION, compute, inner)
        return RetrainedDigits(**arrays), run

    return [measure(number) for number in range(1, sizes.iterations + 2)]


def evolve_longer(digits: Digits, sizes: ChainSizes, seed: int, folder: Path) -> tuple[np.ndarray, RunFolder | None]:
    """Let the measured runs against the last network of a chain go on to generation ``sizes.longer``.

    Returned are the ``(runs, 10) float32`` log-odds of their champions then, and where they are kept.
    """
    inner: list[RunFolder] = []

    def compute() -> dict[str, np.ndarray]:
        last = deque(walk_chain(digits, sizes, seed, folder), maxlen=1)[0]
        further = replace(sizes, generations=sizes.longer)
        evolved = evolve_cppns(last.classifier, further, last.evolved.seeds[: sizes.runs], FOOLING, folder)
        inner.extend(dict.fromkeys([last.training, *evolved.folders]))
        return {"log_odds": evolved.log_odds}

    described = _describe(digits, sizes, seed) | {"network": sizes.iterations + 1, "longer": sizes.longer}
    arrays, run = compute_once(folder, "retrained-digits-longer", described, VERSION, compute, inner)
    return arrays["log_odds"], run


def _describe(digits: Digits, sizes: ChainSizes, seed: int) -> dict[str, Any]:
    """Return what a chain's results depend on, but for its length."""
    return {
        "digits": choose_digits(digits, sizes.natural, seed).fingerprint(),
        "steps": sizes.steps,
        "encoding": CppnEncoding(digits.train_images.shape[1:]).settings(),
        "generations": sizes.generations,
        "children": sizes.children,
        "runs": sizes.runs,
        "seed": seed,
    }


def walk_chain(digits: Digits, sizes: ChainSizes, seed: int, folder: Path) -> Iterator[Link]:
    """Yield the networks of a chain, DNN1 first, each when it is asked for; what is finished is found again."""
    digits = choose_digits(digits, sizes.natural, seed)
    natural, fooling = len(digits.train_labels), np.empty((0, *digits.train_images.shape[1:]), np.uint8)
    for number in range(1, sizes.iterations + 2):
        learned = add_fooling_class(digits, fooling)
        classifier, training = train_network(number, learned, sizes.steps, seed + number, folder)
        first = seed + SEEDS_APART * (number - 1)
        seeds = range(first, first + count_runs(sizes, natural, number))
        evolved = evolve_cppns(classifier, sizes, seeds, FOOLING, folder)
        yield Link(classifier, fooling, evolved, training)
        fooling = np.concatenate([fooling, draw_fooling_images(evolved, count_added(natural, number))])


def evolve_cppns(
    classifier: Classifier, sizes: SearchSizes, seeds: Iterable[int], cells: int, folder: Path
) -> Evolution:
    """Evolve CPPN images in so many cells, those of a network's first classes: a fooling class, the last, has none."""
    return evolve(
        classifier,
        CppnEncoding(classifier.image_shape),
        generations=sizes.generations,
        children=sizes.children,
        seeds=seeds,
        classes=range(cells),
        folder=folder,
    )


def add_fooling_class(digits: Digits, images: np.ndarray) -> Digits:
    """Return digits to train on with ``images`` (``(count, 28, 28, 1) uint8``) as an eleventh class."""
    labels = np.full(len(images), FOOLING, digits.train_labels.dtype)
    return digits._replace(
        train_images=np.concatenate([digits.train_images, images]),
        train_labels=np.concatenate([digits.train_labels, labels]),
    )


def express_both_champions(run: Evolution, runs: Iterable[int]) -> np.ndarray:
    """Return each cell's champion after the random images, before any was bred, and then its champion at the end.

    The images are ``(runs, 2 · cells, height, width, channels) uint8``.
    """
    chosen = list(runs)
    first = [express_genomes(run.encoding, replay(run, place, find_first_champions(run, place))) for place in chosen]
    pairs = np.stack([first, [run.express(place) for place in chosen]], axis=2)  # (runs, cells, 2, …)
    return pairs.reshape(len(chosen), -1, *pairs.shape[3:])


def draw_fooling_images(run: Evolution, count: int) -> np.ndarray:
    """Return the first ``count`` images of :func:`express_both_champions`, runs in their order.

    So half of them, to within one, are of the first generation (paper §3.6), and only the last of the runs is drawn
    from in part.
    """
    images = express_both_champions(run, range(-(-count // (2 * len(run.classes)))))
    return images.reshape(-1, *images.shape[2:])[:count]


def train_network(number: int, learned: Digits, steps: int, seed: int, folder: Path) -> tuple[Classifier, RunFolder]:
    """Train network 1, 2, … by the paper's solver, or load it; it has an output for each class of ``learned``."""
    names = (*DIGITS, "fooling")[: 1 + int(learned.train_labels.max())]
    described = {"digits": learned.fingerprint(), "outputs": len(names), "steps": steps, "seed": seed}
    run = open_run(folder, "network-lenet-retrained", described, lenet.VERSION)
    model = lenet.train_once(
        run, lambda: lenet.build_lenet(seed, len(names)), lambda model: lenet.fit(model, learned, steps, seed)
    )
    return Classifier(model, names, f"DNN{number}", lenet.INPUT_RANGE), run


def _measure_link(link: Link, digits: Digits, runs: int, unseen: Iterable[np.ndarray]) -> RetrainedDigits:
    """Measure a network, on ``runs`` of its own runs and on images of runs that nothing was learned from."""
    top = link.classifier.score(digits.test_images).argmax(axis=1)
    images = link.evolved.images[:runs]
    return RetrainedDigits(
        medians=np.median(link.evolved.history[:runs], axis=2),
        log_odds=link.evolved.log_odds[:runs],
        champions=images[0],
        error=np.mean(top != digits.test_labels),
        called_fooling=np.mean(top == FOOLING),
        held_out=np.asarray(len(top)),
        caught_before=_share_caught(link.classifier, unseen),
        caught_after=_share_caught(link.classifier, images),
        natural=np.asarray(len(digits.train_labels)),
        fooling=np.asarray(len(link.fooling)),
    )


def _share_caught(classifier: Classifier, images: Iterable[np.ndarray]) -> np.ndarray:
    """Return the share that the network calls fooling, by run: ``(runs, cells, …) uint8`` to ``(runs,) float64``."""
    return np.array([np.mean(classifier.score(part).argmax(axis=1) == FOOLING) for part in images], np.float64)
