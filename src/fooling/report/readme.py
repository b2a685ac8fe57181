"""The README's tables of findings, costs and pages, and its picture, made from what is published."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from fooling import files
from fooling.pages import findings, profiles
from fooling.report.publish import PUBLISHED

BLOCK = r"(<!-- {0}[^\n]*-->\n).*?(<!-- /{0} -->)"
PICTURE = "champions.png"
OVERVIEW = "00_overview.ipynb"


def fill_readme(text: str, results: Path) -> str:
    """Return the README with its tables of findings, costs and pages made anew.

    Args:
        text: The README.
        results: Folder of results, whose ``published`` is read.
    """
    tables = {
        "findings": findings.as_markdown(findings.collect(root=results), folder=f"results/{PUBLISHED}/"),
        "costs": findings.tabulate_profiles(results / PUBLISHED),
        "pages": list_pages(results),
    }
    for name, table in tables.items():
        text = _fill(text, name, table)
    return text


def _fill(text: str, name: str, table: str) -> str:
    return re.sub(BLOCK.format(name), lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL)


def list_pages(results: Path) -> str:
    """Return a Markdown table of the pages of the largest published profile, with the question that each one asks."""
    folder = find_largest(results)
    pages = sorted(folder.glob("[0-9]*.ipynb")) if folder else []
    rows = [
        (f"[{path.stem[:2]}](results/{PUBLISHED}/{path.parent.name}/{path.name})", read_title(path)) for path in pages
    ]
    return findings.table(("page", "question"), rows)


def find_largest(results: Path) -> Path | None:
    """Return the folder of the largest published profile, or None."""
    folders = (results / PUBLISHED / name for name in reversed(profiles.NAMES))
    return next((folder for folder in folders if (folder / OVERVIEW).is_file()), None)


def read_title(notebook: Path) -> str:
    """Return the heading that a notebook begins with."""
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    return first.splitlines()[0].lstrip("# ")


def update_readme(readme: Path, results: Path) -> None:
    """Write the README's tables, and its picture: the first of the overview at the largest published profile."""
    files.write_atomically(readme, fill_readme(readme.read_text(encoding="utf-8"), results))
    folder = find_largest(results)
    if folder:
        files.write_atomically(results / PUBLISHED / PICTURE, read_first_picture(folder / OVERVIEW))


def read_first_picture(notebook: Path) -> bytes:
    """Return the first PNG that an executed notebook shows.

    Raises:
        ValueError: If it shows none.
    """
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{notebook.name} shows no picture.")
