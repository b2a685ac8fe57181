"""From a finished search to its record, its rows, and verdicts at the thresholds of the rule and just beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED, Effect
from fooling.pages.imagenet_search import (
    ImageNetSearch,
    Scale,
    describe_scale,
    judge_ahead,
    measure_search,
    note_untested,
    tabulate_search,
)

NETWORK = "EfficientNet-Lite0"
FOUND = [[0.995, 0.992, 0.2, 0.4], [0.997, 0.986, 0.989, 0.5], [0.999, 0.991, 0.9899, 0.6]]
PAPER = Scale(runs=5, classes=1_000, generations=5_000, children=400, network=NETWORK, crops="ten")
SMALL = replace(PAPER, runs=2, generations=125)  # 50 children per cell
AHEAD, EVEN, BEHIND = Effect(0.83, 1e-30), Effect(0.5, 0.5), Effect(0.2, 1e-30)


def test_search_counts_classes_whose_median_over_runs_is_fooled(make_search: Any) -> None:
    found = measure_search(make_search(FOUND), NETWORK, baseline=make_search(np.full((1, 4), 0.02)))
    assert found.fooled == 2  # the second is below 99% in one run only, the third in all
    assert found.median == pytest.approx(np.median(FOUND), abs=1e-6)
    assert found.run_medians == pytest.approx((0.696, 0.99045), abs=1e-6)
    assert found.baseline_median == pytest.approx(0.02, abs=1e-6)
    assert (found.scale, found.scale.per_cell) == (Scale(3, 4, 4, 10, NETWORK, "one"), 10.0)
    assert (
        describe_scale(found.scale) == "3 runs × 4 classes, 4 generations × 10 children; EfficientNet-Lite0, one crop"
    )
    assert msgspec.json.decode(msgspec.json.encode(found), type=ImageNetSearch) == found


def test_classes_are_fooled_from_the_confidence_that_is_asked_for(make_search: Any) -> None:
    found = measure_search(make_search(FOUND), NETWORK, "ten", make_search(np.full((1, 4), 0.02)), least=0.5)
    assert (found.fooled, found.least, found.scale.crops) == (4, 0.5, "ten")
    rows = {what: (here, paper) for what, here, paper in tabulate_search(found, "65.2%", "231 of 1000", 1_600)}
    assert rows["classes ≥ 50%, median over runs"] == ("4 of 4", "231 of 1000")
    assert rows["median of a run"] == ("69.60% to 99.05%", "5 runs")
    assert rows["children per cell"] == ("10", "1,600")
    assert rows["random search, as many images a run"][0] == "median 2.00%"


def test_a_cell_that_stayed_empty_is_a_confidence_of_nothing(make_search: Any) -> None:
    empty = make_search(FOUND)
    empty.history[:, :, 3] = -np.inf
    found = measure_search(empty, NETWORK)
    assert found.baseline_median is None and "random search" not in str(tabulate_search(found, "-", "-", 1))
    assert (found.fooled, found.median) == (2, pytest.approx((0.989 + 0.9899) / 2, abs=1e-6))


@pytest.mark.parametrize(
    ("scale", "ahead", "number", "verdict"),
    [
        (PAPER, AHEAD, True, REPRODUCED),
        (PAPER, AHEAD, False, PARTLY),
        (PAPER, EVEN, True, PARTLY),
        (PAPER, BEHIND, True, PARTLY),
        (PAPER, EVEN, False, NOT),
        (PAPER, BEHIND, False, NOT),
        # Where the comparison can be judged, the number is as it is said to be.
        (replace(PAPER, generations=4_999), AHEAD, True, REPRODUCED),
        (SMALL, AHEAD, True, REPRODUCED),
        (SMALL, AHEAD, False, PARTLY),
        # Before, a search that is not ahead may only have had too little time, unless it is behind.
        (SMALL, EVEN, True, UNTESTED),
        (SMALL, BEHIND, True, PARTLY),
        (SMALL, BEHIND, False, NOT),
        # Too small to compare at all.
        (replace(SMALL, runs=1), AHEAD, True, UNTESTED),
        (replace(SMALL, classes=999), BEHIND, True, UNTESTED),
        (replace(SMALL, generations=124), AHEAD, True, UNTESTED),
    ],
)
def test_two_halves_are_judged_where_the_search_is_large_enough(
    scale: Scale, ahead: Effect, number: bool, verdict: str
) -> None:
    assert judge_ahead(scale, ahead, number, 2_000) == verdict


def test_a_run_that_went_on_is_where_the_search_ends(make_search: Any) -> None:
    longer = make_search([[0.999, 0.998, 0.5, 0.6]], generations=9)
    found = measure_search(make_search(FOUND), NETWORK, longer=longer)
    assert found.end == found.longer and (found.end.fooled, found.end.scale.generations) == (2, 9)
    assert found.end.median == pytest.approx(0.799, abs=1e-6)
    assert describe_scale(found.scale, found.longest) == (
        "3 runs × 4 classes, 4 generations × 10 children; one run to 9 generations; EfficientNet-Lite0, one crop"
    )
    rows = {what: (here, paper) for what, here, paper in tabulate_search(found, "88.11%", "not known", 2_000)}
    assert rows["one run that went on: median"] == ("79.90%", "88.11%") and rows["median confidence"][1] == "–"
    assert rows["children per cell in it"] == ("22", "2,000")
    alone = measure_search(make_search(FOUND), NETWORK)
    assert alone.longer is None and alone.longest == 0
    assert (alone.end.median, alone.end.fooled) == (alone.median, alone.fooled)


def test_a_number_that_was_not_tested_is_said_to_be() -> None:
    assert note_untested(PAPER, 2_000) == ()
    ((_, said, _),) = note_untested(replace(PAPER, generations=4_999), 2_000)
    assert (
        said
        == "not tested: needs 2,000 children per cell, 4 hours a run on two cores, which no profile but `paper` spends"
    )
