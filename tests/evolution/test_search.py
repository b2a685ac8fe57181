"""The parts of a search beside the paper's, each against numbers that share no code with it."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_graph import CppnGenomes
from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.encodings.population import express_genomes
from fooling.encodings.random_search import RandomSearch
from fooling.evolution import evolve as evolving
from fooling.evolution.evolution import Evolution, load_evolution
from fooling.evolution.evolve import Setup, evolve
from fooling.evolution.lineage import replay
from fooling.evolution.map_elites import State, Target, choose_cells, draw_first, find_share_won, select_cells
from fooling.evolution.search import CHOSEN, PAPER, SearchSettings
from fooling.evolution.variation import adapt, climb, fade, take_turns, vary
from fooling.images import to_bytes
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder

SHAPE = (15, 13, 1)
PIXELS, CPPN = DirectEncoding(SHAPE), CppnEncoding(SHAPE)
SEEDS = tf.constant([[3, 0], [8, 0]], tf.int64)


def make_state(log_odds: list[float], champions: list[int] | None = None) -> State:
    held = np.arange(len(log_odds)) if champions is None else np.array(champions)
    cells = tf.constant(held[None], tf.int32)
    return State(
        (), cells, tf.constant([log_odds], tf.float32), cells, cells, tf.constant(4), tf.constant([7], tf.int64)
    )


# Who becomes a parent


@pytest.mark.parametrize("pressure", [1, 2, 5, -1, -3])
def test_parents_are_drawn_by_the_share_of_weak_cells_or_of_sure_ones(pressure):
    """The parent stands at the share u^k of the n cells: the first r are drawn with probability (r / n)^(1 / k)."""
    random = np.random.default_rng(0)
    log_odds, draws = random.normal(size=12).tolist(), random.uniform(size=(1, 20_000)).astype(np.float32)
    cells = choose_cells(make_state(log_odds), SearchSettings(pressure=pressure), tf.constant(draws)).numpy()[0]
    edges = (np.arange(13) / 12) ** (1 / (1 + abs(pressure)))
    order = np.argsort(np.array(log_odds) * np.sign(pressure))
    counts = np.bincount(cells, minlength=12)[order]
    assert stats.chisquare(counts, np.diff(edges) * cells.size).pvalue > 1e-4
    assert stats.chisquare(counts).pvalue < 1e-9  # nor would it be taken for uniform


def test_pressure_takes_equal_cells_in_their_order_passes_empty_ones_and_reaches_both_ends():
    state = make_state([math.inf, -math.inf, 2.0, -math.inf, 2.0], champions=[5, -1, 6, 7, 8])
    draws = tf.constant([np.float32([0.0, 0.51, 0.75, 0.9, 1 - 2**-23])])  # squared: 0, 0.26, 0.56, 0.81, almost 1
    for pressure, cells in ((1, [3, 2, 4, 0, 0]), (-1, [0, 2, 4, 3, 3])):
        assert choose_cells(state, SearchSettings(pressure=pressure), draws).numpy()[0].tolist() == cells
    uniform = select_cells(state.champions, draws)
    np.testing.assert_array_equal(choose_cells(state, PAPER, draws), uniform)


def test_cells_take_turns_through_the_generations():
    drawn, occupied = tf.fill([2, 7], 2), tf.ones([2, 5], tf.bool)
    told = [take_turns(1.0, SEEDS, tf.constant(generation), drawn, occupied).numpy() for generation in range(1, 6)]
    for run in (0, 1):
        assert np.concatenate([cells[run] for cells in told]).tolist() == [(7 + child) % 5 for child in range(35)]


def test_an_empty_cell_has_no_turn_and_a_share_of_the_children_has_one():
    drawn, occupied = tf.fill([2, 5000], 1), tf.constant([[True, True, False, True]] * 2)
    cells = take_turns(0.3, SEEDS, tf.constant(1), drawn, occupied).numpy()
    counts = np.bincount(cells.ravel(), minlength=4)
    assert counts[2] == 0
    for cell in (0, 3):
        assert stats.binomtest(int(counts[cell]), 2 * 1250, 0.3).pvalue > 1e-4


# How a child differs from its parents


@pytest.mark.parametrize("strength", [0.25, 3.0])
def test_steps_of_pixels_are_longer_by_the_strength_and_end_at_the_bounds(strength):
    parents = DirectGenomes(tf.fill([2, 50, 195], 0.5))
    paper, other = (
        vary(search, PIXELS, parents, SEEDS, tf.constant(1)).genes.numpy() - 0.5
        for search in (PAPER, SearchSettings(strength=strength))
    )
    assert (np.abs(paper) < 0.5).all()
    np.testing.assert_allclose(other, np.clip(strength * paper, -0.5, 0.5), atol=1e-6)


def test_steps_of_weights_are_longer_by_the_strength_and_all_else_is_the_same():
    parents = CPPN.initialise(200, SEEDS)
    paper, other = (
        vary(search, CPPN, parents, SEEDS, tf.constant(1)) for search in (PAPER, SearchSettings(strength=2.0))
    )
    for name in ("activations", "sources", "targets"):
        np.testing.assert_array_equal(getattr(paper, name), getattr(other, name))
    kept = (paper.sources.numpy() == parents.sources.numpy()) & (paper.targets.numpy() == parents.targets.numpy())
    kept &= parents.sources.numpy() > 0  # neither deleted nor split
    before, once, twice = (genomes.weights.numpy()[kept] for genomes in (parents, paper, other))
    assert np.count_nonzero(once != before) > 100
    unclipped = np.abs(once) < 10
    np.testing.assert_allclose(twice[unclipped], np.clip(2 * once - before, -10, 10)[unclipped], atol=1e-5)


@pytest.mark.parametrize(("search", "share"), [({"rate": 3.0}, 0.3), ({"mutations": 3}, 1 - 0.9**3)])
def test_as_many_pixels_change_as_rate_and_number_of_mutations_say(search, share):
    parents = DirectGenomes(tf.fill([2, 200, 195], 0.5))
    changed = vary(SearchSettings(**search), PIXELS, parents, SEEDS, tf.constant(1)).genes.numpy() != 0.5
    assert stats.binomtest(int(changed.sum()), changed.size, share).pvalue > 1e-4


def test_as_many_weights_change_as_the_rate_says():
    parents = CPPN.initialise(1500, SEEDS)
    child = vary(SearchSettings(rate=5.0), CPPN, parents, SEEDS, tf.constant(1))
    whole = (child.sources.numpy() == parents.sources.numpy()) & (child.targets.numpy() == parents.targets.numpy())
    whole &= parents.sources.numpy() > 0  # neither deleted nor split
    changed = (child.weights.numpy() != parents.weights.numpy())[whole]
    assert stats.binomtest(int(changed.sum()), changed.size, 0.5).pvalue > 1e-4


def test_the_steps_distance_from_the_papers_halves_every_so_many_generations():
    factors = [float(fade(5.0, 10, tf.constant(generation))) for generation in (1, 9, 10, 19, 20, 30, 2000)]
    assert factors == [5.0, 5.0, 3.0, 3.0, 2.0, 1.5, 1.0]
    assert fade(5.0, 0, tf.constant(2000)) == 5.0
    parents, late = PIXELS.initialise(20, SEEDS), tf.constant(900)
    faded = vary(SearchSettings(strength=4.0, rate=2.0, fading=10), PIXELS, parents, SEEDS, late)
    np.testing.assert_array_equal(faded.genes, vary(PAPER, PIXELS, parents, SEEDS, late).genes)


def test_cells_that_the_last_generation_won_are_counted_and_empty_ones_are_not_won():
    state = make_state([0.0] * 8, champions=[20, 23, 23, 24, 19, -1, 7, 0])  # of generation 4, with five children each
    assert find_share_won(state.champions, state.generation, 5).numpy().tolist() == [[4 / 8]]


def test_steps_follow_success_from_one_over_the_strength_to_the_strength():
    won = np.float32([[0.0], [0.1], [0.2], [0.3], [0.4], [1.0]])
    np.testing.assert_allclose(adapt(4.0, 0.2, won)[:, 0], [0.25, 0.625, 1.0, 2.5, 4.0, 4.0], rtol=1e-6)


@pytest.mark.parametrize("encoding", [PIXELS, CPPN], ids=["pixels", "cppn"])
def test_steps_of_each_run_follow_its_own_success(encoding):
    parents, search = encoding.initialise(20, SEEDS), SearchSettings(strength=4.0, success=0.25)
    adapted = vary(search, encoding, parents, SEEDS, tf.constant(1), tf.constant([[0.0], [0.75]]))
    for run, strength in enumerate((0.25, 4.0)):
        fixed = vary(SearchSettings(strength=strength), encoding, parents, SEEDS, tf.constant(1))
        for ours, theirs in zip(adapted, fixed, strict=True):
            np.testing.assert_array_equal(ours[run], theirs[run])


# A library of random images


def test_a_library_keeps_the_best_of_all_its_random_images(make_small_network):
    network, search = make_small_network(SHAPE), SearchSettings(library=4)
    run = evolve(network, CPPN, generations=6, children=9, seeds=[5], search=search)
    scores = []
    for generation in range(4):
        drawn = draw_first(CPPN, 9, tf.constant([5], tf.int64), generation)
        scores.append(network.score(to_bytes(CPPN.express(drawn).numpy()[0])))
    every = np.concatenate(scores)  # (36, classes)
    assert len(np.unique(every[:, 0])) > 30
    np.testing.assert_allclose(run.history[0, 3], every.max(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(run.unroll("champion", -1)[0, 3], every.argmax(axis=0))
    assert (run.unroll("parent", -1)[0, :4] == -1).all()
    later = run.takeovers.champion >= 36
    assert later.any() and (run.takeovers.parent[later] >= 0).all()


def test_a_search_that_is_all_library_is_random_search(make_small_network):
    request = {"generations": 3, "children": 9, "seeds": [5, 6]}
    library = evolve(make_small_network(SHAPE), PIXELS, **request, search=SearchSettings(library=4))
    random = evolve(make_small_network(SHAPE), RandomSearch(PIXELS), **request)
    np.testing.assert_array_equal(library.history, random.history)


# Up the gradient


class Weighing:
    """A network whose log-odds for a class are a weighted sum of an image's pixels."""

    class_names, image_shape, batch, asked = ("a", "b", "c"), (6, 5, 1), 4, None

    def __init__(self) -> None:
        self.weights = np.random.default_rng(1).normal(size=(30, 3)).astype(np.float32)

    def log_odds(self, images: tf.Tensor) -> tf.Tensor:
        return tf.reshape(images, [-1, 30]) @ self.weights


def draw_by_hand(weights: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """Return the pixels of a grey image of 6 × 5 whose four inputs go straight into its output, in float64."""
    rows, columns = np.meshgrid(np.linspace(-1, 1, 6), np.linspace(-1, 1, 5), indexing="ij")
    inputs = np.stack([columns, rows, np.hypot(columns, rows), np.ones((6, 5))])
    total = np.tensordot(weights.astype(np.float64), inputs, 1)
    kinds = (np.sin, lambda p: np.tanh(p / 2), lambda p: np.exp(-(p**2)), lambda p: np.clip(p, -3, 3) / 3)
    return np.abs(kinds[activations - 1](total)).ravel()


def test_weights_move_by_the_sign_of_finite_differences_and_free_ones_stay():
    judge, encoding = Weighing(), CppnEncoding((6, 5, 1))
    genomes = encoding.initialise(30, SEEDS)
    genomes = genomes._replace(weights=genomes.weights * 0.2)
    classes, cells = (2, 0), np.random.default_rng(2).integers(0, 2, (2, 30))
    search = SearchSettings(gradient_steps=1, gradient_size=0.125)
    moved = climb(search, Target(judge, classes), encoding, genomes, tf.constant(cells, tf.int32)).weights.numpy()
    assert moved.shape == genomes.weights.shape
    agreed = []
    for run, child in np.ndindex(2, 30):
        weights, kind = genomes.weights.numpy()[run, child], genomes.activations.numpy()[run, child, 0]
        aim = judge.weights[:, classes[cells[run, child]]]
        for place, step in enumerate(1e-5 * np.eye(4)):
            slope = (draw_by_hand(weights[:4] + step, kind) - draw_by_hand(weights[:4] - step, kind)) @ aim / 2e-5
            if abs(slope) > 0.01:
                agreed.append(np.isclose(moved[run, child, place], weights[place] + 0.125 * np.sign(slope)))
        np.testing.assert_array_equal(moved[run, child, 4:], 0.0)
    assert len(agreed) > 200 and np.mean(agreed) > 0.99


def test_weights_climb_several_steps_and_not_beyond_ten():
    judge, encoding = Weighing(), CppnEncoding((6, 5, 1))
    genomes = encoding.initialise(20, SEEDS)
    cells, target = tf.zeros([2, 20], tf.int32), Target(judge, (0, 1, 2))

    def ask(some: CppnGenomes) -> np.ndarray:
        return judge.log_odds(tf.reshape(encoding.express(some), [-1, 6, 5, 1])).numpy()[:, 0]

    few, many = (
        climb(SearchSettings(gradient_steps=steps, gradient_size=0.02), target, encoding, genomes, cells)
        for steps in (1, 20)
    )
    assert (ask(few) > ask(genomes)).mean() > 0.8 and (ask(many) > ask(few)).mean() > 0.8
    far = climb(SearchSettings(gradient_steps=1, gradient_size=20.0), target, encoding, genomes, cells)
    assert set(np.unique(np.abs(far.weights[:, :, :4]))) <= {10.0} | set(np.unique(np.abs(genomes.weights)))


def test_where_the_network_gives_nan_weights_stay():
    judge, encoding = Weighing(), CppnEncoding((6, 5, 1))
    judge.weights[:] = np.nan
    genomes = encoding.initialise(5, SEEDS)
    cells = tf.zeros([2, 5], tf.int32)
    moved = climb(SearchSettings(gradient_steps=2), Target(judge, (0, 1, 2)), encoding, genomes, cells)
    np.testing.assert_array_equal(moved.weights, genomes.weights)


# Whole runs


BLACK_BOX = {"own": 0.5, "mutations": 2, "strength": 2.0, "rate": 2.0, "fading": 3, "library": 2}
ARMS = {
    "pixels": (PIXELS, SearchSettings(pressure=2, success=0.3, **BLACK_BOX)),
    "cppn": (CPPN, SearchSettings(pressure=-2, crossover=0.7, success=0.3, **BLACK_BOX)),
    "gradient": (CppnEncoding((9, 7, 3)), SearchSettings(gradient_steps=2)),
}
EVERY_ARM = [pytest.param(*ARMS[name], id=name, marks=[pytest.mark.slow] if name != "pixels" else []) for name in ARMS]


def assert_same(first: Evolution, second: Evolution, run: slice) -> None:
    assert first.history[run].tobytes() == second.history.tobytes()
    for told in ("champion", "parent"):
        np.testing.assert_array_equal(first.unroll(told, -1)[run], second.unroll(told, -1))
    np.testing.assert_array_equal(first.images[run], second.images)


@pytest.mark.parametrize(("encoding", "search"), EVERY_ARM)
def test_a_run_is_the_same_alone_and_beside_others_and_after_a_stop(
    make_small_network, monkeypatch, tmp_path, encoding, search
):
    """Seven children, in batches of three."""
    monkeypatch.setattr("fooling.networks.classifier.BATCH", 3)
    network = make_small_network(encoding.image_shape)
    together = evolve(network, encoding, generations=6, children=7, seeds=range(4), search=search)
    evolve(network, encoding, generations=3, children=7, seeds=[2], search=search, folder=tmp_path)
    monkeypatch.setattr(evolving, "begin", None)  # the shorter run is continued
    alone = evolve(network, encoding, generations=6, children=7, seeds=[2], search=search, folder=tmp_path)
    assert_same(together, alone, slice(2, 3))
    (folder,) = alone.folders
    assert load_evolution([folder]).search == alone.search == search
    assert len(np.unique(together.history[:, -1])) > 4


class Part(NamedTuple):
    """One part alone."""

    name: str
    value: Any


PARTS = [
    Part("pressure", 1),
    Part("pressure", -1),
    Part("own", 0.5),
    Part("mutations", 2),
    Part("strength", 2.0),
    Part("rate", 2.0),
    Part("crossover", 0.5),
    Part("library", 2),
    Part("gradient_steps", 1),
    Part("success", 0.2),
]


def test_a_part_is_in_a_runs_key_and_the_papers_search_has_the_key_from_before_there_were_any(
    make_small_network, tmp_path
):
    setup = Setup(Target(make_small_network(SHAPE), (0, 1)), CPPN, 5, 7, tmp_path)
    paper = evolving.open_block(setup, (1,))
    assert paper.settings.keys() == {"classifier", "classes", "encoding", "own encoding", "children", "seeds"}
    assert json.loads((paper.path / "settings.json").read_text())["version"] == {"evolution": 1, "encoding": 1}
    found = {paper.path: None}
    for part in PARTS:
        parts = dict([part]) | ({"strength": 2.0} if part.name == "success" else {})  # success needs one
        run = evolving.open_block(setup._replace(search=SearchSettings(**parts)), (1,))
        assert run.settings["search"] == parts
        found[run.path] = part
    assert len(found) == 1 + len(PARTS)
    assert evolving.open_block(setup._replace(search=SearchSettings()), (1,)) == paper == RunFolder(paper.path)


def test_the_papers_search_is_the_default():
    assert PAPER.describe() == {} and Setup(None, CPPN, 1, 1, None).search == PAPER
    for named in CHOSEN.values():  # the audit and the explorer ask networks for answers alone
        assert named.parts.gradient_steps == 0 and named.parts != PAPER


@pytest.mark.parametrize("encoding", [PIXELS, pytest.param(CPPN, marks=pytest.mark.slow)], ids=["pixels", "cppn"])
@pytest.mark.parametrize("success", [0.0, 0.6])
def test_every_champion_is_made_again_without_the_network(make_small_network, encoding, success):
    search = SearchSettings(pressure=1, success=success, **BLACK_BOX)
    run = evolve(make_small_network(SHAPE), encoding, generations=6, children=9, seeds=[4, 5], search=search)
    numbers = run.unroll("champion", -1)[1, -1]
    assert (numbers >= 18).any()
    np.testing.assert_array_equal(express_genomes(encoding, replay(run, 1, numbers)), run.express(1))


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (
            SearchSettings(crossover=0.1),
            r"^With crossover a child has a second parent, which the lineage does not hold\.$",
        ),
        (
            SearchSettings(gradient_steps=1),
            r"^A gradient moved these children, and without the network it is not known\.$",
        ),
    ],
    ids=["crossover", "gradient"],
)
def test_what_the_lineage_does_not_hold_is_not_made_again(cppn_evolution, search, message):
    with pytest.raises(ValueError, match=message):
        replay(cppn_evolution._replace(search=search), 0, [0])


# Counting, and what is refused


@pytest.mark.parametrize(
    ("search", "generations", "images"),
    [({}, 9, 1000), ({"library": 5}, 9, 1000), ({"gradient_steps": 2}, 9, 100 + 9 * 700)]
    + [({"library": 5, "gradient_steps": 1}, 9, 500 + 5 * 400), ({"library": 50, "gradient_steps": 1}, 9, 1000)],
)
def test_a_gradient_step_counts_as_three_images_and_random_images_take_none(search, generations, images):
    settings = SearchSettings(**search)
    assert settings.count_images(100, generations) == images
    assert settings.fit_generations(100, images) == generations
    assert settings.fit_generations(100, images - 1) == generations - 1
    assert settings.count_images(100, settings.fit_generations(100, 7777)) <= 7777


def test_fewer_images_than_a_generation_are_refused():
    with pytest.raises(
        ValueError, match=r"^199 images are less than a generation after the random ones, of 100 each\.$"
    ):
        PAPER.fit_generations(100, 199)
    assert PAPER.fit_generations(100, 200) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pressure": 10}, "pressure is a whole number from -9 to 9, not 10"),
        ({"pressure": 0.5}, "pressure is a whole number from -9 to 9, not 0.5"),
        ({"mutations": 0}, "mutations is a whole number from 1 to 16, not 0"),
        ({"mutations": True}, "mutations is a whole number from 1 to 16, not True"),
        ({"library": 0}, "library is a whole number from 1 to 1000000, not 0"),
        ({"fading": -1}, "fading is a whole number from 0 to 1000000, not -1"),
        ({"gradient_steps": 101}, "gradient_steps is a whole number from 0 to 100, not 101"),
        ({"own": 1.5}, "own is a number from 0.0 to 1.0, not 1.5"),
        ({"success": 1.5, "strength": 2.0}, "success is a number from 0.0 to 1.0, not 1.5"),
        ({"success": 0.2}, "Steps adapt to success by a strength above 1"),
        ({"crossover": math.nan}, "crossover is a number from 0.0 to 1.0, not nan"),
        ({"strength": 0.0}, "strength is a number from 0.01 to 100.0, not 0.0"),
        ({"rate": "high"}, "rate is a number from 0.01 to 9.9, not 'high'"),
        ({"gradient_size": math.inf}, "gradient_size is a number from 0.001 to 20.0, not inf"),
        ({"fading": 5}, "Nothing fades where strength and rate are 1"),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "",
)
def test_a_number_out_of_range_is_refused_in_one_sentence(wrong, message):
    with pytest.raises(ValueError, match=message) as refused:
        SearchSettings(**wrong)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("encoding", "search", "message"),
    [
        (RandomSearch(PIXELS), {"strength": 2.0}, "random-direct has no mutate_by, which a search's strength needs"),
        (PIXELS, {"crossover": 0.5}, "direct has no cross, which a search's crossover needs"),
        (PIXELS, {"gradient_steps": 1}, "direct has no slope, which a search's gradient_steps needs"),
    ],
    ids=["strength", "crossover", "gradient"],
)
def test_a_part_that_an_encoding_lacks_is_refused(make_small_network, encoding, search, message):
    with pytest.raises(ValueError, match=message):
        evolve(
            make_small_network(SHAPE), encoding, generations=1, children=2, seeds=[1], search=SearchSettings(**search)
        )


def test_a_network_that_is_only_asked_has_no_gradient():
    asked = Classifier(lambda images: images.mean(axis=(1, 2)) @ np.ones((1, 3)), image_shape=SHAPE, name="asked")
    with pytest.raises(ValueError, match="asked gives answers and no gradient"):
        evolve(asked, CPPN, generations=1, children=2, seeds=[1], search=SearchSettings(gradient_steps=1))
