"""A figure of a page has a number, a caption and a picture that can be enlarged."""

from __future__ import annotations

import re

import nbformat
import pytest

from fooling.report import html

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def draw(*about: dict[str, object]) -> str:
    cells = [
        nbformat.v4.new_code_cell(
            "show()", outputs=[nbformat.v4.new_output("display_data", {kind: PIXEL}, metadata={kind: more})]
        )
        for kind, more in zip(("image/png", "image/jpeg"), about, strict=True)
    ]
    return html.draw_page("01_one", nbformat.writes(nbformat.v4.new_notebook(cells=cells)), {}, "", {})


@pytest.mark.parametrize(
    ("alt", "caption"),
    [
        ("Confidence by generation. pixels ends at a median of 99%.", "Confidence by generation."),
        ("2 images for cat and dog; confidences 10% to 20%.", "2 images for cat and dog."),
        ("A St. Bernard <b>, 99.5%.", "A St. Bernard <b>, 99.5%."),
        ("champion for 4", "Champion for 4."),
        ("The champions of seed 0. Confidences: seed 0: 9%.", "The champions of seed 0."),
        ("Left: confidence of the last champions", "Left: confidence of the last champions."),
        ("Images whole, without one and without half, by class: coil 99%, then 9%.", "Images whole, without one and "
         "without half, by class."),
    ],
)  # fmt: skip
def test_a_caption_is_what_the_description_says_before_its_numbers(alt: str, caption: str) -> None:
    assert html.find_caption(alt) == caption


def test_figures_are_numbered_whatever_their_kind() -> None:
    page = draw({"alt": "One <b>. 1"}, {"alt": "Two; 2"})
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert captions == ["Figure 1. One &lt;b&gt;.", "Figure 2. Two."]
    assert page.count('<figure><details class="picture"><summary') == 2
