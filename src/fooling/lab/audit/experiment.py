"""Everything that an audit measures, in one call, reduced to what its page shows and kept in one folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
from fooling.lab.audit.detection import (
    FEWEST,
    Noticed,
    Temperature,
    find_top_confidences,
    measure_noticed,
    measure_temperature,
)
from fooling.lab.audit.fooling_class import FoolingClass, say_why_not, teach_fooling_class
from fooling.lab.audit.means import MEANS, SHOWN, Attempt, find_fooling, make_plain_images, try_means
from fooling.lab.audit.natural import NaturalImages, draw_places
from fooling.lab.audit.network import Subject
from fooling.lab.audit.plan import Plan
from fooling.networks.classifier import Classifier
from fooling.pages.findings.searches import to_confidence
from fooling.pages.retraining.fooling_images import add_seconds
from fooling.runs import RunFolder, open_run

NOISE = 200  # noise images whose confidence is drawn as a distribution; Choice: as many as a generation has
NAMES = {"noise": "noise, best for a class"}
NO_IMAGES = "were not tested: no real images were given."
TOO_FEW = "were not tested: they need at least {} real images, and there are {}."


class Real(NamedTuple):
    """The network on real images.

    Attributes:
        confidences: ``(count,) float64``: in each one's top class.
        tops: ``(count,) int64``: that class.
        labels: ``(count,) int64``: the right class, −1 where unknown.
    """

    confidences: np.ndarray
    tops: np.ndarray
    labels: np.ndarray


class Audit(NamedTuple):
    """What an audit measured.

    Attributes:
        classes: The classes that have a cell, by index.
        shown: ``(shown,) int64``: the cells that are kept as images.
        attempts: By means; each keeps the best run's images of the shown cells, ``(1, shown, …)``.
        noise: ``(200,) float64``: confidence of random noise images in their top class.
        plain: ``(colours,) float64``: the same of images of one colour.
        plain_tops: ``(colours,) int64``: that class.
        real: On real images, or None.
        noticed: What detectors notice, or None.
        temperature: What a temperature changes, or None.
        fooling_class: What a fooling class changes, or None.
        untested: Sentences on what could not be tested, and why.
        folder: Where it is kept.
    """

    classes: tuple[int, ...]
    shown: np.ndarray
    attempts: Mapping[str, Attempt]
    noise: np.ndarray
    plain: np.ndarray
    plain_tops: np.ndarray
    real: Real | None
    noticed: Noticed | None
    temperature: Temperature | None
    fooling_class: FoolingClass | None
    untested: tuple[str, ...]
    folder: RunFolder

    def group_confidences(self) -> dict[str, np.ndarray]:
        """Return confidences by sort of image: real ones first, then noise, then the nonsense of each means."""
        groups: dict[str, np.ndarray] = {}
        if self.real is not None and (self.real.labels >= 0).all():
            right = self.real.tops == self.real.labels
            groups = {"real, right": self.real.confidences[right], "real, wrong": self.real.confidences[~right]}
        elif self.real is not None:
            groups = {"real": self.real.confidences}
        nonsense = {name: to_confidence(one.log_odds).ravel() for name, one in self.attempts.items()}
        return {
            **groups,
            "noise, first class": self.noise,
            **{NAMES.get(name, name): nonsense[name] for name in nonsense},
        }

    def compare_defences(self) -> tuple[dict[str, list[float]], dict[str, Attempt], float | None]:
        """Return what a figure of temperature and fooling class shows: empty, empty and None where not tested."""
        warmed, learned = self.temperature, self.fooling_class
        certain = dict(zip(warmed.kinds.tolist(), warmed.certain.tolist(), strict=True)) if warmed else {}
        curves = {"as it is": self.attempts["CPPN"], "with a fooling class": learned.again} if learned else {}
        return certain, curves, float(warmed.value) if warmed else None


def audit_network(subject: Subject, plan: Plan, seed: int) -> Audit:
    """Audit a network, or read what an audit of the same plan found; a stopped one goes on where it was.

    Args:
        subject: The network, real images, and where results are kept.
        plan: How much is done.
        seed: Of every draw.
    """
    classifier, natural = subject.classifier, _draw_natural(subject.natural, plan.natural, seed)
    described = {
        "network": classifier.fingerprint(),
        "real": natural.fingerprint() if natural else None,
        "plan": {name: part for name, part in plan.to_json().items() if name not in ("cut", "minutes")},
        "seed": seed,
    }
    run = open_run(subject.page.runs, "audit", described, 1)
    arrays = run.load_result()
    if arrays is None:
        arrays, seconds = _measure(classifier, natural, plan, seed, subject.page.runs)
        run.save_result(arrays, seconds)
    return _unpack(arrays, plan, say_untested(classifier, natural), run)


def _draw_natural(natural: NaturalImages | None, most: int, seed: int) -> NaturalImages | None:
    if natural is None:
        return None
    chosen = draw_places(natural.labels, max(most, min(FEWEST, len(natural.labels))), seed)
    return natural._replace(images=natural.images[chosen], labels=natural.labels[chosen])


def say_untested(classifier: Classifier, natural: NaturalImages | None) -> tuple[str, ...]:
    """Return in sentences what cannot be tested, and why."""
    enough = natural is not None and len(natural.labels) >= FEWEST
    few = TOO_FEW.format(FEWEST, len(natural.labels)) if natural else NO_IMAGES
    said = [] if enough else [f"Thresholds and detectors {few}"]
    if natural is None or not enough:
        said.append(f"Temperature and calibration {few}")
    elif not natural.labelled:
        said.append("Temperature and calibration were not tested: they need to know the class of each real image.")
    return tuple(filter(None, [*said, say_why_not(classifier, natural if enough else None)]))


def _measure(
    classifier: Classifier, natural: NaturalImages | None, plan: Plan, seed: int, folder: Path
) -> tuple[dict[str, np.ndarray], float]:
    """Return the arrays of an audit by the names of its fields, and the seconds that they cost."""
    tried = list(try_means(classifier, plan, seed, folder))
    attempts = {name: attempt for name, attempt, _ in tried}
    before, started = add_seconds(place for *_, place in tried), time.monotonic()
    noise = np.concatenate(list(draw_random_images(DirectEncoding(classifier.image_shape), NOISE, seed)))
    plain = classifier.score(make_plain_images(classifier.image_shape)[1])
    shown = choose_shown(attempts)
    arrays = {
        "noise": find_top_confidences(classifier, noise),
        "plain": to_confidence(plain.max(axis=1)),
        "plain_tops": plain.argmax(axis=1),
        "shown": shown,
    }
    for name, attempt in attempts.items():
        arrays |= _pack(f"means-{name}", keep_best_run(attempt, shown))
    if natural is not None:
        scores = classifier.score(natural.images)
        real = Real(to_confidence(scores.max(axis=1)), scores.argmax(axis=1), natural.labels)
        arrays |= _pack("real", real)
        nonsense = {"noise": noise, **find_fooling(attempts)}
        arrays |= _test_defences(classifier, natural, nonsense, plan, seed, folder)
    return arrays, before + time.monotonic() - started


def _test_defences(
    classifier: Classifier, natural: NaturalImages, nonsense: dict[str, np.ndarray], plan: Plan, seed: int, folder: Path
) -> dict[str, np.ndarray]:
    """Return the arrays of what detectors, a temperature and a fooling class do, as far as each can be tested."""
    if len(natural.labels) < FEWEST:
        return {}
    arrays = _pack("noticed", measure_noticed(classifier, natural, nonsense, seed))
    if natural.labelled:
        arrays |= _pack("temperature", measure_temperature(classifier, natural, nonsense, seed))
    if not say_why_not(classifier, natural):
        most = max([len(part) for name, part in nonsense.items() if name != "noise"], default=NOISE)
        balanced = {
            name: part[:most] for name, part in nonsense.items()
        }  # noise is cheap, and would outnumber the rest
        learned = teach_fooling_class(classifier, natural, balanced, plan, seed, folder)
        arrays |= _pack("class", learned) | _pack("again", learned.again)
    return arrays


def choose_shown(attempts: Mapping[str, Attempt]) -> np.ndarray:
    """Return at most ten cells: those that some means made the most certain, in their order."""
    best = np.max([one.log_odds.max(axis=0) for one in attempts.values()], axis=0)
    return np.sort(np.argsort(-best, kind="stable")[:SHOWN])


def keep_best_run(attempt: Attempt, shown: np.ndarray) -> Attempt:
    """Return an attempt with images of some cells only, each of the run that made it the most certain."""
    best = attempt.log_odds[:, shown].argmax(axis=0)
    return attempt._replace(images=attempt.images[best, shown][None])


def _pack(part: str, fields: Any) -> dict[str, np.ndarray]:
    arrays = {name: value for name, value in fields._asdict().items() if name != "again"}  # which are packed apart
    return {f"{part}.{name}": np.asarray(value) for name, value in arrays.items()}


def _unpack(arrays: Mapping[str, np.ndarray], plan: Plan, untested: tuple[str, ...], run: RunFolder) -> Audit:
    def read(part: str, kind: Any, **more: Any) -> Any:
        found = {name.partition(".")[2]: value for name, value in arrays.items() if name.startswith(f"{part}.")}
        return kind(**found, **more) if found else None

    again = {"again": read("again", Attempt)}
    return Audit(
        classes=plan.classes,
        attempts={name: read(f"means-{name}", Attempt) for name in MEANS},
        real=read("real", Real),
        noticed=read("noticed", Noticed),
        temperature=read("temperature", Temperature),
        fooling_class=read("class", FoolingClass, **again),
        untested=untested,
        folder=run,
        **{name: arrays[name] for name in ("shown", "noise", "plain", "plain_tops")},
    )
