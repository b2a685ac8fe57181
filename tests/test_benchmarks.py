"""A few kills and damaged files of every kind; by hand, the same commands do as many as one likes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fooling import runs


def run_benchmark(name: str, *words: str) -> str:
    """Run a benchmark and return what it says; it ends with 1 where something is wrong."""
    environment = {**os.environ, "PYTHONPATH": str(runs.PACKAGE.parent)}
    command = [sys.executable, str(runs.ROOT / "benchmarks" / name), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1_800, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-2_000:]}"
    return done.stdout


@pytest.mark.slow
def test_what_is_killed_at_any_moment_ends_as_if_it_never_was() -> None:
    kinds = ("evolution", "ascent", "training", "publishing")
    said = run_benchmark("kills.py", "--kills", "12", "--kinds", *kinds)
    assert all(f"{kind}: 3 kills, " in said for kind in kinds)


@pytest.mark.slow
def test_damaged_weights_and_arrays_are_read_or_refused_in_one_sentence_and_nothing_in_them_runs() -> None:
    said = run_benchmark("damage.py", "--inputs", "200")
    assert said.count(" 0 wrong") == 4


def test_a_report_is_not_timed_where_it_would_compute(tmp_path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(runs.PACKAGE.parent), "FOOLING_RESULTS": str(tmp_path)}
    command = [sys.executable, str(runs.ROOT / "benchmarks/report_speed.py"), "--no-op", "default"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    sentence = "Not all pages of profile default are fresh; run `fooling report --profile default` first.\n"
    assert (done.returncode, done.stderr.endswith(sentence), done.stdout) == (1, True, "")
