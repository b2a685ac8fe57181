"""Draws, polynomial steps, crossover, grey levels and colours against closed forms and other people's arithmetic."""

from __future__ import annotations

import colorsys
import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fooling.encodings.operators import (
    draw_uniform,
    fold_seeds,
    hls_to_rgb,
    hsv_to_rgb,
    polynomial_step,
    simulated_binary_crossover,
    to_grey_levels,
)

ETA = 15


def make_seeds(*seeds: int) -> tf.Tensor:
    return tf.constant([[seed, 1] for seed in seeds], tf.int64)


def polynomial_distribution(step: np.ndarray) -> np.ndarray:
    """Return P(δ ≤ step) from Deb's density (η + 1)/2 · (1 − |δ|)^η, integrated by hand."""
    tail = 0.5 * (1.0 - np.abs(step)) ** (ETA + 1)
    return np.where(step < 0, tail, 1.0 - tail)


def test_a_polynomial_step_is_the_closed_form_of_the_released_code():
    spots = np.concatenate(
        [np.arange(50), 2**22 + np.arange(-50, 50), 2**23 - 1 - np.arange(50), np.arange(0, 2**23, 97)]
    )
    wide = spots / 2.0**23  # what a draw can be
    uniform = wide.astype(np.float32)
    below = (2 * wide) ** (1 / (ETA + 1)) - 1
    above = 1 - (2 * (1 - wide)) ** (1 / (ETA + 1))
    expected = np.where(wide < 0.5, below, above)
    np.testing.assert_allclose(polynomial_step(tf.constant(uniform)), expected, atol=2e-7)


def test_polynomial_steps_of_uniform_draws_have_debs_density_and_a_mean_size_of_a_seventeenth():
    steps = polynomial_step(draw_uniform(make_seeds(3), [200_000])).numpy().ravel().astype(np.float64)
    assert stats.kstest(steps, polynomial_distribution).pvalue > 1e-4
    error = np.abs(steps).std() / math.sqrt(len(steps))
    assert abs(np.abs(steps).mean() - 1 / (ETA + 2)) < 5 * error
    assert abs((steps > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(len(steps))


def test_draws_are_uniform_and_a_run_draws_the_same_whichever_runs_stand_beside_it():
    together = draw_uniform(make_seeds(5, 6, 7), [1000, 3]).numpy()
    assert stats.kstest(together.ravel(), "uniform").pvalue > 1e-4
    for index, seed in enumerate((5, 6, 7)):
        np.testing.assert_array_equal(draw_uniform(make_seeds(seed), [1000, 3])[0], together[index])
    assert not (together[0] == together[1]).any(axis=None) or (together[0] == together[1]).mean() < 0.01


def test_the_first_rows_of_a_draw_stay_when_rows_are_added():
    short, long = (draw_uniform(make_seeds(9), [rows, 2, 7]).numpy() for rows in (16, 32))
    np.testing.assert_array_equal(long[:, :16], short)


@pytest.mark.slow
def test_no_two_purposes_of_any_two_generations_share_a_seed():
    """A selection's draws would otherwise be the very numbers that mutated something generations ago."""
    from fooling.evolution.map_elites import generation_seeds
    from fooling.evolution.variation import CROSSING, FURTHER, MATING, SELECTION, TURNS, VARIATION

    steps = (1, 2, 3)
    chains = [(SELECTION,), (TURNS,), (MATING,), (VARIATION,), (VARIATION, 1, 1)]
    chains += [(purpose, step) for purpose in (VARIATION, CROSSING) for step in steps]
    chains += [(FURTHER, further, *more) for further in (1, 15) for more in [(), (1, 1), *((step,) for step in steps)]]
    found: dict[tuple[int, ...], tuple[int, tuple[int, ...]]] = {}
    generations = [*range(40), *range(250, 300), 999, 1000, 4096, 20_000, 100_000]
    for generation, chain in itertools.product(generations, chains):
        seeds = generation_seeds(tf.constant([4], tf.int64), tf.constant(generation))
        for purpose in chain:
            seeds = fold_seeds(seeds, purpose)
        key = tuple(seeds.numpy().ravel().tolist())
        assert key not in found, f"{(generation, chain)} draws the numbers of {found[key]}"
        found[key] = (generation, chain)


def cross(genes: np.ndarray, seed: int = 1) -> np.ndarray:
    return simulated_binary_crossover(tf.constant(genes, tf.float32), make_seeds(seed)).numpy()


def make_parents(count: int = 400, length: int = 100) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.0, 1.0, (1, count, length)).astype(np.float32)


def test_crossover_changes_about_half_of_the_pairs_and_about_half_of_their_genes():
    parents = make_parents()
    changed = (cross(parents) != parents)[0]
    pairs = changed.reshape(200, 2, 100)
    np.testing.assert_array_equal(pairs[:, 0], pairs[:, 1])  # a gene takes part in both or in neither
    crossed = pairs[:, 0].any(axis=1)
    assert stats.binomtest(int(crossed.sum()), 200, 0.5).pvalue > 1e-4
    genes = pairs[crossed][:, 0]
    assert stats.binomtest(int(genes.sum()), genes.size, 0.5).pvalue > 1e-4


def test_crossover_keeps_the_mean_of_a_pair_where_the_bounds_are_far():
    """Parents near the middle: the spread factors of both children are then equal up to (1 / 10)^11."""
    parents = (0.5 + 0.01 * (make_parents() - 0.5)).astype(np.float32)
    before, after = (genes.reshape(200, 2, 100).mean(axis=1) for genes in (parents, cross(parents)))
    np.testing.assert_allclose(after, before, atol=2e-6)


def test_a_crossed_gene_spreads_by_debs_factor_where_the_bounds_are_far():
    """Simulated binary crossover: P(β ≤ b) = b^11 / 2 below one, 1 − b^−11 / 2 above."""
    parents = (0.5 + 1e-3 * (make_parents() - 0.5)).astype(np.float64).astype(np.float32)
    children = cross(parents)
    wide = [genes.astype(np.float64).reshape(200, 2, 100) for genes in (parents, children)]
    spread = np.abs(wide[0][:, 0] - wide[0][:, 1])
    took_part = (wide[0] != wide[1]).all(axis=1) & (spread > 2e-4)  # float32 leaves three digits of such a spread
    factor = (np.abs(wide[1][:, 0] - wide[1][:, 1])[took_part]) / spread[took_part]
    assert took_part.sum() > 2000

    def distribution(b: np.ndarray) -> np.ndarray:
        return np.where(b <= 1, 0.5 * np.minimum(b, 1) ** 11, 1 - 0.5 * np.maximum(b, 1) ** -11)

    assert stats.kstest(factor, distribution).statistic < 0.04


def test_genes_that_are_equal_in_both_parents_stay_as_they_are():
    parents = np.full((1, 50, 40), 0.3, np.float32)
    np.testing.assert_array_equal(cross(parents), parents)


def test_the_last_genome_of_an_odd_count_is_not_crossed_and_a_single_one_passes():
    parents = make_parents(count=7)
    children = np.concatenate([cross(parents, seed) for seed in range(20)])
    assert children.shape == (20, 7, 100)
    np.testing.assert_array_equal(children[:, 6], np.broadcast_to(parents[0, 6], (20, 100)))
    assert all((children[:, slot] != parents[0, slot]).any() for slot in range(6))
    np.testing.assert_array_equal(cross(parents[:, :1]), parents[:, :1])


def test_crossed_genes_stay_in_their_bounds():
    parents = np.random.default_rng(1).choice(np.float32([0.0, 1e-3, 0.5, 0.999, 1.0]), (1, 200, 50))
    children = cross(parents)
    assert children.min() >= 0.0 and children.max() <= 1.0
    assert not np.isnan(children).any()


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=50))
def test_a_grey_level_is_the_whole_part_of_255_times_the_value(values):
    levels = np.rint(to_grey_levels(tf.constant(values, tf.float32)).numpy() * 255.0).astype(int)
    expected = np.floor(np.float32(values) * np.float32(255.0)).astype(int)
    np.testing.assert_array_equal(levels, expected)


BYTES = np.array(list(itertools.product([0, 1, 29, 30, 31, 90, 128, 179, 180, 200, 255], [0, 1, 64, 127, 128, 255])))
COLOURS = np.array([(hue, a, b) for hue, a in BYTES for b in (0, 3, 127, 255)])


def convert(function, colours: np.ndarray) -> np.ndarray:
    given = tf.constant(colours.astype(np.float32) * np.float32(1 / 255))
    return np.rint(function(*tf.unstack(given, axis=-1)).numpy() * 255.0).astype(int)


@pytest.mark.parametrize(
    ("ours", "oracle"), [(hls_to_rgb, colorsys.hls_to_rgb), (hsv_to_rgb, colorsys.hsv_to_rgb)], ids=["hls", "hsv"]
)
def test_eight_bit_colours_are_those_of_colorsys_with_180_hues_that_wrap_round(ours, oracle):
    expected = [[255 * v for v in oracle((hue % 180) / 180, a / 255, b / 255)] for hue, a, b in COLOURS]
    assert np.abs(convert(ours, COLOURS) - np.array(expected)).max() <= 0.51  # rounded to whole levels


def test_hue_180_is_hue_0_again():
    first, again = ([[hue, 128, 255]] for hue in (20, 200))
    np.testing.assert_array_equal(convert(hls_to_rgb, np.array(first)), convert(hls_to_rgb, np.array(again)))
