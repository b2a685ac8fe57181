"""Run the pages that are not fresh: in order, a process each, stopped together, two at a time where that is faster."""

from __future__ import annotations

import contextlib
import fcntl
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple, TextIO

from fooling.report import freshness
from fooling.report.execute import KERNEL
from fooling.report.pages import NOTHING, Given, Page, RefusedError, StoppedError, Workspace, check_parameters
from fooling.report.processes import Outcome, Team
from fooling.report.progress import Progress

# At smoke a page is mostly start-up, which uses one core; a larger page uses them all by itself.
SIDE_BY_SIDE = {"smoke": 2}


@contextlib.contextmanager
def lock_results(workspace: Workspace) -> Iterator[int]:
    """Hold the results folder for this process and the pages it starts; yield the lock's file descriptor.

    The system lets go of the lock when the last process that holds it ends, so a kill leaves none behind.

    Raises:
        RefusedError: If the folder cannot be written, or another report holds it.
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
        yield file.fileno()


def check_kernel() -> None:
    """Check that pages would run in this interpreter.

    Raises:
        RefusedError: If Jupyter's ``python3`` kernel is missing or belongs to another interpreter.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec(KERNEL).argv[0]
    except NoSuchKernel as error:
        raise RefusedError(f"Jupyter finds no kernel {KERNEL!r}; install ipykernel beside {sys.executable}.") from error
    # Jupyter replaces a bare name by the running interpreter. Links are not followed: an environment's python is
    # a link to the one it was made from.
    names = {"python", "python3", f"python3.{sys.version_info.minor}"}
    if program not in names and Path(program).parent.resolve() != Path(sys.executable).parent.resolve():
        sentence = f"Jupyter's kernel {KERNEL!r} runs {program}, not {sys.executable}"
        raise RefusedError(f"{sentence}; run `{sys.executable} -m ipykernel install --sys-prefix`.")


class Plan(NamedTuple):
    """What to run.

    Attributes:
        names: The pages to look at, in running order, with those they need; one that is fresh when its turn comes
            does not run.
        forced: The pages that run although they are fresh.
        pages: All pages.
        workspace: Where they come from and go to.
        given: What they are given besides their profile.
    """

    names: Sequence[str]
    forced: Sequence[str]
    pages: Mapping[str, Page]
    workspace: Workspace
    given: Given = NOTHING


def run_pages(plan: Plan, lock: int, out: TextIO, after: Callable[[Outcome], None]) -> list[Outcome]:
    """Run pages and return how each ended; a page that needs a failed one does not run.

    Args:
        plan: What to run.
        lock: The descriptor of :func:`lock_results`, which every page's process holds too.
        out: Where progress is shown.
        after: Called with each page's outcome as soon as it is there.

    Raises:
        RefusedError: If a page cannot be given its parameters, or there is no kernel; nothing has run then.
        StoppedError: If a signal asked to stop; every process and kernel started here has ended then.
    """
    for name in plan.names:
        check_parameters(plan.pages[name], ("PROFILE", *plan.given.parameters))
    check_kernel()
    progress = Progress(out, len(plan.names))
    team = Team(plan.workspace, lock, progress, plan.given)
    outcomes: list[Outcome] = []
    with _signals_raise(), ThreadPoolExecutor(SIDE_BY_SIDE.get(plan.workspace.profile, 1)) as threads:
        try:
            for outcome in _run_in_order(plan, team, threads, progress):
                outcomes.append(outcome)
                after(outcome)
        except BaseException:
            team.stop()  # before the threads are waited for, each of which waits for its page
            progress.clear()
            raise
    return outcomes


def _run_in_order(plan: Plan, team: Team, threads: ThreadPoolExecutor, progress: Progress) -> Iterator[Outcome]:
    limit = SIDE_BY_SIDE.get(plan.workspace.profile, 1)
    waiting = list(plan.names)
    running: dict[Future[Outcome], str] = {}
    broken: set[str] = set()
    while waiting or running:
        for name in list(waiting):
            needs = set(plan.pages[name].needs)
            if needs & broken:
                outcome = Outcome(name, f"skipped, because {min(needs & broken)} did not finish")
                waiting.remove(name)
                broken.add(name)
                progress.skip(name, outcome.error)
                yield outcome
            elif len(running) < limit and not needs & {*waiting, *running.values()}:
                waiting.remove(name)
                if _is_needless(name, plan):
                    progress.skip(name, "is fresh again")
                else:
                    progress.start(name)
                    running[threads.submit(team.run, name)] = name
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            name, outcome = running.pop(future), future.result()
            if outcome.error:
                broken.add(name)
            yield outcome


def _is_needless(name: str, plan: Plan) -> bool:
    # A page that was stale only because of one it needs may be fresh now that this one has run again.
    return name not in plan.forced and freshness.survey(plan.pages, plan.workspace)[name].state == freshness.FRESH


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        for other in stopping:
            signal.signal(other, signal.SIG_IGN)  # once is enough: a second Ctrl-C must not leave a kernel behind
        raise StoppedError(number)

    # A signal that is ignored on purpose (nohup, a job in the background) stays ignored.
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    stopping = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in stopping}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
