"""What the user names: a .keras file, class names, a folder of images; looked at without TensorFlow."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from fooling import files, runs

WEIGHTS = ("config.json", "model.weights.h5")  # what of a .keras file makes the network; the rest has the date


class AuditError(ValueError):
    """What was given cannot be audited; its text is the one sentence that the person who gave it reads."""


def read_class_names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return class names in the order of the network's outputs.

    Args:
        given: The names, or the path of a file that holds one on each line or, as JSON, a list; None for none.

    Raises:
        AuditError: If there is no such file, it is not such a list, or a name occurs twice.
    """
    names = _read_names_file(Path(given)) if isinstance(given, str) else tuple(map(str, given or ()))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise AuditError(f"The class name {twice[0]!r} occurs twice, but each class needs a name of its own.")
    return names


def _read_names_file(path: Path) -> tuple[str, ...]:
    """Return the names in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"The class names cannot be read: there is no text file {path.name!r}.") from error
    try:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        names = json.loads(text) if text.lstrip().startswith("[") else lines
    except ValueError as error:
        raise AuditError(f"{path.name} starts like a JSON list but is none ({error}).") from error
    if not names or not all(isinstance(name, str) for name in names):
        raise AuditError(f"{path.name} holds no class names; expected one on each line, or a JSON list of them.")
    return tuple(names)


def list_class_folders(folder: str | Path) -> tuple[str, ...]:
    """Return the names of a folder's subfolders, sorted as ``keras.utils.image_dataset_from_directory`` sorts them.

    Raises:
        AuditError: If there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        raise AuditError(f"There is no folder {path.name!r} of images.")
    return tuple(sorted(one.name for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")))


def find_folder(model: str | Path) -> Path:
    """Return where the audit of a file is kept: the name tells people, the key two networks of one name apart."""
    return runs.results_root() / "audits" / f"{Path(model).stem}-{hash_network(Path(model))}"


def hash_network(path: Path) -> str:
    """Return a hash of the weights and the architecture in a ``.keras`` file, without loading it.

    Raises:
        AuditError: If there is no such file, or it is none.
    """
    if not path.is_file():
        raise AuditError(f"There is no file {path.name!r}.")
    try:
        with zipfile.ZipFile(path) as file:
            return files.hash_text("".join(files.hash_text(file.read(name).hex()) for name in WEIGHTS))[:12]
    except (zipfile.BadZipFile, KeyError) as error:
        sentence = f"{path.name} is not a .keras file; save the model by model.save('name.keras')."
        raise AuditError(sentence) from error


def hash_files(paths: Iterable[Path]) -> str:
    """Return a hash of files' names, sizes and times of change, and of what lies in those that are folders."""
    digest = hashlib.sha256()
    for path in paths:
        for one in sorted([path, *path.rglob("*")]):
            about = one.stat() if one.exists() else one.lstat()  # a link may lead nowhere
            size = about.st_size if one.is_file() else 0
            digest.update(os.fsencode(one.name) + f"\0{size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
