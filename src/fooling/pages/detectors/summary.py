"""Page 13 in numbers and words: sizes, the finding in a sentence, and its tables."""

from __future__ import annotations

from collections.abc import Mapping

from fooling.lab.detectors.measures import Interval, show, show_points
from fooling.lab.detectors.names import ENCODINGS, FEATURES, FOOLING_CLASS, SCALED
from fooling.pages.detectors.records import DetectorSizes, DigitResults, KindResults, Likeness, Results
from fooling.words import Markup, show_confidence, table

CHANCE = 0.5  # the AUROC of a score that knows nothing

# Not in the paper; the fooling images are those of the pages before, and the held-out digits are the natural ones.
SIZES: Mapping[str, DetectorSizes] = {
    "smoke": DetectorSizes(runs=1, generations=3, children=50, images=50),
    "default": DetectorSizes(runs=1, generations=100, children=200, images=500),
    "extended": DetectorSizes(runs=10, generations=200, children=200, images=1_000),
    "paper": DetectorSizes(runs=50, generations=200, children=200, images=10_000),
}


def headline(found: DigitResults) -> str:
    """Return how many detectors bred images beat as they are, and what evolution against the detectors does."""
    falls, detectors = _compare(found), len(found.kinds["CPPN"].detections)
    count, surely = _count_falls(found)
    (encoding, name), (old, new) = max(falls.items(), key=lambda fall: fall[1][0].value - fall[1][1].value)
    return (
        f"{len(find_beaten(found)) or 'None'} of {detectors} detectors find bred images more natural than digits; a "
        f"detector's AUROC falls in {count} searches against it ({surely} beyond doubt), most for {name} ({encoding}: "
        f"{old.value:.2f} to {new.value:.2f})."
    )


def list_rows(found: DigitResults) -> tuple[tuple[str, str], ...]:
    """Return the finding as rows of a table: what, here."""
    beaten, taught = find_beaten(found), found.against["CPPN"][FOOLING_CLASS]
    count = f"{len(beaten)} of {len(taught.detections)}"
    before, after = (part.detections[FOOLING_CLASS].fpr95.value for part in (found.kinds["CPPN"], taught))
    more = Markup(f"find bred images ({' and '.join(ENCODINGS)}) *more* natural than digits, beyond doubt")
    return (
        ("natural digits measured", f"{found.natural:,}"),
        (more, f"{count}: {', '.join(beaten)}" if beaten else count),
        *((f"best by AUROC, {kind}", _tell_best(part)) for kind, part in found.kinds.items()),
        ("searches in which the detector's own AUROC falls", "{}, {} beyond doubt".format(*_count_falls(found))),
        (f"CPPN images that the {FOOLING_CLASS} lets pass: before, after", f"{before:.0%}, {after:.0%}"),
        *((f"median confidence, {one}: before, after", _tell_confidences(found, one)) for one in ENCODINGS),
        (f"median confidence of the network with the {FOOLING_CLASS}, evolved against", show_confidence(taught.median)),
        *_list_likeness(found.likeness),
        ("temperature that makes the right labels most likely", f"{found.temperature:.2f}"),
        ("calibration error: before", show_points(found.error_before)),
        ("calibration error: after temperature", show_points(found.error_after)),
    )


def _list_likeness(found: Likeness | None) -> tuple[tuple[str, str], ...]:
    """Say how much champions look like digits with a detector to get past that stops nothing, and with another."""
    if found is None:
        return ()
    parts = zip(found.plain.items(), found.guarded.values(), strict=True)
    rows = [
        (
            f"{name}, correlation with the mean digit: against {SCALED}, against the {FEATURES}",
            f"{before:.2f}, {after:.2f} ({found.champions} champions of one run; real digits {found.real:.2f})",
        )
        for (name, before), after in parts
    ]
    return tuple(rows)


def tell_digits(found: DigitResults) -> str:
    """Return the finding as Markdown: sentence, table, scale."""
    return f"**{headline(found)}**\n\n{table(('', 'here'), list_rows(found))}\n\nScale: {found.scale}."


def tell_imagenet(found: Results | None) -> str:
    """Return what was found on ImageNet as Markdown, or that it was not tested."""
    if found is None:
        needed = "since `data/imagenet-sample` is not there and no folder of photographs was named as DATA"
        return f"ImageNet: not tested, {needed}."
    detectors = len(next(iter(found.kinds.values())).detections)
    rows = [
        (
            f"{kind}: {part.images:,} images, median {show_confidence(part.median)}",
            _tell_best(part),
            ", ".join(f"{name} {show(part.detections[name].auroc)}" for name in _find_below_chance(part)) or "none",
        )
        for kind, part in found.kinds.items()
    ]
    header = ("", "best by AUROC", "below chance beyond doubt, by AUROC")
    bred = next(iter(found.kinds.values()))
    told = (
        f"On ImageNet, {len(_find_below_chance(bred)) or 'none'} of {detectors} detectors find bred images more "
        f"natural than photographs; the best by AUROC is {_tell_best(bred)}"
    )
    return f"**{told}.**\n\n{table(header, rows)}\n\nScale: {found.natural:,} photographs; {found.scale}."


def find_beaten(found: DigitResults) -> list[str]:
    """Return the detectors that find bred images of every encoding more natural than digits, beyond doubt."""
    below = [_find_below_chance(found.kinds[encoding]) for encoding in ENCODINGS]
    return [name for name in below[0] if all(name in part for part in below)]


def tabulate_precision(found: Results) -> list[tuple[str, ...]]:
    """Return average precision by detector and kind, then what a score that knows nothing would have, for a table."""
    kinds = found.kinds.values()
    rows = [(name, *(show(part.detections[name].aupr) for part in kinds)) for name in next(iter(kinds)).detections]
    nothing = (f"{found.natural / (found.natural + part.images):.2f} ({part.images:,} images)" for part in kinds)
    return [*rows, (Markup("*no knowledge*"), *nothing)]


def tabulate_again(found: DigitResults) -> list[tuple[str, ...]]:
    """Return encoding, detector evolved against, and before and after each AUROC, FPR at 95% TPR, median confidence."""
    return [
        (
            *(encoding, name),
            *(show(one.detections[name].auroc) for one in (found.kinds[encoding], part)),
            *(show(one.detections[name].fpr95) for one in (found.kinds[encoding], part)),
            *(show_confidence(one.median) for one in (found.kinds[encoding], part)),
        )
        for encoding, by_guard in found.against.items()
        for name, part in by_guard.items()
    ]


def _compare(found: DigitResults) -> dict[tuple[str, str], tuple[Interval, Interval]]:
    """Return by encoding and detector its AUROC on images before and after they evolved against it."""
    return {
        (encoding, name): (found.kinds[encoding].detections[name].auroc, part.detections[name].auroc)
        for encoding, by_guard in found.against.items()
        for name, part in by_guard.items()
    }


def _count_falls(found: DigitResults) -> tuple[str, int]:
    """Return in how many searches a detector's AUROC falls on images that evolved against it, and surely so."""
    falls = _compare(found).values()
    surely = sum(after.high < before.low for before, after in falls)
    return f"{sum(after.value < before.value for before, after in falls)} of {len(falls)}", surely


def _find_below_chance(part: KindResults) -> list[str]:
    """Return the detectors that find fooling images more natural than natural ones, beyond doubt."""
    return [name for name, one in part.detections.items() if one.auroc.high < CHANCE]


def _tell_best(part: KindResults) -> str:
    best = max(part.detections, key=lambda name: part.detections[name].auroc.value)
    return f"{best} {show(part.detections[best].auroc)}"


def _tell_confidences(found: DigitResults, encoding: str) -> str:
    """Return the median before, and those of the searches against guarded networks after."""
    medians = [part.median for name, part in found.against[encoding].items() if name != FOOLING_CLASS]
    low, high = (show_confidence(part) for part in (min(medians), max(medians)))
    return f"{show_confidence(found.kinds[encoding].median)}, {low if low == high else f'{low} to {high}'}"
