"""Tiny notebooks and a workspace of their own for every test of the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fooling.pages import contents
from fooling.pages.claim import NOT, RECALLED, REPRODUCED, Claim
from fooling.pages.finding import ORIGINS
from fooling.report import freshness
from fooling.report.notebooks import Workspace, read_notebooks

PARAMETERS = 'PROFILE = "default"'


@dataclass(frozen=True)
class Found:
    """What a made-up page measured."""

    median: float


def make_claim(name: str = "pixels", page: str = "01_one") -> Claim[Found]:
    """Return a claim that is reproduced from a median of 0.9."""
    return Claim(
        name, f"Title of {name} <b>", f"not {name} <b>", "3.1", "Pixels do.", "99.99%", RECALLED, page, Found,
        judge=lambda found: REPRODUCED if found.median >= 0.9 else NOT,
        headline=lambda found: f"The median is {found.median} < 2.",
        rows=lambda found: (("median <b>", f"{found.median}", "99.99%"),),
        scale=lambda found: "2 runs",
        without=frozenset("abcd"),  # tests call claims by letters, and leave some out
    )  # fmt: skip


def make_code(source: str, outputs: Sequence[dict[str, Any]] = (), tags: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source,
        "outputs": list(outputs),
        "execution_count": 1,
        "metadata": {"tags": list(tags)} if tags else {},
    }


def make_notebook(cells: Sequence[str | dict[str, Any]], needs: Sequence[str] = ()) -> dict[str, Any]:
    """Return a notebook; a plain string that starts with ``#`` and a space is text, any other is code."""
    made: list[dict[str, Any]] = [make_code(PARAMETERS, tags=["parameters"])]
    for cell in cells:
        if isinstance(cell, dict):
            made.append(cell)
        elif cell.startswith(("# ", "## ", ">")):
            made.append({"cell_type": "markdown", "source": cell, "metadata": {}})
        else:
            made.append(make_code(cell))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "fooling": {"needs": list(needs)}}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}


class Desk(NamedTuple):
    """A workspace, and what a test does to it."""

    workspace: Workspace

    def at(self, profile: str) -> Desk:
        """Return the same desk at another profile."""
        results = self.workspace.results.with_name(profile)
        return Desk(self.workspace._replace(profile=profile, results=results))

    def write(self, name: str, *cells: str | dict[str, Any], needs: Sequence[str] = ()) -> None:
        """Write a page's source."""
        path = self.workspace.notebooks / f"{name}.ipynb"
        path.write_text(json.dumps(make_notebook(cells, needs)))

    def pretend(self, *names: str, metrics: dict[str, Any] | None = None) -> None:
        """Leave behind what a whole run of the pages leaves behind, without running them."""
        pages = read_notebooks(self.workspace.notebooks)
        for name in names or pages:
            for path in (self.workspace.executed(name), self.workspace.metrics(name)):
                path.parent.mkdir(parents=True, exist_ok=True)
            self.workspace.executed(name).write_text(pages[name].text)
            self.workspace.metrics(name).write_text(json.dumps({"records": {}, **(metrics or {})}))
            freshness.write_manifest(self.workspace, freshness.survey(pages, self.workspace)[name], seconds=12)

    def look(self, name: str) -> tuple[str, str]:
        """Return the state of a page and why."""
        status = freshness.survey(read_notebooks(self.workspace.notebooks), self.workspace)[name]
        return status.state, status.why


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for folder in ("notebooks", "package", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    results = tmp_path / "results" / "smoke"
    return Desk(Workspace("smoke", tmp_path / "notebooks", results, tmp_path / "package"))


class Project(NamedTuple):
    """What the project claims, and what pages found of it; nothing, until a test says so."""

    patch: pytest.MonkeyPatch

    def claim(self, *names: str) -> None:
        """Let the project make these claims, and no other."""
        self.patch.setattr(contents, "CLAIMS", tuple(map(make_claim, names)))

    def find(self, folder: Path, origin: str = "", **medians: float) -> None:
        """Write the median for each claim; a published folder says of which profile it is."""
        path = folder / "metrics" / "01_one.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"records": {name: {"median": median} for name, median in medians.items()}}))
        if origin:
            (folder / ORIGINS).write_text(json.dumps({"01_one": {"profile": origin, "seconds": 90.0}}))


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(monkeypatch)
    made.claim()
    return made
