"""What pages cost, from the provenance of the runs that they name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fooling.pages import findings
from fooling.pages.findings.costs import show_seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return two pages that share a run."""
    for name, seconds in (("first", 30.5), ("shared", 100.0), ("second", 6_000.0)):
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        (run / "provenance.json").write_text(json.dumps({"seconds": seconds}))
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "01_one.json").write_text(json.dumps({"runs": ["first", "shared"]}))
    (tmp_path / "metrics" / "02_two.json").write_text(json.dumps({"runs": ["shared", "second", "without a record"]}))
    (tmp_path / "metrics" / "02_two_own.json").write_text(json.dumps({"runs": []}))
    return tmp_path


def test_shared_run_is_counted_once_for_the_first_page(folder: Path) -> None:
    assert findings.count_page_seconds(folder) == {"01_one": 130.5, "02_two": 6_000.0, "02_two_own": 0}


def test_table_of_pages_ends_with_their_sum(folder: Path) -> None:
    lines = findings.tabulate_pages(folder).splitlines()
    assert lines[2:] == ["| [01](01_one.ipynb) | 2 min |", "| [02](02_two.ipynb) | 1.7 h |", "| all | 1.7 h |"]


def test_profiles_that_are_published_show_what_they_cost_and_the_others_an_estimate(folder: Path) -> None:
    (folder / "published").mkdir()
    (folder / "metrics").rename(folder / "published" / "metrics")
    (folder / "runs").rename(folder / "published" / "runs")
    (folder / "published").rename(folder / "default")
    smoke, default, extended, paper = findings.tabulate_profiles(folder).splitlines()[2:]
    assert smoke.endswith("| a few minutes |") and paper.endswith("| weeks; made for a cluster |")
    assert default.endswith("| 20 classes, 3 runs of 250 × 20 images | 1.7 h |")
    assert extended.endswith("| 0 s |")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (99.4, "99 s"), (150, "2 min"), (5_990, "100 min"), (9_000, "2.5 h")]
)
def test_durations_are_told_as_a_person_would(seconds: float, shown: str) -> None:
    assert show_seconds(seconds) == shown
