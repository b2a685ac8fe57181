"""What networks make of photographs: the record, the rule at its thresholds, and its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.networks.assessment import summarise
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.imagenet_networks import CLAIM, Natural, measure

FOUND = Natural(50_000, 0.75, 0.603, 0.867, 0.337, "EfficientNet-Lite0", "one")


def test_record_has_the_medians_when_right_and_when_wrong() -> None:
    found = measure(summarise(np.float32([0.875, 0.5, 0.25, 0.75]), np.array([0, 1, 2, 0])), "network")
    assert (found.images, found.accuracy, found.median) == (4, 0.5, 0.625)
    assert (found.median_right, found.median_wrong) == (0.8125, 0.375)
    assert CLAIM.judge(found) == UNTESTED
    assert CLAIM.scale(found) == "4 labelled photographs, by all signs training images; network, one crop"


@pytest.mark.parametrize("right", [True, False])
def test_median_of_no_photograph_is_none_and_told_in_words(right: bool) -> None:
    found = measure(summarise(np.float32([0.5, 0.75]), np.array([0 if right else 1] * 2)), "network")
    assert (found.median_wrong if right else found.median_right) is None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Natural) == found
    assert ("it is never wrong" if right else "it is never right") in CLAIM.headline(found)
    assert ("when wrong" if right else "when right", "never") in {(what, here) for what, here, _ in CLAIM.rows(found)}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"images": 1_000}, REPRODUCED),
        ({"images": 999}, UNTESTED),
        ({"median": 0.7529}, REPRODUCED),
        ({"median": 0.7531}, PARTLY),
        ({"median": 0.4531}, REPRODUCED),
        ({"median": 0.4529}, PARTLY),
        ({"median_right": 0.337}, PARTLY),
        ({"median_right": 0.3371}, REPRODUCED),
        ({"median": 0.9, "median_right": 0.2}, NOT),
        ({"median_wrong": None}, UNTESTED),
        ({"median_right": None}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_headline_is_a_sentence() -> None:
    assert CLAIM.headline(FOUND) == (
        "EfficientNet-Lite0 has a median confidence of 60.30% in its answers to 50,000 labelled photographs: "
        "86.70% when it is right, 33.70% when it is wrong."
    )
