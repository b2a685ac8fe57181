"""Cells and who takes them, by log-odds made by hand; parents and who becomes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fooling.evolution.map_elites import State, Target, advance, empty_cells, offer, score, select_cells

NAN, INF = float("nan"), float("inf")


class Numbered(NamedTuple):
    """Genomes of one number."""

    number: Any


def make_state(log_odds: list[list[float]], champions: list[list[int]] | None = None) -> State:
    """Return cells with these log-odds, all of one image; those at −inf are empty unless champions are given."""
    scores = np.float32(log_odds)
    held = np.where(scores == -INF, -1, 100) if champions is None else np.array(champions)
    return State(
        genomes=Numbered(tf.fill([len(scores), 1, 1], -5.0)),
        places=tf.constant(np.where(held < 0, -1, 0), tf.int32),
        log_odds=tf.constant(scores),
        champions=tf.constant(held, tf.int32),
        parents=tf.constant(np.where(held < 0, -1, 50), tf.int32),
        generation=tf.constant(600),
        seeds=tf.zeros([len(scores)], tf.int64),
    )


def offer_to(state: State, log_odds: list[list[float]], offer: Callable[..., State] = offer) -> State:
    """Offer children 600, 601, … of parents 60, 61, … to the first run; a child's genome is ten times its slot."""
    count = len(log_odds)
    genomes = Numbered(10.0 * tf.range(count, dtype=tf.float32)[None, :, None])
    state = state._replace(generation=tf.constant(600 // count))
    return offer(state, genomes, tf.constant([log_odds], tf.float32), 60 + tf.range(count)[None])


def read(state: State) -> tuple[list[int], list[int], list[float | None], list[float]]:
    """Return champions, parents, genomes (None where empty) and log-odds of the first run."""
    parts = (state.champions, state.parents, state.places, state.log_odds)
    champions, parents, places, log_odds = (part.numpy()[0].tolist() for part in parts)
    genomes = state.genomes.number.numpy()[0, :, 0].tolist()
    return champions, parents, [None if place == -1 else genomes[place] for place in places], log_odds


def test_one_child_can_take_several_cells():
    state = offer_to(make_state([[1.0, 2.0, 3.0]]), [[0.0, 0.0, 0.0], [5.0, 6.0, 0.0]])
    assert read(state) == ([601, 601, 100], [61, 61, 50], [10.0, 10.0, -5.0], [5.0, 6.0, 3.0])


def test_the_best_child_of_each_class_is_the_one_that_settles():
    state = offer_to(make_state([[-9.0, -9.0]]), [[1.0, 2.0], [3.0, -8.0], [2.0, 4.0]])
    assert read(state) == ([601, 602], [61, 62], [10.0, 20.0], [3.0, 4.0])


def test_a_tie_keeps_the_occupant():
    state = offer_to(make_state([[1.0, -2.0]]), [[1.0, -2.0]])
    assert read(state) == ([100, 100], [50, 50], [-5.0, -5.0], [1.0, -2.0])


def test_a_tie_among_children_keeps_the_earlier_one():
    state = offer_to(make_state([[0.0, -INF]]), [[-1.0, 2.0], [7.0, 3.0], [7.0, 3.0]])
    assert read(state)[:3] == ([601, 601], [61, 61], [10.0, 10.0])


def test_the_smallest_step_above_the_occupant_is_enough():
    better = float(np.nextafter(np.float32(1.0), np.float32(2.0)))
    assert read(offer_to(make_state([[1.0]]), [[better]]))[0] == [600]


def test_nan_never_wins_and_does_not_hide_the_children_beside_it():
    state = offer_to(make_state([[1.0, -INF, 2.0]]), [[NAN, NAN, NAN], [3.0, -4.0, 1.0], [NAN, NAN, NAN]])
    assert read(state) == ([601, 601, 100], [61, 61, 50], [10.0, 10.0, -5.0], [3.0, -4.0, 2.0])


def test_nan_everywhere_leaves_an_empty_cell_empty():
    state = offer_to(make_state([[-INF, 1.0]]), [[NAN, NAN], [NAN, NAN]])
    assert read(state) == ([-1, 100], [-1, 50], [None, -5.0], [-INF, 1.0])


def test_an_empty_cell_takes_even_a_child_at_minus_infinity():
    assert read(offer_to(make_state([[-INF]]), [[-INF], [-INF]])) == ([600], [60], [0.0], [-INF])


def test_minus_infinity_beats_nan_in_an_empty_cell_but_not_an_occupant_at_minus_infinity():
    assert read(offer_to(make_state([[-INF]]), [[NAN], [-INF]])) == ([601], [61], [10.0], [-INF])
    occupied = make_state([[-INF]], champions=[[100]])
    assert read(offer_to(occupied, [[-INF]]))[0] == [100]


def test_infinity_wins_and_stays():
    state = offer_to(make_state([[3.0]]), [[1.0], [INF], [INF]])
    assert read(state)[0] == [601]
    assert read(offer_to(state, [[INF]]))[0] == [601]


def test_runs_do_not_take_each_others_children():
    state = make_state([[0.0], [0.0]])
    genomes = Numbered(tf.constant([[[1.0]], [[2.0]]]))
    log_odds = tf.constant([[[5.0]], [[-5.0]]])
    state = offer(state, genomes, log_odds, tf.constant([[7], [8]]))
    assert state.champions.numpy().tolist() == [[600], [100]]
    assert state.genomes.number.numpy().ravel().tolist() == [1.0, -5.0]


def test_a_wider_child_widens_the_cells_with_zeros():
    state = make_state([[0.0, 9.0]], champions=[[100, 101]])
    state = state._replace(genomes=Numbered(tf.constant([[[1.0, 2.0], [3.0, 4.0]]])), places=tf.constant([[0, 1]]))
    child = Numbered(tf.constant([[[5.0, 6.0, 7.0]]]))
    state = offer(state, child, tf.constant([[[1.0, 1.0]]]), tf.constant([[60]]))
    np.testing.assert_array_equal(state.genomes.number[0], [[5.0, 6.0, 7.0], [3.0, 4.0, 0.0]])
    np.testing.assert_array_equal(state.places, [[0, 1]])


# TensorFlow counts numbers below 1e-38 as zero.
scores = st.one_of(st.floats(width=32, allow_subnormal=False), st.sampled_from([NAN, INF, -INF, 0.0, 1.0]))
generations = st.lists(st.lists(st.tuples(scores, scores, scores), min_size=3, max_size=3), min_size=1, max_size=5)
offer_in_graph = tf.function(offer)


@settings(deadline=None, max_examples=100)
@given(generations)
def test_a_champions_score_never_falls_and_is_the_first_best_ever_offered(offered):
    state = make_state([[-INF, -INF, -INF]])
    seen: list[list[float]] = []
    for log_odds in offered:
        before = state.log_odds.numpy()
        state = offer_to(state, [list(row) for row in log_odds], offer_in_graph)
        assert (state.log_odds.numpy() >= before).all()
        assert not np.isnan(state.log_odds.numpy()).any()
        seen += log_odds
    for cell in range(3):
        known = [np.float32(row[cell]) for row in seen if not np.isnan(row[cell])]
        assert state.log_odds.numpy()[0, cell] == (max(known) if known else np.float32(-INF))
        assert (state.champions.numpy()[0, cell] >= 0) == bool(known)


@pytest.mark.parametrize("occupied", [[0, 1, 2, 3], [2], [0, 3], [1, 2, 3]])
def test_parents_are_drawn_uniformly_from_occupied_cells_only(occupied):
    champions = np.full((1, 4), -1)
    champions[0, occupied] = 9  # one image in several cells is so many times as likely
    draws = np.random.default_rng(0).uniform(size=(1, 4000)).astype(np.float32)
    cells = select_cells(tf.constant(champions, tf.int32), tf.constant(draws)).numpy()[0]
    assert set(cells.tolist()) == set(occupied)
    assert len(occupied) == 1 or stats.chisquare(np.bincount(cells, minlength=4)[occupied]).pvalue > 1e-4


@pytest.mark.parametrize("classes", [1, 3, 10, 1000])
def test_the_smallest_and_the_largest_draw_give_the_first_and_the_last_cell(classes):
    champions = tf.zeros([1, classes], tf.int32)
    draws = tf.constant([[0.0, np.nextafter(np.float32(1.0), np.float32(0.0))]])
    np.testing.assert_array_equal(select_cells(champions, draws), [[0, classes - 1]])


class Pedigree(NamedTuple):
    """Genomes that know who they are: their own number at birth, and the number of the genome they came from."""

    own: Any
    mother: Any


class PedigreeEncoding:
    """An encoding whose images show nothing but a genome's number, and whose genomes know their mother's."""

    name, image_shape, children = "pedigree", (1, 1, 1), 30

    def settings(self) -> dict[str, Any]:
        return {}

    def genome_shapes(self) -> Pedigree:
        return Pedigree([], [])

    def initialise(self, count: int, seeds: tf.Tensor) -> Pedigree:
        own = tf.tile(tf.range(count)[None], [seeds.shape[0], 1])
        return Pedigree(own, tf.fill(tf.shape(own), -1))

    def mutate(self, genomes: Pedigree, seeds: tf.Tensor, generation: tf.Tensor) -> Pedigree:
        own = generation * self.children + tf.range(self.children)[None]
        return Pedigree(tf.tile(own, [genomes.own.shape[0], 1]), genomes.own)

    def express(self, genomes: Pedigree) -> tf.Tensor:
        return tf.reshape(tf.cast(genomes.own, tf.float32), [*genomes.own.shape, 1, 1, 1])


class NoisyJudge:
    """Scores by an image's number: reproducible noise that slowly rises, so that new children win now and then."""

    class_names = tuple("abcdef")
    image_shape = (1, 1, 1)
    batch = 600

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        number = tf.reshape(images, [-1, 1])
        return tf.sin(number * tf.constant([[1.3, 2.7, 0.9, 3.1, 2.2, 1.7]])) + 0.002 * number


SIX_CELLS = Target(NoisyJudge(), tuple(range(6)))


def start(encoding: PedigreeEncoding, seeds: list[int]) -> State:
    """Return runs after their random images."""
    empty = empty_cells(encoding, 6, tf.constant(seeds, tf.int64))
    return advance(empty, SIX_CELLS, encoding, encoding.children)


def test_recorded_parents_are_true_and_every_lineage_leads_through_champions_to_a_random_image():
    encoding = PedigreeEncoding()
    state = start(encoding, [1, 2])
    genomes = Pedigree(*[tf.TensorSpec([2, None], tf.int32)] * 2)
    cells = [tf.TensorSpec(part.shape, part.dtype) for part in state[1:]]

    @tf.function(input_signature=[State(genomes, *cells)])
    def advance_graph(state: State) -> State:
        return advance(state, SIX_CELLS, encoding, encoding.children)

    parents_of: list[dict[int, int]] = [{}, {}]  # of every image that ever was a champion
    for _ in range(40):
        np.testing.assert_array_equal(state.champions, tf.gather(state.genomes.own, state.places, batch_dims=1))
        np.testing.assert_array_equal(state.parents, tf.gather(state.genomes.mother, state.places, batch_dims=1))
        for run in range(2):
            told = (part.numpy()[run].tolist() for part in (state.champions, state.parents))
            parents_of[run].update(zip(*told, strict=True))
        state = advance_graph(state)
    for run, known in enumerate(parents_of):
        lengths = []
        for ancestor in state.parents.numpy()[run].tolist():
            steps = 0
            while ancestor != -1:
                assert ancestor in known, "a parent that never was a champion"
                assert known[ancestor] < ancestor
                ancestor, steps = known[ancestor], steps + 1
            lengths.append(steps)
        assert max(lengths) > 3


def test_random_images_have_no_parent_and_are_numbered_by_slot():
    encoding = PedigreeEncoding()
    state = start(encoding, [1])
    numbers = np.arange(encoding.children, dtype=np.float32).reshape(-1, 1, 1, 1)
    best = SIX_CELLS.log_odds(tf.constant(numbers)).numpy().argmax(axis=0)
    np.testing.assert_array_equal(state.champions[0], best)
    assert (state.parents.numpy() == -1).all()


class ExactJudge:
    """Scores an image's number times a whole number, and remembers how many images it saw at a time."""

    class_names = tuple("abc")
    image_shape = (1, 1, 1)

    def __init__(self, batch: int) -> None:
        self.batch, self.seen = batch, []

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        self.seen.append(images.shape[0])
        return tf.reshape(images, [-1, 1]) * tf.constant([[1.0, -2.0, 3.0]])


@pytest.mark.parametrize("batch", [1, 3, 6, 7, 600])
def test_each_of_seven_children_gets_its_own_scores_from_batches_of_one_size(batch):
    own = tf.constant([[5, 3, 8, 1, 9, 2, 7], [14, 12, 16, 18, 13, 11, 15]])
    judge = ExactJudge(batch)
    log_odds = score(Target(judge, (2, 0)), PedigreeEncoding(), Pedigree(own, own))
    np.testing.assert_array_equal(log_odds, own.numpy()[..., None] * np.float32([3.0, 1.0]))
    size = min(batch, 7)
    assert judge.seen == [size] * (2 * -(-7 // size))
