"""The command line: one sentence for every mistake, nothing heavy imported where nothing runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from fooling import runs
from fooling.__main__ import main
from fooling.report import report
from fooling.report.pages import StoppedError


@pytest.fixture
def command(desk, findings, monkeypatch, capsys):
    """Run a command on the desk; return its code, what it printed and what it complained about."""
    monkeypatch.setenv("FOOLING_RESULTS", str(desk.workspace.results.parent))

    def run(*words):
        code = main(words, desk.workspace.notebooks)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def pretend_real(desk):
    """Pretend a run of the pages in the real package's name, which the command line looks at."""
    desk._replace(workspace=desk.workspace._replace(package=runs.PACKAGE)).pretend()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["report", "--profile", "huge"], "There is no profile 'huge'; choose one of smoke, default, extended, paper."),
        (["status", "--profile", "huge"], "There is no profile 'huge'; choose one of smoke, default, extended, paper."),
        (["publish", "--profile", "huge"], "There is no profile 'huge'"),
        (["findings", "--profile", "huge"], "There is no profile 'huge'"),
        (["report", "--only", "77"], "There is no notebook '77'; choose from 01_one."),
        (["publish", "--profile", "smoke"], "01_one is missing at profile smoke; run"),
        (["findings"], "There are no findings published yet"),
        (["sing"], "invalid choice: 'sing'"),
        (["report", "--loud"], "unrecognized arguments: --loud"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_mistake_gets_one_sentence_and_code_2(desk, command, words, sentence):
    desk.write("01_one", "x = 1")
    code, out, err = command(*words)
    assert code == 2 and out == ""
    assert err.startswith("fooling: ") and sentence in err and err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(desk, command, monkeypatch, tmp_path):
    desk.write("01_one", "x = 1")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FOOLING_RESULTS", str(tmp_path / "file" / "results"))
    code, _, err = command("report")
    assert code == 2 and err.startswith("fooling: The results folder") and "cannot be written" in err


def test_status_is_a_table_of_states_reasons_and_costs(desk, command):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01_one"])
    desk.write("03_three", "x = 1")
    pretend_real(desk)
    desk.write("01_one", "x = 2")
    desk.workspace.manifest("03_three").unlink()
    code, out, _ = command("status", "--profile", "smoke")
    assert code == 0
    assert [line.split() for line in out.splitlines()][1:4] == [
        ["01_one", "stale", "12", "s", "code", "of", "the", "notebook", "changed"],
        ["02_two", "stale", "12", "s", "01_one", "changed"],
        ["03_three", "missing", "-"],
    ]
    assert out.endswith("0 of 3 pages of profile smoke are fresh.\n")


def test_a_report_without_anything_to_do_says_so_and_compares_verdicts(desk, command, findings):
    def finding(claim, verdict, profile="smoke"):
        words = dict.fromkeys(("title", "paper", "grade", "ours", "headline", "scale"), "")
        return SimpleNamespace(claim_id=claim, profile=profile, verdict=verdict, page="01_one", **words)

    module = sys.modules["fooling.pages.findings"]
    findings(
        [finding("a", "reproduced"), finding("b", "partly"), finding("c", "partly")],
        [finding("a", "reproduced", "extended"), finding("b", "reproduced", "default")],
    )
    module.as_text = lambda found, width: "the table"
    desk.write("01_one", "# One", "x = 1")
    pretend_real(desk)
    code, out, err = command("report", "--profile", "smoke")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines() if line]
    assert lines == [
        "Nothing to do: all 1 pages of profile smoke are fresh.",
        "the table",
        "Does your machine say the same?",
        "claim this run published",
        "a reproduced reproduced (extended) the same",
        "b partly reproduced (default) differs",
        "c partly - not published yet",
        f"Report: {desk.workspace.report()}",
    ]
    assert desk.workspace.report().is_file()


@pytest.mark.parametrize(
    ("words", "looked_at", "forced"),
    [
        ([], ["01_one", "03_three", "04_four", "00_overview"], []),
        (["--only", "3"], ["01_one", "03_three"], []),
        (["--only", "04_four", "1"], ["01_one", "04_four"], []),
        (["--only", "00"], ["01_one", "03_three", "04_four", "00_overview"], []),
        (["--only", "03", "--force"], ["01_one", "03_three"], ["03_three"]),
    ],
)
def test_only_runs_what_is_named_and_what_it_needs(desk, command, monkeypatch, words, looked_at, forced):
    desk.write("00_overview", "x = 1", needs=["*"])
    desk.write("01_one", "x = 1")
    desk.write("03_three", "x = 1", needs=["01_one"])
    desk.write("04_four", "x = 1")
    plans = []
    monkeypatch.setattr(report, "run_pages", lambda plan, *rest, **more: plans.append(plan))
    assert command("report", "--profile", "smoke", *words)[0] == 0
    assert list(plans[0].names) == looked_at and list(plans[0].forced) == forced
    assert desk.workspace.report().is_file()


def test_a_failed_page_is_told_at_the_end_and_the_code_is_1(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")

    def fail(plan, lock, out, after):
        after(SimpleNamespace(page="01_one", error="Cell 2 failed: KeyError: 3"))

    monkeypatch.setattr(report, "run_pages", fail)
    code, out, err = command("report", "--profile", "smoke")
    assert code == 1 and err == "fooling: 01_one: Cell 2 failed: KeyError: 3\n"
    assert out.rstrip().endswith("index.html")


def test_numbers_that_no_claim_can_judge_are_one_sentence_and_do_not_stop_the_pages(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")

    def collect(profile=None, root=None):
        raise KeyError("median")

    ran = []

    def run(plan, lock, out, after):
        after(SimpleNamespace(page="01_one", error=""))
        ran.append("to the end")

    monkeypatch.setattr(sys.modules["fooling.pages.findings"], "collect", collect)
    monkeypatch.setattr(report, "run_pages", run)
    code, _, err = command("report", "--profile", "smoke")
    assert ran and code == 1 and err.count("\n") == 1
    assert "The findings cannot be told, because a page's metrics are not what the claims ask for (KeyError" in err
    assert command("findings", "--profile", "smoke")[0] == 2


def test_a_stop_is_one_sentence_and_the_code_of_the_signal(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")

    def stop(*rest, **more):
        raise StoppedError(15)

    monkeypatch.setattr(report, "run_pages", stop)
    code, _, err = command("report", "--profile", "smoke")
    assert code == 143 and err.startswith("Stopped; finished pages and checkpoints are kept.") and err.count("\n") == 1


HEAVY = ("tensorflow", "keras", "papermill", "nbconvert", "nbformat", "jupyter_client", "matplotlib", "IPython")
QUIET = """
import json, sys, types
from pathlib import Path
import fooling
findings = types.ModuleType("fooling.pages.findings")
findings.collect = lambda profile=None, root=None: ()
sys.modules["fooling.pages.findings"] = fooling.pages.findings = findings
from fooling.__main__ import main
code = main(sys.argv[2:], Path(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("word", ["status", "report", "findings"])
def test_commands_that_run_nothing_import_nothing_heavy(desk, findings, command, word):
    desk.write("01_one", "# One", "x = 1")
    pretend_real(desk)
    assert command("report", "--profile", "smoke")[0] == 0  # draws the page, which does need nbconvert
    environment = {**os.environ, "PYTHONPATH": str(runs.PACKAGE.parent)}
    process = subprocess.run(
        [sys.executable, "-c", QUIET, str(desk.workspace.notebooks), word, "--profile", "smoke"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, modules = json.loads(process.stdout.splitlines()[-1])
    assert code == (2 if word == "findings" else 0)
    assert not set(modules) & set(HEAVY)
