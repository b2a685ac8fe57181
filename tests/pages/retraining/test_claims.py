"""The rules of page 11, what it measures for them, and how that is put into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.confidence import to_log_odds
from fooling.pages import claim as claims
from fooling.pages.comparison import Comparison
from fooling.pages.imagenet_search import Scale
from fooling.pages.retraining import digit_claims, imagenet_claims
from fooling.pages.retraining.digit_claims import ChainFound, ErrorFound, measure_chain, measure_errors
from fooling.pages.retraining.imagenet_claims import HeadFound, measure_head
from fooling.pages.retraining.sizes import ChainSizes, HeadSizes

Check = Callable[[Any, Any], None]
CHAIN = ChainFound(
    medians=(0.99999, *[0.95] * 14, 0.9999),
    first_as_far=20,
    last_run_medians=(0.999, 0.99999),
    longer=1_000,
    longer_median=0.99995,
    longer_run_medians=(0.9992, 0.99999),
    fooling_share=0.25,
    caught=0.97,
    caught_after=0.1,
    iterations=15,
    runs=30,
    generations=200,
    scale="one chain",
)
ERRORS = ErrorFound(
    error_first=0.034,
    error_median=0.04,
    error_range=(0.03, 0.051),
    error_last=0.051,
    called_fooling=0.001,
    held_out=1_000,
    iterations=15,
    agreement=0.88,
    agreement_crops=1_000,
    agreement_photographs=2,
    scale="one chain",
)
SIZES = ChainSizes(2, 4, 7, natural=300, iterations=3, steps=1, longer=1_000)
LATER = np.array([[to_log_odds(part)] * 3 for part in (0.8, 0.95, 0.9)], np.float32)  # three runs, three digits
SCALE = Scale(runs=2, classes=1_000, generations=125, children=400, network="Toy", crops="one")
FULL = replace(SCALE, generations=5_000)
AHEAD = Comparison(superiority=0.9, p=1e-6, ahead=19, paired_p=0.0032, medians=(0.8811, 0.117))
START = Comparison(superiority=0.8, p=0.01, ahead=20, paired_p=1.9e-6, medians=(0.0014, 0.0007))
HEAD = HeadFound(SCALE, AHEAD, START, (0.1, 0.2), 1.0, "[−1, 1]")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, claims.REPRODUCED),
        ({"medians": (0.5, 0.9998)}, claims.PARTLY),
        ({"medians": (0.9999, 0.99)}, claims.PARTLY),
        ({"medians": (0.9999, 0.9899), "longer_median": 0.9998}, claims.NOT),
        ({"medians": (0.9999, 0.9899), "longer_median": 0.9999}, claims.PARTLY),
        ({"medians": (0.9999, 0.9899), "longer_median": 0.9999, "longer": 999}, claims.NOT),
        ({"iterations": 14}, claims.UNTESTED),
        ({"runs": 29}, claims.UNTESTED),
    ],
)
def test_verdict_on_the_chain_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert digit_claims.judge_chain(replace(CHAIN, **change)) == verdict


def test_the_rule_on_the_chain_before_gave_evolution_no_longer() -> None:
    found = replace(CHAIN, medians=(0.9999, 0.9))
    assert digit_claims.CHAIN_CLAIM.before is not None and digit_claims.CHAIN_CLAIM.before(found) == claims.NOT


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, claims.REPRODUCED),
        ({"error_median": 0.02}, claims.REPRODUCED),
        ({"error_median": 0.044}, claims.REPRODUCED),
        ({"error_first": 0.0, "error_median": 0.01}, claims.REPRODUCED),
        ({"error_first": 0.0, "error_median": 0.02}, claims.PARTLY),
        ({"error_median": 0.0445}, claims.PARTLY),
        ({"error_median": 0.0539}, claims.PARTLY),
        ({"error_median": 0.0545}, claims.NOT),
        ({"error_last": 0.0445}, claims.PARTLY),  # the end of a rising trend, which the median hides
        ({"error_last": 0.0545}, claims.NOT),
        ({"error_first": 0.03, "error_median": 0.04}, claims.REPRODUCED),  # though 0.04 − 0.03 is above 0.01 in floats
        ({"error_first": 0.03, "error_median": 0.05}, claims.PARTLY),
        ({"iterations": 14}, claims.UNTESTED),
        ({"held_out": 999}, claims.UNTESTED),
    ],
)
def test_verdict_on_errors_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    found = replace(ERRORS, error_last=0.0)
    assert digit_claims.judge_errors(replace(found, **change)) == verdict


def test_the_rule_on_errors_before_saw_the_median_alone() -> None:
    found = replace(ERRORS, error_last=0.0545)
    assert digit_claims.ERROR_CLAIM.before is not None and digit_claims.ERROR_CLAIM.before(found) == claims.REPRODUCED


@pytest.mark.parametrize(
    ("scale", "ahead", "verdict"),
    [
        ({}, {}, claims.PARTLY),
        (vars(FULL), {}, claims.REPRODUCED),
        (vars(FULL) | {"generations": 4_999}, {}, claims.PARTLY),
        (vars(FULL) | {"classes": 999}, {}, claims.UNTESTED),
        (vars(FULL), {"medians": (0.8809, 0.117)}, claims.PARTLY),
        (vars(FULL), {"medians": (0.8811, 0.1171)}, claims.PARTLY),
        (vars(FULL), {"medians": (0.8811, 0.9), "p": 0.5}, claims.NOT),
        ({}, {"p": 0.0001}, claims.UNTESTED),
        ({}, {"superiority": 0.56}, claims.UNTESTED),
        ({}, {"superiority": 0.1}, claims.NOT),
        ({"runs": 1}, {}, claims.UNTESTED),
        ({"generations": 124}, {}, claims.UNTESTED),
    ],
)
def test_verdict_on_imagenet_follows_the_rule(scale: dict[str, Any], ahead: dict[str, Any], verdict: str) -> None:
    found = replace(HEAD, scale=replace(SCALE, **scale), compared=replace(AHEAD, **ahead))
    assert imagenet_claims.judge(found) == verdict


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        (digit_claims.CHAIN_CLAIM, CHAIN),
        (digit_claims.CHAIN_CLAIM, replace(CHAIN, medians=(0.5, 0.6), iterations=1, runs=1, caught=0.0)),
        (digit_claims.CHAIN_CLAIM, replace(CHAIN, medians=(1.0, 0.0, 0.5, 1.0), iterations=3, first_as_far=0)),
        (digit_claims.ERROR_CLAIM, ERRORS),
        (digit_claims.ERROR_CLAIM, replace(ERRORS, iterations=1, agreement=0.0, called_fooling=0.0, error_first=0.0)),
        (imagenet_claims.CLAIM, HEAD),
        (imagenet_claims.CLAIM, replace(HEAD, scale=FULL)),
        (imagenet_claims.CLAIM, replace(HEAD, compared=replace(AHEAD, p=1.0, ahead=0, paired_p=1.0), caught=0.0)),
    ],
)
def test_findings_are_a_sentence_and_a_table(claim: Any, found: Any, check_words: Check) -> None:
    check_words(claim, found)
    assert msgspec.convert(msgspec.to_builtins(found), type(found)) == found


def read_rows(claim: Any, found: Any) -> dict[str, str]:
    return {what: ours for what, ours, _ in claim.rows(found)}


def test_rows_of_a_chain_set_before_beside_after() -> None:
    rows = read_rows(digit_claims.CHAIN_CLAIM, CHAIN)
    assert rows["median on DNN1, without a fooling class"] == "99.9990%"
    assert rows["median on DNN16, the last network"] == "99.9900% (by run 99.90% to 99.9990%, n = 30 runs)"
    assert rows["the same runs at generation 1,000"] == "99.9950% (by run 99.9200% to 99.9990%)"
    assert rows["lowest median of a network"] == "95.00%"
    assert rows["from one network to the next the median rose"] == "1 of 15 times"
    assert rows["generations to 99.9900%, on the first and on the last network"] == (
        "20 and 200: the fooling class slows evolution and does not stop it"
    )
    assert rows["champions against the network before, a run not learned"] == "the median network calls 97% fooling"


def test_rows_of_a_chain_say_what_slows_only_where_it_does() -> None:
    def said(**change: Any) -> str:
        return " ".join(map(" ".join, digit_claims.CHAIN_CLAIM.rows(replace(CHAIN, **change))))

    assert "generations to" not in said(first_as_far=None)
    assert "generations to" not in said(first_as_far=200)
    assert "0 (random images) and 200: " in said(first_as_far=0)
    stopped = said(medians=(0.9, 0.5))
    assert "generations to 50.00%" in stopped and "20 and 200" in stopped and "does not stop" not in stopped


def test_rows_of_errors_set_digits_beside_imagenet() -> None:
    rows = read_rows(digit_claims.ERROR_CLAIM, ERRORS)
    assert rows["digits: error of the first network"] == "3.40%"
    assert rows["digits: error of retrained networks"] == "median 4.00% (3.00% to 5.10%, n = 15 networks of one chain)"
    assert rows["ImageNet: top class as before"] == "88% of 1,000 crops of 2 photographs, none of them learned"


def test_rows_of_imagenet_tell_both_networks_and_the_start() -> None:
    rows = read_rows(imagenet_claims.CLAIM, HEAD)
    assert rows["median on DNN2"] == "11.70% (by run 10.00% to 20.00%)"
    assert rows["DNN1 against DNN2"].startswith("ahead in 19 of 1,000 classes; probability of superiority 0.90")
    assert rows["the same before evolution"].startswith("0.14% and 0.070%; ahead in 20 of 1,000 classes")
    assert rows["the same before evolution"].endswith("so part of the difference is not the work of evolution")
    later = read_rows(imagenet_claims.CLAIM, replace(HEAD, start=replace(START, paired_p=0.0001)))
    assert "part of the difference" not in later["the same before evolution"]
    assert rows["children per cell"] == "50" and "2,000 children per cell" in rows["the number itself"]
    assert "the number itself" not in read_rows(imagenet_claims.CLAIM, replace(HEAD, scale=FULL))


def test_chain_is_reduced_to_medians_of_runs_and_of_networks(networks: list[Any]) -> None:
    found = measure_chain(networks, LATER, SIZES, "300 digits", "[−1, 1]")
    assert found.longer == 1_000 and found.longer_median == pytest.approx(0.9)
    assert found.longer_run_medians == pytest.approx((0.8, 0.95))
    assert found.medians == pytest.approx([0.999945, 0.925, 0.9945, 0.7], abs=1e-5)
    assert found.last_run_medians == pytest.approx((0.6, 0.8), abs=1e-6)
    assert found.fooling_share == 0.5, "300 of 600"
    assert found.caught == pytest.approx(0.6) and found.caught_after == pytest.approx(0.1)
    assert (found.iterations, found.runs, found.generations) == (3, 2, 4)
    along = np.median(networks[0].medians, axis=0)  # from -3 to the end in four steps
    assert along[1] < to_log_odds(0.7) < along[2] and found.first_as_far == 2
    size = "2 runs × 3 classes, 4 generations × 7 children on each of 4 networks, trained on 300 digits"
    assert found.scale == f"one chain, one seed for each network; {size}; coordinates [−1, 1]"
    assert msgspec.convert(msgspec.to_builtins(found), ChainFound) == found


def test_a_level_that_the_first_network_never_had_has_no_generation(networks: list[Any]) -> None:
    assert measure_chain([networks[3], networks[2]], LATER, SIZES, "300 digits", "[−1, 1]").first_as_far is None


def test_errors_of_retrained_networks_stand_beside_the_first(networks: list[Any], imagenet: Any) -> None:
    found = measure_errors(networks, imagenet, "300 digits")
    assert found.error_first == pytest.approx(0.03) and found.error_median == pytest.approx(0.05)
    assert found.error_range == pytest.approx((0.04, 0.06)) and found.error_last == pytest.approx(0.06)
    assert found.called_fooling == pytest.approx(0.004)
    assert (found.agreement, found.agreement_crops, found.agreement_photographs) == (0.75, 4, 2)
    assert msgspec.convert(msgspec.to_builtins(found), ErrorFound) == found


def test_imagenet_is_compared_class_by_class(imagenet: Any) -> None:
    sizes = HeadSizes(3, 10, 20, baseline_runs=1, network="Toy")
    found = measure_head(imagenet, sizes, "[−1, 1]")
    assert found.compared.medians == pytest.approx((0.8, 0.2))
    assert (found.compared.ahead, found.compared.superiority) == (3, 0.75)
    assert found.run_medians_after == pytest.approx((0.2, 0.2)) and found.caught == 0.75
    assert found.scale == Scale(3, 4, 10, 20, "Toy", "one") and found.scale.per_cell == 50
    assert found.compared.paired_p == pytest.approx(0.25)  # three of sixteen orders of signs are rarer, and their like
    assert found.start.medians == pytest.approx((0.8, 0.2)) and found.start.ahead == 3
    assert imagenet_claims.CLAIM.scale(found) == (
        "3 runs × 4 classes, 10 generations × 20 children; Toy, one crop; coordinates [−1, 1]"
    )
    assert imagenet_claims.judge(found) == claims.UNTESTED
