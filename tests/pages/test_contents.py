"""The pages' table of contents: every page has all profiles, every claim a page."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import pytest

from fooling.pages import contents
from fooling.pages.page import PROFILES
from fooling.runs import ROOT

NOTEBOOKS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("page", contents.SIZES)
def test_every_page_has_all_profiles(page: str) -> None:
    assert page in NOTEBOOKS and tuple(contents.SIZES[page]) == PROFILES
    assert contents.find_sizes(page, "default") == contents.SIZES[page]["default"]


def find_sizes_read(page: str) -> list[Any]:
    """Return every SIZES that a notebook reads, its own and those of other pages."""
    cells = json.loads((ROOT / "notebooks" / f"{page}.ipynb").read_text())["cells"]
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    module_of = {alias.asname or alias.name: f"{node.module}" for node in imports for alias in node.names}
    names = {alias.asname or alias.name: alias.name for node in imports for alias in node.names}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="SIZES"):
                found.append(import_module(f"{module_of[name]}.{names[name]}").SIZES)
            case ast.Name(id="SIZES"):
                found.append(import_module(module_of["SIZES"]).SIZES)
    return found


@pytest.mark.parametrize("page", contents.SIZES)
def test_the_sizes_of_a_page_are_among_those_that_its_notebook_reads(page: str) -> None:
    read = find_sizes_read(page)
    assert any(sizes is contents.SIZES[page] for sizes in read) or page in ("13_detectors", "15_your_network")


def test_claims_are_told_apart_and_stand_on_pages_that_exist_in_the_papers_order() -> None:
    names = [claim.id for claim in contents.CLAIMS]
    assert len(set(names)) == len(names) and {claim.page for claim in contents.CLAIMS} <= NOTEBOOKS
    assert all(is_dataclass(claim.record) and claim.number and claim.grade for claim in contents.CLAIMS)
    sections = [re.match(r"§([\d.]+)", claim.section) for claim in contents.CLAIMS]
    known = [tuple(map(int, section[1].split("."))) for section in sections if section]
    assert len(known) > 10 and known == sorted(known)


def test_a_page_that_reads_no_sizes_has_none_and_an_unknown_profile_is_named_with_the_choices() -> None:
    assert contents.find_sizes("00_overview", "smoke") is None
    with pytest.raises(ValueError, match="no profile 'large'; choose one of smoke, default, extended, paper"):
        contents.find_sizes("02_mnist_direct", "large")
