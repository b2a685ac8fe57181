"""Every notebook: written to the house rules, and run at smoke through papermill by the real command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fooling import runs
from fooling.pages.claim import UNTESTED
from fooling.pages.contents import CLAIMS, SIZES
from fooling.pages.finding import collect
from fooling.pages.page import PROFILES
from fooling.report.notebooks import OVERVIEW

NOTEBOOKS = sorted((runs.ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]


def read_cells(path: Path, kind: str) -> list[dict]:
    """Return the cells of one kind."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_page_is_written_to_the_house_rules(path: Path) -> None:
    prose, code = read_cells(path, "markdown"), read_cells(path, "code")
    words = sum(len("".join(cell["source"]).split()) for cell in prose)
    assert 550 <= words <= 1_200
    assert len(code) <= 18
    assert max(len(cell["source"]) for cell in code[1:]) <= 14, "code[0] are the parameters, a line each"
    assert not any(line.startswith(("def ", "class ")) for cell in code for line in cell["source"])
    opening, boxes = ("".join(prose[place]["source"]) for place in (0, 2 if path.stem[:2] == OVERVIEW else 0))
    assert opening.startswith("# ") and "?" in opening.splitlines()[0], "the title is a question"
    for part in ("**The paper**", "**We ask**", "**What differs from the paper"):
        assert part in boxes, "page 00 has the answer before it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_parameters_are_upper_case_and_start_at_the_default_profile(path: Path) -> None:
    tagged = [cell for cell in read_cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    names = [line.split("=")[0].strip() for line in tagged[0]["source"]]
    assert names[0] == "PROFILE" and all(name.isupper() for name in names)
    assert 'PROFILE = "default"' in tagged[0]["source"][0]
    assert all(profile in tagged[0]["source"][0] for profile in PROFILES), "the legal values stand in the comment"


def test_overview_lists_every_other_page_with_its_question() -> None:
    overview = "\n".join("".join(cell["source"]) for cell in read_cells(NOTEBOOKS[0], "markdown"))
    for path in NOTEBOOKS[1:]:
        title = read_cells(path, "markdown")[0]["source"][0].strip("# \n")
        assert f"| [{path.stem[:2]}]({path.name}) | {title} |" in overview


def test_every_claim_has_its_page_and_every_page_its_settings() -> None:
    assert {claim.page for claim in CLAIMS} <= set(NAMES)
    assert set(SIZES) <= set(NAMES)
    assert all(set(sizes) == set(PROFILES) for sizes in SIZES.values())
    for claim in CLAIMS:  # a clause that goes into a sentence
        assert 3 <= len(claim.otherwise.split()) <= 13 and not claim.otherwise.endswith(".")


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the real command at smoke into an empty folder of results."""
    folder = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-m", "fooling", "report", "--profile", "smoke"]
    environment = {**os.environ, "FOOLING_RESULTS": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2_400), folder / "smoke"


@pytest.mark.notebooks
def test_report_runs_every_page_and_ends_with_findings_and_its_path(smoke) -> None:
    done, folder = smoke
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for name in NAMES:
        assert (folder / f"{name}.ipynb").is_file()
        assert (folder / "report" / f"{name}.html").is_file()
    for claim in CLAIMS:
        assert claim.id in done.stdout
    assert done.stdout.rstrip().endswith("report/index.html")


@pytest.mark.notebooks
@pytest.mark.parametrize("name", NAMES)
def test_executed_page_has_alt_text_few_pictures_and_no_messages(smoke, name: str) -> None:
    cells = read_cells(smoke[1] / f"{name}.ipynb", "code")
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert all(cell["execution_count"] for cell in cells)
    pictures = [
        output["metadata"][kind] for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")
    ]
    assert len(pictures) <= 6
    assert all(len(about["alt"]) > 30 for about in pictures)
    assert not any(output.get("name") == "stderr" for output in outputs)
    bars = [line for output in outputs for line in output.get("text", []) if "it/s" in line or "s/it" in line]
    ends = [re.search(r": (100%|0it )", line) and "\r" not in line.rstrip() for line in bars]  # 0it: nothing to do
    assert all(ends), "only the end of a bar stays"


@pytest.mark.notebooks
def test_smoke_is_too_small_for_a_verdict_and_says_so(smoke) -> None:
    found = collect(CLAIMS, [smoke[1]])
    assert [one.claim.id for one in found] == [claim.id for claim in CLAIMS]
    assert {one.claim.id: one.verdict for one in found if one.verdict != UNTESTED} == {}


@pytest.mark.notebooks
def test_second_report_has_nothing_to_do_and_says_so_in_seconds(smoke) -> None:
    environment = {**os.environ, "FOOLING_RESULTS": str(smoke[1].parent)}
    command = [sys.executable, "-X", "importtime", "-m", "fooling", "report", "--profile", "smoke"]
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert again.returncode == 0
    assert again.stdout.startswith("Nothing to do")
    assert "tensorflow" not in again.stderr
