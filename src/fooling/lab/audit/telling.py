"""An audit's numbers in words: tables, and the lines of a slide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fooling.lab.audit.record import ATTACKS, COLOURS, FEW, LEVELS, FoolingClass, Found, Separation, Temperature
from fooling.lab.audit.verdict import THRESHOLD, choose_known, find_best_detector, judge
from fooling.words import escape, show_confidence, show_count, show_minutes, table

Value = TypeVar("Value")


def tabulate_attacks(found: Found) -> str:
    """Return a Markdown table: a row for each attack."""
    at = f"{', '.join(map(str, LEVELS))}%"
    header = ("", "runs × images", "median class (of runs)", f"classes at {at}", f"images to {at}")
    rows = []
    for attack, one in _sort(found.attacks):
        spread = f" ({' to '.join(map(show_confidence, one.runs_range))})" if one.runs > 1 else ""
        reached = ", ".join(str(one.classes_at[str(level)]) for level in LEVELS)
        needed = "; ".join(show_count(one.images_to[str(level)]) for level in LEVELS)
        size, median = f"{one.runs} × {one.images:,}", show_confidence(one.median) + spread
        rows.append((attack, size, median, f"{reached} of {found.audited}", needed))
    return table(header, rows)


def tabulate_plain(found: Found) -> str:
    """Return a Markdown table: a column for each colour."""
    plain = {colour: found.plain[colour] for colour in COLOURS if colour in found.plain}
    cells = [f"{one.class_name}, {show_confidence(one.confidence)}" for one in plain.values()]
    return table(("", *plain), [("taken for", *cells)])


def tabulate_defences(found: Found) -> str:
    """Return a Markdown table of what a temperature and a fooling class change; a sentence if neither was tested."""
    warmed, learned, counts = found.temperature, found.fooling_class, found.nonsense or {}
    rows: list[tuple[str, ...]] = []
    if warmed and not warmed.fitted:
        rows += [("temperature", "none", tell_unfitted(warmed.value))]
    elif warmed:
        errors = [f"{100 * error:.1f} points" for error in warmed.calibration_error]
        rows += [("calibration error, real images", *errors)]
        rows += [("median confidence, real images", *map(show_confidence, warmed.real))]
        for kind, shares in _sort(warmed.certain):
            rows += [(f"nonsense at 99%: {kind}", *(_show_share(share, counts[kind]) for share in shares))]
    if learned:
        for kind, share in _list_known(learned):
            rows += [(f"unseen nonsense called fooling: {kind}", "", _show_share(share, learned.unseen[kind]))]
        rows += [("unseen real images called fooling", "", f"{learned.lost:.1%}")]
        if learned.right:
            rows += [("unseen real images that are right", *(f"{share:.1%}" for share in learned.right))]
        rows += [(f"CPPN images, median after {learned.images:,}", *map(show_confidence, learned.median))]
    return table(("", "before", "after"), rows) if rows else "Neither was tested, as said above."


def tell_audit(found: Found) -> list[str]:
    """Return an audit in about ten lines that fit a slide: first what is doubtful, the verdict, and what to do."""
    network, worst, real, noise, counts = found.network, found.worst, found.real, found.noise, found.nonsense or {}
    shape = " × ".join(map(str, network.image_shape))
    medians = ", ".join(f"{attack} {show_confidence(one.median)}" for attack, one in _sort(found.attacks))
    needed = ", ".join(f"{attack} {show_count(one.images_to['99'])}" for attack, one in _sort(found.attacks))
    lines = [
        *judge(found),
        f"{network.name}: images of {shape}, {network.classes:,} classes, {show_minutes(found.budget_minutes)}.",
        f"Most certain: {worst.class_name}, {show_confidence(worst.confidence)}, by {worst.attack}.",
        f"Median class, by attack: {medians}.",
        f"Images shown until half of the classes were at 99%: {needed}.",
        f"A single image of noise: taken for {noise.class_name or 'one class or another'}, with "
        f"{show_confidence(noise.median)} in the median and at most {show_confidence(noise.highest)}; the noise above "
        f"is the best of {found.attacks['noise'].images:,} such images for each class.",
    ]
    if real:
        right = "" if real.right is None else f", {real.right:.1%} right"
        known = f"median confidence {show_confidence(real.median)}{right}"
        known = known if real.images >= FEW else "too few to say more"
        lines += [f"Real images ({real.images:,}): {known}.", *found.pictures]
    else:
        lines += ["Real images: none were given, so that there is nothing to compare with."]
    lines += [_tell_detectors(found.detectors, counts)] if found.detectors else []
    lines += [_tell_temperature(found.temperature, counts)] if found.temperature else []
    lines += [_tell_class(found.fooling_class)] if found.fooling_class else []
    return [*lines, *found.untested]


def tabulate_audit(found: Found) -> str:
    """Return the same for a page: the first sentence in bold, over a Markdown table of the other lines."""
    first, *others = tell_audit(found)
    first, _, more = first.partition(". ")
    rows = [(name, told) for name, _, told in (line.partition(": ") for line in (more, *others) if line)]
    return f"**{escape(first.removesuffix('.'))}.**\n\n{table(('', 'here'), rows)}"


def _tell_class(learned: FoolingClass) -> str:
    enough = [(kind, share) for kind, share in _list_known(learned) if learned.unseen[kind] >= FEW]
    caught = [f"{kind} {_count_share(share, learned.unseen[kind])}" for kind, share in enough]
    caught += [f"real images {learned.lost:.1%}"]
    before, after = map(show_confidence, learned.median)
    return (
        f"A fooling class catches, of unseen images: {', '.join(caught)}. CPPN images evolved again, "
        f"{learned.images:,}: median {before} before, {after} after."
    )


def _tell_temperature(warmed: Temperature, counts: Mapping[str, int]) -> str:
    if not warmed.fitted:
        return f"Temperature: {tell_unfitted(warmed.value)}."
    enough = [kind for kind, _ in _sort(warmed.certain) if counts[kind] >= FEW]  # of equal ones the first counts
    kind = max(enough, key=lambda one: warmed.certain[one], default="")
    before, after = (100 * error for error in warmed.calibration_error)
    moved = "rose, though the likelihood chose this temperature," if after > before else "fell"
    words = (f"{before:.1f}", f"{after:.1f}")
    moved = f"{moved} from {' to '.join(words)}" if words[0] != words[1] else f"stayed at {words[1]}"
    certain = [_count_share(share, counts[kind]) for share in warmed.certain.get(kind, ())]
    both = f"{certain[0]} have 99% before and {certain[1]} after" if kind else ""
    worst = f"; of the images by {kind}, {both}" if kind else ""
    return f"Temperature {warmed.value:.2f}: the calibration error {moved} points{worst}."


def tell_unfitted(temperature: float) -> str:
    """Return why a temperature at an end of its range is no fit, a sentence without its full stop."""
    if temperature < 1.0:
        return "every image of the half to fit on is right, so no temperature can be fitted"
    return "the labels are no better than chance, so no temperature can be fitted"


def _tell_detectors(detectors: Mapping[str, Mapping[str, Separation]], counts: Mapping[str, int]) -> str:
    """Return what passes a threshold on the confidence, and what passes the best detector."""
    enough = choose_known(detectors, counts)
    best = find_best_detector(enough)
    threshold, other = (
        ", ".join(f"{kind} {_count_share(one.passed[0], counts[kind])}" for kind, one in _sort(enough[name]))
        for name in (THRESHOLD, best)
    )
    if not threshold:
        return (
            f"What a detector would let pass is not told: there are fewer than {FEW} images of each kind of nonsense."
        )
    said = "no other detector is better" if best == THRESHOLD else f"with the best detector, {best}: {other}"
    return f"Nonsense that passes a threshold on the confidence which 95% of real images pass: {threshold}; {said}."


def _sort(parts: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """Return pairs by attack in the order of their knowledge of the network, which JSON has not kept."""
    return [(attack, parts[attack]) for attack in ATTACKS if attack in parts]


def _list_known(learned: FoolingClass) -> list[tuple[str, float]]:
    """Return by kind what a fooling class knew of unseen nonsense, where there was some."""
    return [(kind, share) for kind, share in _sort(learned.known) if share is not None]


def _show_share(share: float, count: int) -> str:
    """Return a share of images, in per cent only where there are enough of them."""
    counted = _count_share(share, count)
    return f"{share:.0%} ({counted})" if count >= FEW else f"{counted}, too few to say"


def _count_share(share: float, count: int) -> str:
    """Return a share of images as their number, "1 of 3": a percentage of three images says more than is known."""
    return f"{round(share * count):,} of {count:,}"
