"""Do images that fool one network fool another? Champions, and images that nobody evolved, before several networks."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.encodings import Encoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.networks.answers import Transfer, read_answers, score_all, show_to
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import check_alike
from fooling.runs import RunFolder, open_run

LEAST = 0.5  # Choice: the own confidence from which a champion is shown to other networks …
FEWEST = 60  # … but the most confident ones anyway, up to so many, so that a short search has some; Choice
DIGIT_EXAMPLES, IMAGENET_EXAMPLES = 10, 5  # images kept of either kind; Choice: one per digit, a row of a page


class Shown(NamedTuple):
    """Evolved images before several networks, with a few of them to look at.

    Attributes:
        transfer: The answers.
        fooling_all: ``(up to 10,) int64``: images that every network takes for their class, at most one of a class.
        fooling_one: ``(up to 10,) int64``: images that only their own network does, at most one of a class.
        images: ``(both, height, width, channels) uint8``: those that fool all, then those that fool one.
        folder: Where the answers are kept; None if nowhere.
    """

    transfer: Transfer
    fooling_all: np.ndarray
    fooling_one: np.ndarray
    images: np.ndarray
    folder: RunFolder | None


class Answers(NamedTuple):
    """What several networks take images for that nobody evolved.

    Attributes:
        transfer: Every image stands there once for each network, whose most likely class it is to evolve for.
        folder: Where the answers are kept; None if nowhere.
    """

    transfer: Transfer
    folder: RunFolder | None


def evolve_and_show(
    networks: Mapping[str, Classifier],
    encoding: Encoding,
    *,
    generations: int,
    children: int,
    seeds: Iterable[int],
    folder: str | Path | None = None,
) -> Shown:
    """Evolve images on each of several networks, and show the champions of all to all of them.

    Every champion is shown, however confident. A cell counts: one image may hold several cells, but it can be at more
    than 50% in the class of only one, so that from there on cells are images.

    Args:
        networks: By name, of one image shape and the same classes.
        encoding: How images are made.
        generations: As for :func:`fooling.evolution.evolve.evolve`, like those that follow.
        children: Children per generation.
        seeds: One per run on each network.
        folder: Where the answers and the searches are kept and found again; None keeps nothing.

    Raises:
        ValueError: As :func:`fooling.evolution.evolve.evolve`, or if networks are of different classes.
    """
    chosen, sizes = list(seeds), {"generations": generations, "children": children}
    settings = {"encoding": encoding.settings(), "seeds": chosen, **sizes, "examples": DIGIT_EXAMPLES}

    def measure() -> tuple[Transfer, np.ndarray, float]:
        evolved = [
            evolve(network, encoding, generations=generations, children=children, seeds=chosen, folder=folder)
            for network in networks.values()
        ]
        images = np.concatenate([run for one in evolved for run in one.images])
        targets = np.concatenate([np.tile(one.classes, len(chosen)) for one in evolved])
        sources = np.repeat(np.arange(len(evolved)), [one.log_odds.size for one in evolved])
        transfer = show_to(images, targets, list(networks.values()), sources)  # a fraction of a second
        return transfer, images, _count_seconds(run for one in evolved for run in one.folders)

    return _measure_shown(networks, f"transfer-{encoding.name}", settings, measure, folder)


def show_champions(
    evolution: Evolution, networks: Mapping[str, Classifier], folder: str | Path | None = None, least: float = LEAST
) -> Shown:
    """Show finished champions to several networks: the confident ones, and the most confident 60 anyway.

    Args:
        evolution: Runs whose genomes are there, unless the answers are.
        networks: By name; the one that the images evolved on first.
        folder: Where the answers are kept and found again; None keeps nothing.
        least: The confidence from which a champion is shown; 0 for all.

    Raises:
        ValueError: If networks are of different classes, or the genomes are not there.
    """
    digest = hashlib.sha256(evolution.log_odds.tobytes() + evolution.places.tobytes())
    settings = {
        "champions": digest.hexdigest()[:16],
        "encoding": evolution.encoding.settings(),
        "classes": list(evolution.classes),
        "seeds": evolution.seeds.tolist(),
        "least": least,
        "examples": IMAGENET_EXAMPLES,
    }

    def measure() -> tuple[Transfer, np.ndarray, float]:
        started = time.monotonic()
        chosen = choose_champions(evolution.log_odds, least)  # (runs, cells) bool
        images = np.concatenate(
            [evolution.express(run, np.flatnonzero(cells)) for run, cells in enumerate(chosen) if cells.any()]
        )
        targets = np.broadcast_to(evolution.classes, chosen.shape)[chosen]
        transfer = show_to(images, targets, list(networks.values()))
        return transfer, images, time.monotonic() - started

    return _measure_shown(networks, "transfer-champions", settings, measure, folder)


def show_unbred(images: np.ndarray, networks: Mapping[str, Classifier], folder: str | Path | None = None) -> Answers:
    """Show images that nobody evolved to several networks, as a control: photographs, noise, random CPPNs.

    What each network takes an image for is held against what the others take it for.

    Args:
        images: ``(count, height, width, channels) uint8``.
        networks: By name.
        folder: Where the answers are kept and found again; None keeps nothing.

    Raises:
        ValueError: As :func:`show_to`.
    """
    check_alike(list(networks.values()))
    digest = hashlib.sha256(f"{images.shape}{images.dtype}".encode() + np.ascontiguousarray(images).tobytes())
    settings = {"shown to": _describe_networks(networks), "images": digest.hexdigest()[:16]}
    run = open_run(Path(folder), "transfer-unbred", settings, 1) if folder else None
    arrays = run.load_result() if run else None
    if arrays is None:
        started = time.monotonic()
        scores = score_all(images, list(networks.values()))  # (networks, count, classes)
        targets = scores.argmax(axis=2).ravel()  # (networks · count,)
        sources = np.repeat(np.arange(len(networks)), len(images))
        arrays = _pack(read_answers(tuple(networks), np.tile(scores, (1, len(networks), 1)), targets, sources))
        if run:
            run.save_result(arrays, time.monotonic() - started)
    return Answers(_unpack(networks, arrays), run)


def choose_champions(log_odds: np.ndarray, least: float) -> np.ndarray:
    """Return which champions are shown: ``(runs, cells) float32`` log-odds to bool.

    Raises:
        ValueError: If no cell holds an image.
    """
    held = log_odds > -np.inf
    if not held.any():
        raise ValueError("No cell of these runs holds an image.")
    best = np.zeros(log_odds.size, bool)
    best[np.argsort(-log_odds.ravel(), kind="stable")[:FEWEST]] = True
    return np.asarray(held & ((to_confidence(log_odds) >= least) | best.reshape(log_odds.shape)))


def choose_examples(transfer: Transfer, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose images to look at, at most one for a class.

    Returns:
        ``(up to count,) int64`` images that fool every network, by the lowest of their log-odds, highest first; and as
        many that fool only their own, by its log-odds.
    """
    agrees, fooled = transfer.agrees, transfer.agrees.sum(axis=0)
    own = agrees[transfer.sources, np.arange(agrees.shape[1])]
    everywhere = _choose_by_class(transfer, fooled == len(agrees), transfer.log_odds.min(axis=0), count)
    return everywhere, _choose_by_class(transfer, own & (fooled == 1), transfer.own, count)


def _choose_by_class(transfer: Transfer, eligible: np.ndarray, value: np.ndarray, count: int) -> np.ndarray:
    order = np.argsort(-value, kind="stable")
    order = order[eligible[order]]
    first = np.sort(np.unique(transfer.targets[order], return_index=True)[1])  # of each class, the best
    return np.asarray(order[first[:count]], np.int64)


def _measure_shown(
    networks: Mapping[str, Classifier],
    label: str,
    settings: Mapping[str, Any],
    measure: Callable[[], tuple[Transfer, np.ndarray, float]],
    folder: str | Path | None,
) -> Shown:
    """Return the answers of a run that was done before, or measure and keep them.

    Args:
        networks: By name.
        label: First part of the folder's name.
        settings: What the answers depend on besides the networks.
        measure: Returns them, the images, and the seconds that it took, earlier searches included.
        folder: Where runs are kept, or None.
    """
    check_alike(list(networks.values()))
    complete = {"shown to": _describe_networks(networks), **settings}
    run = open_run(Path(folder), label, complete, 1) if folder else None
    arrays = run.load_result() if run else None
    if arrays is None:
        transfer, images, seconds = measure()
        everywhere, alone = choose_examples(transfer, settings["examples"])
        shown = {"fooling_all": everywhere, "fooling_one": alone, "images": images[np.append(everywhere, alone)]}
        arrays = {**_pack(transfer), **shown}
        if run:
            run.save_result(arrays, seconds)
    chosen = {name: arrays[name] for name in ("fooling_all", "fooling_one", "images")}
    return Shown(_unpack(networks, arrays), **chosen, folder=run)


def _describe_networks(networks: Mapping[str, Classifier]) -> list[list[str]]:
    return [[name, classifier.fingerprint()] for name, classifier in networks.items()]


def _pack(transfer: Transfer) -> dict[str, np.ndarray]:
    return {name: part for name, part in transfer._asdict().items() if name != "networks"}


def _unpack(networks: Mapping[str, Classifier], arrays: Mapping[str, np.ndarray]) -> Transfer:
    return Transfer(tuple(networks), *(arrays[name] for name in Transfer._fields[1:]))


def _count_seconds(folders: Iterable[RunFolder]) -> float:
    """Return what the runs in these folders cost when they were computed."""
    records = (json.loads((run.path / "provenance.json").read_text(encoding="utf-8")) for run in dict.fromkeys(folders))
    return float(sum(record["seconds"] for record in records))
