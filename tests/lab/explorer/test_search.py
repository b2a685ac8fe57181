"""A search in steps: the bytes of ``evolve`` however often it stops, and lines that can be told to their beginning."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fooling.encodings.population import stack_genomes
from fooling.evolution.evolve import evolve
from fooling.evolution.search import SearchSettings
from fooling.lab.explorer.search import Search, search_in_folder
from fooling.networks import classifier as classifying

GENERATIONS = 10


def assert_same(search: Search, expected: Any) -> None:
    found = search.to_evolution()
    assert found.log_odds.tobytes() == expected.log_odds.tobytes()
    assert found.images.tobytes() == expected.images.tobytes()
    for mine, theirs in zip(found.takeovers, expected.takeovers, strict=True):
        np.testing.assert_array_equal(mine, theirs)


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


@pytest.mark.parametrize("name", [pytest.param("cppn", marks=pytest.mark.slow), "direct"])
def test_finished_run_of_a_block_is_taken_up_and_goes_on_as_evolve_would(make_search, name):
    other = make_search(name)
    sizes = {"children": 7, "classes": [4, 0, 1]}
    block = evolve(other.classifier, other.encoding, generations=4, seeds=[8, 3], **sizes)
    search = Search.take_up(other.classifier, block.take_run(1))
    assert (search.seed, search.classes, search.generation) == (3, (4, 0, 1), 4)
    np.testing.assert_array_equal(search.express(search.standing.champions.tolist()), block.images[1])
    for _ in range(GENERATIONS - 4):
        search.advance()
    assert_same(search, evolve(other.classifier, other.encoding, generations=GENERATIONS, seeds=[3], **sizes))


def test_run_of_another_search_is_gone_on_with_as_it_was_begun(make_search):
    other, weak = make_search("direct"), SearchSettings(pressure=1, mutations=2)
    sizes = {"children": 7, "seeds": [3], "search": weak}
    search = Search.take_up(other.classifier, evolve(other.classifier, other.encoding, generations=2, **sizes))
    for _ in range(2):
        search.advance()
    assert_same(search, evolve(other.classifier, other.encoding, generations=4, **sizes))


@pytest.mark.slow
def test_search_of_some_classes_has_the_bytes_of_evolve(make_search):
    search = make_search("direct", GENERATIONS, classes=[4, 1])
    assert search.class_names == ["4", "1"]
    sizes = {"generations": GENERATIONS, "children": 7, "seeds": [3], "classes": [4, 1]}
    assert_same(search, evolve(search.classifier, search.encoding, **sizes))


@pytest.mark.slow
def test_restored_search_goes_on_as_if_it_had_never_stopped(make_search):
    first = make_search("cppn")
    first.run(4)
    restored = make_search("cppn")
    restored.restore(first.to_arrays())
    for other in (restored, copy.copy(first)):
        for name in ("champions", "parents", "log_odds", "generation", "seeds"):
            np.testing.assert_array_equal(getattr(other.standing.state, name), getattr(first.standing.state, name))
        while other.generation < GENERATIONS:
            other.advance()
        assert_same(other, make_search("cppn", GENERATIONS).to_evolution())
        numbers = sorted(first.genomes)
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


@pytest.mark.parametrize("name", ["direct", pytest.param("cppn", marks=pytest.mark.slow)])
def test_dead_champions_are_made_again_as_they_were(make_search, name):
    kept, other = make_search(name), make_search(name, GENERATIONS)
    kept.run(GENERATIONS)
    numbers = sorted(set(other.standing.takeovers.champion.tolist()))
    assert numbers == sorted(kept.genomes) and set(numbers) > set(other.standing.champions.tolist())
    assert not other.genomes
    np.testing.assert_array_equal(other.express(numbers), kept.express(numbers))
    again, living = (stack_genomes(one.find_genomes(numbers)) for one in (other, kept))
    for mine, theirs in zip(again, living, strict=True):
        both = tuple(slice(min(sides)) for sides in zip(mine.shape, theirs.shape, strict=True))
        np.testing.assert_array_equal(mine[both], theirs[both])


def test_what_never_was_is_named(make_search):
    search = make_search("direct", 3)
    with pytest.raises(ValueError, match="999 never held a cell"):
        search.standing.trace(999)
    with pytest.raises(ValueError, match="999 never held a cell"):
        search.express([999])
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
