"""Weights out of the pickled files of PyTorch and NumPy, in which nothing runs but a few known names.

A file's SHA-256 is checked before a byte is interpreted, because a pickle of nine bytes can ask for gigabytes: only the
very files that the networks know are ever interpreted. The standard library's unpickler then finds the names listed
here and no others, so none of PyTorch's code is needed.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fooling.files import check_hash


def view_storage(storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    """Return a tensor as a view of its storage, which is filled later: what PyTorch's function of these arguments does.

    Offset and strides count numbers, not bytes. NumPy refuses a view that leaves the storage.
    """
    steps = [step * storage.itemsize for step in strides]
    return np.ndarray(shape, storage.dtype, storage, offset * storage.itemsize, steps)


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


class UnknownNameError(ValueError):
    """A pickle asks for a name that is not known."""


class KnownNamesUnpickler(pickle.Unpickler):
    """The standard library's unpickler, which finds the known names and no others."""

    def __init__(self, path: str | Path, sha256: str) -> None:
        content = Path(path).read_bytes()
        check_hash(Path(path).name, content, sha256)
        self.stream = io.BytesIO(content)
        self.storages: dict[str, np.ndarray] = {}
        super().__init__(self.stream)

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for "module name"."""
        found = f"{module} {name}"
        if found not in KNOWN_NAMES:
            raise UnknownNameError(f"A pickle asks for {found[:50]!r}, which no file of weights needs.")
        return KNOWN_NAMES[found]

    def persistent_load(self, described: Any) -> np.ndarray:
        """Return an empty storage as PyTorch describes it; the place, for example "cpu", does not matter."""
        _, kind, key, _, count, _ = described
        return self.storages.setdefault(key, np.zeros(count, kind))


@contextmanager
def _open_pickle(path: str | Path, sha256: str) -> Iterator[KnownNamesUnpickler]:
    """Yield the unpickler of a file; whatever is wrong with it is told in one sentence, as ValueError."""
    unpickler = KnownNamesUnpickler(path, sha256)
    try:
        yield unpickler
    except UnknownNameError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise ValueError(f"{Path(path).name} holds no weights that can be read.") from error


def _check_numbers(arrays: Iterable[Any]) -> None:
    """Raise ValueError unless all of these are arrays of numbers."""
    if not all(isinstance(part, np.ndarray) and part.dtype.kind in "fiu" for part in arrays):
        raise ValueError("These are no arrays of numbers.")


def read_numpy_pickle(path: str | Path, sha256: str) -> dict[str, list[np.ndarray]]:
    """Read a pickled dictionary of lists of arrays, as training code with NumPy writes it.

    ValueError if the file hashes to something else, asks for another name, or is damaged.
    """
    with _open_pickle(path, sha256) as unpickler:
        layers: dict[str, list[np.ndarray]] = unpickler.load()
        if not all(isinstance(arrays, list) for arrays in layers.values()):
            raise ValueError("A layer is no list of arrays.")
        _check_numbers(part for arrays in layers.values() for part in arrays)
        return layers


def read_torch_file(path: str | Path, sha256: str) -> dict[str, np.ndarray]:
    """Read all tensors, float32 or int64, of a file that ``torch.save`` before version 1.6 wrote.

    Such a file is four pickles (a magic number, the version of the format, a description of the machine, the tensors
    by name), a fifth with the order of the storages, and then the storages: for each a count and that many numbers.
    Errors are those of :func:`read_numpy_pickle`.
    """
    with _open_pickle(path, sha256) as unpickler:
        *_, tensors, order = (unpickler.load() for _ in range(5))
        if sorted(order) != sorted(unpickler.storages):
            raise ValueError("The storages that follow are not those of the tensors.")
        for storage in map(unpickler.storages.__getitem__, order):
            if int.from_bytes(unpickler.stream.read(8), "little") != storage.size:
                raise ValueError("A storage has another size than its tensors need.")
            numbers = unpickler.stream.read(storage.nbytes)
            storage[:] = np.frombuffer(numbers, storage.dtype.newbyteorder("<"), storage.size)
        _check_numbers(tensors.values())
        return {name: np.array(tensor, order="C") for name, tensor in tensors.items()}
