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
from fooling.pages.imagenet_search import ImageNetSearch, Scale, measure_search

NETWORK = "EfficientNet-Lite0"
REACHED = [[0.995, 0.992, 0.2, 0.4], [0.997, 0.986, 0.989, 0.5], [0.999, 0.991, 0.9899, 0.6]]
PAPER = Scale(runs=5, classes=1_000, generations=5_000, children=400, network=NETWORK, crops="ten")
FOUND = CppnSearch(
    search=ImageNetSearch(PAPER, 0.8811, (0.86, 0.9), 0.99, 300, 0.001),
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
    found = measure(run, pixels, noise, NETWORK)
    assert found.against_pixels.medians[1] == pytest.approx(0.009, abs=1e-6)  # not the .9 of generation 9
    assert (found.against_pixels.ahead, found.against_pixels.superiority, found.dogs_and_cats) == (4, 1.0, None)
    found = measure(run, make_search(np.full((2, 4), 0.9), generations=8, children=5), noise, NETWORK)
    assert found.against_pixels.medians == pytest.approx((np.median(REACHED), 0.9), abs=1e-6)
    assert (found.against_pixels.ahead, found.against_pixels.superiority) == (3, 0.75)
    assert found.against_pixels.p == comparison.compare_classes(REACHED, np.full((2, 4), 0.9)).p
    assert found.search == measure_search(run, noise, NETWORK)
    assert msgspec.json.decode(msgspec.json.encode(found), type=CppnSearch) == found


def test_pixels_get_a_whole_generation_more_where_children_do_not_divide(make_search: Any, noise: Any) -> None:
    pixels = make_search(np.full((1, 4), 0.9), generations=6, children=7)  # 40 children are 5.7 generations
    assert measure(make_search(REACHED), pixels, noise, "n").against_pixels.medians[1] == pytest.approx(0.9, abs=1e-6)


def test_too_short_a_search_with_pixels_is_refused(make_search: Any, noise: Any) -> None:
    with pytest.raises(IndexError):
        measure(make_search(REACHED), make_search(REACHED, generations=3), noise, NETWORK)


def test_dogs_and_cats_are_told_apart_where_all_classes_evolved(make_search: Any) -> None:
    confidences = np.full((2, 1000), 0.8)
    confidences[:, 156:287] = 0.3
    order = tuple(range(999, -1, -1))  # cells need not stand in the order of classes
    run = make_search(confidences[:, ::-1], classes=order)
    found = measure(run, run, make_search(np.full((1, 1000), 0.02), classes=order), NETWORK)
    assert found.dogs_and_cats == pytest.approx((0.3, 0.8), abs=1e-6)
    assert ("dogs and cats (classes 156 to 286)", "median 30.00%, all others 80.00%", "a weak spot") in RAW.rows(found)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, REPRODUCED),
        ({"median": 0.8810}, PARTLY),
        ({"classes": 999}, PARTLY),
        ({"generations": 4_999}, PARTLY),
        ({"classes": 20, "runs": 2, "generations": 50, "children": 20}, PARTLY),
        ({"classes": 20, "runs": 2, "generations": 49, "children": 20}, UNTESTED),
        ({"p": 0.0001}, PARTLY),
        ({"p": 0.000099}, REPRODUCED),
        ({"superiority": 0.56}, PARTLY),
        ({"superiority": 0.561}, REPRODUCED),
        ({"p": 0.0001, "median": 0.88}, NOT),
        ({"superiority": 0.2, "classes": 999}, NOT),
        ({"superiority": 0.45, "generations": 4_999}, UNTESTED),
    ],
)
def test_verdict_follows_the_rule(changes: dict[str, Any], verdict: str) -> None:
    assert [claim.judge(change(FOUND, **changes)) for claim in CLAIMS] == [verdict, verdict]


def test_headline_and_rows_set_pixels_beside_cppns_and_say_what_was_not_tested() -> None:
    assert CENTRED.headline(FOUND) == (
        "CPPN images reach a median confidence of 88.11% after 2,000 children per cell, and pixel images 11.00%; "
        "CPPN images are ahead in 876 of 1,000 classes."
    )
    assert RAW.headline(FOUND).startswith("CPPN images fed pixel indices reach a median confidence of 88.11%")
    rows = {what: here for what, here, _ in CENTRED.rows(FOUND)}
    assert rows["CPPN against pixels"].startswith("ahead in 876 of 1,000 classes; probability of superiority 0.83")
    assert "the number itself" not in rows
    assert "the number itself" in {what for what, *_ in CENTRED.rows(change(FOUND, generations=200))}
    assert CENTRED.scale(FOUND).endswith("5000 generations × 400 children; EfficientNet-Lite0, ten crops")


def test_paper_profile_is_the_papers_own_size() -> None:
    sizes = SIZES["paper"]
    assert (sizes.runs, sizes.generations * sizes.children / 1_000, sizes.crops, sizes.classes) == (5, 2_000, "ten", ())


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
