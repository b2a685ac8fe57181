"""Weights are read as PyTorch means them; a file that is damaged or hostile is refused and nothing in it runs."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling.networks.efficientnet_lite import VARIANTS
from fooling.networks.pickled_weights import MAGIC, VERSION, KnownNamesUnpickler, read_torch_file

LITE0 = VARIANTS["EfficientNet-Lite0"]
MACHINE = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


class FloatStorage:
    """Stands for PyTorch's class, of which a pickle holds only the name."""


class LongStorage:
    """The same for integers."""


class DoubleStorage:
    """A kind that no known file has."""


def _rebuild_tensor_v2() -> None:
    """Stands for PyTorch's function, of which a pickle holds only the name."""


for stand_in in (FloatStorage, LongStorage, DoubleStorage):
    stand_in.__module__ = "torch"
_rebuild_tensor_v2.__module__ = "torch._utils"


class Storage(NamedTuple):
    """Numbers in a file; ``count`` is what the pickle says, if it lies."""

    key: str
    numbers: np.ndarray
    kind: type = FloatStorage
    count: int | None = None


class Tensor:
    """Pickles as PyTorch's tensors do."""

    def __init__(self, storage: Storage, offset: Any, shape: Any, strides: Any) -> None:
        self.arguments = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_tensor_v2, self.arguments


class Calls:
    """Pickles as a call of a function of one's own."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


class Writer(pickle.Pickler):
    """Python's own pickling, which names storages as PyTorch's does."""

    def persistent_id(self, thing: Any) -> Any:
        if not isinstance(thing, Storage):
            return None
        count = len(thing.numbers) if thing.count is None else thing.count
        return ("storage", thing.kind, thing.key, "cpu", count, None)


def pickled(thing: Any, protocol: int = 2) -> bytes:
    stream = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        torch, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
        for stand_in in (FloatStorage, LongStorage, DoubleStorage):
            setattr(torch, stand_in.__name__, stand_in)
        inner._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", inner)
        Writer(stream, protocol).dump(thing)
    return stream.getvalue()


def make_file(
    tensors: Any,
    storages: list[Storage],
    order: Any = None,
    machine: Any = MACHINE,
    counts: dict[str, int] | None = None,
) -> bytes:
    """Return the bytes that ``torch.save`` before 1.6 would write, or a lie about them; tensors may be a pickle."""
    order = [storage.key for storage in storages] if order is None else order
    parts = (MAGIC, VERSION, machine, tensors, order)
    head = b"".join(part if isinstance(part, bytes) else pickled(part) for part in parts)
    sizes = {storage.key: len(storage.numbers) for storage in storages} | (counts or {})
    return head + b"".join(struct.pack("<Q", sizes[s.key]) + s.numbers.tobytes() for s in storages)


def read(folder: Path, content: bytes) -> dict[str, np.ndarray]:
    path = folder / "some.pth"
    path.write_bytes(content)
    return read_torch_file(path, hashlib.sha256(content).hexdigest())


NUMBERS = Storage("7", np.arange(6, dtype="<f4"))
OTHERS = Storage("8", np.array([3], "<i8"), LongStorage)
GOOD = make_file(
    OrderedDict(b=Tensor(NUMBERS, 0, (2, 3), (1, 2)), a=Tensor(OTHERS, 0, (), ())), [OTHERS, NUMBERS]
)  # the first one column by column


def test_tensors_come_out_in_the_order_of_the_file_and_row_by_row(tmp_path):
    weights = read(tmp_path, GOOD)
    assert list(weights) == ["b", "a"]
    np.testing.assert_array_equal(weights["b"], [[0, 2, 4], [1, 3, 5]])
    assert weights["b"].flags.c_contiguous and weights["b"].dtype == np.float32
    assert weights["a"] == 3 and weights["a"].shape == () and weights["a"].dtype == np.int64


def test_an_offset_skips_numbers(tmp_path):
    content = make_file({"part": Tensor(NUMBERS, 1, (2, 2), (3, 1))}, [NUMBERS])
    np.testing.assert_array_equal(read(tmp_path, content)["part"], [[1, 2], [4, 5]])


def test_the_packaged_file_is_read_whole():
    weights = read_torch_file(str(files(LITE0.package) / "models" / LITE0.file), LITE0.sha256)
    assert list(weights)[:3] == ["_conv_stem.weight", "_bn0.weight", "_bn0.bias"]
    assert weights["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights["_bn0.num_batches_tracked"].dtype == np.int64
    kinds = ("running_mean", "running_var", "num_batches_tracked")
    assert sum(array.size for name, array in weights.items() if not name.endswith(kinds)) == LITE0.parameters


class Marker:
    """Leaves a file behind if a pickle is ever executed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_a_wrong_hash_is_refused_before_a_byte_is_interpreted(tmp_path, monkeypatch):
    path = tmp_path / "some.pth"
    path.write_bytes(GOOD)

    def interpret(unpickler: Any, stream: Any) -> None:
        raise AssertionError("interpreted")

    monkeypatch.setattr(KnownNamesUnpickler, "__init__", interpret)
    with pytest.raises(ValueError, match=r"^some\.pth has SHA-256 .* not the one known\.$"):
        read_torch_file(path, "0" * 64)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"^none\.pth cannot be read: No such file or directory\.$"):
        read_torch_file(tmp_path / "none.pth", "0" * 64)
    with pytest.raises(ValueError, match=r"cannot be read: Is a directory\.$"):
        read_torch_file(tmp_path, "0" * 64)


def tensor_of(*arguments: Any) -> bytes:
    """Return a file with one tensor of offset, sizes and strides."""
    return make_file({"a": Tensor(NUMBERS, *arguments)}, [NUMBERS])


def storage_of(counts: dict[str, int] | None = None, **lies: Any) -> bytes:
    """Return a file with one tensor whose storage is said to be other than it is."""
    return make_file({"a": Tensor(NUMBERS._replace(**lies), 0, (1,), (1,))}, [NUMBERS], counts=counts)


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
ONE = Tensor(NUMBERS, 0, (6,), (1,))
DAMAGED, BEGIN, TENSORS = "its pickle is damaged", "it does not begin as one", "not a dictionary of tensors"
STORAGE, NAMES = "its pickle describes a storage in another way", "something other than names as keys"
NATURAL, INSIDE = "no natural numbers", "a tensor does not lie inside its storage"
ITS, SHARED = "its storages are not those of its tensors", "two tensors share a storage"

# What is wrong with a file, how the reason reads, and the file.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": (DAMAGED, lambda: b""),
    "no weights": (STORAGE, lambda: b"\x89PNG\r\n"),
    "a newer file": (DAMAGED, lambda: b"PK\x03\x04" + GOOD),
    "another magic number": (BEGIN, lambda: pickled(1) + GOOD),
    "another version": (BEGIN, lambda: pickled(MAGIC) + pickled(1002) + GOOD),
    "big-endian": ("not little-endian", lambda: make_file({"a": ONE}, [NUMBERS], machine={"little_endian": False})),
    "no machine": ("not little-endian", lambda: make_file({"a": ONE}, [NUMBERS], machine=[])),
    "a list of tensors": (TENSORS, lambda: make_file(["a"], [])),
    "no tensor": (TENSORS, lambda: make_file({"a": 1}, [])),
    "a number as name": (NAMES, lambda: make_file({1: ONE}, [NUMBERS])),
    "a tuple as name": (NAMES, lambda: make_file({("a",): ONE}, [NUMBERS])),
    "the same name twice": (ITS, lambda: GOOD.replace(b"\x01\0\0\0b", b"\x01\0\0\0a")),
    "another kind": ("asks for 'torch DoubleStorage'", lambda: storage_of(kind=DoubleStorage)),
    "a dictionary as kind": (STORAGE, lambda: storage_of(kind=OrderedDict)),
    "a tensor as kind": (STORAGE, lambda: storage_of(kind=Tensor(OTHERS, 0, (), ()))),
    "a function of Python": ("asks for '__builtin__ eval'", lambda: make_file({"a": Calls(eval, "1")}, [])),
    "a call of a storage": (TENSORS, lambda: make_file({"a": Calls(FloatStorage, 10**9)}, [])),
    "a function as tensor": (TENSORS, lambda: make_file(b"\x80\x02" + REBUILD + b".", [])),
    "an executable opcode": ("asks for 'os system'", lambda: make_file(b"(ios\nsystem\n.", [])),
    "a value of an empty stack": (DAMAGED, lambda: b"\x80\x020."),
    "a storage of an empty stack": (DAMAGED, lambda: b"\x80\x02Q."),
    "a memo that was never made": (DAMAGED, lambda: b"\x80\x02h\x05."),
    "items without a mark": (DAMAGED, lambda: b"\x80\x02}u."),
    "no value": (DAMAGED, lambda: b"\x80\x02."),
    "no end": (DAMAGED, lambda: b"\x80\x02K\x01"),
    "a text longer than the file": (DAMAGED, lambda: b"\x80\x02X\xff\xff\xff\xffabc."),
    "a text of no encoding": (DAMAGED, lambda: b"\x80\x02X\x01\0\0\0\xff."),
    "sizes beyond all memory": (INSIDE, lambda: tensor_of(0, (2**31 - 1,) * 3, (0, 0, 0))),
    "sizes beyond the storage": (INSIDE, lambda: tensor_of(0, (7,), (0,))),
    "sizes of zero": (NATURAL, lambda: tensor_of(0, (0, 2**31 - 1), (1, 1))),
    "sizes below zero": (NATURAL, lambda: tensor_of(0, (-1,), (1,))),
    "sizes that are no integers": (NATURAL, lambda: tensor_of(0, ("6",), (1,))),
    "a size that is true": (NATURAL, lambda: tensor_of(0, (True,), (1,))),
    "sizes that are no tuple": (DAMAGED, lambda: tensor_of(0, None, (1,))),
    "more strides than sizes": (DAMAGED, lambda: tensor_of(0, (6,), (1, 1))),
    "strides that leave the storage": (INSIDE, lambda: tensor_of(0, (2,), (6,))),
    "strides beyond all memory": (INSIDE, lambda: tensor_of(0, (2,), (2**70,))),
    "strides below zero": (NATURAL, lambda: tensor_of(5, (2,), (-1,))),
    "an offset that leaves the storage": (INSIDE, lambda: tensor_of(1, (6,), (1,))),
    "an offset beyond all memory": (INSIDE, lambda: tensor_of(2**70, (1,), (1,))),
    "an offset below zero": (NATURAL, lambda: tensor_of(-1, (1,), (1,))),
    "a storage that is missing": (ITS, lambda: make_file({"a": ONE}, [])),
    "a storage too many": (ITS, lambda: make_file({"a": ONE}, [NUMBERS, OTHERS])),
    "a storage twice": (ITS, lambda: make_file({"a": ONE}, [NUMBERS, NUMBERS])),
    "a tensor of two names": (ITS, lambda: make_file({"a": ONE, "b": ONE}, [NUMBERS])),
    "storages that are no names": (ITS, lambda: make_file({"a": ONE}, [NUMBERS], order=[7])),
    "storages in no list": (ITS, lambda: make_file({"a": ONE}, [NUMBERS], order={"7": 1})),
    "a storage of two tensors": (SHARED, lambda: make_file({"a": ONE, "b": Tensor(NUMBERS, 0, (1,), (1,))}, [NUMBERS])),
    "another size than the tensor says": (
        "has another size",
        lambda: make_file({"a": ONE}, [NUMBERS], counts={"7": 5}),
    ),
    "a size below zero": (STORAGE, lambda: storage_of(count=-1)),
    "a size beyond the numbers": ("ends before its last number", lambda: storage_of(count=200, counts={"7": 200})),
    "a size beyond the file": (STORAGE, lambda: storage_of(count=2**28, counts={"7": 2**28})),
    "a size beyond all memory": (STORAGE, lambda: storage_of(count=2**63 - 1, counts={"7": 2**63 - 1})),
    "a size beyond 64 bits": (STORAGE, lambda: storage_of(count=2**70)),
    "something after the end": ("something follows its end", lambda: GOOD + b"\0"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_damaged_or_hostile_file_is_refused_in_one_sentence(tmp_path, what):
    reason, make = HOSTILE[what]
    with pytest.raises(ValueError, match=reason) as caught:
        read(tmp_path, make())
    message = str(caught.value)
    assert message.startswith("some.pth is no file of weights as PyTorch before 1.6 wrote it: ")
    assert message.endswith(".") and message.count(". ") == 0 and "\n" not in message and len(message) < 200


def test_no_function_that_a_file_names_is_called(tmp_path):
    marker = tmp_path / "was executed"
    content = make_file({"a": Marker(marker)}, [])
    with pytest.raises(ValueError, match=r"asks for 'posix mkdir', which no file of weights needs\.$"):
        read(tmp_path, content)
    assert not marker.exists()
    pickle.loads(pickled(Marker(marker)))  # the same bytes, executed
    assert marker.exists()


@pytest.mark.parametrize("length", range(0, len(GOOD), 7))
def test_a_file_that_was_cut_short_is_refused(tmp_path, length):
    with pytest.raises(ValueError, match=r"^some\.pth is no file of weights"):
        read(tmp_path, GOOD[:length])
