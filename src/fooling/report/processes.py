"""The processes that pages run in: one each, tied to the runner so that none outlives it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, TextIO

from fooling import runs
from fooling.report.execute import CELL_TIME_OUT, Job, record_failure
from fooling.report.inspection import PageError
from fooling.report.pages import NOTHING, Given, Workspace
from fooling.report.progress import Progress

# Sockets are named below the scratch folder; the system allows a socket about 100 characters.
LONGEST_SCRATCH = 70


class Outcome(NamedTuple):
    """How one page ended.

    Attributes:
        page: Its name.
        error: Why it failed, or empty.
    """

    page: str
    error: str


class Team:
    """The processes of the pages that are running now."""

    def __init__(self, workspace: Workspace, lock: int, progress: Progress, given: Given = NOTHING) -> None:
        self._workspace, self._lock, self._progress, self._given = workspace, lock, progress, given
        self._processes: set[subprocess.Popen[str]] = set()
        self._stopping = False

    def run(self, name: str) -> Outcome:
        """Run one page to its end, in a thread of the runner."""
        scratch = make_scratch()
        time_out = self._given.time_out or CELL_TIME_OUT[self._workspace.profile]
        job = Job(name, self._workspace, scratch, time_out, self._given)
        try:
            with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
                process = self._start(job, complaints)
                error = self._listen(process, name)
                process.wait()
                self._processes.discard(process)
                if not error and process.returncode != 0:
                    complaints.seek(0)
                    error = _explain_end(process.returncode, complaints.read())
                    if not self._stopping:
                        record_failure(job, PageError(error), scratch / "executed.ipynb")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if not self._stopping:
            self._progress.finish(name, f"failed: {error}" if error else "done")
        return Outcome(name, error)

    def _start(self, job: Job, complaints: TextIO) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fooling.report.execute", job.to_text()]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however that happens
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            env=make_environment(self._workspace),
            pass_fds=(self._lock,),
            start_new_session=True,  # Ctrl-C reaches the runner alone, which then stops its pages
        )
        self._processes.add(process)
        if self._stopping:
            process.terminate()
        return process

    def _listen(self, process: subprocess.Popen[str], name: str) -> str:
        error = ""
        assert process.stdout is not None
        for line in process.stdout:
            message = json.loads(line)
            if "error" in message:
                error = message["error"]
            elif not self._stopping:
                self._progress.update(name, message["cell"], message["cells"], message["text"])
        return error

    def stop(self) -> None:
        """End every process, and wait until it and its kernel are gone."""
        self._stopping = True
        for process in list(self._processes):
            process.terminate()
        for process in list(self._processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()  # its kernel sees within a second that it has no parent, and ends


def make_scratch() -> Path:
    """Make an empty folder whose name is short enough for sockets in it."""
    scratch = tempfile.mkdtemp(prefix="fooling-")
    if len(scratch) > LONGEST_SCRATCH:
        Path(scratch).rmdir()
        scratch = tempfile.mkdtemp(prefix="fooling-", dir="/tmp")
    return Path(scratch).absolute()


def make_environment(workspace: Workspace) -> dict[str, str]:
    """Return the environment of a page: the same results and the same package, from whatever folder it runs in."""
    paths = [str(runs.PACKAGE.parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "FOOLING_RESULTS": str(workspace.results.parent),
        "PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in paths),
    }


def _explain_end(code: int, complaints: str) -> str:
    if code < 0:
        return f"The page's process was ended by {signal.Signals(-code).name} (killed, or out of memory)."
    last = (complaints.strip().splitlines() or ["it did not say why"])[-1]
    return f"The page's process ended with code {code}: {last}"
