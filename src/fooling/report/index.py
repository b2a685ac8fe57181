"""The first page of the report: what was found in a line each, then the pages, grouped, with a picture and the cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fooling.pages import paper
from fooling.report import freshness
from fooling.report.freshness import Status
from fooling.report.inspection import find_alt_text
from fooling.report.pages import RefusedError, Workspace
from fooling.report.thumbnails import Picture, draw_thumbnail

if TYPE_CHECKING:
    from fooling.pages.findings import Finding

TEMPLATE = Path(__file__).parent / "template"
OVERVIEW = "00"
# The first number of each group of pages.
GROUPS = {0: "Overview", 1: "Digits", 6: "ImageNet", 10: "Digits and ImageNet", 13: "Beyond the paper"}
VERDICTS = (paper.REPRODUCED, paper.PARTLY, paper.NOT, paper.UNTESTED)
NAMES = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}


def draw_index(workspace: Workspace, statuses: Mapping[str, Status]) -> str:
    """Return the index as HTML; the same results give the same bytes.

    Args:
        workspace: Where the executed notebooks and metrics are.
        statuses: Every page, from :func:`fooling.report.freshness.survey`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    entries = [_describe_page(statuses[name], workspace) for name in sorted(statuses)]
    findings = collect_findings(workspace.profile, workspace.results.parent)
    counts = Counter(finding.verdict for finding in findings)
    manifests = [freshness.read_json(workspace.manifest(name)) for name in sorted(statuses)]
    environment = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html.j2").render(
        profile=workspace.profile,
        findings=findings,
        verdicts=[(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]],
        shown=[entry["name"] for entry in entries if entry["run"]],
        overview=next((entry for entry in entries if entry["number"] == OVERVIEW), None),
        groups=_group_entries(entry for entry in entries if entry["number"] != OVERVIEW),
        cost=format_seconds(sum(manifest.get("seconds", 0) for manifest in manifests)),
        versions=format_versions([manifest for manifest in manifests if manifest]),
    )


def collect_findings(profile: str | None, root: Path) -> tuple[Finding, ...]:
    """Return what the pages of a profile found, or for None what is published, below the folder of all results.

    Raises:
        RefusedError: If a page's metrics are damaged, or from before an edit of the code that judges them.
    """
    from fooling.pages import findings

    try:
        return tuple(findings.collect(profile, root=root))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    except (KeyError, TypeError) as error:
        missing = f"metrics are not what the claims ask for ({type(error).__name__}: {error})"
        raise RefusedError(f"The findings cannot be told, because a page's {missing}; run that page again.") from error


def find_group(name: str) -> str:
    """Return the words for the group of pages that a page belongs to, by its number."""
    number = int(name.split("_")[0])
    return GROUPS[max(first for first in GROUPS if first <= number)]


def _group_entries(entries: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(find_group(entry["name"]), []).append(entry)
    return groups


def _describe_page(status: Status, workspace: Workspace) -> dict[str, Any]:
    path = workspace.executed(status.name)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else []
    note = "" if status.state == freshness.FRESH else f"{status.state}: {status.why}".removesuffix(": ")
    return {
        "name": status.name,
        "number": status.name.split("_")[0],
        "title": find_title(cells) or status.name,
        "run": path.is_file(),
        "picture": draw_thumbnail(_find_pictures(cells)),
        "cost": format_seconds(status.seconds),
        "note": "" if status.state == freshness.MISSING and not path.is_file() else note,
    }


def find_title(cells: Iterable[Mapping[str, Any]]) -> str:
    """Return the first heading of a notebook as plain words, or nothing."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^#\s+(.+)$", "".join(cell["source"]), flags=re.MULTILINE)
            if found:
                return re.sub(r"[*_`$]|\[|\]\([^)]*\)|<[^>]*>", "", found[1]).strip()
    return ""


def _find_pictures(cells: Iterable[Mapping[str, Any]]) -> tuple[Picture, ...]:
    return tuple(
        Picture("".join(output["data"]["image/png"]), find_alt_text(output, "image/png"))
        for cell in cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    )


def format_seconds(seconds: float | None) -> str:
    """Return a duration as a person would say it (``48 s``, ``12 min``, ``3 h 20 min``); nothing for None."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def format_versions(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return what pages ran with, in one line; pages that differ are all told."""
    lines = []
    for manifest in manifests:
        versions = manifest.get("versions", {})
        words = [f"{NAMES[name]} {versions[name]}" for name in NAMES if name in versions]
        line = ", ".join([*words, f"{manifest.get('threads')} threads"])
        if line not in lines:
            lines.append(line)
    return "; ".join(lines)
