"""The direct encoding: which genes mutate and how often, bounds, halving, crossover, and the search without parents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding, DirectGenomes, mutate_some
from fooling.encodings.operators import added
from fooling.encodings.random_search import RandomSearch

SHAPE = (8, 5, 1)
MIDDLE = 0.5


def make_seeds(*seeds: int, purpose: int = 1) -> tf.Tensor:
    return tf.constant([[seed, purpose] for seed in seeds], tf.int64)


def count_mutations(runs: int = 4, count: int = 500, generation: int = 1, **choices: bool) -> np.ndarray:
    """Return which genes of genomes in the middle of their range changed, ``(runs, count, genes) bool``."""
    genomes = DirectGenomes(tf.fill([runs, count, math.prod(SHAPE)], MIDDLE))
    encoding = DirectEncoding(SHAPE, **choices)
    return encoding.mutate(genomes, make_seeds(*range(runs)), tf.constant(generation)).genes.numpy() != MIDDLE


def is_plausible(hits: int, trials: int, rate: float) -> bool:
    return stats.binomtest(int(hits), int(trials), rate).pvalue > 1e-5


def test_a_tenth_of_the_genes_mutate():
    mutated = count_mutations()
    assert is_plausible(mutated.sum(), mutated.size, 0.1)
    for run in mutated:
        assert is_plausible(run.sum(), run.size, 0.1)


def test_no_place_of_the_genome_and_no_slot_is_favoured():
    mutated = count_mutations(runs=8, count=1000)
    for places in (mutated.sum(axis=(0, 1)), mutated.sum(axis=(0, 2))):
        assert stats.chisquare(places).pvalue > 1e-4


@pytest.mark.slow
def test_the_very_first_and_the_very_last_gene_of_a_generation_mutate_as_often_as_others():
    """Gaps between mutated places are drawn, so a slip of one would show at the ends."""
    genes = tf.fill([800, 3, 5], MIDDLE)
    mutated = mutate_some(genes, tf.constant(0.1), make_seeds(*range(800))).numpy().reshape(800, -1) != MIDDLE
    for place in (0, 1, 7, 13, 14):
        assert is_plausible(mutated[:, place].sum(), 800, 0.1), place


def test_genes_mutate_independently_of_their_neighbours():
    mutated = count_mutations(runs=8, count=1000).reshape(8, -1)
    both = mutated[:, 1:] & mutated[:, :-1]
    assert is_plausible(both.sum(), both.size, 0.01)


def test_a_mutated_gene_moves_by_a_polynomial_step():
    genomes = DirectGenomes(tf.fill([1, 2000, math.prod(SHAPE)], MIDDLE))
    genes = DirectEncoding(SHAPE).mutate(genomes, make_seeds(3), tf.constant(1)).genes.numpy().ravel()
    steps = genes[genes != MIDDLE].astype(np.float64) - MIDDLE
    inside = steps[np.abs(steps) < 0.4]  # the bounds are at 0.5; so few steps are longer that the density is the same

    def distribution(step: np.ndarray) -> np.ndarray:
        tail = 0.5 * (1.0 - np.abs(step)) ** 16
        return np.where(step < 0, tail, 1.0 - tail)

    assert len(inside) > 0.999 * len(steps)
    assert stats.kstest(inside, distribution).pvalue > 1e-4


@pytest.mark.parametrize(("generation", "rate"), [(1, 0.1), (999, 0.1), (1000, 0.05), (1999, 0.05), (2000, 0.025)])
def test_the_rate_halves_every_1000_generations(generation, rate):
    mutated = count_mutations(generation=generation)
    assert is_plausible(mutated.sum(), mutated.size, rate)


@pytest.mark.parametrize("generation", [1, 1000, 20_000])
def test_the_rate_never_halves_without_halving(generation):
    mutated = count_mutations(generation=generation, halving=False)
    assert is_plausible(mutated.sum(), mutated.size, 0.1)


@pytest.mark.parametrize("generation", [20_000, 200_000, 2_000_000_000])
def test_a_rate_that_has_all_but_vanished_mutates_all_but_nothing(generation):
    assert count_mutations(count=2000, generation=generation).mean() < 1e-4


@pytest.mark.parametrize("rate", [1e-3, 0.5, 0.9, 0.999])
def test_any_rate_is_met(rate):
    genes = tf.fill([3, 200, 50], MIDDLE)
    mutated = mutate_some(genes, tf.constant(rate), make_seeds(1, 2, 3)).numpy() != MIDDLE
    assert is_plausible(mutated.sum(), mutated.size, rate)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=40), st.integers(0, 2**60), st.booleans())
def test_genes_stay_between_0_and_1(values, seed, crossover):
    encoding = DirectEncoding((1, len(values), 1), crossover=crossover)
    genomes = DirectGenomes(tf.tile(tf.constant(values, tf.float32)[None, None], [1, 50, 1]))
    for generation in range(3):
        genomes = encoding.mutate(genomes, make_seeds(seed, purpose=generation), tf.constant(1))
    genes = genomes.genes.numpy()
    assert genes.min() >= 0.0 and genes.max() <= 1.0


def test_a_step_beyond_a_bound_ends_on_it():
    genomes = DirectGenomes(tf.ones([1, 500, math.prod(SHAPE)]))
    genes = DirectEncoding(SHAPE).mutate(genomes, make_seeds(1), tf.constant(1)).genes.numpy()
    assert is_plausible((genes < 1.0).sum(), genes.size, 0.05)  # the other half of the steps was clipped


def test_a_childs_unmutated_genes_are_its_parents_unless_crossover_is_on():
    random = DirectEncoding(SHAPE).initialise(400, make_seeds(1))
    shares = {
        crossover: np.mean(
            DirectEncoding(SHAPE, crossover=crossover).mutate(random, make_seeds(2), tf.constant(1)).genes.numpy()
            != random.genes.numpy()
        )
        for crossover in (False, True)
    }
    assert DirectEncoding(SHAPE).crossover is False
    assert abs(shares[False] - 0.1) < 0.01
    assert abs(shares[True] - (1 - 0.9 * 0.75)) < 0.05  # a quarter of all genes is crossed as well


def test_random_genomes_are_uniform_and_differ_from_run_to_run():
    genes = DirectEncoding(SHAPE).initialise(300, make_seeds(1, 2)).genes.numpy()
    assert genes.shape == (2, 300, 40)
    assert stats.kstest(genes.ravel(), "uniform").pvalue > 1e-4
    assert (genes[0] == genes[1]).mean() < 1e-3


def test_an_image_shows_gene_by_gene_row_by_row_the_whole_part_of_255_times_the_gene():
    genes = np.random.default_rng(0).uniform(0, 1, (2, 3, 40)).astype(np.float32)
    images = DirectEncoding(SHAPE).express(DirectGenomes(tf.constant(genes))).numpy()
    expected = np.floor(genes.astype(np.float64) * 255).reshape(2, 3, 8, 5, 1)
    np.testing.assert_allclose(images * 255, expected, atol=1e-4)


def test_three_channels_are_hue_lightness_saturation_of_a_pixel():
    grey = np.zeros((1, 1, 12), np.float32)
    grey[..., 1::3] = [0.2, 0.4, 0.6, 0.8]  # no saturation: grey of that lightness
    images = DirectEncoding((2, 2, 3)).express(DirectGenomes(tf.constant(grey))).numpy()
    levels = np.floor(255 * np.float64([0.2, 0.4, 0.6, 0.8])).reshape(2, 2, 1)
    np.testing.assert_allclose(images[0, 0] * 255, np.broadcast_to(levels, (2, 2, 3)), atol=1e-3)


@pytest.mark.parametrize("encoding", [DirectEncoding(SHAPE), CppnEncoding(SHAPE)], ids=["direct", "cppn"])
def test_children_of_random_search_forget_their_parents_and_each_other(encoding):
    search = RandomSearch(encoding)
    first = search.initialise(6, make_seeds(1))
    other = search.initialise(6, make_seeds(2))
    children = [search.mutate(parents, make_seeds(9), tf.constant(1)) for parents in (first, other)]
    tf.nest.map_structure(np.testing.assert_array_equal, *children)
    fresh = encoding.initialise(6, make_seeds(9))
    tf.nest.map_structure(np.testing.assert_array_equal, children[0], fresh)
    images = search.express(children[0]).numpy()[0]
    assert len({image.tobytes() for image in images}) == 6


def test_random_search_is_another_encoding_by_name_and_settings():
    direct = DirectEncoding(SHAPE)
    assert RandomSearch(direct).name == "random-direct"
    assert RandomSearch(direct).settings() != direct.settings()


@pytest.mark.parametrize("kind", [DirectEncoding, CppnEncoding])
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 2), (0, 28, 1), (28, 28, 4)])
def test_a_wrong_image_shape_is_refused(kind, shape):
    with pytest.raises(ValueError, match="An image shape is"):
        kind(shape)


@pytest.mark.parametrize("kind", [DirectEncoding, CppnEncoding])
def test_an_unknown_colour_space_is_refused_and_the_known_ones_are_named(kind):
    with pytest.raises(ValueError, match=r"'rgb'; choose one of hls, hsv"):
        kind((4, 4, 3), colour="rgb")


@pytest.mark.parametrize("choice", [{"halving": False}, {"crossover": True}, {"colour": "hsv"}])
def test_every_switch_is_part_of_the_settings(choice):
    assert DirectEncoding(SHAPE, **choice).settings() != DirectEncoding(SHAPE).settings()


def test_a_field_that_is_added_changes_no_key_until_it_is_set():
    @dataclass(frozen=True)
    class Tailed(DirectEncoding):
        tail: float = added(0.25)

    assert Tailed(SHAPE).settings() == DirectEncoding(SHAPE).settings() != Tailed(SHAPE, tail=0.5).settings()
    assert Tailed(SHAPE, halving=False).settings() == DirectEncoding(SHAPE, halving=False).settings()
