"""The picture that the report begins with, and which images are on it."""

from __future__ import annotations

import numpy as np

from fooling.pages import overview


def test_the_most_certain_champions_are_shown_and_no_image_twice() -> None:
    log_odds = np.float32([1, 9, 8, 9.5, 7, 6, 5, 4])
    places = np.int32([0, 3, 3, 1, 2, 5, 4, 6])
    assert overview.choose_best(log_odds, places) == [3, 1, 4, 5, 6]


def test_overview_shows_every_digit_and_at_most_five_large_images() -> None:
    random = np.random.default_rng(0)
    digits = {
        "pixels": (random.integers(0, 256, (10, 28, 28, 1), np.uint8), np.linspace(0.9, 0.99, 10)),
        "CPPN": (random.integers(0, 256, (10, 28, 28, 1), np.uint8), np.linspace(0.5, 0.6, 10)),
    }
    images, names = random.integers(0, 256, (7, 224, 224, 3), np.uint8), [f"class {place}" for place in range(7)]
    drawn = overview.draw_overview(digits, images, names, np.linspace(0.7, 0.1, 7), ("LeNet", "a large network"))
    assert len(drawn.axes) == 25
    assert [spot.get_title() for spot in drawn.axes[:11]] == [*map(str, range(10)), ""]
    assert drawn.axes[20].get_xlabel() == "class 0\n70.00%" and drawn.axes[-1].get_xlabel() == "class 4\n30.00%"
    assert "pixels: 90.00% to 99.00%" in drawn.alt and "class 4 (30.00%)" in drawn.alt and "class 5" not in drawn.alt
    alone = overview.draw_overview(digits, images[:0], [], np.zeros(0), ("LeNet", "a large network"))
    assert len(alone.axes) == 20 and "a large network" not in alone.alt
