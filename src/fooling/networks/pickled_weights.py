"""Weights out of the pickled files of PyTorch and NumPy, in which nothing runs but a few known names.

The standard library's unpickler finds the names listed here and no others. It still takes the memory and time that a
pickle asks for, and nine bytes can ask for gigabytes: so a file's SHA-256 is checked before a byte is interpreted, and
only the very files that the networks know are ever interpreted.
"""

from __future__ import annotations

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fooling.files import check_hash

Weights = TypeVar("Weights")
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001  # of torch.save before 1.6


class RefusedError(ValueError):
    """Why a file is refused, as the end of a sentence."""


def view_storage(storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    """Return a tensor as a view of its storage, which is filled later: what PyTorch's function of these arguments does.

    Offset and strides count numbers, not bytes. A tensor that does not lie inside its storage is refused.
    """
    if not all(type(number) is int and number >= 0 for number in (offset, *shape, *strides)) or 0 in shape:
        raise RefusedError("a tensor has sizes, strides or an offset that are no natural numbers")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if math.prod(shape) > len(storage) or last >= len(storage):
        raise RefusedError("a tensor does not lie inside its storage")
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, [step * storage.itemsize for step in strides])


KNOWN_NAMES: dict[str, Any] = {
    "collections OrderedDict": OrderedDict,
    "torch._utils _rebuild_tensor_v2": view_storage,
    "torch FloatStorage": np.float32,
    "torch LongStorage": np.int64,
    # What makes an array, under the names that NumPy 1 and NumPy 2 write.
    "numpy.core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
    "numpy._core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
    "numpy ndarray": np.ndarray,
    "numpy dtype": np.dtype,
}


class KnownNamesUnpickler(pickle.Unpickler):
    """The standard library's unpickler, which finds the known names and no others."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, np.ndarray] = {}
        self.most = stream.getbuffer().nbytes

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for "module name"."""
        found = f"{module} {name}"
        if found not in KNOWN_NAMES:
            raise RefusedError(f"its pickle asks for {found[:50]!r}, which no file of weights needs")
        return KNOWN_NAMES[found]

    def persistent_load(self, described: Any) -> np.ndarray:
        """Return an empty storage as PyTorch describes it; the place, for example "cpu", does not matter."""
        match described:
            case ("storage", kind, str(key), str(), int(count), None) if kind is np.float32 or kind is np.int64:
                if key in self.storages:  # so that a small file cannot ask for a large memory
                    raise RefusedError("two tensors share a storage")
                if 0 <= count <= self.most:
                    return self.storages.setdefault(key, np.empty(count, kind))
        raise RefusedError("its pickle describes a storage in another way than PyTorch does")


def read_numpy_pickle(path: str | Path, sha256: str) -> dict[str, list[np.ndarray]]:
    """Read a pickled dictionary of lists of arrays, as training code with NumPy writes it.

    Args:
        sha256: What it must hash to, in hexadecimal digits.

    Returns:
        Name to arrays, float32 and finite, in the order of the file; every array is row by row.

    Raises:
        ValueError: If the file is missing, hashes to something else, is damaged, or holds anything else.
    """
    return _read(Path(path), sha256, _read_arrays, "pickled dictionary of arrays")


def read_torch_file(path: str | Path, sha256: str) -> dict[str, np.ndarray]:
    """Read all tensors, float32 or int64, of a file that ``torch.save`` before version 1.6 wrote.

    Such a file is four pickles (a magic number, the version of the format, a description of the machine, the tensors
    by name), a fifth with the order of the storages, and then the storages: for each a count and that many numbers.
    Otherwise as :func:`read_numpy_pickle`, but that numbers need not be finite.
    """
    return _read(Path(path), sha256, _read_tensors, "file of weights as PyTorch before 1.6 wrote it")


def _read(path: Path, sha256: str, interpret: Callable[[io.BytesIO], Weights], what: str) -> Weights:
    """Return what a file holds, having checked its hash before a byte is interpreted."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}.") from error
    check_hash(path.name, content, sha256)
    stream = io.BytesIO(content)
    try:
        weights = interpret(stream)
        if stream.read(1):
            raise RefusedError("something follows its end")
    except Exception as error:  # a damaged pickle can raise nearly anything
        reason = error if isinstance(error, RefusedError) else "its pickle is damaged"
        raise ValueError(f"{path.name} is no {what}: {reason}.") from error
    return weights


def _read_arrays(stream: io.BytesIO) -> dict[str, list[np.ndarray]]:
    layers = KnownNamesUnpickler(stream).load()
    if type(layers) is not dict or not all(type(name) is str for name in layers):
        raise RefusedError("it is not a dictionary with names as keys")
    for name, arrays in layers.items():
        if type(arrays) is not list or not all(type(array) is np.ndarray for array in arrays):
            raise RefusedError(f"{name!r} is not a list of arrays")
        for array in arrays:
            if array.dtype != np.float32:
                raise RefusedError(f"{name!r} has an array of {array.dtype}, not float32")
            if not array.size or not np.isfinite(array).all():
                raise RefusedError(f"{name!r} has an array that is empty or not finite")
    return {name: [np.ascontiguousarray(array) for array in arrays] for name, arrays in layers.items()}


def _read_tensors(stream: io.BytesIO) -> dict[str, np.ndarray]:
    unpickler = KnownNamesUnpickler(stream)
    magic, version, machine, tensors, order = (unpickler.load() for _ in range(5))
    if (magic, version) != (MAGIC, VERSION):
        raise RefusedError("it does not begin as one")
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise RefusedError("its numbers are not little-endian")
    if not isinstance(tensors, dict) or not all(type(part) is np.ndarray for part in tensors.values()):
        raise RefusedError("it is not a dictionary of tensors")
    if not all(type(name) is str for name in tensors):
        raise RefusedError("it has something other than names as keys")
    if not isinstance(order, list) or sorted(order) != sorted(unpickler.storages) or len(order) != len(tensors):
        raise RefusedError("its storages are not those of its tensors")
    for storage in map(unpickler.storages.__getitem__, order):
        if int.from_bytes(stream.read(8), "little") != len(storage):
            raise RefusedError("a storage has another size than its tensor says")
        content = stream.read(storage.nbytes)
        if len(content) != storage.nbytes:
            raise RefusedError("it ends before its last number")
        storage[:] = np.frombuffer(content, storage.dtype.newbyteorder("<"))
    return {name: np.array(tensor, order="C") for name, tensor in tensors.items()}
