"""An audit's numbers as JSON.

``metrics.json`` of an audit holds these keys; a later format adds keys and raises ``format`` where one changes:

- ``format``: 1.
- ``network``: ``name``, ``image_shape`` (height, width, channels), ``classes`` (how many it has), ``input_range``.
- ``budget_minutes``; ``cut``: sentences on what it left out; ``untested``: sentences on what could not be tested.
- ``audited``: how many classes had a cell. ``fooled``: in how many of them some means reached 99%.
  ``fooled_share``: the second by the first: the number to hold a limit against.
- ``worst``: the most certain nonsense: ``class``, ``means``, ``confidence``.
- ``means``: by means (noise, direct, CPPN, ascent): ``runs``; ``images`` shown to the network in a run, for all classes
  together; ``median`` confidence over classes, each the median of its runs; ``runs_range``, the lowest and the highest
  median of a run; ``classes_at``, by 50, 90 and 99 the number of classes that the best run took there;
  ``images_to``, by the same the images shown until half of all classes in all runs were there, or null.
- ``classes``: for each with a cell: ``index``, ``name``, ``confidence`` (by means, of the best run).
- ``noise``: the median and highest confidence of noise images in any class. ``plain``: by colour ``class`` and
  ``confidence`` of an image of that colour only.
- ``real``: null without real images, else ``images``, ``median`` confidence, and, null without labels, ``right``
  (share), ``median_right``, ``median_wrong``.
- ``detectors``: null, or by detector and kind of nonsense: ``auroc`` and ``passed``, each a value and the ends of its
  95% interval, of ``auroc`` by bootstrap, of ``passed`` Wilson's; ``passed`` is the share of nonsense above a threshold
  that 95% of the real images pass. Nonsense is random noise, and what each means brought to at least 50%;
  ``nonsense``: null, or by kind how many images these are; ``measured_with``: real images.
- ``temperature``: null, or ``value``, ``fitted`` (false where it is an end of its range), ``calibration_error`` before
  and after, ``certain`` (by kind the share of nonsense at 99% before and after), ``real`` (median confidence on real
  images before and after).
- ``fooling_class``: null, or ``known`` (by kind the share of unseen nonsense that is called fooling, or null),
  ``unseen`` (by kind how many images these are), ``lost``
  (share of unseen real images called fooling), ``right`` before and after (or null), ``images`` evolved in a run, and
  ``median`` confidence of CPPN images evolved with so many images before and after.
- ``runs``: names of the folders of results that these numbers are read from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fooling.pages.findings.searches import find_median, spread_of_runs, to_confidence

if TYPE_CHECKING:
    from fooling.lab.audit.experiment import Audit, Real
    from fooling.lab.audit.fooling_class import FoolingClass
    from fooling.lab.audit.means import Attempt

FORMAT = 1
LEVELS = (50, 90, 99)  # per cent
CERTAIN = 0.99
COLOURS = ("black", "grey", "white", "red", "green", "blue")


def summarise_audit(
    audit: Audit, name: str, image_shape: Sequence[int], class_names: Sequence[str], input_range: Sequence[float]
) -> dict[str, Any]:
    """Return an audit's numbers as JSON, all keys but the budget's and ``runs``.

    Args:
        audit: What was measured.
        name: The network's.
        image_shape: ``(height, width, channels)``.
        class_names: One per class of the network.
        input_range: What it expects for black and for white.
    """
    best = {means: to_confidence(one.log_odds.max(axis=0)) for means, one in audit.attempts.items()}
    highest = np.max(list(best.values()), axis=0)  # (cells,)
    fooled, cell = int((highest >= CERTAIN).sum()), int(highest.argmax())
    names = [class_names[index] for index in audit.classes]
    return {
        "format": FORMAT,
        "network": {
            "name": name,
            "image_shape": list(image_shape),
            "classes": len(class_names),
            "input_range": list(input_range),
        },
        "untested": list(audit.untested),
        "audited": len(names),
        "fooled": fooled,
        "fooled_share": fooled / len(names),
        "worst": {
            "class": names[cell],
            "means": max(best, key=lambda means: float(best[means][cell])),
            "confidence": float(highest[cell]),
        },
        "means": {means: _summarise_attempt(one) for means, one in audit.attempts.items()},
        "classes": [
            {"index": index, "name": title, "confidence": {means: float(part[place]) for means, part in best.items()}}
            for place, (index, title) in enumerate(zip(audit.classes, names, strict=True))
        ],
        "noise": {"median": float(np.median(audit.noise)), "highest": float(audit.noise.max())},
        "plain": {
            colour: {"class": class_names[top], "confidence": float(confidence)}
            for colour, top, confidence in zip(COLOURS, audit.plain_tops, audit.plain, strict=False)
        },
        "real": _summarise_real(audit.real),
        **_summarise_defences(audit),
    }


def _summarise_attempt(attempt: Attempt) -> dict[str, Any]:
    final = to_confidence(attempt.log_odds)  # (runs, cells)
    needed = np.sort(np.nan_to_num(np.moveaxis(attempt.needed, 1, 0), nan=np.inf).reshape(len(LEVELS), -1))
    needed = needed[:, (needed.shape[1] - 1) // 2]  # (levels,): of an even number the lower of the two in the middle
    return {
        "runs": len(final),
        "images": int(attempt.steps[-1]),
        "median": float(np.median(final)),
        "runs_range": spread_of_runs(final),
        "classes_at": {str(level): int((final.max(axis=0) >= level / 100).sum()) for level in LEVELS},
        "images_to": {
            str(level): None if math.isinf(count) else float(count) for level, count in zip(LEVELS, needed, strict=True)
        },
    }


def _summarise_real(real: Real | None) -> dict[str, Any] | None:
    if real is None:
        return None
    right, labelled = real.tops == real.labels, bool((real.labels >= 0).all())
    return {
        "images": len(real.labels),
        "median": float(np.median(real.confidences)),
        "right": float(right.mean()) if labelled else None,
        "median_right": find_median(real.confidences[right]) if labelled else None,
        "median_wrong": find_median(real.confidences[~right]) if labelled else None,
    }


def _summarise_defences(audit: Audit) -> dict[str, Any]:
    noticed, warmed, learned = audit.noticed, audit.temperature, audit.fooling_class
    counts = count_nonsense(audit)
    detectors = noticed and {
        str(name): {
            str(kind): {
                "auroc": noticed.auroc[row, column].tolist(),
                "passed": bound_share(float(noticed.passed[row, column, 0]), counts[str(kind)]),
            }
            for column, kind in enumerate(noticed.kinds)
        }
        for row, name in enumerate(noticed.detectors)
    }
    temperature = warmed and {
        "value": float(warmed.value),
        "fitted": is_fitted(float(warmed.value)),
        "calibration_error": warmed.errors.tolist(),
        "certain": {str(kind): part.tolist() for kind, part in zip(warmed.kinds, warmed.certain, strict=True)},
        "real": warmed.real.tolist(),
    }
    return {
        "detectors": detectors,
        "nonsense": counts if noticed or warmed else None,
        "measured_with": int(noticed.measured) if noticed else None,
        "temperature": temperature,
        "fooling_class": _summarise_class(learned, audit.attempts["CPPN"]) if learned else None,
    }


def count_nonsense(audit: Audit) -> dict[str, int]:
    """Return by kind of nonsense how many images of it detectors and a temperature were measured with.

    These are the random noise, and the images that each other means brought to at least 50% for their class. Runs that
    end at the same image count once; they are told by equal log-odds of a class, unless these are infinite.
    """
    fooling = {means: _count_different(one.log_odds) for means, one in audit.attempts.items() if means != "noise"}
    return {"noise": len(audit.noise), **{means: count for means, count in fooling.items() if count}}


def _count_different(log_odds: np.ndarray) -> int:
    """Return how many images of at least 50% differ, of ``(runs, cells)`` log-odds."""
    reached = [column[column >= 0.0] for column in log_odds.T]
    return sum(len(np.unique(part[np.isfinite(part)])) + int(np.isinf(part).sum()) for part in reached)


def bound_share(share: float, count: int) -> list[float]:
    """Return a share of so many images and the ends of Wilson's 95% interval, which stays wide where they are few."""
    from scipy.stats import binomtest  # slow to import, and status and findings have no need of it

    interval = binomtest(round(share * count), count).proportion_ci(method="wilson")
    return [share, float(interval.low), float(interval.high)]


def is_fitted(temperature: float) -> bool:
    """Return whether a temperature lies within its range; at an end nothing was fitted."""
    from fooling.lab.detectors.measures import TEMPERATURES  # imports SciPy and scikit-learn

    return TEMPERATURES[0] < temperature < TEMPERATURES[1]


def _summarise_class(learned: FoolingClass, before: Attempt) -> dict[str, Any]:
    images = int(min(learned.again.steps[-1], before.steps[-1]))
    return {
        "known": {
            str(kind): None if np.isnan(share) else float(share)
            for kind, share in zip(learned.kinds, learned.known, strict=True)
        },
        "unseen": {str(kind): int(count) for kind, count in zip(learned.kinds, learned.unseen, strict=True)},
        "lost": float(learned.lost),
        "right": None if np.isnan(learned.right).any() else learned.right.tolist(),
        "images": images,
        "median": [float(np.median(to_confidence(read_curve(one, images)))) for one in (before, learned.again)],
    }


def read_curve(attempt: Attempt, images: int) -> np.ndarray:
    """Return the log-odds that an attempt had reached when so many images had been shown, ``(runs, cells) float32``."""
    place = np.searchsorted(attempt.steps, images, side="right") - 1
    return np.asarray(attempt.curves[:, max(0, int(place))])
