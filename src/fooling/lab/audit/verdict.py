"""What an audit comes to: what makes it doubtful, a verdict beside networks that the project audited, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fooling.files import read_json
from fooling.lab.audit.record import CERTAIN, FEW, Found, Separation
from fooling.runs import ROOT
from fooling.words import list_words, show_confidence, show_minutes

# Where page 15 is published, with what audits of the project's own networks found.
PUBLISHED = ROOT / "results" / "published" / "metrics" / "15_your_network.json"

THRESHOLD = "maximum softmax"  # the detector that is a threshold on the confidence
STOPS = 0.2  # the share of nonsense that a defence may let pass to be recommended; Choice: it notices four in five


def judge(found: Found) -> list[str]:
    """Return the first lines of a finding: each doubt, the verdict with the number it hangs on, what to do."""
    doubts = [f"Doubtful: {doubt}" for doubt in found.doubts]
    return [*doubts, give_verdict(found), _advise(found)]


def give_verdict(found: Found) -> str:
    """Return in words how easily a network is fooled."""
    level, fooled = count_fooled(found)
    at = "99%" if level == CERTAIN else f"{show_confidence(level)}, the median of real images,"
    grade = "Easily fooled, in half of the classes or more" if 2 * fooled >= found.audited else "Fooled in some classes"
    end = "" if fooled else f"; the most certain reached {show_confidence(found.worst.confidence)}"
    return (
        f"{grade if fooled else 'Not fooled within this budget'}: nonsense reached {at} in {fooled:,} of "
        f"{found.audited:,} classes within {show_minutes(found.budget_minutes)}{end}.{_compare(found)}"
    )


def count_fooled(found: Found) -> tuple[float, int]:
    """Return the confidence from which nonsense fools a network, and in how many classes it did.

    That is 99%, or the median of real images where it is less: a network that is never so certain is not safe by that.
    """
    level = min(CERTAIN, found.real.median) if found.real else CERTAIN
    return level, sum(max(one.confidence.values()) >= level for one in found.classes)


def read_references() -> list[Found]:
    """Return what audits of the project's own networks found, all of one budget; none where nothing is published."""
    kept = read_json(PUBLISHED, dict[str, Any], "`git checkout results/published` brings it back")
    return [*msgspec.convert(kept.get("records", {}), dict[str, Found]).values()]


def _compare(found: Found) -> str:
    """Return what the same search did to the project's own networks, in a sentence after a space, if that is known."""
    kept = [one for one in read_references() if one.search == found.search]
    shown = list_words([f"{one.network.name} {one.fooled} of {one.audited}" for one in kept])
    return f" To compare, at 99% within {show_minutes(kept[0].budget_minutes)}: {shown}." if kept else ""


def _advise(found: Found) -> str:
    if not count_fooled(found)[1] and not found.doubts:
        return (
            "What to do: audit it longer (--budget) before you rely on it; a search that ends says nothing of a longer."
        )
    do = "What to do: do not take its confidence for a sign that an image shows one of its classes"
    if found.doubts:
        return f"What to do: settle the doubt first, and audit again; until then {do[12:]}."
    if not found.detectors or not found.nonsense:
        return f"{do}; give real images (--images) to see what would notice nonsense."
    kinds = choose_known(found.detectors, found.nonsense)
    best = find_best_detector(kinds)
    if not kinds[best]:
        return f"{do}; there are fewer than {FEW} images of each kind of nonsense, too few to say what would notice it."
    kind = max(kinds[best], key=lambda one: kinds[best][one].passed[0])
    (passed, low, high), count = kinds[best][kind].passed, found.nonsense[kind]
    spread = f"(95% interval: {low:.0%} to {high:.0%})"
    let = f"lets {round(passed * count):,} of {count:,} images by {kind} pass {spread}"
    if passed <= STOPS:
        return f"{do}; add a detector by {best}: it {let}."
    return f"{do}. No detector that was tested stops the nonsense: the best one, {best}, {let}."


def choose_known(
    detectors: Mapping[str, Mapping[str, Separation]], counts: Mapping[str, int]
) -> dict[str, dict[str, Separation]]:
    """Return what detectors did with those kinds of nonsense that there were ten images of, or more."""
    return {
        name: {kind: one for kind, one in kinds.items() if counts[kind] >= FEW} for name, kinds in detectors.items()
    }


def find_best_detector(detectors: Mapping[str, Mapping[str, Separation]]) -> str:
    """Return the detector whose worst kind of nonsense passes the least; of equal ones the best on average."""
    passed = {name: [one.passed[0] for one in kinds.values()] for name, kinds in detectors.items()}
    return min(detectors, key=lambda name: (max(passed[name], default=1.0), sum(passed[name]), name != THRESHOLD))
