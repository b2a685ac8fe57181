"""Figures of training sizes carry the numbers that they were given, and draw in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling.confidence import to_confidence
from fooling.pages.training_size import figures
from fooling.words import show_confidence

SIZES = np.array([500, 500, 1_000, 1_000])


def test_training_sizes_are_a_mark_per_network_and_lines_of_medians(show: Any) -> None:
    needed = {"pixels": np.array([4_000.0, 6_000.0, 8_000.0, 10_000.0]), "CPPN": np.array([400.0, 600.0, 700.0, 900.0])}
    errors = np.array([0.1, 0.12, 0.05, 0.07])
    figure = figures.draw_training_sizes(SIZES, errors, needed, 40_200)
    wrong, fooled = figure.axes
    np.testing.assert_allclose(wrong.get_lines()[0].get_ydata(), [11.0, 6.0])
    np.testing.assert_allclose(wrong.collections[0].get_offsets()[:, 1], 100 * errors)
    lines = {line.get_label(): line.get_ydata() for line in fooled.get_lines()}
    np.testing.assert_allclose(lines["pixels"], [5_000, 9_000])
    np.testing.assert_allclose(lines["CPPN"], [500, 800])
    assert "never" not in [tick.get_text() for tick in fooled.get_yticklabels()]
    assert list(lines) == ["pixels", "CPPN"], "no line for what is not there"
    assert "500 digits 11.00%; 1,000 digits 6.00%" in figure.alt and "pixels: 5,000, 9,000" in figure.alt
    show(figure)


@pytest.mark.parametrize("reached", [np.inf, 5_000.0])
def test_never_stands_above_all_images_and_in_the_text(reached: float, show: Any) -> None:
    needed = {"pixels": np.array([reached, 6_000.0, np.inf, np.inf]), "CPPN": np.full(4, np.inf)}
    figure = figures.draw_training_sizes(SIZES, np.full(4, 0.1), needed, 40_200)
    fooled = figure.axes[1]
    labels = dict(zip([tick.get_text() for tick in fooled.get_yticklabels()], fooled.get_yticks(), strict=True))
    assert labels["never"] > labels["40,200"] == 40_200
    assert fooled.get_legend().get_texts()[-1].get_text() == "all images of a run"
    heights = np.concatenate([part.get_offsets()[:, 1] for part in fooled.collections])
    assert np.sum(heights == labels["never"]) == 6 + np.isinf(reached)
    assert fooled.get_ylim()[0] < heights.min() and heights.max() < fooled.get_ylim()[1]
    assert "CPPN: never, never" in figure.alt
    show(figure)


def test_no_network_that_was_ever_fooled_can_be_drawn(show: Any) -> None:
    figure = figures.draw_training_sizes(SIZES, np.full(4, 0.1), {"pixels": np.full(4, np.inf)}, 300)
    assert "never, never" in figure.alt
    show(figure)


def test_size_curves_join_the_networks_of_a_size(show: Any) -> None:
    rng = np.random.default_rng(0)
    parts = [np.sort(rng.normal(5, 3, (2, 6)), axis=1).astype(np.float32) for _ in SIZES]
    figure = figures.draw_size_curves(SIZES, {"pixels": parts, "CPPN": parts[::-1]})
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].get_lines()}
    np.testing.assert_allclose(lines["500 digits"], np.median(np.concatenate(parts[:2]), axis=0))
    np.testing.assert_allclose(lines["1,000 digits"], np.median(np.concatenate(parts[2:]), axis=0))
    assert list(lines)[-1] == "the paper's 99.99%"
    assert [spot.get_title() for spot in figure.axes] == ["pixels", "CPPN"]
    ends = {"pixels, 500": parts[:2], "pixels, 1,000": parts[2:], "CPPN, 500": parts[2:], "CPPN, 1,000": parts[:2]}
    for label, some in ends.items():
        end = show_confidence(float(to_confidence(np.median(np.concatenate(some)[:, -1]))))
        assert f"{label} digits: {end}" in figure.alt
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    start = np.concatenate(parts[:2])[:, 0]
    np.testing.assert_allclose(np.sort(band[band[:, 0] == 0, 1])[[0, -1]], [start.min(), start.max()], rtol=1e-6)
    show(figure)
