"""The HTML report: executed notebooks as pages that need no network, and an index of what was found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fooling import files
from fooling.report import freshness
from fooling.report.freshness import Status
from fooling.report.index import draw_index, find_group, find_title, format_versions
from fooling.report.inspection import PageError, check_pictures, find_alt_text, settle_widgets
from fooling.report.notebooks import Workspace
from fooling.report.progress import BAR
from fooling.words import show_seconds

HERE = Path(__file__).parent
TEMPLATE = HERE / "template"
CONTENTS = "<!--contents-->"
MADE_OF = re.compile(r"<!-- made of (\w+) -->")
# Text that a page prints is shown up to this many lines; more is folded.
SHOWN_LINES = 12
# What makes a browser ask for another file; links that a reader may follow are not among them.
REQUESTS = re.compile(
    r"<script\b[^>]*>|<(?:img|iframe|video|audio|source|embed|object)\b[^>]*\b(?:src|data|srcset)=[\"']?+(?!data:)[^>]*>"
    r"|<link\b[^>]*>|@import\b[^;]*|url\(\s*[\"']?+(?!data:|#)[^)]*\)",
    re.IGNORECASE,
)


def update_report(workspace: Workspace, statuses: Mapping[str, Status], only: Sequence[str] | None = None) -> Path:
    """Draw the pages of the report whose notebooks changed, and its index; return the index's path.

    While a report runs, ``only`` names the page that has just ended; None looks at all.

    Raises:
        PageError: If a page cannot be shown: a picture without a description, a file from elsewhere.
    """
    run = {name: workspace.executed(name) for name in sorted(statuses) if workspace.executed(name).is_file()}
    contents = {name: path.read_text(encoding="utf-8") for name, path in run.items()}
    titles = {name: find_title(json.loads(content)["cells"]) or name for name, content in contents.items()}
    for name in titles:
        if only is None or name in only:
            _update_page(name, contents[name], titles, workspace)
    for path in workspace.report().parent.glob("[0-9][0-9]_*.html"):
        if path.stem not in titles:
            path.unlink()
    index = draw_index(workspace, statuses)
    _check_offline("index", index)
    _write_if_changed(workspace.report(), index)
    return workspace.report()


def _update_page(name: str, content: str, titles: Mapping[str, str], workspace: Workspace) -> None:
    """Draw a page unless it was drawn from the same before."""
    manifest = freshness.read_json(workspace.manifest(name))
    beside = _find_neighbours(name, titles)
    about = json.dumps([content, manifest, workspace.profile, list(titles), beside], sort_keys=True)
    made_of = hashlib.sha256(f"{_hash_design()} {about}".encode()).hexdigest()[:16]
    path = workspace.report(name)
    found = MADE_OF.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    if found and found[1] == made_of:
        return
    try:
        _write_if_changed(path, draw_page(name, content, titles, workspace.profile, manifest, made_of))
    except PageError as error:
        raise PageError(f"{name}: {error}", error.cell) from error


def draw_page(
    name: str, content: str, titles: Mapping[str, str], profile: str, manifest: Mapping[str, Any], made_of: str = ""
) -> str:
    """Return an executed notebook, given as its file holds it, as one HTML page.

    Links may lead to the pages of ``titles``. A page by itself, such as an audit's, has none (``{}``): then nothing
    leads to an index or to another page, and links to other notebooks are plain words. ``profile`` and ``manifest``
    may be empty, too; ``made_of`` is a hash that says when the page must be drawn again.

    Raises:
        PageError: If a picture has no description, a formula cannot be read, or a file from elsewhere is wanted.
    """
    import nbformat
    from nbconvert.exporters import HTMLExporter

    from fooling.report.markdown import PageText, link_page

    notebook = nbformat.reads(content, as_version=4)
    check_pictures(notebook)
    settle_widgets(notebook)
    text = PageText(titles)
    before, after = _find_neighbours(name, titles)
    about = {
        "name": name,
        "profile": profile,
        "title": find_title(notebook.cells) or name,
        "group": find_group(name) if name in titles else "",
        "previous": before,
        "next": after,
        "cost": show_seconds(manifest["seconds"]) if "seconds" in manifest else "",
        "versions": format_versions([manifest] if "versions" in manifest else []),
        "made_of": made_of,
    }
    exporter = HTMLExporter(template_name=TEMPLATE.name, extra_template_basedirs=[str(HERE)])
    exporter.register_filter("markdown2html", text.to_html)
    exporter.register_filter("link_page", lambda markup: link_page(markup, titles))
    exporter.register_filter("alt_text", find_alt_text)
    exporter.register_filter("fold_stream", fold_stream)
    page, _ = exporter.from_notebook_node(notebook, resources={"page": about})
    page = page.replace(CONTENTS, _draw_contents(text.headings))
    _check_offline(name, page)
    return str(page)


def _find_neighbours(name: str, titles: Mapping[str, str]) -> list[dict[str, str] | None]:
    """Return the pages before and after, each with name, number and title."""
    if name not in titles:
        return [None, None]
    names = ["", *titles, ""]
    place = names.index(name)
    beside = (names[place - 1], names[place + 1])
    return [{"name": other, "number": other[:2], "title": titles[other]} if other else None for other in beside]


def fold_stream(output: Any) -> str:
    """Return the words under which a printed text is folded away, or nothing when it is short enough to show."""
    lines = [line for line in re.split(r"[\r\n]+", output.text) if line.strip()]
    if any(BAR.match(line.strip()) for line in lines):
        return "Progress"
    if output.name == "stderr":
        return "Messages"
    return f"Printed text, {len(lines)} lines" if len(lines) > SHOWN_LINES else ""


def _draw_contents(headings: Sequence[tuple[int, str, str]]) -> str:
    """Return links to a page's sections.

    They are there twice: beside the text where there is room, folded above it where there is not; never both are shown.
    """
    linked = [(anchor, re.sub(r"</?a\b[^>]*>", "", title)) for level, anchor, title in headings if level == 2]
    if len(linked) < 2:
        return ""
    listed = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title in linked)
    return (
        '<nav class="contents beside" aria-label="On this page">'
        f"<h2>On this page</h2><ol>{listed}</ol></nav>\n"
        '<nav class="contents above" aria-label="On this page">'
        f"<details><summary>On this page</summary><ol>{listed}</ol></details></nav>"
    )


def _check_offline(name: str, page: str) -> None:
    """Raise PageError if a page asks for a file; shown code is escaped, so what is found here is markup."""
    found = REQUESTS.search(page)
    if found:
        raise PageError(f"{name} would make a browser load {found[0][:80]!r}; the report must be whole by itself.")


@cache
def _hash_design() -> str:
    """Return a hash of all that decides how a page looks."""
    paths = sorted([*TEMPLATE.iterdir(), HERE / "html.py", HERE / "markdown.py", HERE / "index.py"])
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths if path.is_file())).hexdigest()


def _write_if_changed(path: Path, content: str) -> None:
    """Write a file unless it holds the same."""
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        files.write_atomically(path, content)
