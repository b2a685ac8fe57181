"""MAP-Elites on LeNet's digits beside pyribs, which has a tutorial of this very paper.

Source: pyribs, ``tutorials/fooling_mnist.ipynb`` ("Generating Images to Fool an MNIST Classifier"). As it stands an
image competes for the digit that the network takes it for, and noise with σ = 0.5 moves every pixel. The paper's rule,
every image competing for every digit, needs the winners by hand: pyribs takes one cell for each solution. All searches
ask the same network, each by one ``tf.function``; ours alone rounds pixels to the grey levels of a PNG.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from ribs.archives import GridArchive
from ribs.emitters import GaussianEmitter
from ribs.schedulers import Scheduler

from fooling.confidence import to_confidence
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.operators import MUTATION_STRENGTH
from fooling.evolution.evolve import Setup, compile_advance, evolve
from fooling.networks.classifier import Classifier
from peers.generations import Timed, compile_generations, find_target, train_digit_network
from peers.measure import Measured, Row, Sizes, alternate, compare, find_fastest, measure

CHILDREN, RUNS, RATE = 200, 10, 0.1  # RATE: of the paper's mutation of pixels
TUTORIAL_BATCHES = (30, 200, 1000)  # its own, ours, and a larger one
CERTAIN = 0.9999
TRAINING = 5  # times the steps of the sizes, for a network that is as sure as a trained one

Score = Callable[[np.ndarray], np.ndarray]


class Search(NamedTuple):
    """A search of pyribs's: a generation of it, and the confidence in every digit, NaN where its cell is empty."""

    advance: Callable[[], object]
    confidences: Callable[[], np.ndarray]


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure this project, with one run and with ten, beside pyribs by hand and beside its tutorial."""
    classifier = train_digit_network(TRAINING * sizes.steps)
    children = max(CHILDREN // sizes.share, 2)
    theirs = {"by hand": (children, search_by_hand)}
    for batch in TUTORIAL_BATCHES:
        theirs[f"tutorial, batch {batch}"] = (max(batch // sizes.share, 2), search_by_tutorial)
    searches = {side: begin(classifier, batch, 0) for side, (batch, begin) in theirs.items()}
    for search in searches.values():
        repeat(search, sizes.age)  # as old as ours when it is timed
    calls = {side: partial(repeat, search, sizes.stretch) for side, search in searches.items()}
    images = {side: batch * sizes.stretch for side, (batch, _) in theirs.items()}
    encoding = DirectEncoding(classifier.image_shape)
    for runs in (1, RUNS):
        timed = Timed(classifier, encoding, children, runs, age=sizes.age)
        calls[str(runs)] = compile_generations(timed, sizes.stretch)
        images[str(runs)] = runs * children * sizes.stretch
    rates = {side: images[side] / taken for side, taken in alternate(calls, sizes.rounds).items()}
    tutorial = find_fastest([side for side in theirs if side != "by hand"], rates)
    traced = describe_tracing(timed._replace(runs=1), sizes)
    lines = [
        ("one run beside pyribs by hand", "1", "by hand", 1.3, f"{traced}; {compare_champions(classifier, sizes)}"),
        ("ten runs side by side beside pyribs by hand", str(RUNS), "by hand", 1.5, ""),
        ("one run beside pyribs's tutorial", "1", tutorial, None, f"its best: {tutorial}"),
    ]
    return Measured([pair(rates, *line) for line in lines])


def pair(rates: dict[str, np.ndarray], label: str, ours: str, other: str, aim: float | None, note: str) -> Row:
    """Return the row of two sides."""
    return compare(f"LeNet, pixels: {label}", rates[ours], rates[other], "images/s", aim, note=note)


def repeat(search: Search, generations: int) -> None:
    """Advance by so many generations."""
    for _ in range(generations):
        search.advance()


def search_by_hand(classifier: Classifier, children: int, seed: int) -> Search:
    """Return a search by the paper's rule, in an archive of pyribs's."""
    pixels, digits = int(np.prod(classifier.image_shape)), len(classifier.class_names)
    archive = GridArchive(
        solution_dim=pixels, dims=[digits], ranges=[(-0.5, digits - 0.5)], dtype=np.float32, seed=seed
    )
    cells, random = np.arange(digits, dtype=np.float32)[:, None], np.random.default_rng(seed)
    score = compile_score(classifier, children, classifier.log_odds)

    def advance() -> None:
        if archive.empty:
            images = random.random((children, pixels), np.float32)
        else:
            images = mutate(archive.sample_elites(children)["solution"], random)
        log_odds = score(images)
        best = log_odds.argmax(axis=0)
        offered = log_odds[best, np.arange(digits)]
        occupied, elites = archive.retrieve(cells)
        wins = ~occupied | (offered > elites["objective"])
        if wins.any():
            archive.add(images[best[wins]], offered[wins], cells[wins])

    def find_confidences() -> np.ndarray:
        return to_confidence(archive.retrieve(cells)[1]["objective"])

    return Search(advance, find_confidences)


def search_by_tutorial(classifier: Classifier, batch: int, seed: int) -> Search:
    """Return the tutorial's search: one cell for an image, that of the digit that the network takes it for."""
    pixels, digits = int(np.prod(classifier.image_shape)), len(classifier.class_names)
    archive = GridArchive(solution_dim=pixels, dims=[digits], ranges=[(0, digits)], seed=seed)
    grey, bounds = np.full(pixels, 0.5), [(0, 1)] * pixels
    emitter = GaussianEmitter(archive, sigma=0.5, x0=grey, bounds=bounds, batch_size=batch, seed=seed)
    scheduler = Scheduler(archive, [emitter])
    score = compile_score(classifier, batch, lambda images: tf.nn.softmax(classifier.logits(images)))

    def advance() -> None:
        confidences = score(scheduler.ask().astype(np.float32))
        scheduler.tell(confidences.max(axis=1), confidences.argmax(axis=1)[:, None])

    def find_confidences() -> np.ndarray:
        return np.asarray(archive.retrieve(np.arange(digits)[:, None])[1]["objective"])

    return Search(advance, find_confidences)


def compile_score(classifier: Classifier, batch: int, answer: Callable[[tf.Tensor], tf.Tensor]) -> Score:
    """Return the network's answers as one graph, from pixels in rows to ``(batch, digits) float32``."""
    shape = [batch, *classifier.image_shape]
    graph = tf.function(answer, input_signature=[tf.TensorSpec(shape, tf.float32)]).get_concrete_function()
    return lambda images: graph(tf.constant(images.reshape(shape))).numpy()


def mutate(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the images after polynomial mutation of a tenth of their pixels, which alone are drawn for."""
    changed = images.copy()
    places = np.nonzero(random.random(images.shape, np.float32) < RATE)
    centred = 2.0 * random.random(len(places[0]), np.float32) - 1.0
    steps = np.sign(centred) * (1.0 - (1.0 - np.abs(centred)) ** np.float32(1.0 / (MUTATION_STRENGTH + 1)))
    changed[places] = np.clip(changed[places] + steps, 0.0, 1.0)
    return changed


def describe_tracing(timed: Timed, sizes: Sizes) -> str:
    """Return how long tracing takes before a run's first generation, in words."""
    setup = Setup(find_target(timed), timed.encoding, 1, timed.children, None)
    taken = [measure(lambda: compile_advance.__wrapped__(setup, 1)) for _ in range(sizes.rounds)]
    return f"tracing takes {np.median(taken):.1f} s before the first generation"


def compare_champions(classifier: Classifier, sizes: Sizes) -> str:
    """Return in words what the champions of all searches are after as many images."""
    children = max(CHILDREN // sizes.share, 2)
    generations, seeds = sizes.images // children, range(sizes.seeds)
    begun = time.perf_counter()
    run = evolve(
        classifier, DirectEncoding(classifier.image_shape), generations=generations - 1, children=children, seeds=seeds
    )
    seconds = (time.perf_counter() - begun) / sizes.seeds
    found = {"ours": run.confidences}
    for name, begin in (("pyribs by hand", search_by_hand), ("its tutorial", search_by_tutorial)):
        found[name] = np.array([run_search(begin(classifier, children, seed), generations) for seed in seeds])
    told = [
        f"{name} {np.median(np.isnan(values).sum(axis=1)):.0f} empty and "
        f"{np.median((values < CERTAIN).sum(axis=1)):.0f} below {CERTAIN}"
        for name, values in found.items()
    ]
    return (
        f"of ten classes, after {sizes.images:,} images, medians of {sizes.seeds} seeds: {', '.join(told)}; "
        f"ours took {seconds:.1f} s a run for them, tracing and all"
    )


def run_search(search: Search, generations: int) -> np.ndarray:
    """Return the confidence in every digit after so many generations."""
    for _ in range(generations):
        search.advance()
    return search.confidences()
