"""The command that audits a network of the user's: page 15 with the user's files, and what is left beside it."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec

from fooling import files
from fooling.data.pictures import RESIZES
from fooling.evolution.search import FEWEST_IMAGES
from fooling.lab.audit.files import (
    AuditError,
    check_image_size,
    check_keras,
    find_folder,
    find_function,
    hash_files,
    hash_network,
    list_class_folders,
    read_class_names,
)
from fooling.lab.audit.folders import open_folder
from fooling.lab.audit.record import Found
from fooling.lab.audit.telling import tell_audit
from fooling.lab.audit.verdict import give_verdict, judge
from fooling.networks.loading import refuse_file
from fooling.pages.page import read_metrics, read_record
from fooling.pages.your_network import PAGE
from fooling.report import freshness, html
from fooling.report.index import encode_picture, find_pictures
from fooling.report.notebooks import Given, RefusedError, Workspace, read_notebooks
from fooling.report.runner import Schedule, lock_results, run_pages
from fooling.words import clean_name, escape, list_lines

PROFILE = "default"  # of no consequence where a network is named; the page asks for one
SLOWEST = 5  # times the budget, and an hour at least, until a cell is taken for hanging
SEEDS = 2**31  # Choice: what all random numbers used take
DOUBTFUL = 3  # the exit code of an audit with doubts, where it is asked for
SHEET = "Contact sheet"  # how the alternative text of that figure begins
REFUSED = re.compile(r"^Cell \d+ failed: AuditError: (?P<sentence>.*)$", re.DOTALL)


class Options(NamedTuple):
    """What the user asks for; the page explains each."""

    model: Path | None = None  # none where a function of ``code`` is audited
    class_names: Path | None = None
    images: Path | None = None
    budget: float = 10.0
    input_range: tuple[float, float] | None = None
    image_size: tuple[int, ...] | None = None
    resize: str = RESIZES[0]
    search: str = FEWEST_IMAGES
    seed: int = 0
    output: Path | None = None
    code: str | None = None  # a file of Python, or FILE:NAME of a function in it
    trust: bool = False
    calls: int | None = None
    strict: bool = False


def audit_model(options: Options, notebooks: Path, out: TextIO) -> int:
    """Audit a network, or say what a finished audit found; return the exit code.

    Raises:
        RefusedError: If a file is missing or does not fit; nothing new is left then.
        StoppedError: If a signal asked to stop; the same options go on.
    """
    try:
        folder, given = prepare(options)
    except AuditError as error:
        raise RefusedError(str(error)) from error
    pages = {name: page for name, page in read_notebooks(notebooks).items() if name == PAGE}
    if not pages:
        raise RefusedError(f"There is no notebook {PAGE} in {notebooks}, which an audit runs.")
    pages[PAGE] = pages[PAGE]._replace(needs=())
    name = options.model.name if options.model else str(given.parameters["FUNCTION"])
    workspace, budget = Workspace(PROFILE, notebooks, folder), options.budget
    failed = ""
    with lock_results(workspace):
        if freshness.survey(pages, workspace, given)[PAGE].state == freshness.FRESH:
            print("Nothing to do: this audit is finished.", file=out)
        else:
            print(f"Auditing {clean_name(name)}: a budget of {budget:g} min, and half a minute to start.", file=out)
            before = _date(workspace)
            (outcome,) = run_pages(Schedule([PAGE], [PAGE], pages, workspace, given), out, lambda outcome: None)
            failed = outcome.error
            if failed and _date(workspace) == before:
                return _fail(failed, workspace)
        found = keep_numbers(workspace)
        failed = failed or keep_page(workspace, found)
    print("", *tell_audit(found), "", sep="\n", file=out)
    if failed:
        (folder / "audit.html").unlink(missing_ok=True)  # of an audit before
        print(f"fooling: The page cannot be shown: {failed}", file=sys.stderr)
    print("Numbers:" if failed else "Page:", folder / ("metrics.json" if failed else "audit.html"), file=out)
    return 1 if failed else DOUBTFUL if options.strict and found.doubts else 0


def _date(workspace: Workspace) -> int:
    """Return when a page last wrote what it measured; 0 for never."""
    path = workspace.metrics(PAGE)
    return path.stat().st_mtime_ns if path.exists() else 0


def prepare(options: Options) -> tuple[Path, Given]:
    """Return where an audit goes and what its page is given; AuditError if a file or number is not as it should be."""
    check_keras()
    code, function = find_function(options.code) if options.code else (None, "")
    audited = code if function else options.model
    if audited is None or (function and options.model):
        raise AuditError("An audit needs one network: a file MODEL.keras, or a function by --code FILE:NAME.")
    if options.model and options.model.suffix == ".py":
        name = options.model.name
        raise AuditError(f"{name} is not a .keras file; a function in it is audited by --code {name}:NAME, without it.")
    key, folder = hash_network(audited), (options.output or find_folder(audited)).absolute()
    if options.model:
        try:
            refuse_file(options.model, options.trust)
        except ValueError as error:
            raise AuditError(str(error)) from error
    beside = {"class_names": options.class_names, "images": options.images, "code": code}
    named = {name: path.absolute() for name, path in beside.items() if path}
    names = read_class_names(str(options.class_names) if options.class_names else None)
    if options.images:  # without names their number is not known yet
        open_folder(options.images, names, len(names) or len(list_class_folders(options.images)))
    _check_numbers(options, function)
    model = {"model": options.model.absolute()} if options.model else {}
    paths = {name.upper(): str(path) for name, path in {**model, "output": folder, **named}.items()}
    for path in paths.values():
        if any(0xD800 <= ord(letter) < 0xE000 for letter in path):  # how Python keeps a byte that is no letter
            raise AuditError(f"The path {clean_name(path)!r} is not in this system's encoding; rename what it names.")
    given = ("budget", "trust", "calls", "input_range", "image_size", "resize", "search")
    others: dict[str, Any] = {"function": function, **{name: getattr(options, name) for name in given}}
    parameters = {name.upper(): list(one) if isinstance(one, tuple) else one for name, one in others.items() if one}
    return folder, Given(
        {**paths, "SEED": options.seed, **parameters},
        inputs=f"{key} {hash_files(named.values())}",
        paths=tuple(paths),
        time_out=max(3_600, int(SLOWEST * 60 * options.budget)),
    )


def _check_numbers(options: Options, function: str) -> None:
    """Raise AuditError if a number that is given makes no sense."""
    if not 0 < options.budget < math.inf:
        raise AuditError(f"The budget is {options.budget:g} minutes, but an audit needs a number above 0.")
    if not 0 <= options.seed < SEEDS:
        raise AuditError(f"The seed is {options.seed}, but it is a whole number from 0 to {SEEDS - 1:,}.")
    check_image_size(options.image_size, function)
    if options.calls is not None and not (function and options.calls > 0):
        raise AuditError("--calls is a number above 0, of images that a function (--code FILE:NAME) may be shown.")


def _fail(error: str, workspace: Workspace) -> int:
    """Return the code of a page that failed; raise RefusedError where it failed because of what the user gave."""
    refused = REFUSED.match(error)
    if refused:
        for path in (workspace.failure(PAGE), workspace.failed_notebook(PAGE)):
            path.unlink(missing_ok=True)
        raise RefusedError(refused["sentence"])
    print(f"fooling: {error}", file=sys.stderr)
    return 1


def keep_numbers(workspace: Workspace) -> Found:
    """Write ``metrics.json`` beside an audit's runs, and return what it holds; RefusedError if it cannot be read."""
    try:
        found: Found | None = read_record(workspace.results, PAGE, "audit", Found)
    except ValueError as error:
        raise RefusedError(f"The numbers of the audit cannot be read: {error}") from error
    assert found is not None
    names = read_metrics(workspace.results, PAGE).get("runs", [])
    files.write_json(
        workspace.results / "metrics.json",
        {**msgspec.to_builtins(found), "verdict": give_verdict(found), "runs": names},
    )
    return found


def keep_page(workspace: Workspace, found: Found) -> str:
    """Write ``audit.ipynb``, ``contact_sheet.png`` and ``audit.html`` beside them; return why not, or nothing."""
    folder, content = workspace.results, head_page(workspace.executed(PAGE).read_text(encoding="utf-8"), found)
    files.write_atomically(folder / "audit.ipynb", content)
    for sheet in find_sheets(json.loads(content)["cells"]):
        files.write_atomically(folder / "contact_sheet.png", sheet)
    try:
        shown = html.draw_page(PAGE, content, {}, "", freshness.read_manifest(workspace, PAGE))
    except Exception as error:  # whatever it is, what was measured is kept
        return str(error) or type(error).__name__
    files.write_atomically(folder / "audit.html", shown)
    return ""


def head_page(content: str, found: Found) -> str:
    """Return a page of an audit under the network's name, which begins with what the audit comes to."""
    page = json.loads(content)
    first = next((cell for cell in page["cells"] if cell["cell_type"] == "markdown"), None)
    if first:
        rest = "".join(first["source"]).partition("\n")[2]
        first["source"] = f"# How easily is {escape(found.network.name)} fooled?\n\n{list_lines(judge(found))}\n{rest}"
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def find_sheets(cells: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """Yield those pictures of an executed page that are its contact sheet, each as a PNG."""
    for picture in find_pictures(cells):
        if picture.alt.startswith(SHEET):
            yield encode_picture(picture, "png")
