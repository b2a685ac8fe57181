"""The command line: one sentence for every mistake, nothing heavy imported where nothing runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fooling import runs
from fooling.__main__ import main
from fooling.report import commands
from fooling.report.notebooks import StoppedError


@pytest.fixture
def command(desk, monkeypatch, capsys):
    """Run a command on the desk; return its code, what it printed and what it complained about."""
    monkeypatch.setenv("FOOLING_RESULTS", str(desk.workspace.results.parent))

    def run(*words):
        code = main(words, desk.workspace.notebooks)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def pretend_real(desk, metrics=None):
    """Pretend a run of the pages in the real package's name, which the command line looks at."""
    desk._replace(workspace=desk.workspace._replace(package=runs.PACKAGE)).pretend(metrics=metrics)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["report", "--profile", "huge"], "There is no profile 'huge'; choose one of smoke, default, extended, paper."),
        (["status", "--profile", "huge"], "There is no profile 'huge'; choose one of smoke, default, extended, paper."),
        (["publish", "--profile", "huge"], "There is no profile 'huge'"),
        (["findings", "--profile", "huge"], "There is no profile 'huge'"),
        (["report", "--only", "77"], "There is no notebook '77'; choose from 01_one."),
        (["publish", "--profile", "smoke"], "Profile smoke is too small to be published; choose from default, ext"),
        (["publish"], "01_one is missing at profile default; run"),
        (["restore"], "No runs are published at profile extended."),
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
    desk.write("02_two", "x = 1", needs=["01"])
    desk.write("03_three", "x = 1")
    pretend_real(desk)
    desk.write("01_one", "x = 2")
    desk.workspace.manifest("03_three").unlink()
    code, out, _ = command("status", "--profile", "smoke")
    assert code == 0
    assert [line.split() for line in out.splitlines()][1:4] == [
        ["01_one", "stale", "12", "s", "code", "of", "the", "notebook", "changed"],
        ["02_two", "stale", "12", "s", "01_one", "is", "stale"],
        ["03_three", "missing", "-"],
    ]
    assert out.endswith("0 of 3 pages of profile smoke are fresh.\n")


@pytest.mark.parametrize("profile", ["default", "extended"])
def test_a_report_without_anything_to_do_says_so_and_compares_verdicts_of_its_profile(
    desk, command, project, monkeypatch, profile
):
    desk = desk.at(profile)
    monkeypatch.setattr(commands, "show_findings", lambda found: f"{len(found)} findings")
    project.claim("a", "b", "c", "d")
    published = desk.workspace.published
    project.find(published / "default", "default", a=0.95, b=0.95)
    project.find(published, "extended", a=0.95, b=0.1, d=0.95)
    desk.write("01_one", "# One", "x = 1")
    pretend_real(desk, metrics={"records": {"a": {"median": 0.99}, "b": {"median": 0.1}, "c": {"median": 0.1}}})
    code, out, err = command("report", "--profile", profile)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines() if line]
    assert lines == [
        f"Nothing to do: all 1 pages of profile {profile} are fresh.",
        "3 findings",
        "Does your machine say the same?",
        "claim this run published",
        "a reproduced reproduced the same",
        "b not reproduced reproduced differs" if profile == "default" else "b not reproduced not reproduced the same",
        "c not reproduced - not published yet",
        f"Report: {desk.workspace.report()}",
    ]
    assert desk.workspace.report().is_file()


def test_findings_are_not_compared_with_those_of_another_profile(desk, command, project):
    project.claim("a")
    project.find(desk.workspace.published, "extended", a=0.95)
    desk.write("01_one", "# One", "x = 1")
    pretend_real(desk, metrics={"records": {"a": {"median": 0.99}}})
    code, out, _ = command("report", "--profile", "smoke")
    assert code == 0 and "Does your machine say the same? Nothing of profile smoke is published to compare" in out


def test_findings_are_told_of_a_profile_or_of_what_is_published(desk, command, project):
    desk.write("01_one", "x = 1")
    project.claim("a")
    project.find(desk.workspace.published, "extended", a=0.95)
    project.find(desk.workspace.results, a=0.1)
    assert command("findings")[1].startswith("a: reproduced (extended)")
    assert command("findings", "--profile", "smoke")[1].startswith("a: not reproduced (smoke)")


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
    desk.write("03_three", "x = 1", needs=["01"])
    desk.write("04_four", "x = 1")
    plans = []
    monkeypatch.setattr(commands, "run_pages", lambda plan, *rest, **more: plans.append(plan))
    assert command("report", "--profile", "smoke", *words)[0] == 0
    assert list(plans[0].names) == looked_at and list(plans[0].forced) == forced
    assert desk.workspace.report().is_file()


def test_a_failed_page_is_told_at_the_end_and_the_code_is_1(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")

    def fail(schedule, out, after):
        after(SimpleNamespace(page="01_one", error="Cell 2 failed: KeyError: 3"))

    monkeypatch.setattr(commands, "run_pages", fail)
    code, out, err = command("report", "--profile", "smoke")
    assert code == 1 and err == "fooling: 01_one: Cell 2 failed: KeyError: 3\n"
    assert out.rstrip().endswith("index.html")


def test_numbers_that_no_claim_can_judge_are_one_sentence_and_do_not_stop_the_pages(
    desk, command, project, monkeypatch
):
    desk.write("01_one", "x = 1")
    project.claim("a")
    project.find(desk.workspace.results, a="many")
    ran = []

    def run(schedule, out, after):
        after(SimpleNamespace(page="01_one", error=""))
        ran.append("to the end")

    monkeypatch.setattr(commands, "run_pages", run)
    code, _, err = command("report", "--profile", "smoke")
    assert ran and code == 1 and err.count("\n") == 1
    assert "The findings cannot be told: 01_one.json does not fit its page any more" in err
    assert command("findings", "--profile", "smoke")[0] == 2


def test_runs_of_other_machines_are_taken_only_where_this_is_asked_for(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")
    monkeypatch.delenv(runs.ANY_ARITHMETIC, raising=False)
    seen = []
    monkeypatch.setattr(commands, "run_pages", lambda *rest, **more: seen.append(os.environ.get(runs.ANY_ARITHMETIC)))
    for words in ([], ["--any-arithmetic"]):
        assert command("report", "--profile", "smoke", *words)[0] == 0
    assert seen == [None, "1"]
    monkeypatch.delenv(runs.ANY_ARITHMETIC)


def test_restoring_says_which_runs_are_of_this_machines_arithmetic_and_names_the_option(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")
    monkeypatch.setattr("fooling.report.publish.restore", lambda workspace: (3, 2))
    code, out, _ = command("restore")
    assert code == 0 and "3 runs have this machine's arithmetic" in out
    assert "2 runs have that of another machine" in out and "report --profile extended --any-arithmetic" in out


def test_a_stop_is_one_sentence_and_the_code_of_the_signal(desk, command, monkeypatch):
    desk.write("01_one", "x = 1")

    def stop(*rest, **more):
        raise StoppedError(15)

    monkeypatch.setattr(commands, "run_pages", stop)
    code, _, err = command("report", "--profile", "smoke")
    assert code == 143 and err.startswith("Stopped; finished pages and checkpoints are kept.") and err.count("\n") == 1


HEAVY = ("tensorflow", "keras", "papermill", "nbconvert", "nbformat", "jupyter_client", "sklearn", "scipy")
QUIET = """
import json, sys
from pathlib import Path
from fooling.__main__ import main
code = main(sys.argv[2:], Path(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("word", ["status", "report", "findings"])
def test_commands_that_run_nothing_import_nothing_heavy(desk, command, word):
    desk.write("01_one", "# One", "x = 1")
    pretend_real(desk)
    assert command("report", "--profile", "smoke")[0] == 0  # draws the page, which does need nbconvert
    code, modules = json.loads(start(QUIET, str(desk.workspace.notebooks), word, "--profile", "smoke").splitlines()[-1])
    assert code == (2 if word == "findings" else 0)
    assert not set(modules) & set(HEAVY)


def test_claims_and_sizes_of_all_pages_are_had_without_tensorflow():
    known = "import json, sys; from fooling.pages import contents, finding; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(start(known))
    assert "fooling.pages.contents" in modules and not set(modules) & set(HEAVY)


def start(*words):
    environment = {**os.environ, "PYTHONPATH": str(runs.PACKAGE.parent)}
    command = [sys.executable, "-c", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def print_findings(project, folder, **how):
    """Print the findings of a folder in a process of its own."""
    project.find(folder / "published", "extended", a=0.95)
    code = (
        "import dataclasses, sys; sys.path.insert(0, 'tests/report'); import conftest; "
        "from fooling.pages import contents; from fooling.__main__ import main; "
        "one = dataclasses.replace(conftest.make_claim('a'), headline=lambda found: 'at \\u2265 99%'); "
        "contents.CLAIMS = (one,); sys.exit(main(['findings']))"
    )
    environment = {**os.environ, "FOOLING_RESULTS": str(folder), **how.pop("more", {})}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=runs.ROOT, stderr=subprocess.PIPE, check=False, **how
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_lacks_a_letter_shows_its_number(tmp_path, project, encoding):
    done = print_findings(project, tmp_path, stdout=subprocess.PIPE, more={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    assert ("at \u2265 99%" if encoding == "utf-8" else r"at \u2265 99%").encode() in done.stdout


def test_a_full_disk_under_standard_output_is_named(tmp_path, project):
    with Path("/dev/full").open("wb") as full:
        done = print_findings(project, tmp_path, stdout=full)
    assert (done.returncode, done.stderr) == (2, b"fooling: Standard output: No space left on device.\n")


@pytest.mark.parametrize("more", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_help_that_cannot_be_written_is_said(more):
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "fooling", "--help"]
        done = subprocess.run(command, env=os.environ | more, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (2, b"fooling: Standard output: No space left on device.\n")
