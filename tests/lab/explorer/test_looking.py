"""Figures of single images: what they say in words is what was given."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from fooling.lab.explorer import looking
from fooling.lab.explorer.breeding import Litter
from fooling.lab.explorer.desk import show_figure
from fooling.lab.explorer.search import Ancestor

IMAGE = np.full((6, 5, 3), 128, np.uint8)


def test_look_names_the_five_highest_in_order():
    names = list("abcdefg")
    confidences = np.array([0.05, 0.4, 0.01, 0.3, 0.02, 0.2, 0.02], np.float32)
    drawn = looking.draw_look(IMAGE, "mine.png", names, confidences)
    assert "The network says b 40.00%, d 30.00%, f 20.00%, a 5.00% and e 2.00%." in drawn.alt
    assert len(drawn.axes) == 2
    with_curve = looking.draw_look(IMAGE, "mine", names, confidences, np.array([-np.inf, 0.0, 2.0], np.float32))
    assert len(with_curve.axes) == 3 and "88.08% after generation 2" in with_curve.alt
    assert len(with_curve.encode()) > 1000


class Pictured:
    """Stands for a search: a line of images, of which the first held every cell and the others one."""

    class_names, children = ("cat", "dog", "hare", "ox"), 10

    def __init__(self, count: int) -> None:
        self.line = [Ancestor(10 * place, [1], [0.0]) for place in range(count)]
        self.line[0] = Ancestor(3, [0, 1, 2, 3], [2.0, 0.0, 0.0, 0.0])

    def check_started(self) -> Pictured:
        return self

    def trace(self, number: int) -> list[Ancestor]:
        return self.line

    def express(self, numbers: list[int]) -> np.ndarray:
        self.expressed = numbers
        return np.stack([IMAGE] * len(numbers))


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [0]), (2, [0, 1]), (12, list(range(12))), (23, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22])],
)
def test_line_is_drawn_from_its_first_to_its_last(count, expected):
    search = Pictured(count)
    looking.draw_ancestors(search, 1, 0)
    assert search.expressed == [search.line[place].number for place in expected]


def test_line_tells_who_held_what_when():
    drawn = looking.draw_ancestors(Pictured(23), 1, 220)
    assert "line of 23 images that ends in the champion for dog" in drawn.alt
    assert "12 of them drawn, from generation 0 to 22" in drawn.alt
    assert "generation 0 cat, dog, hare and ox; generation 2 dog; generation 4 dog" in drawn.alt
    titles = [spot.get_xlabel().replace("\n", " ") for spot in drawn.axes]
    assert titles[0] == "gen. 0: cat and 3 more 88.08%" and titles[1] == "gen. 2: dog 50.00%"


def test_litter_tells_parents_and_children_apart():
    log_odds = np.array([[0.0, -9, -9], [-9, np.log(0.25 / 0.75), -9], [-9, -9, np.log(3)]])
    drawn = looking.draw_family(Litter((), np.stack([IMAGE] * 3), log_odds), "xyz", 2)
    assert drawn.alt.startswith("Images and their children, each with what the network takes it for. ")
    assert drawn.alt.endswith("Parents: x 50.00% and y 25.00%. Children: z 75.00%.")
    assert [spot.get_xlabel().startswith("parent") for spot in drawn.axes] == [True, True, False]


def test_every_view_of_a_champion_says_what_it_shows(evolved):
    number = int(evolved.standing.champions[1])
    assert all(len(view(evolved, 1, number).alt) > 40 for view in looking.VIEWS.values())
    assert all(len(find(evolved, 1, number).told) > 40 for find in looking.RELATIVES.values())


NAMES = (r"$\input{x}$", "a <svg onload=alert(1)>", '" onmouseover="alert(1)')


def test_names_are_words_in_figures_and_in_html() -> None:
    """Of classes, and of the file that a picture came from."""
    drawn = looking.draw_look(IMAGE, NAMES[0], NAMES, np.full(3, 0.3, np.float32))
    family = Litter((), np.stack([IMAGE] * 3), np.eye(3, dtype=np.float32))
    for figure in (drawn, looking.draw_family(family, NAMES, 1)):
        shown = show_figure(figure)
        assert all(name in figure.alt and html.escape(name) in shown for name in NAMES)
        assert shown.count("<") == shown.count(">") == 1 and re.findall(r' (\w+)="', shown) == ["src", "alt", "style"]
