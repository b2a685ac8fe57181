"""A page is fresh when nothing that it was made of changed, and says in words what did."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from fooling import arithmetic
from fooling.files import write_arrays
from fooling.pages import contents
from fooling.report import freshness
from fooling.report.notebooks import RefusedError, add_needs, find_page, read_notebooks


def test_a_page_is_missing_until_it_has_run_and_then_fresh(desk):
    desk.write("01_one", "x = 1")
    assert desk.look("01_one") == ("missing", "")
    desk.pretend()
    assert desk.look("01_one") == ("fresh", "")


def test_a_changed_line_of_code_makes_a_page_stale(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    desk.write("01_one", "x = 2")
    assert desk.look("01_one") == ("stale", "code of the notebook changed")


def test_a_changed_sentence_makes_a_page_stale_because_the_page_shown_is_its_source(desk):
    desk.write("01_one", "# Title", "x = 1")
    desk.pretend()
    desk.write("01_one", "# Another title", "x = 1")
    assert desk.look("01_one") == ("stale", "text of the notebook changed")


def test_changed_settings_make_a_page_stale(desk, monkeypatch):
    desk.write("01_one", "x = 1")
    desk.pretend()
    monkeypatch.setattr(contents, "SIZES", {"01_one": {"smoke": {"runs": 7}}})
    assert desk.look("01_one") == ("stale", "settings changed")


def test_another_number_of_threads_makes_a_page_stale(desk, monkeypatch):
    desk.write("01_one", "x = 1")
    desk.pretend()
    monkeypatch.setattr(arithmetic, "count_threads", lambda: 99)
    assert desk.look("01_one")[1].startswith("number of threads")


SOURCE = """
def mutate(gene, step):
    return min(max(gene + step, 0.0), 1.0)


class Cell:
    size = 3
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return", "    # The bounds are the paper's.\n    return"),
        ("    return", '    """Move a gene."""\n    return'),
        ("    size", '    """A cell."""\n\n    size'),
        ("\ndef", '"""A module."""\n\n\n\ndef'),
        ("min(max(gene + step, 0.0), 1.0)", "min(\n        max(gene + step, 0.0),\n        1.0,\n    )"),
        ("= 3", "=  3  # three"),
    ],
    ids=["comment", "docstring of a function", "of a class", "of a module", "layout", "spaces"],
)
def test_words_and_layout_of_the_package_change_nothing(desk, old, new):
    assert old in SOURCE
    edit(desk, "cppn.py", SOURCE)
    before = freshness.hash_package(desk.workspace.package)
    edit(desk, "cppn.py", SOURCE.replace(old, new, 1))
    assert freshness.hash_package(desk.workspace.package) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [("+ step", "- step"), ("1.0", "1.5"), ("gene, step", "step, gene"), ("= 3", "= '3'"), ("min(", "max(")],
)
def test_a_changed_operator_number_or_name_in_the_package_makes_pages_stale(desk, old, new):
    edit(desk, "cppn.py", SOURCE)
    desk.write("01_one", "x = 1")
    desk.pretend()
    edit(desk, "cppn.py", SOURCE.replace(old, new, 1))
    assert desk.look("01_one") == ("stale", "code of the package changed")


@pytest.mark.parametrize("name", ["encodings/new.py", "report/template/report.css", "lab/explorer/grid.js"])
def test_a_new_file_of_code_or_of_what_is_shown_makes_pages_stale(desk, name):
    desk.write("01_one", "x = 1")
    desk.pretend()
    edit(desk, name, "x = 1\n")
    assert desk.look("01_one") == ("stale", "code of the package changed")
    desk.pretend()
    edit(desk, name, "x = 2\n")
    assert desk.look("01_one") == ("stale", "code of the package changed")


def edit(desk, name, text):
    path = desk.workspace.package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_of_the_package_that_is_not_python_is_named(desk):
    desk.write("01_one", "x = 1")
    edit(desk, "broken.py", "x = = 1\n")
    with pytest.raises(RefusedError, match=r"broken\.py is not Python"):
        desk.look("01_one")


def test_a_page_is_stale_when_a_run_that_it_used_is_gone(desk):
    desk.write("01_one", "x = 1")
    desk.workspace.run("direct-0123").mkdir(parents=True)
    desk.pretend(metrics={"runs": ["direct-0123"]})
    assert desk.look("01_one") == ("fresh", "")
    desk.workspace.run("direct-0123").rmdir()
    assert desk.look("01_one") == ("stale", "its run direct-0123 is missing")


@pytest.mark.parametrize("name", ["result.npz", "model.keras", "settings.json", "provenance.json"])
def test_a_page_is_stale_when_a_byte_of_a_run_that_it_used_was_changed(desk, name):
    desk.write("01_one", "x = 1")
    path = desk.workspace.run("direct-0123") / name
    write_arrays(path, {"a": np.arange(300), "b": np.zeros(200)})
    desk.pretend(metrics={"runs": ["direct-0123"]})
    whole = path.read_bytes()
    path.write_bytes(whole)
    assert desk.look("01_one") == ("fresh", "")
    for place in (0, 60, len(whole) // 3, len(whole) // 2, len(whole) - 1):  # of the archive's directory, or not
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        os.utime(path, ns=(place, place))  # the clock of a file system may not have moved since
        assert desk.look("01_one") == ("stale", "its run direct-0123 was changed"), place
    path.write_bytes(whole)
    assert desk.look("01_one") == ("fresh", "")
    path.unlink()
    assert desk.look("01_one") == ("stale", "its run direct-0123 was changed")


def test_images_that_a_page_shows_may_get_others_beside_them_and_must_not_change(desk):
    desk.write("01_one", "x = 1")
    path = desk.workspace.run("cppn-0123") / "shown-0.npz"
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    write_arrays(path, {"cells": np.array([3, 5]), "images": images})
    desk.pretend(metrics={"runs": ["cppn-0123"]})
    write_arrays(path, {"cells": np.array([3, 5, 1]), "images": np.concatenate([images, images[:1]])})
    assert desk.look("01_one") == ("fresh", ""), "another page asked for one more"
    alone = {"images": images}  # a file of other arrays is none of these, whatever they are
    damaged = ({**alone, "cells": np.array(cells)} for cells in (3, [3], [[3], [5]]))
    for changed in ({"cells": np.array([3, 5]), "images": images[::-1]}, alone, *damaged):
        write_arrays(path, changed)
        assert desk.look("01_one") == ("stale", "its run cppn-0123 was changed")
    path.write_bytes(b"half")
    assert desk.look("01_one") == ("stale", "its run cppn-0123 was changed")


def test_data_that_are_changed_added_or_taken_away_make_pages_stale(desk):
    desk.write("01_one", "x = 1")
    data = desk.workspace.notebooks.parent / "data"
    (data / "imagenet-sample").mkdir(parents=True)
    (data / "mnist.npz").write_bytes(b"digits")
    desk.pretend()
    (data / "README.md").write_text("words")
    (data / ".unfinished").write_bytes(b"half")
    os.utime(data / "mnist.npz", (0, 0))
    assert desk.look("01_one") == ("fresh", "")
    photograph = data / "imagenet-sample" / "n01440764_tench.JPEG"
    photograph.write_bytes(b"a tench")
    assert desk.look("01_one") == ("stale", "files in data/ changed")
    desk.pretend()
    photograph.unlink()
    assert desk.look("01_one") == ("stale", "files in data/ changed")
    desk.pretend()
    (data / "mnist.npz").write_bytes(b"digitz")
    assert desk.look("01_one") == ("stale", "files in data/ changed")


def test_the_executed_notebook_and_the_metrics_must_be_those_of_the_manifest(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    path = desk.workspace.executed("01_one")
    content = path.read_text()
    path.write_text(content + " ")
    assert desk.look("01_one") == ("stale", "its notebook file was changed")
    path.unlink()
    assert desk.look("01_one") == ("stale", "its notebook file is missing")
    path.write_text(content)
    desk.workspace.metrics("01_one").write_text('{"records": {}, "runs": []}')
    assert desk.look("01_one") == ("stale", "its metrics file was changed")


def test_a_page_is_stale_when_one_that_it_needs_is_however_far_away(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    desk.write("03_three", "x = 1", needs=["02"])
    desk.write("04_four", "x = 1")
    desk.pretend()
    desk.write("01_one", "x = 2")
    assert desk.look("02_two") == ("stale", "01_one is stale")
    assert desk.look("03_three") == ("stale", "02_two is stale")
    assert desk.look("04_four")[0] == "fresh"


def test_a_page_is_stale_when_one_that_it_needs_lost_its_notebook(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    desk.pretend()
    desk.workspace.executed("01_one").unlink()
    assert desk.look("02_two") == ("stale", "01_one is stale")


def test_new_numbers_of_a_page_make_those_that_need_it_stale(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01"])
    desk.pretend()
    desk.pretend("01_one", metrics={"median": 0.5})
    assert desk.look("02_two") == ("stale", "01_one has new results")


def test_a_failed_page_says_why(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    desk.workspace.failure("01_one").write_text(json.dumps({"error": "Cell 2 failed: KeyError: 3"}))
    assert desk.look("01_one") == ("failed", "Cell 2 failed: KeyError: 3")


def test_an_edit_made_while_a_page_runs_leaves_it_stale(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    before = freshness.survey(read_notebooks(desk.workspace.notebooks), desk.workspace)["01_one"]
    desk.write("01_one", "x = 2")
    freshness.write_manifest(desk.workspace, before, seconds=1)
    assert desk.look("01_one") == ("stale", "code of the notebook changed")


def test_the_manifest_says_what_a_page_ran_with(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    manifest = json.loads(desk.workspace.manifest("01_one").read_text())
    assert manifest["notebook"] == freshness.hash_file(desk.workspace.executed("01_one"))
    assert set(manifest["versions"]) == {"python", "tensorflow", "keras", "numpy"}
    assert manifest["threads"] >= 1
    assert manifest["finished"].endswith("+00:00")


def test_pages_run_by_their_numbers_and_the_one_that_reads_all_others_last(desk):
    desk.write("00_overview", "x = 1", needs=["*"])
    desk.write("03_three", "x = 1", needs=["01"])
    desk.write("01_one", "x = 1")
    pages = read_notebooks(desk.workspace.notebooks)
    assert list(pages) == ["01_one", "03_three", "00_overview"]
    assert add_needs(pages, ["03_three"]) == ["01_one", "03_three"]
    assert add_needs(pages, ["00_overview"]) == ["01_one", "03_three", "00_overview"]
    assert [find_page(pages, word) for word in ("3", "03", "03_three")] == ["03_three"] * 3


def test_notebooks_that_make_no_sense_are_refused_by_name(desk):
    with pytest.raises(RefusedError, match="There is no notebook such as"):
        read_notebooks(desk.workspace.notebooks)
    for need in ("09", "02", "01"):  # there is none, a later one, itself
        desk.write("02_two", "x = 1")
        desk.write("01_one", "x = 1", needs=[need])
        with pytest.raises(RefusedError, match=f"01_one needs {need}, but no notebook of that number runs before it"):
            read_notebooks(desk.workspace.notebooks)
    desk.write("01_one", "x = 1")
    (desk.workspace.notebooks / "02_two.ipynb").write_text("{")
    with pytest.raises(RefusedError, match=r"02_two\.ipynb is not a notebook"):
        read_notebooks(desk.workspace.notebooks)
