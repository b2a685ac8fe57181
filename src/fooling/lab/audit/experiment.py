"""Everything that an audit measures, in one call, reduced to what its page shows and kept in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fooling.confidence import find_median, to_confidence
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
from fooling.evolution.search import PAPERS
from fooling.files import hash_arrays
from fooling.lab.audit import record
from fooling.lab.audit.asking import beats_chance
from fooling.lab.audit.attacks import Attempt, find_fooling, make_plain_images, try_attacks
from fooling.lab.audit.defences import FEWEST, say_why_not, try_defences
from fooling.lab.audit.natural import NaturalImages, draw_places
from fooling.lab.audit.network import tell_failure
from fooling.runs import RunFolder, compute_once

if TYPE_CHECKING:
    from fooling.lab.audit.budget import Budget
    from fooling.lab.audit.network import Subject
    from fooling.networks.classifier import Classifier

VERSION = 2
PAPERS_OWN = ("search", PAPERS)  # which a key does not name, so that older audits keep theirs
NOISE = 200  # noise images whose confidence is drawn as a distribution; Choice: as many as a generation has
SHOWN = 10  # classes kept as images; Choice: a row of a contact sheet
NO_GRADIENT = "Ascent was not tested: the network gave no gradient at any of its starts."
NEVER_CERTAIN = (
    "No real image reaches 99%, so that nonsense which does not (fooled_share) is not safety: see the verdict."
)
NOTHING_CERTAIN = (
    "Nothing made this network certain, and no real images say whether it ever is: if it is not, nonsense below 99% is "
    "not safety. Give real images (--images, IMAGES)."
)
NO_STEPS = "Ascent was not tested: a function gives no gradient."
NO_IMAGES = "were not tested: no real images were given."
TOO_FEW = "were not tested: they need at least {} real images, and there are {}."


class Audit(NamedTuple):
    """What an audit measured."""

    found: record.Found
    shown: np.ndarray  # (shown,) int64: the cells on the contact sheet
    sheet: np.ndarray  # (attacks, shown, height, width, channels) uint8: of each attack the best run's images
    confidences: dict[str, np.ndarray]  # by sort of image, (count,) float64: real ones, noise, each attack's nonsense
    attempts: dict[str, Attempt]  # by attack, without the images
    again: Attempt | None  # CPPN images evolved against a fooling class, likewise
    folder: RunFolder


def audit_network(subject: Subject, budget: Budget, seed: int, folder: Path) -> Audit:
    """Audit a network, or read what an audit of the same budget found; a stopped one goes on where it was.

    Raises:
        AuditError: If the network is a function of the user's, and fails.
    """
    classifier, real, inner = subject.classifier, subject.natural, list[RunFolder]()
    if real is not None:
        most = max(budget.natural, min(FEWEST, len(real.labels)))
        subject = subject._replace(natural=real.take(draw_places(real.labels, most, seed)))
    natural = subject.natural
    described = {
        "network": [classifier.fingerprint(), classifier.name, *classifier.class_names],
        "real": hash_arrays(natural.images, natural.labels) if natural else None,
        "budget": {name: part for name, part in msgspec.to_builtins(budget).items() if (name, part) != PAPERS_OWN},
        "seed": seed,
        **({"doubts": list(subject.doubts)} if subject.doubts else {}),
    }
    with tell_failure(classifier, "; what was finished until then is kept"):
        arrays, run = compute_once(
            folder, "audit", described, VERSION, lambda: _measure(subject, budget, seed, folder, inner), inner
        )
    assert run is not None
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        part, _, field = name.partition(".")
        parts.setdefault(part, {})[field] = array
    attempts = {
        name: Attempt(images=np.empty(0), **parts[name]) for name in (*record.ATTACKS, "again") if name in parts
    }
    found = msgspec.json.decode(str(arrays["found"]), type=record.Found)
    # What follows from the rest is not kept.
    doubts = (*found.doubts, *([NOTHING_CERTAIN] if real is None and found.worst.confidence < record.CERTAIN else []))
    found = msgspec.structs.replace(found, pictures=real.said if real else (), doubts=doubts)
    again = attempts.pop("again", None)
    return Audit(found, arrays["shown"], arrays["sheet"], parts["confidences"], attempts, again, run)


def _measure(
    subject: Subject, budget: Budget, seed: int, folder: Path, inner: list[RunFolder]
) -> dict[str, np.ndarray]:
    """Return the arrays of an audit, those of a part as "part.field"; the runs within it are added to ``inner``."""
    classifier, natural, attempts, sure = subject.classifier, subject.natural, dict[str, Attempt](), {}
    for name, attempt, run in try_attacks(classifier, budget, seed, folder):
        attempts[name], sure[name] = attempt, to_confidence(attempt.log_odds)
        inner.append(run)
    noise = np.concatenate(list(draw_random_images(DirectEncoding(classifier.image_shape), NOISE, seed)))
    noisy = classifier.score(noise)
    first = to_confidence(noisy.max(axis=1))
    noise_class = classifier.class_names[int(np.bincount(noisy.argmax(axis=1)).argmax())]
    on_noise = record.OnNoise(float(np.median(first)), float(first.max()), noise_class)
    confidences = {"noise, first class": first}
    confidences |= {"noise, best for a class" if name == "noise" else name: sure[name].ravel() for name in sure}
    nonsense, real, scores = {"noise": noise, **find_fooling(attempts)}, None, None
    defences, again = try_defences(subject, nonsense, attempts["CPPN"], budget, seed, folder)
    if natural is not None:
        scores = classifier.score(natural.images)
        real, groups = summarise_real(to_confidence(scores.max(axis=1)), scores.argmax(axis=1), natural)
        confidences = groups | confidences
    missing = () if "ascent" in attempts else (NO_GRADIENT if budget.ascent_steps else NO_STEPS,)
    doubts = (*say_doubts(natural, scores), *subject.doubts, *(one for one in missing if one == NO_GRADIENT))
    untested = (*missing, *say_untested(classifier, natural))
    found = summarise(classifier, budget, attempts, on_noise, real, defences, doubts, untested)
    shown = choose_shown(attempts)
    arrays = {f"confidences.{name}": part for name, part in confidences.items()}
    for name, attempt in {**attempts, **({"again": again} if again else {})}.items():
        arrays |= {f"{name}.{field}": part for field, part in attempt._asdict().items() if field != "images"}
    sheet = np.stack([take_best(attempt, shown) for attempt in attempts.values()])
    return {**arrays, "shown": shown, "sheet": sheet, "found": np.array(msgspec.json.encode(found).decode())}


def summarise(
    classifier: Classifier,
    budget: Budget,
    attempts: Mapping[str, Attempt],
    noise: record.OnNoise,
    real: record.OnReal | None,
    defences: record.Defences,
    doubts: tuple[str, ...],
    untested: tuple[str, ...],
) -> record.Found:
    """Return the numbers of an audit."""
    best = {attack: to_confidence(one.log_odds.max(axis=0)) for attack, one in attempts.items()}
    highest = np.max(list(best.values()), axis=0)  # (cells,)
    fooled, cell, names = int((highest >= record.CERTAIN).sum()), int(highest.argmax()), classifier.class_names
    surest = max(best, key=lambda attack: float(best[attack][cell]))
    cells = (
        record.FooledClass(index, names[index], {attack: float(part[place]) for attack, part in best.items()})
        for place, index in enumerate(budget.classes)
    )
    colours, images = make_plain_images(classifier.image_shape)
    plain = {
        colour: record.Plain(names[row.argmax()], float(to_confidence(row.max())))
        for colour, row in zip(colours, classifier.score(images), strict=True)
    }
    return record.Found(
        network=record.Network(classifier.name, classifier.image_shape, len(names), classifier.input_range),
        budget_minutes=budget.minutes,
        cut=budget.cut,
        search=budget.search,
        doubts=doubts,
        untested=untested,
        audited=len(budget.classes),
        fooled=fooled,
        fooled_share=fooled / len(budget.classes),
        worst=record.Worst(names[budget.classes[cell]], surest, float(highest[cell])),
        attacks={attack: summarise_attempt(one) for attack, one in attempts.items()},
        classes=tuple(cells),
        noise=noise,
        plain=plain,
        real=real,
        **msgspec.structs.asdict(defences),
    )


def summarise_attempt(attempt: Attempt) -> record.Attacked:
    """Return the numbers of one attack."""
    final = to_confidence(attempt.log_odds)  # (runs, cells)
    by_run = np.median(final, axis=1)
    needed = np.sort(np.moveaxis(attempt.needed, 1, 0).reshape(len(record.LEVELS), -1))  # NaN, never, comes last
    needed = needed[:, (needed.shape[1] - 1) // 2]  # (levels,): of an even number the lower of the two in the middle
    counts = {str(level): float(count) for level, count in zip(record.LEVELS, needed, strict=True)}
    return record.Attacked(
        runs=len(final),
        images=int(attempt.steps[-1]),
        median=float(np.median(final)),
        runs_range=(float(by_run.min()), float(by_run.max())),
        classes_at={str(level): int((final.max(axis=0) >= level / 100).sum()) for level in record.LEVELS},
        images_to={level: None if np.isnan(count) else count for level, count in counts.items()},
    )


def summarise_real(
    confidences: np.ndarray, tops: np.ndarray, natural: NaturalImages
) -> tuple[record.OnReal, dict[str, np.ndarray]]:
    """Return the numbers of real images, and by sort their confidences, ``(count,) float64``, in their top classes."""
    median = float(np.median(confidences))
    if not natural.labelled:
        return record.OnReal(len(tops), median, None, None, None), {"real": confidences}
    is_right = tops == natural.labels
    right, wrong = confidences[is_right], confidences[~is_right]
    found = record.OnReal(len(tops), median, float(is_right.mean()), find_median(right), find_median(wrong))
    return found, {"real, right": right, "real, wrong": wrong}


def say_doubts(natural: NaturalImages | None, scores: np.ndarray | None) -> tuple[str, ...]:
    """Return in sentences what real images, at least 20, and their log-odds ``(count, classes)`` make doubtful."""
    if natural is None or scores is None or len(natural.labels) < FEWEST:
        return ()
    right = scores.argmax(axis=1) == natural.labels
    chance = f"The network is right on {right.mean():.1%} of the real images, no better than chance."
    said = (
        (natural.labelled and not beats_chance(right, natural.labels, scores.shape[1]), chance),
        (to_confidence(scores.max()) < record.CERTAIN, NEVER_CERTAIN),
    )
    return tuple(sentence for is_so, sentence in said if is_so)


def say_untested(classifier: Classifier, natural: NaturalImages | None) -> tuple[str, ...]:
    """Return in sentences what cannot be tested, and why."""
    enough = natural is not None and len(natural.labels) >= FEWEST
    few = TOO_FEW.format(FEWEST, len(natural.labels)) if natural else NO_IMAGES
    said = [] if enough else [f"Thresholds and detectors {few}", f"Temperature and calibration {few}"]
    if natural and enough and not natural.labelled:
        said.append("Temperature and calibration were not tested: they need to know the class of each real image.")
    return tuple(filter(None, [*said, say_why_not(classifier, natural if enough else None)]))


def choose_shown(attempts: Mapping[str, Attempt]) -> np.ndarray:
    """Return at most ten cells: those that some attack made the most certain, in their order."""
    best = np.max([one.log_odds.max(axis=0) for one in attempts.values()], axis=0)
    return np.sort(np.argsort(-best, kind="stable")[:SHOWN])


def take_best(attempt: Attempt, shown: np.ndarray) -> np.ndarray:
    """Return the images of some cells, ``(shown, …) uint8``, each of the run that made it the most certain."""
    return np.asarray(attempt.images[attempt.log_odds[:, shown].argmax(axis=0), shown])
