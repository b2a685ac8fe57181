"""An audit's numbers in words: tables, and the lines of a slide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages import paper
from fooling.pages.findings.audit import COLOURS, LEVELS
from fooling.pages.findings.tables import table

MEANS = ("noise", "direct", "CPPN", "ascent")  # in the order of their knowledge of the network
THRESHOLD = "maximum softmax"  # the detector that is a threshold on the confidence


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
    if warmed and not warmed["fitted"]:
        rows += [("temperature", "none", tell_unfitted(warmed["value"]))]
    elif warmed:
        errors, real, counts = warmed["calibration_error"], warmed["real"], metrics["nonsense"]
        rows += [("calibration error, real images", *(f"{100 * error:.1f} points" for error in errors))]
        rows += [("median confidence, real images", *map(_show, real))]
        rows += [
            (f"nonsense at 99%: {kind}", *(_show_share(share, counts[kind]) for share in part))
            for kind, part in _sort_means(warmed["certain"])
        ]
    if learned:
        known = {kind: share for kind, share in _sort_means(learned["known"]) if share is not None}
        rows += [
            (f"unseen nonsense called fooling: {kind}", "", _show_share(share, learned["unseen"][kind]))
            for kind, share in known.items()
        ]
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
    minutes = f"{metrics['budget_minutes']:g} minute{'' if metrics['budget_minutes'] == 1 else 's'}"
    worst, tried = metrics["worst"], _sort_means(metrics["means"])
    lines = [
        f"{network['name']}: images of {shape}, {network['classes']:,} classes, {minutes}.",
        f"Nonsense with at least 99% confidence: in {metrics['fooled']:,} of {metrics['audited']:,} classes audited.",
        f"Most certain: {worst['class']}, {_show(worst['confidence'])}, by {worst['means']}.",
        "Median class, by means: " + _join(f"{means} {_show(one['median'])}" for means, one in tried) + ".",
        "Images shown until half of the classes were at 99%: "
        + _join(f"{means} {_show_count(one['images_to']['99'])}" for means, one in tried)
        + ".",
    ]
    noise = metrics["noise"]
    lines.append(
        f"Random noise: median {_show(noise['median'])} in its first class, highest {_show(noise['highest'])}."
    )
    return [*lines, *_tell_real(metrics["real"]), *_tell_defences(metrics), *metrics["untested"]]


def _tell_real(real: dict[str, Any] | None) -> list[str]:
    if real is None:
        return ["Real images: none were given, so that there is nothing to compare with."]
    right = "" if real["right"] is None else f", {real['right']:.1%} right"
    return [f"Real images ({real['images']:,}): median confidence {_show(real['median'])}{right}."]


def _tell_defences(metrics: dict[str, Any]) -> list[str]:
    lines = []
    if metrics["detectors"]:
        lines.append(_tell_detectors(metrics["detectors"], metrics["nonsense"]))
    if metrics["temperature"]:
        lines.append(_tell_temperature(metrics["temperature"], metrics["nonsense"]))
    if metrics["fooling_class"]:
        learned = metrics["fooling_class"]
        known = _join(
            f"{kind} {_count_share(share, learned['unseen'][kind])}"
            for kind, share in _sort_means(learned["known"])
            if share is not None
        )
        lines.append(
            f"A fooling class calls this much unseen nonsense fooling: {known}; and {learned['lost']:.1%} of real "
            f"images; CPPN images evolved again, {learned['images']:,}: median {_show(learned['median'][0])} before, "
            f"{_show(learned['median'][1])} after."
        )
    return lines


def _tell_temperature(warmed: dict[str, Any], counts: dict[str, int]) -> str:
    if not warmed["fitted"]:
        return f"Temperature: {tell_unfitted(warmed['value'])}."
    kind = max(warmed["certain"], key=lambda name: tuple(warmed["certain"][name]))
    before, after = (100 * error for error in warmed["calibration_error"])
    moved = "rose, though the likelihood chose this temperature," if after > before else "fell"
    moved = f"{moved} from {before:.1f} to {after:.1f}" if after != before else f"stayed at {after:.1f}"
    certain = " to ".join(_count_share(share, counts[kind]) for share in warmed["certain"][kind])
    return (
        f"Temperature {warmed['value']:.2f}: the calibration error {moved} points; "
        f"nonsense at 99%, of the worst kind, {kind}: {certain}."
    )


def tell_unfitted(temperature: float) -> str:
    """Return why a temperature at an end of its range is no fit, a sentence without its full stop."""
    if temperature < 1.0:
        return "every image of the half to fit on is right, so no temperature can be fitted"
    return "the labels are no better than chance, so no temperature can be fitted"


def _tell_detectors(detectors: dict[str, Any], counts: dict[str, int]) -> str:
    best = find_best_detector(detectors)
    threshold, other = (
        _join(f"{kind} {_count_share(part['passed'][0], counts[kind])}" for kind, part in _sort_means(detectors[name]))
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


def _count_share(share: float, count: int) -> str:
    """Return a share of images as their number, "1 of 3": a percentage of three images says more than is known."""
    return f"{round(share * count):,} of {count:,}"


def _show_share(share: float, count: int) -> str:
    return f"{share:.0%} ({_count_share(share, count)})"


def _show_count(count: float | None) -> str:
    return "never" if count is None else f"{count:,.0f}"


def _join(words: Any) -> str:
    return ", ".join(words)
