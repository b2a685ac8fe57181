"""Numbers in words: never rounded to certainty or to nothing, and as a person would say them."""

from __future__ import annotations

import html
import re
from itertools import starmap

import numpy as np
import pytest

from fooling.report.markdown import PageText
from fooling.words import (
    clean_name,
    count_words,
    escape,
    list_lines,
    list_words,
    show_confidence,
    show_count,
    show_few,
    show_minutes,
    show_p,
    show_runs,
    show_seconds,
    table,
)


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
        (0.0001506, "0.015%"),
        (0.001, "0.10%"),
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


def test_images_that_were_never_enough_are_told_so() -> None:
    assert [*map(show_count, (None, float("inf"), 1_234.4))] == ["never", "never", "1,234"]


def test_one_is_singular_and_lists_end_in_and() -> None:
    assert [count_words(count, "run") for count in (0, 1, 2_000)] == ["0 runs", "1 run", "2,000 runs"]
    spreads = ((4, (0.5, 0.75)), (50, (0.9999999, 0.99999999)), (1, (0.5, 0.5)))
    assert [*starmap(show_runs, spreads)] == ["4 runs: 50.00% to 75.00%", "each of 50 runs", "1 run"]
    assert [show_minutes(minutes) for minutes in (0.1, 1.0, 10.0)] == ["0.1 minutes", "1 minute", "10 minutes"]
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


NAMES = (
    "<svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://example.org/a.png)",
    r"$\input{x}$ and $y$",
    r"\begin{align}x\end{align}",
    "a|b",
    "`code` *and* _more_ ~~gone~~",
    "&lt;b&gt; &amp;",
    "https://example.org www.example.org me@example.org",
    "# heading",
    "1. first",
    "- item",
    "plain, 99.5% (of 3): it's",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_is_whatever_markup_it_looks_like(name: str) -> None:
    for markdown in (table(("", "b"), [(name, 1)]), list_lines([name])):
        shown = PageText({}).to_html(markdown)
        cell = re.search(r"<t[dh](?: class=\"long\")?>(.*)</t[dh]>\n<t[dh]>1|<li>(.*)</li>", shown)
        assert cell, shown
        inside = (cell[1] or cell[2]).replace("<span>", "").replace("</span>", "")
        assert "<" not in inside and html.unescape(inside) == name, shown
    assert "$$" not in escape("$$") and escape("$").count("$") == 0


def test_names_are_one_printable_line_with_composed_letters() -> None:
    assert clean_name("a\nb\t c ") == "a b c"
    assert clean_name("e\u0301te\u0301") == "\u00e9t\u00e9"
    assert clean_name("\x1b[31mred\udcff\u202e") == "\ufffd[31mred\ufffd\ufffd"
    assert clean_name("\u0915\u094d\u200d\u0937") == "\u0915\u094d\u200d\u0937", "a joiner is how a word is written"
