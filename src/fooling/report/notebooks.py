"""The notebooks of a folder, what they need of one another, and where a profile's results of them live."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, NotRequired, TypedDict

from fooling import runs
from fooling.files import parse_json, read_json
from fooling.pages.page import PUBLISHED, check_profile, find_remedy, metrics_file

NOTEBOOKS = runs.ROOT / "notebooks"
OVERVIEW = "00"  # the number of the page that reads all others, and so runs last


class RefusedError(Exception):
    """A command cannot be carried out; its text is the one sentence that the person who typed it reads."""


class StoppedError(BaseException):
    """Somebody asked the report to stop, by the signal whose number is ``signal``.

    It may arrive anywhere, in a library, too, and no ``except Exception`` there may keep it.
    """

    def __init__(self, number: int) -> None:
        """Say how to go on."""
        super().__init__("Stopped; finished pages and checkpoints are kept. Run the same command to go on.")
        self.signal = number


class Cell(NamedTuple):
    """One cell of a notebook's source, of kind ``code``, ``markdown`` or ``raw``."""

    kind: str
    source: str
    tags: tuple[str, ...]


class Notebook(NamedTuple):
    """The source of one page, named by the file's stem, whose ``text`` is read once; ``needs`` are pages it reads."""

    name: str
    text: str
    cells: tuple[Cell, ...]
    needs: tuple[str, ...]

    @property
    def code(self) -> list[Cell]:
        """Its cells of code, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]


class Workspace(NamedTuple):
    """Where the pages of one profile come from, with the package they import, and where their results go."""

    profile: str
    notebooks: Path
    results: Path
    package: Path = runs.PACKAGE

    @property
    def published(self) -> Path:
        """The folder of what is published, beside the results of every profile."""
        return self.results.parent / PUBLISHED

    def executed(self, name: str) -> Path:
        """Return where the executed notebook of a page is."""
        return self.results / f"{name}.ipynb"

    def failed_notebook(self, name: str) -> Path:
        """Return where the partly executed notebook of a failed page is."""
        return self.results / f"{name}.failed.ipynb"

    def metrics(self, name: str) -> Path:
        """Return the file a page writes its numbers to."""
        return metrics_file(self.results, name)

    def manifest(self, name: str) -> Path:
        """Return the file that says what a page was made of; written last."""
        return self.results / "manifests" / f"{name}.json"

    def failure(self, name: str) -> Path:
        """Return the file that says why a page's last run failed."""
        return self.results / "manifests" / f"{name}.failed.json"

    def run(self, name: str) -> Path:
        """Return the folder of a run that a page used."""
        return self.results / "runs" / name

    def report(self, name: str = "index") -> Path:
        """Return a page of the HTML report, its index when no page is named."""
        return self.results / "report" / f"{name}.html"


About = dict[str, Any]
# What is said of each picture, by its kind.
Described = TypedDict(
    "Described", {"image/png": About, "image/jpeg": About, "image/gif": About, "image/svg+xml": About}, total=False
)


class Output(TypedDict, total=False):
    """What an executed cell shows."""

    data: dict[str, Any]  # by kind, such as ``image/png``
    metadata: Described


class ExecutedCell(TypedDict):
    """A cell, and what it shows where it is of code."""

    cell_type: str
    source: NotRequired[str | list[str]]
    outputs: NotRequired[list[Output]]


class Executed(TypedDict):
    """An executed notebook."""

    cells: list[ExecutedCell]


class Given(NamedTuple):
    """What a page is given besides its profile: nothing in a report, a network and its files in an audit."""

    parameters: Mapping[str, Any] = MappingProxyType({})  # by name
    inputs: str = ""  # a hash of the files that they name
    paths: tuple[str, ...] = ()  # the parameters that are paths of this machine, which the page must not show
    time_out: int = 0  # seconds that one cell may take; 0 for what the profile allows


NOTHING = Given()


def open_workspace(profile: str, notebooks: Path = NOTEBOOKS) -> Workspace:
    """Return the workspace of a profile under :func:`fooling.runs.results_root`; RefusedError if there is none such."""
    try:
        check_profile(profile)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    return Workspace(profile, notebooks, runs.results_root().absolute() / profile)


def read_cells(path: Path) -> list[ExecutedCell]:
    """Return the cells of an executed page, none where it has not run; DamagedError if they cannot be read."""
    return read_json(path, Executed, find_remedy(path.parent, path.stem)).get("cells", [])


def read_notebooks(folder: Path) -> dict[str, Notebook]:
    """Read all notebooks of a folder, in the order in which they run: by their numbers, the overview last.

    RefusedError if there is none, one cannot be read, or one needs another than those that run before it.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"), key=lambda path: (path.stem[:2] == OVERVIEW, path.stem))
    if not paths:
        raise RefusedError(
            f"There is no notebook such as 01_name.ipynb in {folder}; the pages come with the project's folder, not "
            "with an installed package alone."
        )
    known: dict[str, Notebook] = {}
    for path in paths:
        known[path.stem] = _read_notebook(path, list(known))
    return known


def _read_notebook(path: Path, before: Sequence[str]) -> Notebook:
    """Read one notebook; ``before`` are the pages that run before it."""
    try:
        text = path.read_text(encoding="utf-8")
        content = parse_json(text.encode())
        cells = tuple(
            Cell(cell["cell_type"], "".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())))
            for cell in content["cells"]
        )
        wanted = tuple(content.get("metadata", {}).get("fooling", {}).get("needs", ()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(f"{path.name} is not a notebook that can be read ({error}).") from error
    needs: list[str] = []
    for need in wanted:
        found = [name for name in before if need in ("*", name[:2])]  # * is every other page
        if not found and need != "*":
            raise RefusedError(f"{path.stem} needs {need}, but no notebook of that number runs before it.")
        needs += found
    return Notebook(path.stem, text, cells, tuple(needs))


def find_page(pages: Mapping[str, Notebook], word: str) -> str:
    """Return the name of the page that a person means by a number (``2``, ``02``) or a name, else RefusedError."""
    stem = word.removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdecimal() else None
    found = [name for name in pages if stem == name or number == name[:2]]
    if len(found) != 1:
        raise RefusedError(f"There is no notebook {word!r}; choose from {', '.join(sorted(pages))}.")
    return found[0]


def add_needs(pages: Mapping[str, Notebook], names: Iterable[str]) -> list[str]:
    """Return ``names`` and all pages that they need, directly or not, in running order."""
    wanted = set(names)
    for page in reversed(list(pages.values())):  # a page runs after those it needs, so one sweep is enough
        if page.name in wanted:
            wanted.update(page.needs)
    return [name for name in pages if name in wanted]


def check_parameters(page: Notebook, given: Iterable[str]) -> None:
    """Raise RefusedError unless a page has one ``parameters`` cell and it names everything that the page is given.

    papermill only warns about either and then runs the page with its defaults, so it is checked before anything
    runs. The cell is read as Python: papermill's own reading misses a default that contains ``=``.
    """
    cells = [cell for cell in page.code if "parameters" in cell.tags]
    if len(cells) != 1:
        found = f"{len(cells) or 'no'} code cell{'s' * bool(cells)}"
        raise RefusedError(f"{page.name} has {found} tagged 'parameters'; it needs exactly one.")
    try:
        tree = ast.parse(cells[0].source)
    except SyntaxError as error:
        sentence = f"The parameters cell of {page.name} is not Python ({error.msg}, line {error.lineno})."
        raise RefusedError(sentence) from error
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    for name in names:
        if not name.isupper():
            raise RefusedError(f"{page.name} calls a parameter {name!r}; parameters have UPPER_CASE names.")
    for name in given:
        if name not in names:
            raise RefusedError(f"{page.name} has no parameter {name}; it has {', '.join(names) or 'none'}.")
