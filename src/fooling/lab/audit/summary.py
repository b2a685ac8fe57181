"""From what an audit measured to its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fooling.confidence import find_median, to_confidence
from fooling.lab.audit import record
from fooling.lab.audit.attacks import Attempt, make_plain_images

if TYPE_CHECKING:
    from fooling.lab.audit.budget import Budget
    from fooling.lab.audit.natural import NaturalImages
    from fooling.networks.classifier import Classifier


class Told(NamedTuple):
    """Sentences that stand beside the numbers of an audit."""

    doubts: tuple[str, ...]  # on what makes them doubtful
    untested: tuple[str, ...]  # on what could not be tested
    noise_class: str = ""  # what most of the noise is taken for, which is no sentence


def summarise(
    classifier: Classifier,
    budget: Budget,
    attempts: Mapping[str, Attempt],
    noise: np.ndarray,
    real: record.OnReal | None,
    told: Told,
    defences: record.Defences,
) -> record.Found:
    """Return the numbers of an audit; ``noise`` is the confidence of noise images in their top class."""
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
        doubts=told.doubts,
        untested=told.untested,
        audited=len(budget.classes),
        fooled=fooled,
        fooled_share=fooled / len(budget.classes),
        worst=record.Worst(names[budget.classes[cell]], surest, float(highest[cell])),
        attacks={attack: summarise_attempt(one) for attack, one in attempts.items()},
        classes=tuple(cells),
        noise=record.OnNoise(float(np.median(noise)), float(noise.max()), told.noise_class),
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
