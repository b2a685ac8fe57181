"""Are the networks of today harder to fool? The same search on two networks (claim ``modern-networks``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import OURS, SUPPORTED, UNSUPPORTED, UNTESTED, Claim, Rows
from fooling.pages.comparison import Comparison, compare_classes, compare_starts, tell_comparison, tell_start
from fooling.pages.imagenet_search import LEAST_PER_CELL, Scale, describe_scale, measure_scale
from fooling.pages.searches import spread_of_runs
from fooling.words import show_confidence, show_few, show_runs

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

MODERN = "EfficientNet-Lite0"
PHOTOGRAPHS = "photographs"  # the kind of images that page 06 asks both networks about, one usual crop of each

# As page 06 calls them, and as they are told where no page stands around them.
KINDS = {PHOTOGRAPHS: "page 06's labelled photographs", "crops of photographs": "crops of the few that it shows"}


@dataclass(frozen=True)
class ModernFound:
    """The same search on the network of the paper's time, first, and on one of today."""

    scale: Scale  # of what both searches have, named by the first network
    modern: str  # the other network's name
    compared: Comparison  # the first network's champions against the other's, class by class
    start: Comparison  # the same before evolution
    # by kind of image that nobody bred, each network's median confidence in its top class: what could explain it
    unbred: dict[str, tuple[float, float]]
    # classes in which a champion has more confidence than the network's own median photograph; None without any
    above_photograph: tuple[int, int] | None = None
    # of all runs on the first network, as long: how many, and the lowest and the highest median of one
    others: tuple[int, tuple[float, float]] | None = None


def measure(
    run: Evolution, modern: Evolution, network: str, unbred: Mapping[str, Mapping[str, float]], crops: str = "one"
) -> ModernFound:
    """Compare both searches, of the same classes and sizes: ``run`` is on ``network``; seeds that both have count.

    By network and kind of image, ``unbred`` has the median confidence in the top class, as page 06 measured it.
    """
    count = min(len(run.log_odds), len(modern.log_odds))
    first, other = (to_confidence(one.log_odds[:count]) for one in (run, modern))
    first_says, other_says = (unbred.get(name, {}) for name in (network, MODERN))
    answers = ((first, first_says), (other, other_says))
    above = [int((np.median(part, axis=0) > said.get(PHOTOGRAPHS, np.nan)).sum()) for part, said in answers]
    return ModernFound(
        scale=measure_scale(modern, network, crops),
        modern=MODERN,
        compared=compare_classes(first, other),
        start=compare_starts(run.history[:count], modern.history[:count]),
        unbred={kind: (value, other_says[kind]) for kind, value in first_says.items() if kind in other_says},
        others=(len(run.log_odds), spread_of_runs(to_confidence(run.log_odds))),
        above_photograph=(above[0], above[1]) if PHOTOGRAPHS in first_says and PHOTOGRAPHS in other_says else None,
    )


def judge(found: ModernFound) -> str:
    """Judge whether the network of today is harder to fool: p < 0.0001 and more than a small effect, class by class.

    It needs all classes and 50 children per cell; one run on each network is enough.
    """
    if not found.scale.is_full(LEAST_PER_CELL):
        return UNTESTED
    return SUPPORTED if found.compared.is_there else UNSUPPORTED


def tabulate(found: ModernFound) -> Rows:
    """Return the comparison, at the end and before, and what both networks say of images that nobody bred."""
    first, other, classes = found.scale.network, found.modern, found.scale.classes
    both = "{} and {}".format
    above = found.above_photograph
    return (
        (f"median, {both(first, other)}", both(*map(show_confidence, found.compared.medians)), ""),
        *(((f"all runs on {first}, as long", show_runs(*found.others), ""),) if found.others else ()),
        (f"{first} against {other}", tell_comparison(found.compared, classes), ""),
        ("the same before evolution", tell_start(found.start, classes), ""),
        *(
            (f"median confidence in {KINDS.get(kind, kind)}", both(*map(show_confidence, pair)), "")
            for kind, pair in found.unbred.items()
        ),
        *((("classes above the network's own median photograph", both(*above), ""),) if above else ()),
    )


def tell(found: ModernFound) -> str:
    """Return both medians in a sentence, and how far runs on the first network lie apart."""
    first, other = map(show_confidence, found.compared.medians)
    spread = f" ({show_runs(*found.others)})" if found.others else ""
    seeds = "seed" if found.scale.runs == 1 else "seeds"
    return (
        f"The median image against {found.modern} has a confidence of {other}, and against {found.scale.network} "
        f"{first} with the same {seeds}{spread}, after {show_few(found.scale.per_cell)} children per cell."
    )


CLAIM = Claim(
    id="modern-networks",
    title="A network of today is harder to fool by evolution",
    otherwise="a network of today is no harder to fool by evolution",
    section="beyond the paper",
    sentence="A network that is younger and more accurate than the paper's is fooled less by the same search.",
    number="no number",
    grade=OURS,
    page="08_imagenet_cppn",
    record=ModernFound,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=lambda found: f"{describe_scale(found.scale)}; and as many images on {found.modern}",
)
