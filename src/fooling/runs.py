"""A run's folder: settings, checkpoints, result and provenance; a kill of evolution loses one chunk at most.

A folder's name ends in the run's key: a hash of everything that its bytes depend on. The same key finds the
same folder again, another key never does, so an edited caption redraws a page and an edited operator runs again.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from tqdm import tqdm

from fooling import profiles

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]


def results_root() -> Path:
    """Return the folder of all results: ``results/`` of this checkout, or ``$FOOLING_RESULTS``."""
    return Path(os.environ.get("FOOLING_RESULTS") or ROOT / "results")


def count_threads() -> int:
    """Return how many cores this process may use: part of every key, since sums depend on how work is split."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def hash_text(text: str) -> str:
    """Return a short hash (16 hexadecimal digits of SHA-256) of ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_source(path: Path) -> str:
    """Return a hash of what a Python file does: comments, docstrings and layout leave it as it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=path.name)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = body[1:] or [ast.Pass()]
    return hash_text(ast.dump(tree))


@cache
def hash_code(parts: tuple[str, ...]) -> str:
    """Return one hash over files and folders of the package, named from its top."""
    files = sorted(file for part in parts for file in _python_files(PACKAGE / part))
    return hash_text("".join(f"{file.relative_to(PACKAGE).as_posix()} {hash_source(file)}\n" for file in files))


def _python_files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def write_atomically(path: Path, content: bytes | str | Callable[[IO[bytes]], None]) -> None:
    """Write a file so that a reader, or a kill at any moment, finds the old content or the new and never half.

    Args:
        path: The file.
        content: What it holds, or a function that writes it into an open file.

    Raises:
        OSError: If the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as readable JSON, atomically."""
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], compress: bool = True) -> None:
    """Write named arrays as an ``.npz``, atomically."""
    named: Any = dict(arrays)
    save = np.savez_compressed if compress else np.savez
    write_atomically(path, lambda file: save(file, **named))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a ``.npz`` written by :func:`write_arrays`; nothing in it is executed.

    Raises:
        ValueError: If the file is not a whole ``.npz``.
    """
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged file can raise nearly anything
        raise ValueError(f"{path.parent.name}/{path.name} is damaged; delete that folder to run again.") from error


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Wait until nobody else holds this folder, and hold it; a kill lets go of it, and no file is left."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class RunFolder(NamedTuple):
    """Where one run lives.

    Attributes:
        path: The folder ``{label}-{key}``.
    """

    path: Path

    def save_checkpoint(self, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Write checkpoint ``number`` and delete all but the last two."""
        write_arrays(self._checkpoint(number), arrays, compress=False)
        for old in self._checkpoints()[:-2]:
            old.unlink()

    def load_checkpoint(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """Return the newest whole checkpoint with its number, or None; a damaged one is named and passed over."""
        for path in reversed(self._checkpoints()):
            try:
                return int(path.stem.split("-")[1]), read_arrays(path)
            except ValueError:
                print(f"Passing over a damaged checkpoint: {path.name}")
                path.unlink()
        return None

    def save_result(self, arrays: Mapping[str, np.ndarray], seconds: float) -> None:
        """Write the result and where it came from, then delete the checkpoints."""
        write_json(self.path / "provenance.json", {**describe_machine(), "seconds": round(seconds, 1)})
        write_arrays(self.path / "result.npz", arrays)
        for path in self._checkpoints():
            path.unlink()

    def load_result(self) -> dict[str, np.ndarray] | None:
        """Return the arrays of a finished run, or None.

        Raises:
            ValueError: If the result is there but damaged.
        """
        path = self.path / "result.npz"
        return read_arrays(path) if path.exists() else None

    def _checkpoint(self, number: int) -> Path:
        return self.path / f"checkpoint-{number:08d}.npz"

    def _checkpoints(self) -> list[Path]:
        return sorted(self.path.glob("checkpoint-*.npz"))


def open_run(folder: Path, label: str, settings: Mapping[str, Any], code: tuple[str, ...]) -> RunFolder:
    """Return the folder of the run with these settings, making it if it is new.

    Args:
        folder: Where runs are kept.
        label: First part of the folder's name, for people.
        settings: What the run depends on, as JSON; the thread count and TensorFlow's version are added here.
        code: The files and folders of the package whose code makes the run's bytes. What only reads, draws or reports
            is not among them, so that an edited caption runs nothing again.

    Raises:
        OSError: If the folder cannot be written.
    """
    complete = {
        **settings,
        "code": hash_code(code),
        "threads": count_threads(),
        "tensorflow": version("tensorflow"),
    }
    path = folder / f"{label}-{hash_text(json.dumps(complete, sort_keys=True))[:12]}"
    if not (path / "settings.json").exists():
        write_json(path / "settings.json", complete)
    return RunFolder(path)


def describe_machine() -> dict[str, Any]:
    """Return what a reader needs to judge a run's cost: versions, processor architecture and thread count."""
    packages = {name: version(name) for name in ("tensorflow", "keras", "numpy")}
    return {"python": platform.python_version(), **packages, "machine": platform.machine(), "threads": count_threads()}


def describe_cost(folders: Iterable[RunFolder]) -> str:
    """Return one line on the environment and on what these runs cost when they were computed."""
    records = [json.loads((run.path / "provenance.json").read_text(encoding="utf-8")) for run in dict.fromkeys(folders)]
    seconds = sum(record.pop("seconds") for record in records)
    places = sorted({", ".join(f"{name} {value}" for name, value in record.items()) for record in records})
    return f"{'; '.join(places)}: {seconds:,.0f} s of computing behind this page."


def progress_bar(total: int, label: str) -> tqdm:
    """Return a progress bar that stays one line in an executed notebook as on a terminal."""
    return tqdm(total=total, desc=label, file=sys.stdout, mininterval=0.5, leave=True, ncols=80)


class Page(NamedTuple):
    """What a notebook writes besides itself.

    Attributes:
        name: File stem of the notebook, such as ``02_mnist_direct``.
        folder: ``results/PROFILE``.
    """

    name: str
    folder: Path

    @property
    def runs(self) -> Path:
        """The folder of this profile's runs."""
        return self.folder / "runs"

    def write_metrics(self, metrics: Mapping[str, Any], runs: Iterable[RunFolder]) -> None:
        """Write what :mod:`fooling.findings` reads, with the names of the run folders that the page drew from."""
        names = sorted({run.path.name for run in runs})
        write_json(self.folder / "metrics" / f"{self.name}.json", {**metrics, "runs": names})


def open_page(name: str, profile: str) -> Page:
    """Return where the page ``name`` writes at ``profile``.

    Raises:
        ValueError: If there is no such profile.
    """
    return Page(name, results_root() / profiles.check_name(profile))
