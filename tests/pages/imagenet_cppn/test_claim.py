"""CPPN images against pixel images at equal effort: the record, the words, and the figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.pages import comparison
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.comparison import Comparison
from fooling.pages.imagenet_cppn.claim import CENTRED, CLAIMS, RAW, SIZES, CppnSearch, measure
from fooling.pages.imagenet_cppn.figures import draw_paired
from fooling.pages.imagenet_networks import Natural
from fooling.pages.imagenet_search import ImageNetSearch, LongRun, Scale, measure_search

NETWORK = "EfficientNet-Lite0"
REACHED = [[0.995, 0.992, 0.2, 0.4], [0.997, 0.986, 0.989, 0.5], [0.999, 0.991, 0.9899, 0.6]]
PAPER = Scale(runs=5, classes=1_000, generations=5_000, children=400, network=NETWORK, crops="ten")
FOUND = CppnSearch(
    search=ImageNetSearch(PAPER, 0.8811, (0.86, 0.9), 0.99, 300, 0.001, None),
    against_pixels=Comparison(superiority=0.83, p=1e-30, ahead=876, paired_p=1e-9, medians=(0.8811, 0.11)),
    dogs_and_cats=(0.4, 0.9),
)


def change(found: CppnSearch, **changes: Any) -> CppnSearch:
    """Return what was found with other values, each in the record that has it."""
    scale = {name: value for name, value in changes.items() if hasattr(PAPER, name)}
    compared = {name: value for name, value in changes.items() if hasattr(found.against_pixels, name)}
    search = replace(found.search, scale=replace(PAPER, **scale))
    search = replace(search, median=changes.get("median", search.median))
    return replace(found, search=search, against_pixels=replace(found.against_pixels, **compared))


@pytest.fixture
def noise(make_search: Any) -> Any:
    return make_search(np.full((1, 4), 0.02))


def test_cppns_are_compared_with_pixels_at_equal_children_per_cell(make_search: Any, noise: Any) -> None:
    run = make_search(REACHED)
    pixels = make_search(np.full((2, 4), 0.9), generations=9, children=5)  # as many children after generation 8
    found = measure(run, pixels, NETWORK, baseline=noise)
    assert found.against_pixels.medians[1] == pytest.approx(0.009, abs=1e-6)  # not the .9 of generation 9
    assert (found.against_pixels.ahead, found.against_pixels.superiority, found.dogs_and_cats) == (4, 1.0, None)
    found = measure(run, make_search(np.full((2, 4), 0.9), generations=8, children=5), NETWORK, baseline=noise)
    assert found.against_pixels.medians == pytest.approx((np.median(REACHED), 0.9), abs=1e-6)
    assert (found.against_pixels.ahead, found.against_pixels.superiority) == (3, 0.75)
    assert found.against_pixels.p == comparison.compare_classes(REACHED, np.full((2, 4), 0.9)).p
    assert found.search == measure_search(run, NETWORK, baseline=noise)
    assert msgspec.json.decode(msgspec.json.encode(found), type=CppnSearch) == found


def test_pixels_get_a_whole_generation_more_where_children_do_not_divide(make_search: Any) -> None:
    pixels = make_search(np.full((1, 4), 0.9), generations=6, children=7)  # 40 children are 5.7 generations
    assert measure(make_search(REACHED), pixels, "n").against_pixels.medians[1] == pytest.approx(0.9, abs=1e-6)


def test_too_short_a_search_with_pixels_is_refused(make_search: Any) -> None:
    with pytest.raises(IndexError):
        measure(make_search(REACHED), make_search(REACHED, generations=3), NETWORK)


def test_classes_above_the_median_photograph_are_counted_at_the_end(make_search: Any) -> None:
    natural = Natural(1_000, 0.6, 0.98, 0.99, 0.4, NETWORK, "one")
    run, on = make_search(REACHED), make_search([[0.99, 0.97, 0.1, 0.981]])
    assert measure(run, run, NETWORK, photographs=natural).photograph == (0.98, 3)  # of medians over runs
    found = measure(run, run, NETWORK, longer=on, photographs=natural)
    assert found.photograph == (0.98, 2)
    assert ("classes above the median photograph's 98.00%, in the run that went on", "2 of 4", "") in RAW.rows(found)
    for other in (None, replace(natural, network="another"), replace(natural, crops="ten")):
        assert measure(run, run, NETWORK, photographs=other).photograph is None


def test_dogs_and_cats_are_told_apart_where_all_classes_evolved(make_search: Any) -> None:
    confidences = np.full((2, 1000), 0.8)
    confidences[:, 156:287] = 0.3
    order = tuple(range(999, -1, -1))  # cells need not stand in the order of classes
    run = make_search(confidences[:, ::-1], classes=order)
    found = measure(run, run, NETWORK)
    assert found.dogs_and_cats == pytest.approx((0.3, 0.8), abs=1e-6)
    assert ("median 30.00%, all others 80.00%", "a weak spot") in [row[1:] for row in RAW.rows(found)]


def test_the_run_that_went_on_decides_the_number() -> None:
    scale = replace(PAPER, runs=4, generations=250)
    longer = LongRun(replace(scale, runs=1, generations=1_000), 0.8811, 400)
    search = replace(FOUND.search, scale=scale, median=0.7, longer=longer)
    assert CENTRED.judge(replace(FOUND, search=search)) == REPRODUCED
    assert CENTRED.judge(replace(FOUND, search=replace(search, longer=replace(longer, median=0.88)))) == PARTLY
    assert CENTRED.headline(replace(FOUND, search=search)) == (
        "CPPN images reach a median of 70.00% (4 runs: 86.00% to 90.00%) after 100 children per cell, and "
        "pixels 11.00%; after 400, one run reaches 88.11%."
    )


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, REPRODUCED),
        ({"median": 0.8810}, PARTLY),
        ({"classes": 999}, UNTESTED),
        ({"generations": 125}, REPRODUCED),
        ({"generations": 124}, UNTESTED),
        ({"p": 0.0001}, PARTLY),
        ({"p": 0.000099}, REPRODUCED),
        ({"superiority": 0.56}, PARTLY),
        ({"superiority": 0.561}, REPRODUCED),
        ({"p": 0.0001, "median": 0.88}, NOT),
        ({"superiority": 0.2, "median": 0.88, "generations": 125}, NOT),
        ({"superiority": 0.45, "generations": 4_999}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(changes: dict[str, Any], verdict: str) -> None:
    assert [claim.judge(change(FOUND, **changes)) for claim in CLAIMS] == [verdict, verdict]


def test_the_rule_before_counted_the_median_of_all_runs_at_the_papers_size_only() -> None:
    for claim in CLAIMS:
        assert claim.before is not None
        for changes, verdict in (({}, REPRODUCED), ({"generations": 4_999}, PARTLY), ({"median": 0.88}, PARTLY)):
            assert claim.before(change(FOUND, **changes)) == verdict
        longer = LongRun(replace(PAPER, runs=1), 0.9, 400)
        went_on = replace(FOUND, search=replace(FOUND.search, median=0.7, longer=longer))
        assert (claim.judge(went_on), claim.before(went_on)) == (REPRODUCED, PARTLY)


def test_words_are_short_where_a_run_went_on_and_photographs_are_known(check_words: Any) -> None:
    longer = LongRun(replace(PAPER, runs=1, generations=1_000), 0.9, 400)
    found = replace(FOUND, search=replace(FOUND.search, median=0.7, longer=longer), photograph=(0.67, 451))
    for claim in CLAIMS:
        check_words(claim, found)
    assert "above the median photograph in 451 classes" in CENTRED.headline(found)


def test_headline_and_rows_set_pixels_beside_cppns() -> None:
    assert CENTRED.headline(FOUND) == (
        "CPPN images reach a median of 88.11% (5 runs: 86.00% to 90.00%) after 2,000 children per cell, and pixels "
        "11.00%."
    )
    assert RAW.headline(FOUND).startswith("CPPN images fed pixel indices reach a median of 88.11%")
    rows = {what: here for what, here, _ in CENTRED.rows(FOUND)}
    assert rows["CPPN against pixels"].startswith("ahead in 876 of 1,000 classes; probability of superiority 0.83")
    assert CENTRED.scale(FOUND).endswith("5000 generations × 400 children; EfficientNet-Lite0, ten crops")


@pytest.mark.parametrize(("median", "missing"), [(0.8811, False), (0.88, True)])
def test_a_number_that_was_met_early_is_not_called_untested(median: float, missing: bool) -> None:
    rows = [row[0] for row in RAW.rows(change(FOUND, generations=1_000, median=median))]
    assert ("the number itself" in rows) == missing


def test_paper_profile_is_the_papers_own_size() -> None:
    sizes = SIZES["paper"]
    assert (sizes.runs, sizes.generations * sizes.children / 1_000, sizes.crops) == (5, 2_000, "ten")


def confident(*runs: list[float]) -> np.ndarray:
    return np.array(runs, np.float32)


def test_paired_classes_say_in_how_many_cppn_is_ahead() -> None:
    direct, cppn = confident([0.1, 0.2, 0.9, 0.5], [0.1, 0.2, 0.9, 0.5]), confident([1.0, 0.3, 0.1, 0.5])
    figure = draw_paired(direct, cppn, ["a", "b", "c", "d"])
    assert "CPPN is ahead in 2 of 4" in figure.alt
    spot = figure.axes[0]
    assert {text.get_text() for text in spot.texts} == {"a", "b", "c"} and "pixels in 1" in spot.get_title()
    assert spot.get_xlim() == spot.get_ylim()
    figure.draw_without_rendering()
