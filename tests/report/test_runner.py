"""Pages run in order, two side by side, and say how far they are; a failure skips what needs it."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import threading
import time
from functools import partial

import pytest

from fooling.pages.page import PROFILES, metrics_file
from fooling.report import execute, runner
from fooling.report.execute import Kernels, Listener
from fooling.report.inspection import PageError
from fooling.report.notebooks import RefusedError, StoppedError, read_notebooks
from fooling.report.runner import Progress, Schedule, lock_results, run_pages, shorten_bar


def run(desk, names, fail=(), profile="smoke", forced=(), meet=None):
    ran, out = [], io.StringIO()

    def pretend(name, *rest):
        ran.append(name)
        if meet is not None:
            meet.wait()
        if name in fail:
            raise PageError("Cell 2 failed: KeyError: 3")
        desk.pretend(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "run_page", pretend)
        pages, workspace = read_notebooks(desk.workspace.notebooks), desk.workspace._replace(profile=profile)
        schedule = Schedule([n for n in pages if n in names] if names else list(pages), forced, pages, workspace)
        outcomes = run_pages(schedule, out, after=lambda outcome: None)
    return ran, outcomes, out.getvalue()


def test_pages_run_after_those_they_need_and_a_failure_skips_only_what_needs_it(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    desk.write("03_three", "x = 1", needs=["02"])
    desk.write("04_four", "x = 1")
    desk.write("00_overview", "x = 1", needs=["*"])
    ran, outcomes, _ = run(desk, (), fail=["02_two"], profile="default")
    assert sorted(ran) == ["01_one", "02_two", "04_four"]
    errors = {outcome.page: outcome.error for outcome in outcomes}
    assert errors["02_two"] == "Cell 2 failed: KeyError: 3" and not errors["01_one"] and not errors["04_four"]
    assert errors["03_three"] == "skipped, because 02_two did not finish"
    assert errors["00_overview"].startswith("skipped")


def test_a_page_that_meets_what_nobody_foresaw_fails_alone(desk, monkeypatch):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1")
    monkeypatch.setattr(
        desk.__class__, "pretend", lambda desk, name: (desk.workspace.results / name / "x").write_text("")
    )
    ran, outcomes, out = run(desk, ())
    assert ran == ["01_one", "02_two"] and all("FileNotFoundError: " in outcome.error for outcome in outcomes)
    assert "02_two  failed: FileNotFoundError" in out
    _, (alone,), out = run(desk, ["01_one"])
    assert "01_one  failed (" in out and alone.error, "what follows says why, once"


def test_independent_pages_run_two_at_a_time_at_smoke_and_where_their_runs_are_kept(desk):
    names = ["01_one", "02_two"]
    for name in names:
        desk.write(name, "x = 1")

    def do_two_meet(profile="default"):
        meet = threading.Barrier(2, timeout=5 if profile == "smoke" else 0.5)
        errors = [outcome.error for outcome in run(desk, (), profile=profile, forced=names, meet=meet)[1]]
        assert len(errors) == 2 and errors in (["", ""], ["BrokenBarrierError: "] * 2)
        return not errors[0]

    assert not do_two_meet(), "nothing is known of their runs"
    assert do_two_meet("smoke")
    result = desk.workspace.run("02_two-run") / "result.npz"
    result.parent.mkdir(parents=True)
    desk.pretend("02_two", metrics={"runs": ["02_two-run"]})
    assert not do_two_meet(), "one was begun and not finished"
    result.touch()
    assert do_two_meet()
    for name in names:
        published = metrics_file(desk.workspace.published, name)
        published.parent.mkdir(parents=True, exist_ok=True)
        desk.workspace.metrics(name).rename(published)
    assert do_two_meet(), "they are restored"
    desk.workspace.metrics("02_two").write_text("{")
    assert not do_two_meet(), "damaged numbers say nothing, and are made again"


def test_a_page_waits_until_the_one_that_it_needs_has_ended_where_two_run_at_a_time(desk, monkeypatch):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    told = []

    def take_time(name, *rest):
        told.append(f"{name} begins")
        time.sleep(0.2)  # long enough for another page to begin
        desk.pretend(name)
        told.append(f"{name} ends")

    monkeypatch.setattr(runner, "run_page", take_time)
    pages = read_notebooks(desk.workspace.notebooks)
    run_pages(Schedule(list(pages), (), pages, desk.workspace), io.StringIO(), after=lambda outcome: None)
    assert told == ["01_one begins", "01_one ends", "02_two begins", "02_two ends"]


def test_a_page_that_is_fresh_again_when_its_turn_comes_does_not_run(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    desk.pretend()
    desk.workspace.executed("01_one").unlink()
    assert desk.look("02_two") == ("stale", "01_one is stale")
    ran, _, out = run(desk, ())
    assert ran == ["01_one"] and "02_two  is fresh again" in out
    assert run(desk, (), forced=["02_two"])[0] == ["02_two"]


def test_nothing_runs_when_one_page_cannot_be_given_its_parameters(desk):
    desk.write("01_one", "x = 1")
    notebook = json.loads((desk.workspace.notebooks / "01_one.ipynb").read_text())
    notebook["cells"][0]["metadata"] = {}
    (desk.workspace.notebooks / "02_two.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="02_two has no code cell"):
        run(desk, ())
    assert desk.look("01_one")[0] == "missing"


def test_a_results_folder_is_held_by_one_report_at_a_time(desk):
    with lock_results(desk.workspace), pytest.raises(RefusedError, match="at work"), lock_results(desk.workspace):
        pass
    with lock_results(desk.workspace):
        pass


def test_a_signal_to_stop_is_raised_but_one_that_was_ignored_stays_ignored():
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    outside = [signal.getsignal(number) for number in wanted]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with pytest.raises(StoppedError), runner._signals_raise():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            with contextlib.suppress(Exception):  # as libraries do, which draw a page
                signal.raise_signal(signal.SIGTERM)
        after = [signal.getsignal(number) for number in wanted]
    finally:
        signal.signal(signal.SIGHUP, outside[2])
    assert after == [*outside[:2], signal.SIG_IGN]


def test_progress_is_said_in_a_few_words():
    bar = "evolving:  45%|####5     | 90/200 [00:50<01:10,  1.80it/s]"
    assert shorten_bar(bar) == "evolving 45%, 01:10 left"
    assert shorten_bar("evolving:   0%|          | 0/200 [00:00<?, ?it/s]") == "evolving 0%"
    told = "evolving cppn:   2%|#  | 90/5000 [05:38<5:37:10,  4.12s/it, median 12.30%]"
    assert shorten_bar(told) == "evolving cppn 2%, 5:37:10 left, median 12.30%"
    assert shorten_bar(told[:-1]) == shorten_bar(told), "a bar that is cut off at its end is one, too"
    assert shorten_bar("training done") == "training done"


def test_progress_is_redrawn_on_a_terminal_and_rare_in_a_log(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for out in (Terminal(), io.StringIO()):
        progress = Progress(out, total=4)
        progress.start("02_two")
        for step in range(100):
            progress.update("02_two", 7, 15, f"step:  {step}%|#   | {step}/100 [00:50<01:10,  1.80it/s]")
        progress.finish("02_two", "done")
        text = out.getvalue()
        assert "[1 of 4] 02_two  done" in text
        assert text.count("cell 7/15  step") == (100 if out.isatty() else 0)
        assert ("\x1b[1F\x1b[J" in text) == out.isatty()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_sentence_of_a_page_stays_once_however_soon_it_follows(terminal, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal)
    progress = Progress(out, total=1)
    progress.start("02_two")
    listener = Listener(15, partial(progress.update, "02_two"), Kernels())
    bar = "\revolving:  45%|####5     | 90/200 [00:50<01:10,  1.80it/s]"
    sentence = f"cppn-0123, begun with other threads (2, here 1), is not continued here; it is {'w' * 200}."
    listener.write(f"{bar}\r      \r{sentence}\ncppn-4567 is at work in another process; waiting for it.\n{bar}\x1b[A")
    listener.write(f"{sentence}\n\x1b[A")
    text = out.getvalue()
    assert text.count(f"[1 of 1] 02_two  {sentence}\n") == 1, "once, and whole"
    assert text.count("[1 of 1] 02_two  cppn-4567 is at work in another process; waiting for it.\n") == 1
    assert terminal or len(text.splitlines()) == 3, "no bar, and nothing of one"


def test_every_profile_has_a_time_out():
    assert set(execute.CELL_TIME_OUT) == set(PROFILES)
