"""Tiny notebooks and a workspace of their own for every test of the pipeline."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fooling
from fooling.report import freshness
from fooling.report.pages import Workspace, read_pages

PARAMETERS = 'PROFILE = "default"'


class Finding(NamedTuple):
    claim_id: str
    title: str
    profile: str
    paper: str
    grade: str
    ours: str
    headline: str
    scale: str
    verdict: str
    page: str


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

    def write(self, name: str, *cells: str | dict[str, Any], needs: Sequence[str] = ()) -> None:
        """Write a page's source."""
        path = self.workspace.notebooks / f"{name}.ipynb"
        path.write_text(json.dumps(make_notebook(cells, needs)))

    def pretend(self, *names: str, metrics: dict[str, Any] | None = None) -> None:
        """Leave behind what a whole run of the pages leaves behind, without running them."""
        pages = read_pages(self.workspace.notebooks)
        for name in names or pages:
            for path in (self.workspace.executed(name), self.workspace.metrics(name)):
                path.parent.mkdir(parents=True, exist_ok=True)
            self.workspace.executed(name).write_text(pages[name].text)
            self.workspace.metrics(name).write_text(json.dumps(metrics or {"median": 1.0}))
            freshness.write_manifest(self.workspace, freshness.survey(pages, self.workspace)[name], seconds=12)

    def look(self, name: str) -> tuple[str, str]:
        """Return the state of a page and why."""
        status = freshness.survey(read_pages(self.workspace.notebooks), self.workspace)[name]
        return status.state, status.why


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for folder in ("notebooks", "package", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    results = tmp_path / "results" / "smoke"
    return Desk(Workspace("smoke", tmp_path / "notebooks", results, tmp_path / "package"))


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the findings be what a test says: ``findings(ours, published)``."""
    module = types.ModuleType("fooling.pages.findings")

    def say(ours: Sequence[Finding] = (), published: Sequence[Finding] = ()) -> None:
        module.collect = lambda profile=None, root=None: tuple(ours if profile else published)  # type: ignore[attr-defined]
        module.as_text = lambda found, width: "\n".join(str(tuple(one)) for one in found)  # type: ignore[attr-defined]

    say()
    monkeypatch.setitem(sys.modules, "fooling.pages.findings", module)
    monkeypatch.setattr(fooling, "findings", module, raising=False)
    return say
