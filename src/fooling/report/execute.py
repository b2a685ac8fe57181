"""Run one page through papermill, in a process of its own, and keep it only if every cell really ran.

``python -m fooling.report.execute`` is what the runner starts. It says how far it is in lines of JSON on
standard output, and stops, with its kernel, when it is told to or when standard input closes: the runner is gone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from fooling import files
from fooling.report import freshness
from fooling.report.inspection import INJECTED, PageError, check_page, find_failed_cell, tidy
from fooling.report.pages import NOTHING, Given, Page, RefusedError, Workspace, check_parameters, read_pages

# How long one cell may take, in seconds: far above what any does, so that only a cell that hangs meets it.
CELL_TIME_OUT = {"smoke": 600, "default": 3_600, "extended": 24 * 3_600, "paper": 30 * 24 * 3_600}
# A kernel that imports TensorFlow on a busy laptop can be silent for long; nbclient's 4 s end such pages.
QUIET_TIME_OUT = 60
# What compiled libraries write past Python (TensorFlow greets on standard error) stays out of the page.
KERNEL_ARGUMENTS = ["--IPKernelApp.capture_fd_output=False"]
START_TIME_OUT = 120
KERNEL = "python3"

Say = Callable[[dict[str, Any]], None]


class Job(NamedTuple):
    """What the process of one page is asked to do.

    Attributes:
        page: Name of the page.
        workspace: Where it comes from and goes to.
        scratch: A short-named empty folder for the kernel's sockets and for papermill's own files.
        time_out: Seconds that one cell may take.
        given: What the page is given besides its profile; a page that is given something needs no other.
    """

    page: str
    workspace: Workspace
    scratch: Path
    time_out: int
    given: Given = NOTHING

    def to_text(self) -> str:
        """Return the job as one argument of a command line."""
        given = {**self.given._asdict(), "parameters": dict(self.given.parameters)}
        return json.dumps([self.page, self.workspace, self.scratch, self.time_out, given], default=str)

    @classmethod
    def from_text(cls, text: str) -> Job:
        """Return the job that :meth:`to_text` wrote."""
        page, (profile, *folders), scratch, time_out, given = json.loads(text)
        given = Given(**{**given, "paths": tuple(given["paths"])})
        return cls(page, Workspace(profile, *map(Path, folders)), Path(scratch), time_out, given)


class Listener:
    """Follow a running notebook: which cell it is in, and the last thing that it printed.

    It is the file that papermill writes the notebook's streams to, and its hook at the start of each cell.
    """

    def __init__(self, cells: int, say: Say) -> None:
        """Start before the first of ``cells`` code cells."""
        self.cell, self.cells, self._say = 0, cells, say
        self._said_at = 0.0

    def enter_cell(self, cell: Any, cell_index: int) -> None:
        """Count a code cell of the source; papermill's own cell with the parameters is not one."""
        if cell.cell_type == "code" and INJECTED not in cell.metadata.get("tags", []):
            self.cell += 1
            self._say({"cell": self.cell, "cells": self.cells, "text": ""})

    def write(self, text: str) -> None:
        """Pass on the last line of ``text``, at most five times a second."""
        pieces = [piece for piece in text.replace("\r", "\n").split("\n") if piece.strip()]
        if pieces and time.monotonic() - self._said_at > 0.2:
            self._said_at = time.monotonic()
            self._say({"cell": self.cell, "cells": self.cells, "text": pieces[-1].strip()[:200]})

    def flush(self) -> None:
        """Do nothing: every line is passed on at once."""


def run_page(job: Job, say: Say) -> None:
    """Run a page, keep its executed notebook and, last of all, write its manifest.

    Raises:
        PageError: If a cell failed, did not run, or left something that a page must not hold. The notebook as
            far as it came and the reason are then kept beside the last good one.
        RefusedError: If the page's source cannot be run at all.
    """
    workspace, started = job.workspace, time.monotonic()
    import nbformat

    pages = read_pages(workspace.notebooks)
    if job.given.parameters:
        pages = {job.page: pages[job.page]._replace(needs=())}
    page, status = pages[job.page], freshness.survey(pages, workspace, job.given)[job.page]
    check_parameters(page, status.parts["parameters"])
    executed = job.scratch / "executed.ipynb"
    listener = Listener(sum(cell.kind == "code" for cell in page.cells), say)
    try:
        _run_papermill(job, page, status.parts["parameters"], executed, listener)
        notebook = nbformat.read(executed, as_version=4)
        _verify_cells_ran(notebook)
        tidy(notebook, page.name)
        hide_paths(notebook, [str(job.given.parameters[name]) for name in job.given.paths])
        content = nbformat.writes(notebook) + "\n"
        check_page(notebook, content, workspace)
    except PageError as error:
        record_failure(job, error, executed)
        raise
    files.write_atomically(workspace.executed(page.name), content)
    workspace.failure(page.name).unlink(missing_ok=True)
    workspace.failed_notebook(page.name).unlink(missing_ok=True)
    freshness.write_manifest(workspace, status, time.monotonic() - started)


def hide_paths(notebook: Any, paths: Iterable[str]) -> None:
    """Leave of paths that a page was given as parameters the last part only."""
    about = notebook.metadata.get("papermill", {}).get("parameters", {})
    cells = [cell for cell in notebook.cells if INJECTED in cell.metadata.get("tags", [])]
    for path in sorted(paths, key=len, reverse=True):  # a file before the folder that it is in
        for cell in cells:
            cell["source"] = cell.source.replace(path, Path(path).name)
        about.update({name: Path(path).name for name, value in about.items() if value == path})


def record_failure(job: Job, error: PageError, executed: Path) -> None:
    """Keep the reason of a failure, and the notebook as far as it came, beside the last good one."""
    if executed.is_file():
        files.write_atomically(job.workspace.failed_notebook(job.page), executed.read_bytes())
    files.write_json(job.workspace.failure(job.page), {"error": str(error), "cell": error.cell})


def _run_papermill(job: Job, page: Page, parameters: dict[str, Any], executed: Path, listener: Listener) -> None:
    import papermill
    from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    source = job.scratch / "source.ipynb"
    source.write_text(page.text, encoding="utf-8")
    manager = _prepare_kernel(job.scratch)
    try:
        papermill.execute_notebook(
            source,
            executed,
            parameters=parameters,
            kernel_name=KERNEL,
            cwd=job.workspace.notebooks,
            progress_bar=False,
            start_timeout=START_TIME_OUT,
            execution_timeout=job.time_out,
            iopub_timeout=QUIET_TIME_OUT,
            km=manager,
            extra_arguments=KERNEL_ARGUMENTS,
            coalesce_streams=True,
            force_raise_errors=True,
            record_timing=False,
            on_cell_start=listener.enter_cell,
            stdout_file=listener,
            stderr_file=listener,
        )
    except PapermillExecutionError as error:
        first = (str(error.evalue).strip().splitlines() or [""])[0]
        raise PageError(f"Cell {listener.cell} failed: {error.ename}: {first}".rstrip(": "), listener.cell) from error
    except CellTimeoutError as error:
        sentence = f"Cell {listener.cell} ran longer than {job.time_out:,} s, the limit of profile"
        raise PageError(f"{sentence} {job.workspace.profile}.", listener.cell) from error
    except DeadKernelError as error:
        sentence = f"The kernel ended while cell {listener.cell} ran (killed, or out of memory)."
        raise PageError(sentence, listener.cell) from error
    except (CellControlSignal, RuntimeError, OSError) as error:
        raise PageError(f"The kernel did not answer: {error}", listener.cell or None) from error
    finally:
        _kill_kernel(manager)


def _prepare_kernel(scratch: Path) -> Any:
    from jupyter_client.manager import AsyncKernelManager

    # Sockets as files: no port to be taken by another program, none open to the network. Their names come from the
    # connection file, whose path must therefore be absolute, and short: the system allows about 100 characters.
    manager = AsyncKernelManager(kernel_name=KERNEL, transport="ipc", connection_file=str(scratch / "k.json"))
    stop = _make_stop(manager, scratch)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return manager


def _make_stop(manager: Any, scratch: Path) -> Callable[..., NoReturn]:
    def stop(number: int, frame: object) -> NoReturn:
        _kill_kernel(manager)
        shutil.rmtree(scratch, ignore_errors=True)
        # Not an exception: papermill would first wait for the kernel that was just killed.
        os._exit(128 + number)

    return stop


def _kill_kernel(manager: Any) -> None:
    pid = getattr(manager.provisioner, "pid", None)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # a kernel leads a process group of its own


def _verify_cells_ran(notebook: Any) -> None:
    # papermill calls a page complete when a cell ends it with sys.exit(0), and leaves the later cells out.
    failed = find_failed_cell(notebook)
    if failed is not None:
        number, reason = failed
        raise PageError(f"Cell {number} {reason}.", number)


def _follow_runner() -> None:
    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def main() -> int:
    """Run the page named by the job on the command line; return 0 when it is whole, 1 when it failed."""
    # What anything here prints goes to standard error; only lines of JSON go to the runner.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=channel, flush=True)

    _follow_runner()
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    try:
        run_page(Job.from_text(sys.argv[1]), say)
    except (PageError, RefusedError) as error:
        say({"error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    # Threads of the messaging library may still wait for the kernel that is gone.
    code = main()
    sys.stderr.flush()
    os._exit(code)
