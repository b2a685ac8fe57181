"""Pickled arrays are read as NumPy wrote them; a file that asks for anything else is refused and nothing in it runs."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.networks.pickled_weights import read_numpy_pickle

KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([-0.5], np.float32)
GOOD = pickle.dumps({"first": [KERNEL, BIAS], "second": [BIAS]}, 3)


def read(folder: Path, content: bytes) -> Mapping[str, list[np.ndarray]]:
    """Write a file and read it, with the hash that it has."""
    path = folder / "some.pkl"
    path.write_bytes(content)
    return read_numpy_pickle(path, hashlib.sha256(content).hexdigest())


class Marker:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


FORMS = {
    "NumPy 2": GOOD,
    "NumPy 1": GOOD.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"),
    "protocol 4": pickle.dumps(pickle.loads(GOOD), 4),
}


@pytest.mark.parametrize("form", FORMS)
def test_arrays_are_read_in_order_whichever_numpy_wrote_them(tmp_path, form):
    layers = read(tmp_path, FORMS[form])
    assert list(layers) == ["first", "second"] and [len(arrays) for arrays in layers.values()] == [2, 1]
    for array, expected in zip([*layers["first"], *layers["second"]], [KERNEL, BIAS, BIAS], strict=True):
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("stored", [np.asfortranarray(KERNEL), KERNEL.astype(">f4")], ids=["by columns", "big-endian"])
def test_arrays_come_out_by_rows_and_in_the_order_of_bytes_of_this_machine(tmp_path, stored):
    (array,) = read(tmp_path, pickle.dumps({"a": [stored]}, 3))["a"]
    assert array.flags.c_contiguous and array.dtype.isnative
    np.testing.assert_array_equal(array, KERNEL)


DAMAGED, LIST, NUMBERS = "its pickle is damaged", "'a' is not a list of arrays", "'a' has an array that is empty or not"
HOSTILE: dict[str, tuple[str, bytes]] = {
    "nothing": (DAMAGED, b""),
    "no pickle": ("describes a storage in another way", b"\x89PNG\r\n"),
    "something after the end": ("something follows its end", GOOD + b"\0"),
    "a function of Python": ("asks for 'builtins eval', which no file of weights needs", b"\x80\x03cbuiltins\neval\n."),
    "another function of NumPy": ("asks for 'numpy load'", b"\x80\x03cnumpy\nload\n."),
    "a name inside a class": ("asks for 'numpy ndarray.tofile'", b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."),
    "a persistent id": ("describes a storage in another way", b"\x80\x03K\x01Q."),
    "another kind of dictionary": ("not a dictionary with names as keys", pickle.dumps(OrderedDict(), 3)),
    "a list": ("not a dictionary with names as keys", pickle.dumps([[KERNEL]], 3)),
    "numbers as names": ("not a dictionary with names as keys", pickle.dumps({1: [KERNEL]}, 3)),
    "an array in no list": (LIST, pickle.dumps({"a": KERNEL}, 3)),
    "a list of no arrays": (LIST, pickle.dumps({"a": [KERNEL, 1.0]}, 3)),
    "float64": ("'a' has an array of float64, not float32", pickle.dumps({"a": [KERNEL.astype(float)]}, 3)),
    "objects": ("'a' has an array of object, not float32", pickle.dumps({"a": [np.array(["x", None])]}, 3)),
    "no numbers": (NUMBERS, pickle.dumps({"a": [KERNEL[:0]]}, 3)),
    "not a number": (NUMBERS, pickle.dumps({"a": [KERNEL * np.float32(np.nan)]}, 3)),
    "more numbers than bytes": (DAMAGED, GOOD.replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86")),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_damaged_or_hostile_file_is_refused_in_one_sentence(tmp_path, what):
    reason, content = HOSTILE[what]
    with pytest.raises(ValueError, match=reason) as caught:
        read(tmp_path, content)
    message = str(caught.value)
    assert message.startswith("some.pkl is no pickled dictionary of arrays: ")
    assert message.endswith(".") and message.count(". ") == 0 and "\n" not in message and len(message) < 200


@pytest.mark.parametrize("length", range(0, len(GOOD), 7))
def test_a_file_that_was_cut_short_is_refused(tmp_path, length):
    with pytest.raises(ValueError, match=r"^some\.pkl is no pickled dictionary of arrays: its pickle is damaged\.$"):
        read(tmp_path, GOOD[:length])


def test_no_function_that_a_file_names_is_called(tmp_path):
    marker = tmp_path / "was executed"
    content = pickle.dumps({"a": Marker(marker)}, 3)
    with pytest.raises(ValueError, match=r"asks for 'posix mkdir', which no file of weights needs\.$"):
        read(tmp_path, content)
    assert not marker.exists()
    pickle.loads(content)  # the same bytes, executed
    assert marker.exists()


def test_a_file_with_another_hash_is_refused_before_it_is_read(tmp_path):
    marker = tmp_path / "was executed"
    path = tmp_path / "some.pkl"
    path.write_bytes(pickle.dumps(Marker(marker), 3))
    with pytest.raises(ValueError, match=r"^some\.pkl has SHA-256 .*, expected 000000000000…"):
        read_numpy_pickle(path, "0" * 64)
    assert not marker.exists()


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"^none\.pkl cannot be read: No such file or directory\.$"):
        read_numpy_pickle(tmp_path / "none.pkl", "0" * 64)
