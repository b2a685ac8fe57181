"""What the page measures on digits: detectors on images of the pages before, then on images evolved against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.data.digits import Digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.lab.detectors import inputs
from fooling.lab.detectors.inputs import Fooling, score_fooling, take_champions
from fooling.lab.detectors.names import ENCODINGS, GUARDING
from fooling.lab.detectors.panel import fit_panel
from fooling.lab.detectors.records import DetectorSizes, Measurement, Picks, Scored, find_thresholds, pack, read_digits
from fooling.lab.detectors.scores import compute_logits
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is measured; golden arrays hold it to the bytes
SHOWN = 5  # digits of the first run kept as images; Choice: half a row of a sheet


class Trial(NamedTuple):
    """Which detectors are tried, and how long images evolve against them."""

    classifier: Classifier  # LeNet of page 01
    digits: Digits  # what it learned and did not learn
    sizes: DetectorSizes
    seed: int  # of the first run of every search


class Bred(NamedTuple):
    """What other pages made with the same network and digits."""

    searches: Sequence[Evolution]  # against the network, one for each of names.ENCODINGS
    climbed: Fooling  # by gradient ascent
    taught: Classifier  # a network with a fooling class, its last
    evolved: Evolution  # CPPN images against that one, in the cells of the digits


def measure_detectors(trial: Trial, origin: Mapping[str, Any], find: Callable[[], Bred], folder: Path) -> Measurement:
    """Score natural and fooling images by every detector, evolve against the detectors, and score again.

    The searches are kept beside it and resumed from; only the reduced arrays are needed to draw the page again.

    Args:
        origin: What the other pages' images depend on, besides network, digits and seed, as JSON.
        find: Finds those images; called only where nothing is measured yet.

    Raises:
        ValueError: If a number makes no sense, or an image is not found.
        OSError: If the folder cannot be written.
    """
    described = {
        "classifier": trial.classifier.fingerprint(),
        "digits": trial.digits.fingerprint(),
        **origin,
        "sizes": asdict(trial.sizes),
        "seed": trial.seed,
    }
    inner: list[RunFolder] = []
    arrays, run = compute_once(
        folder, "detectors", described, VERSION, lambda: _measure(trial, find(), folder, inner), inner
    )
    return read_digits(arrays, run)


def _measure(trial: Trial, bred: Bred, folder: Path, inner: list[RunFolder]) -> dict[str, np.ndarray]:
    """Return the arrays of the result, and append the runs of this page's own searches to ``inner``."""
    natural, learned = inputs.split_held_out(trial.digits, trial.seed), trial.digits.train_images
    fitted = fit_panel(trial.classifier, natural.fit_images, natural.fit_labels, learned, bred.taught)
    fit_scores = fitted.score(natural.fit_images)
    thresholds = find_thresholds(fit_scores)
    count, seed = trial.sizes.images, trial.seed
    kinds = (  # as names.KINDS
        *(take_champions(search, count) for search in bred.searches),
        Fooling(*(part[:count] for part in bred.climbed)),
        inputs.draw_noise(trial.classifier.image_shape, count, seed),
        inputs.shuffle_pixels(natural.images, count, seed),
    )
    last = take_champions(bred.evolved, count)
    searches = _evolve_against(trial, fitted.guard(fit_scores), folder)
    inner += [run for search in searches for run in search.folders]
    against = [take_champions(search, count) for search in searches]
    known, again = ([score_fooling(fitted, part) for part in group] for group in (kinds, against))
    taught = score_fooling(fitted, last, bred.taught)
    return {
        "detectors": np.array(fitted.names),
        "temperature": np.asarray(fitted.temperature),
        "fit_scores": fit_scores,
        "natural": fitted.score(natural.images),
        "logits": compute_logits(trial.classifier, natural.images),
        "labels": natural.labels,
        **pack({"taught": taught}),
        **pack({f"kind_{place}": one for place, one in enumerate(known)}),
        **pack({f"against_{place}": one for place, one in enumerate(again)}),
        **pack({"before": pick(trial.classifier, kinds, known, thresholds)}),
        **pack({"after": pick(trial.classifier, [*against, last], [*again, taught], thresholds)}),
        "shown": _group_guards([part.images[:SHOWN] for part in against]),
        "shown_log_odds": _group_guards([part.log_odds[:SHOWN] for part in again]),
    }


def _evolve_against(trial: Trial, guarded: Mapping[str, Classifier], folder: Path) -> list[Evolution]:
    """Return the search against each guarded network, by encoding and detector; no cell is for "refused"."""
    shape, sizes = trial.classifier.image_shape, trial.sizes
    encodings: Mapping[str, Encoding] = {"direct": DirectEncoding(shape), "CPPN": CppnEncoding(shape)}
    return [
        evolve(
            guarded[name],
            encodings[encoding],
            generations=sizes.generations,
            children=sizes.children,
            seeds=range(trial.seed, trial.seed + sizes.runs),
            classes=range(len(trial.classifier.class_names)),
            folder=folder,
        )
        for encoding in ENCODINGS
        for name in GUARDING
    ]


def pick(classifier: Classifier, images: Sequence[Fooling], scored: Sequence[Scored], thresholds: np.ndarray) -> Picks:
    """Choose for each digit the image that most detectors let pass, and of those the one the network is surest of.

    Args:
        thresholds: ``(detectors,)``.
    """
    pictures = np.concatenate([part.images for part in images])
    sources = np.repeat(np.arange(len(images)), [len(part.images) for part in images])
    passed = np.concatenate([(part.scores >= thresholds[:, None]).sum(axis=0) for part in scored])
    every = classifier.score(pictures)
    digits, log_odds = every.argmax(axis=1), every.max(axis=1)
    best = np.lexsort((-log_odds, -passed))  # most detectors first, then the surest
    first = np.sort(np.unique(digits[best], return_index=True)[1])
    chosen = best[first][np.argsort(digits[best[first]])]
    return Picks(pictures[chosen], digits[chosen], log_odds[chosen], passed[chosen], sources[chosen])


def _group_guards(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return what belongs to each search against a guarded network as ``(guards, encodings, …)``."""
    return np.stack(parts).reshape(len(ENCODINGS), len(GUARDING), *parts[0].shape).swapaxes(0, 1)
