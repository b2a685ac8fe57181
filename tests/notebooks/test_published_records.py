"""What is published is what its runs say: each page's own code makes its records again from the published runs."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import fooling.figures
import fooling.pages
from fooling import runs
from fooling.data.digits import DATA
from fooling.pages.contents import CLAIMS
from fooling.pages.finding import collect, read_origins
from fooling.pages.page import read_metrics

PUBLISHED = runs.ROOT / "results" / "published"
PAGES = sorted({claim.page for claim in CLAIMS})
# These ask about photographs of a folder that is not carried.
PHOTOGRAPHS = ("06_imagenet_networks", "10_transfer", "11_retraining")
PROFILE = read_origins(PUBLISHED)[PAGES[0]]["profile"]


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results that hold what is published: runs, and the numbers that pages read of one another."""
    folder = tmp_path_factory.mktemp("results")
    for part in ("runs", "metrics"):
        shutil.copytree(PUBLISHED / part, folder / PROFILE / part)
    return folder


@pytest.fixture
def nothing_is_drawn_and_nothing_computed(restored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out figures, and fail where a run would be begun."""
    monkeypatch.setenv("FOOLING_RESULTS", str(restored))
    monkeypatch.setenv(runs.ANY_ARITHMETIC, "1")
    for package in (fooling.figures, fooling.pages):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, part in vars(importlib.import_module(found.name)).items():
                if isinstance(part, FunctionType) and inspect.get_annotations(part).get("return") == "Figure":
                    monkeypatch.setattr(sys.modules[found.name], name, leave_out)

    def refuse(path: Path, content: Any, write: Callable[[Path, Any], None] = runs.write_json) -> None:
        assert path.name != "settings.json", f"{path.parent.name} is not among the published runs"
        write(path, content)

    monkeypatch.setattr(runs, "write_json", refuse)


def leave_out(*arguments: Any, **named: Any) -> None:
    """Draw nothing."""


def read_code(page: str) -> str:
    """Return a page's code at the profile that is published."""
    cells = json.loads((runs.ROOT / "notebooks" / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    parameters, *rest = code
    return "\n".join([parameters, f"PROFILE = {PROFILE!r}", *rest])


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("nothing_is_drawn_and_nothing_computed")
def test_a_published_pages_records_verdicts_and_headlines_follow_from_the_published_runs(
    restored: Path, page: str
) -> None:
    if page in PHOTOGRAPHS and not (DATA / "imagenet-sample").is_dir():
        pytest.skip("its photographs are not in data/")
    exec(compile(read_code(page), page, "exec"), {"__name__": page})
    published, again = (
        {one.claim.id: one for one in collect(CLAIMS, [folder]) if one.claim.page == page}
        for folder in (PUBLISHED, restored / PROFILE)
    )
    assert published.keys() == again.keys() and published
    for name, one in published.items():
        assert (again[name].verdict, again[name].headline) == (one.verdict, one.headline)
    records = [read_metrics(folder, page)["records"] for folder in (PUBLISHED, restored / PROFILE)]
    check_alike(*records)


def check_alike(published: Any, again: Any, where: str = "records") -> None:
    """Assert that nested records hold the same numbers, but for what another processor rounds otherwise."""
    if isinstance(published, dict):
        assert published.keys() == again.keys(), where
        for name, part in published.items():
            check_alike(part, again[name], f"{where}.{name}")
    elif isinstance(published, list):
        assert len(published) == len(again), where
        for place, part in enumerate(published):
            check_alike(part, again[place], f"{where}[{place}]")
    elif isinstance(published, float):
        assert again == pytest.approx(published, rel=1e-5, abs=1e-9), where
    else:
        assert again == published, where
