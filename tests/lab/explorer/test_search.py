"""A search in steps: the bytes of ``evolve`` however often it stops, and lines that can be told to their beginning."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fooling.evolution.evolve import evolve
from fooling.lab.explorer.ancestors import Ancestor, Ancestors
from fooling.lab.explorer.search import Search, search_in_folder
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
    np.testing.assert_array_equal(search.history, whole.history[0])
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
        while other.generation < GENERATIONS:
            other.advance()
        assert_same(other, make_search("cppn", GENERATIONS).to_evolution())
        numbers = [number for number in other.ancestors.genomes if number < 5 * 7]
        np.testing.assert_array_equal(other.express(numbers), first.express(numbers))
    assert first.generation == 4


def test_every_ancestor_held_a_cell_when_it_became_a_parent(evolved):
    takeovers, children = evolved.to_evolution().takeovers, evolved.children
    parents = dict(zip(takeovers.champion.tolist(), takeovers.parent.tolist(), strict=True))
    held = evolved.to_evolution().unroll("champion", -1)[0]
    lines = [evolved.ancestors.trace(number) for number in evolved.standing.champions.tolist()]
    assert max(map(len, lines)) > 2
    for number, line in zip(evolved.standing.champions.tolist(), lines, strict=True):
        assert line[-1].number == number
        assert parents[line[0].number] == -1 and line[0].number < children
        for parent, child in pairwise(line):
            assert parents[child.number] == parent.number
            assert parent.number in held[child.number // children - 1]
        for one in line:
            mine = takeovers.champion == one.number
            assert one.cells == tuple(takeovers.cell[mine]) and one.log_odds == tuple(takeovers.log_odds[mine])


def test_ancestors_beyond_the_memory_go_first_where_no_line_needs_them_then_by_age():
    genome = (np.zeros(10, np.uint8),)
    ancestors = Ancestors(most_bytes=30)
    for number, parent in ((0, -1), (1, -1), (2, 0), (3, 2), (4, 1)):
        ancestors.add(Ancestor(number, (number,), (0.5,), genome), parent)
    ancestors.prune([3])
    assert set(ancestors.genomes) == {0, 2, 3}, "1 and 4 are in no champion's line"
    ancestors.add(Ancestor(5, (0,), (0.5,), genome), 3)
    ancestors.prune([2, 5])
    assert set(ancestors.genomes) == {2, 3, 5}, "0 is the oldest; champions stay"
    ancestors.most_bytes = 10
    ancestors.prune([2, 5])
    assert set(ancestors.genomes) == {2, 5}
    line = ancestors.trace(5)
    assert [one.number for one in line] == [0, 2, 3, 5]
    assert [one.genome is None for one in line] == [True, False, True, False]


def test_what_is_not_kept_or_never_was_is_named(make_search):
    search = make_search("direct", 3)
    with pytest.raises(ValueError, match="999 never held a cell"):
        search.ancestors.trace(999)
    search.ancestors.genomes.pop(lost := int(search.standing.champions[0]))
    with pytest.raises(ValueError, match=f"genome of image {lost} is not kept"):
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
    line = [one.number for one in first.ancestors.trace(int(first.standing.champions[0]))]
    assert [one.number for one in again.ancestors.trace(int(again.standing.champions[0]))] == line
    assert search_in_folder(search.classifier, search.encoding, **{**sizes, "seed": 4})[1] != run
