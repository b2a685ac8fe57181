"""The rules of page 10, what it measures for them, and how that is put into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.confidence import to_confidence
from fooling.pages import claim as claims
from fooling.pages.comparison import Comparison
from fooling.pages.imagenet_search import ImageNetSearch, Scale
from fooling.pages.searches import SearchSizes
from fooling.pages.transfer.claim import (
    ENSEMBLE,
    TRANSFER,
    EnsembleFound,
    TransferFound,
    measure_ensemble,
    measure_transfer,
)
from fooling.pages.transfer.pairs import Kept
from fooling.words import show_confidence

Make = Callable[..., Any]
KEPT = Kept(20, 20, share=0.2, shuffled=0.1, spread=(0.1, 0.35), median=0.25)
NONE = Kept(0, 0)
FOUND = TransferFound(KEPT, KEPT, NONE, Kept(1_200, 2_400, 1.0, 0.1, (0.1, 0.35), 0.99999), "small")
NOTHING = TransferFound(NONE, NONE, NONE, NONE, "small")
FEW, BELOW = replace(KEPT, images=19), replace(KEPT, share=0.05)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FOUND, claims.REPRODUCED),
        (replace(FOUND, imagenet=replace(KEPT, share=0.199)), claims.PARTLY),
        (replace(FOUND, digits_shape=replace(KEPT, shuffled=0.101)), claims.PARTLY),
        (replace(FOUND, digits_initialisation=replace(KEPT, share=0.1)), claims.PARTLY),
        (replace(FOUND, imagenet=replace(KEPT, share=0.3, shuffled=0.2)), claims.REPRODUCED),
        (replace(FOUND, imagenet=FEW), claims.PARTLY),
        (replace(FOUND, imagenet=NONE), claims.PARTLY),
        (replace(NOTHING, imagenet=KEPT), claims.PARTLY),
        (replace(NOTHING, imagenet=replace(KEPT, share=0.1)), claims.NOT),
        (TransferFound(BELOW, BELOW, BELOW, BELOW, ""), claims.NOT),
        (TransferFound(FEW, FEW, FEW, FEW, ""), claims.UNTESTED),
        (NOTHING, claims.UNTESTED),
        (replace(NOTHING, digits_direct=KEPT), claims.UNTESTED),  # pixels are described, not judged
    ],
)
def test_verdict_on_transfer_follows_the_rule(found: TransferFound, verdict: str) -> None:
    assert TRANSFER.judge(found) == verdict


def test_rows_of_transfer_set_shuffled_labels_beside_each_share() -> None:
    rows = TRANSFER.rows(FOUND)
    assert rows[0] == (
        "digits, other initialisation",
        "20.0% of 20 images in the same class (by pair 10.0% to 35.0%); shuffled labels 10.0%, 10.0 points below; "
        "median confidence in it 25.00%",
        "many; the rule: 10 points above",
    )
    assert rows[2][1].startswith("100.0% of 2,400 showings of 1,200 images in the same class")
    assert rows[2][1].endswith("median confidence in it 99.9990%")
    assert rows[3] == ("digits, pixel images, any other network", "no image at 99%", "")
    assert [row[1] for row in TRANSFER.rows(NOTHING)] == ["no image at 99%"] * 4


@pytest.mark.parametrize("found", [FOUND, NOTHING, replace(FOUND, imagenet=NONE), replace(NOTHING, imagenet=KEPT)])
def test_headline_of_transfer_is_a_sentence_whatever_is_missing(found: TransferFound, check_words: Make) -> None:
    check_words(TRANSFER, found)


def test_answers_are_reduced_to_what_the_rule_of_transfer_reads(make_answers: Make, make_search: Make) -> None:
    cppn, direct = make_answers(0.5), make_answers(0.1)
    imagenet, search = make_answers({(0, 1): 0.6, (0, 2): 0.4}), make_search(np.full((2, 20), 0.5))
    sizes = SearchSizes(runs=4, generations=200, children=200)
    found = measure_transfer(cppn, direct, imagenet, search, sizes, "[−1, 1]")
    assert (found.digits_initialisation.images, found.digits_initialisation.showings) == (80, 80)
    assert (found.digits_shape.images, found.digits_shape.showings) == (120, 160)
    assert found.imagenet.spread == pytest.approx((0.4, 0.6))
    assert TRANSFER.judge(found) == claims.REPRODUCED
    assert "4 runs × 5 classes, 200 generations" in found.scale
    assert found.scale.endswith("coordinates of CPPN images [−1, 1]")
    assert msgspec.convert(msgspec.to_builtins(found), TransferFound) == found
    low = measure_transfer(direct, cppn, imagenet, search, sizes, "[−1, 1]")
    assert TRANSFER.judge(low) == claims.PARTLY  # only on ImageNet


SCALE = Scale(runs=2, classes=1_000, generations=125, children=400, network="mean", crops="one")
FULL = replace(SCALE, generations=4_000)
AHEAD = Comparison(superiority=0.95, p=1e-6, ahead=980, paired_p=1e-5, medians=(0.652, 0.0))
START = Comparison(superiority=0.5, p=1.0, ahead=450, paired_p=0.0001, medians=(0.001, 0.0011))
FOOLED = EnsembleFound(
    ImageNetSearch(SCALE, 0.652, (0.6, 0.7), 0.9, 1, 0.0, None), AHEAD, 50.0, START, 3, 0.4, "[−1, 1]"
)


@pytest.mark.parametrize(
    ("scale", "median", "ahead", "verdict"),
    [
        ({}, 0.652, {}, claims.PARTLY),
        (vars(FULL), 0.652, {}, claims.REPRODUCED),
        (vars(FULL) | {"generations": 3_999}, 0.652, {}, claims.PARTLY),
        (vars(FULL) | {"classes": 999}, 0.652, {}, claims.UNTESTED),
        (vars(FULL), 0.6519, {}, claims.PARTLY),
        (vars(FULL), 0.652, {"p": 0.0001}, claims.PARTLY),
        (vars(FULL), 0.6519, {"p": 0.0001}, claims.NOT),
        ({}, 0.652, {"p": 0.0001}, claims.UNTESTED),
        ({}, 0.652, {"superiority": 0.56}, claims.UNTESTED),
        ({}, 0.652, {"superiority": 0.439}, claims.NOT),
        ({"runs": 1}, 0.652, {}, claims.UNTESTED),
        ({"generations": 124}, 0.652, {}, claims.UNTESTED),
    ],
)
def test_verdict_on_the_ensemble_follows_the_rule(
    scale: dict[str, Any], median: float, ahead: dict[str, Any], verdict: str
) -> None:
    search = replace(FOOLED.search, scale=replace(SCALE, **scale), median=median)
    assert ENSEMBLE.judge(replace(FOOLED, search=search, compared=replace(AHEAD, **ahead))) == verdict


def test_rows_of_the_ensemble_tell_both_searches_and_their_starts(check_words: Make) -> None:
    rows = {what: ours for what, ours, _ in ENSEMBLE.rows(FOOLED)}
    assert rows["classes ≥ 90%, median over runs"] == "1 of 1,000"
    assert rows["all 3 networks have it as top class"] == "40% of the images"
    assert rows["before evolution, bred against random"].startswith("0.10% and 0.11%; ahead in 450 of 1,000 classes")
    assert "part of the difference" not in rows["before evolution, bred against random"]
    assert rows["children per cell"] == "50" and "1,600 children per cell" in rows["the number itself"]
    earlier = replace(FOOLED, start=replace(START, paired_p=0.00009))
    assert rows["bred and random images, 50 per cell"] == "65.20% and < 0.01%"
    assert ENSEMBLE.rows(earlier)[-3][1].endswith("; the second begins ahead")
    first = replace(FOOLED, start=replace(START, paired_p=0.00009, superiority=0.6))
    assert ENSEMBLE.rows(first)[-3][1].endswith("so part of the difference is not the work of evolution")
    full = replace(FOOLED, search=replace(FOOLED.search, scale=FULL))
    assert "the number itself" not in {row[0] for row in ENSEMBLE.rows(full)}
    for found in (FOOLED, full):
        check_words(ENSEMBLE, found)


def test_a_search_is_reduced_to_what_the_rule_of_the_ensemble_reads(make_answers: Make, make_search: Make) -> None:
    agrees = np.zeros((4, 40), bool)
    agrees[0], agrees[1:, :10], agrees[1, 10:30] = True, True, True
    answers = make_answers({(0, 1): 1.0}, networks=2)._replace(
        networks=("mean", "A", "B", "C"), top=np.where(agrees, np.tile(np.arange(40) % 5, (4, 1)), 99)
    )
    bred, random = (
        make_search(np.tile(np.linspace(low, high, 20), (2, 1)), 50, 20) for low, high in ((0.85, 0.95), (0.1, 0.2))
    )
    found = measure_ensemble(bred, random, answers, "mean", "[−1, 1]")
    assert (found.networks, found.fool_all, found.compared.superiority) == (3, 0.25, 1.0)
    assert found.compared.paired_p == pytest.approx(2.0**-19)  # all of 20 classes ahead
    assert found.start.ahead == 20 and found.compared.p < 1e-4
    assert found.search.fooled == 10 and found.search.scale == replace(SCALE, classes=20, generations=50, children=20)
    assert found.compared_per_cell == 50.0 and "; after" not in ENSEMBLE.headline(found)
    shorter = measure_ensemble(bred, make_search(np.full((1, 20), 0.15), 25, 20), answers, "mean", "[−1, 1]")
    halfway = np.median(to_confidence(bred.history[:, 25]))
    assert shorter.compared_per_cell == 25.0 and shorter.compared.medians == pytest.approx((halfway, 0.15), abs=1e-6)
    assert f"after 25 they have {show_confidence(halfway)}" in ENSEMBLE.headline(shorter)
    assert ENSEMBLE.scale(found).endswith("mean, one crop; coordinates [−1, 1]")
    assert msgspec.convert(msgspec.to_builtins(found), EnsembleFound) == found
