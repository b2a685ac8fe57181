"""Files that are whole or not there: written atomically, read without executing anything, locked by their folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
import numpy as np

Content = TypeVar("Content")

DEFLATED = 1032  # times smaller at most; Source: zlib's technical details


class DamagedError(ValueError):
    """A file is not what was written; its text says in one sentence which file, and what mends it."""


def hash_text(text: str) -> str:
    """Return a short hash (16 hexadecimal digits of SHA-256) of ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_arrays(*arrays: np.ndarray) -> str:
    """Return a short hash of the shapes, types and bytes of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def check_hash(what: str, content: bytes, expected: str) -> None:
    """Raise ValueError unless ``content`` has this SHA-256, or SHA-1 where only that is published, in hexadecimals."""
    name, algorithm = ("SHA-1", hashlib.sha1) if len(expected) == 40 else ("SHA-256", hashlib.sha256)
    found = algorithm(content).hexdigest()
    if found != expected:
        raise ValueError(f"{what} has {name} {found[:12]}…, expected {expected[:12]}…: the file is not the one known.")


def write_atomically(path: Path, content: bytes | str | Callable[[IO[bytes]], None]) -> None:
    """Write a file so that a reader, or a kill at any moment, finds the old content or the new and never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk does not say of which file
            error.filename = str(path)
        raise


def find_unfinished(folder: Path) -> list[Path]:
    """Return temporary files of :func:`write_atomically` in a folder; where nobody writes now, kills left them."""
    return list(folder.glob(".*.????????"))


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as readable JSON, atomically."""
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def parse_json(content: bytes) -> Any:
    """Return what JSON in UTF-8 says; ValueError if it is none, or holds half a letter, which nothing can write."""
    parsed = json.loads(content.decode())
    json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


def read_json(path: Path, kind: type[Content], mend: str = "delete it and run its page again") -> Content:
    """Return what a file of JSON holds, an object that is checked to be of a kind; empty if there is no such file.

    The kind is a ``dict[…]`` or a ``TypedDict``, whose further keys are kept, and not checked. DamagedError if the file
    holds anything else; its sentence ends in what would ``mend`` that.
    """
    try:
        content: Content = parse_json(path.read_bytes())
        msgspec.convert(content, kind)
    except FileNotFoundError:
        return kind()
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path.name} is damaged; {mend}.") from error
    return content


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], compress: bool = True) -> None:
    """Write named arrays as an ``.npz``, atomically."""
    named: Any = dict(arrays)
    save = np.savez_compressed if compress else np.savez
    write_atomically(path, lambda file: save(file, **named))


class Arrays(dict[str, np.ndarray]):
    """Named arrays of a file; whoever asks for one that is not there is told of which file, and what mends it."""

    path: Path

    def __missing__(self, name: str) -> np.ndarray:
        """Raise DamagedError."""
        place = f"{self.path.parent.name}/{self.path.name}"
        raise DamagedError(f"{place} holds no array {name!r}; delete that folder to run again.")


def read_arrays(path: Path) -> Arrays:
    """Read a whole ``.npz`` written by :func:`write_arrays`, else DamagedError; nothing in it is executed."""
    try:
        with path.open("rb") as handle:
            with zipfile.ZipFile(handle) as archive:
                for member in archive.infolist():
                    _check_size(archive, member, path.stat().st_size)
            handle.seek(0)
            with np.load(handle, allow_pickle=False) as file:
                arrays = Arrays({name: file[name] for name in file.files})
    except Exception as error:  # a damaged file can raise nearly anything
        raise DamagedError(f"{path.parent.name}/{path.name} is damaged; delete that folder to run again.") from error
    arrays.path = path
    return arrays


def _check_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> None:
    """Raise ValueError unless an array has the bytes that its header asks for: NumPy makes room for them unseen."""
    with archive.open(member) as file:
        known = np.lib.format.read_magic(file) == (1, 0)
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
        fits = math.prod(shape) * kind.itemsize == member.file_size - file.tell()
    most = member.compress_size * (1 if member.compress_type == zipfile.ZIP_STORED else DEFLATED)
    if not known or not fits or member.compress_size > size or member.file_size > most:
        raise ValueError(f"{member.filename} is not as large as it says.")


def check_arrays(arrays: Mapping[str, np.ndarray], expected: Mapping[str, Any]) -> None:
    """Raise ValueError unless arrays have the names, shapes and types of these ``tf.TensorSpec``."""
    if arrays.keys() != expected.keys() or not all(
        kind.dtype == arrays[name].dtype and kind.shape.is_compatible_with(arrays[name].shape)
        for name, kind in expected.items()
    ):
        raise ValueError("holds arrays of other names, shapes or types than this run's")


@contextmanager
def lock_folder(folder: Path, say_waiting: Callable[[], Any] = lambda: None) -> Iterator[None]:
    """Wait until nobody else holds this folder, and hold it; a kill lets go of it, and no file is left.

    ``say_waiting`` is called if there is anybody to wait for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say_waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
