"""Weights out of a file that PyTorch before 1.6 wrote, read without PyTorch and without running what is in it.

Such a file is four pickles (a magic number, the version of the format, a description of the machine, the names of the
tensors), a fifth with the order of the storages, and then the storages: for each a count and that many numbers.
"""

from __future__ import annotations

import io
import math
import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fooling.files import check_sha256

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001  # of torch.save before 1.6
MOST_AXES = 8  # Choice: twice what a convolution has
LARGEST = 2**30  # bytes; Choice: far above the 25 MB of the largest known file, far below a laptop's memory

ORDERED_DICT, REBUILD = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
STORAGES: dict[str, np.dtype[Any]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}


class _RefusedError(ValueError):
    """Why a file is refused, as the end of a sentence."""


@dataclass(frozen=True)
class _Global:
    """A name that the file would have PyTorch import; here it stays a name."""

    name: str


@dataclass(frozen=True)
class _Storage:
    """Where numbers stand in the file: what they are called there, of which kind and how many they are."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A tensor before its numbers are read; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_weights(path: str | Path, sha256: str) -> dict[str, np.ndarray]:
    """Read all tensors of a file that ``torch.save`` before version 1.6 wrote.

    Args:
        path: The file.
        sha256: What it must hash to, in hexadecimal digits; checked before a byte is interpreted.

    Returns:
        Name to array, float32 or int64, in the order of the file; every array holds its own numbers, row by row.

    Raises:
        ValueError: If the file is missing, hashes to something else, is damaged, or holds anything but tensors of
            these two kinds.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise ValueError(f"{path.name} has more than {LARGEST:,} bytes, which no known file of weights has.")
    check_sha256(path.name, content, sha256)
    try:
        return _read_tensors(io.BytesIO(content))
    except (ValueError, IndexError, KeyError) as error:  # of pickletools, the stack and the memo, when not our own
        reason = error if isinstance(error, _RefusedError) else "its pickle is damaged"
        raise ValueError(f"{path.name} is no file of weights as PyTorch before 1.6 wrote it: {reason}.") from error


def _read_tensors(stream: io.BytesIO) -> dict[str, np.ndarray]:
    if _read_pickle(stream) != MAGIC or _read_pickle(stream) != VERSION:
        raise _RefusedError("it does not begin as one")
    machine, tensors, order = (_read_pickle(stream) for _ in range(3))
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise _RefusedError("its numbers are not little-endian")
    if not isinstance(tensors, dict) or not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
        raise _RefusedError("it is not a dictionary of tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if len(storages) != len(tensors):  # so that a small file cannot ask for a large memory
        raise _RefusedError("two tensors share a storage")
    if not isinstance(order, list) or sorted(order) != sorted(storages):
        raise _RefusedError("its storages are not those of its tensors")
    numbers = {key: _read_storage(stream, storages[key]) for key in order}
    if stream.read(1):
        raise _RefusedError("something follows its last number")
    return {name: _view(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _read_storage(stream: io.BytesIO, storage: _Storage) -> bytes:
    """Return the bytes of one storage, which stand after their count."""
    if int.from_bytes(stream.read(8), "little") != storage.count:
        raise _RefusedError("a storage has another size than its tensor says")
    content = stream.read(storage.count * storage.dtype.itemsize)
    if len(content) != storage.count * storage.dtype.itemsize:
        raise _RefusedError("it ends before its last number")
    return content


def _view(tensor: _Tensor, numbers: bytes) -> np.ndarray:
    """Return a tensor's numbers as an array of its own, row by row."""
    size = tensor.storage.dtype.itemsize
    strides = [stride * size for stride in tensor.strides]
    view = np.ndarray(tensor.shape, tensor.storage.dtype, numbers, tensor.offset * size, strides)
    return np.array(view, view.dtype.newbyteorder("="), order="C")


def _read_pickle(stream: io.BytesIO) -> Any:
    """Return what the next pickle of ``stream`` describes: plain values, lists, dictionaries and tensors."""
    machine = _Machine()
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name == "STOP":
            break
        machine.execute(opcode.name, argument)
    if len(machine.stack) != 1 or machine.below:
        raise _RefusedError("its pickle does not end with one value")
    return machine.stack.pop()


class _Machine:
    """The two dozen instructions of pickle that these files use; any other is refused.

    Choice: not a subclass of ``pickle.Unpickler``, which would still set attributes, hash whatever it is given and
    reserve memory as the file wishes. Here nothing is imported or called; what comes out is plain values and
    :class:`_Tensor` only.
    """

    CONSTANTS: ClassVar[dict[str, Any]] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stack under each open mark
        self.memo: dict[int, Any] = {}

    def execute(self, name: str, argument: Any) -> None:
        """Carry out one instruction, named as in ``pickletools``."""
        match name:
            case "PROTO":
                pass
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                self.stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE" | "EMPTY_TUPLE":
                self.stack.append(self.CONSTANTS[name])
            case "EMPTY_DICT" | "EMPTY_LIST":
                self.stack.append({} if name == "EMPTY_DICT" else [])
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memo[argument])
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "TUPLE":
                items = self._pop_mark()  # first: it puts the stack below back
                self.stack.append(tuple(items))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self.stack.append(self._pop(int(name[-1])))
            case "APPEND":
                items = list(self._pop(1))
                _extend(self.stack[-1], items)
            case "APPENDS":
                _extend(*self._pop_with_target())
            case "SETITEM":
                key, value = self._pop(2)
                _set_items(self.stack[-1], [key, value])
            case "SETITEMS":
                _set_items(*self._pop_with_target())
            case "GLOBAL" | "BINPERSID" | "REDUCE" | "BUILD":
                self._replace(name, argument)
            case _:
                raise _RefusedError(f"its pickle uses {name}, which no file of weights needs")

    def _replace(self, name: str, argument: Any) -> None:
        """Carry out one of the instructions by which a pickle would import and call; each has one meaning here."""
        if name == "GLOBAL":
            self.stack.append(_find_name(argument))
        elif name == "BINPERSID":
            self.stack.append(_describe_storage(self.stack.pop()))
        elif name == "REDUCE":
            called, arguments = self._pop(2)
            self.stack.append(_call(called, arguments))
        else:  # BUILD: the attribute _metadata of the dictionary of tensors, which says nothing about numbers
            target, _ = self._pop(2)
            if not isinstance(target, dict):
                raise _RefusedError("its pickle gives attributes to something that has none")
            self.stack.append(target)

    def _pop(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        return items

    def _pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def _pop_with_target(self) -> tuple[Any, list[Any]]:
        items = self._pop_mark()
        return self.stack[-1], items


def _extend(target: Any, items: list[Any]) -> None:
    if not isinstance(target, list) or not all(isinstance(item, str) for item in items):
        raise _RefusedError("its pickle has a list of something other than names")
    target.extend(items)


def _set_items(target: Any, items: list[Any]) -> None:
    keys, values = items[::2], items[1::2]
    if not isinstance(target, dict) or len(keys) != len(values) or not all(isinstance(key, str) for key in keys):
        raise _RefusedError("its pickle has a dictionary with something other than names as keys")
    if len(set(keys)) != len(keys) or any(key in target for key in keys):
        raise _RefusedError("its pickle has a dictionary with the same name twice")
    target.update(zip(keys, values, strict=True))


def _find_name(name: str) -> _Global:
    if name not in (ORDERED_DICT, REBUILD, *STORAGES):
        raise _RefusedError(f"its pickle asks for {name[:50]!r}, which no file of weights needs")
    return _Global(name)


def _describe_storage(described: Any) -> _Storage:
    """Return the storage that a persistent id names; the place, for example "cpu", does not matter."""
    match described:
        case ("storage", _Global(kind), str(key), str(), int(count), None):
            if kind in STORAGES and 0 <= count <= LARGEST:
                return _Storage(key, STORAGES[kind], count)
    raise _RefusedError("its pickle describes a storage in another way than PyTorch does")


def _call(called: Any, arguments: Any) -> Any:
    """Return what the two functions that a file of weights calls would return."""
    if called == _Global(ORDERED_DICT) and arguments == ():
        return {}
    match called, arguments:
        case _Global(name), (_Storage() as storage, offset, tuple(shape), tuple(strides), bool(), {}):
            if name == REBUILD:
                tensor = _Tensor(storage, offset, shape, strides)
                _check_extent(tensor)
                return tensor
    raise _RefusedError("its pickle calls something in another way than PyTorch does")


def _check_extent(tensor: _Tensor) -> None:
    """Raise ValueError unless a tensor lies inside its storage and has no more numbers than it."""
    integers = (tensor.offset, *tensor.shape, *tensor.strides)
    if len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > MOST_AXES:
        raise _RefusedError("a tensor has sizes and strides that do not fit each other")
    if not all(type(integer) is int and integer >= 0 for integer in integers) or 0 in tensor.shape:
        raise _RefusedError("a tensor has sizes, strides or an offset that are no natural numbers")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if math.prod(tensor.shape) > tensor.storage.count or last >= tensor.storage.count:
        raise _RefusedError("a tensor does not lie inside its storage")
