"""An audit's numbers as JSON and as the lines of a slide.

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
  95% interval; ``passed`` is the share of nonsense above a threshold that 95% of the real images pass. Nonsense is
  random noise, and what each means brought to at least 50%; ``measured_with``: real images.
- ``temperature``: null, or ``value``, ``calibration_error`` before and after, ``certain`` (by kind the share of
  nonsense at 99% before and after), ``real`` (median confidence on real images before and after).
- ``fooling_class``: null, or ``known`` (by kind the share of unseen nonsense that is called fooling, or null), ``lost``
  (share of unseen real images called fooling), ``right`` before and after (or null), ``images`` evolved in a run, and
  ``median`` confidence of CPPN images evolved with so many images before and after.
- ``runs``: names of the folders of results that these numbers are read from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fooling import paper
from fooling.findings.searches import find_median, spread_of_runs, to_confidence
from fooling.findings.tables import table

if TYPE_CHECKING:
    from fooling.audit.experiment import Audit, Real
    from fooling.audit.fooling_class import FoolingClass
    from fooling.audit.means import Attempt

FORMAT = 1
MEANS = ("noise", "direct", "CPPN", "ascent")
THRESHOLD = "maximum softmax"  # the detector that is a threshold on the confidence
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
    detectors = noticed and {
        str(name): {
            str(kind): {"auroc": noticed.auroc[row, column].tolist(), "passed": noticed.passed[row, column].tolist()}
            for column, kind in enumerate(noticed.kinds)
        }
        for row, name in enumerate(noticed.detectors)
    }
    temperature = warmed and {
        "value": float(warmed.value),
        "calibration_error": warmed.errors.tolist(),
        "certain": {str(kind): part.tolist() for kind, part in zip(warmed.kinds, warmed.certain, strict=True)},
        "real": warmed.real.tolist(),
    }
    return {
        "detectors": detectors,
        "measured_with": int(noticed.measured) if noticed else None,
        "temperature": temperature,
        "fooling_class": _summarise_class(learned, audit.attempts["CPPN"]) if learned else None,
    }


def _summarise_class(learned: FoolingClass, before: Attempt) -> dict[str, Any]:
    images = int(min(learned.again.steps[-1], before.steps[-1]))
    return {
        "known": {
            str(kind): None if np.isnan(share) else float(share)
            for kind, share in zip(learned.kinds, learned.known, strict=True)
        },
        "lost": float(learned.lost),
        "right": None if np.isnan(learned.right).any() else learned.right.tolist(),
        "images": images,
        "median": [float(np.median(to_confidence(read_curve(one, images)))) for one in (before, learned.again)],
    }


def read_curve(attempt: Attempt, images: int) -> np.ndarray:
    """Return the log-odds that an attempt had reached when so many images had been shown, ``(runs, cells) float32``."""
    place = np.searchsorted(attempt.steps, images, side="right") - 1
    return np.asarray(attempt.curves[:, max(0, int(place))])


def tabulate_means(metrics: dict[str, Any]) -> str:
    """Return a Markdown table: a row for each means."""
    levels = [str(level) for level in LEVELS]
    rows = [
        (
            means,
            f"{one['runs']} × {one['images']:,}",
            _show(one["median"]) + (f" ({' to '.join(map(_show, one['runs_range']))})" if one["runs"] > 1 else ""),
            ", ".join(f"{one['classes_at'][level]}" for level in levels) + f" of {metrics['audited']}",
            "; ".join(_show_count(one["images_to"][level]) for level in levels),
        )
        for means, one in _sort_means(metrics["means"])
    ]
    at = f"{', '.join(levels)}%"
    return table(("", "runs × images", "median class (of runs)", f"classes at {at}", f"images to {at}"), rows)


def tabulate_plain(metrics: dict[str, Any]) -> str:
    """Return a Markdown table: a column for each colour."""
    plain = {colour: metrics["plain"][colour] for colour in COLOURS if colour in metrics["plain"]}
    return table(
        ("", *plain), [("taken for", *(f"{one['class']}, {_show(one['confidence'])}" for one in plain.values()))]
    )


def tabulate_defences(metrics: dict[str, Any]) -> str:
    """Return a Markdown table of what a temperature and a fooling class change; a sentence if neither was tested."""
    warmed, learned = metrics["temperature"], metrics["fooling_class"]
    rows: list[tuple[str, ...]] = []
    if warmed:
        errors, real = warmed["calibration_error"], warmed["real"]
        rows += [("calibration error, real images", *(f"{100 * error:.1f} points" for error in errors))]
        rows += [("median confidence, real images", *map(_show, real))]
    if learned:
        known = {kind: share for kind, share in _sort_means(learned["known"]) if share is not None}
        rows += [(f"unseen nonsense called fooling: {kind}", "", f"{share:.0%}") for kind, share in known.items()]
        rows += [("unseen real images called fooling", "", f"{learned['lost']:.1%}")]
        if learned["right"]:
            rows += [("unseen real images that are right", *(f"{share:.1%}" for share in learned["right"]))]
        rows += [(f"CPPN images, median after {learned['images']:,}", *map(_show, learned["median"]))]
    return table(("", "before", "after"), rows) if rows else "Neither was tested, as said above."


def tell_audit(metrics: dict[str, Any]) -> list[str]:
    """Return an audit in about eight lines that fit a slide.

    Args:
        metrics: As the module says.
    """
    network, shape = metrics["network"], " × ".join(str(side) for side in metrics["network"]["image_shape"])
    worst, tried = metrics["worst"], _sort_means(metrics["means"])
    lines = [
        f"{network['name']}: images of {shape}, {network['classes']:,} classes, {metrics['budget_minutes']:g} minutes.",
        f"Nonsense with at least 99% confidence: in {metrics['fooled']:,} of {metrics['audited']:,} classes audited.",
        f"Most certain: {worst['class']}, {_show(worst['confidence'])}, by {worst['means']}.",
        "Median class, by means: " + _join(f"{means} {_show(one['median'])}" for means, one in tried) + ".",
        "Images shown until half of the classes were at 99%: "
        + _join(f"{means} {_show_count(one['images_to']['99'])}" for means, one in tried)
        + ".",
    ]
    return [*lines, *_tell_real(metrics["real"]), *_tell_defences(metrics), *metrics["untested"]]


def _tell_real(real: dict[str, Any] | None) -> list[str]:
    if real is None:
        return ["Real images: none were given, so that there is nothing to compare with."]
    right = "" if real["right"] is None else f", {real['right']:.1%} right"
    return [f"Real images ({real['images']:,}): median confidence {_show(real['median'])}{right}."]


def _tell_defences(metrics: dict[str, Any]) -> list[str]:
    lines = []
    if metrics["detectors"]:
        lines.append(_tell_detectors(metrics["detectors"]))
    if metrics["temperature"]:
        warmed = metrics["temperature"]
        worst = [max(part[place] for part in warmed["certain"].values()) for place in (0, 1)]
        before, after = (100 * error for error in warmed["calibration_error"])
        lines.append(
            f"Temperature {warmed['value']:.2f}: calibration error {before:.1f} to {after:.1f} points; nonsense at "
            f"99%, of the worst kind: {worst[0]:.0%} to {worst[1]:.0%}."
        )
    if metrics["fooling_class"]:
        learned = metrics["fooling_class"]
        known = _join(f"{kind} {share:.0%}" for kind, share in _sort_means(learned["known"]) if share is not None)
        lines.append(
            f"A fooling class knows unseen nonsense ({known}) and takes {learned['lost']:.1%} of real images for it; "
            f"CPPN images evolved again, {learned['images']:,}: median {_show(learned['median'][0])} before, "
            f"{_show(learned['median'][1])} after."
        )
    return lines


def _tell_detectors(detectors: dict[str, Any]) -> str:
    best = find_best_detector(detectors)
    threshold, other = (
        _join(f"{kind} {part['passed'][0]:.0%}" for kind, part in _sort_means(detectors[name]))
        for name in (THRESHOLD, best)
    )
    said = "no other detector is better" if best == THRESHOLD else f"with the best detector, {best}: {other}"
    return f"Where 95% of real images pass a threshold on the confidence, so does nonsense: {threshold}; {said}."


def find_best_detector(detectors: dict[str, Any]) -> str:
    """Return the detector whose worst kind of nonsense passes the least; of equal ones the best on average."""

    def rank(name: str) -> tuple[float, float, bool]:
        passed = [part["passed"][0] for part in detectors[name].values()]
        return max(passed), sum(passed), name != THRESHOLD

    return min(detectors, key=rank)


def _sort_means(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return pairs by means in the order of their knowledge of the network, which JSON has not kept."""
    return [(means, parts[means]) for means in MEANS if means in parts]


def _show(confidence: float) -> str:
    return paper.show_confidence(confidence)


def _show_count(count: float | None) -> str:
    return "never" if count is None else f"{count:,.0f}"


def _join(words: Any) -> str:
    return ", ".join(words)
