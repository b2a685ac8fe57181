"""Claims and their rules: each verdict at its thresholds and just beside them, each description as a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling import paper

DIGITS = {
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
DIRECT = {
    "runs": 5,
    "classes": 1000,
    "generations": 20_000,
    "children": 200,
    "per_cell": 4_000.0,
    "median": 0.2159,
    "baseline_median": 0.001,
    "run_medians": [0.2, 0.23],
    "fooled": 45,
    "network": "EfficientNet-Lite0",
}
CPPN = DIRECT | {
    "generations": 5_000,
    "children": 400,
    "per_cell": 2_000.0,
    "median": 0.8811,
    "run_medians": [0.86, 0.9],
    "fooled": 300,
    "direct_median": 0.11,
    "classes_ahead": 876,
    "superiority": 0.83,
    "p": 1e-30,
    "dogs_and_cats": [0.4, 0.9],
}
HALF = {"superiority": 0.7, "p": 1 / 10_001, "superiority_distinct": 0.6}
RELATED = {
    "similarity": {"neighbours": 0.31, "random": -0.02, "runs": 0.01},
    "neighbours_against_random": HALF,
    "neighbours_against_runs": HALF,
    "shared": {"neighbours": 0.2, "random": 0.01},
    "per_cell": 2_000.0,
    "runs": 2,
    "classes": 1000,
}
NATURAL = {
    "images": 50_000,
    "accuracy": 0.75,
    "median": 0.603,
    "median_right": 0.867,
    "median_wrong": 0.337,
    "network": "EfficientNet-Lite0",
}
MEASURED = {
    "mnist-direct": DIGITS,
    "mnist-cppn": DIGITS,
    "mnist-cppn-raw": DIGITS,
    "natural-confidence": NATURAL,
    "imagenet-direct": DIRECT,
    "imagenet-cppn": CPPN,
    "imagenet-cppn-raw": CPPN,
    "imagenet-relatedness": RELATED,
}

WEAK_P, WEAK_EFFECT = HALF | {"p": 0.0001}, HALF | {"superiority": 0.56}
NO_NEIGHBOURS = {"neighbours_against_random": None, "neighbours_against_runs": None}
UNDEFINED = NO_NEIGHBOURS | {
    "similarity": {"neighbours": None, "random": 0.1, "runs": 0.0},
    "shared": {"neighbours": None, "random": 0.0},
}
ONE_RUN = {"runs": 1, "neighbours_against_runs": None, "similarity": {"neighbours": 0.3, "random": 0.1, "runs": None}}


@pytest.mark.parametrize(
    ("claim", "change", "verdict"),
    [
        ("mnist-direct", {}, paper.REPRODUCED),
        ("mnist-direct", {"median": 0.9999}, paper.REPRODUCED),
        ("mnist-direct", {"runs_certain_before_50": 4}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998, "runs_certain_before_50": 0}, paper.NOT),
        ("mnist-direct", {"runs": 4}, paper.UNTESTED),
        ("mnist-direct", {"generations": 199}, paper.UNTESTED),
        ("mnist-direct", {"children": 199}, paper.UNTESTED),
        ("mnist-cppn", {}, paper.REPRODUCED),
        ("mnist-cppn", {"median": 0.9998}, paper.PARTLY),
        ("mnist-cppn", {"median": 0.99}, paper.PARTLY),
        ("mnist-cppn", {"median": 0.9899}, paper.NOT),
        ("mnist-cppn-raw", {"runs": 2}, paper.UNTESTED),
        # That pixels fail needs all classes and the paper's children per cell.
        ("imagenet-direct", {}, paper.REPRODUCED),
        ("imagenet-direct", {"runs": 2}, paper.REPRODUCED),
        ("imagenet-direct", {"runs": 1}, paper.UNTESTED),
        ("imagenet-direct", {"classes": 999}, paper.UNTESTED),
        ("imagenet-direct", {"per_cell": 3_999.9}, paper.UNTESTED),
        ("imagenet-direct", {"fooled": 90}, paper.REPRODUCED),
        ("imagenet-direct", {"fooled": 91}, paper.PARTLY),
        ("imagenet-direct", {"median": 0.5}, paper.REPRODUCED),
        ("imagenet-direct", {"median": 0.5001}, paper.NOT),
        # That they succeed does not.
        ("imagenet-direct", {"median": 0.5001, "classes": 20, "runs": 2, "per_cell": 1.0}, paper.NOT),
        ("imagenet-direct", {"median": 0.5, "classes": 20, "runs": 2, "per_cell": 1.0}, paper.UNTESTED),
        ("imagenet-direct", {"median": 0.9, "classes": 19}, paper.UNTESTED),
        ("imagenet-direct", {"median": 0.9, "runs": 1}, paper.UNTESTED),
        # Two halves: the comparison, at 20 classes, 2 runs, 50 children per cell; the number, at the paper's size.
        ("imagenet-cppn", {}, paper.REPRODUCED),
        ("imagenet-cppn", {"median": 0.8810}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 999}, paper.PARTLY),
        ("imagenet-cppn", {"per_cell": 1_999.9}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 20, "runs": 2, "per_cell": 50.0}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 19}, paper.UNTESTED),
        ("imagenet-cppn", {"runs": 1}, paper.UNTESTED),
        ("imagenet-cppn", {"per_cell": 49.9}, paper.UNTESTED),
        ("imagenet-cppn", {"p": 0.0001}, paper.PARTLY),
        ("imagenet-cppn", {"p": 0.000099}, paper.REPRODUCED),
        ("imagenet-cppn", {"superiority": 0.56}, paper.PARTLY),
        ("imagenet-cppn", {"superiority": 0.561}, paper.REPRODUCED),
        ("imagenet-cppn", {"superiority": 0.2}, paper.PARTLY),
        ("imagenet-cppn", {"p": 0.0001, "median": 0.88}, paper.NOT),
        ("imagenet-cppn", {"superiority": 0.2, "classes": 999}, paper.NOT),
        ("imagenet-cppn", {"superiority": 0.5, "p": 0.5, "classes": 999}, paper.UNTESTED),
        ("imagenet-cppn", {"superiority": 0.45, "per_cell": 1_999.0}, paper.UNTESTED),
        ("imagenet-cppn", {"superiority": 0.5, "p": 0.5, "median": 0.88}, paper.NOT),
        ("imagenet-cppn-raw", {}, paper.REPRODUCED),
        ("imagenet-cppn-raw", {"median": 0.1}, paper.PARTLY),
        ("imagenet-relatedness", {}, paper.REPRODUCED),
        ("imagenet-relatedness", {"classes": 100}, paper.REPRODUCED),
        ("imagenet-relatedness", {"classes": 99}, paper.UNTESTED),
        ("imagenet-relatedness", {"per_cell": 49.9}, paper.UNTESTED),
        ("imagenet-relatedness", {"runs": 1}, paper.UNTESTED),
        ("imagenet-relatedness", ONE_RUN, paper.UNTESTED),
        ("imagenet-relatedness", UNDEFINED | {"classes": 20}, paper.UNTESTED),
        ("imagenet-relatedness", UNDEFINED | {"classes": 500}, paper.UNTESTED),
        ("imagenet-relatedness", {"neighbours_against_random": WEAK_P}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_random": WEAK_EFFECT}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": WEAK_P}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": WEAK_EFFECT}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": HALF | {"superiority": 0.561}}, paper.REPRODUCED),
        (
            "imagenet-relatedness",
            {"neighbours_against_random": WEAK_P, "neighbours_against_runs": WEAK_EFFECT},
            paper.NOT,
        ),
        ("natural-confidence", {}, paper.REPRODUCED),
        ("natural-confidence", {"images": 1_000}, paper.REPRODUCED),
        ("natural-confidence", {"images": 999}, paper.UNTESTED),
        ("natural-confidence", {"median": 0.7529}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.7531}, paper.PARTLY),
        ("natural-confidence", {"median": 0.4531}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.4529}, paper.PARTLY),
        ("natural-confidence", {"median_right": 0.337}, paper.PARTLY),
        ("natural-confidence", {"median_right": 0.3371}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.9, "median_right": 0.2}, paper.NOT),
        ("natural-confidence", {"median_wrong": None}, paper.UNTESTED),
        ("natural-confidence", {"median_right": None}, paper.UNTESTED),
    ],
)
def test_verdict_follows_the_rule(claim: str, change: dict[str, Any], verdict: str) -> None:
    assert paper.find_claim(claim).judge(MEASURED[claim] | change) == verdict


SMALL = {"classes": 20, "runs": 2, "per_cell": 250.0, "generations": 250, "children": 20, "fooled": 0}
DESCRIBED = [
    *((claim, {}) for claim in MEASURED),
    ("mnist-direct", {"runs_certain_before_50": 0, "run_medians": [0.99995, 0.99995]}),
    ("imagenet-direct", SMALL),
    ("imagenet-cppn", SMALL | {"dogs_and_cats": None, "p": 0.21}),
    ("imagenet-cppn", {"median": 1.0, "baseline_median": 0.0, "superiority": 0.5, "p": 1.0}),
    ("imagenet-relatedness", UNDEFINED | {"classes": 20}),
    ("imagenet-relatedness", ONE_RUN),
    ("natural-confidence", {"images": 6, "accuracy": 1.0, "median_wrong": None}),
    ("natural-confidence", {"images": 6, "accuracy": 0.0, "median_right": None}),
]


@pytest.mark.parametrize(("claim", "change"), DESCRIBED)
def test_every_description_is_a_sentence(claim: str, change: dict[str, Any]) -> None:
    said = paper.find_claim(claim).describe(MEASURED[claim] | change)
    assert not any(word in said for word in ("nan", "None", "inf", "undefined", "{", "}", "..", "  ", "()"))
    assert said == said.strip(" .;,") and "\n" not in said and "|" not in said  # it becomes part of a sentence, a cell
    assert said.count("(") == said.count(")")


def describe(claim: str, **change: Any) -> str:
    """Return our number of a claim in words."""
    return paper.find_claim(claim).describe(MEASURED[claim] | change)


def test_description_of_a_search_says_how_far_it_was_carried() -> None:
    assert describe("imagenet-direct") == (
        "median 21.59% after 4,000 children per cell (by run 20.00% to 23.00%), 45 of 1,000 classes ≥ 99%; "
        "random search, as many images a run: median 0.10%"
    )


def test_description_of_cppns_says_what_was_compared_and_what_was_not_tested() -> None:
    whole = describe("imagenet-cppn")
    assert "pixels, as many children per cell: median 11.00%, CPPN ahead in 876 of 1,000 classes" in whole
    assert "(probability of superiority 0.83, Mann-Whitney U, p < 0.0001, n = 1,000 classes each)" in whole
    assert whole.endswith("dogs and cats (classes 156 to 286): median 40.00%, all others 90.00%")
    small = describe("imagenet-cppn", **SMALL | {"dogs_and_cats": None})
    assert "dogs" not in small
    assert small.endswith("the number itself needs all 1,000 classes and 2,000 children per cell and was not tested")


def test_description_of_relatedness_copes_without_neighbours_and_without_a_second_run() -> None:
    assert describe("imagenet-relatedness") == (
        "median correlation of images: neighbouring classes of one run 0.31, random classes of one run -0.02 "
        "(probability of superiority 0.70, p < 0.0001), one class in two runs 0.01 "
        "(probability of superiority 0.70, p < 0.0001); permutation tests over 1,000 classes; "
        "20.0% of neighbours hold the very same image"
    )
    none = describe("imagenet-relatedness", **UNDEFINED | {"classes": 20})
    assert "neighbouring classes of one run not measured, random" in none
    assert none.endswith("no two of 20 classes are neighbours")
    nothing = {"neighbours": 0.3, "random": -0.0002, "runs": 0.0}
    assert "random classes of one run 0.00 (" in describe("imagenet-relatedness", similarity=nothing)
    assert "one class in two runs not measured; permutation tests" in describe("imagenet-relatedness", **ONE_RUN)


def test_description_of_photographs_copes_with_a_network_that_is_always_right() -> None:
    assert describe("natural-confidence") == (
        "EfficientNet-Lite0 on 50,000 labelled photographs: top-1 75%, median confidence 60.30%, "
        "86.70% when right, 33.70% when wrong"
    )
    assert describe("natural-confidence", median_wrong=None).endswith("86.70% when right, never wrong")
    assert describe("natural-confidence", median_right=None).endswith("never right, 33.70% when wrong")


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


@pytest.mark.parametrize(
    ("p", "shown"), [(1 / 10_001, "p < 0.0001"), (0.0, "p < 0.0001"), (0.0001, "p = 0.0001"), (0.25, "p = 0.2500")]
)
def test_p_below_the_papers_is_not_told_apart_further(p: float, shown: str) -> None:
    assert paper.show_p(p) == shown


def test_unknown_claim_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"'mnist-indirect'.*mnist-direct"):
        paper.find_claim("mnist-indirect")


def test_every_claim_is_named_once_and_says_how_sure_we_are_of_it() -> None:
    assert [claim.id for claim in paper.CLAIMS] == list(dict.fromkeys(claim.id for claim in paper.CLAIMS))
    assert {claim.id for claim in paper.CLAIMS} == set(MEASURED)
    assert {claim.grade for claim in paper.CLAIMS} == {paper.QUOTE, paper.RECALLED, paper.RECALLED_LESS}
    quoted = [claim.id for claim in paper.CLAIMS if claim.grade == paper.QUOTE]
    assert quoted == ["mnist-direct"]  # the only one whose words were seen
