"""Figures of repetition draw the images and numbers that they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling.pages.repetition import figures
from fooling.pages.repetition.measure import Elements

SIDE = 24


def make_elements(**fields: np.ndarray) -> Elements:
    """Return what was measured, as far as a figure reads it."""
    return Elements(**{**dict.fromkeys(Elements._fields, np.zeros(0)), **fields})


def make_images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, SIDE, SIDE, 3), dtype=np.uint8)


def test_elements_are_counted_by_a_ruler_on_their_side(show: Any) -> None:
    names = ["acoustic guitar", "a", "a very long name of a class that takes more than two lines"]
    found = make_elements(whole=np.array([0.99, 0.5, 0.01]), axes=np.array([1, -1, 0]), elements=np.array([4, 0, 3]))
    figure = figures.draw_elements(make_images(3), names, found)
    fields = [[patch.get_bbox() for patch in spot.patches] for spot in figure.axes]
    assert [len(part) for part in fields] == [4, 0, 3]
    assert all(field.y1 < 0 and field.width == pytest.approx(1 / 4) for field in fields[0])
    assert all(field.x1 < 0 and field.height == pytest.approx(1 / 3) for field in fields[2])
    assert len({patch.get_facecolor() for patch in figure.axes[0].patches[:2]}) == 2
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), make_images(3)[1])
    assert figure.axes[0].texts[0].get_text() == "acoustic guitar\n99.00%"
    assert "2 of them repeat" in figure.alt
    show(figure)


def test_changes_are_a_table_with_a_confidence_under_each(show: Any) -> None:
    images, confidences = make_images(2, 3), np.array([[0.9, 0.5, 0.1], [0.99999, 0.00001, 0.3]], np.float32)
    figure = figures.draw_changes(images, confidences, ["cat", "dog"], ["whole", "less", "none"])
    np.testing.assert_array_equal(figure.axes[4].images[0].get_array(), images[1, 1])
    assert figure.axes[4].images[0].get_interpolation() == "auto"
    shown = [spot.get_xlabel() for spot in figure.axes]
    assert shown == ["90.00%", "50.00%", "10.00%", "99.9990%", "< 0.01%", "30.00%"]
    assert [spot.get_title() for spot in figure.axes[:3]] == ["whole", "less", "none"]
    assert [figure.axes[place].get_ylabel() for place in (0, 3)] == ["cat", "dog"]
    assert "dog 99.9990%, then < 0.01%, 30.00%" in figure.alt
    show(figure)


def test_frame_stands_around_the_part_of_the_first_column(show: Any) -> None:
    frames = np.array([[6, 12, 6, 6]])  # left, top, width, height of 24 pixels
    figure = figures.draw_changes(make_images(1, 2), np.full((1, 2), 0.5), ["cat"], ["whole", "part"], frames)
    box = figure.axes[0].patches[-1].get_bbox()
    assert (box.x0, box.y0, box.width, box.height) == pytest.approx((0.25, 0.5, 0.25, 0.25))
    assert not figure.axes[1].patches
    show(figure)


def test_tables_are_kept_small(show: Any) -> None:
    noise = figures.draw_changes(make_images(2, 4), np.full((2, 4), 0.5), ["x"] * 2, ["y"] * 4, kilobytes=70)
    assert len(show(noise)) <= 70_000


def make_kept() -> Elements:
    """Return three images: two certain ones of 2 and 4 elements, one that is not, and one without a period."""
    whole, elements = np.array([0.8, 0.6, 0.1, 0.9], np.float32), np.array([2, 4, 2, 0])
    shares = np.full((4, 5), np.nan, np.float32)
    shares[0, :3], shares[1], shares[2, :3] = (0, 0.5, 1), (0, 0.2, 0.7, 0.9, 1), (0, 3, 1)
    kept = shares * whole[:, None]
    masked = np.stack([0.1 * kept, 0.5 * kept, 0.9 * kept], axis=1)
    return make_elements(whole=whole, elements=elements, kept=kept, masked=masked)


def test_kept_confidence_is_read_off_at_common_shares(show: Any) -> None:
    figure = figures.draw_kept(make_kept())
    left, right = figure.axes
    medians = [
        next(line for line in spot.get_lines() if "median of 2" in str(line.get_label())) for spot in (left, right)
    ]
    along, height = medians[0].get_data()
    assert np.interp(0.5, along, height) == pytest.approx(0.6), "of 0.5 and 0.7"
    assert np.interp(0.25, along, height) == pytest.approx(0.225), "of 0.25, half way to one element, and 0.2"
    np.testing.assert_allclose(medians[1].get_ydata(), 0.5 * height, atol=1e-6)
    thin = [line for line in left.get_lines() if line.get_linewidth() < 0.7]
    assert len(thin) == 3, "an image without a period is not drawn"
    assert left.get_ylim()[1] < 1.2, "an image that is not judged does not stretch the axis"
    assert "3 images with a period, 2 of at least 50%" in figure.alt and "60%" in figure.alt
    show(figure)


def test_kept_confidence_without_an_image_to_judge(show: Any) -> None:
    found = make_kept()
    figure = figures.draw_kept(
        found._replace(**{name: getattr(found, name) / 10 for name in ("whole", "kept", "masked")})
    )
    assert not figure.axes[0].collections and "none of at least 50%" in figure.alt
    show(figure)
    assert not figures.draw_kept(found._replace(elements=np.zeros(4, int))).axes[0].collections


def test_shuffled_images_start_whole_and_empty_kinds_are_left_out(show: Any) -> None:
    share = np.array([[0.9, 0.5], [0.7, 0.1], [1.3, 0.2]])
    figure = figures.draw_shuffled({"champions": share, "others": share[:0], "photographs": share[:1] / 2}, [2, 4])
    spot = figure.axes[0]
    lines = {line.get_label(): line.get_ydata() for line in spot.get_lines()}
    np.testing.assert_allclose(lines["champions (3)"], [1, 0.9, 0.2])
    np.testing.assert_allclose(lines["photographs (1)"], [1, 0.45, 0.25])
    assert set(lines) == {"champions (3)", "photographs (1)"}
    assert [tick.get_text() for tick in spot.get_xticklabels()] == ["whole", "2 × 2", "4 × 4"]
    assert spot.get_ylim()[1] > 1.3
    assert "champions: median 90% 20%" in figure.alt
    show(figure)
