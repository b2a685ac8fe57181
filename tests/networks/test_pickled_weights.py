"""Only a file of the known hash is interpreted; its arrays are what PyTorch and NumPy mean, and nothing in it runs."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.networks.efficientnet_lite import VARIANTS
from fooling.networks.pickled_weights import read_numpy_pickle, read_torch_file

KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([-0.5], np.float32)
GOOD = pickle.dumps({"first": [KERNEL, BIAS], "second": [BIAS]}, 3)
LITE0 = VARIANTS["EfficientNet-Lite0"]


def read(folder: Path, content: bytes, reader: Any = read_numpy_pickle) -> Any:
    """Write a file and read it, with the hash that it has."""
    path = folder / "some.pkl"
    path.write_bytes(content)
    return reader(path, hashlib.sha256(content).hexdigest())


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


def write_tensor(name: bytes, key: bytes, kind: bytes, count: int, shape: tuple[int, ...], strides: tuple[int, ...]):
    """Return the opcodes by which PyTorch pickles one item of a dictionary, a tensor that skips no number."""

    def number_all(numbers: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(b"K" + bytes([number]) for number in numbers) + b"t"

    storage = b"(U\x07storagectorch\n" + kind + b"\nU\x01" + key + b"U\x03cpuK" + bytes([count]) + b"NtQ"
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n("
    rest = b"\x89ccollections\nOrderedDict\n)RtR"
    return b"U\x01" + name + rebuild + storage + b"K\x00" + number_all(shape) + number_all(strides) + rest


def test_tensors_come_out_in_the_order_of_the_file_and_row_by_row(tmp_path):
    tensors = write_tensor(b"b", b"7", b"FloatStorage", 6, (2, 3), (1, 2))  # column by column
    tensors += write_tensor(b"a", b"8", b"LongStorage", 1, (), ())
    head = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    order = pickle.dumps(["8", "7"], 2)
    numbers = struct.pack("<Qq", 1, 3) + struct.pack("<Q6f", 6, *range(6))
    content = b"".join([*head, b"\x80\x02}(" + tensors + b"u.", order, numbers])
    weights = read(tmp_path, content, read_torch_file)
    assert list(weights) == ["b", "a"]
    np.testing.assert_array_equal(weights["b"], [[0, 2, 4], [1, 3, 5]])
    assert weights["b"].flags.c_contiguous and weights["b"].dtype == np.float32
    assert weights["a"] == 3 and weights["a"].shape == () and weights["a"].dtype == np.int64


def test_the_packaged_file_is_read_whole():
    weights = read_torch_file(str(files(LITE0.package) / "models" / LITE0.file), LITE0.sha256)
    assert list(weights)[:3] == ["_conv_stem.weight", "_bn0.weight", "_bn0.bias"]
    assert weights["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights["_bn0.num_batches_tracked"].dtype == np.int64
    kinds = ("running_mean", "running_var", "num_batches_tracked")
    assert sum(array.size for name, array in weights.items() if not name.endswith(kinds)) == 4_652_008
    assert all(np.isfinite(array).all() for array in weights.values())


@pytest.mark.parametrize("reader", [read_numpy_pickle, read_torch_file])
def test_a_file_with_another_hash_is_refused_before_it_is_read(tmp_path, reader):
    marker = tmp_path / "was executed"
    path = tmp_path / "some.pkl"
    path.write_bytes(pickle.dumps(Marker(marker), 3))
    with pytest.raises(ValueError, match=r"^some\.pkl has SHA-256 .*, expected 000000000000…"):
        reader(path, "0" * 64)
    assert not marker.exists()


HOSTILE = {
    "a function of Python": ("'builtins eval'", b"\x80\x03cbuiltins\neval\n."),
    "another function of NumPy": ("'numpy load'", b"\x80\x03cnumpy\nload\n."),
    "a name inside a class": ("'numpy ndarray.tofile'", b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."),
    "an executable opcode": ("'os system'", b"(ios\nsystem\n."),
}


@pytest.mark.parametrize("reader", [read_numpy_pickle, read_torch_file])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_name_that_is_not_known_is_refused(tmp_path, what, reader):
    name, content = HOSTILE[what]
    with pytest.raises(ValueError, match=rf"^A pickle asks for {name}, which no file of weights needs\.$"):
        read(tmp_path, content, reader)


@pytest.mark.parametrize("reader", [read_numpy_pickle, read_torch_file])
def test_no_function_that_a_file_names_is_called(tmp_path, reader):
    marker = tmp_path / "was executed"
    content = pickle.dumps({"a": Marker(marker)}, 3)
    with pytest.raises(ValueError, match="'posix mkdir'"):
        read(tmp_path, content, reader)
    assert not marker.exists()
    pickle.loads(content)  # the same bytes, executed
    assert marker.exists()
