"""What finished runs hold: history unrolled from takeovers, champions as images, what pages show beside a run."""

from __future__ import annotations

import fcntl
import os
import shutil

import numpy as np
import pytest

from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.evolution import evolution as finished
from fooling.evolution.evolution import Evolution, join_runs
from fooling.evolution.evolve import evolve
from fooling.evolution.map_elites import History
from fooling.evolution.takeovers import Takeovers, find_takeovers
from fooling.files import read_arrays
from fooling.report import publish as publishing
from fooling.runs import RunFolder

SHAPE = (3, 2, 1)
CHILDREN, GENERATIONS = 7, 30
BEFORE = {"log_odds": -np.inf, "champion": -1, "parent": -1}


def draw_history(runs: int, cells: int, rng: np.random.Generator) -> History:
    """Return what cells hold after the random images and each generation: few changes, and some cells start empty.

    One image may take several cells, and the last cell of the first run stays empty to the end.
    """
    log_odds = np.full((GENERATIONS + 1, runs, cells), -np.inf, np.float32)
    champions, parents = (np.full(log_odds.shape, -1, np.int32) for _ in range(2))
    for generation in range(GENERATIONS + 1):
        for part in (log_odds, champions, parents):
            part[generation] = part[max(generation - 1, 0)]
        changes = rng.random((runs, cells)) < (0.7 if generation == 0 else 0.1)
        changes[0, -1] = False
        log_odds[generation][changes] = generation + rng.random(changes.sum())
        champions[generation][changes] = generation * CHILDREN + rng.integers(0, CHILDREN, changes.sum())
        parents[generation][changes] = rng.integers(-1, generation * CHILDREN, changes.sum()) if generation else -1
    return History(log_odds, champions, parents)


def collect_takeovers(history: History, lengths: list[int]) -> Takeovers:
    """Find takeovers as evolution does: in stretches of generations, each appended to those before."""
    champions = history.champions
    found, start = find_takeovers(History(*(part[:1] for part in history)), np.full(champions[0].shape, -1)), 1
    for length in lengths:
        stretch = History(*(part[start : start + length] for part in history))
        found, start = found.append(find_takeovers(stretch, champions[start - 1])), start + length
    assert start == len(champions)
    return found


def make_evolution(takeovers: Takeovers, runs: int, cells: int, genomes: np.ndarray | None = None) -> Evolution:
    return Evolution(
        encoding=DirectEncoding(SHAPE),
        classes=tuple(range(cells)),
        genomes=None if genomes is None else DirectGenomes(genomes),
        places=np.zeros((runs, cells), np.int32),
        log_odds=np.zeros((runs, cells), np.float32),
        takeovers=takeovers,
        generations=GENERATIONS,
        children=CHILDREN,
        seeds=np.arange(runs),
    )


@pytest.mark.parametrize("seed", range(5))
def test_takeovers_of_joined_blocks_unroll_to_what_cells_held_after_every_generation(seed):
    rng = np.random.default_rng(seed)
    dense = [draw_history(runs, 6, rng) for runs in (3, 1, 2)]
    stretches = ([30], [1] * 30, [10, 7, 13])
    found = [collect_takeovers(*both) for both in zip(dense, stretches, strict=True)]
    genomes = np.zeros((1, 1, 6), np.float32)
    blocks = [make_evolution(some, runs, 6, genomes) for some, runs in zip(found, (3, 1, 2), strict=True)]
    joined = join_runs(blocks)
    for (name, before), *parts in zip(BEFORE.items(), *dense, strict=True):
        expected = np.concatenate(parts, axis=1).swapaxes(0, 1)  # (runs, generations + 1, cells)
        unrolled = joined.unroll(name, before)
        np.testing.assert_array_equal(unrolled, expected, err_msg=name)
        assert unrolled.dtype == expected.dtype
    changes = sum((np.diff(part.champions, axis=0, prepend=-1) != 0).sum() for part in dense)
    assert len(joined.takeovers.run) == changes


def test_blocks_whose_genomes_differ_in_places_and_length_are_joined_with_zeros():
    nobody = Takeovers(*(np.zeros(0, kind) for kind in (np.int32,) * 4 + (np.float32,)))
    first, second = np.ones((2, 3, 6), np.float32), np.full((1, 4, 5), 2, np.float32)
    joined = join_runs([make_evolution(nobody, 2, 6, first), make_evolution(nobody, 1, 6, second)])
    expected = np.zeros((3, 4, 6), np.float32)
    expected[:2, :3], expected[2, :, :5] = 1, 2
    np.testing.assert_array_equal(joined.genomes.genes, expected)
    assert join_runs([make_evolution(nobody, 2, 6, first), make_evolution(nobody, 1, 6)]).genomes is None


@pytest.fixture
def run(tmp_path) -> Evolution:
    """Return two runs of 60 cells with random genomes, of which about 40 are some cell's and the others left over."""
    rng = np.random.default_rng(1)
    nobody = Takeovers(*(np.zeros(0, kind) for kind in (np.int32,) * 4 + (np.float32,)))
    empty = make_evolution(nobody, 2, 60, rng.random((2, 70, 6), np.float32))
    places, log_odds = rng.integers(0, 70, (2, 60)), rng.normal(size=(2, 60)).astype(np.float32)
    folders = (RunFolder(tmp_path / "direct-0123"),) * 2
    return empty._replace(places=places, log_odds=log_odds, seeds=np.array([8, 3]), folders=folders)


@pytest.fixture
def drawn(run) -> np.ndarray:
    """Return every champion of both runs: a direct grey pixel is the whole part of 255 times its gene."""
    genes = np.stack([part[places] for part, places in zip(run.genomes.genes, run.places, strict=True)])
    return np.floor(genes * np.float32(255)).astype(np.uint8).reshape(2, 60, *SHAPE)


def test_champions_as_images_stand_in_the_order_asked_for(run, drawn):
    np.testing.assert_array_equal(run.images, drawn)
    assert run.images.dtype == np.uint8
    for cells in ([7], [59, 0, 0, 31], range(60), np.arange(59, 30, -1)):
        np.testing.assert_array_equal(run.express(1, cells), drawn[1, list(cells)])
    np.testing.assert_array_equal(run.express(), drawn[0])


def test_what_is_shown_is_kept_beside_the_run_and_read_from_there(run, drawn, monkeypatch):
    first = run.show(1, [5, 2])
    np.testing.assert_array_equal(first, drawn[:1, [5, 2]])
    path = run.folders[0].path / "shown-8.npz"
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(finished.Evolution, "express", None)  # not expressed again
        np.testing.assert_array_equal(run.show(1, [2, 5, 2]), drawn[:1, [2, 5, 2]])
    assert path.read_bytes() == before
    np.testing.assert_array_equal(run.show(5, [9, 2, 40]), drawn[:, [9, 2, 40]])  # more cells, and all runs there are
    kept = read_arrays(path)
    assert sorted(kept["cells"]) == [2, 5, 9, 40]
    np.testing.assert_array_equal(kept["images"], drawn[0, kept["cells"]])
    np.testing.assert_array_equal(kept["log_odds"], run.log_odds[0, kept["cells"]])
    assert sorted(file.name for file in path.parent.iterdir()) == ["shown-3.npz", "shown-8.npz"]

    thinned = run._replace(genomes=None)
    np.testing.assert_array_equal(thinned.show(2, [40, 9]), drawn[:, [40, 9]])
    np.testing.assert_array_equal(thinned.show(1, [5]), first[:, :1])
    for ask in (lambda: thinned.show(1, [5, 6]), lambda: thinned.show(2, [5]), lambda: thinned.images, thinned.express):
        with pytest.raises(ValueError, match=r"^These genomes were too large to be published.*run the page again\.$"):
            ask()


def test_what_is_kept_of_a_run_is_its_own_confidences_and_the_classes_of_its_cells(run):
    run._replace(classes=tuple(range(100, 160))).show(2, [5, 2])
    for place, seed in enumerate((8, 3)):
        kept = read_arrays(run.folders[place].path / f"shown-{seed}.npz")
        np.testing.assert_array_equal(kept["classes"], kept["cells"] + 100)
        np.testing.assert_array_equal(kept["log_odds"], run.log_odds[place, kept["cells"]])


def test_a_runs_folder_is_held_while_what_is_shown_of_it_is_added_to(run, monkeypatch):
    written = []

    def write_while_held(path, arrays):
        handle = os.open(path.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        written.append(path)

    monkeypatch.setattr(finished, "write_arrays", write_while_held)
    assert run.show(1, [5]).shape == (1, 1, *SHAPE) and len(written) == 1


def test_runs_that_are_kept_nowhere_are_shown_all_the_same(run, drawn):
    np.testing.assert_array_equal(run._replace(folders=()).show(2, [1, 4]), drawn[:, [1, 4]])


@pytest.mark.parametrize("cells", [[], [60], [-1], [0.0], [[0, 1]], ["a"], [True]], ids=str)
def test_cells_that_are_not_there_are_refused_in_one_sentence(run, cells):
    for ask in (run.express, run.show):
        with pytest.raises(ValueError, match=r"^Cells are numbered from 0 to 59, and at least one is needed\.$"):
            ask(1, cells)
    with pytest.raises(ValueError, match=r"^At least one run is shown, but 0 was asked for\.$"):
        run.show(0)
    assert not run.folders[0].path.exists()


@pytest.mark.slow
def test_a_page_is_drawn_again_from_a_run_that_was_published_without_its_genomes(
    make_small_network, monkeypatch, tmp_path
):
    request = {"encoding": DirectEncoding((15, 13, 1)), "generations": 3, "children": 7, "seeds": [1, 2]}
    here, there = tmp_path / "here", tmp_path / "there"
    run = evolve(make_small_network(), **request, folder=here)
    shown = run.show(2, [4, 1])
    monkeypatch.setattr(publishing, "LARGE_GENOMES", 0)
    shutil.copytree(here, there, copy_function=publishing.copy_without_large_genomes)
    (folder,) = there.iterdir()
    again = evolve(make_small_network(), **request, folder=there)
    assert again.genomes is None and again.folders[0].path == folder
    assert again.show(2, [4, 1]).tobytes() == shown.tobytes()
    assert again.history.tobytes() == run.history.tobytes()
    assert again.log_odds.tobytes() == run.log_odds.tobytes()
    with pytest.raises(ValueError, match="too large to be published"):
        again.show(1, [0])
