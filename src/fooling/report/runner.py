"""Run the pages that are not fresh: in order, a process each, two at a time where that is faster, stopped together."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import NamedTuple, TextIO

from fooling.files import DamagedError, find_unfinished
from fooling.pages.page import metrics_file, read_metrics
from fooling.report import freshness
from fooling.report.execute import Kernels, run_page
from fooling.report.inspection import PageError
from fooling.report.notebooks import NOTHING, Given, Notebook, RefusedError, StoppedError, Workspace, check_parameters
from fooling.runs import FINISHED

WIDTH = 2  # pages at a time where they mostly start and draw, which uses one core; one that computes uses them all
# The shape of a tqdm bar: "evolving:  45%|####    | 90/200 [00:50<01:10, 1.8it/s, median 12.3%]".
BAR = re.compile(
    r"^(?P<what>.*?):?\s*(?P<percent>\d+)%\|.*\[(?P<spent>[\d:]+)<(?P<left>[\d:?]+)(, [^,\]]+(?P<said>, [^\]]+)?)?"
)
MOVING = re.compile(r"\d%\||\dit \[|━")  # in any bar of tqdm, with or without an end, and of Keras
QUIET_SECONDS = 10.0  # without a terminal, a page says how far it is at most this often
MANY_SENTENCES = 200  # of a page are kept in mind, and shown; a page that prints more is shown no further


@contextlib.contextmanager
def lock_results(workspace: Workspace) -> Iterator[None]:
    """Hold the results folder for this process; the system lets go of it when the process ends, even by a kill.

    What kills left half written there is deleted.
    """
    try:
        workspace.results.mkdir(parents=True, exist_ok=True)
        file = (workspace.results / ".lock").open("w")
    except OSError as error:
        raise RefusedError(f"The results folder {workspace.results} cannot be written ({error.strerror}).") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            sentence = f"Another report or publish is at work on {workspace.results}; wait for it or stop it."
            raise RefusedError(sentence) from error
        for folder in (workspace.results, *workspace.results.glob("*/")):
            for path in find_unfinished(folder):
                path.unlink(missing_ok=True)
        yield


class Outcome(NamedTuple):
    """How one page ended: ``error`` says why it failed, or is empty."""

    page: str
    error: str


class Schedule(NamedTuple):
    """What to run."""

    # the pages to look at, in running order, with those they need; one that is fresh when its turn comes does not run
    names: Sequence[str]
    forced: Sequence[str]  # the pages that run although they are fresh
    pages: Mapping[str, Notebook]  # all pages
    workspace: Workspace  # where they come from and go to
    given: Given = NOTHING  # what they are given besides their profile

    @property
    def width(self) -> int:
        """How many pages run at a time: two at smoke, and where all runs that they named are kept."""
        workspace = self.workspace

        def is_kept(name: str) -> bool:
            folder = workspace.results if workspace.metrics(name).exists() else workspace.published
            with contextlib.suppress(DamagedError):  # the page makes its numbers again
                used = read_metrics(folder, name).get("runs", ())
                done = (any((workspace.run(run) / end).exists() for end in FINISHED) for run in used)
                return metrics_file(folder, name).exists() and all(done)
            return False

        return WIDTH if workspace.profile == "smoke" or all(map(is_kept, self.names)) else 1

    def is_needless(self, name: str) -> bool:
        """Whether a page is fresh by now: it may have been stale only because of one that has run again."""
        return name not in self.forced and freshness.survey(self.pages, self.workspace)[name].state == freshness.FRESH


def run_pages(schedule: Schedule, out: TextIO, after: Callable[[Outcome], None]) -> list[Outcome]:
    """Run pages and return how each ended; a page that needs a failed one does not run.

    Each outcome is told to ``after`` as soon as it is there.

    Raises:
        RefusedError: If a page cannot be given its parameters; nothing has run then.
        StoppedError: If a signal asked to stop; every kernel started here has ended then.
    """
    for name in schedule.names:
        check_parameters(schedule.pages[name], ("PROFILE", *schedule.given.parameters))
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    progress, kernels = Progress(out, len(schedule.names)), Kernels()

    def run(name: str) -> Outcome:
        reason = ""
        try:
            run_page(name, schedule.workspace, schedule.given, kernels, partial(progress.update, name))
        except Exception as error:  # whatever a page runs into is its own failure, and the others go on
            reason = (
                str(error)
                if isinstance(error, DamagedError | PageError | RefusedError)
                else f"{type(error).__name__}: {error}"
            )
        if not (reason and kernels.stopped):
            why = f": {reason}" if len(schedule.names) > 1 else ""  # of a page alone the last line says why
            progress.finish(name, f"failed{why}" if reason else "done")
        return Outcome(name, reason)

    outcomes: list[Outcome] = []
    with _signals_raise(), ThreadPoolExecutor(WIDTH) as threads:
        try:
            for outcome in _run_in_order(schedule, progress, lambda name: threads.submit(run, name)):
                outcomes.append(outcome)
                after(outcome)
        except BaseException:
            kernels.stop()  # before the threads are waited for, each of which waits for its kernel
            progress.clear()
            raise
    return outcomes


def _run_in_order(schedule: Schedule, progress: Progress, begin: Callable[[str], Future[Outcome]]) -> Iterator[Outcome]:
    """Yield how each page ended, as soon as it has."""
    waiting, broken, width = list(schedule.names), set[str](), schedule.width
    running: dict[Future[Outcome], str] = {}
    while waiting or running:
        for name in list(waiting):
            needs = set(schedule.pages[name].needs)
            if needs & broken:
                waiting.remove(name)
                broken.add(name)
                outcome = Outcome(name, f"skipped, because {min(needs & broken)} did not finish")
                progress.finish(name, outcome.error)
                yield outcome
            elif len(running) < width and not needs & {*waiting, *running.values()}:
                waiting.remove(name)
                if schedule.is_needless(name):
                    progress.finish(name, "is fresh again")
                else:
                    progress.start(name)
                    running[begin(name)] = name
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            del running[future]
            outcome = future.result()
            if outcome.error:
                broken.add(outcome.page)
            yield outcome


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """Let a signal to stop raise StoppedError."""

    def stop(number: int, frame: object) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)  # once is enough: a second Ctrl-C must not leave a kernel behind
        raise StoppedError(number)

    # A signal that is ignored on purpose (nohup, a job in the background) stays ignored.
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: old for number in wanted if (old := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Progress:
    """Show pages as they run; several threads may report at once.

    On a terminal the running pages are the last lines and are redrawn; elsewhere (a log, a pipe) every line stays.
    """

    def __init__(self, out: TextIO, total: int) -> None:
        """Start with ``total`` pages to run, none begun."""
        self._out, self._total, self._lock, self._drawn = out, total, threading.Lock(), 0
        self._numbers: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._said_at: dict[str, float] = {}
        self._told: dict[str, set[str]] = {}  # what a page said in words
        self._running: dict[str, str] = {}  # the line of each running page on a terminal

    def start(self, page: str) -> None:
        """Say that a page begins."""
        self._started[page] = time.monotonic()
        self._say(page, "starting", running=True)

    def update(self, page: str, cell: int, cells: int, text: str) -> None:
        """Say that a page is in a cell, and how far a bar is there; any other line that it prints stays, once."""
        told = self._told.setdefault(page, set())
        if text and not MOVING.search(text):
            if text not in told and len(told) < MANY_SENTENCES:
                told.add(text)
                with self._lock:
                    self._redraw(above=f"{self._label(page)}  {text}\n")
        elif self._out.isatty() or time.monotonic() - self._said_at[page] >= QUIET_SECONDS:
            self._say(page, f"cell {cell}/{cells}  {shorten_bar(text)}".rstrip(), running=True)

    def finish(self, page: str, outcome: str) -> None:
        """Say how a page ended, or why it does not run."""
        begun = self._started.get(page)
        self._say(page, outcome if begun is None else f"{outcome} ({time.monotonic() - begun:.0f} s)")

    def clear(self) -> None:
        """Take the lines of running pages off the terminal."""
        with self._lock:
            self._running.clear()
            self._redraw()

    def _say(self, page: str, words: str, running: bool = False) -> None:
        with self._lock:
            line, self._said_at[page] = f"{self._label(page)}  {words}", time.monotonic()
            if running and self._out.isatty():
                self._running[page] = line
                self._redraw()
            else:
                self._running.pop(page, None)
                self._redraw(above=f"{line}\n")

    def _label(self, page: str) -> str:
        return f"[{self._numbers.setdefault(page, len(self._numbers) + 1)} of {self._total}] {page}"

    def _redraw(self, above: str = "") -> None:
        """Write lines that stay, and below them on a terminal those of the running pages."""
        erase = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""
        width = shutil.get_terminal_size().columns - 1
        self._out.write(erase + above + "".join(f"{line[:width]}\n" for line in self._running.values()))
        self._out.flush()
        self._drawn = len(self._running)


def shorten_bar(text: str) -> str:
    """Return a tqdm bar in a few words (``evolving 45%, 01:10 left, median 12.3%``), and any other text as it is."""
    if not (found := BAR.match(text)):
        return text
    left = f", {found['left']} left" if "?" not in found["left"] else ""
    return f"{found['what'].strip()} {found['percent']}%{left}{found['said'] or ''}".strip()
