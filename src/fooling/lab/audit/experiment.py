"""Everything that an audit measures, in one call, reduced to what its page shows and kept in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fooling.confidence import to_confidence
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
from fooling.lab.audit import record
from fooling.lab.audit.attacks import Attempt, find_fooling, try_attacks
from fooling.lab.audit.detection import FEWEST, measure_detectors, measure_temperature
from fooling.lab.audit.fooling_class import say_why_not, teach_fooling_class
from fooling.lab.audit.natural import NaturalImages, draw_places
from fooling.lab.audit.network import tell_failure
from fooling.lab.audit.pixel_range import beats_chance
from fooling.lab.audit.summary import Told, summarise, summarise_real
from fooling.runs import RunFolder, compute_once

if TYPE_CHECKING:
    from fooling.lab.audit.budget import Budget
    from fooling.lab.audit.network import Subject
    from fooling.networks.classifier import Classifier

VERSION = 2
NOISE = 200  # noise images whose confidence is drawn as a distribution; Choice: as many as a generation has
SHOWN = 10  # classes kept as images; Choice: a row of a contact sheet
NO_GRADIENT = "Ascent was not tested: the network gave no gradient at any of its starts."
NEVER_CERTAIN = (
    "No real image reaches 99%, so that nonsense which does not (fooled_share) is not safety: see the verdict."
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
    described = {
        "network": [classifier.fingerprint(), classifier.name, *classifier.class_names],
        "real": subject.natural.fingerprint() if subject.natural else None,
        "budget": msgspec.to_builtins(budget),
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
    found = msgspec.structs.replace(found, pictures=real.said if real else ())  # of no consequence for the rest
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
    confidences = {"noise, first class": to_confidence(noisy.max(axis=1))}
    confidences |= {"noise, best for a class" if name == "noise" else name: sure[name].ravel() for name in sure}
    nonsense, real, scores = {"noise": noise, **find_fooling(attempts)}, None, None
    defences, again = _test_defences(subject, nonsense, attempts["CPPN"], budget, seed, folder)
    if natural is not None:
        scores = classifier.score(natural.images)
        real, groups = summarise_real(to_confidence(scores.max(axis=1)), scores.argmax(axis=1), natural)
        confidences = groups | confidences
    missing = () if "ascent" in attempts else (NO_GRADIENT if budget.ascent_steps else NO_STEPS,)
    doubts = (*say_doubts(natural, scores), *subject.doubts, *(one for one in missing if one == NO_GRADIENT))
    first = int(np.bincount(noisy.argmax(axis=1)).argmax())
    told = Told(doubts, (*missing, *say_untested(classifier, natural)), classifier.class_names[first])
    found = summarise(classifier, budget, attempts, confidences["noise, first class"], real, told, defences)
    shown = choose_shown(attempts)
    arrays = {f"confidences.{name}": part for name, part in confidences.items()}
    for name, attempt in {**attempts, **({"again": again} if again else {})}.items():
        arrays |= {f"{name}.{field}": part for field, part in attempt._asdict().items() if field != "images"}
    sheet = np.stack([take_best(attempt, shown) for attempt in attempts.values()])
    return {**arrays, "shown": shown, "sheet": sheet, "found": np.array(msgspec.json.encode(found).decode())}


def _test_defences(
    subject: Subject, nonsense: dict[str, np.ndarray], before: Attempt, budget: Budget, seed: int, folder: Path
) -> tuple[record.Defences, Attempt | None]:
    """Return what detectors, a temperature and a fooling class do, as far as each can be tested, and what evolved."""
    classifier, natural, learned, again = subject.classifier, subject.natural, None, None
    if natural is None or len(natural.labels) < FEWEST:
        return record.Defences(), None
    detectors, measured = measure_detectors(classifier, natural, nonsense, seed)
    warmed = measure_temperature(classifier, natural, nonsense, seed) if natural.labelled else None
    if not say_why_not(classifier, natural):
        most = max([len(part) for name, part in nonsense.items() if name != "noise"], default=NOISE)
        few = {name: part[:most] for name, part in nonsense.items()}  # noise is cheap, and would outnumber the rest
        learned, again = teach_fooling_class(classifier, natural, few, before, budget, seed, folder)
    counts = {kind: len(part) for kind, part in nonsense.items()}
    found = record.Defences(
        detectors=detectors, nonsense=counts, measured_with=measured, temperature=warmed, fooling_class=learned
    )
    return found, again


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
