"""Ctrl-C ends a command with 130 and without a traceback, whatever it is about to import or to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fooling import runs

pytestmark = pytest.mark.slow

# Stands where a module would be imported: says that it is there, and does not come to an end.
BLOCK = """
import os, time
from pathlib import Path
folder = Path(os.environ["FOOLING_RESULTS"])
(folder / "pid.part").write_text(str(os.getpid()))
(folder / "pid.part").rename(folder / "pid")
time.sleep(600)
"""
STOPPED = "Stopped; finished pages and checkpoints are kept. Run the same command to go on.\n"


@pytest.mark.parametrize(
    ("module", "words", "sentence"),
    [
        ("tqdm", ["findings"], ""),  # while the command line itself is imported
        ("tensorflow", ["restore"], ""),
        ("ipykernel_launcher", ["report", "--profile", "smoke"], STOPPED),  # the kernel starts
    ],
)
def test_ctrl_c_is_no_traceback_from_the_first_moment(desk, project, tmp_path: Path, module, words, sentence) -> None:
    desk.write("01_one", "x = 1")
    project.find(desk.workspace.published, "extended", a=0.95)
    (desk.workspace.published / "runs").mkdir()
    (tmp_path / "blocking").mkdir()
    (tmp_path / "blocking" / f"{module}.py").write_text(BLOCK)
    results = desk.workspace.results.parent
    start = "import sys; from pathlib import Path; from fooling.__main__ import main; sys.exit(main({}, Path({!r})))"
    command = [sys.executable, "-c", start.format(words, str(desk.workspace.notebooks))]
    paths = f"{tmp_path / 'blocking'}{os.pathsep}{runs.PACKAGE.parent}"
    environment = {**os.environ, "FOOLING_RESULTS": str(results), "PYTHONPATH": paths}
    # A shell's background job ignores SIGINT, and so would its children: this one is started as from a terminal.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    until = time.monotonic() + 120
    while not (results / "pid").exists():
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (130, sentence)
    blocked = Path(f"/proc/{(results / 'pid').read_text()}")
    assert not blocked.exists() or " Z " in (blocked / "stat").read_text()
