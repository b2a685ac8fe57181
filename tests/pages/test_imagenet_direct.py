"""The rules about pixel images: behind CPPNs, with few classes fooled; and the rule before, which asked for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.comparison import Comparison
from fooling.pages.imagenet_direct import CLAIM, SIZES, PixelSearch, judge_before
from fooling.pages.imagenet_search import ImageNetSearch, LongRun, Scale

SCALE = Scale(runs=4, classes=1_000, generations=500, children=200, network="SqueezeNet", crops="one")
PAPER = replace(SCALE, runs=5, generations=20_000, crops="ten")
LONGER = LongRun(replace(SCALE, runs=1, generations=20_000), 0.002, 3)
SHORT = replace(LONGER, scale=replace(SCALE, runs=1, generations=19_999))
SEARCH = ImageNetSearch(SCALE, 0.001, (0.0009, 0.0011), 0.99, 0, None, LONGER)
AHEAD = Comparison(superiority=0.99, p=1e-30, ahead=999, paired_p=1e-30, medians=(0.8, 0.001))
FOUND = PixelSearch(SEARCH, AHEAD)


@pytest.mark.parametrize(
    ("search", "ahead", "verdict"),
    [
        ({}, {}, REPRODUCED),
        ({"longer": replace(LONGER, fooled=90)}, {}, REPRODUCED),
        ({"longer": replace(LONGER, fooled=91)}, {}, PARTLY),
        ({"longer": SHORT}, {}, PARTLY),  # a shorter search fools few classes all the more easily
        ({"scale": PAPER, "longer": None, "fooled": 90}, {}, REPRODUCED),
        ({"scale": PAPER, "longer": None, "fooled": 91}, {}, PARTLY),
        ({}, {"p": 0.0001}, UNTESTED),  # CPPNs may only have had too little time
        ({}, {"superiority": 0.56}, UNTESTED),
        ({}, {"superiority": 0.4}, PARTLY),
        ({"longer": SHORT}, {"superiority": 0.4}, NOT),
        ({"scale": PAPER}, {"p": 0.0001}, PARTLY),
        ({"scale": PAPER, "longer": replace(LONGER, fooled=91)}, {"p": 0.0001}, NOT),
        ({"scale": replace(SCALE, runs=1)}, {}, UNTESTED),
        ({"scale": replace(SCALE, classes=999)}, {}, UNTESTED),
        ({"scale": replace(SCALE, generations=249)}, {}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(search: dict[str, Any], ahead: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(PixelSearch(replace(SEARCH, **search), replace(AHEAD, **ahead))) == verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"longer": SHORT}, UNTESTED),
        ({"scale": PAPER, "longer": None, "fooled": 90}, REPRODUCED),
        ({"scale": PAPER, "longer": None, "fooled": 91}, PARTLY),
        ({}, REPRODUCED),
        ({"longer": replace(LONGER, median=0.5001)}, NOT),
        ({"scale": replace(PAPER, runs=1)}, UNTESTED),
    ],
)
def test_the_rule_before_asked_for_the_papers_size(change: dict[str, Any], verdict: str) -> None:
    assert judge_before(PixelSearch(replace(SEARCH, **change), AHEAD)) == verdict


def test_headline_and_rows_tell_of_the_run_that_went_on(check_words: Callable[[Any, Any], None]) -> None:
    assert CLAIM.headline(FOUND) == (
        "Pixel images reach a median confidence of 0.20% (1 run) after 4,000 children per cell (the paper: 4,000), "
        "and 3 of 1,000 classes reach 99%."
    )
    assert "of 0.10% (4 runs: 0.090% to 0.11%)" in CLAIM.headline(PixelSearch(replace(SEARCH, longer=None), AHEAD))
    rows = {what: here for what, here, _ in CLAIM.rows(FOUND)}
    assert rows["median confidence"] == "0.10%" and rows["one run that went on: median"] == "0.20%"
    assert rows["CPPN images of as many children per cell"].startswith("ahead in 999 of 1,000 classes")
    assert CLAIM.scale(FOUND).endswith(
        "500 generations × 200 children; one run to 20,000 generations; SqueezeNet, one crop"
    )
    for found in (FOUND, PixelSearch(replace(SEARCH, longer=None), AHEAD)):
        check_words(CLAIM, found)
        assert msgspec.convert(msgspec.to_builtins(found), PixelSearch) == found


def test_paper_profile_is_the_papers_own_size() -> None:
    sizes = SIZES["paper"]
    assert (sizes.runs, sizes.generations, sizes.children) == (5, 20_000, 200)
