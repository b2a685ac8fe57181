"""A search in steps: the bytes of ``evolve`` however often it stops, and lines that can be told to their beginning."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from fooling.encodings.population import express_genomes
from fooling.evolution.evolve import evolve
from fooling.evolution.lineage import replay
from fooling.evolution.takeovers import Takeovers
from fooling.lab.explorer.looking import draw_ancestors
from fooling.lab.explorer.search import Search, count_bytes, search_in_folder
from fooling.lab.explorer.standing import Standing
from fooling.networks import classifier as classifying

GENERATIONS = 10


def assert_same(search: Search, expected: Any) -> None:
    found = search.to_evolution()
    assert found.log_odds.tobytes() == expected.log_odds.tobytes()
    assert found.images.tobytes() == expected.images.tobytes()
    for mine, theirs in zip(found.takeovers, expected.takeovers, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def stop_after(batches: int) -> Any:
    """Return what says stop when it is asked for the ``batches``-th time."""
    left = iter([False] * batches)
    return lambda: next(left, True)


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        pytest.param("cppn", 200, marks=pytest.mark.slow),
        pytest.param("cppn, colour", 3, marks=pytest.mark.slow),
        ("direct", 3),
    ],
)
def test_search_in_steps_has_the_bytes_of_evolve(make_search, monkeypatch, name, batch):
    """Seven children in one batch, and in three, of which the last is not full."""
    monkeypatch.setattr(classifying, "BATCH", batch)
    search = make_search(name, GENERATIONS)
    whole = evolve(search.classifier, search.encoding, generations=GENERATIONS, children=7, seeds=[3])
    assert_same(search, whole)
    np.testing.assert_array_equal(search.to_evolution().history, whole.history)
    numbers = search.standing.champions.tolist()
    np.testing.assert_array_equal(search.express(numbers), whole.images[0])
    np.testing.assert_array_equal(search.express(numbers[::-1]), whole.images[0][::-1])


@pytest.mark.slow
def test_search_of_some_classes_has_the_bytes_of_evolve(make_search):
    search = make_search("direct", GENERATIONS, classes=[4, 1])
    assert search.class_names == ["4", "1"]
    sizes = {"generations": GENERATIONS, "children": 7, "seeds": [3], "classes": [4, 1]}
    assert_same(search, evolve(search.classifier, search.encoding, **sizes))


def test_stopping_drops_the_unfinished_generation_and_nothing_else(make_search, monkeypatch):
    monkeypatch.setattr(classifying, "BATCH", 3)
    search, other = make_search("direct"), make_search("direct", GENERATIONS)
    assert not search.advance(stop_after(2)) and search.generation == -1
    while search.generation < GENERATIONS:
        before = search.standing
        if not search.advance(stop_after(search.generation % 5)):
            assert search.standing is before
            search.advance()
    assert_same(search, other.to_evolution())


@pytest.mark.slow
def test_restored_search_goes_on_as_if_it_had_never_stopped(make_search):
    first = make_search("cppn", 4)
    arrays = first.to_arrays()
    for other in (make_search("cppn"), first.copy()):
        other.restore(arrays)
        for name in ("champions", "parents", "log_odds", "generation", "seeds"):
            np.testing.assert_array_equal(getattr(other.standing.state, name), getattr(first.standing.state, name))
        while other.generation < GENERATIONS:
            other.advance()
        assert_same(other, make_search("cppn", GENERATIONS).to_evolution())
        numbers = [number for number in other.genomes if number < 5 * 7]
        np.testing.assert_array_equal(other.express(numbers), first.express(numbers))
    assert first.generation == 4


def test_every_ancestor_held_a_cell_when_it_became_a_parent(evolved):
    takeovers, children = evolved.to_evolution().takeovers, evolved.children
    parents = dict(zip(takeovers.champion.tolist(), takeovers.parent.tolist(), strict=True))
    held = evolved.to_evolution().unroll("champion", -1)[0]
    lines = [evolved.standing.trace(number) for number in evolved.standing.champions.tolist()]
    assert max(map(len, lines)) > 2
    for number, line in zip(evolved.standing.champions.tolist(), lines, strict=True):
        assert line[-1].number == number
        assert parents[line[0].number] == -1 and line[0].number < children
        for parent, child in pairwise(line):
            assert parents[child.number] == parent.number
            assert parent.number in held[child.number // children - 1]
        for one in line:
            mine = takeovers.champion == one.number
            assert one.cells == takeovers.cell[mine].tolist() and one.log_odds == takeovers.log_odds[mine].tolist()


def test_genomes_beyond_the_memory_go_first_where_no_line_needs_them_then_by_age(make_search):
    """Images 0 and 1 are random; 0 bore 2, 2 bore 3, 3 bore 5; 1 bore 4."""
    search = make_search("direct", 0)
    champion, parent = np.array([0, 1, 2, 3, 4, 5], np.int32), np.array([-1, -1, 0, 2, 1, 3], np.int32)
    zeros = np.zeros(6, np.int32)
    takeovers = Takeovers(zeros, zeros, champion, parent, zeros.astype(np.float32))

    def forget(champions: list[int], most: int) -> set[int]:
        state = search.standing.state._replace(champions=tf.constant([champions]))
        search.most_bytes = most * count_bytes(search.genomes[5])
        search._forget(Standing(state, takeovers))
        return set(search.genomes)

    search.genomes = {number: search.find_genome(int(search.standing.champions[0])) for number in range(6)}
    assert forget([3, 5], 4) == {0, 2, 3, 5}, "1 and 4 are in no champion's line"
    assert forget([2, 5], 3) == {2, 3, 5}, "0 is the oldest"
    assert forget([2, 5], 1) == {2, 5}, "champions stay"
    search.standing = Standing(search.standing.state, takeovers)
    drawn = draw_ancestors(search, 0, 5)
    assert "line of 4 images" in drawn.alt and "2 of them drawn" in drawn.alt
    with pytest.raises(ValueError, match="no longer kept"):
        draw_ancestors(search, 0, 3)


def test_what_outgrows_the_memory_is_forgotten_while_the_search_goes_on(make_search):
    search = make_search("direct", 0)
    search.most_bytes = 1
    for _ in range(3):
        search.advance()
        assert set(search.genomes) == set(search.standing.champions.tolist())


@pytest.mark.slow
def test_remembered_genomes_are_those_that_lineage_makes_again(make_search):
    search = make_search("cppn", GENERATIONS)
    numbers = sorted(search.genomes)
    again = express_genomes(search.encoding, replay(search.to_evolution(), 0, numbers))
    np.testing.assert_array_equal(search.express(numbers), again)


def test_what_is_not_kept_or_never_was_is_named(make_search):
    search = make_search("direct", 3)
    with pytest.raises(ValueError, match="999 never held a cell"):
        search.standing.trace(999)
    search.genomes.pop(lost := int(search.standing.champions[0]))
    with pytest.raises(ValueError, match="genome of this image is no longer kept"):
        search.express([lost])
    with pytest.raises(ValueError, match="start the search first"):
        make_search("direct").to_evolution()
    with pytest.raises(ValueError, match="children"):
        make_search("direct", children=0)


@pytest.mark.slow
def test_finished_search_in_a_folder_is_loaded_and_not_evolved_again(make_search, tmp_path, monkeypatch):
    search = make_search("cppn")
    sizes = {"generations": 5, "children": 7, "seed": 3, "folder": tmp_path}
    first, run = search_in_folder(search.classifier, search.encoding, **sizes)
    assert_same(first, make_search("cppn", 5).to_evolution())

    def fail(*_: Any) -> None:
        raise AssertionError("evolved again")

    with monkeypatch.context() as patched:
        patched.setattr(Search, "advance", fail)
        again, same_run = search_in_folder(search.classifier, search.encoding, **sizes)
    assert same_run == run
    assert_same(again, first.to_evolution())
    line = [one.number for one in first.standing.trace(int(first.standing.champions[0]))]
    assert [one.number for one in again.standing.trace(int(again.standing.champions[0]))] == line
    assert search_in_folder(search.classifier, search.encoding, **{**sizes, "seed": 4})[1] != run
