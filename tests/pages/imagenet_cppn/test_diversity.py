"""A wall of champions: who may hang on it, in which order, and when it is diverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.confidence import to_log_odds
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.imagenet_cppn import diversity
from fooling.pages.imagenet_cppn.diversity import CLAIM, Diversity, choose_wall
from fooling.pages.imagenet_cppn.likeness import Champions

FOUND = Diversity(300, 40, 0.9912, 0.99, 0.5, 0.6, "Lite", "4 runs")


def make_run(confidences: list[float], angles: list[float], images: list[int] | None = None) -> Champions:
    """Return champions whose features are directions in a plane."""
    log_odds = np.array([to_log_odds(value) for value in confidences], np.float32)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Champions(np.array(images or range(len(angles))), log_odds, features)


def test_the_surest_hangs_first_then_always_the_one_farthest_from_those_that_hang() -> None:
    run = make_run([0.991, 0.999, 0.992, 0.993], [0.1, 0.0, 2.0, 1.0])
    found, wall = choose_wall([run], "Lite", "one run")
    assert wall.cells.tolist() == [1, 2, 3, 0] and wall.runs.tolist() == [0] * 4
    assert (found.eligible, found.images, found.mean) == (4, 4, pytest.approx(0.99375, abs=1e-6))
    assert found.least == pytest.approx(0.991, abs=1e-6)
    assert found.nearest == pytest.approx(np.median([np.cos(0.1), np.cos(0.1), np.cos(0.9), np.cos(1.0)]), abs=1e-6)


def test_an_image_hangs_once_by_its_surest_cell_and_only_at_99_percent() -> None:
    one = make_run([0.991, 0.998, 0.98, 0.995], [0.0, 0.0, 1.0, 2.0], [7, 7, 8, 9])
    other = make_run([0.9999, 0.9], [3.0, 1.0])
    found, wall = choose_wall([one, other], "Lite", "two runs")
    assert sorted(zip(wall.runs.tolist(), wall.cells.tolist(), strict=True)) == [(0, 1), (0, 3), (1, 0)]
    assert wall.runs[0] == 1 and found.eligible == 3


def test_a_wall_of_few_directions_is_less_alike_than_one_drawn_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "IMAGES", 4)
    clumps = [0.0] * 20 + [1.5, 3.0, 4.5]
    found, _ = choose_wall([make_run([0.995] * 23, clumps)], "Lite", "one run")
    assert found.nearest is not None and found.nearest_random is not None
    assert found.nearest < 0.2 and found.nearest_random == pytest.approx(1.0, abs=1e-6)


def test_no_champion_at_99_percent_is_no_wall() -> None:
    found, wall = choose_wall([make_run([0.9, 0.5], [0.0, 1.0])], "Lite", "one run")
    assert (found.images, found.mean, wall.cells.size) == (0, None, 0) and CLAIM.judge(found) == UNTESTED


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, REPRODUCED),
        ({"mean": 0.9911}, PARTLY),
        ({"nearest": 0.6}, PARTLY),
        ({"mean": 0.9911, "nearest": 0.7}, NOT),
        ({"images": 39}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(change: dict[str, Any], verdict: str) -> None:
    assert CLAIM.judge(replace(FOUND, **change)) == verdict


def test_words_and_json(check_words: Callable[[Any, Any], None]) -> None:
    for found in (FOUND, Diversity(0, 0, None, None, None, None, "Lite", "4 runs")):
        check_words(CLAIM, found)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Diversity) == found
    assert CLAIM.headline(FOUND) == (
        "The 40 most diverse of 300 different champions with at least 99% have 99.12% on average."
    )
