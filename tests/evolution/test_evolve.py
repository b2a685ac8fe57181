"""Whole runs: the same bytes alone or together, in any chunks, after a kill; images that score what was recorded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import fooling
from fooling.arithmetic import count_threads
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.encodings.random_search import RandomSearch
from fooling.evolution import evolve as evolving
from fooling.evolution.evolution import Evolution, load_evolution
from fooling.evolution.evolve import Setup, evolve
from fooling.evolution.kept import pack_result
from fooling.evolution.map_elites import History, State, Target
from fooling.evolution.search import SearchSettings
from fooling.evolution.takeovers import find_takeovers
from fooling.evolution.variation import compile_vary
from fooling.files import DamagedError, read_arrays, write_arrays
from fooling.networks import classifier as classifying
from fooling.networks.classifier import Classifier, load_classifier
from fooling.runs import ANY_ARITHMETIC, RunFolder
from fooling.words import show_confidence

ODD = (15, 13, 1)  # neither side nor their product is a multiple of a vector register
ODD_COLOUR = (5, 7, 3)

ENCODINGS = {
    "direct": DirectEncoding(ODD),
    "direct, crossed": DirectEncoding(ODD, crossover=True),
    "cppn": CppnEncoding(ODD),
    "cppn, colour": CppnEncoding(ODD_COLOUR),
}
TOLD = {"log_odds": -np.inf, "champion": -1, "parent": -1}  # of takeovers, with what stands before the first


def evolve_some(network: Any, encoding: Any, seeds: Any, generations: int = 12, **more: Any) -> Evolution:
    classifier = network(encoding.image_shape)
    return evolve(classifier, encoding, generations=generations, children=7, seeds=seeds, **more)


def assert_same(first: Evolution, second: Evolution, run: int | slice = slice(None)) -> None:
    """Assert that runs of ``first`` are ``second`` byte for byte; capacity, which is zeros, may differ."""
    for name in ("places", "log_odds", "seeds"):
        np.testing.assert_array_equal(getattr(first, name)[run], getattr(second, name), err_msg=name)
    for name, before in TOLD.items():
        np.testing.assert_array_equal(first.unroll(name, before)[run], second.unroll(name, before), err_msg=name)
    for one, other in zip(first.genomes, second.genomes, strict=True):
        np.testing.assert_array_equal(*pad_alike(one[run], other))


def pad_alike(*arrays: np.ndarray) -> list[np.ndarray]:
    wide = np.max([array.shape for array in arrays], axis=0)
    return [np.pad(array, [(0, more) for more in wide - array.shape]) for array in arrays]


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("direct", 200),
        ("direct, crossed", 3),
        pytest.param("cppn", 200, marks=pytest.mark.slow),
        pytest.param("cppn, colour", 3, marks=pytest.mark.slow),
    ],
)
def test_run_7_alone_is_run_7_of_10_byte_for_byte(make_small_network, monkeypatch, name, batch):
    """Seven children in one batch, and in three, of which the last is not full."""
    monkeypatch.setattr(classifying, "BATCH", batch)
    together = evolve_some(make_small_network, ENCODINGS[name], range(10), generations=6)
    alone = evolve_some(make_small_network, ENCODINGS[name], [7], generations=6)
    assert_same(together, alone, slice(7, 8))
    images = alone.images
    assert (images.shape, images.dtype) == ((1, 5, *ENCODINGS[name].image_shape), np.uint8)
    together = together.images
    assert images[0].tobytes() == together[7].tobytes()
    assert len({images.tobytes() for images in together}) == 10


def test_genomes_that_no_cell_names_any_more_are_not_kept():
    """A run beside others has as many places as the run that needed most, with what was left over there."""
    places = tf.constant([[0, 0], [2, 0]])
    held = [tf.zeros([2, 2], kind) for kind in (tf.float32, tf.int32, tf.int32)]
    state = State(DirectGenomes(tf.ones([2, 4, 6])), places, *held, tf.constant(1), tf.constant([7, 8], tf.int64))
    nobody = find_takeovers(History(*(np.zeros([0, 2, 2]) for _ in range(3))), np.zeros([2, 2]))
    kept = pack_result(state, nobody, (0, 1), 3)
    np.testing.assert_array_equal(kept["genome_genes"][..., 0], [[1, 0, 0], [1, 0, 1]])
    np.testing.assert_array_equal(kept["places"], places)


@pytest.fixture(scope="module")
def twelve_generations(make_small_network, tmp_path_factory) -> Evolution:
    folder = tmp_path_factory.mktemp("twelve")
    return evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=folder)


@pytest.mark.slow
def test_a_chunk_for_each_generation_gives_the_same_bytes(make_small_network, twelve_generations, monkeypatch):
    monkeypatch.setattr(evolving, "CHUNK", 1)
    assert_same(twelve_generations, evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5]))


@pytest.mark.slow
def test_blocks_of_runs_in_one_long_chunk_give_the_same_bytes_as_one_block_in_two(
    make_small_network, twelve_generations, monkeypatch, tmp_path
):
    monkeypatch.setattr(evolving, "BLOCK", 2)
    monkeypatch.setattr(evolving, "CHUNK", 50)
    blocks = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=tmp_path)
    assert_same(twelve_generations, blocks)
    assert [folder.path for folder in blocks.folders] == [blocks.folders[0].path] * 2 + [blocks.folders[2].path]
    assert blocks.folders[0] != blocks.folders[2]


def test_ten_and_ten_generations_are_twenty_and_history_is_what_each_of_them_ended_with(make_small_network):
    network, encoding = make_small_network(ODD), ENCODINGS["direct"]
    setup = Setup(Target(network, tuple(range(5))), encoding, 20, 7, None)
    advance = evolving.compile_advance(setup, 2)
    empty, _ = evolving.begin(setup, (1, 2))
    start, _ = advance(empty, tf.constant(1))
    once, history = advance(start, tf.constant(20))
    half, first = advance(start, tf.constant(10))
    twice, second = advance(half, tf.constant(10))
    tf.nest.map_structure(np.testing.assert_array_equal, once, twice)
    for whole, *halves in zip(history, first, second, strict=True):
        np.testing.assert_array_equal(whole, np.concatenate(halves))
    assert (first.champions.numpy() != second.champions.numpy()).any()
    states = [start]
    for _ in range(20):
        states.append(advance(states[-1], tf.constant(1))[0])
    run = evolve(network, encoding, generations=20, children=7, seeds=[1, 2])
    for told, field in zip(TOLD.items(), History._fields, strict=True):
        dense = np.stack([getattr(state, field) for state in states], axis=1)
        np.testing.assert_array_equal(run.unroll(*told), dense, err_msg=field)
    np.testing.assert_array_equal(run.history, run.unroll("log_odds", -np.inf))


def interrupt_after(monkeypatch: pytest.MonkeyPatch, checkpoints: int) -> None:
    """Make Ctrl-C arrive right after so many checkpoints were written."""
    save, written = RunFolder.save_checkpoint, []

    def save_and_stop(self: RunFolder, number: int, arrays: Any, seconds: float) -> None:
        save(self, number, arrays, seconds)
        written.append(number)
        if len(written) == checkpoints:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "save_checkpoint", save_and_stop)
    monkeypatch.setattr(evolving, "CHECKPOINT_SECONDS", 0.0)  # a checkpoint after every chunk, whatever it costs
    monkeypatch.setattr(evolving, "CHECKPOINT_SHARE", np.inf)


def refuse(*args: Any) -> Any:
    raise AssertionError("this should not have been computed again")


@pytest.fixture
def interrupted(make_small_network, tmp_path) -> Path:
    """Return a folder in which a run of twelve generations was stopped after checkpoints 3, 6, 9."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evolving, "CHUNK", 3)
        interrupt_after(patch, checkpoints=3)
        with pytest.raises(KeyboardInterrupt):
            evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=tmp_path)
    return tmp_path


def test_a_stopped_run_resumes_to_the_same_bytes(make_small_network, twelve_generations, interrupted, monkeypatch):
    assert [path.name for path in sorted(interrupted.glob("*/checkpoint*"))] == [
        "checkpoint-00000006.npz",
        "checkpoint-00000009.npz",
    ]  # the last two
    monkeypatch.setattr(evolving, "begin", refuse)
    resumed = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=interrupted)
    assert_same(twelve_generations, resumed)
    assert not list(interrupted.glob("*/checkpoint*"))


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    make_small_network, twelve_generations, interrupted, monkeypatch, capsys
):
    (newest,) = interrupted.glob("*/checkpoint-00000009.npz")
    newest.write_bytes(newest.read_bytes()[:-300])
    monkeypatch.setattr(evolving, "begin", refuse)
    assert_same(twelve_generations, evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=interrupted))
    assert "is damaged: checkpoint-00000006.npz is used instead." in capsys.readouterr().out


def change_checkpoint(path: Path, **changed: np.ndarray) -> None:
    """Change a checkpoint as one that was written before checkpoints were named, and is not known by its run."""
    arrays = {name: part for name, part in read_arrays(path).items() if name != "run"}
    write_arrays(path, {**arrays, **changed})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seeds": np.int64([3, 4, 6])}, "is of other seeds or of another generation"),
        ({"generation": np.int32(8)}, "is of other seeds or of another generation"),
        ({"log_odds": np.zeros([3, 6], np.float32)}, "holds arrays of other names, shapes or types than this run's"),
        ({"log_odds": np.zeros([3, 5])}, "holds arrays of other names, shapes or types than this run's"),
        ({"genes": np.zeros(3)}, "holds arrays of other names, shapes or types than this run's"),
        ({"places": np.full([3, 5], 5, np.int32)}, "holds values that no run has"),
        ({"log_odds": np.full([3, 5], np.nan, np.float32)}, "holds values that no run has"),
    ],
    ids=["seeds", "generation", "shape", "type", "name", "place", "NaN"],
)
def test_a_checkpoint_that_is_not_of_these_runs_is_refused_and_the_one_before_is_used(
    make_small_network, interrupted, capsys, changed, words
):
    setup = Setup(Target(make_small_network(ODD), tuple(range(5))), ENCODINGS["cppn"], 12, 7, interrupted)
    run = evolving.open_block(setup, (3, 4, 5))
    change_checkpoint(run.path / "checkpoint-00000009.npz")
    assert int(evolving._resume(run, setup, (3, 4, 5))[0].generation) == 9
    change_checkpoint(run.path / "checkpoint-00000009.npz", **changed)
    assert int(evolving._resume(run, setup, (3, 4, 5))[0].generation) == 6
    assert f"{words}: checkpoint-00000006.npz is used instead.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("places", lambda part: part + 5),
        ("log_odds", lambda part: part[:, 1:]),
        ("log_odds", lambda part: part.astype(np.float64)),
        ("log_odds", lambda part: np.full_like(part, np.nan)),
        ("log_odds", lambda part: part.astype(str)),
        ("takeover_run", lambda part: part + 3),
        ("takeover_cell", lambda part: np.full_like(part, -1)),
        ("takeover_champion", lambda part: part[:, None]),
        ("genome_weights", lambda part: part.astype(np.float64)),
        ("classes", lambda part: None),
    ],
)
def test_a_result_that_no_run_has_is_refused_in_one_sentence(
    make_small_network, twelve_generations, tmp_path, name, change
):
    (folder,) = {run.path for run in twelve_generations.folders}
    copy = shutil.copytree(folder, tmp_path / folder.name)
    arrays = read_arrays(copy / "result.npz")
    changed = change(arrays.pop(name))
    write_arrays(copy / "result.npz", arrays | ({} if changed is None else {name: changed}))
    with pytest.raises(DamagedError, match=rf"{folder.name}/result.npz .*; delete that folder to run again\.$"):
        evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=tmp_path)


def test_a_finished_run_is_loaded_and_not_computed_again(make_small_network, twelve_generations, monkeypatch):
    for name in ("begin", "compile_advance", "advance_many"):
        monkeypatch.setattr(evolving, name, refuse)
    folder = twelve_generations.folders[0].path.parent
    again = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=folder)
    assert_same(twelve_generations, again)
    assert again.folders == twelve_generations.folders


def test_more_generations_continue_a_finished_shorter_run_to_the_same_bytes(
    make_small_network, twelve_generations, monkeypatch, tmp_path
):
    evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], generations=4, folder=tmp_path)
    shorter = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], generations=7, folder=tmp_path)
    shorter.folders[0].add_seconds(5_000.0)  # far more than the generations that are added
    monkeypatch.setattr(evolving, "begin", refuse)
    longer = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], folder=tmp_path)
    assert_same(twelve_generations, longer)
    assert longer.folders[0].seconds >= shorter.folders[0].seconds > 5_000.0
    assert len({folder.name.rsplit("-", 1)[0] for folder in tmp_path.iterdir()}) == 1
    monkeypatch.setattr(evolving, "compile_advance", refuse)
    again = evolve_some(make_small_network, ENCODINGS["cppn"], [3, 4, 5], generations=7, folder=tmp_path)
    assert_same(shorter, again)


def test_graph_is_traced_once_for_all_seeds_and_lengths_and_again_for_another_search(make_small_network, tmp_path):
    def traced(**changed: Any) -> int:
        before = evolving.compile_advance.cache_info().misses
        given = {"generations": 2, "children": 7, "seeds": [1], "folder": tmp_path}
        evolve(network, ENCODINGS["direct"], **given | changed)
        return evolving.compile_advance.cache_info().misses - before

    network = make_small_network(ENCODINGS["direct"].image_shape)
    assert [traced(), traced(seeds=[2]), traced(generations=4), traced(folder=None)] == [1, 0, 0, 0]
    assert [traced(children=8), traced(classes=[0, 2]), traced(search=SearchSettings(mutations=2))] == [1, 1, 1]


def test_a_finished_search_is_loaded_from_its_folders_without_its_network(twelve_generations):
    loaded = load_evolution([*twelve_generations.folders, twelve_generations.folders[0]])
    assert_same(twelve_generations, loaded)
    assert loaded.encoding == twelve_generations.encoding and loaded.classes == twelve_generations.classes
    assert (loaded.generations, loaded.children) == (12, 7)
    missing = RunFolder(twelve_generations.folders[0].path.parent / "cppn-0-0-1")
    with pytest.raises(ValueError, match=r"^The run cppn-0-0-1 is not there or not finished; run its page again\.$"):
        load_evolution([missing])


@pytest.mark.parametrize(
    ("shape", "children", "block"),
    [((28, 28, 1), 200, 10), ((224, 224, 3), 20, 2), ((227, 227, 3), 400, 1)],
    ids=["digits", "a short search", "the paper's search"],
)
def test_runs_stand_side_by_side_where_their_images_are_small(shape, children, block):
    assert evolving.find_block(Setup(None, DirectEncoding(shape), 5, children, None)) == block


CHILD = """
import sys, time
from pathlib import Path
from fooling.encodings.direct import DirectEncoding
from fooling.evolution import evolve as evolving
from fooling.evolution.evolve import evolve
from fooling.networks.classifier import load_classifier
from fooling.runs import RunFolder

evolving.CHECKPOINT_SECONDS, evolving.CHECKPOINT_SHARE = 0.0, float("inf")
save = RunFolder.save_checkpoint
RunFolder.save_checkpoint = lambda *args: (save(*args), time.sleep(0.3))
folder = Path(sys.argv[1])
evolve(load_classifier(folder / "network.keras"), DirectEncoding((15, 13, 1)), generations=80, children=7,
       seeds=[1, 2], folder=folder)
"""


KILLED = {"generations": 80, "children": 7, "seeds": [1, 2]}  # the child's search


def begin_and_kill(make_small_network: Any, tmp_path: Path, **environment: str) -> Classifier:
    """Kill a child after its first checkpoints; return its network."""
    make_small_network(ODD).model.save(tmp_path / "network.keras")
    environment = {**os.environ, "PYTHONPATH": str(Path(fooling.__file__).parents[1]), **environment}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("*/checkpoint-00000020.npz")):
        assert child.poll() is None and time.monotonic() < deadline, "the child ended or hangs"
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not list(tmp_path.glob("*/result.npz"))
    return load_classifier(tmp_path / "network.keras")


@pytest.mark.slow
def test_a_run_that_was_killed_resumes_to_the_same_bytes(make_small_network, monkeypatch, tmp_path):
    classifier = begin_and_kill(make_small_network, tmp_path)
    whole = evolve(classifier, ENCODINGS["direct"], **KILLED)
    monkeypatch.setattr(evolving, "begin", refuse)
    assert_same(whole, evolve(classifier, ENCODINGS["direct"], **KILLED, folder=tmp_path))


@pytest.mark.slow
def test_a_run_that_was_killed_on_other_threads_begins_anew_says_so_and_is_continued_by_the_option(
    make_small_network, monkeypatch, tmp_path, capsys
):
    threads = str(1 + count_threads())
    classifier = begin_and_kill(make_small_network, tmp_path, TF_NUM_INTRAOP_THREADS=threads)
    (theirs,) = (path.parent for path in tmp_path.glob("*/checkpoint-00000020.npz"))
    shutil.copytree(theirs, tmp_path / "apart" / theirs.name)
    run = evolve(classifier, ENCODINGS["direct"], **KILLED, folder=tmp_path)
    assert f"{theirs.name}, begun with other threads ({threads}, here " in capsys.readouterr().out
    assert_same(evolve(classifier, ENCODINGS["direct"], **KILLED), run)
    assert run.folders[0].path != theirs
    monkeypatch.setenv(ANY_ARITHMETIC, "1")
    monkeypatch.setattr(evolving, "begin", refuse)
    continued = evolve(classifier, ENCODINGS["direct"], **KILLED, folder=tmp_path / "apart")
    assert [f"threads {threads}" in machine for machine in continued.folders[0].machines] == [True, False]


def test_another_network_setting_or_seed_is_another_folder(make_small_network, tmp_path):
    encoding = DirectEncoding(ODD)
    network = make_small_network(ODD)
    base = {
        "target": Target(network, (0, 1, 2, 3)),
        "encoding": encoding,
        "generations": 9,
        "children": 7,
        "folder": tmp_path,
    }
    others = [
        {"target": Target(make_small_network(ODD, classes=4), (0, 1, 2, 3))},
        {"target": Target(network, (0, 1, 2, 4))},
        {"target": Target(network, (0, 1, 3, 2))},
        {"encoding": DirectEncoding(ODD, halving=False)},
        {"encoding": RandomSearch(encoding)},
        {"generations": 10},
        {"children": 8},
    ]
    folders = {evolving.open_block(Setup(**{**base, **other}), (1, 2)).path for other in [{}, *others]}
    folders.add(evolving.open_block(Setup(**base), (1, 3)).path)
    assert len(folders) == len(others) + 2
    assert evolving.open_block(Setup(**base), (1, 2)).path in folders


WRONG_CLASSES = ([], [5], [-1], [0, 1.0], ["4"], 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"children": 0}, "whole number of children, at least 1, but 0"),
        ({"children": 2.5}, "whole number of children, at least 1, but 2.5"),
        ({"generations": 0}, "whole number of generations, at least 1, but 0"),
        ({"seeds": []}, "whole numbers .*, at least one"),
        ({"seeds": [2**63]}, "Seeds are different whole numbers"),
        ({"seeds": 5}, "Seeds are different whole numbers"),
        ({"seeds": [1, 2, 1]}, "Seeds are different whole numbers"),
        ({"encoding": DirectEncoding((14, 13, 1))}, r"\(14, 13, 1\), but the network takes \(15, 13, 1\)"),
        *(({"classes": classes}, "^Classes are whole numbers from 0 to 4, at least one") for classes in WRONG_CLASSES),
        ({"classes": [1, 2, 1]}, r"^A class was named twice, but it has one cell\.$"),
    ],
    ids=[
        "children",
        "half a child",
        "generations",
        "no seeds",
        "huge seed",
        "a number of seeds",
        "equal seeds",
        "shape",
        *(f"classes {classes}" for classes in WRONG_CLASSES),
        "equal classes",
    ],
)
def test_an_impossible_request_is_refused_in_one_sentence(make_small_network, change, message):
    request = {"encoding": DirectEncoding(ODD), "generations": 1, "children": 1, "seeds": [1], **change}
    with pytest.raises(ValueError, match=message) as refused:
        evolve(make_small_network(ODD), **request)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_cells_for_some_classes_have_the_whole_networks_log_odds_in_the_order_asked_for(make_small_network):
    network = make_small_network(ODD)
    request = {"encoding": ENCODINGS["direct"], "generations": 4, "children": 7, "seeds": [1, 2]}
    run = evolve(network, **request, classes=[4, np.int64(1)])
    assert run.classes == (4, 1) and run.images.shape == (2, 2, *ODD)
    every = np.stack([network.score(images) for images in run.images])  # (runs, cells, classes)
    np.testing.assert_allclose(run.log_odds, every[:, [0, 1], [4, 1]], rtol=1e-5, atol=1e-5)
    alone = every[:, [0, 1], [4, 1]] - every[:, [0, 1], [1, 4]]
    assert (np.abs(run.log_odds - alone) > 0.1).all()  # a softmax of these two classes would give other numbers
    whole = evolve(network, **request)
    np.testing.assert_array_equal(run.history[:, 0], whole.history[:, 0, [4, 1]])  # the same random images
    assert (run.history[:, -1] != whole.history[:, -1, [4, 1]]).any()  # another search


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.slow
def test_one_child_and_one_run_are_enough(make_small_network, name):
    encoding = ENCODINGS[name]
    run = evolve(make_small_network(encoding.image_shape), encoding, generations=2, children=1, seeds=[2**40])
    assert run.log_odds.shape == (1, 5) and np.isfinite(run.log_odds).all()
    assert all(part.shape[:2] == (1, 1 + run.places.max()) for part in run.genomes)


def test_a_network_that_gives_nan_for_every_image_is_refused_by_the_class(tmp_path):
    inputs = layers.Input(ODD)
    model = keras.Model(inputs, layers.Dense(3, bias_initializer="ones")(layers.Flatten()(inputs)))
    weights, _ = model.get_weights()
    model.set_weights([weights, np.float32([0, 0, np.nan])])
    classifier = Classifier(model, ("cat", "dog", "owl"), "broken")
    with pytest.raises(ValueError, match=r"broken gives NaN for every random image in class cat, dog, owl\.$"):
        evolve(classifier, DirectEncoding(ODD), generations=1, children=3, seeds=[1], folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_an_oserror(make_small_network, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        evolve_some(make_small_network, DirectEncoding(ODD), [1], folder=tmp_path / "file")


class OwnEncoding(DirectEncoding):
    """An encoding from outside the package."""

    name = "own"
    version = 1


class OtherOwnEncoding(DirectEncoding):
    """The same but for one operator."""

    name = "own"
    version = 1

    def express(self, genomes):
        return 1.0 - super().express(genomes)


def test_an_encoding_of_ones_own_is_told_apart_by_what_its_class_does(make_small_network, tmp_path):
    target = Target(make_small_network(ODD), (0,))
    first, again, other = (
        evolving.open_block(Setup(target, encoding(ODD), 1, 2, tmp_path), (1,)).path
        for encoding in (OwnEncoding, OwnEncoding, OtherOwnEncoding)
    )
    assert first == again != other


class BranchingEncoding(DirectEncoding):
    """Mutates bright populations only, which it decides by a tensor."""

    name = "branching"

    def mutate(self, genomes, seeds, generation):
        if tf.reduce_mean(genomes.genes) > 2.0:
            return super().mutate(genomes, seeds, generation)
        return genomes


def test_an_encoding_of_ones_own_may_branch_on_what_it_computes():
    encoding, seeds = BranchingEncoding(ODD), tf.constant([[1, 1]], tf.int64)
    random = encoding.initialise(4, seeds)
    children = compile_vary(SearchSettings(), encoding, 4)(random, seeds, tf.constant(1))
    np.testing.assert_array_equal(children.genes, random.genes, "no population is that bright")


def test_the_bar_tells_the_median_so_far(lenet: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = evolve(lenet, DirectEncoding((28, 28, 1)), generations=12, children=10, seeds=[0])
    told = capsys.readouterr().out
    assert "evolving direct" in told and f"median {show_confidence(float(np.median(run.confidences)))}]" in told
