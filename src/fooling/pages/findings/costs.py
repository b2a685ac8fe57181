"""What pages and profiles cost: the seconds of computing behind the runs that they name."""

from __future__ import annotations

import json
from pathlib import Path

from fooling.pages import profiles
from fooling.pages.findings.tables import table
from fooling.pages.findings.verdicts import read_metrics

# What is not measured, because it is not published; Choice: by trial, and from the sizes.
UNPUBLISHED = {"smoke": "a few minutes", "paper": "weeks; made for a cluster"}


def count_page_seconds(folder: Path) -> dict[str, float]:
    """Return the seconds of computing that each page added, in order of pages; a shared run counts where it is first.

    Args:
        folder: A profile's results, with ``metrics`` and ``runs``.
    """
    counted: set[str] = set()
    seconds = {}
    for page in sorted(path.stem for path in (folder / "metrics").glob("[0-9][0-9]_*.json")):
        names = set(read_metrics(folder, page).get("runs", ())) - counted
        counted |= names
        seconds[page] = sum(_read_seconds(folder / "runs" / name) for name in names)
    return seconds


def _read_seconds(run: Path) -> float:
    path = run / "provenance.json"
    return float(json.loads(path.read_text(encoding="utf-8"))["seconds"]) if path.is_file() else 0.0


def show_seconds(seconds: float) -> str:
    """Return a duration as a person would say it: ``48 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"


def tabulate_pages(folder: Path) -> str:
    """Return a Markdown table of what each page of a profile cost, and all together."""
    seconds = count_page_seconds(folder)
    rows = [(f"[{page[:2]}]({page}.ipynb)", show_seconds(one)) for page, one in seconds.items() if one]
    return table(("page", "computing"), [*rows, ("all", show_seconds(sum(seconds.values())))])


def tabulate_profiles(published: Path) -> str:
    """Return a Markdown table of what each profile runs, and what it cost where it is published."""
    rows = []
    for name in profiles.NAMES:
        digits = profiles.page_settings("02_mnist_direct", name)
        cppn = profiles.page_settings("08_imagenet_cppn", name)
        of_imagenet = f"{len(cppn.classes) or 1000:,} classes, {cppn.runs} runs of"
        seconds = sum(count_page_seconds(published / name).values())
        rows.append(
            (
                f"`{name}`",
                f"{digits.runs} runs of {digits.generations} × {digits.children} images",
                f"{of_imagenet} {cppn.generations:,} × {cppn.children} images",
                UNPUBLISHED.get(name) or show_seconds(seconds),
            )
        )
    return table(("profile", "a search on digits", "a CPPN search on ImageNet", "computing, on two cores"), rows)
