"""Which pages show what their sources say: the fingerprint of a page, its manifest, and why it is stale.

Nothing here imports TensorFlow or papermill, so that asking costs a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, NamedTuple

from fooling import files, runs
from fooling.pages import profiles
from fooling.report.imports import hash_module, reach_modules
from fooling.report.pages import NOTHING, Given, Page, RefusedError, Workspace

FRESH, STALE, FAILED, MISSING = "fresh", "stale", "failed", "missing"
VERSIONED = ("tensorflow", "keras", "numpy")


class Status(NamedTuple):
    """What is known of one page at one profile.

    Attributes:
        name: The page.
        state: :data:`FRESH`, :data:`STALE`, :data:`FAILED` or :data:`MISSING`.
        why: A clause that says why it is not fresh, else empty.
        seconds: What the last whole run cost, or None.
        parts: What the page is made of now.
        fingerprint: One hash over ``parts``.
    """

    name: str
    state: str
    why: str
    seconds: float | None
    parts: Mapping[str, Any]
    fingerprint: str


def survey(pages: Mapping[str, Page], workspace: Workspace, given: Given = NOTHING) -> dict[str, Status]:
    """Return the status of every page; ``pages`` are in running order, as :func:`read_pages` gives them."""
    known: dict[str, Status] = {}
    for page in pages.values():
        known[page.name] = _inspect(page, workspace, given, known)
    return known


def _inspect(page: Page, workspace: Workspace, given: Given, known: Mapping[str, Status]) -> Status:
    parts = _collect_parts(page, workspace, known)
    parts["parameters"] |= given.parameters
    parts |= {"inputs": given.inputs} if given.inputs else {}
    fingerprint = files.hash_text(json.dumps(parts, sort_keys=True))
    manifest = read_json(workspace.manifest(page.name))
    failure = read_json(workspace.failure(page.name))
    seconds = manifest.get("seconds")
    if failure:
        state, why = FAILED, str(failure.get("error", "for an unknown reason"))
    elif not manifest:
        state, why = MISSING, ""
    else:
        reasons = _compare_parts(manifest.get("parts", {}), parts)
        reasons += _find_needs_to_run(page, known, reasons)
        reasons += _compare_files(page.name, workspace, manifest)
        state, why = (STALE, "; ".join(reasons)) if reasons else (FRESH, "")
    return Status(page.name, state, why, seconds, parts, fingerprint)


def _collect_parts(page: Page, workspace: Workspace, known: Mapping[str, Status]) -> dict[str, Any]:
    code = [cell.source for cell in page.cells if cell.kind == "code"]
    return {
        "code": files.hash_text(json.dumps(code)),
        # The order of code and text is part of the text: the page shown is then always its source.
        "text": files.hash_text(json.dumps([cell.source if cell.kind != "code" else None for cell in page.cells])),
        "parameters": {"PROFILE": workspace.profile},
        "environment": {"threads": runs.count_threads(), **{name: version(name) for name in VERSIONED}},
        "settings": repr(profiles.page_settings(page.name, workspace.profile)),
        "modules": {
            path.relative_to(workspace.package).as_posix(): hash_module(path)
            for path in sorted(reach_modules(page, workspace.package))
        },
        # A page reads the metrics of those it needs, so new numbers make it stale even when no code changed.
        "needs": {
            need: {"fingerprint": known[need].fingerprint, "metrics": hash_file(workspace.metrics(need))}
            for need in page.needs
        },
    }


def _compare_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    whole = {
        "code": "code of the notebook changed",
        "text": "text of the notebook changed",
        "parameters": "parameters changed",
        "inputs": "files that the parameters name changed",
        "settings": "settings changed",
        "environment": "number of threads or version of TensorFlow, Keras or NumPy changed",
    }
    reasons = [sentence for part, sentence in whole.items() if old.get(part) != new.get(part)]
    before, now = old.get("modules", {}), new["modules"]
    reasons += [f"{file} changed" for file in now if file in before and before[file] != now[file]]
    reasons += [f"{file} is used now" for file in now if file not in before]
    reasons += [f"{file} is not used any more" for file in before if file not in now]
    before, now = old.get("needs", {}), new["needs"]
    for need in sorted({*before, *now}):
        was, is_ = before.get(need), now.get(need)
        if was is None or is_ is None:
            reasons.append(f"{need} is {'needed now' if is_ else 'not needed any more'}")
        elif was["fingerprint"] != is_["fingerprint"]:
            reasons.append(f"{need} changed")
        elif was["metrics"] != is_["metrics"]:
            reasons.append(f"{need} has new results")
    return reasons


def _find_needs_to_run(page: Page, known: Mapping[str, Status], said: list[str]) -> list[str]:
    needs = [need for need in page.needs if known[need].state != FRESH]
    return [f"{need} is {known[need].state}" for need in needs if not any(reason.startswith(need) for reason in said)]


def _compare_files(name: str, workspace: Workspace, manifest: Mapping[str, Any]) -> list[str]:
    reasons = []
    for key, path, words in (
        ("notebook", workspace.executed(name), "the executed notebook"),
        ("metrics", workspace.metrics(name), "its metrics file"),
    ):
        found = hash_file(path)
        if found != manifest.get(key):
            reasons.append(f"{words} {'is missing' if found is None else 'was changed'}")
    return reasons


def write_manifest(workspace: Workspace, status: Status, seconds: float) -> None:
    """Record what a page was made of, after everything else of it is on the disk.

    Args:
        workspace: Where the page's results are.
        status: The page as it was **before** it ran, so that an edit made meanwhile leaves it stale.
        seconds: What the run cost.
    """
    manifest = {
        "page": status.name,
        "profile": workspace.profile,
        "fingerprint": status.fingerprint,
        "parts": status.parts,
        "notebook": hash_file(workspace.executed(status.name)),
        "metrics": hash_file(workspace.metrics(status.name)),
        "seconds": round(seconds, 1),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": python_version(), **{name: _find_version(name) for name in VERSIONED}},
        "threads": runs.count_threads(),
    }
    files.write_json(workspace.manifest(status.name), manifest)


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, or an empty one when there is no such file.

    Raises:
        RefusedError: If the file holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RefusedError(f"{path} is not JSON ({error}); delete it and run its page again.") from error
    if not isinstance(content, dict):
        raise RefusedError(f"{path} is not a JSON object; delete it and run its page again.")
    return content


def hash_file(path: Path) -> str | None:
    """Return the SHA-256 of a file's bytes, or None when there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
