"""Weights out of pickled files, read without importing or calling what a file names, but for a few known names."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fooling.files import check_sha256

# What makes an array out of a pickle, under the names that NumPy 1 and NumPy 2 write.
NUMPY_GLOBALS: dict[str, Any] = {
    "numpy.core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
    "numpy._core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
    "numpy ndarray": np.ndarray,
    "numpy dtype": np.dtype,
}


class RefusedError(ValueError):
    """Why a file is refused, as the end of a sentence."""


class KnownNamesUnpickler(pickle.Unpickler):
    """The standard library's unpickler, which finds the names that it is given and no others."""

    def __init__(self, stream: io.BytesIO, known: Mapping[str, Any]) -> None:
        super().__init__(stream)
        self.known = known

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for "module name"."""
        found = f"{module} {name}"
        if found not in self.known:
            raise RefusedError(f"its pickle asks for {found[:50]!r}, which no file of weights needs")
        return self.known[found]


def read_numpy_pickle(path: str | Path, sha256: str) -> dict[str, list[np.ndarray]]:
    """Read a pickled dictionary of lists of arrays, as training code with NumPy writes it.

    Args:
        path: The file.
        sha256: What it must hash to, in hexadecimal digits; checked before a byte is interpreted.

    Returns:
        Name to arrays, float32 and finite, in the order of the file; every array is row by row.

    Raises:
        ValueError: If the file is missing, hashes to something else, is damaged, or holds anything else.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}.") from error
    check_sha256(path.name, content, sha256)
    try:
        return _read_arrays(content)
    except Exception as error:  # a damaged pickle can raise nearly anything
        reason = error if isinstance(error, RefusedError) else "its pickle is damaged"
        raise ValueError(f"{path.name} is no pickled dictionary of arrays: {reason}.") from error


def _read_arrays(content: bytes) -> dict[str, list[np.ndarray]]:
    stream = io.BytesIO(content)
    layers = KnownNamesUnpickler(stream, NUMPY_GLOBALS).load()
    if stream.read(1):
        raise RefusedError("something follows its pickle")
    if type(layers) is not dict or not all(type(name) is str for name in layers):
        raise RefusedError("it is not a dictionary with names as keys")
    return {name: _check_arrays(name, arrays) for name, arrays in layers.items()}


def _check_arrays(name: str, arrays: Any) -> list[np.ndarray]:
    """Return the arrays of one name, having checked that they are arrays of finite float32."""
    if type(arrays) is not list or not all(type(array) is np.ndarray for array in arrays):
        raise RefusedError(f"{name!r} is not a list of arrays")
    for array in arrays:
        if array.dtype != np.float32:
            raise RefusedError(f"{name!r} has an array of {array.dtype}, not float32")
        if not array.size or not np.isfinite(array).all():
            raise RefusedError(f"{name!r} has an array that is empty or not finite")
    return [np.ascontiguousarray(array) for array in arrays]
