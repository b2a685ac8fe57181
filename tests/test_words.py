"""Numbers in words: never rounded to certainty or to nothing, and as a person would say them."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.words import count_words, list_words, show_confidence, show_few, show_p, show_seconds, table


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
    assert show_confidence(confidence) == shown


@pytest.mark.parametrize(
    ("p", "shown"), [(1 / 10_001, "p < 0.0001"), (0.0, "p < 0.0001"), (0.0001, "p = 0.0001"), (0.25, "p = 0.2500")]
)
def test_p_below_the_papers_is_not_told_apart_further(p: float, shown: str) -> None:
    assert show_p(p) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (99.4, "99 s"), (150, "2 min"), (5_990, "100 min"), (9_000, "2.5 h")]
)
def test_durations_are_told_as_a_person_would(seconds: float, shown: str) -> None:
    assert show_seconds(seconds) == shown


def test_few_children_per_cell_have_no_power_of_ten_and_many_a_comma() -> None:
    assert [show_few(number) for number in (0.2, 3.14159, 10.4, 12_345.6)] == ["0.2", "3.1", "10", "12,346"]


def test_one_is_singular_and_lists_end_in_and() -> None:
    assert [count_words(count, "run") for count in (0, 1, 2_000)] == ["0 runs", "1 run", "2,000 runs"]
    assert [list_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_a_table_is_markdown() -> None:
    assert table(("a", "b"), [(1, "x"), (2, "y")]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | x |",
        "| 2 | y |",
    ]
