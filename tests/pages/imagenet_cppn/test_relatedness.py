"""The rule about related classes at its thresholds and just beside them, and its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.imagenet_cppn.relatedness import CLAIM, Likeness, Relatedness
from fooling.pages.imagenet_search import Scale

HALF = Likeness(superiority=0.7, p=1 / 10_001, superiority_distinct=0.6)
WEAK_P, WEAK_EFFECT = replace(HALF, p=0.0001), replace(HALF, superiority=0.56)
PAPER = Scale(runs=2, classes=1_000, generations=5_000, children=400, network="EfficientNet-Lite0", crops="one")
FOUND = Relatedness(
    scale=PAPER,
    neighbours=0.31,
    random=-0.0002,
    runs=0.01,
    against_random=HALF,
    against_runs=HALF,
    shared_neighbours=0.2,
    shared_random=0.01,
)
APART: dict[str, Any] = {"neighbours": None, "against_random": None, "against_runs": None, "shared_neighbours": None}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"scale": replace(PAPER, classes=100)}, REPRODUCED),
        ({"scale": replace(PAPER, classes=99)}, UNTESTED),
        ({"scale": replace(PAPER, generations=125)}, REPRODUCED),  # 50 children per cell
        ({"scale": replace(PAPER, generations=124)}, UNTESTED),
        ({"scale": replace(PAPER, runs=1)}, UNTESTED),
        ({"runs": None, "against_runs": None}, UNTESTED),
        (APART, UNTESTED),
        ({"against_random": WEAK_P}, PARTLY),
        ({"against_random": WEAK_EFFECT}, PARTLY),
        ({"against_runs": WEAK_P}, PARTLY),
        ({"against_runs": WEAK_EFFECT}, PARTLY),
        ({"against_runs": replace(HALF, superiority=0.561)}, REPRODUCED),
        ({"against_random": WEAK_P, "against_runs": WEAK_EFFECT}, NOT),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_headline_has_the_correlations_that_were_measured() -> None:
    assert CLAIM.headline(FOUND) == (
        "In one run, images of neighbouring classes correlate by 0.31, those of any two classes by 0.00, "
        "and those of one class in two runs by 0.01."
    )
    assert CLAIM.headline(replace(FOUND, runs=None)).endswith("any two classes by 0.00.")
    assert "No two of the 1,000 classes" in CLAIM.headline(replace(FOUND, **APART))


def test_rows_hold_both_tests_and_what_the_paper_shows() -> None:
    found = replace(FOUND, random=0.05, against_runs=Likeness(superiority=0.9, p=0.02, superiority_distinct=None))
    rows = {what: here for what, here, _ in CLAIM.rows(found)}
    assert rows["neighbouring classes, one run: correlation"] == "0.31"
    assert rows["any two classes, one run"] == "0.05" and rows["one class, two runs"] == "0.01"
    told = "probability of superiority 0.90 (by permutation, p = 0.0200)"
    assert rows["neighbours against one class in two runs"] == told
    said = "probability of superiority 0.70 (by permutation, p < 0.0001); 0.60 without shared images"
    assert rows["neighbours against any two classes"] == said
    assert rows["neighbours that hold the very same image"] == "20.0%"
    assert CLAIM.rows(FOUND)[-2][2].startswith("agama 62.11 / 92.25%")
    rows = {what: here for what, here, _ in CLAIM.rows(replace(FOUND, **APART))}
    assert rows["neighbours against one class in two runs"] == "not measured"
