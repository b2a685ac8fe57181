"""What pages cost, from the provenance of the runs that they name."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from fooling.pages import contents
from fooling.report.costs import count_seconds, describe_profile, tabulate_pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return two pages that share a run, of which one was computed on two machines."""
    for name, legs in (("first", [30.5]), ("shared", [60.0, 40.0]), ("second", [6_000.0])):
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        (run / "provenance.json").write_text(json.dumps({"computed": [{"seconds": seconds} for seconds in legs]}))
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "01_one.json").write_text(json.dumps({"records": {}, "runs": ["first", "shared"]}))
    (tmp_path / "metrics" / "02_two.json").write_text(
        json.dumps({"records": {}, "runs": ["shared", "second", "without a record"]})
    )
    (tmp_path / "metrics" / "02_two_own.json").write_text(json.dumps({"records": {}, "runs": []}))
    return tmp_path


def test_shared_run_is_counted_once_for_the_first_page(folder: Path) -> None:
    assert count_seconds(folder) == {"01_one": 130.5, "02_two": 6_000.0, "02_two_own": 0}


def test_table_of_pages_ends_with_their_sum(folder: Path) -> None:
    lines = tabulate_pages(folder).splitlines()
    assert lines[2:] == ["| [01](01_one.ipynb) | 2 min |", "| [02](02_two.ipynb) | 1.7 h |", "| all | 1.7 h |"]


def test_profile_says_what_it_asks_of_a_machine_from_its_sizes(monkeypatch) -> None:
    search = SimpleNamespace(runs=2, generations=4, children=100, longer=7, crops="ten")
    monkeypatch.setattr(
        contents, "SIZES", {"02_mnist_direct": {"smoke": search}, "08_imagenet_cppn": {"smoke": search}}
    )
    assert describe_profile("smoke") == (
        "Profile smoke: 1,300 images in each search for digits; 1,300 CPPN images, ten crops."
    )
