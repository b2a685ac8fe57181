"""A run's folder: its key knows what its bytes depend on, and nothing half-written is ever read as whole."""

from __future__ import annotations

import json
import os
import pickle
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling import files, runs
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_search import RandomSearch
from fooling.evolution import evolve
from fooling.files import read_arrays, write_arrays, write_atomically, write_json
from fooling.networks import lenet
from fooling.runs import RunFolder, hash_source, open_page, open_run

SOURCE = """
def mutate(gene, step):
    return min(max(gene + step, 0.0), 1.0)


class Cell:
    size = 3
"""


def hash_of(folder: Path, source: str) -> str:
    path = folder / "operator.py"
    path.write_text(source, encoding="utf-8")
    return hash_source(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return", "    # The bounds are the paper's.\n    return"),
        ("    return", '    """Move a gene."""\n    return'),
        ("    size", '    """A cell."""\n\n    size'),
        ("\ndef", '"""A module."""\n\n\n\ndef'),
        ("min(max(gene + step, 0.0), 1.0)", "min(\n        max(gene + step, 0.0),\n        1.0,\n    )"),
        ("= 3", "=  3  # three"),
    ],
    ids=["comment", "docstring of a function", "of a class", "of a module", "layout", "spaces"],
)
def test_words_and_layout_leave_a_files_hash_as_it_is(tmp_path, old, new):
    assert old in SOURCE
    assert hash_of(tmp_path, SOURCE.replace(old, new, 1)) == hash_of(tmp_path, SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ step", "- step"),
        ("1.0", "1.5"),
        ("gene, step", "step, gene"),
        ("= 3", "= '3'"),
        ("min(", "max("),
        ("Cell", "Box"),
    ],
)
def test_a_changed_operator_number_or_name_changes_a_files_hash(tmp_path, old, new):
    assert hash_of(tmp_path, SOURCE.replace(old, new, 1)) != hash_of(tmp_path, SOURCE)


def test_a_string_that_is_used_is_no_docstring(tmp_path):
    first, second = (f"def name():\n    return '{word}'\n" for word in ("hls", "hsv"))
    assert hash_of(tmp_path, first) != hash_of(tmp_path, second)


@pytest.fixture
def result_code(monkeypatch, tmp_path) -> Path:
    """Return a package of two files, of which one makes results."""
    (tmp_path / "encodings").mkdir()
    (tmp_path / "encodings" / "direct.py").write_text("RATE = 0.1\n")
    (tmp_path / "figures.py").write_text("COLOUR = 'blue'\n")
    monkeypatch.setattr(runs, "PACKAGE", tmp_path)
    yield tmp_path
    runs.hash_code.cache_clear()


def hash_again() -> str:
    runs.hash_code.cache_clear()
    return runs.hash_code(("encodings",))


def test_the_key_follows_what_makes_results_and_not_what_draws_them(result_code):
    before = hash_again()
    (result_code / "figures.py").write_text("COLOUR = 'red'\n")
    (result_code / "encodings" / "direct.py").write_text("RATE = 0.1  # the paper's\n")
    assert hash_again() == before
    (result_code / "encodings" / "direct.py").write_text("RATE = 0.2\n")
    assert hash_again() != before


def test_a_renamed_or_added_file_of_result_code_changes_the_key(result_code):
    before = hash_again()
    (result_code / "encodings" / "direct.py").rename(result_code / "encodings" / "pixels.py")
    renamed = hash_again()
    (result_code / "encodings" / "other.py").write_text("")
    assert len({before, renamed, hash_again()}) == 3


SHAPE = (5, 5, 1)
MAKERS = {
    "a network": (["networks/lenet.py"], lenet.CODE),
    "direct": (["evolution/evolve.py", "encodings/direct.py"], (*evolve.CODE, *DirectEncoding.code)),
    "cppn": (["evolution/evolve.py", "encodings/cppn.py"], (*evolve.CODE, *CppnEncoding.code)),
    "random": (
        ["evolution/evolve.py", "encodings/random_search.py", "encodings/cppn.py"],
        (*evolve.CODE, *RandomSearch(CppnEncoding(SHAPE)).code),
    ),
}


@pytest.mark.parametrize(("starts", "code"), MAKERS.values(), ids=MAKERS)
def test_whatever_makes_the_bytes_of_a_run_is_in_its_key(starts, code):
    # A classifier and its digits are in the settings as hashes of weights and images; runs.py only stores, and
    # evolution.py only reads and draws.
    elsewhere = {"runs.py", "profiles.py", "datasets.py", "images.py", "networks/classifier.py"} - set(code)
    elsewhere |= {"evolution/evolution.py"}
    listed = {path for part in code for path in (runs.PACKAGE / part).rglob("*.py")} | {
        runs.PACKAGE / part for part in code
    }
    reached, waiting = set(), [runs.PACKAGE / start for start in starts]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            named = re.findall(r"^(?:from|import) (fooling[.\w]*)(?: import (.*))?", path.read_text(), re.MULTILINE)
            modules = [base for base, _ in named] + [
                f"{base}.{name.strip()}" for base, names in named for name in names.split(",")
            ]
            candidates = [runs.PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py") for module in modules]
            waiting += [file for file in candidates if file.is_file()]
    needed = {path for path in reached if path.relative_to(runs.PACKAGE).as_posix() not in elsewhere}
    assert needed <= listed
    assert all((runs.PACKAGE / part).exists() for part in code)


CODE = ("encodings",)
SETTINGS = {"generations": 10, "children": 7, "seeds": [1, 2], "encoding": {"halving": True}}


@pytest.mark.parametrize(
    "change",
    [{"generations": 11}, {"children": 8}, {"seeds": [2, 1]}, {"encoding": {"halving": False}}, {"more": 1}],
    ids=str,
)
def test_each_setting_is_part_of_the_key(tmp_path, change):
    first = open_run(tmp_path, "direct", SETTINGS, CODE)
    assert open_run(tmp_path, "direct", {**SETTINGS, **change}, CODE).path != first.path
    assert open_run(tmp_path, "direct", dict(reversed(SETTINGS.items())), CODE).path == first.path


@pytest.mark.parametrize(
    ("name", "value"),
    [("count_threads", lambda: 99), ("hash_code", lambda code: "0"), ("version", lambda name: "9.9")],
)
def test_threads_code_and_tensorflow_are_part_of_the_key(tmp_path, monkeypatch, name, value):
    first = open_run(tmp_path, "direct", SETTINGS, CODE)
    monkeypatch.setattr(runs, name, value)
    assert open_run(tmp_path, "direct", SETTINGS, CODE).path != first.path


def test_a_folder_says_what_it_was_made_with(tmp_path):
    run = open_run(tmp_path, "direct", SETTINGS, CODE)
    written = json.loads((run.path / "settings.json").read_text())
    assert SETTINGS.items() <= written.items()
    assert {"code", "threads", "tensorflow"} <= set(written)
    assert run.path.name.startswith("direct-")


@pytest.mark.parametrize("content", ["new" * 100_000, b"new", lambda file: file.write(b"new")], ids=type)
def test_a_write_that_dies_half_way_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, content):
    path = tmp_path / "result.json"
    write_atomically(path, "old")

    def die(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, content)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_reaches_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "result.json", []
    write_atomically(path, "old")
    sync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (sync(handle), seen.append((path.read_text(), os.fstat(handle).st_size)))
    )
    write_atomically(path, "newer")
    assert seen == [("old", 5)]
    assert path.read_text() == "newer"


def test_a_function_writes_what_a_file_then_holds_and_one_that_fails_leaves_the_old(tmp_path):
    path = tmp_path / "result.npz"
    write_atomically(path, lambda file: [file.write(part) for part in (b"first, ", b"second")])
    with pytest.raises(ZeroDivisionError):
        write_atomically(path, lambda file: file.write(b"half") / 0)
    assert path.read_bytes() == b"first, second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_others_may_read_is_written_and_folders_are_made(tmp_path):
    path = tmp_path / "deep" / "down" / "metrics.json"
    write_json(path, {"b": 1, "a": [1.5]})
    assert json.loads(path.read_text()) == {"a": [1.5], "b": 1}
    assert path.stat().st_mode & 0o777 == 0o644


ARRAYS = {
    "a": np.arange(50, dtype=np.int32),
    "b": np.linspace(-1, 1, 7, dtype=np.float32).reshape(7, 1),
    "c": np.array(3),
}


@pytest.mark.parametrize("compress", [True, False])
def test_arrays_come_back_as_they_were(tmp_path, compress):
    write_arrays(tmp_path / "x.npz", ARRAYS, compress)
    found = read_arrays(tmp_path / "x.npz")
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


def test_a_file_cut_at_any_place_is_refused_by_its_name(tmp_path):
    path = tmp_path / "checkpoint.npz"
    write_arrays(path, ARRAYS)
    whole = path.read_bytes()
    for length in (0, 1, 4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"checkpoint\.npz is damaged; delete that folder to run again"):
            read_arrays(path)


@pytest.mark.parametrize("compress", [True, False])
def test_a_flipped_byte_is_refused_or_changes_nothing(tmp_path, compress):
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS, compress)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for mask in (0xFF, 1, 8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])
            try:
                found = read_arrays(path)
            except ValueError:
                continue
            for name in set(found) & set(ARRAYS):  # a flipped name or date is not data
                np.testing.assert_array_equal(found[name], ARRAYS[name])


class Explosive:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was executed",))


def test_nothing_pickled_is_ever_executed(tmp_path):
    np.savez(tmp_path / "object.npz", a=np.array([Explosive()], dtype=object))
    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Explosive()))
    for name in ("object.npz", "plain.npz"):
        with pytest.raises(ValueError, match="is damaged"):
            read_arrays(tmp_path / name)


def test_the_last_two_checkpoints_are_kept_and_the_newest_is_loaded(tmp_path):
    run = RunFolder(tmp_path)
    assert run.load_checkpoint() is None
    for number in (9, 10, 100):
        run.save_checkpoint(number, {"a": np.array(number)})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-00000010.npz", "checkpoint-00000100.npz"]
    number, arrays = run.load_checkpoint()
    assert (number, int(arrays["a"])) == (100, 100)


def test_a_damaged_checkpoint_is_named_and_passed_over(tmp_path, capsys):
    run = RunFolder(tmp_path)
    for number in (1, 2):
        run.save_checkpoint(number, {"a": np.array(number)})
    (tmp_path / "checkpoint-00000002.npz").write_bytes(b"half")
    assert run.load_checkpoint()[0] == 1
    assert "Passing over a damaged checkpoint: checkpoint-00000002.npz" in capsys.readouterr().out
    (tmp_path / "checkpoint-00000001.npz").write_bytes(b"")
    assert run.load_checkpoint() is None


def test_a_result_replaces_the_checkpoints_and_says_where_it_came_from(tmp_path):
    run = RunFolder(tmp_path)
    assert run.load_result() is None
    run.save_checkpoint(1, {"a": np.array(1)})
    run.save_result({"a": np.array(5)}, seconds=12.34)
    assert int(run.load_result()["a"]) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["provenance.json", "result.npz"]
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["seconds"] == 12.3
    assert {"python", "tensorflow", "keras", "numpy", "machine", "threads"} <= set(provenance)


def test_a_damaged_result_is_an_error_and_is_not_computed_over(tmp_path):
    (tmp_path / "result.npz").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"result\.npz is damaged"):
        RunFolder(tmp_path).load_result()


def test_a_page_writes_its_metrics_with_the_runs_that_it_drew_from(tmp_path, monkeypatch):
    monkeypatch.setenv("FOOLING_RESULTS", str(tmp_path))
    page = open_page("02_mnist_direct", "smoke")
    folders = [RunFolder(page.runs / name) for name in ("direct-b", "direct-a")]
    page.write_metrics({"median": 0.9999}, folders)
    written = json.loads((tmp_path / "smoke" / "metrics" / "02_mnist_direct.json").read_text())
    assert written == {"median": 0.9999, "runs": ["direct-a", "direct-b"]}


def test_an_unknown_profile_is_refused_and_the_known_ones_named():
    with pytest.raises(ValueError, match="no profile 'huge'; choose one of smoke, default, extended, paper"):
        open_page("02_mnist_direct", "huge")


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []
    held = threading.Event()

    def wait_for_it() -> None:
        held.wait()
        with files.lock_folder(tmp_path):
            order.append("second")

    other = threading.Thread(target=wait_for_it)
    other.start()
    with files.lock_folder(tmp_path):
        held.set()
        other.join(timeout=0.2)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]
