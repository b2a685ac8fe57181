"""The README's table of findings and its picture, made from what is published."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from fooling import findings, profiles, runs
from fooling.pipeline.publish import PUBLISHED

BLOCK = re.compile(r"(<!-- findings[^\n]*-->\n).*?(<!-- /findings -->)", re.DOTALL)
PICTURE = "champions.png"
OVERVIEW = "00_overview.ipynb"


def fill_readme(text: str, results: Path) -> str:
    """Return the README with its table of findings made anew.

    Args:
        text: The README.
        results: Folder of results, whose ``published`` is read.
    """
    table = findings.as_markdown(findings.collect(root=results), folder=f"results/{PUBLISHED}/")
    return BLOCK.sub(lambda found: f"{found[1]}{table}\n{found[2]}", text)


def update_readme(readme: Path, results: Path) -> None:
    """Write the README's table, and its picture: the first of the overview at the largest published profile."""
    runs.write_atomically(readme, fill_readme(readme.read_text(encoding="utf-8"), results))
    for name in reversed(profiles.NAMES):
        overview = results / PUBLISHED / name / OVERVIEW
        if overview.is_file():
            runs.write_atomically(results / PUBLISHED / PICTURE, read_first_picture(overview))
            return


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
