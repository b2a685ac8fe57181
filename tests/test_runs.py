"""A run's folder: its key knows what its bytes depend on, and whatever was computed is computed once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import fooling.arithmetic
from fooling import runs
from fooling.files import DamagedError, lock_folder, write_arrays
from fooling.runs import RunFolder, compute_once, describe_cost, find_shorter, open_run

SETTINGS = {"generations": 10, "children": 7, "seeds": [1, 2], "encoding": {"halving": True}}


@pytest.fixture(autouse=True)
def arithmetic(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what decides the last bits of sums on the machine of these tests, for a test to change."""
    machine: dict[str, object] = {"threads": 2, "tensorflow": "2.21.0", "instructions": "AVX2", "device": "CPU"}
    monkeypatch.setattr(fooling.arithmetic, "describe", lambda: dict(machine))
    monkeypatch.delenv(runs.ANY_ARITHMETIC, raising=False)
    return machine


@pytest.mark.parametrize(
    "change",
    [{"generations": 11}, {"children": 8}, {"seeds": [2, 1]}, {"encoding": {"halving": False}}, {"more": 1}],
    ids=str,
)
def test_each_setting_is_part_of_the_key_and_their_order_is_not(tmp_path, change):
    first = open_run(tmp_path, "direct", SETTINGS, 1)
    assert open_run(tmp_path, "direct", {**SETTINGS, **change}, 1).path != first.path
    assert open_run(tmp_path, "direct", dict(reversed(SETTINGS.items())), 1) == first


def test_label_version_and_length_are_part_of_a_folders_name(tmp_path):
    names = {
        open_run(tmp_path, label, SETTINGS, version, length).path.name
        for label, version, length in [("direct", 1, None), ("cppn", 1, None), ("direct", 2, None), ("direct", 1, 9)]
    }
    assert len(names) == 4
    assert open_run(tmp_path, "direct", SETTINGS, 1).path.name + "-9" in names


@pytest.mark.parametrize("name", ["threads", "tensorflow", "instructions", "device"])
def test_arithmetic_is_the_third_part_of_a_folders_name(tmp_path, arithmetic, name):
    first = open_run(tmp_path, "random-cppn", SETTINGS, 1).path.name
    arithmetic[name] = "another"
    second = open_run(tmp_path, "random-cppn", SETTINGS, 1).path.name
    assert first.rsplit("-", 1)[0] == second.rsplit("-", 1)[0] and first != second
    assert second.endswith(f"-{fooling.arithmetic.get_hash()}")


def test_arithmetic_names_threads_versions_instructions_and_device(monkeypatch):
    monkeypatch.undo()
    fooling.arithmetic.describe.cache_clear()
    found = fooling.arithmetic.describe()
    assert set(found) == {"threads", "tensorflow", "onednn", "instructions", "device"}
    assert found["threads"] == fooling.arithmetic.count_threads() and found["instructions"]


def test_each_thing_that_rounds_otherwise_is_another_arithmetic(monkeypatch):
    before = fooling.arithmetic.describe_processor()
    changes = {"TF_NUM_INTRAOP_THREADS": "threads", "TF_ENABLE_ONEDNN_OPTS": "onednn"}
    for variable, name in {**changes, "ONEDNN_MAX_CPU_ISA": "instructions"}.items():
        with monkeypatch.context() as patch:
            patch.setenv(variable, "77")
            after = fooling.arithmetic.describe_processor()
            assert {key for key in before if before[key] != after[key]} == {name} and str(after[name]) == "77"
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3, 4}, raising=False)
    assert fooling.arithmetic.describe_processor()["threads"] == 5


def test_a_run_begun_on_other_arithmetic_is_continued_only_where_that_is_asked_for_and_is_a_third_result(
    tmp_path, monkeypatch, arithmetic, capsys
):
    def open_it() -> RunFolder:
        return open_run(tmp_path, "cppn", SETTINGS, 1, 250)

    theirs = open_it()
    theirs.save_checkpoint(100, {"a": np.array(1)}, seconds=60.0)
    arithmetic["threads"] = 64
    ours = open_it()
    assert ours != theirs and ours.load_checkpoint(take) is None
    how = f"where {runs.HOW_TO_TAKE}"
    said = f"{theirs.path.name}, begun with other threads (2, here 64), is not continued here; it is {how}.\n"
    assert capsys.readouterr().out == said
    assert open_it() == ours and not capsys.readouterr().out, "said once"

    shutil.rmtree(ours.path)
    monkeypatch.setenv(runs.ANY_ARITHMETIC, "1")
    assert open_it() == theirs and theirs.load_checkpoint(take)[0] == 100
    finish(theirs)
    assert open_it() == theirs and find_shorter(open_run(tmp_path, "cppn", SETTINGS, 1, 300), 300) == theirs
    monkeypatch.delenv(runs.ANY_ARITHMETIC)
    arithmetic["threads"] = 2
    sentence = rf"^{theirs.path.name} was in part computed with other threads \(64, here 2\), so it is not what this"
    with pytest.raises(ValueError, match=sentence):
        open_it()
    with pytest.raises(ValueError, match=sentence):
        find_shorter(open_run(tmp_path, "cppn", SETTINGS, 1, 300), 300)


@pytest.mark.parametrize("length", [None, 250])
def test_runs_of_other_machines_are_taken_only_where_that_is_asked_for(tmp_path, monkeypatch, arithmetic, length):
    theirs = open_run(tmp_path, "cppn", SETTINGS, 1, length)
    arithmetic["threads"] = 64
    monkeypatch.setenv(runs.ANY_ARITHMETIC, "1")
    assert open_run(tmp_path, "cppn", SETTINGS, 1, length) == theirs
    assert open_run(tmp_path, "cppn", SETTINGS, 2, length) != theirs, "another version is another run"
    monkeypatch.delenv(runs.ANY_ARITHMETIC)
    ours = open_run(tmp_path, "cppn", SETTINGS, 1, length)
    assert ours != theirs
    monkeypatch.setenv(runs.ANY_ARITHMETIC, "1")
    assert open_run(tmp_path, "cppn", SETTINGS, 1, length) == ours, "one's own comes first"


def test_a_folder_says_what_it_was_made_with(tmp_path):
    run = open_run(tmp_path, "direct", SETTINGS, 3, 250)
    written = json.loads((run.path / "settings.json").read_text())
    assert run.settings == written["settings"] == SETTINGS
    assert (written["version"], written["length"]) == (3, 250)
    assert written["arithmetic"]["threads"] == 2


def finish(run: RunFolder, seconds: float = 1.0) -> RunFolder:
    run.save_result({"a": np.array(1)}, seconds)
    return run


def test_a_longer_run_finds_the_longest_shorter_one_that_is_finished(tmp_path, arithmetic):
    def open_length(length: int, label: str = "cppn", version: int = 1) -> RunFolder:
        return open_run(tmp_path, label, SETTINGS, version, length)

    assert find_shorter(open_length(200), 200) is None
    for length in (9, 100, 300):
        finish(open_length(length))
    open_length(150)  # begun
    finish(open_length(160, version=2))
    finish(open_length(170, label="random-cppn"))
    assert find_shorter(open_length(200), 200) == open_length(100), "lengths are numbers: 9 is not above 100"
    assert find_shorter(open_length(100), 100) == open_length(9)
    arithmetic["threads"] = 64
    assert find_shorter(open_length(200), 200) is None


def test_what_is_kept_is_not_computed_again(tmp_path):
    counted = []

    def compute() -> dict[str, np.ndarray]:
        counted.append(1)
        return {"a": [1.5, 2.5], "b": np.int32(3)}

    first, run = compute_once(tmp_path, "measured", SETTINGS, 1, compute)
    again, same = compute_once(tmp_path, "measured", SETTINGS, 1, lambda: pytest.fail("computed again"))
    assert run == same and run is not None and run.seconds >= 0
    assert first.keys() == again.keys() == {"a", "b"}
    assert all(first[name].dtype == again[name].dtype and np.array_equal(first[name], again[name]) for name in first)
    compute_once(tmp_path, "measured", SETTINGS, 2, compute)
    compute_once(tmp_path, "measured", {**SETTINGS, "children": 8}, 1, compute)
    assert len(counted) == 3


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays, run = compute_once(None, "measured", SETTINGS, 1, lambda: {"a": 1})
    assert run is None and arrays["a"].shape == () and not list(tmp_path.iterdir())


def test_what_fails_half_way_keeps_nothing_that_looks_finished(tmp_path):
    with pytest.raises(ZeroDivisionError):
        compute_once(tmp_path, "measured", SETTINGS, 1, lambda: {"a": 1 / 0})
    assert open_run(tmp_path, "measured", SETTINGS, 1).load_result() is None


def test_cost_includes_inner_runs_that_were_finished_before(tmp_path):
    inner: list[RunFolder] = []

    def compute() -> dict[str, int]:
        inner.append(finish(open_run(tmp_path, "inner", SETTINGS, 1), seconds=500.0))
        return {"a": 1}

    _, run = compute_once(tmp_path, "outer", SETTINGS, 1, compute, inner)
    assert run is not None and run.seconds == 500.0


def take(number: int, arrays: dict[str, np.ndarray]) -> tuple[int, dict[str, np.ndarray]]:
    """Take any checkpoint."""
    return number, arrays


def test_the_last_two_checkpoints_are_kept_and_the_newest_is_loaded(tmp_path):
    run = RunFolder(tmp_path)
    assert run.load_checkpoint(take) is None
    for number in (9, 10, 100):
        run.save_checkpoint(number, {"a": np.array(number)}, seconds=1.0)
    names = {"checkpoint-00000010.npz", "checkpoint-00000100.npz", "provenance.json"}
    assert {path.name for path in tmp_path.iterdir()} == names
    number, arrays = run.load_checkpoint(take)
    assert (number, int(arrays["a"]), run.seconds) == (100, 100, 3.0)
    assert set(arrays) == {"a"}


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(tmp_path, capsys):
    run = RunFolder(tmp_path / "cppn-0123-4567")
    for number in (1, 2):
        run.save_checkpoint(number, {"a": np.array(number)}, seconds=1.0)
    (run.path / "checkpoint-00000002.npz").write_bytes(b"half")
    assert run.load_checkpoint(take)[0] == 1
    said = "checkpoint-00000002.npz of cppn-0123-4567 is damaged: checkpoint-00000001.npz is used instead.\n"
    assert capsys.readouterr().out == said
    (run.path / "checkpoint-00000001.npz").write_bytes(b"")
    assert run.load_checkpoint(take) is None
    said = "checkpoint-00000001.npz of cppn-0123-4567 is damaged: there is none before it.\n"
    assert capsys.readouterr().out == said


def test_a_file_that_is_called_almost_like_a_checkpoint_is_passed_over(tmp_path):
    run = RunFolder(tmp_path)
    others = [tmp_path / name for name in ("checkpoint-zzz.npz", "checkpoint-00000010.npz.npz")]
    for other in others:
        other.write_bytes(b"half")
    for number in (1, 2, 3):
        run.save_checkpoint(number, {"a": np.array(number)}, seconds=1.0)
    assert run.load_checkpoint(take)[0] == 3
    assert all(other.exists() for other in others)


@pytest.mark.parametrize("of_another", [False, True])
def test_settings_that_are_damaged_are_written_again(tmp_path, monkeypatch, arithmetic, of_another):
    path = open_run(tmp_path, "measured", SETTINGS, 1).path
    whole = json.loads((path / "settings.json").read_text())
    (path / "settings.json").write_bytes(b"{")
    if of_another:  # whose arithmetic this machine does not know
        arithmetic["threads"] = 3
        monkeypatch.setenv(runs.ANY_ARITHMETIC, "1")
        del whole["arithmetic"]
    assert open_run(tmp_path, "measured", SETTINGS, 1).path == path
    assert json.loads((path / "settings.json").read_text()) == whole


def test_a_checkpoint_of_another_run_is_refused_by_name_and_one_without_a_name_is_judged_by_what_it_holds(
    tmp_path, capsys
):
    run, other = RunFolder(tmp_path / "cppn-0123-4567"), RunFolder(tmp_path / "direct-89ab-4567")
    run.save_checkpoint(1, {"a": np.array(1)}, seconds=1.0)
    other.save_checkpoint(2, {"a": np.array(2)}, seconds=1.0)
    (other.path / "checkpoint-00000002.npz").rename(run.path / "checkpoint-00000002.npz")
    assert run.load_checkpoint(take)[0] == 1
    words = "belongs to the run direct-89ab-4567: checkpoint-00000001.npz is used instead"
    assert capsys.readouterr().out == f"checkpoint-00000002.npz of cppn-0123-4567 {words}.\n"

    write_arrays(run.path / "checkpoint-00000003.npz", {"a": np.array(3)})  # as they were written before
    assert run.load_checkpoint(take)[0] == 3

    def refuse_three(number, arrays):
        if arrays["a"] == 3:
            raise ValueError("is a three")
        return number

    assert run.load_checkpoint(refuse_three) == 1
    words = "is a three: checkpoint-00000001.npz is used instead"
    assert capsys.readouterr().out == f"checkpoint-00000003.npz of cppn-0123-4567 {words}.\n"
    run.save_result({"a": np.array(5)}, seconds=1.0)
    assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz"]


@pytest.mark.parametrize("is_finished", [True, False])
def test_what_kills_left_behind_is_cleared_by_the_next_run_of_that_folder(tmp_path, is_finished):
    run = open_run(tmp_path, "measured", SETTINGS, 1)
    if is_finished:
        finish(run)
    for name in (".result.npz.a1b2c3d4", ".settings.json.k_2j8s0x", "checkpoint-00000002.npz"):
        (run.path / name).write_bytes(b"half")
    names: list[str] = []

    def compute() -> dict[str, int]:
        names.extend(path.name for path in run.path.iterdir())
        return {"a": 1}

    compute_once(tmp_path, "measured", SETTINGS, 1, compute)
    assert sorted(names) == ([] if is_finished else ["checkpoint-00000002.npz", "settings.json"])
    assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz", "settings.json"]


def test_a_result_replaces_the_checkpoints_and_says_where_it_came_from(tmp_path):
    run = RunFolder(tmp_path)
    assert run.load_result() is None and run.seconds == 0
    run.save_checkpoint(1, {"a": np.array(1)}, seconds=2.0)
    run.save_result({"a": np.array(5)}, seconds=12.34)
    assert int(run.load_result()["a"]) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["provenance.json", "result.npz"]
    assert run.seconds == pytest.approx(14.3, abs=0.05)
    (machine,) = run.machines
    assert all(word in machine for word in ("python", "tensorflow 2.21.0", "keras", "numpy", "machine", "threads 2"))
    assert "seconds" not in machine


def test_a_damaged_result_is_an_error_and_is_not_computed_over(tmp_path):
    run = open_run(tmp_path, "measured", SETTINGS, 1)
    (run.path / "result.npz").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"result\.npz is damaged"):
        compute_once(tmp_path, "measured", SETTINGS, 1, lambda: pytest.fail("computed over"))


def test_a_result_of_another_run_is_refused_by_its_name_or_by_what_it_holds(tmp_path):
    def open_seeds(*seeds: int) -> RunFolder:
        return open_run(tmp_path, "cppn", {**SETTINGS, "seeds": seeds, "classes": [3, 5]}, 1, 10)

    run, other = open_seeds(0), open_seeds(5)
    held = {"seeds": [0], "classes": [3, 5], "children": 7, "generations": 10}
    arrays = {name: np.asarray(part) for name, part in held.items()}
    other.save_result({"a": np.array(1)}, seconds=1.0)
    shutil.copy(other.path / "result.npz", run.path)
    end = "; delete that folder to run again."
    with pytest.raises(DamagedError, match=f"^{run.path.name}/result.npz belongs to the run {other.path.name}{end}$"):
        run.load_result()
    write_arrays(run.path / "result.npz", arrays)  # as they were before they were named
    assert run.load_result().keys() == arrays.keys()
    for name in arrays:
        write_arrays(run.path / "result.npz", {**arrays, name: arrays[name] + 1})
        with pytest.raises(DamagedError, match=f"^{run.path.name}/result.npz belongs to a run of other {name}{end}$"):
            run.load_result()
    (run.path / "settings.json").write_bytes(b"half")
    assert run.load_result() is not None, "settings that are damaged say nothing against a result"
    run.save_result(arrays, seconds=1.0)
    assert run.load_result().keys() == arrays.keys()


def test_a_run_that_went_from_machine_to_machine_lists_them_all(tmp_path, arithmetic):
    run = RunFolder(tmp_path / "long")
    run.add_seconds(10.0)
    run.add_seconds(5.0)
    arithmetic["threads"] = 64
    run.add_seconds(1.0)
    assert [machine.split("threads ")[1].split(",")[0] for machine in run.machines] == ["2", "64"]
    assert run.seconds == 16.0
    longer = RunFolder(tmp_path / "longer")
    longer.continue_from(run)
    longer.add_seconds(4.0)
    assert longer.seconds == 20.0 and longer.machines == run.machines and run.seconds == 16.0


def test_cost_is_told_once_for_each_run_with_all_its_machines(tmp_path):
    one, other = (finish(open_run(tmp_path, label, SETTINGS, 1), 600.0) for label in ("one", "other"))
    said = describe_cost([one, other, None, one])
    assert said.endswith(": 20 min of computing behind this page.") and said.count("tensorflow 2.21.0") == 1


PAIR = """
import sys, time
from pathlib import Path
import fooling.arithmetic
from fooling import arithmetic, runs

arithmetic.describe = lambda: {"threads": 2}


def compute():
    run = runs.open_run(Path(sys.argv[1]), "measured", {}, 1)
    for number in range(1, 6):
        run.save_checkpoint(number, {"a": number}, 0.1)
        time.sleep(0.1)
    print("computed")
    return {"a": 7}


print("begins", flush=True)
arrays, run = runs.compute_once(Path(sys.argv[1]), "measured", {}, 1, compute)
print("found", int(arrays["a"]), sorted(path.name for path in run.path.iterdir()))
"""


def test_the_second_of_two_processes_waits_says_so_and_finds_the_run_finished(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(runs.PACKAGE.parent)}
    command = [sys.executable, "-c", PAIR, str(tmp_path)]
    pair = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(child.communicate(timeout=600)[0] for child in pair)
    assert [child.returncode for child in pair] == [0, 0]
    found = "found 7 ['provenance.json', 'result.npz', 'settings.json']\n"
    (name,) = (path.name for path in tmp_path.iterdir())
    waited = f"begins\n{name} is at work in another process; waiting for it.\n{found}"
    assert said == [f"begins\ncomputed\n{found}", waited]


def test_a_finished_run_is_read_while_another_process_holds_its_folder(tmp_path):
    run = finish(open_run(tmp_path, "measured", SETTINGS, 1))
    with lock_folder(run.path):
        arrays, _ = compute_once(tmp_path, "measured", SETTINGS, 1, lambda: pytest.fail("computed again"))
    assert int(arrays["a"]) == 1
