"""Which pages show what their sources say: what a page is made of, its manifest, and why it is stale.

Nothing here imports TensorFlow or papermill, so that asking costs a fraction of a second.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, NamedTuple, NotRequired, TypedDict

from fooling import arithmetic, files, runs
from fooling.pages import contents
from fooling.pages.page import read_metrics
from fooling.report.notebooks import NOTHING, Given, Notebook, RefusedError, Workspace

FRESH, STALE, FAILED, MISSING = "fresh", "stale", "failed", "missing"
VERSIONED = ("tensorflow", "keras", "numpy")
REASONS = {
    "package": "code of the package changed",
    "code": "code of the notebook changed",
    "text": "text of the notebook changed",
    "parameters": "parameters changed",
    "inputs": "files that the parameters name changed",
    "data": "files in data/ changed",
    "settings": "settings changed",
    "environment": "number of threads, oneDNN, its instructions or version of TensorFlow, Keras or NumPy changed",
}


class Parts(TypedDict):
    """What a page is made of, as far as it is not compared whole."""

    needs: NotRequired[dict[str, str | None]]


class Manifest(TypedDict, total=False):
    """What is known of the last whole run of a page; :func:`write_manifest` writes it."""

    parts: Parts
    notebook: str | None
    metrics: str | None
    runs: list[str]
    contents: dict[str, dict[str, str]]
    seconds: float
    versions: dict[str, str]
    threads: int


class Failure(TypedDict, total=False):
    """Why the last run of a page failed."""

    error: str


class Status(NamedTuple):
    """What is known of one page at one profile."""

    name: str  # the page
    state: str  # :data:`FRESH`, :data:`STALE`, :data:`FAILED` or :data:`MISSING`
    why: str  # a clause that says why it is not fresh, else empty
    seconds: float | None  # what the last whole run took, or None
    parts: Mapping[str, Any]  # what the page is made of now


def survey(pages: Mapping[str, Notebook], workspace: Workspace, given: Given = NOTHING) -> dict[str, Status]:
    """Return the status of every page; ``pages`` are in running order, as :func:`read_notebooks` gives them."""
    known: dict[str, Status] = {}
    shared = {"package": hash_package(workspace.package), "data": hash_folder(workspace.notebooks.parent / "data")}
    for page in pages.values():
        parts = {**shared, **_collect_parts(page, workspace, given)}
        manifest, failure = read_manifest(workspace, page.name), _read_failure(workspace.failure(page.name))
        state, why = FRESH, ""
        if failure:
            state, why = FAILED, failure
        elif not manifest:
            damaged = workspace.manifest(page.name).exists()
            state, why = (STALE, "its manifest is damaged") if damaged else (MISSING, "")
        else:
            reasons = _compare_parts({**manifest.get("parts", {})}, parts)
            reasons += [f"{need} is {known[need].state}" for need in page.needs if known[need].state != FRESH]
            reasons += _compare_files(page.name, workspace, manifest)
            if reasons:
                state, why = STALE, "; ".join(reasons)
        known[page.name] = Status(page.name, state, why, manifest.get("seconds"), parts)
    return known


def _collect_parts(page: Notebook, workspace: Workspace, given: Given) -> dict[str, Any]:
    """Return what a page is made of, besides what all pages share."""
    return {
        "code": files.hash_text(json.dumps([cell.source for cell in page.code])),
        # The order of code and text is part of the text: the page shown is then always its source.
        "text": files.hash_text(json.dumps([cell.source if cell.kind != "code" else None for cell in page.cells])),
        "parameters": {"PROFILE": workspace.profile, **given.parameters},
        **({"inputs": given.inputs} if given.inputs else {}),
        "settings": repr(contents.find_sizes(page.name, workspace.profile)),
        "environment": {**arithmetic.describe_processor(), **{name: version(name) for name in VERSIONED}},
        "needs": {need: hash_file(workspace.metrics(need)) for need in page.needs},
    }


def _compare_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what changed, in words."""
    reasons = [words for part, words in REASONS.items() if old.get(part) != new.get(part)]
    before, now = old.get("needs", {}), new["needs"]
    reasons += [f"{need} is {'not ' * (need in before)}needed now" for need in sorted({*before} ^ {*now})]
    return reasons + [f"{need} has new results" for need in sorted({*before} & {*now}) if before[need] != now[need]]


def _compare_files(name: str, workspace: Workspace, manifest: Manifest) -> list[str]:
    """Return what of a page's results is missing or was changed, in words."""
    found = {"notebook": hash_file(workspace.executed(name)), "metrics": hash_file(workspace.metrics(name))}
    changed = {key: now for key, now in found.items() if now != manifest.get(key)}
    return [
        *(f"its {key} file {'is missing' if now is None else 'was changed'}" for key, now in changed.items()),
        *(f"its run {run} is missing" for run in manifest.get("runs", []) if not workspace.run(run).is_dir()),
        *(
            f"its run {run} was changed"
            for run, content in manifest.get("contents", {}).items()
            if workspace.run(run).is_dir() and not content.items() <= hash_run(workspace.run(run)).items()
        ),
    ]


def hash_run(folder: Path) -> dict[str, str]:
    """Return a hash of every file of a run's folder that pages read, and of each image that is kept for them.

    Pages add images to those that are kept, so what one page found there may grow and must not change.
    """
    paths = [path for name in runs.READ if (path := folder / name).is_file()]
    found = {path.name: str(_hash_at(path, (about := path.stat()).st_size, about.st_mtime_ns)) for path in paths}
    for path in folder.glob("shown-*.npz"):
        with suppress(files.DamagedError):  # no image of it is there any more
            shown = runs.read_shown(path)
            for cell, *image in zip(shown["cells"], *shown.values(), strict=True):
                found[f"{path.stem}, cell {cell}"] = files.hash_arrays(*image)
    return found


def hash_folder(folder: Path) -> str:
    """Return one hash of the names and contents of files in a folder, hidden ones and texts (.md) aside."""
    paths = sorted(path for path in folder.rglob("[!.]*") if path.is_file() and path.suffix != ".md")
    about = ((path.relative_to(folder).as_posix(), path, path.stat()) for path in paths)
    return files.hash_text(json.dumps([(name, _hash_at(path, st.st_size, st.st_mtime_ns)) for name, path, st in about]))


@lru_cache(maxsize=4096)
def _hash_at(path: Path, size: int, changed: int) -> str | None:
    """Return :func:`hash_file` of a file that had this size and time of its last change."""
    return hash_file(path)


def hash_package(package: Path) -> str:
    """Return one hash of what the package does and looks like; comments and docstrings leave it as it is."""
    kinds = ("**/*.py", "report/template/*", "lab/**/*.js", "lab/**/*.css")
    paths = sorted(path for kind in kinds for path in package.glob(kind))
    hashes = {path.relative_to(package).as_posix(): _hash_source(path, path.stat().st_mtime_ns) for path in paths}
    return files.hash_text(json.dumps(hashes))


# The time of the last change is in the key, because a report of hours must see an edit made while it runs.
@lru_cache(maxsize=1024)
def _hash_source(path: Path, changed: int) -> str:
    """Return a hash of a file of the package, which last changed at ``changed``; RefusedError if it is not Python."""
    if path.suffix != ".py":
        return files.hash_text(path.read_text(encoding="utf-8"))
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise RefusedError(f"{path.name} is not Python ({error.msg}, line {error.lineno}).") from error
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
    return files.hash_text(ast.dump(tree))


def write_manifest(workspace: Workspace, status: Status, seconds: float) -> None:
    """Record what a page was made of and how long it took, after everything else of it is on the disk.

    ``status`` is that from **before** it ran, so that an edit made meanwhile leaves it stale.
    """
    used = read_metrics(workspace.results, status.name).get("runs", [])
    manifest = {
        "page": status.name,
        "profile": workspace.profile,
        "parts": status.parts,
        "notebook": hash_file(workspace.executed(status.name)),
        "metrics": hash_file(workspace.metrics(status.name)),
        "runs": used,
        "contents": {run: hash_run(workspace.run(run)) for run in used},
        "seconds": round(seconds, 1),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": python_version(), **{name: version(name) for name in VERSIONED}},
        "threads": arithmetic.count_threads(),
    }
    files.write_json(workspace.manifest(status.name), manifest)


def read_manifest(workspace: Workspace, name: str) -> Manifest:
    """Return the manifest of a page; empty where there is none, or one that is damaged: the page is then run again."""
    try:
        return files.read_json(workspace.manifest(name), Manifest)
    except files.DamagedError:
        return Manifest()


def _read_failure(path: Path) -> str:
    """Return why a page's last run failed, nothing if it did not."""
    try:
        return files.read_json(path, Failure).get("error", "")
    except files.DamagedError:
        return "for an unknown reason"


def hash_file(path: Path) -> str | None:
    """Return the SHA-256 of a file's bytes, or None when there is no such file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
