"""What a search for images that fool an ImageNet network comes to: its record, its rows, and the rule of two halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.networks.imagenet_names import CLASSES
from fooling.pages.claim import UNTESTED, Effect, Rows, grade_halves
from fooling.pages.searches import describe_network, describe_size, spread_of_runs
from fooling.words import show_confidence, show_few

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

FOOLED = 0.99  # the confidence from which the paper counts an ImageNet class as fooled; Source: paper §3.3
LEAST_RUNS, LEAST_PER_CELL = 2, 50  # Choice: the least at which two searches over all classes are compared
SPEED = 130  # images a second of SqueezeNet's searches on the two cores of most published runs


@dataclass(frozen=True)
class Scale:
    """How large a search was."""

    runs: int  # independent runs
    classes: int  # how many classes have a cell
    generations: int  # generations after the random images
    children: int  # children per generation
    network: str  # the network that was fooled, by name
    crops: str  # "one" or "ten"

    @property
    def per_cell(self) -> float:
        """Children per cell: images bred in a run, divided by its cells."""
        return self.generations * self.children / self.classes

    @property
    def is_comparable(self) -> bool:
        """Whether it is large enough to be held against another search."""
        return self.runs >= LEAST_RUNS and self.is_full(LEAST_PER_CELL)

    def is_full(self, per_cell: float) -> bool:
        """Whether all 1,000 classes have a cell and at least so many children."""
        return self.classes >= CLASSES and self.per_cell >= per_cell


@dataclass(frozen=True)
class LongRun:
    """What one run reached that went on after the others ended."""

    scale: Scale
    median: float  # of its champions' confidences, over classes
    fooled: int  # classes of at least the confidence from which one counts as fooled


@dataclass(frozen=True)
class ImageNetSearch:
    """What a search reached."""

    scale: Scale
    median: float  # of the champions' confidences, over runs and classes
    run_medians: tuple[float, float]  # the lowest and the highest median of a run
    least: float  # the confidence from which a class counts as fooled
    fooled: int  # classes whose median over runs is as high
    baseline_median: float | None  # median of random search, with as many images a run; None without it
    longer: LongRun | None  # None where no run went on

    @property
    def end(self) -> LongRun:
        """How far it came: the run that went on, or else all of them."""
        return self.longer or LongRun(self.scale, self.median, self.fooled)

    @property
    def longest(self) -> int:
        """The generations of the run that went on, 0 where none did."""
        return self.longer.scale.generations if self.longer else 0


def measure_scale(run: Evolution, network: str, crops: str = "one") -> Scale:
    """Return how large a finished search was."""
    return Scale(len(run.log_odds), len(run.classes), run.generations, run.children, network, crops)


def measure_search(
    run: Evolution,
    network: str,
    crops: str = "one",
    baseline: Evolution | None = None,
    longer: Evolution | None = None,
    least: float = FOOLED,
) -> ImageNetSearch:
    """Reduce a search to what it reached; classes count as fooled from the confidence ``least``.

    Random search as large on the same classes is the ``baseline``, and ``longer`` one of the runs that went on.
    """
    final, went_on = to_confidence(run.log_odds), None  # (runs, cells)
    if longer:
        last = to_confidence(longer.log_odds)  # (1, cells)
        scale = measure_scale(longer, network, crops)
        went_on = LongRun(scale, float(np.median(last)), int((last >= least).sum()))
    return ImageNetSearch(
        scale=measure_scale(run, network, crops),
        median=float(np.median(final)),
        run_medians=spread_of_runs(final),
        least=least,
        fooled=int((np.median(final, axis=0) >= least).sum()),
        baseline_median=float(np.median(to_confidence(baseline.log_odds))) if baseline else None,
        longer=went_on,
    )


def judge_ahead(scale: Scale, ahead: Effect, number: bool, per_cell: float) -> str:
    """Judge a claim that one search is ahead of another, and whether its number is met.

    The comparison needs all classes, 2 runs and 50 children per cell. A search that is not ahead counts against the
    claim at the paper's children per cell, or where the other one is ahead by as much; else it may only have had too
    little time.
    """
    had_time = ahead.is_there or ahead.is_opposite or scale.is_full(per_cell)
    return grade_halves(ahead.is_there, number) if scale.is_comparable and had_time else UNTESTED


def tabulate_search(found: ImageNetSearch, median: str, fooled: str, per_cell: float, runs: str = "5 runs") -> Rows:
    """Return what a search reached as rows, beside what the paper tells of its own: median, fooled, per_cell, runs."""
    low, high = (show_confidence(value) for value in found.run_medians)
    end, base, classes = found.end, found.baseline_median, f"classes ≥ {found.least:.0%}"
    long = (
        ("one run that went on: median", show_confidence(end.median), median),
        (f"{classes} in it", f"{end.fooled:,} of {end.scale.classes:,}", fooled),
        ("children per cell in it", show_few(end.scale.per_cell), show_few(per_cell)),
    )
    return (
        ("median confidence", show_confidence(found.median), "–" if found.longer else median),
        ("median of a run", f"{low} to {high}", runs),
        (
            f"{classes}, median over runs",
            f"{found.fooled:,} of {found.scale.classes:,}",
            "–" if found.longer else fooled,
        ),
        ("children per cell", show_few(found.scale.per_cell), "–" if found.longer else show_few(per_cell)),
        *(long if found.longer else ()),
        *((("random search, as many images a run", f"median {show_confidence(base)}", "–"),) if base else ()),
    )


def note_untested(scale: Scale, per_cell: float, speed: float = SPEED) -> Rows:
    """Return a row that says what the paper's number needs at so many images a second, none where it was tested."""
    hours = per_cell * scale.classes / speed / 3_600
    needs = f"not tested: needs {per_cell:,.0f} children per cell, {hours:.0f} hours a run on two cores"
    needs += ", which no profile but `paper` spends"
    return () if scale.is_full(per_cell) else (("the number itself", needs, "–"),)


def describe_scale(scale: Scale, longer: int = 0) -> str:
    """Return runs, sizes and network in words; one run may have gone on to ``longer`` generations."""
    size = describe_size(scale.runs, scale.classes, scale.generations, scale.children)
    further = f"; one run to {longer:,} generations" if longer else ""
    return f"{size}{further}; {describe_network(scale.network, scale.crops)}"
