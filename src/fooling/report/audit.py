"""The command that audits a network of the user's: page 15 with the user's files, and what is left beside it."""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from fooling import files
from fooling.lab.audit.files import (
    PAGE,
    AuditError,
    find_folder,
    hash_files,
    hash_network,
    list_class_folders,
    read_class_names,
)
from fooling.pages import findings
from fooling.report import freshness, html
from fooling.report.inspection import PageError, find_alt_text
from fooling.report.notebooks import Given, Notebook, RefusedError, Workspace, read_notebooks
from fooling.report.runner import Outcome, Schedule, lock_results, run_pages

PROFILE = "default"  # of no consequence where a network is named; the page asks for one
SLOWEST = 5  # times the budget, and an hour at least, until a cell is taken for hanging
SHEET = "Contact sheet"  # how the alternative text of that figure begins
REFUSED = re.compile(r"^Cell \d+ failed: AuditError: (?P<sentence>.*)$", re.DOTALL)


class Request(NamedTuple):
    """What the user asks for.

    Attributes:
        model: A ``.keras`` file.
        class_names: A file of class names, or None.
        images: A folder of real images, or None.
        budget: In minutes.
        input_range: What the network expects for black and for white.
        image_size: Height and width, where the network takes images of any size; else None.
        seed: Of the first run.
        output: Where everything goes; None for a folder of the network's own in ``results/audits``.
    """

    model: Path
    class_names: Path | None = None
    images: Path | None = None
    budget: float = 10.0
    input_range: tuple[float, float] = (0.0, 1.0)
    image_size: tuple[int, int] | None = None
    seed: int = 0
    output: Path | None = None


def audit_model(request: Request, notebooks: Path, out: TextIO) -> int:
    """Audit a network, or say what a finished audit found; return the exit code.

    Args:
        request: What the user asks for.
        notebooks: Folder of the pages.
        out: Where progress and the summary are shown.

    Raises:
        RefusedError: If a file is missing or does not fit; nothing new is left then.
        StoppedError: If a signal asked to stop; the same request goes on.
    """
    try:
        folder, given = prepare(request)
    except AuditError as error:
        raise RefusedError(str(error)) from error
    page = _find_page(notebooks)
    workspace = Workspace(PROFILE, notebooks, folder)
    with lock_results(workspace):
        if freshness.survey({PAGE: page}, workspace, given)[PAGE].state == freshness.FRESH:
            print("Nothing to do: this audit is finished.", file=out)
        else:
            print(
                f"Auditing {request.model.name}: a budget of {request.budget:g} min, and half a minute to start.",
                file=out,
            )
            failure = _run(Schedule([PAGE], [PAGE], {PAGE: page}, workspace, given), out)
            if failure:
                return _fail(failure, workspace)
        metrics = finish(workspace)
    print("\n" + "\n".join(findings.tell_audit(metrics)), file=out)
    print(f"\nPage: {folder / 'audit.html'}", file=out)
    return 0


def prepare(request: Request) -> tuple[Path, Given]:
    """Return where an audit goes and what its page is given, having looked at the files that are named.

    Raises:
        AuditError: If one is missing or is not what it should be.
    """
    key = hash_network(request.model)
    named = [path.absolute() for path in (request.class_names, request.images) if path]
    if request.class_names:
        read_class_names(str(request.class_names))
    if request.images:
        list_class_folders(request.images)
    if not 0 < request.budget < math.inf:
        raise AuditError(f"The budget is {request.budget:g} minutes, but an audit needs a number above 0.")
    folder = (request.output or find_folder(request.model)).absolute()
    paths = {
        "MODEL": str(request.model.absolute()),
        "OUTPUT": str(folder),
        **({"CLASS_NAMES": str(request.class_names.absolute())} if request.class_names else {}),
        **({"IMAGES": str(request.images.absolute())} if request.images else {}),
    }
    parameters = {
        **paths,
        "BUDGET": request.budget,
        "INPUT_RANGE": list(request.input_range),
        **({"IMAGE_SIZE": list(request.image_size)} if request.image_size else {}),
        "SEED": request.seed,
    }
    time_out = max(3_600, int(SLOWEST * 60 * request.budget))
    return folder, Given(parameters, f"{key} {hash_files(named)}", tuple(paths), time_out)


def _find_page(notebooks: Path) -> Notebook:
    pages = read_notebooks(notebooks)
    if PAGE not in pages:
        raise RefusedError(f"There is no notebook {PAGE} in {notebooks}, which an audit runs.")
    return pages[PAGE]._replace(needs=())


def _run(schedule: Schedule, out: TextIO) -> str:
    """Run the page; return why it failed, or nothing."""
    outcomes: list[Outcome] = run_pages(schedule, out, after=lambda outcome: None)
    return outcomes[0].error


def _fail(error: str, workspace: Workspace) -> int:
    """Say why the page failed and return the code: what the user gave is refused, anything else has failed.

    Raises:
        RefusedError: If it is what the user gave.
    """
    refused = REFUSED.match(error)
    if refused:
        for path in (workspace.failure(PAGE), workspace.failed_notebook(PAGE)):
            path.unlink(missing_ok=True)
        raise RefusedError(refused["sentence"])
    print(f"fooling: {error}", file=sys.stderr)
    return 1


def finish(workspace: Workspace) -> dict[str, Any]:
    """Write what an audit leaves for people and for CI beside its runs, and return its numbers.

    These are ``audit.ipynb``, ``audit.html``, ``contact_sheet.png`` and ``metrics.json``.

    Raises:
        RefusedError: If the page cannot be shown.
    """
    folder, content = workspace.results, workspace.executed(PAGE).read_text(encoding="utf-8")
    manifest = freshness.read_json(workspace.manifest(PAGE))
    try:
        shown = html.draw_page(PAGE, content, {}, "", manifest)
    except PageError as error:
        raise RefusedError(f"The page of the audit could not be drawn: {error}") from error
    metrics = freshness.read_json(workspace.metrics(PAGE))
    files.write_atomically(folder / "audit.ipynb", content)
    files.write_atomically(folder / "contact_sheet.png", find_sheet(json.loads(content)["cells"]))
    files.write_json(folder / "metrics.json", metrics)
    files.write_atomically(folder / "audit.html", shown)
    return metrics


def find_sheet(cells: Sequence[dict[str, Any]]) -> bytes:
    """Return the picture of an executed page that is its contact sheet.

    Raises:
        RefusedError: If there is none.
    """
    for cell in cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}) and find_alt_text(output, "image/png").startswith(SHEET):
                return base64.b64decode("".join(output["data"]["image/png"]))
    raise RefusedError("The page of the audit has no contact sheet.")
