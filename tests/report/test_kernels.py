"""A page counts only when every cell of it really ran; no kernel outlives the runner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fooling import runs
from fooling.report.execute import Kernels, run_page
from fooling.report.inspection import PageError
from fooling.report.notebooks import Given, RefusedError
from fooling.report.runner import lock_results

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
    warn = "import warnings\nfrom pathlib import Path\nwarnings.warn(f'{Path.home()}/x is old')"
    said = run_alone(desk, "# Title", WHOLE, show, "for i in range(3):\n    print(i, flush=True)", warn)
    assert desk.look("01_one") == ("fresh", "")
    text = desk.workspace.executed("01_one").read_text()
    notebook = json.loads(text)
    outputs = ["".join(c["outputs"][0]["text"]) for c in notebook["cells"] if c.get("outputs")]
    assert outputs == ["notebooks smoke\n", "ipc /\n", "0\n1\n2\n", "UserWarning: …/x is old\n"]
    assert str(desk.workspace.results) not in text and "fooling-" not in text
    assert [cell for cell, _, text in said if not text] == [1, 2, 3, 4, 5]
    assert {cells for _, cells, _ in said} == {5} and (4, 5, "2") in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import sys\nsys.exit(0)", "Cell 2 ended the page by SystemExit"),
        ("raise KeyError('three')", "Cell 2 failed: KeyError: 'three'"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "The kernel ended while cell 2 ran"),
        ("import time\ntime.sleep(60)", "Cell 2 ran longer than 2 s, the limit of profile smoke"),
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
