"""The claim about shared features: what the rule reads, and how it is told."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED, Effect
from fooling.pages.mnist_features.claim import Features, FeaturesFound, Statements, headline, judge, list_rows, measure
from fooling.pages.mnist_search import describe_scale

THERE, SMALL, LATE, REVERSED = Effect(0.9, 1e-5), Effect(0.56, 1e-5), Effect(0.9, 0.0001), Effect(0.1, 1e-5)


def make_found(runs: int = 20, **change: Effect) -> FeaturesFound:
    """Return a record of the paper's size in which every statement holds but those that are named."""
    names = ("vertical_1", "low_bar_2", "low_share_2", "alike", "low_look_2")
    statements = Statements(*(change.get(name, THERE) for name in names))
    return FeaturesFound(statements, {"pixels": statements}, runs, 10, 200, 200, "made")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"runs": 19}, UNTESTED),
        *(({name: effect}, PARTLY) for name in ("vertical_1", "low_bar_2", "alike") for effect in (SMALL, LATE)),
        ({"low_share_2": SMALL}, REPRODUCED),  # it is enough that the network looks there, and the other way round
        ({"low_look_2": SMALL}, REPRODUCED),
        ({"low_share_2": LATE, "low_look_2": SMALL}, PARTLY),
        ({"low_bar_2": REVERSED}, PARTLY),
        ({"alike": LATE, "low_bar_2": SMALL}, PARTLY),
        ({"alike": SMALL, "low_bar_2": SMALL, "vertical_1": REVERSED}, NOT),
    ],
)
def test_each_statement_needs_an_effect_and_the_papers_p(change: dict, verdict: str) -> None:
    assert judge(make_found(**change)) == verdict


@pytest.mark.parametrize("size", ["generations", "children"])
def test_a_smaller_search_is_not_judged(size: str) -> None:
    assert judge(replace(make_found(), **{size: 199})) == UNTESTED


def test_the_record_holds_what_was_measured_and_comes_back_from_json() -> None:
    values = np.zeros((20, 10))
    planted, control = (
        Features(values, values, values, np.eye(10), *(Effect(part, p) for part in (0.9, 0.8, 0.75, 0.7)))
        for p in (1e-5, 0.6)
    )
    low = np.where(np.arange(10) == 2, 0.9, 0.5) * np.ones((20, 1))
    looks = {"CPPN": low, "pixels": values, "random CPPN": values}
    found = measure({"CPPN": planted, "pixels": control, "random CPPN": control}, looks, 200, 200, "made")
    judged = [getattr(found.judged, name) for name in ("vertical_1", "low_bar_2", "low_share_2", "alike")]
    assert judged == [Effect(part, 1e-5) for part in (0.9, 0.8, 0.75, 0.7)]
    assert found.judged.low_look_2.superiority == 1.0 and found.controls["pixels"].low_look_2.superiority == 0.5
    assert judge(found) == REPRODUCED
    assert judge(measure({"pixels": control, "CPPN": planted}, looks, 200, 200, "made")) == NOT
    assert msgspec.convert(msgspec.to_builtins(found), FeaturesFound) == found
    assert describe_scale(found).startswith("20 runs × 10 classes, 200 generations × 200 children; network trained on")
    told = list_rows(found)
    assert "0.90, p < 0.0001; random CPPNs 0.90" in told[0][1] and "0.70, p = 0.6000" in told[-1][1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "a 2 has a low bar"),
        ({"low_share_2": SMALL, "low_look_2": SMALL}, "a 2 has bars, but not low ones"),
        ({"low_bar_2": SMALL, "alike": SMALL}, "not clearly alike"),
    ],
)
def test_the_headline_says_which_statements_hold_in_a_sentence(change: dict, words: str) -> None:
    told = headline(make_found(**change))
    assert words in told and len(told.split()) <= 35
