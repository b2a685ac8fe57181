"""Figures of gradient ascent: what they draw is what they were given."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fooling.confidence import to_confidence
from fooling.pages.ascent import figures
from fooling.pages.ascent.figures import raise_contrast
from fooling.pages.ascent.measure import Measurement, Pictures
from fooling.words import show_confidence

SETTINGS = ("none", "L2")


def make_measured(**fields: Any) -> Measurement:
    """Return a measurement that has only what a figure reads."""
    nothing = dict.fromkeys(Measurement._fields)
    return Measurement(**{**nothing, "settings": SETTINGS, **fields})


def make_pictures(**fields: Any) -> Pictures:
    return Pictures(**{**dict.fromkeys(Pictures._fields), **fields})


def make_climbed(images: np.ndarray, values: np.ndarray) -> Measurement:
    """Return images, ``(settings, classes, …)``, behind two baselines, of the first of two seeds."""
    values = np.stack([values, values - 9.0], axis=1)  # (settings, seeds, classes)
    return make_measured(shown=images, picture=make_pictures(log_odds=np.concatenate([values + 7.0, values])))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_contrast_keeps_the_mean_and_the_order_and_reaches_the_end_of_the_scale(rng: np.random.Generator) -> None:
    images = np.rint(rng.normal(127.0, 3.0, (2, 3, 20, 20, 3))).astype(np.uint8)
    images[..., 0, 0, :] = 127
    raised = raise_contrast(images, 127.0)
    assert raised.dtype == np.uint8 and (raised[..., 0, 0, :] == 127).all()
    assert raised.max() == 255 and raised.min() <= 1
    for before, after in zip(images.reshape(6, -1), raised.reshape(6, -1), strict=True):
        assert (np.diff(after[np.argsort(before, kind="stable")].astype(int)) >= 0).all()


def test_contrast_leaves_full_images_and_flat_ones() -> None:
    full = np.zeros((1, 10, 10, 1), np.uint8)
    full[0, :5] = 255
    np.testing.assert_array_equal(raise_contrast(full, 0.0), full)
    flat = np.full((1, 10, 10, 1), 127, np.uint8)
    np.testing.assert_array_equal(raise_contrast(flat, 127.0), flat)


def test_pictures_stand_in_a_row_per_setting_with_their_own_confidence(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (2, 3, 8, 8, 1), np.uint8)
    values = np.array([[1.0, 2.0, 3.0], [-3.0, -2.0, -1.0]], np.float32)
    drawn = figures.draw_climbed(make_climbed(images, values), ("a", "b", "c"), 0.0)
    assert len(drawn.axes) == 6
    captions = [spot.get_xlabel() for spot in drawn.axes]
    assert captions[1] == f"b\n{show_confidence(to_confidence(values)[0, 1])}"
    assert captions[3].startswith("a\n")
    assert [drawn.axes[place].get_title(loc="left") for place in (0, 3)] == list(SETTINGS)
    assert show_confidence(to_confidence(values)[1, 1]) in drawn.alt


@pytest.mark.parametrize(("side", "columns"), [(28, 10), (112, 4), (112, 2), (120, 5)])
def test_every_pixel_of_a_picture_is_as_wide_as_any_other(side: int, columns: int, rng: np.random.Generator) -> None:
    images = rng.integers(0, 2, (2, columns, side, side, 1), np.uint8) * np.uint8(255)
    measured = make_climbed(images, np.zeros((2, columns)))
    drawn = figures.draw_climbed(measured, [str(one) for one in range(columns)], 0.0)
    picture = np.asarray(Image.open(io.BytesIO(drawn.encode())).convert("L"))
    corners = drawn.axes[columns].get_position()
    left, top = round(corners.x0 * picture.shape[1]), round((1.0 - corners.y1) * picture.shape[0])
    place = round(corners.width * picture.shape[1])
    shown = picture[top : top + place, left : left + place]
    assert place % side == 0
    np.testing.assert_array_equal(
        shown > 127, images[1, 0, ..., 0].repeat(place // side, 0).repeat(place // side, 1) > 127
    )


def test_curves_draw_the_median_of_each_setting_at_its_own_steps(rng: np.random.Generator) -> None:
    steps = np.stack([np.arange(0, 101, 10), np.arange(0, 301, 30)])
    curves = rng.normal(size=(2, 3, 4, 11)).cumsum(axis=3)
    measured = make_measured(curve_steps=steps, curves=curves)
    drawn = figures.draw_ascent_curves({"one": measured, "two": measured})
    for spot in drawn.axes:
        for name, along, part, line in zip(SETTINGS, steps, curves, spot.lines, strict=False):
            assert line.get_label() == name
            np.testing.assert_array_equal(line.get_xdata(), along)
            np.testing.assert_allclose(line.get_ydata(), np.median(part, axis=(0, 1)))
    assert "two, L2" in drawn.alt


def test_first_steps_count_looks_and_cross_out_what_never_got_there() -> None:
    first = np.array([[[0, 9, 99, -1], [4, -1, -1, -1], [2, 19, -1, -1]]])
    drawn = figures.draw_first_steps({"one": make_measured(first=np.stack([first, first]))})
    dots, crosses = drawn.axes[0].collections[:2]
    assert sorted(dots.get_offsets()[:, 1]) == [1, 3, 5, 10, 20, 100]
    assert len(crosses.get_offsets()) == 6
    medians = [line.get_segments()[0][0, 1] for line in drawn.axes[0].collections if hasattr(line, "get_segments")]
    assert medians[:2] == [3.0, 20.0]  # a median only where at least half got there
    assert "one, none: 3 of 3 never at 99.99%" in drawn.alt


def test_decays_draw_the_median_and_the_share_of_each_judge(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 2, 10)) - np.arange(3)[:, None, None]
    seen = rng.uniform(size=(2, 3, 2, 10)) < 0.5
    sweep = make_pictures(log_odds=values, seen=seen)
    measured = make_measured(decays=np.array([0.0, 0.01, 0.1]), sweep=sweep, judges=("a", "b"))
    drawn = figures.draw_decays("LeNet", measured, (0.01,))
    np.testing.assert_allclose(drawn.axes[0].lines[0].get_ydata(), np.median(values, axis=(1, 2)))
    for line, part in zip(drawn.axes[1].lines, seen, strict=False):
        np.testing.assert_allclose(line.get_ydata(), 100.0 * part.mean(axis=(1, 2)))
    assert [text.get_text() for text in drawn.axes[1].get_legend().get_texts()] == ["a", "b"]


def test_an_image_that_lost_its_class_far_below_does_not_stretch_the_axis(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 2, 10))
    values[0, 0, 0] = -35.0
    sweep = make_pictures(log_odds=values, seen=np.zeros((1, 3, 2, 10), bool))
    spot = figures.draw_decays("LeNet", make_measured(decays=np.arange(3.0), sweep=sweep, judges=("a",)), ()).axes[0]
    assert spot.get_ylim()[0] > -16 and spot.get_yticklabels()[0].get_text() == "≤ 0.0001%"


def test_two_settings_of_few_small_images_stand_side_by_side(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (2, 4, 113, 113, 1), np.uint8)
    drawn = figures.draw_climbed(make_climbed(images, np.zeros((2, 4), np.float32)), "abcd", 0.0)
    assert drawn.axes[4].get_position().y0 == drawn.axes[0].get_position().y0
    assert drawn.axes[4].get_title(loc="left") == list(SETTINGS)[1]
