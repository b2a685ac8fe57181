"""A page is fresh when nothing that it was made of changed, and says in words what did."""

from __future__ import annotations

import json

import pytest

from fooling import runs
from fooling.pages import profiles
from fooling.report import freshness
from fooling.report.imports import reach_modules
from fooling.report.pages import RefusedError, add_needs, find_page, read_pages


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
    monkeypatch.setattr(profiles, "page_settings", lambda page, profile: {"runs": 7})
    assert desk.look("01_one") == ("stale", "settings changed")


def test_another_number_of_threads_makes_a_page_stale(desk, monkeypatch):
    desk.write("01_one", "x = 1")
    desk.pretend()
    monkeypatch.setattr(runs, "count_threads", lambda: 99)
    assert desk.look("01_one")[1].startswith("number of threads")


def test_a_changed_file_of_the_package_is_named_and_a_comment_in_it_changes_nothing(desk):
    folder = desk.workspace.package / "encodings"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "cppn.py").write_text("rate = 0.1\n")
    desk.write("01_one", "from package.encodings import cppn")
    desk.pretend()
    (folder / "cppn.py").write_text('"""A docstring."""\n\nrate = 0.1  # the paper\'s\n')
    assert desk.look("01_one") == ("fresh", "")
    (folder / "cppn.py").write_text("rate = 0.2\n")
    assert desk.look("01_one") == ("stale", "encodings/cppn.py changed")


def test_a_file_that_the_page_does_not_reach_changes_nothing(desk):
    (desk.workspace.package / "other.py").write_text("x = 1\n")
    desk.write("01_one", "import package")
    desk.pretend()
    (desk.workspace.package / "other.py").write_text("x = 2\n")
    assert desk.look("01_one") == ("fresh", "")


def test_the_executed_notebook_and_the_metrics_must_be_those_of_the_manifest(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    path = desk.workspace.executed("01_one")
    content = path.read_text()
    path.write_text(content + " ")
    assert desk.look("01_one") == ("stale", "the executed notebook was changed")
    path.unlink()
    assert desk.look("01_one") == ("stale", "the executed notebook is missing")
    path.write_text(content)
    desk.workspace.metrics("01_one").write_text("{}")
    assert desk.look("01_one") == ("stale", "its metrics file was changed")


def test_a_page_is_stale_when_one_that_it_needs_is_however_far_away(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01_one"])
    desk.write("03_three", "x = 1", needs=["02_two"])
    desk.write("04_four", "x = 1")
    desk.pretend()
    desk.write("01_one", "x = 2")
    assert desk.look("02_two") == ("stale", "01_one changed")
    assert desk.look("03_three") == ("stale", "02_two changed")
    assert desk.look("04_four")[0] == "fresh"


def test_a_page_is_stale_when_one_that_it_needs_lost_its_notebook(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01_one"])
    desk.pretend()
    desk.workspace.executed("01_one").unlink()
    assert desk.look("02_two") == ("stale", "01_one is stale")


def test_new_numbers_of_a_page_make_those_that_need_it_stale(desk):
    desk.write("01_one", "x = 1")
    desk.write("02_two", "x = 1", needs=["01_one"])
    desk.pretend()
    desk.pretend("01_one", metrics={"median": 0.5})
    assert desk.look("02_two") == ("stale", "01_one has new results")


def test_a_failed_page_says_why(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    desk.workspace.failure("01_one").write_text(json.dumps({"error": "Cell 2 failed: KeyError: 3", "cell": 2}))
    assert desk.look("01_one") == ("failed", "Cell 2 failed: KeyError: 3")


def test_an_edit_made_while_a_page_runs_leaves_it_stale(desk):
    desk.write("01_one", "x = 1")
    desk.pretend()
    before = freshness.survey(read_pages(desk.workspace.notebooks), desk.workspace)["01_one"]
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


@pytest.mark.parametrize(
    "statement",
    [
        "import package.inner.deep",
        "import package.inner.deep as d",
        "from package.inner import deep",
        "from package.inner.deep import value",
        "def f():\n    from package.inner.deep import value",
        "%matplotlib inline\nimport package.inner.deep",
        "from package import door",
    ],
)
def test_imports_are_followed_through_files_functions_and_packages(desk, statement):
    package = desk.workspace.package
    (package / "inner").mkdir()
    (package / "inner" / "__init__.py").write_text("from .sibling import x\n")
    (package / "inner" / "sibling.py").write_text("x = 1\n")
    (package / "inner" / "deep.py").write_text("def f():\n    from .. import far\nvalue = 1\n")
    (package / "far.py").write_text("from package import profiles\n")
    (package / "door.py").write_text("from .inner import deep\n")
    (package / "profiles").mkdir()
    (package / "profiles" / "__init__.py").write_text("from .sizes import x\n")
    (package / "profiles" / "sizes.py").write_text("x = 1\n")
    (package / "unused.py").write_text("")
    desk.write("01_one", statement)
    found = {
        p.relative_to(package).as_posix()
        for p in reach_modules(read_pages(desk.workspace.notebooks)["01_one"], package)
    }
    door = {"door.py"} if "door" in statement else set()
    assert found == {"__init__.py", "inner/__init__.py", "inner/sibling.py", "inner/deep.py", "far.py"} | door


def test_a_star_needs_all_other_pages_and_runs_last(desk):
    desk.write("00_overview", "x = 1", needs=["*"])
    desk.write("03_three", "x = 1", needs=["01_one"])
    desk.write("01_one", "x = 1")
    pages = read_pages(desk.workspace.notebooks)
    assert list(pages) == ["01_one", "03_three", "00_overview"]
    assert add_needs(pages, ["03_three"]) == ["01_one", "03_three"]
    assert add_needs(pages, ["00_overview"]) == ["01_one", "03_three", "00_overview"]
    assert [find_page(pages, word) for word in ("3", "03", "03_three")] == ["03_three"] * 3


def test_notebooks_that_make_no_sense_are_refused_by_name(desk):
    with pytest.raises(RefusedError, match="There is no notebook such as"):
        read_pages(desk.workspace.notebooks)
    desk.write("01_one", "x = 1", needs=["09_nine"])
    with pytest.raises(RefusedError, match="01_one needs 09_nine"):
        read_pages(desk.workspace.notebooks)
    desk.write("01_one", "x = 1", needs=["02_two"])
    desk.write("02_two", "x = 1", needs=["01_one"])
    with pytest.raises(RefusedError, match="in a circle: 01_one, 02_two"):
        read_pages(desk.workspace.notebooks)
    (desk.workspace.notebooks / "02_two.ipynb").write_text("{")
    with pytest.raises(RefusedError, match=r"02_two\.ipynb is not a notebook"):
        read_pages(desk.workspace.notebooks)
    desk.write("01_one", "x = = 1")
    (desk.workspace.notebooks / "02_two.ipynb").unlink()
    with pytest.raises(RefusedError, match="Code cell 2 of 01_one is not Python"):
        desk.look("01_one")
