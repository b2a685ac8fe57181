"""What detectors are reduced to, as JSON, and the sentences made from it; the paper claims nothing of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from fooling.pages.findings.searches import find_median, to_confidence
from fooling.pages.paper import show_confidence

UNTESTED_IMAGENET = "ImageNet: not tested at this scale, since no folder of natural photographs was named as DATA."
CHANCE = 0.5  # the AUROC of a score that knows nothing


class Interval(Protocol):
    """A number with the ends of its 95% interval."""

    @property
    def value(self) -> float:
        """The number."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


class Detection(Protocol):
    """What is read of a :class:`fooling.lab.detectors.measures.Detection`."""

    @property
    def auroc(self) -> Interval:
        """Area under the ROC curve."""

    @property
    def aupr(self) -> Interval:
        """Average precision."""

    @property
    def fpr95(self) -> Interval:
        """Share of fooling images that pass where 95% of the natural ones do."""


class Calibration(Protocol):
    """What is read of a :class:`fooling.lab.detectors.results.Calibration`."""

    @property
    def temperature(self) -> float:
        """What logits are divided by."""

    @property
    def error(self) -> Interval:
        """Expected calibration error."""

    @property
    def confidences(self) -> np.ndarray:
        """Of each image's top class, ``(n,) float64``."""

    @property
    def right(self) -> np.ndarray:
        """Whether each image's top class is the right one, ``(n,) bool``."""


class Results(Protocol):
    """What is read of a :class:`fooling.lab.detectors.results.Results`."""

    @property
    def kinds(self) -> Mapping[str, Mapping[str, Detection]]:
        """By kind of fooling image, by detector."""

    @property
    def against(self) -> Mapping[str, Mapping[str, Mapping[str, Detection]]]:
        """By encoding, by the detector that images evolved against, by detector."""

    @property
    def taught(self) -> Mapping[str, Detection]:
        """By detector, on images that evolved against the network with the fooling class."""

    @property
    def calibration(self) -> Sequence[Calibration]:
        """Before and after temperature."""


class Scored(Protocol):
    """What is read of a :class:`fooling.lab.detectors.records.Scored`."""

    @property
    def log_odds(self) -> np.ndarray:
        """The network's, of the digit that each image was made for, ``(images,) float32``."""


def summarise_detectors(
    results: Results,
    kinds: Mapping[str, Scored],
    against: Mapping[str, Mapping[str, Scored]],
    taught: Scored,
    scale: str,
) -> dict[str, Any]:
    """Reduce what the detectors did to numbers.

    Args:
        results: How well each does.
        kinds: By kind of fooling image; of a kind that evolved by the name of its encoding.
        against: By encoding, by the detector that images evolved against.
        taught: Images that evolved against the network with the fooling class, with that network's log-odds.
        scale: Network, searches and data, in words.

    Returns:
        JSON: by kind and by detector AUROC, AUPR and FPR at 95% TPR, each as [value, low, high]; median confidences and
        numbers of images by kind; by encoding and by detector the same of images that evolved against that detector;
        the same of the fooling class; temperature; calibration error before and after it; natural images; scale.
    """
    before, after = results.calibration
    *_, fooling_class = results.taught
    return {
        "kinds": {kind: _describe_row(by_detector) for kind, by_detector in results.kinds.items()},
        "confidences": {kind: _describe_confidence(part) for kind, part in kinds.items()},
        "against": {
            encoding: {
                guard: {**_describe(by_detector[guard]), **_describe_confidence(against[encoding][guard])}
                for guard, by_detector in by_guard.items()
            }
            for encoding, by_guard in results.against.items()
        },
        "taught": {
            "detector": fooling_class,
            **_describe(results.taught[fooling_class]),
            **_describe_confidence(taught),
        },
        "temperature": float(after.temperature),
        "calibration": {"before": list(_read(before.error)), "after": list(_read(after.error))},
        "natural": len(before.right),
        "scale": scale,
    }


def summarise_imagenet_detectors(
    results: Mapping[str, Mapping[str, Detection]], natural: int, temperature: float, scale: str
) -> dict[str, Any]:
    """Reduce what the detectors did on ImageNet to numbers.

    Args:
        results: By kind of fooling image, by detector.
        natural: Photographs that were measured.
        temperature: That was fitted.
        scale: Network, search and photographs, in words.
    """
    return {
        "kinds": {kind: _describe_row(by_detector) for kind, by_detector in results.items()},
        "natural": natural,
        "temperature": temperature,
        "scale": scale,
    }


def _describe_row(by_detector: Mapping[str, Detection]) -> dict[str, Any]:
    return {name: _describe(one) for name, one in by_detector.items()}


def _describe(one: Detection) -> dict[str, list[float]]:
    return {name: list(_read(getattr(one, name))) for name in ("auroc", "aupr", "fpr95")}


def _read(interval: Interval) -> tuple[float, float, float]:
    return float(interval.value), float(interval.low), float(interval.high)


def _describe_confidence(scored: Scored) -> dict[str, Any]:
    return {"median": find_median(to_confidence(scored.log_odds)), "images": len(scored.log_odds)}


def describe_detectors(summary: Mapping[str, Any]) -> str:
    """Return the finding as Markdown paragraphs: as they are, evolved against, calibration."""
    kinds = "; ".join(_tell_best(kind, row) for kind, row in summary["kinds"].items())
    before, after = (summary["calibration"][name] for name in ("before", "after"))
    moved = "rose" if after[0] > before[0] else "fell" if after[0] < before[0] else "stayed"
    return "\n\n".join(
        [
            f"**As they are**, beside {summary['natural']:,} natural digits: {_tell_below_chance(summary)}. "
            f"Best by AUROC, {kinds}.",
            f"**Evolved against**: {_tell_losses(summary)}. Median confidence: {_tell_confidences(summary)}.",
            f"**Temperature**: {summary['temperature']:.2f} makes the right labels most likely; the calibration error "
            f"{moved} from {_show_share(before)} to {_show_share(after)}. Scale: {summary['scale']}.",
        ]
    )


def describe_imagenet_detectors(summary: Mapping[str, Any] | None) -> str:
    """Return what was found on ImageNet, or that it was not tested."""
    if summary is None:
        return UNTESTED_IMAGENET
    kinds = "; ".join(_tell_kind(kind, row) for kind, row in summary["kinds"].items())
    return f"ImageNet, {summary['natural']:,} photographs: {kinds}. Scale: {summary['scale']}."


def tabulate_precision(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return average precision by detector and kind, then what a score that knows nothing would have, for a table."""
    kinds, natural = summary["kinds"], summary["natural"]
    counts = [summary["confidences"][kind]["images"] for kind in kinds]
    rows = [(name, *(_show(row[name]["aupr"]) for row in kinds.values())) for name in next(iter(kinds.values()))]
    nothing = (f"{natural / (natural + count):.2f} ({count:,} images)" for count in counts)
    return [*rows, ("*no knowledge*", *nothing)]


def tabulate_again(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each detector that images evolved against, for a table.

    Returns:
        Encoding, detector, AUROC before and after, FPR at 95% TPR before and after, median confidence before and after.
    """
    old, confidences = summary["kinds"], summary["confidences"]
    return [
        (
            *(encoding, guard, _show(old[encoding][guard]["auroc"]), _show(one["auroc"])),
            *(_show(old[encoding][guard]["fpr95"]), _show(one["fpr95"])),
            *(show_confidence(part["median"]) for part in (confidences[encoding], one)),
        )
        for encoding, by_guard in _collect_met(summary).items()
        for guard, one in by_guard.items()
    ]


def _collect_met(summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return by encoding what images evolved against, the fooling class among it, with that detector's numbers."""
    taught = summary["taught"]
    met = {encoding: dict(by_guard) for encoding, by_guard in summary["against"].items()}
    return met | {"CPPN": {**met["CPPN"], taught["detector"]: taught}}  # page 11 evolves CPPN images


def _tell_kind(kind: str, row: Mapping[str, Any]) -> str:
    """Return the best detector of a kind of image, and how many do worse than chance beyond doubt."""
    worse = len(_find_below_chance(row))
    return f"{_tell_best(kind, row)}, {worse} of {len(row)} below chance"


def _tell_best(kind: str, row: Mapping[str, Any]) -> str:
    best = max(row, key=lambda name: row[name]["auroc"][0])
    return f"{kind}: {best} {_show(row[best]['auroc'])}"


def _find_below_chance(row: Mapping[str, Any]) -> list[str]:
    """Return the detectors that find fooling images more natural than digits, beyond doubt."""
    return [name for name, one in row.items() if one["auroc"][2] < CHANCE]


def _tell_below_chance(summary: Mapping[str, Any]) -> str:
    """Return which detectors find bred images of every encoding more natural than digits."""
    bred = list(summary["against"])
    rows = [summary["kinds"][encoding] for encoding in bred]
    worse = [name for name in rows[0] if all(name in _find_below_chance(row) for row in rows)]
    images = f"bred images ({' and '.join(bred)})"
    if not worse:
        return f"none of {len(rows[0])} detectors finds {images} more natural than digits beyond doubt"
    return f"{len(worse)} of {len(rows[0])} detectors find {images} *more* natural than digits: {', '.join(worse)}"


def _tell_losses(summary: Mapping[str, Any]) -> str:
    """Return how many detectors lose when images evolve against them, which loses most, and what the last lets pass."""
    falls = {
        (encoding, guard): (summary["kinds"][encoding][guard]["auroc"][0], one["auroc"][0])
        for encoding, by_guard in _collect_met(summary).items()
        for guard, one in by_guard.items()
    }
    lost = sum(new < old for old, new in falls.values())
    most = max(falls, key=lambda pair: falls[pair][0] - falls[pair][1])
    taught = summary["taught"]
    passed = (summary["kinds"]["CPPN"][taught["detector"]]["fpr95"], taught["fpr95"])
    return (
        f"in {lost} of {len(falls)} searches the detector's own AUROC falls, most for {most[1]} ({most[0]}: "
        f"{falls[most][0]:.2f} to {falls[most][1]:.2f}); of CPPN images the {taught['detector']} lets "
        f"{passed[0][0]:.0%} pass before and {passed[1][0]:.0%} after"
    )


def _tell_confidences(summary: Mapping[str, Any]) -> str:
    parts = []
    for encoding, by_guard in summary["against"].items():
        medians = [one["median"] for one in by_guard.values()]
        low, high = (show_confidence(part) for part in (min(medians), max(medians)))
        old = show_confidence(summary["confidences"][encoding]["median"])
        parts.append(f"{encoding} {old} before, {low if low == high else f'{low} to {high}'} after")
    taught = show_confidence(summary["taught"]["median"])
    return "; ".join([*parts, f"of the network with the {summary['taught']['detector']} {taught}"])


def _show(interval: Sequence[float]) -> str:
    value, low, high = interval
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _show_share(interval: Sequence[float]) -> str:
    value, low, high = (100.0 * part for part in interval)
    return f"{value:.1f}% [{low:.1f}, {high:.1f}]"
