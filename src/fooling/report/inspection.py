"""What an executed page must be before it is kept: run to its end, small, described, and free of this machine."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fooling import runs
from fooling.report.notebooks import Workspace

MAX_NOTEBOOK_BYTES = 1_200_000
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
INJECTED = "injected-parameters"
WIDGET = "application/vnd.jupyter.widget-view+json"
LIVE = "*This part is live in JupyterLab: `make lab`.*"


class PageError(Exception):
    """A page failed; the message says why in one sentence, and in which code cell of its source, counted from 1."""


def number_code_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    """Yield each code cell with its number in the source; papermill's cell of parameters shares the one before."""
    number = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            number += INJECTED not in cell.metadata.get("tags", [])
            yield number, cell


def check_cells_ran(notebook: Any) -> None:
    """Raise PageError about the first code cell that did not run to its end, if there is one."""
    for number, cell in number_code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                ended = output.ename == "SystemExit"
                reason = "ended the page by SystemExit" if ended else f"failed: {output.ename}: {output.evalue}"
                raise PageError(f"Cell {number} {reason}.")
        if cell.source.strip() and cell.execution_count is None:
            raise PageError(f"Cell {number} did not run.")
        if cell.metadata.get("papermill", {}).get("exception"):
            raise PageError(f"Cell {number} failed.")


def tidy(notebook: Any, name: str) -> None:
    """Take out what differs from run to run or tells of this machine: times, paths, random names, dead widgets."""
    about = notebook.metadata.get("papermill", {})
    kept = {key: about[key] for key in ("parameters", "version") if key in about}
    notebook.metadata["papermill"] = {**kept, "input_path": f"{name}.ipynb", "output_path": f"{name}.ipynb"}
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []) and "id" in cell:
            cell["id"] = INJECTED
    settle_widgets(notebook)


def settle_widgets(notebook: Any) -> None:
    """Leave of each widget, which ended with its kernel, its picture or else a sentence.

    A widget without either would be shown as the name of its class, and its own name changes with every run.
    """
    notebook.metadata.pop("widgets", None)
    for _, cell in number_code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if WIDGET in data:
                kept = {kind: data[kind] for kind in PICTURES if kind in data}
                output["data"] = kept or {"text/markdown": LIVE, "text/plain": LIVE.strip("*")}


def check_page(notebook: Any, content: str, workspace: Workspace) -> None:
    """Raise PageError if a page is too large, names a folder of this machine, or shows an undescribed picture."""
    places = ((f"Cell {number} shows", cell) for number, cell in number_code_cells(notebook))
    for place, part in [*places, ("The notebook's metadata hold", notebook.metadata)]:
        if line := find_private_line(join_strings(part), workspace.results):
            raise PageError(f"{place} a path of this machine: {line[:160]!r}.")
    check_pictures(notebook)
    size = len(content.encode())
    if size > MAX_NOTEBOOK_BYTES:
        limit = f"{size / 1e3:,.0f} KB, above the limit of {MAX_NOTEBOOK_BYTES / 1e3:,.0f} KB"
        raise PageError(f"The executed notebook has {limit}; draw smaller or fewer pictures.")


def check_pictures(notebook: Any) -> None:
    """Raise PageError unless every picture says in words what it shows."""
    for number, cell in number_code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            for kind in PICTURES:
                if kind in data and not find_alt_text(output, kind):
                    raise PageError(f"Cell {number} shows a picture ({kind}) without alt text.")
            if re.search(r"<img\b(?![^>]*\balt\s*=\s*[\"']?[^\"'\s>])", data.get("text/html", "")):
                raise PageError(f"Cell {number} shows an <img> without alt text.")
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(", cell.source):
            raise PageError(f"A text cell shows a picture without alt text: {cell.source.strip()[:60]!r}.")


def find_alt_text(output: Any, kind: str) -> str:
    """Return the words that describe a picture of an output, set by the page as ``{kind: {"alt": words}}``."""
    return str(output.get("metadata", {}).get(kind, {}).get("alt", "")).strip()


def join_strings(value: Any) -> str:
    """Return all strings in nested JSON, one after another, as they are and not as JSON escapes them.

    Pictures are left out where they are encoded: any letters can occur in them by chance.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        shown = (pair for pair in value.items() if pair[0] not in PICTURES[:3] or not isinstance(pair[1], str))
        return "\n".join(join_strings(part) for pair in shown for part in pair)
    return "\n".join(map(join_strings, value)) if isinstance(value, list | tuple) else ""


def find_private_line(text: str, results: Path) -> str | None:
    """Return the first line that names a folder of this machine (checkout, results, home, environment), or None."""
    found = re.search(rf"^.*{_match_folders([results])}.*$", text, flags=re.MULTILINE)
    return found[0].strip() if found else None


def hide_folders(notebook: Any, folders: Iterable[Path]) -> None:
    """Show an ellipsis for folders of this machine, and for some others, in what a page printed."""
    private = re.compile(_match_folders(folders))

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return private.sub("…", value)
        if isinstance(value, Mapping):
            return {key: part if key in PICTURES[:3] else hide(part) for key, part in value.items()}
        return [hide(part) for part in value] if isinstance(value, list) else value

    for _, cell in number_code_cells(notebook):
        for output in cell.outputs:
            output.update(hide(output))


def _match_folders(more: Iterable[Path]) -> str:
    """Return a pattern of the names of this machine's folders, as they are and as Python and JSON escape them."""
    folders = [runs.ROOT, Path.home(), *more]
    if sys.prefix != sys.base_prefix:  # the interpreter's own folder, such as /usr, says nothing about a person
        folders.append(Path(sys.prefix))
    named = sorted((str(folder) for folder in folders if len(folder.parts) > 1), key=len, reverse=True)
    written = (
        way(name) for name in named for way in (str, lambda one: ascii(one)[1:-1], lambda one: json.dumps(one)[1:-1])
    )
    return rf"(?<![\w.-])(?:{'|'.join(map(re.escape, dict.fromkeys(written)))})(?![\w.-])"
