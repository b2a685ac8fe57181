"""Claims and their rules."""

from __future__ import annotations

import numpy as np
import pytest

from fooling import paper

AT_SCALE = {
    "runs": 5,
    "data": "4,000 digits",
    "classes": 10,
    "generations": 200,
    "children": 200,
    "median": 0.99995,
    "baseline_median": 0.1,
    "run_medians": [0.9999, 0.99999],
    "lowest": 0.7,
    "runs_certain_before_50": 5,
    "runs_certain": 5,
}


@pytest.mark.parametrize(
    ("claim", "change", "verdict"),
    [
        ("mnist-direct", {}, paper.REPRODUCED),
        ("mnist-direct", {"runs_certain_before_50": 4}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998, "runs_certain_before_50": 0}, paper.NOT),
        ("mnist-direct", {"runs": 4}, paper.UNTESTED),
        ("mnist-direct", {"generations": 199}, paper.UNTESTED),
        ("mnist-direct", {"children": 100}, paper.UNTESTED),
        ("mnist-cppn", {}, paper.REPRODUCED),
        ("mnist-cppn", {"median": 0.9998}, paper.PARTLY),
        ("mnist-cppn", {"median": 0.98}, paper.NOT),
        ("mnist-cppn-raw", {"runs": 2}, paper.UNTESTED),
    ],
)
def test_verdict_follows_the_rule(claim: str, change: dict, verdict: str) -> None:
    assert paper.find_claim(claim).judge(AT_SCALE | change) == verdict


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [
        (0.5, "50.00%"),
        (0.57, "57.00%"),
        (np.float32(0.9999), "99.9900%"),
        (float("nan"), "undefined"),
        (1e-9, "< 0.01%"),
        (0.99999, "99.9990%"),
        (0.9998999, "99.9900%"),
        (0.9998949, "99.9895%"),
        (0.9999999, "> 99.9999%"),
        (1.0, "> 99.9999%"),
        (0.0, "< 0.01%"),
    ],
)
def test_confidence_is_never_rounded_up_to_certainty(confidence: float, shown: str) -> None:
    assert paper.show_confidence(confidence) == shown


def test_unknown_claim_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"'mnist-indirect'.*mnist-direct"):
        paper.find_claim("mnist-indirect")


def test_every_claim_says_how_sure_we_are_of_it() -> None:
    assert {claim.grade for claim in paper.CLAIMS} <= {paper.QUOTE, paper.RECALLED}
