"""The claim about gradient ascent: its record, its rule, and how it is told."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fooling.gradient_ascent.climb import NEVER
from fooling.pages.ascent.claim import CLAIM, AscentFound, describe_scale, headline, judge, list_rows, measure
from fooling.pages.ascent.measure import Measurement, Pictures
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED


def make_up(with_l2: float, seen: float, planned: int = 500, swept: tuple[float, ...] = (3.0, 9.0)) -> Measurement:
    """Return 20 images: log-odds of 10 to 12 without L2, ``with_l2`` less with it, then seen by a share of judges.

    So are those of decays 0.01, 0.03, …, ``swept`` less certain each.
    """
    without = np.linspace(10.0, 12.0, 20).reshape(4, 5)
    last = np.stack([without - 30.0, without, without - with_l2])
    judged = np.stack([np.zeros((4, 5)), np.zeros((4, 5)), np.arange(20).reshape(4, 5) < 20 * seen])
    picture = Pictures(("noise", "none", "L2"), last, None, np.stack([judged, 1 - judged]).astype(bool), None)
    stopped = np.full((2, 4, 5), NEVER)
    stopped[1, 0, 0] = 7
    decays = np.array([0.0, 0.01, 0.03, 0.1][: len(swept) + 1])
    less = np.stack([without, *(without - part for part in swept)])
    named = np.stack([judged[0], *(judged[2] for _ in swept)]).astype(bool)
    made = {
        "settings": ("none", "L2"),
        "judges": ("other", "third"),
        "steps": np.array([500, 500]),
        "planned": np.array([500, planned]),
        "stopped": stopped,
        "best_rounded": last[1:],
        "best_log_odds": last[1:] + 2.0,
        "last_log_odds": last[1:] + 1.0,  # rounding takes one
        "picture": picture,
        "decays": decays,
        "sweep": Pictures(("",) * len(decays), less, None, np.stack([named, ~named]), None),
        "sweep_steps": 300,
    }
    return Measurement(**{**dict.fromkeys(Measurement._fields), **made})


def test_a_summary_has_what_the_rule_reads_and_known_numbers() -> None:
    part = measure(make_up(3.0, 0.5), "A")
    assert part.images == 20 and part.all_steps is True
    assert part.best.median == pytest.approx(1.0 / (1.0 + np.exp(-11.0)))
    assert part.last_with.median == pytest.approx(1.0 / (1.0 + np.exp(-8.0)))
    assert part.unrounded_best == pytest.approx(1.0 / (1.0 + np.exp(-10.0)))
    assert part.unrounded_last == pytest.approx(1.0 / (1.0 + np.exp(-9.0)))
    assert part.less_certain.superiority == 1.0 and part.less_certain.p < 1e-6
    assert (part.seen_without, part.seen_with, part.seen_by) == (0.0, 0.5, "other")
    # Fisher's exact test of 0 and 10 of 20, two-sided: twice the chance of all ten on one side.
    assert part.seen_p == pytest.approx(2.0 * math.comb(20, 10) / math.comb(40, 10))
    assert part.stopped == {"none": 0, "L2": 1}


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (make_up(9.0, 0.5), REPRODUCED),
        (make_up(3.0, 0.0, swept=(0.0,)), PARTLY),
        (make_up(3.0, 0.1), PARTLY),
        (make_up(3.0, 0.5, swept=(9.0,)), PARTLY),  # no decay leaves 99%
        (make_up(3.0, 0.5, planned=1_500), UNTESTED),
    ],
)
def test_the_rule_can_be_fed_and_judges_by_imagenet(made: Measurement, verdict: str) -> None:
    found = AscentFound(measure(made, "A"), measure(make_up(0.0, 0.0), "B"))
    assert msgspec.convert(msgspec.to_builtins(found), AscentFound) == found
    assert judge(found) == verdict
    assert any("n = 20 images each" in ours for _, ours, _ in list_rows(found))
    assert len(headline(found).split()) <= 35
    scale = describe_scale(found)
    assert "B: 5 classes × 4 seeds, the paper's steps; the strongest L2 that leaves 99%, 300" in scale and (
        "at most" in scale
    ) == (verdict == UNTESTED)


def test_l2_is_judged_at_the_strongest_decay_that_leaves_99_percent() -> None:
    swept = measure(make_up(3.0, 0.5, swept=(1.0, 3.0, 7.0)), "A").swept
    assert swept is not None and swept.decay == 0.03, "of medians of 10, 8 and 4 in log-odds"
    assert swept.median_with == pytest.approx(1.0 / (1.0 + np.exp(-8.0)))
    assert swept.median_without == pytest.approx(1.0 / (1.0 + np.exp(-11.0)))
    assert (swept.seen_without, swept.seen_with, swept.less_certain.superiority) == (0.0, 0.5, 1.0)
    one, none = (measure(make_up(3.0, 0.5, swept=part), "A") for part in ((1.0, 3.0, 7.0), (7.0,)))
    told, untold = (headline(AscentFound(part, part)) for part in (one, none))
    assert "ends at 99.9664% with it (decay 0.03, 300 steps: 99.9664%, without 99.9983%), where other sees" in told
    assert none.swept is None and "ends at 99.9664% with it, where other sees" in untold
    assert [row[1:] for row in list_rows(AscentFound(one, one)) if "strongest decay" in row[0]] == [
        ("0.03", "its decay: 0.01")
    ] * 2


def test_images_that_another_network_names_less_often_with_l2_are_not_more_recognisable() -> None:
    one = measure(make_up(3.0, 0.5), "A")
    assert one.swept is not None
    swept = replace(one.swept, seen_without=one.swept.seen_with, seen_with=0.0)  # the other way round
    assert [judge(AscentFound(part, part)) for part in (one, replace(one, swept=swept))] == [REPRODUCED, PARTLY]


def test_the_rule_before_judged_the_papers_decay() -> None:
    assert CLAIM.before is not None
    for with_l2, verdict in ((3.0, REPRODUCED), (0.0, PARTLY)):
        one = measure(make_up(with_l2, 0.5, swept=(9.0,)), "A")
        assert CLAIM.before(AscentFound(one, one)) == verdict
    assert CLAIM.before(AscentFound(replace(one, best=replace(one.best, median=0.9), seen_p=1.0), one)) == NOT
