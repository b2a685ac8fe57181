"""The README's table and picture follow what is published."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from fooling.pages import answer, contents
from fooling.pages.claim import NOT, REPRODUCED
from fooling.pages.finding import ORIGINS, collect
from fooling.report.notebooks import RefusedError
from fooling.report.publish import fill_readme, read_first_picture, update_readme

README = "# Title\n\n<!-- highlights: here -->\nold list\n<!-- /highlights -->\n\nThe rest.\n"


def show(size: tuple[int, int]) -> dict:
    """Return a notebook that shows one picture."""
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "png")
    output = {"data": {"image/png": base64.b64encode(file.getvalue()).decode()}}
    return {
        "cells": [
            {"cell_type": "markdown", "source": ["# Is it so?\n", "More."]},
            {"cell_type": "code", "outputs": [output]},
        ]
    }


@pytest.fixture
def published(tmp_path: Path, project) -> Path:
    """Return a published folder with one claim, of profile extended."""
    folder = tmp_path / "results" / "published"
    project.claim("pixels")
    project.find(folder, "extended", pixels=0.95)
    (folder / "00_overview.ipynb").write_text(json.dumps(show((30, 20))))
    return folder


def test_highlights_stand_between_the_marks_and_the_rest_stays(published: Path, monkeypatch) -> None:
    monkeypatch.setattr(answer, "HIGHLIGHTS", ("pixels", "not run"))
    filled = fill_readme(README, published)
    told = "**Title of pixels &#60;b>** (reproduced). The median is 0.95 &#60; 2."
    page, tally = "[Page 01](results/published/01_one.ipynb)", "Of 1 claims: 1 reproduced."
    assert f"<!-- highlights: here -->\n- {told} {page}\n\n{tally}\n<!-- /highlights -->" in filled
    assert filled.startswith("# Title\n\n") and filled.endswith("\n\nThe rest.\n")
    assert fill_readme(filled, published) == filled


def test_answer_says_what_happened_and_what_did_not(project, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(answer, "ANSWERS", {"On digits": "pixels"})
    project.claim("pixels", "cppn")
    project.find(tmp_path / "default", pixels=0.95, cppn=0.5)
    found = collect(contents.CLAIMS, [tmp_path / "default"])
    assert answer.list_answer(found) == {
        "On digits": "The median is 0.95 < 2.",
        "What came out otherwise": "Against the paper: not cppn <b>.",
    }
    assert answer.count_verdicts(found) == ((REPRODUCED, 1), (NOT, 1))


def test_pages_are_those_that_are_published_with_their_questions(published: Path) -> None:
    text = "<!-- pages: here -->\nold\n<!-- /pages -->\n"
    line = "| [00](results/published/00_overview.ipynb) | Is it so? |\n<!-- /pages -->\n"
    assert fill_readme(text, published).endswith(line)


def test_costs_are_measured_where_a_profile_is_published_and_estimated_elsewhere(published: Path, monkeypatch) -> None:
    one = SimpleNamespace(runs=2, generations=5, children=50, longer=9, longer_raw=7)
    sizes = dict.fromkeys(("smoke", "default", "extended", "paper"), one)
    monkeypatch.setattr(contents, "SIZES", {"02_mnist_direct": sizes, "08_imagenet_cppn": sizes})
    (published / "default").mkdir()
    (published / "default" / ORIGINS).write_text(json.dumps({"01_one": {"profile": "default", "seconds": 6_000.0}}))
    text = "<!-- costs: here -->\nold\n<!-- /costs -->\n"
    smoke, default, extended, paper = fill_readme(text, published).splitlines()[3:7]
    search = "2 runs of 5 × 50 images"
    assert smoke == f"| `smoke` | {search} | {search}, one to 9 (pixel indices: 7) | a few minutes |"
    assert default.endswith("| 1.7 h |") and extended.endswith("| 90 s |")
    assert paper.endswith("| weeks; made for a cluster |")


def test_picture_is_the_first_of_the_published_overview(published: Path, monkeypatch) -> None:
    readme = published.parents[1] / "README.md"
    monkeypatch.setattr(answer, "HIGHLIGHTS", ("pixels",))
    guide = readme.with_name("GUIDE.md")
    readme.write_text(README), guide.write_text("<!-- costs: here -->\nold\n<!-- /costs -->\n")
    update_readme(readme, published)
    assert Image.open(published / "champions.webp").size == (30, 20)
    assert "The median is 0.95 &#60; 2." in readme.read_text() and "| `smoke` |" in guide.read_text()
    guide.unlink()
    with pytest.raises(RefusedError, match=r"published, but GUIDE\.md beside results/ is missing"):
        update_readme(readme, published)


def test_an_overview_without_a_picture_is_an_error(published: Path) -> None:
    overview = published / "00_overview.ipynb"
    overview.write_text(json.dumps({"cells": []}))
    with pytest.raises(ValueError, match="shows no picture"):
        read_first_picture(overview)
