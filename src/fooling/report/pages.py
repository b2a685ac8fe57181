"""Pages: the notebooks of a folder, what they need of one another, and where a profile's results of them live."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from fooling import runs
from fooling.pages import profiles

EVERY_OTHER_PAGE = "*"
NOTEBOOKS = runs.ROOT / "notebooks"
STOPPED = "Stopped; finished pages and checkpoints are kept. Run the same command to go on."


class RefusedError(Exception):
    """A command cannot be carried out; its text is the one sentence that the person who typed it reads."""


class StoppedError(Exception):
    """Somebody asked the report to stop.

    Attributes:
        signal: The number of the signal.
    """

    def __init__(self, number: int) -> None:
        """Remember the signal's number."""
        super().__init__(STOPPED)
        self.signal = number


class Cell(NamedTuple):
    """One cell of a notebook's source.

    Attributes:
        kind: ``code``, ``markdown`` or ``raw``.
        source: Its text.
        tags: Its tags, such as ``parameters``.
    """

    kind: str
    source: str
    tags: tuple[str, ...]


class Page(NamedTuple):
    """One notebook of the source folder, read once so that everything said about it is about the same text.

    Attributes:
        name: The file's stem, such as ``02_mnist_direct``.
        text: The whole file.
        cells: Its cells in order.
        needs: Names of the pages whose results it reads.
    """

    name: str
    text: str
    cells: tuple[Cell, ...]
    needs: tuple[str, ...]


class Workspace(NamedTuple):
    """Where the pages of one profile come from and where their results go.

    Attributes:
        profile: One of :data:`fooling.pages.profiles.NAMES`.
        notebooks: Folder of the sources.
        results: Folder of this profile's results.
        package: Folder of the package whose files the pages import.
    """

    profile: str
    notebooks: Path
    results: Path
    package: Path = runs.PACKAGE

    def executed(self, name: str) -> Path:
        """Return where the executed notebook of a page is."""
        return self.results / f"{name}.ipynb"

    def failed_notebook(self, name: str) -> Path:
        """Return where the partly executed notebook of a failed page is."""
        return self.results / f"{name}.failed.ipynb"

    def metrics(self, name: str) -> Path:
        """Return the file a page writes its numbers to."""
        return self.results / "metrics" / f"{name}.json"

    def manifest(self, name: str) -> Path:
        """Return the file that says what a page was made of; written last."""
        return self.results / "manifests" / f"{name}.json"

    def failure(self, name: str) -> Path:
        """Return the file that says why a page's last run failed."""
        return self.results / "manifests" / f"{name}.failed.json"

    def report(self, name: str = "index") -> Path:
        """Return a page of the HTML report, its index when no page is named."""
        return self.results / "report" / f"{name}.html"


class Given(NamedTuple):
    """What a page is given besides its profile: nothing in a report, a network and its files in an audit.

    Attributes:
        parameters: By name.
        inputs: A hash of the files that they name.
        paths: The parameters that are paths of this machine, which the page must not show.
        time_out: Seconds that one cell may take; 0 for what the profile allows.
    """

    parameters: Mapping[str, Any] = MappingProxyType({})
    inputs: str = ""
    paths: tuple[str, ...] = ()
    time_out: int = 0


NOTHING = Given()


def open_workspace(profile: str, notebooks: Path = NOTEBOOKS) -> Workspace:
    """Return the workspace of a profile under :func:`fooling.runs.results_root`.

    Raises:
        RefusedError: If there is no such profile.
    """
    try:
        profiles.check_name(profile)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return Workspace(profile, notebooks, runs.results_root().absolute() / profile)


def read_pages(notebooks: Path) -> dict[str, Page]:
    """Read all pages of a folder, in the order in which they can run.

    Raises:
        RefusedError: If there is none, one is not a notebook, or their needs name no page or form a circle.
    """
    paths = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise RefusedError(f"There is no notebook such as 01_name.ipynb in {notebooks}.")
    pages = {path.stem: _read_page(path, [other.stem for other in paths]) for path in paths}
    for page in pages.values():
        for need in page.needs:
            if need not in pages:
                raise RefusedError(f"{page.name} needs {need}, but there is no such notebook.")
    return order_by_needs(pages)


def _read_page(path: Path, names: Iterable[str]) -> Page:
    text = path.read_text(encoding="utf-8")
    try:
        content = json.loads(text)
        cells = tuple(
            Cell(cell["cell_type"], "".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())))
            for cell in content["cells"]
        )
        needs = content.get("metadata", {}).get("fooling", {}).get("needs", ())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(f"{path.name} is not a notebook that can be read ({error}).") from error
    if EVERY_OTHER_PAGE in needs:
        needs = [name for name in names if name != path.stem]
    return Page(path.stem, text, cells, tuple(needs))


def order_by_needs(pages: Mapping[str, Page]) -> dict[str, Page]:
    """Return the pages by number, each after those it needs.

    Raises:
        RefusedError: If pages need one another in a circle.
    """
    ordered: dict[str, Page] = {}
    while len(ordered) < len(pages):
        ready = [name for name in sorted(pages) if name not in ordered and all(n in ordered for n in pages[name].needs)]
        if not ready:
            circle = ", ".join(name for name in sorted(pages) if name not in ordered)
            raise RefusedError(f"These notebooks need one another in a circle: {circle}.")
        ordered[ready[0]] = pages[ready[0]]
    return ordered


def find_page(pages: Mapping[str, Page], word: str) -> str:
    """Return the name of the page that a person means by a number (``2``, ``02``) or a name.

    Raises:
        RefusedError: If there is no such page.
    """
    stem = word.removesuffix(".ipynb")
    number = f"{int(stem):02d}" if re.fullmatch(r"\d{1,2}", stem) else None
    found = [name for name in pages if name == stem or (number is not None and name.split("_")[0] == number)]
    if len(found) != 1:
        raise RefusedError(f"There is no notebook {word!r}; choose from {', '.join(sorted(pages))}.")
    return found[0]


def add_needs(pages: Mapping[str, Page], names: Sequence[str]) -> list[str]:
    """Return ``names`` and all pages that they need, directly or not, in running order."""
    wanted = set(names)
    for page in reversed(list(pages.values())):  # a page stands after those it needs, so one sweep is enough
        if page.name in wanted:
            wanted.update(page.needs)
    return [name for name in pages if name in wanted]


def check_parameters(page: Page, given: Iterable[str]) -> None:
    """Check that a page has one ``parameters`` cell and that it names everything it is given.

    papermill only warns about either and then runs the page with its defaults, so it is checked before anything
    runs. The cell is read as Python: papermill's own reading misses a default that contains ``=``.

    Raises:
        RefusedError: If the cell is missing, not unique, or does not name a parameter.
    """
    cells = [cell for cell in page.cells if cell.kind == "code" and "parameters" in cell.tags]
    if len(cells) != 1:
        found = "no code cell" if not cells else f"{len(cells)} code cells"
        raise RefusedError(f"{page.name} has {found} tagged 'parameters'; it needs exactly one.")
    names = _assigned_names(page.name, cells[0].source)
    for name in names:
        if not name.isupper():
            raise RefusedError(f"{page.name} calls a parameter {name!r}; parameters have UPPER_CASE names.")
    for name in given:
        if name not in names:
            raise RefusedError(f"{page.name} has no parameter {name}; it has {', '.join(names) or 'none'}.")


def _assigned_names(page: str, source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise RefusedError(
            f"The parameters cell of {page} is not Python ({error.msg}, line {error.lineno})."
        ) from error
    targets: list[ast.expr] = []
    for statement in body:
        if isinstance(statement, ast.Assign):
            targets.extend(statement.targets)
        elif isinstance(statement, ast.AnnAssign):
            targets.append(statement.target)
    return [target.id for target in targets if isinstance(target, ast.Name)]
