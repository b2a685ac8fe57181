"""Images before several networks: evolved on each, champions of a finished search, and images that nobody evolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.encodings import Encoding
from fooling.evolution.evolution import Evolution, hash_champions
from fooling.evolution.evolve import evolve
from fooling.files import hash_arrays
from fooling.networks.answers import Transfer, read_answers, score_all, show_to
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import check_alike
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is kept of the answers
LEAST = 0.5  # Choice: the own confidence from which a champion is shown to other networks …
FEWEST = 60  # … but the most confident ones anyway, up to so many, so that a short search has some; Choice
DIGIT_EXAMPLES, IMAGENET_EXAMPLES = 10, 5  # images kept of either kind; Choice: one per digit, a row of a page
NOTHING = np.zeros(0, np.int64)
Answered = tuple[Transfer, np.ndarray]  # answers, and the images that were shown


class Shown(NamedTuple):
    """Images before several networks, with a few of the evolved ones to look at."""

    transfer: Transfer  # the answers
    folder: RunFolder | None  # where they are kept; None if nowhere
    # (up to 10,) int64: images that every network takes for their class, at most one of a class
    fooling_all: np.ndarray = NOTHING
    # (up to 10,) int64: images that only their own network does, at most one of a class
    fooling_one: np.ndarray = NOTHING
    images: np.ndarray = NOTHING  # (both, height, width, channels) uint8: those that fool all, then those that fool one


def evolve_and_show(
    networks: Mapping[str, Classifier],
    encoding: Encoding,
    *,
    generations: int,
    children: int,
    seeds: Iterable[int],
    folder: Path | None = None,
) -> Shown:
    """Evolve images on each of several networks, and show the champions of all to all of them.

    Every champion is shown, however confident. A cell counts: one image may hold several cells, but it can be at more
    than 50% in the class of only one, so that from there on cells are images. The networks, by name, are of one image
    shape; the other arguments are those of :func:`fooling.evolution.evolve.evolve`.
    """
    chosen, sizes = list(seeds), {"generations": generations, "children": children}
    settings = {"encoding": encoding.settings(), "seeds": chosen, **sizes, "examples": DIGIT_EXAMPLES}
    inner: list[RunFolder] = []

    def answer() -> Answered:
        evolved = [
            evolve(network, encoding, generations=generations, children=children, seeds=chosen, folder=folder)
            for network in networks.values()
        ]
        inner.extend(dict.fromkeys(run for one in evolved for run in one.folders))
        images = np.concatenate([run for one in evolved for run in one.images])
        targets = np.concatenate([np.tile(one.classes, len(chosen)) for one in evolved])
        sources = np.repeat(np.arange(len(evolved)), [one.log_odds.size for one in evolved])
        return show_to(images, targets, list(networks.values()), sources), images

    return _show_once(networks, f"transfer-{encoding.name}", settings, answer, folder, inner)


def show_champions(
    evolution: Evolution, networks: Mapping[str, Classifier], folder: Path | None = None, least: float = LEAST
) -> Shown:
    """Show finished champions to several networks: those of a confidence, and the most confident 60 anyway.

    The network that they evolved on stands first. The genomes must be there, unless the answers are.
    """
    settings = {
        "champions": hash_champions(evolution),
        "encoding": evolution.encoding.settings(),
        "classes": list(evolution.classes),
        "seeds": evolution.seeds.tolist(),
        "least": least,
        "examples": IMAGENET_EXAMPLES,
    }

    def answer() -> Answered:
        chosen = choose_champions(evolution.log_odds, least)  # (runs, cells) bool
        cells = [np.flatnonzero(row) for row in chosen]
        images = np.concatenate([evolution.express(run, row) for run, row in enumerate(cells) if row.size])
        targets = np.broadcast_to(evolution.classes, chosen.shape)[chosen]
        return show_to(images, targets, list(networks.values())), images

    return _show_once(networks, "transfer-champions", settings, answer, folder)


def ask_networks(evolution: Evolution, networks: Mapping[str, Classifier], folder: Path) -> RunFolder | None:
    """Keep what networks make of the champions of a search of one run, for the gallery.

    Kept is each network's log-odds of their classes, ``(networks, cells) float32``, NaN for an empty cell.
    """

    def answer() -> dict[str, np.ndarray]:
        cells = np.flatnonzero(evolution.log_odds[0] > -np.inf)
        scores = score_all(evolution.express(0, cells), list(networks.values()))  # (networks, filled cells, classes)
        log_odds = np.full((len(networks), len(evolution.classes)), np.nan, np.float32)
        log_odds[:, cells] = scores[:, np.arange(len(cells)), np.array(evolution.classes)[cells]]
        return {"log_odds": log_odds}

    settings = {"shown to": describe_networks(networks), "champions": hash_champions(evolution)}
    return compute_once(folder, "answers", settings, VERSION, answer)[1]


def show_unbred(images: np.ndarray, networks: Mapping[str, Classifier], folder: Path | None = None) -> Shown:
    """Show images that nobody evolved to several networks, as a control: photographs, noise, random CPPNs.

    What each network takes an image for is held against what the others take it for: every image stands in the answers
    once for each network, whose most likely class it is to have evolved for.
    """

    def answer() -> Answered:
        scores = score_all(images, list(networks.values()))  # (networks, count, classes)
        targets = scores.argmax(axis=2).ravel()  # (networks · count,)
        sources = np.repeat(np.arange(len(networks)), len(images))
        return read_answers(tuple(networks), np.tile(scores, (1, len(networks), 1)), targets, sources), images

    return _show_once(networks, "transfer-unbred", {"images": hash_arrays(images)}, answer, folder)


def _show_once(
    networks: Mapping[str, Classifier],
    label: str,
    settings: Mapping[str, Any],
    answer: Callable[[], Answered],
    folder: Path | None,
    inner: Iterable[RunFolder] = (),
) -> Shown:
    """Return what was shown before, or show it and keep the answers; so many examples as the settings say."""
    check_alike(list(networks.values()))

    def compute() -> dict[str, np.ndarray]:
        answers, images = answer()
        arrays = {name: part for name, part in answers._asdict().items() if name != "networks"}  # which settings name
        if not settings.get("examples"):
            return arrays
        everywhere, alone = choose_examples(answers, settings["examples"])
        chosen = images[np.append(everywhere, alone)]
        return {**arrays, "fooling_all": everywhere, "fooling_one": alone, "images": chosen}

    described = {"shown to": describe_networks(networks), **settings}
    arrays, run = compute_once(folder, label, described, VERSION, compute, inner)
    answers = Transfer(tuple(networks), *(arrays.pop(name) for name in Transfer._fields[1:]))
    return Shown(answers, run, **arrays)


def describe_networks(networks: Mapping[str, Classifier]) -> list[list[str]]:
    """Return the names and fingerprints of networks."""
    return [[name, classifier.fingerprint()] for name, classifier in networks.items()]


def choose_champions(log_odds: np.ndarray, least: float) -> np.ndarray:
    """Return which champions are shown, none of an empty cell: ``(runs, cells) float32`` log-odds to bool."""
    best = np.zeros(log_odds.size, bool)
    best[np.argsort(-log_odds.ravel(), kind="stable")[:FEWEST]] = True
    shown = (to_confidence(log_odds) >= least) | best.reshape(log_odds.shape)
    return np.asarray(shown & (log_odds > -np.inf))


def choose_examples(answers: Transfer, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose images to look at, at most one for a class, ``(up to count,) int64``.

    First those that fool every network, by the lowest of their log-odds, highest first; then as many that fool only
    their own, by its log-odds.
    """
    agrees, fooled = answers.agrees, answers.agrees.sum(axis=0)
    own = agrees[answers.sources, np.arange(agrees.shape[1])]
    everywhere = _choose_by_class(answers.targets, fooled == len(agrees), answers.log_odds.min(axis=0), count)
    return everywhere, _choose_by_class(answers.targets, own & (fooled == 1), answers.own, count)


def _choose_by_class(targets: np.ndarray, eligible: np.ndarray, value: np.ndarray, count: int) -> np.ndarray:
    """Return the eligible image of the highest value for each class, at most ``count``, highest first."""
    order = np.argsort(-value, kind="stable")
    order = order[eligible[order]]
    first = np.sort(np.unique(targets[order], return_index=True)[1])
    return np.asarray(order[first[:count]], np.int64)
