"""What evolves before and after an ImageNet network learned a fooling class (claim ``retrain-imagenet``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import SECONDARY, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, compare_starts, tell_comparison, tell_start
from fooling.pages.imagenet_search import Scale, describe_scale, judge_ahead, note_untested
from fooling.pages.searches import spread_of_runs
from fooling.words import show_confidence, show_few, show_runs

if TYPE_CHECKING:
    from fooling.pages.retraining.imagenet import RetrainedImageNet
    from fooling.pages.retraining.sizes import HeadSizes

PAPER_BEFORE, PAPER_AFTER = 0.881, 0.117  # the paper's medians
PER_CELL = 2_000  # the paper's children per cell, 5,000 generations × 400 / 1,000


@dataclass(frozen=True)
class HeadFound:
    """What evolved against DNN1 and DNN2."""

    scale: Scale  # how large each of the two searches was
    compared: Comparison  # DNN1 against DNN2, at the end
    start: Comparison  # the same before evolution
    run_medians_after: tuple[float, float]  # the lowest and the highest median of a run on DNN2
    caught: float  # the share of the left-out run's last champions that DNN2 calls fooling
    coordinates: str  # what CPPNs are fed, in words


def measure_head(retrained: RetrainedImageNet, sizes: HeadSizes, coordinates: str) -> HeadFound:
    """Reduce both searches, of the same classes and sizes, to what they reach and how they compare."""
    before, after = (to_confidence(part[:, -1]) for part in (retrained.before, retrained.after))  # (runs, cells)
    runs, cells = after.shape
    return HeadFound(
        scale=Scale(runs, cells, retrained.after.shape[1] - 1, sizes.children, sizes.network, sizes.crops),
        compared=compare_classes(before, after),
        start=compare_starts(retrained.before, retrained.after),
        run_medians_after=spread_of_runs(after),
        caught=float(np.mean(retrained.caught_last)),
        coordinates=coordinates,
    )


def judge(found: HeadFound) -> str:
    """Judge whether images evolved anew are less certain on DNN2 than on DNN1, and the numbers.

    The numbers count at the paper's 2,000 children per cell only, where 88.1% must fall to 11.7% or less; the rest is
    as :func:`fooling.pages.imagenet_search.judge_ahead` says. Before that size, a retrained network that is not fooled
    less may only have had too little time to be fooled more.
    """
    before, after = found.compared.medians
    met = found.scale.is_full(PER_CELL) and before >= PAPER_BEFORE and after <= PAPER_AFTER
    return judge_ahead(found.scale, found.compared, met, PER_CELL)


def _list_rows(found: HeadFound) -> Rows:
    before, after = map(show_confidence, found.compared.medians)
    low, high = map(show_confidence, found.run_medians_after)
    classes = found.scale.classes
    return (
        ("median on DNN1", before, "88.1%"),
        ("median on DNN2", f"{after} (by run {low} to {high})", "11.7%"),
        ("children per cell", show_few(found.scale.per_cell), f"{PER_CELL:,}"),
        ("DNN1 against DNN2", tell_comparison(found.compared, classes), "p < 0.0001 (recalled)"),
        ("the same before evolution", tell_start(found.start, classes), ""),
        ("last champions of the run not learned from", f"DNN2 calls {found.caught:.0%} fooling", ""),
        *note_untested(found.scale, PER_CELL),
    )


CLAIM = Claim(
    id="retrain-imagenet",
    title="A fooling class helps on ImageNet",
    otherwise="a fooling class does not help on ImageNet",
    section="§3.6",
    sentence="On ImageNet a fooling class helps: the retrained network is fooled far less.",
    number="median 88.1% on DNN1, 11.7% on DNN2",
    grade=SECONDARY,
    page="11_retraining",
    record=HeadFound,
    judge=judge,
    headline=lambda found: (
        "Images evolved against DNN2, which learned a fooling class, reach a median of "
        f"{show_confidence(found.compared.medians[1])} ({show_runs(found.scale.runs, found.run_medians_after)}) after "
        f"{show_few(found.scale.per_cell)} children per cell, and those against DNN1 "
        f"{show_confidence(found.compared.medians[0])}."
    ),
    rows=_list_rows,
    scale=lambda found: f"{describe_scale(found.scale)}; coordinates {found.coordinates}",
)
