"""The README's table and picture follow what is published."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from fooling.report.readme import fill_readme, read_first_picture, update_readme

README = "# Title\n\n<!-- findings: here -->\nold table\n<!-- /findings -->\n\nThe rest.\n"
ONE = {
    "median": 0.99999,
    "baseline_median": 0.5,
    "run_medians": [0.99999, 0.99999],
    "lowest": 0.9,
    "runs_certain_before_50": 0,
    "runs_certain": 0,
    "runs": 5,
    "classes": 10,
    "generations": 200,
    "children": 200,
    "data": "4,000 digits",
    "scale": "5 runs × 10 classes",
}


def show(picture: bytes) -> dict:
    """Return a notebook that shows one picture."""
    output = {"data": {"image/png": base64.b64encode(picture).decode()}}
    return {
        "cells": [
            {"cell_type": "markdown", "source": ["# Is it so?\n", "More."]},
            {"cell_type": "code", "outputs": [output]},
        ]
    }


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return results with one published claim at default."""
    folder = tmp_path / "results" / "published" / "default"
    (folder / "metrics").mkdir(parents=True)
    (folder / "metrics" / "03_mnist_cppn.json").write_text(json.dumps({"claims": {"mnist-cppn": ONE}}))
    (folder / "00_overview.ipynb").write_text(json.dumps(show(b"default")))
    return tmp_path / "results"


def test_table_stands_between_the_marks_and_the_rest_stays(results: Path) -> None:
    filled = fill_readme(README, results)
    assert "old table" not in filled
    assert filled.startswith("# Title\n\n<!-- findings: here -->\n| claim |")
    assert filled.endswith("<!-- /findings -->\n\nThe rest.\n")
    assert "](results/published/default/03_mnist_cppn.ipynb)" in filled
    assert fill_readme(filled, results) == filled


def test_pages_are_those_of_the_largest_published_profile_with_their_questions(results: Path) -> None:
    text = "<!-- pages: here -->\nold\n<!-- /pages -->\n"
    line = "| [00](results/published/{}/00_overview.ipynb) | Is it so? |\n<!-- /pages -->\n"
    assert fill_readme(text, results).endswith(line.format("default"))
    larger = results / "published" / "extended"
    larger.mkdir()
    (larger / "00_overview.ipynb").write_text(json.dumps(show(b"extended")))
    assert fill_readme(text, results).endswith(line.format("extended"))


def test_picture_is_the_first_of_the_largest_published_overview(results: Path) -> None:
    readme = results.parent / "README.md"
    readme.write_text(README)
    larger = results / "published" / "extended"
    larger.mkdir()
    (larger / "00_overview.ipynb").write_text(json.dumps(show(b"extended")))
    update_readme(readme, results)
    assert (results / "published" / "champions.png").read_bytes() == b"extended"
    assert "| median 99.9990%; random search 50.00% |" in readme.read_text()


def test_an_overview_without_a_picture_is_an_error(results: Path) -> None:
    overview = results / "published" / "default" / "00_overview.ipynb"
    overview.write_text(json.dumps({"cells": []}))
    with pytest.raises(ValueError, match="shows no picture"):
        read_first_picture(overview)
