"""The README's tables of findings, costs and pages, and its picture, made from what is published."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from fooling import files
from fooling.pages.finding import tabulate_findings
from fooling.report.costs import tabulate_profiles
from fooling.report.index import collect_findings, find_pictures, find_title
from fooling.report.notebooks import PUBLISHED
from fooling.words import table

BLOCK = r"(<!-- {0}[^\n]*-->\n).*?(<!-- /{0} -->)"
PICTURE = "champions.png"


def fill_readme(text: str, published: Path) -> str:
    """Return the README with its tables of findings, costs and pages made anew from what is published."""
    for name, tell in TABLES.items():
        block = re.search(BLOCK.format(name), text, re.DOTALL)
        if block:
            text = f"{text[: block.start()]}{block[1]}{tell(published)}\n{block[2]}{text[block.end() :]}"
    return text


def tell_published(published: Path) -> str:
    """Return a Markdown table of the published findings."""
    return tabulate_findings(collect_findings([published]), folder=f"results/{PUBLISHED}/")


def list_pages(published: Path) -> str:
    """Return a Markdown table of the published pages, with the question that each one asks."""
    pages = sorted(published.glob("[0-9][0-9]_*.ipynb"))
    rows = [(f"[{path.stem[:2]}](results/{PUBLISHED}/{path.name})", find_title(_read_cells(path))) for path in pages]
    return table(("page", "question"), rows)


def update_readme(readme: Path, published: Path) -> None:
    """Write the README's tables, and its picture: the first of the published overview."""
    files.write_atomically(readme, fill_readme(readme.read_text(encoding="utf-8"), published))
    for overview in published.glob("00_*.ipynb"):
        files.write_atomically(published / PICTURE, read_first_picture(overview))


def read_first_picture(notebook: Path) -> bytes:
    """Return the first PNG that an executed notebook shows.

    Raises:
        ValueError: If it shows none.
    """
    pictures = find_pictures(_read_cells(notebook))
    if not pictures:
        raise ValueError(f"{notebook.name} shows no picture.")
    return base64.b64decode(pictures[0].data)


def _read_cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook."""
    return list(json.loads(notebook.read_text(encoding="utf-8"))["cells"])


TABLES = {"findings": tell_published, "costs": tabulate_profiles, "pages": list_pages}
