"""Run one page through papermill, in a kernel of its own, and keep it only if every cell really ran."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fooling import files, runs
from fooling.report import freshness
from fooling.report.inspection import INJECTED, PageError, check_cells_ran, check_page, hide_folders, tidy
from fooling.report.notebooks import Given, Workspace, check_parameters, read_notebooks

# How long one cell may take, in seconds: far above what any does, so that only a cell that hangs meets it.
CELL_TIME_OUT = {"smoke": 600, "default": 3_600, "extended": 24 * 3_600, "paper": 30 * 24 * 3_600}
KERNEL = "python3"
KERNEL_ARGUMENTS = [
    "--IPKernelApp.capture_fd_output=False",  # what libraries write past Python stays out
    # A warning of Python's is told by its words, without the file of this machine that it arose in.
    "--IPKernelApp.exec_lines=import warnings; "
    "warnings.formatwarning = lambda said, kind, *_, **__: f'{kind.__name__}: {said}\\n'",
]
LONGEST_FOLDER = 50  # of temporary files, in which sockets are named
LONGEST_LINE = 500  # that is passed on of what a page prints

Say = Callable[[int, int, str], None]  # the cell that a page is in, of how many, and what it printed


class Kernels:
    """The kernels of the pages that run now, which can be ended all at once; each ends with this process, too."""

    def __init__(self) -> None:
        self._running: set[Any] = set()
        self.stopped = False

    @contextlib.contextmanager
    def open(self, workspace: Workspace) -> Iterator[tuple[Any, Path]]:
        """Yield the manager of a new kernel and an empty folder for its files; both are gone afterwards."""
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        # Sockets as files: no port to be taken by another program, none open to the network. Their names come from
        # the connection file, whose path must therefore be absolute, and short: the system allows 100 characters.
        long = len(tempfile.gettempdir()) > LONGEST_FOLDER
        place = Path("/tmp" if long else tempfile.gettempdir())
        clear_kills(place)
        scratch = Path(tempfile.mkdtemp(prefix=f"fooling-{os.getpid()}-", dir=place)).absolute()
        here = KernelSpecManager(kernel_dirs=[])  # the kernel of this interpreter, whatever others are installed
        manager = AsyncKernelManager(
            kernel_name=KERNEL, kernel_spec_manager=here, transport="ipc", connection_file=str(scratch / "k.json")
        )
        # What compiled libraries write past Python (TensorFlow greets on standard error) stays off the terminal.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        manager.start_kernel = partial(manager.start_kernel, env=make_environment(workspace), **quiet)
        self._running.add(manager)
        try:
            yield manager, scratch
        finally:
            _kill_kernel(manager)
            self._running.discard(manager)
            shutil.rmtree(scratch, ignore_errors=True)

    def stop(self) -> None:
        """End every kernel; pages that wait for one end soon after."""
        self.stopped = True
        for manager in list(self._running):
            _kill_kernel(manager)


class Listener:
    """The file that papermill writes a notebook's streams to, and its hook at the start of each cell."""

    def __init__(self, cells: int, say: Say, kernels: Kernels) -> None:
        self.cell = 0  # the code cell of the source that the page is in, from 1
        self._cells, self._say, self._kernels = cells, say, kernels

    def enter_cell(self, cell: Any, cell_index: int) -> None:
        """Count a code cell of the source; papermill's own cell with the parameters is not one."""
        if self._kernels.stopped:
            raise RuntimeError("stopped")
        if cell.cell_type == "code" and INJECTED not in cell.metadata.get("tags", []):
            self.cell += 1
            self._say(self.cell, self._cells, "")

    def write(self, text: str) -> None:
        """Pass on what is said in ``text``, line by line."""
        for line in filter(None, map(str.strip, text.replace("\x1b[A", "").splitlines())):  # tqdm's step up
            self._say(self.cell, self._cells, line[:LONGEST_LINE])

    def flush(self) -> None:
        """Do nothing: every line is passed on at once."""


def run_page(name: str, workspace: Workspace, given: Given, kernels: Kernels, say: Say) -> None:
    """Run a page, keep its executed notebook and, last of all, write its manifest.

    A page that is given parameters besides its profile needs no other page.

    Raises:
        PageError: If a cell failed, did not run, or left something that a page must not hold. The notebook as
            far as it came and the reason are then kept beside the last good one.
        RefusedError: If the page's source cannot be run at all.
    """
    import nbformat

    started = time.monotonic()
    pages = read_notebooks(workspace.notebooks)
    if given.parameters:
        pages = {name: pages[name]._replace(needs=())}
    page, status = pages[name], freshness.survey(pages, workspace, given)[name]
    check_parameters(page, status.parts["parameters"])
    with kernels.open(workspace) as (manager, scratch):
        source, executed = scratch / "source.ipynb", scratch / "executed.ipynb"
        source.write_text(page.text, encoding="utf-8")
        listener = Listener(len(page.code), say, kernels)
        about = {"parameters": status.parts["parameters"], "cwd": workspace.notebooks, "km": manager}
        try:
            time_out = given.time_out or CELL_TIME_OUT[workspace.profile]
            _run_papermill(source, executed, listener, time_out, workspace.profile, **about)
            notebook = nbformat.read(executed, as_version=4)
            # papermill calls a page complete when a cell ends it with sys.exit(0), and leaves the later cells out.
            check_cells_ran(notebook)
            tidy(notebook, name)
            hide_paths(notebook, given.paths)
            named = [Path(given.parameters[parameter]).parent for parameter in given.paths]
            hide_folders(notebook, [workspace.results, *named])
            content = nbformat.writes(notebook) + "\n"
            check_page(notebook, content, workspace)
        except PageError as error:
            if not kernels.stopped:
                if executed.is_file():
                    files.write_atomically(workspace.failed_notebook(name), executed.read_bytes())
                files.write_json(workspace.failure(name), {"error": str(error)})
            raise
    files.write_atomically(workspace.executed(name), content)
    workspace.failure(name).unlink(missing_ok=True)
    workspace.failed_notebook(name).unlink(missing_ok=True)
    freshness.write_manifest(workspace, status, time.monotonic() - started)


def hide_paths(notebook: Any, paths: Iterable[str]) -> None:
    """Leave of those parameters that are paths the last part only; the cell, in which they are escaped, is new then."""
    about = notebook.metadata.get("papermill", {}).get("parameters", {})
    hidden = {name: Path(about[name]).name for name in paths if name in about}
    about.update(hidden)
    for cell in notebook.cells:
        if hidden and INJECTED in cell.metadata.get("tags", []):
            cell["source"] = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in about.items())])


def _run_papermill(source: Path, executed: Path, listener: Listener, time_out: int, profile: str, **about: Any) -> None:
    """Execute a page; whatever ends it early is told as a PageError."""
    import papermill
    from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            source,
            executed,
            kernel_name=KERNEL,
            progress_bar=False,
            start_timeout=120,
            execution_timeout=time_out,
            # A kernel that imports TensorFlow on a busy laptop can be silent for long; nbclient's 4 s end such pages.
            iopub_timeout=60,
            extra_arguments=KERNEL_ARGUMENTS,
            coalesce_streams=True,
            force_raise_errors=True,
            record_timing=False,
            on_cell_start=listener.enter_cell,
            stdout_file=listener,
            stderr_file=listener,
            **about,
        )
    except PapermillExecutionError as error:
        first = (str(error.evalue).strip().splitlines() or [""])[0]
        raise PageError(f"Cell {listener.cell} failed: {error.ename}: {first}".rstrip(": ")) from error
    except CellTimeoutError as error:
        limit = f"{time_out:,} s, the limit of profile {profile}"
        raise PageError(f"Cell {listener.cell} ran longer than {limit}.") from error
    except DeadKernelError as error:
        raise PageError(f"The kernel ended while cell {listener.cell} ran (killed, or out of memory).") from error
    except (CellControlSignal, RuntimeError, OSError) as error:
        raise PageError(f"The kernel did not answer: {error}") from error


def _kill_kernel(manager: Any) -> None:
    """End a kernel and all that it started."""
    pid = getattr(manager.provisioner, "pid", None)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # a kernel leads a process group of its own


def clear_kills(place: Path) -> None:
    """Delete the folders of kernels whose process was killed; those of one that lives, or of another user, stay."""
    for scratch in place.glob("fooling-*-*"):
        pid = scratch.name.split("-")[1]
        try:
            if pid.isdecimal():
                os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(scratch, ignore_errors=True)
        except (OSError, OverflowError):
            continue  # it lives, and is another user's; or its name is of something else


def make_environment(workspace: Workspace) -> dict[str, str]:
    """Return the environment of a page: the same results and the same package, from whatever folder it runs in."""
    paths = [str(runs.PACKAGE.parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "FOOLING_RESULTS": str(workspace.results.parent),
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in paths),
    }
