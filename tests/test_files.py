"""Files are whole or not there, and nothing in them is ever executed."""

from __future__ import annotations

import json
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.files import (
    DamagedError,
    check_hash,
    hash_arrays,
    lock_folder,
    read_arrays,
    write_arrays,
    write_atomically,
    write_json,
)


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


def test_an_array_that_a_file_does_not_hold_is_named_with_the_file(tmp_path):
    write_arrays(tmp_path / "run-0123" / "result.npz", ARRAYS)
    found = read_arrays(tmp_path / "run-0123" / "result.npz")
    assert found.get("genome") is None and "genome" not in found
    told = r"^run-0123/result\.npz holds no array 'genome'; delete that folder to run again\.$"
    with pytest.raises(DamagedError, match=told):
        _ = found["genome"]


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


def test_arrays_of_other_values_shape_type_or_order_have_another_hash() -> None:
    numbers, more = np.arange(6, dtype=np.int32), np.ones(2, np.int32)
    others = [(numbers + 1,), (numbers.reshape(2, 3),), (numbers.view(np.uint32),), (numbers, more), (more, numbers)]
    assert len({hash_arrays(*arrays) for arrays in [(numbers,), *others]}) == 6
    table = numbers.reshape(2, 3)
    assert hash_arrays(np.asfortranarray(table)) == hash_arrays(table)  # the same array, however it lies in memory


def test_a_file_that_is_not_the_one_known_is_refused():
    check_hash("x.npz", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    with pytest.raises(ValueError, match=r"^x\.npz has SHA-256 ba7816bf8f01…, expected 0000"):
        check_hash("x.npz", b"abc", "0" * 64)


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []
    held = threading.Event()

    def wait_for_it() -> None:
        held.wait()
        with lock_folder(tmp_path):
            order.append("second")

    other = threading.Thread(target=wait_for_it)
    other.start()
    with lock_folder(tmp_path):
        held.set()
        other.join(timeout=0.2)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]
