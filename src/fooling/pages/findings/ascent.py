"""The numbers that the page about gradient ascent reduces its climbs to: what :mod:`fooling.pages.paper.ascent` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from fooling.pages.comparison import probability_of_superiority
from fooling.pages.findings.searches import Search, first_generations, to_confidence

WITHOUT, WITH = "none", "L2"  # the settings that the claim compares
QUARTILES = (25, 50, 75)


class Kinds(Protocol):
    """What is read of :class:`fooling.gradient_ascent.experiment.Pictures`."""

    @property
    def names(self) -> Sequence[str]:
        """One per kind of image."""

    @property
    def log_odds(self) -> np.ndarray:
        """``(kinds, seeds, classes) float32``."""

    @property
    def seen(self) -> np.ndarray:
        """``(networks, kinds, seeds, classes) bool``."""


class Climbed(Protocol):
    """What is read of :class:`fooling.gradient_ascent.experiment.Measurement`."""

    @property
    def settings(self) -> Sequence[str]:
        """Names of the settings."""

    @property
    def judges(self) -> Sequence[str]:
        """Names of the other networks, the one that the claim is judged by first."""

    @property
    def steps(self) -> np.ndarray:
        """``(settings,)``: how often each image was measured."""

    @property
    def planned(self) -> np.ndarray:
        """``(settings,)``: how often the paper measures."""

    @property
    def stopped(self) -> np.ndarray:
        """``(settings, seeds, classes) int32``: the step at which an image lost its gradient; −1 if never."""

    @property
    def best_rounded(self) -> np.ndarray:
        """``(settings, seeds, classes) float32``: log-odds of the 8-bit image of the best step."""

    @property
    def best_log_odds(self) -> np.ndarray:
        """``(settings, seeds, classes) float32``: log-odds at the best step, before rounding."""

    @property
    def last_log_odds(self) -> np.ndarray:
        """``(settings, seeds, classes) float32``: log-odds at the last step, before rounding."""

    @property
    def picture(self) -> Kinds:
        """The 8-bit images of the last step."""


class Cost(NamedTuple):
    """How many images a network looked at until it was as certain as wanted.

    Attributes:
        median: Of the images that it takes for one class; None if less than half of the classes got there.
        reached: How many got there.
        tried: Of how many, classes × seeds or runs.
        per_success: All images looked at, over those that got there; None if none did.
    """

    median: float | None
    reached: int
    tried: int
    per_success: float | None

    def describe(self) -> tuple[str, str, str]:
        """Return the median, how many got there, and the images per success, as a table shows them."""
        numbers = ["never" if value is None else f"{value:,.4g}" for value in (self.median, self.per_success)]
        return numbers[0], f"{self.reached} of {self.tried}", numbers[1]


def summarise_ascent(imagenet: Climbed, digits: Climbed, networks: tuple[str, str]) -> dict[str, Any]:
    """Reduce the climbs on both kinds of networks to the numbers that ``gradient-ascent`` is judged by.

    All confidences are those of 8-bit images, as a PNG holds them. Tests are two-sided, over images; images of one
    class are alike, so their p is too small.

    Args:
        imagenet: Classes of ImageNet.
        digits: Digits.
        networks: The two networks' names.

    Returns:
        JSON: for "imagenet" and "digits" what :func:`summarise_climbs` returns; the scale.
    """
    parts = {"imagenet": summarise_climbs(imagenet), "digits": summarise_climbs(digits)}
    sizes = [
        f"{network}: {len(one.best_rounded[0, 0])} classes × {len(one.best_rounded[0])} seeds, {_describe_steps(one)}"
        for network, one in zip(networks, (imagenet, digits), strict=True)
    ]
    return {**parts, "scale": "; ".join(sizes)}


def _describe_steps(one: Climbed) -> str:
    return "the paper's steps" if (one.steps == one.planned).all() else f"at most {one.steps.max()} steps"


def summarise_climbs(one: Climbed) -> dict[str, Any]:
    """Reduce the climbs on one network.

    Args:
        one: All settings.

    Returns:
        JSON: number of images; whether no step was cut off; the median of the best confidences without L2, and of the
        last ones without and with L2, each with its quartiles; the medians with L2 before rounding to 8 bits,
        at the best and at the last step; superiority and p (Mann-Whitney U) of without over with
        L2 at the end; the share of images whose class the first of the other networks names, without and with L2, the
        p of Fisher's exact test, and that network; how many images lost their gradient, by setting.
    """
    from scipy.stats import fisher_exact, mannwhitneyu  # slow to import, and status and findings have no need of it

    best = one.best_rounded[list(one.settings).index(WITHOUT)].ravel()
    kinds = [list(one.picture.names).index(name) for name in (WITHOUT, WITH)]
    without, with_l2 = (one.picture.log_odds[kind].ravel() for kind in kinds)
    seen = [int(one.picture.seen[0, kind].sum()) for kind in kinds]
    return {
        "images": best.size,
        "all_steps": bool((one.steps == one.planned).all()),
        **_spread("best", best),
        **_spread("last_without", without),
        **_spread("last_with", with_l2),
        "with_l2": {name: float(np.median(to_confidence(part))) for name, part in _find_before_rounding(one).items()},
        "less_certain": {
            "superiority": probability_of_superiority(without, with_l2),
            "p": float(mannwhitneyu(without, with_l2, alternative="two-sided").pvalue),
        },
        "seen_without": seen[0] / best.size,
        "seen_with": seen[1] / best.size,
        "seen_p": float(fisher_exact([[count, best.size - count] for count in seen]).pvalue),
        "seen_by": one.judges[0],
        "stopped": {name: int((part >= 0).sum()) for name, part in zip(one.settings, one.stopped, strict=True)},
    }


def _find_before_rounding(one: Climbed) -> dict[str, np.ndarray]:
    place = list(one.settings).index(WITH)
    return {"best": one.best_log_odds[place], "last": one.last_log_odds[place]}


def _spread(name: str, log_odds: np.ndarray) -> dict[str, Any]:
    """Return the median and both quartiles of confidences under the names that the rule reads."""
    lower, median, upper = np.percentile(to_confidence(log_odds), QUARTILES)
    title = "best_median" if name == "best" else name
    return {title: float(median), f"{name}_quartiles": [float(lower), float(upper)]}


def count_climbed(first: np.ndarray, steps: int) -> Cost:
    """Return what ascent costs, an image looked at for each step.

    Args:
        first: ``(seeds, classes) int``: the first step that is as certain as wanted; −1 if never.
        steps: How often each image was measured.
    """
    return _count(np.where(first >= 0, first + 1.0, np.inf), float(steps))


def count_evolved(run: Search, classes: Sequence[int], confidence: float) -> Cost:
    """Return what a search costs for some of its classes, a child counted as a share for each class with a cell.

    Args:
        run: The search, such as an :class:`fooling.evolution.evolution.Evolution`.
        classes: Those to count, by index.
        confidence: As certain as wanted.

    Raises:
        ValueError: If a class has no cell.
    """
    cells = list(run.classes)
    missing = sorted(set(classes) - set(cells))
    if missing:
        raise ValueError(f"The search has no cell for class {', '.join(map(str, missing))}.")
    generations = first_generations(run.history[:, :, [cells.index(one) for one in classes]], confidence)
    share = run.children / len(cells)
    return _count(np.where(np.isnan(generations), np.inf, (generations + 1) * share), (run.generations + 1) * share)


def _count(images: np.ndarray, most: float) -> Cost:
    """Return the cost, from the images that each class took, infinite where ``most`` were not enough."""
    reached = int(np.isfinite(images).sum())
    median = float(np.sort(images, axis=None)[(images.size - 1) // 2])  # the lower one of two
    total = float(np.minimum(images, most).sum())
    return Cost(
        median=median if np.isfinite(median) else None,
        reached=reached,
        tried=images.size,
        per_success=total / reached if reached else None,
    )
