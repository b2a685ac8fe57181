"""Figures of single images: what they say in words is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.lab.explorer import figures
from fooling.lab.explorer.figures import Step, choose_steps
from fooling.lab.explorer.looking import VIEWS

IMAGE = np.full((6, 5, 3), 128, np.uint8)


def test_look_names_the_five_highest_in_order():
    names = list("abcdefg")
    confidences = np.array([0.05, 0.4, 0.01, 0.3, 0.02, 0.2, 0.02], np.float32)
    drawn = figures.draw_look(IMAGE, "mine.png", names, confidences)
    assert "The network says b 40.00%, d 30.00%, f 20.00%, a 5.00% and e 2.00%." in drawn.alt
    assert len(drawn.axes) == 2
    with_curve = figures.draw_look(IMAGE, "mine", names, confidences, np.array([-np.inf, 0.0, 2.0], np.float32))
    assert len(with_curve.axes) == 3 and "88.08% after generation 2" in with_curve.alt
    assert len(with_curve.encode()) > 1000


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [0]), (2, [0, 1]), (12, list(range(12))), (23, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22])],
)
def test_line_is_drawn_from_its_first_to_its_last(count, expected):
    assert choose_steps(count) == expected


def test_line_tells_who_held_what_when():
    steps = [Step(0, ["cat", "dog"], 0.1), Step(7, ["a", "b", "c", "d"], 0.5), Step(30, ["dog"], 0.9)]
    drawn = figures.draw_line(np.stack([IMAGE] * 3), steps, 9, "dog")
    assert "line of 9 images" in drawn.alt and "3 of them drawn, from generation 0 to 30" in drawn.alt
    assert "generation 0 cat and dog; generation 7 a, b, c and d" in drawn.alt
    assert "a and 3 more" in " ".join(spot.get_xlabel().replace("\n", " ") for spot in drawn.axes)


def test_litter_tells_parents_and_children_apart():
    drawn = figures.draw_litter(np.stack([IMAGE] * 3), ["x", "y", "z"], np.array([0.5, 0.25, 0.75]), 2)
    assert drawn.alt == "Parents: x 50.00% and y 25.00%. Children: z 75.00%."
    assert [spot.get_xlabel().startswith("parent") for spot in drawn.axes] == [True, True, False]


def test_every_view_of_a_champion_says_what_it_shows(evolved):
    for view in VIEWS.values():
        drawn = view(evolved, 1, int(evolved.standing.champions[1]))
        assert len(drawn.alt) > 40
