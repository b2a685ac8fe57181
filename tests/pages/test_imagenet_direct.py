"""The rule about pixel images: that they fail needs the paper's size, that they succeed does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.imagenet_direct import CLAIM, SIZES
from fooling.pages.imagenet_search import ImageNetSearch, Scale

PAPER = Scale(runs=5, classes=1_000, generations=20_000, children=200, network="EfficientNet-Lite0", crops="ten")
SMALL = replace(PAPER, runs=2, classes=20, generations=1, children=20)
FOUND = ImageNetSearch(PAPER, 0.2159, (0.2, 0.23), 0.99, 45, 0.001)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"scale": replace(PAPER, runs=2)}, REPRODUCED),
        ({"scale": replace(PAPER, runs=1)}, UNTESTED),
        ({"scale": replace(PAPER, classes=999)}, UNTESTED),
        ({"scale": replace(PAPER, generations=19_999)}, UNTESTED),
        ({"fooled": 90}, REPRODUCED),
        ({"fooled": 91}, PARTLY),
        ({"median": 0.5}, REPRODUCED),
        ({"median": 0.5001}, NOT),
        ({"median": 0.5001, "scale": SMALL}, NOT),
        ({"median": 0.5, "scale": SMALL}, UNTESTED),
        ({"median": 0.9, "scale": replace(PAPER, classes=19)}, UNTESTED),
        ({"median": 0.9, "scale": replace(PAPER, runs=1)}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_headline_says_how_far_and_after_how_many_children() -> None:
    assert CLAIM.headline(FOUND) == (
        "Pixel images reach a median confidence of 21.59% after 4,000 children per cell, and 45 of 1,000 classes "
        "reach 99%."
    )
    assert "the number itself" in {what for what, *_ in CLAIM.rows(replace(FOUND, scale=SMALL))}


def test_paper_profile_is_the_papers_own_size() -> None:
    sizes = SIZES["paper"]
    assert (sizes.runs, sizes.generations, sizes.children, sizes.classes) == (5, 20_000, 200, ())
