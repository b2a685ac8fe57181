"""Figures carry the numbers that they were given, alternative text, and draw without a warning."""

from __future__ import annotations

import base64
import warnings

import numpy as np
import pytest

from fooling import figures
from fooling.networks.assessment import Assessment

NAMES = ("zero", "one", "two")


@pytest.fixture
def history() -> np.ndarray:
    """Log-odds of four runs, six generations and three classes, ending between 5 and 20."""
    start, end = np.full((4, 3), -8.0), np.linspace(5, 20, 12).reshape(4, 3)
    return np.stack([start + (end - start) * part for part in np.linspace(0, 1, 6)], axis=1).astype(np.float32)


def show(figure: figures.Figure) -> bytes:
    """Return the picture as a notebook would get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, metadata = figure._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == data["text/plain"] == figure.alt
    assert len(figure.alt) > 30
    return base64.b64decode(data["image/png"])


def test_champions_are_drawn_pixel_by_pixel_with_their_confidence() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 5, 1), dtype=np.uint8)
    confidences = np.array([[0.5, 0.999999999, 0.2], [0.1, 0.99, 0.7]], np.float32)
    figure = figures.draw_champions(images, confidences, NAMES, np.array([3, 9]))
    drawn = [spot.images[0] for spot in figure.axes]
    np.testing.assert_array_equal(drawn[4].get_array(), images[1, 1, :, :, 0])
    assert all(image.get_interpolation() == "nearest" for image in drawn)
    assert [spot.get_xlabel() for spot in figure.axes][1] == "one\n> 99.9999%"
    assert figure.axes[3].get_ylabel() == "run 9"
    assert show(figure).startswith(b"\x89PNG")


def test_curves_show_the_median_and_the_papers_line(history: np.ndarray) -> None:
    figure = figures.draw_curves({"evolution": history}, {"noise": history - 9})
    lines = {line.get_label().split(",")[0]: line.get_ydata() for line in figure.axes[0].get_lines()}
    np.testing.assert_allclose(lines["evolution"], np.median(history, axis=(0, 2)))
    np.testing.assert_allclose(lines["noise"], np.median(history - 9, axis=(0, 2)))
    assert lines["the paper's 99.99%"][0] == pytest.approx(np.log(9999), rel=1e-6)
    show(figure)


def test_class_curves_have_a_panel_per_class(history: np.ndarray) -> None:
    figure = figures.draw_class_curves(history, NAMES, "Direct")
    titles = [spot.get_title() for spot in figure.axes]
    assert titles[:3] == list(NAMES)
    np.testing.assert_allclose(figure.axes[1].get_lines()[0].get_ydata(), np.median(history[:, :, 1], axis=0))
    show(figure)


@pytest.mark.parametrize("shift", [0.0, 30.0, -60.0], ids=["some reach it", "all at once", "none"])
def test_first_generations_draw_whoever_reached_the_line(history: np.ndarray, shift: float) -> None:
    figure = figures.draw_first_generations({"a": history + shift, "b": history}, NAMES, paper=50)
    reached = ((history + shift) >= np.log(9999)).any(axis=1).sum()
    assert len(figure.axes[0].collections[0].get_offsets()) == reached
    assert len(figure.axes[0].collections[1].get_offsets()) == 12 - reached
    show(figure)


def test_reliability_leaves_empty_bins_out() -> None:
    count = np.array([0] * 8 + [10, 90])
    assessment = Assessment(
        error=0.1,
        confidences=np.full(100, 0.9, np.float32),
        correct=np.arange(100) < 90,
        bin_confidence=np.where(count > 0, 0.9, np.nan),
        bin_accuracy=np.where(count > 0, 0.8, np.nan),
        bin_count=count,
        calibration_error=0.1,
    )
    figure = figures.draw_reliability({"LeNet": assessment})
    assert len(figure.axes[0].get_lines()[1].get_xdata()) == 2
    assert "error 10.0%" in figure.alt
    show(figure)


def test_confidence_shares_fall_from_all_to_few() -> None:
    kinds = {"digits, right": np.linspace(0.5, 1, 50), "digits, wrong": np.array([]), "noise": np.linspace(0, 0.4, 9)}
    figure = figures.draw_confidence_shares({"LeNet": kinds, "other": kinds})
    right = figure.axes[0].get_lines()[0].get_ydata()
    assert right[0] == 1.0 and right[-1] == pytest.approx(1 / 50) and (np.diff(right) <= 0).all()
    show(figure)
