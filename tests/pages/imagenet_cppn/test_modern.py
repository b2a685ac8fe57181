"""The same search on a network of the paper's time and on one of today: the comparison, the rule, the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from fooling.pages.claim import SUPPORTED, UNSUPPORTED, UNTESTED
from fooling.pages.comparison import Comparison
from fooling.pages.imagenet_cppn.modern import CLAIM, MODERN, ModernFound, measure
from fooling.pages.imagenet_search import Scale

SCALE = Scale(runs=1, classes=1_000, generations=250, children=400, network="SqueezeNet", crops="one")
AHEAD = Comparison(superiority=0.9, p=1e-30, ahead=950, paired_p=1e-30, medians=(0.8, 0.3))
START = Comparison(superiority=0.5, p=0.5, ahead=500, paired_p=0.5, medians=(0.01, 0.01))
FOUND = ModernFound(SCALE, MODERN, AHEAD, START, {"uniform noise": (0.2, 0.1)})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FOUND, SUPPORTED),
        (replace(FOUND, compared=replace(AHEAD, p=0.0001)), UNSUPPORTED),
        (replace(FOUND, compared=replace(AHEAD, superiority=0.1)), UNSUPPORTED),
        (replace(FOUND, scale=replace(SCALE, classes=999)), UNTESTED),
        (replace(FOUND, scale=replace(SCALE, generations=125)), SUPPORTED),  # 50 children per cell
        (replace(FOUND, scale=replace(SCALE, generations=124)), UNTESTED),
    ],
)
def test_verdict_follows_the_rule(found: ModernFound, verdict: str) -> None:
    assert CLAIM.judge(found) == verdict


def test_only_seeds_and_kinds_of_images_that_both_networks_have_are_compared(make_search: Any) -> None:
    run, modern = make_search([[0.9, 0.8, 0.7], [0.1, 0.1, 0.1]]), make_search([[0.3, 0.2, 0.75]])
    said = {"SqueezeNet": {"uniform noise": 0.2, "crops of photographs": 0.6}, MODERN: {"uniform noise": 0.1}}
    found = measure(run, modern, "SqueezeNet", said)
    assert found.compared.medians == pytest.approx((0.8, 0.3)) and found.compared.ahead == 2
    assert found.start.medians == pytest.approx((0.008, 0.003)), "of generation 0"
    assert found.unbred == {"uniform noise": (0.2, 0.1)} and found.scale.runs == 1
    assert found.others == (2, pytest.approx((0.1, 0.8))), "all runs on the first network"
    assert measure(run, modern, "SqueezeNet", {}).unbred == {} and found.above_photograph is None
    photographs = {"SqueezeNet": {"photographs": 0.75}, MODERN: {"photographs": 0.25}}
    assert measure(run, modern, "SqueezeNet", photographs).above_photograph == (2, 2)
    assert measure(run, modern, "SqueezeNet", {"SqueezeNet": {"photographs": 0.75}}).above_photograph is None


def test_words_and_json(check_words: Callable[[Any, Any], None]) -> None:
    check_words(CLAIM, FOUND)
    assert msgspec.json.decode(msgspec.json.encode(FOUND), type=ModernFound) == FOUND
    assert ("median confidence in uniform noise", "20.00% and 10.00%", "") in CLAIM.rows(FOUND)
    spread = replace(FOUND, others=(4, (0.5, 0.9)))
    assert "(4 runs: 50.00% to 90.00%), after" in CLAIM.headline(spread) and "(" not in CLAIM.headline(FOUND)
    for runs, seeds in ((1, "seed"), (2, "seeds")):  # the median beside the spread is that of these seeds alone
        assert f" with the same {seeds} (4 runs: " in CLAIM.headline(replace(spread, scale=replace(SCALE, runs=runs)))
    assert [row[1] for row in CLAIM.rows(spread) if row[0].startswith("all runs on ")] == ["4 runs: 50.00% to 90.00%"]
    told = CLAIM.rows(replace(FOUND, above_photograph=(622, 189)))
    assert ("classes above the network's own median photograph", "622 and 189", "") in told
