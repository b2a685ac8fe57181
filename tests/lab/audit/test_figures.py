"""An audit's figures: they show what they are given, and say it in words."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from fooling.figures.style import Figure
from fooling.lab.audit import figures
from fooling.lab.audit.record import Separation, Temperature


class Attempt(NamedTuple):
    """What is drawn of an attempt."""

    log_odds: np.ndarray
    steps: np.ndarray
    curves: np.ndarray


def make_attempt(end: float, runs: int = 2) -> Attempt:
    curves = np.linspace(-4.0, end, 20, dtype=np.float32)[None, :, None] + np.zeros((runs, 1, 3), np.float32)
    return Attempt(curves[:, -1], np.arange(1, 21) * 50, curves)


def open_picture(drawn: Figure) -> Image.Image:
    return Image.open(io.BytesIO(drawn.encode()))


def make_sheet(classes: int, shape: tuple[int, int, int] = (12, 10, 3)) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, classes, *shape)).astype(np.uint8)
    return images, np.linspace(0.1, 0.995, 2 * classes).reshape(2, classes)


@pytest.mark.parametrize("classes", [2, 6, 10])
@pytest.mark.parametrize("shape", [(12, 10, 3), (28, 28, 1), (10, 30, 3)])
def test_contact_sheet_shows_every_class_and_names_the_surest(classes, shape) -> None:
    images, confidences = make_sheet(classes, shape)
    names = [f"class {number}" for number in range(classes)]
    drawn = figures.draw_contact_sheet(images, confidences, ["noise", "CPPN"], names, "my $net")
    spots = [spot for spot in drawn.axes if spot.get_visible()]
    assert len(spots) == 2 * classes
    assert np.array_equal(np.squeeze(spots[0].images[0].get_array()), np.squeeze(images[0, 0]))
    assert drawn.alt.startswith("Contact sheet of my $net") and f"class {classes - 1} by CPPN" in drawn.alt
    assert [spot.get_xlabel() for spot in spots][-1] == "99.50%"
    picture = open_picture(drawn)
    assert (picture.width == 2 * 946 if classes >= 6 else 600 < picture.width < 800) and picture.height < 1800


def test_a_name_that_the_font_lacks_is_a_number_on_the_sheet_and_no_warning(recwarn) -> None:
    names = ["犬", "chien é", "bird 🐦", "two\u200d words"]
    images, confidences = make_sheet(4)
    drawn = figures.draw_contact_sheet(images, confidences, ["noise", "CPPN"], names, "模型")
    open_picture(drawn)
    assert figures.find_undrawable(names) == {1: "犬", 3: "bird 🐦"}
    shown = [spot.get_title() for spot in drawn.axes if spot.get_title()]
    assert shown == ["no. 1", "chien é", "no. 3", "two\u200d words"]
    assert "犬" in drawn.alt and not recwarn


def test_a_long_name_of_a_network_loses_letters_in_the_middle_where_the_sheet_is_narrow() -> None:
    images, confidences = make_sheet(2)
    drawn = figures.draw_contact_sheet(images, confidences, ["noise", "CPPN"], ["a", "b"], f"first{'x' * 90}last")
    drawn.draw_without_rendering()
    title = drawn._suptitle
    assert title.get_text().startswith("first") and title.get_text().endswith("last") and "…" in title.get_text()
    assert title.get_window_extent().x1 <= drawn.bbox.x1


def test_contact_sheet_of_large_noise_stays_small() -> None:
    images, confidences = make_sheet(10, (224, 224, 3))
    drawn = figures.draw_contact_sheet(
        images, confidences, ["noise", "CPPN"], [f"a long class name {n}" for n in range(10)]
    )
    assert len(drawn.encode()) <= 180_000


def test_confidences_are_dots_by_sort_and_sorts_without_any_are_left_out() -> None:
    groups = {"real, right": np.array([0.9, 0.99]), "real, wrong": np.array([]), "CPPN": np.array([1.0, 0.0, 0.5])}
    drawn = figures.draw_audit_confidences(groups)
    spot = drawn.axes[0]
    assert [label.get_text() for label in spot.get_yticklabels()] == ["real, right (2)", "CPPN (3)"]
    colours = [tuple(dots.get_facecolor()[0][:3]) for dots in spot.collections]
    assert colours[0] != colours[1]
    places = spot.collections[1].get_offsets()[:, 0]
    assert np.isfinite(places).all() and places[2] == pytest.approx(0.0)
    assert "CPPN 50.00%" in drawn.alt and len(open_picture(drawn).getbands()) >= 1


def test_curves_end_where_the_attempts_do() -> None:
    drawn = figures.draw_audit_curves({"noise": make_attempt(-1.0), "ascent": make_attempt(5.0, runs=1)})
    lines = [line for line in drawn.axes[0].lines if len(line.get_xdata()) == 20]
    assert [line.get_ydata()[-1] for line in lines] == pytest.approx([-1.0, 5.0])
    assert "noise 26.89% after 1,000 images and ascent 99.33% after 1,000 images" in drawn.alt


def test_confidences_of_zero_and_one_do_not_break_a_figure() -> None:
    endless = make_attempt(3.0)
    endless.curves[:, 0] = -np.inf
    endless.curves[:, -1] = 300.0
    assert open_picture(figures.draw_audit_curves({"direct": endless})).height > 100


def test_detectors_have_a_mark_for_each_kind_with_its_interval() -> None:
    noise = Separation((0.9, 0.8, 0.95), (0.1, 0.05, 0.2))
    row = {"noise": noise, "CPPN": Separation((0.4, 0.3, 0.5), (0.6, 0.5, 0.7))}
    drawn = figures.draw_noticed({"energy": row}, {"noise": 200, "CPPN": 3}, 50)
    left, right = drawn.axes
    assert left.collections[1].get_offsets()[0, 0] == 0.9 and right.collections[1].get_offsets()[0, 0] == pytest.approx(
        0.1
    )
    segment = left.collections[0].get_segments()[0]
    assert segment[:, 0].tolist() == [0.8, 0.95]
    assert "energy: noise 0.90 and CPPN 0.40" in drawn.alt
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["noise (200)", "CPPN (3)"]


def test_defences_are_drawn_as_far_as_they_were_tested() -> None:
    certain, curves = (
        {"noise": (0.5, 0.25), "CPPN": (1.0, 1.0)},
        {"as it is": make_attempt(4.0), "again": make_attempt(1.0)},
    )
    warmed = Temperature(1.5, True, (0.1, 0.1), certain, (0.9, 0.8))
    counts = {"noise": 200, "CPPN": 1}
    both = figures.draw_defences(warmed, counts, curves)
    assert [label.get_text() for label in both.axes[0].get_yticklabels()] == ["noise (200)", "CPPN (1)"]
    assert len(both.axes) == 2 and "noise 50% to 25%" in both.alt
    assert len(figures.draw_defences(warmed, counts, {}).axes) == 1
    unfitted = figures.draw_defences(Temperature(0.01, False, (0.1, 0.1), certain, (0.9, 0.8)), counts, {})
    assert unfitted.axes[0].get_title() == "no temperature can be fitted" and "25%" not in unfitted.alt
    drawn = figures.draw_defences(None, {}, curves)
    assert len(drawn.axes) == 1 and "again 73.11% after 1,000 images" in drawn.alt
