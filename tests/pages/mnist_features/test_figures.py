"""Figures of shared features carry the numbers that they were given, and draw in silence."""

from __future__ import annotations

from typing import Any

import numpy as np

from fooling.pages.mnist_features import figures

NAMES = ("zero", "one", "two")


def test_means_are_drawn_pixel_by_pixel_a_row_per_kind(show: Any) -> None:
    means = {kind: np.random.default_rng(seed).uniform(0, 9, (3, 5, 5)) for seed, kind in enumerate(("bred", "real"))}
    figure = figures.draw_means(means, NAMES)
    drawn = [spot.images[0] for spot in figure.axes]
    np.testing.assert_array_equal(drawn[4].get_array(), means["real"][1])
    assert drawn[4].get_clim() == (means["real"][1].min(), means["real"][1].max())
    assert all(image.get_interpolation() == "nearest" for image in drawn)
    assert [spot.get_title() for spot in figure.axes] == [*NAMES, "", "", ""]
    assert figure.axes[3].get_ylabel() == "real" and "bred and real" in figure.alt
    assert show(figure).startswith(b"\x89PNG")


def test_looks_tell_their_share_within_the_middle(show: Any) -> None:
    looks = np.zeros((3, 8, 8))
    looks[:, 3, 3], looks[:, 0, 0] = 3.0, 1.0
    figure = figures.draw_looks({"bred": looks, "blind": np.zeros((3, 8, 8))}, NAMES)
    assert "Within the middle quarter: bred 75%; blind 0%." in figure.alt
    show(figure)


def test_shares_are_a_dot_per_run_with_their_median_and_that_of_real_digits(show: Any) -> None:
    values = np.random.default_rng(0).uniform(size=(6, 3))
    real = np.random.default_rng(1).uniform(size=(9, 3))
    figure = figures.draw_shares(
        {"up": values, "low": values / 2}, {"up": real, "low": real}, {"up": 1, "low": 2}, NAMES
    )
    spot = figure.axes[0]
    dots = [part.get_offsets()[:, 1] for part in spot.collections]
    np.testing.assert_allclose(np.stack(dots, axis=1), values)
    heights = [line.get_ydata() for line in spot.get_lines()]
    np.testing.assert_allclose([line[0] for line in heights[:3]], np.median(values, axis=0))
    np.testing.assert_allclose(heights[3], np.median(real, axis=0))
    colours = [tuple(part.get_facecolor()[0][:3]) for part in spot.collections]
    assert colours[0] == colours[2] != colours[1], "the digit that the paper names has its own colour"
    others = np.delete(np.median(values, axis=0), 1)
    assert f"median {np.median(values[:, 1]):.2f} for digit one" in figure.alt
    assert f"{others.min():.2f} to {others.max():.2f} for the others" in figure.alt
    show(figure)


def test_likeness_has_one_scale_around_zero_for_all_kinds(show: Any) -> None:
    bred = np.array([[0.8, 0.1, 0.1], [0.1, 0.6, -0.3], [0.1, -0.3, 0.7]])
    figure = figures.draw_likeness({"bred": bred, "noise": bred / 10}, NAMES)
    shown = [spot.images[0] for spot in figure.axes if spot.images]
    np.testing.assert_array_equal(shown[0].get_array(), bred)
    assert {image.get_clim() for image in shown} == {(-0.8, 0.8)}
    assert "bred: same digit 0.70, other digits -0.03" in figure.alt
    show(figure)
