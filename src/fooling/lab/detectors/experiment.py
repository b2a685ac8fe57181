"""What the page measures on digits: detectors on images of the pages before, then on images evolved against them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fooling.data.digits import Digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.lab.detectors import inputs, panel, scores
from fooling.lab.detectors.inputs import Fooling, Natural, Taught
from fooling.lab.detectors.panel import GUARDING, Panel
from fooling.lab.detectors.records import (
    ENCODINGS,
    Measurement,
    Picks,
    Scored,
    find_thresholds,
    pack_picks,
    pack_scored,
    unpack,
)
from fooling.networks.classifier import Classifier
from fooling.pages.profiles import AscentSizes, DetectorSettings, DigitRetrainingSettings, EvolutionSettings
from fooling.pages.retraining.fooling_images import add_seconds
from fooling.runs import open_run

SHOWN = 5  # digits of the first run kept as images; Choice: half a row of a sheet


class Plan(NamedTuple):
    """What is measured.

    Attributes:
        classifier: LeNet of page 01.
        digits: What it learned and did not learn.
        direct: Sizes of page 02.
        cppn: Sizes of page 03.
        ascent: Sizes of page 12, on digits.
        chain: Sizes of page 11, on digits.
        sizes: The page's own.
        seed: Of the first run of every search.
    """

    classifier: Classifier
    digits: Digits
    direct: EvolutionSettings
    cppn: EvolutionSettings
    ascent: AscentSizes
    chain: DigitRetrainingSettings
    sizes: DetectorSettings
    seed: int


def measure_detectors(plan: Plan, folder: Path) -> Measurement:
    """Score natural and fooling images by every detector, evolve against the detectors, and score again.

    The searches are kept beside it and resumed from; only the reduced arrays are needed to draw the page again.

    Args:
        plan: What is measured.
        folder: Where runs are kept.

    Raises:
        ValueError: If a number makes no sense.
        OSError: If the folder cannot be written.
    """
    described = {
        "classifier": plan.classifier.fingerprint(),
        "digits": plan.digits.fingerprint(),
        **{name: asdict(getattr(plan, name)) for name in ("direct", "cppn", "ascent", "chain", "sizes")},
        "seed": plan.seed,
    }
    run = open_run(folder, "detectors", described, 1)
    arrays = run.load_result()
    if arrays is None:
        arrays, seconds = _measure(plan, folder)
        run.save_result(arrays, seconds)
    return unpack(arrays, run)


def _measure(plan: Plan, folder: Path) -> tuple[dict[str, np.ndarray], float]:
    """Return the arrays of the result, and what they cost: searches of this page, not those of pages before."""
    natural = inputs.split_held_out(plan.digits, plan.seed)
    kinds, taught = _find_kinds(plan, natural, folder), inputs.load_taught(plan.digits, plan.chain, plan.seed, folder)
    started = time.monotonic()
    learned = plan.digits.train_images
    fitted = panel.fit_panel(plan.classifier, natural.fit_images, natural.fit_labels, learned, taught.classifier)
    fit_scores = fitted.score(natural.fit_images)
    seconds = time.monotonic() - started
    searches = _evolve_against(plan, fitted.guard(fit_scores), folder)
    started = time.monotonic()
    arrays = _score_all(plan, natural, taught, fitted, fit_scores, kinds, searches)
    seconds += time.monotonic() - started
    return arrays, seconds + add_seconds(run for search in searches for run in search.folders)


def _score_all(
    plan: Plan,
    natural: Natural,
    taught: Taught,
    fitted: Panel,
    fit_scores: np.ndarray,
    kinds: Sequence[Fooling],
    searches: Sequence[Evolution],
) -> dict[str, np.ndarray]:
    against = [inputs.take_champions(search, plan.sizes.images) for search in searches]
    last = inputs.take_champions(taught.evolved, plan.sizes.images)
    known, again = ([_score(fitted, part) for part in group] for group in (kinds, against))
    thresholds = find_thresholds(fit_scores)
    return {
        "detectors": np.array(fitted.names),
        "temperature": np.asarray(fitted.temperature),
        "fit_scores": fit_scores,
        "natural": fitted.score(natural.images),
        "logits": scores.compute_logits(plan.classifier, natural.images),
        "labels": natural.labels,
        "taught_scores": fitted.score(last.images),
        "taught_log_odds": inputs.read_log_odds(taught.classifier, last),
        **pack_scored("kind", known),
        **pack_scored("against", again),
        **pack_picks("before", pick(plan.classifier, kinds, known, thresholds)),
        **pack_picks("after", pick(plan.classifier, [*against, last], [*again, _score(fitted, last)], thresholds)),
        **_show(against, again),
    }


def _find_kinds(plan: Plan, natural: Natural, folder: Path) -> tuple[Fooling, ...]:
    """Return fooling images of each of :data:`fooling.lab.detectors.records.KINDS`."""
    shape, count, seed = plan.classifier.image_shape, plan.sizes.images, plan.seed
    return (
        inputs.find_champions(plan.classifier, DirectEncoding(shape), plan.direct, count, seed, folder),
        inputs.find_champions(plan.classifier, CppnEncoding(shape), plan.cppn, count, seed, folder),
        inputs.find_climbed(plan.classifier, plan.ascent, count, seed, folder),
        inputs.draw_noise(shape, count, seed),
        inputs.shuffle_pixels(natural.images, count, seed),
    )


def _evolve_against(plan: Plan, guarded: Mapping[str, Classifier], folder: Path) -> list[Evolution]:
    """Return the search against each guarded network, by encoding and detector; nobody evolves to be refused."""
    shape, sizes = plan.classifier.image_shape, plan.sizes
    encodings: Mapping[str, Encoding] = {"direct": DirectEncoding(shape), "CPPN": CppnEncoding(shape)}
    return [
        evolve(
            guarded[name],
            encodings[encoding],
            generations=sizes.generations,
            children=sizes.children,
            seeds=range(plan.seed, plan.seed + sizes.runs),
            classes=range(len(plan.classifier.class_names)),
            folder=folder,
        )
        for encoding in ENCODINGS
        for name in GUARDING
    ]


def _score(fitted: Panel, fooling: Fooling) -> Scored:
    return Scored(fitted.score(fooling.images), inputs.read_log_odds(fitted.classifier, fooling))


def pick(classifier: Classifier, images: Sequence[Fooling], scored: Sequence[Scored], thresholds: np.ndarray) -> Picks:
    """Choose for each digit the image that most detectors let pass, and of those the one the network is surest of.

    Args:
        classifier: The network.
        images: By source.
        scored: What the detectors say of them, by source.
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


def _show(against: Sequence[Fooling], scored: Sequence[Scored]) -> dict[str, np.ndarray]:
    """Return the first digits of the first run against each guarded network."""
    shape = (len(ENCODINGS), len(GUARDING), SHOWN)
    images = np.stack([part.images[:SHOWN] for part in against])
    log_odds = np.stack([part.log_odds[:SHOWN] for part in scored])
    return {
        "shown": images.reshape(*shape, *images.shape[2:]).swapaxes(0, 1),
        "shown_log_odds": log_odds.reshape(shape).swapaxes(0, 1),
    }
