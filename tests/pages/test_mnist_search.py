"""Pages 02 and 03: from histories to the record, and from the record to verdict, headline and rows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.confidence import to_confidence, to_log_odds
from fooling.pages import claim, mnist_search
from fooling.pages.finding import Finding
from fooling.pages.mnist_search import SearchFound

DIRECT = SearchFound(
    median=0.99995,
    baseline_median=0.2,
    run_medians=(0.9999, 0.99999),
    lowest=0.99,
    runs_certain_before_50=5,
    runs_certain=5,
    runs=5,
    classes=10,
    generations=200,
    children=200,
    data="4,000 digits (few)",
)


@pytest.fixture
def history() -> np.ndarray:
    """Two runs of 60 generations and two classes: the first run is certain from 40 on, the second from 55 on."""
    drawn = np.full((2, 61, 2), to_log_odds(0.5), np.float32)
    drawn[0, 40:] = to_log_odds(0.99995)
    drawn[1, 55:] = to_log_odds(0.99991)
    drawn[1, 10:, 0] = to_log_odds(0.99995)
    return drawn


def test_record_counts_runs_in_which_every_class_is_certain(history: np.ndarray) -> None:
    found = mnist_search.measure(history, np.zeros_like(history), children=7, data="4,000 digits")
    assert (found.runs_certain_before_50, found.runs_certain) == (1, 2)
    assert (found.runs, found.generations, found.classes, found.children) == (2, 60, 2, 7)
    assert found.median == pytest.approx(0.99995, abs=1e-6)
    assert found.lowest == pytest.approx(0.99991, abs=1e-6)
    assert found.run_medians == pytest.approx((0.99993, 0.99995), abs=1e-6)
    assert found.baseline_median == pytest.approx(0.5)
    scale = "2 runs × 2 classes, 60 generations × 7 children; network trained on 4,000 digits"
    assert mnist_search.describe_scale(found) == scale
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), SearchFound) == found


def test_generation_50_itself_is_too_late_for_fewer_than_50_generations(history: np.ndarray) -> None:
    late = np.full_like(history, to_log_odds(0.5))
    late[:, 50:] = to_log_odds(0.99995)
    assert mnist_search.measure(late, late, 7, "digits").runs_certain_before_50 == 0
    late[:, 49:] = to_log_odds(0.99995)
    assert mnist_search.measure(late, late, 7, "digits").runs_certain_before_50 == 2


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, claim.REPRODUCED),
        ({"runs_certain_before_50": 4}, claim.PARTLY),
        ({"median": 0.9998}, claim.PARTLY),
        ({"median": 0.9998, "runs_certain_before_50": 4}, claim.NOT),
        ({"runs": 4, "runs_certain_before_50": 4}, claim.UNTESTED),
        ({"generations": 199}, claim.UNTESTED),
        ({"children": 199}, claim.UNTESTED),
    ],
)
def test_pixels_are_judged_by_median_and_by_every_run_in_time(change: dict[str, float], verdict: str) -> None:
    assert mnist_search.judge_direct(replace(DIRECT, **change)) == verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"runs_certain_before_50": 0}, claim.REPRODUCED),
        ({"median": 0.9999}, claim.REPRODUCED),
        ({"median": 0.9998}, claim.PARTLY),
        ({"median": 0.99}, claim.PARTLY),
        ({"median": 0.98}, claim.NOT),
        ({"runs": 4}, claim.UNTESTED),
        ({"generations": 100}, claim.UNTESTED),
    ],
)
def test_cppns_are_judged_by_the_median_alone(change: dict[str, float], verdict: str) -> None:
    assert mnist_search.judge_cppn(replace(DIRECT, **change)) == verdict


@pytest.mark.parametrize("tested", mnist_search.CLAIMS, ids=lambda one: one.id)
def test_headline_is_one_short_sentence_and_rows_tell_spread_and_baseline(tested: claim.Claim[SearchFound]) -> None:
    headline = tested.headline(DIRECT)
    assert headline.endswith(".") and len(headline.split()) <= 35 and "99.9950%" in headline
    shown = {what: ours for what, ours, _ in tested.rows(DIRECT)}
    assert "99.9900% to 99.9990%" in shown.values() and "20.00%" in shown.values() and "99.00%" in shown.values()
    assert "5 of 5 runs" in shown.values()


def test_a_network_of_ones_own_gets_numbers_and_no_verdict() -> None:
    told = Finding(mnist_search.DIRECT, replace(DIRECT, data="my network"), "default").as_numbers("LeNet")
    assert told.startswith("**Pixel images reach a median of ") and "reproduced" not in told
    assert (
        "|  | here | the paper, on LeNet |" in told
        and "| lowest champion | 99.00% |" in told
        and told.endswith("network trained on my network.")
    )


def test_headline_of_pixels_says_none_where_no_run_is_in_time() -> None:
    assert "; none of 5 runs had every class at 99.99%" in mnist_search.DIRECT.headline(
        replace(DIRECT, runs_certain_before_50=0)
    )


def test_digits_evolve_at_the_papers_own_size_from_the_default_on() -> None:
    for profile in ("default", "extended", "paper"):
        assert mnist_search.is_large_enough(mnist_search.SIZES[profile])
    assert not mnist_search.is_large_enough(mnist_search.SIZES["smoke"])


def test_searches_on_the_authors_network_are_told_by_run_and_by_generation() -> None:
    history = np.full((3, 11, 10), 12.0, np.float32)
    history[0, :4] = history[1, :7, 2] = 3.0  # the first run is there at generation 4, the second at 7
    history[2, :, 5] = 3.0  # the third never
    run: Any = SimpleNamespace(history=history, confidences=to_confidence(history[:, -1]))
    told = mnist_search.tell_authors({"pixels": run}).splitlines()[-1]
    assert told == "| pixels | 99.9994% | 99.9994% | 95.26% | 2 of 3, by 4 to 7 |"
    run.history = np.zeros_like(history)
    assert mnist_search.tell_authors({"pixels": run}).endswith("| 0 of 3 |")
    assert "Put `lenet_iter_10000` into `data/`" in mnist_search.tell_authors({})
