"""A page counts only when every cell of it really ran; nothing outlives the runner."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from fooling import runs
from fooling.pages.page import PROFILES
from fooling.report import execute, inspection, runner
from fooling.report.execute import Kernels, make_environment, run_page
from fooling.report.inspection import PageError
from fooling.report.notebooks import Given, RefusedError, check_parameters, read_notebooks
from fooling.report.progress import Progress, shorten_bar
from fooling.report.runner import Schedule, lock_results, run_pages


def read(desk, name="01_one"):
    return read_notebooks(desk.workspace.notebooks)[name]


def as_notebook(*cells):
    return nbformat.from_dict({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def cell(source="x = 1", count=1, outputs=(), tags=()):
    about = {"tags": list(tags)}
    return {
        "cell_type": "code", "id": "a", "source": source, "execution_count": count, "outputs": list(outputs),
        "metadata": about,
    }  # fmt: skip


def test_an_unknown_parameter_and_a_missing_cell_are_refused_before_anything_runs(desk):
    desk.write("01_one", "x = 1")
    check_parameters(read(desk), ["PROFILE"])
    with pytest.raises(RefusedError, match="has no parameter SEED; it has PROFILE"):
        check_parameters(read(desk), ["SEED"])
    path = desk.workspace.notebooks / "01_one.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].append(notebook["cells"][0])
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="has 2 code cells tagged 'parameters'"):
        check_parameters(read(desk), ["PROFILE"])
    notebook["cells"] = notebook["cells"][1:-1]
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="has no code cell tagged 'parameters'"):
        check_parameters(read(desk), ["PROFILE"])


def test_parameters_are_read_as_python_where_papermill_misses_them(desk):
    source = 'PROFILE = "a=b"  # one = two\nSEED: int = 3 if "=" else 4\n'
    desk.write("01_one")
    path = desk.workspace.notebooks / "01_one.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = source
    path.write_text(json.dumps(notebook))
    check_parameters(read(desk), ["PROFILE", "SEED"])
    notebook["cells"][0]["source"] = source + "data = 1"
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="UPPER_CASE"):
        check_parameters(read(desk), ["PROFILE"])


def test_a_cell_that_did_not_run_or_failed_is_found_by_its_number_in_the_source():
    injected = cell(tags=[inspection.INJECTED])
    error = {"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": []}
    inspection.check_cells_ran(as_notebook(cell(), injected, cell()))
    inspection.check_cells_ran(as_notebook(cell(), cell("", count=None)))
    with pytest.raises(PageError, match=r"^Cell 2 did not run\.$"):
        inspection.check_cells_ran(as_notebook(cell(), injected, cell(count=None)))
    with pytest.raises(PageError, match=r"^Cell 2 ended the page by SystemExit\.$"):
        inspection.check_cells_ran(as_notebook(cell(), injected, cell(outputs=[error])))


def test_paths_of_this_machine_are_found_in_words_and_not_by_chance_in_pictures(desk):
    def check(*outputs):
        inspection.check_page(as_notebook(cell(outputs=outputs)), "", desk.workspace)

    def stream(text):
        return {"output_type": "stream", "name": "stdout", "text": text}

    for folder in (runs.ROOT, Path.home(), desk.workspace.results):
        with pytest.raises(PageError, match="Cell 1 shows a path of this machine"):
            check(stream(f"saved\n{folder}/x.png"))
    check(stream(f"https://example.org{Path.home()}x and relative{Path.home()}"))
    data = {"image/png": f" {Path.home()} ", "text/plain": "a figure"}
    check({"output_type": "display_data", "data": data, "metadata": {"image/png": {"alt": "A figure."}}})


def test_a_page_above_the_limit_of_size_is_refused(desk):
    notebook = as_notebook(cell())
    inspection.check_page(notebook, "x" * inspection.MAX_NOTEBOOK_BYTES, desk.workspace)
    with pytest.raises(PageError, match="1,200 KB"):
        inspection.check_page(notebook, "x" * (inspection.MAX_NOTEBOOK_BYTES + 1), desk.workspace)


def test_the_kernel_is_that_of_this_interpreter_whatever_others_are_installed(desk, tmp_path, monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    about = {"argv": ["/opt/other/bin/python", "-f", "{connection_file}"], "display_name": "x", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(about))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "/opt/other/bin/python"
    with Kernels().open(desk.workspace) as (manager, _):
        assert manager.kernel_spec.argv[0] == sys.executable


def test_a_long_temporary_folder_does_not_make_sockets_too_long(desk, tmp_path, monkeypatch):
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Kernels().open(desk.workspace) as (_, scratch):
        assert len(str(scratch / "k-ipc-12345")) < 100 and scratch.is_absolute()
    assert not scratch.exists()


def test_a_page_finds_the_same_results_and_package_from_its_own_folder(desk, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "src")
    environment = make_environment(desk.workspace)
    assert environment["FOOLING_RESULTS"] == str(desk.workspace.results.parent)
    assert all(Path(path).is_absolute() for path in environment["PYTHONPATH"].split(os.pathsep))


# The order of pages, with processes that are only pretended.


def run(desk, names, fail=(), profile="smoke", forced=(), meet=None):
    ran, out = [], io.StringIO()

    def pretend(name, *rest):
        ran.append(name)
        if meet is not None:
            meet.wait()
        if name in fail:
            raise PageError("Cell 2 failed: KeyError: 3", 2)
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
    assert ran == ["01_one", "02_two", "04_four"]
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


def test_independent_pages_run_two_at_a_time_at_smoke_only(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1")
    assert run(desk, (), meet=threading.Barrier(2, timeout=5))[0] == ["01_one", "02_two"]
    desk.write("01_one", "x = 2")
    desk.write("02_two", "x = 2")
    _, outcomes, _ = run(desk, (), profile="default", meet=threading.Barrier(2, timeout=0.2))
    assert all("BrokenBarrierError" in outcome.error for outcome in outcomes)


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


def test_progress_is_said_in_a_few_words():
    bar = "evolving:  45%|####5     | 90/200 [00:50<01:10,  1.80it/s]"
    assert shorten_bar(bar) == "evolving 45%, 01:10 left"
    assert shorten_bar("evolving:   0%|          | 0/200 [00:00<?, ?it/s]") == "evolving 0%"
    assert shorten_bar("training done") == "training done"


def test_progress_is_redrawn_on_a_terminal_and_rare_in_a_log(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for out in (Terminal(), io.StringIO()):
        progress = Progress(out, total=4)
        progress.start("02_two")
        for step in range(100):
            progress.update("02_two", 7, 15, f"step {step}")
        progress.finish("02_two", "done")
        text = out.getvalue()
        assert "[1 of 4] 02_two  done" in text
        assert text.count("cell 7/15  step") == (100 if out.isatty() else 0)
        assert ("\x1b[1F\x1b[J" in text) == out.isatty()


# From here on kernels really start.

WHOLE = """
import json, os
from pathlib import Path
print(Path.cwd().name, PROFILE)
folder = Path(os.environ.get("FOOLING_RESULTS", "nowhere"))
"""


def run_alone(desk, *cells, time_out=60):
    desk.write("01_one", *cells)
    said = []
    with ThreadPoolExecutor(1) as threads:  # as the runner does; only there nbclient leaves signals alone
        given = Given(time_out=time_out)
        threads.submit(run_page, "01_one", desk.workspace, given, Kernels(), lambda *words: said.append(words)).result()
    return said


@pytest.mark.slow
def test_a_whole_page_is_kept_without_a_trace_of_this_machine_and_its_manifest_written(desk):
    connection = "from ipykernel.connect import get_connection_info\nimport json\n"
    show = connection + "info = json.loads(get_connection_info())\nprint(info['transport'], info['ip'][:1])"
    said = run_alone(desk, "# Title", WHOLE, show, "for i in range(3):\n    print(i, flush=True)")
    assert desk.look("01_one") == ("fresh", "")
    text = desk.workspace.executed("01_one").read_text()
    notebook = json.loads(text)
    outputs = ["".join(c["outputs"][0]["text"]) for c in notebook["cells"] if c.get("outputs")]
    assert outputs == ["notebooks smoke\n", "ipc /\n", "0\n1\n2\n"]
    assert str(desk.workspace.results) not in text and "fooling-" not in text
    assert [cell for cell, _, text in said if not text] == [1, 2, 3, 4]
    assert {cells for _, cells, _ in said} == {4} and (4, 4, "2") in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import sys\nsys.exit(0)", "Cell 2 ended the page by SystemExit"),
        ("raise KeyError('three')", "Cell 2 failed: KeyError: 'three'"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "The kernel ended while cell 2 ran"),
        ("import time\ntime.sleep(60)", "Cell 2 ran longer than 2 s, the limit of profile smoke"),
        ("from pathlib import Path\nprint(Path.home() / 'x')", "Cell 2 shows a path of this machine"),
    ],
)
def test_a_page_fails_that_did_not_run_to_its_end_and_the_last_good_one_stays(desk, source, sentence):
    desk.write("01_one", "y = 1")
    desk.pretend()
    good = desk.workspace.executed("01_one").read_bytes()
    with pytest.raises(PageError, match=sentence):
        run_alone(desk, source, "x = 1", time_out=2)
    assert desk.look("01_one")[0] == "failed" and desk.look("01_one")[1].startswith(sentence)
    assert desk.workspace.executed("01_one").read_bytes() == good
    assert desk.workspace.failed_notebook("01_one").is_file()


RUNNER = """
import sys
from pathlib import Path
from fooling.pages import contents
contents.CLAIMS = ()
from fooling.__main__ import main
sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
"""
SLEEPER = """
import os, time
from pathlib import Path
folder = Path(os.environ["FOOLING_RESULTS"])
(folder / "pid.part").write_text(str(os.getpid()))
(folder / "pid.part").rename(folder / "pid")
time.sleep(600)
"""


def start_report(desk, *more):
    environment = {**os.environ, "FOOLING_RESULTS": str(desk.workspace.results.parent)}
    environment["PYTHONPATH"] = str(runs.PACKAGE.parent)
    command = [sys.executable, "-c", RUNNER, str(desk.workspace.notebooks), "report", "--profile", "smoke", *more]
    # A shell's background job ignores SIGINT, and so would its children: these are started as from a terminal.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, ignored)


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_kernel_outlives_a_report_that_is_stopped(desk, number):
    desk.write("01_one", SLEEPER)
    pid_file = desk.workspace.results.parent / "pid"
    report = start_report(desk)
    wait_for(pid_file.exists)
    kernel = int(pid_file.read_text())
    assert is_alive(kernel)
    if number == signal.SIGTERM:
        _, err = start_report(desk).communicate(timeout=60)
        assert "Another report or publish is at work" in err
    report.send_signal(number)
    _, err = report.communicate(timeout=60)
    if number == signal.SIGKILL:
        wait_for(lambda: not is_alive(kernel), seconds=5)
    else:
        assert not is_alive(kernel)
        assert err == runner_sentence() and report.returncode == 128 + number
    assert desk.look("01_one") == ("missing", "")
    wait_for(lambda: is_free(desk.workspace), seconds=5)  # no stale lock


def is_free(workspace):
    try:
        with lock_results(workspace):
            return True
    except RefusedError:
        return False


def runner_sentence():
    return "Stopped; finished pages and checkpoints are kept. Run the same command to go on.\n"


@pytest.mark.slow
def test_a_kernel_that_is_killed_is_a_failure_that_says_so(desk):
    desk.write("01_one", SLEEPER)
    pid_file = desk.workspace.results.parent / "pid"
    report = start_report(desk)
    wait_for(pid_file.exists)
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    _, err = report.communicate(timeout=60)
    assert report.returncode == 1 and "The kernel ended while cell 2 ran" in err
    assert desk.look("01_one")[0] == "failed" and desk.workspace.failed_notebook("01_one").is_file()


@pytest.mark.slow
def test_two_pages_run_side_by_side_in_kernels_of_their_own(desk):
    meet = """
import os, time
from pathlib import Path
folder = Path(os.environ["FOOLING_RESULTS"])
(folder / f"pid-{os.getpid()}").write_text("")
end = time.monotonic() + 20
while len(list(folder.glob("pid-*"))) < 2:
    assert time.monotonic() < end, "nobody came"
    time.sleep(0.05)
"""
    desk.write("01_one", meet)
    desk.write("02_two", meet + "os.write(2, b'Could not find a graphics card.')")
    out, err = start_report(desk).communicate(timeout=60)
    assert err == "" and "02_two  done" in out


def test_every_profile_has_a_time_out():
    assert set(execute.CELL_TIME_OUT) == set(PROFILES)
    assert set(runner.SIDE_BY_SIDE) <= set(PROFILES)
