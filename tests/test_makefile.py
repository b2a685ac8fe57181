"""The Makefile: cleaning never takes results that nobody gave up."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# As typed by a user: a make that runs these tests would tell the inner one to print the folders it enters.
TYPED = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with results of this machine, published ones, and a cache."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("results/default/runs", "results/published/runs", "src/fooling/__pycache__", ".mypy_cache"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def clean(checkout: Path, *words: str, answer: str | None = None) -> str:
    """Run ``make clean``, on a terminal where an answer is given."""
    ours, theirs = pty.openpty()
    if answer is not None:
        os.write(ours, answer.encode())
    given = theirs if answer is not None else subprocess.DEVNULL
    done = subprocess.run(
        ["make", "clean", *words], cwd=checkout, env=TYPED, stdin=given, capture_output=True, text=True, check=True
    )
    os.close(ours)
    os.close(theirs)
    assert not (checkout / ".mypy_cache").exists() and not (checkout / "src/fooling/__pycache__").exists()
    assert (checkout / "results/published/runs").is_dir()
    return done.stdout


@pytest.mark.parametrize(
    ("words", "answer", "kept"),
    [
        ([], None, True),
        (["RESULTS=yes"], None, False),
        (["RESULTS=no"], "yes\n", True),
        ([], "yes\n", False),
        ([], "\n", True),
        ([], "y\n", True),
    ],
)
def test_results_are_deleted_only_where_this_was_said(checkout: Path, words, answer, kept) -> None:
    said = clean(checkout, *words, answer=answer)
    assert (checkout / "results" / "default").exists() == kept
    assert ("make clean RESULTS=yes" in said) == kept
    assert ("may have taken hours" in said) == (answer is not None and not words)


def test_lines_are_counted_by_room() -> None:
    said = subprocess.run(["make", "lines"], cwd=ROOT, env=TYPED, capture_output=True, text=True, check=True).stdout
    rooms = {line.split()[0]: int(line.split()[1]) for line in said.splitlines() if line.startswith("fooling/")}
    assert {"fooling/pages", "fooling/report", "fooling/networks", "fooling/*.py"} <= set(rooms)
    assert said.split()[-1] == str(sum(rooms.values()))
