"""What the user names: a .keras file, class names, a folder of images; looked at without TensorFlow."""

from __future__ import annotations

import ast
import codecs
import hashlib
import io
import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fooling import files, runs
from fooling.words import clean_name

HDF5 = b"\x89HDF\r\n\x1a\n"
SAVE = "save the model by model.save('name.keras'), or answer for it by a function of yours, --code FILE:NAME"
KERAS = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}
WEIGHTS = ("config.json", "model.weights.h5")  # what of a .keras file makes the network; the rest has the date


class AuditError(ValueError):
    """What was given cannot be audited; its text is the one sentence that the person who gave it reads."""


def read_class_names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return class names in the order of the network's outputs; equal ones are numbered: crane (1), crane (2).

    Args:
        given: The names, or the path of a file that holds one on each line or, as JSON, a list, a dictionary of numbers
            by name (``class_indices`` of Keras) or of names by number (ImageNet's index); None for none.

    Raises:
        AuditError: If there is no such file, or it is no such list.
    """
    listed = _read_names_file(Path(given)) if isinstance(given, str) else map(str, given or ())
    names = [clean_name(name) for name in listed]
    counts = Counter(names)
    return tuple(
        f"{name} ({names[: place + 1].count(name)})" if counts[name] > 1 else name for place, name in enumerate(names)
    )


def _read_names_file(path: Path) -> list[str]:
    """Return the names in a file, in UTF-8 or, where it begins by saying so, UTF-16."""
    try:
        content = path.read_bytes()
        begins = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        text = content.decode("utf-16" if begins else "utf-8-sig")
    except OSError as error:
        raise AuditError(f"The class names cannot be read: there is no text file {path.name!r}.") from error
    except UnicodeDecodeError as error:
        raise AuditError(f"{path.name} is not text in UTF-8 or UTF-16; save it as UTF-8.") from error
    try:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        names = _order_names(json.loads(text)) if text.lstrip()[:1] in ("[", "{") else lines
    except (ValueError, RecursionError) as error:
        raise AuditError(f"{path.name} starts like JSON but is none ({error}).") from error
    if not names or not all(isinstance(name, str) for name in names):
        raise AuditError(
            f"{path.name} holds no class names; expected one on each line, or in JSON a list, or a dictionary that "
            "numbers them from 0."
        )
    return names


def _order_names(content: Any) -> list[Any]:
    """Return the names in a JSON list or dictionary by their numbers; none where these are not 0, 1, 2 and so on."""
    if not isinstance(content, dict):
        return list(content)
    if all(isinstance(value, int) for value in content.values()):
        numbered = {number: name for name, number in content.items()}
    else:  # ImageNet's index has for each number WordNet's id and the name
        last = {key: value[-1] if isinstance(value, list) and value else value for key, value in content.items()}
        numbered = {int(key) if key.isdecimal() else -1: value for key, value in last.items()}
    return [numbered.get(number) for number in range(len(content))]


def list_class_folders(folder: str | Path) -> tuple[str, ...]:
    """Return the names of a folder's subfolders as Keras's own loader sorts them; AuditError if there is no folder."""
    path = Path(folder)
    if not path.is_dir():
        raise AuditError(f"There is no folder {path.name!r} of images.")
    return tuple(sorted(one.name for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")))


def find_folder(model: str | Path) -> Path:
    """Return where the audit of a file is kept: the name tells people, the key two networks of one name apart."""
    return runs.results_root() / "audits" / f"{Path(model).stem}-{hash_network(Path(model))}"


def hash_network(path: Path) -> str:
    """Return a hash of the weights and the architecture in a file of Keras, or of a file of code, without loading it.

    Raises:
        AuditError: If there is no such file, it is none, or a weight is no finite number.
    """
    if path.is_dir():
        raise AuditError(f"{path.name} is a folder; {SAVE}.")
    if not path.is_file():
        raise AuditError(f"There is no file {path.name!r}.")
    if path.suffix == ".py":
        return files.hash_text(path.read_text(encoding="utf-8", errors="replace"))[:12]
    if path.read_bytes()[:8] == HDF5:
        _check_weights(path, path)
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    try:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in WEIGHTS}
    except Exception as error:  # a damaged file can raise nearly anything
        raise AuditError(f"{path.name} is not a .keras file; {SAVE}.") from error
    _check_weights(path, io.BytesIO(parts[WEIGHTS[1]]))
    return files.hash_text("".join(files.hash_text(part.hex()) for part in parts.values()))[:12]


def _check_weights(path: Path, content: Path | io.BytesIO) -> None:
    """Raise AuditError if a weight is no finite number, or has no room; what is no file of weights is left to Keras."""
    import h5py

    broken: list[str] = []
    most = files.DEFLATED * path.stat().st_size

    def look(name: str, part: object) -> None:
        if isinstance(part, h5py.Dataset) and part.size and part.nbytes > most:
            raise MemoryError
        found = isinstance(part, h5py.Dataset) and not name.startswith("optimizer") and part.dtype.kind == "f"
        if found and not np.isfinite(np.asarray(part, np.float32)).all():
            broken.append(name)

    try:
        with h5py.File(content) as file:
            file.visititems(look)
    except MemoryError as error:
        told = f"{path.name} says that it holds more weights than fit into it, or into this machine's memory"
        raise AuditError(f"{told}; {SAVE}.") from error
    except (OSError, RuntimeError):
        return
    if broken:
        raise AuditError(f"{path.name} has weights that are no numbers (NaN or infinity), such as {broken[0]}.")


def check_keras() -> None:
    """Raise AuditError if Keras is set up for other arithmetic than that of this project; without importing it."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        settings = files.read_json(home / "keras.json", dict[str, Any])
    except (OSError, files.DamagedError):  # Keras passes over it, too
        settings = {}
    backend = os.environ.get("KERAS_BACKEND")
    for name, needed in KERAS.items():
        found, where = settings.get(name, needed), f"{name} in keras.json"
        if name == "backend" and backend:
            found, where = backend, "KERAS_BACKEND"
        if found != needed:
            raise AuditError(f"{where} is {found!r}, but an audit needs {needed!r}.")


def check_image_size(size: Sequence[int] | None, function: str | None) -> None:
    """Raise AuditError unless a size is height and width, for a function also with 1 or 3 channels, or is not given."""
    whole = size is None or all(isinstance(side, int) and side > 0 for side in size)
    fits = size is None or len(size) == 2 or (bool(function) and len(size) == 3 and size[2] in (1, 3))
    if not whole or not fits:
        raise AuditError(f"The image size is two whole numbers, height and width, such as 64 64; not {size}.")
    if function and not size:
        raise AuditError(f"{function} does not say what it takes: add --image-size HEIGHT WIDTH [CHANNELS].")


def find_function(given: str) -> tuple[Path, str]:
    """Return the file and the name of ``FILE:NAME``, the name empty where only a file is given.

    Raises:
        AuditError: If there is no such file, it is not Python, or it defines nothing of that name.
    """
    file, _, name = given.rpartition(":") if ":" in Path(given).name else (given, "", "")
    path = Path(file)
    if not path.is_file():
        raise AuditError(f"There is no file {path.name!r} of code.")
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:  # the last two are of what is nested deep
        raise AuditError(f"{path.name} is not Python ({str(error) or type(error).__name__}).") from error
    if not re.search(rf"\b{re.escape(name)}\b", text):
        raise AuditError(f"{path.name} defines no function {name!r}.")
    return path, name


def hash_files(paths: Iterable[Path]) -> str:
    """Return a hash of files' names, sizes and times of change, and of what lies in those that are folders."""
    digest = hashlib.sha256()
    for path in paths:
        for one in sorted([path, *path.rglob("*")]):
            about = one.stat() if one.exists() else one.lstat()  # a link may lead nowhere
            size = about.st_size if one.is_file() else 0
            digest.update(os.fsencode(one.name) + f"\0{size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
