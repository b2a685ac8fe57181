"""Page 02's mutation: the figure tells what changed, and the formula in its text is what the operator does."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.encodings.operators import MUTATION_STRENGTH, polynomial_step
from fooling.pages.mnist_steps import draw_mutation


def test_formula_of_the_page_is_the_step_of_the_operator() -> None:
    u = np.linspace(0.0, 0.999, 500, dtype=np.float32)
    power = 1.0 / (MUTATION_STRENGTH + 1)
    expected = np.where(u < 0.5, (2 * u.astype(np.float64)) ** power - 1, 1 - (2 - 2 * u.astype(np.float64)) ** power)
    np.testing.assert_allclose(polynomial_step(tf.constant(u)), expected, atol=2e-6)


def test_mutation_is_told_in_numbers_and_its_density_follows_the_formula() -> None:
    encoding = DirectEncoding((8, 8, 1))
    parents = DirectGenomes(tf.fill([1, 500, 64], 0.5))
    children = encoding.mutate(parents, tf.constant([[0, 1]], tf.int64), tf.constant(1))
    steps = (children.genes - parents.genes)[0].numpy()
    parent, child = np.zeros((8, 8, 1), np.uint8), np.zeros((8, 8, 1), np.uint8)
    child[2, 3:6] = 10
    drawn = draw_mutation(parent, child, steps)
    assert "3 of 64 pixels" in drawn.alt and "500 children" in drawn.alt
    share = np.count_nonzero(steps) / steps.size
    assert f"{share:.1%}" in drawn.alt and share == pytest.approx(0.1, abs=0.01)
    spot = drawn.axes[3]
    along, density = spot.get_lines()[0].get_data()
    heights = [bar.get_height() for bar in spot.patches]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in spot.patches]
    np.testing.assert_allclose(heights, np.interp(middles, along, density), atol=1.0)
    drawn.draw_without_rendering()


def test_a_fall_and_a_rise_of_a_pixel_are_told_apart() -> None:
    parent, child = np.full((4, 4, 1), 100, np.uint8), np.full((4, 4, 1), 100, np.uint8)
    parent[0, 0], child[1, 1] = 120, 120
    drawn = draw_mutation(parent, child, np.array([[0.0, 0.1, -0.1]], np.float32))
    shown = drawn.axes[2].images[0].get_array()
    assert shown[0, 0] == pytest.approx(-20 / 255) and shown[1, 1] == pytest.approx(20 / 255)
