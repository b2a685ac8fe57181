"""The HTML report: executed notebooks as pages that need no network, and an index of what was found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fooling import runs
from fooling.pipeline import freshness
from fooling.pipeline.index import draw_index, find_title, format_seconds, format_versions
from fooling.pipeline.inspection import PageError, check_pictures, find_alt_text
from fooling.pipeline.pages import Workspace
from fooling.pipeline.progress import BAR

if TYPE_CHECKING:
    from fooling.pipeline.freshness import Status

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

    Args:
        workspace: Where the executed notebooks are and the report goes.
        statuses: Every page in running order, from :func:`fooling.pipeline.freshness.survey`.
        only: The pages to look at, all when None: while a report runs, the page that has just ended.

    Raises:
        PageError: If a page cannot be shown: a picture without a description, a file from elsewhere.
    """
    names = sorted(name for name in statuses if workspace.executed(name).is_file())
    for name in names if only is None else [name for name in names if name in only]:
        _update_page(name, names, workspace)
    for path in workspace.report().parent.glob("[0-9][0-9]_*.html"):
        if path.stem not in names:
            path.unlink()
    index = draw_index(workspace, statuses)
    _check_offline("index", index)
    _write_if_changed(workspace.report(), index)
    return workspace.report()


def _update_page(name: str, names: Sequence[str], workspace: Workspace) -> None:
    content = workspace.executed(name).read_bytes()
    manifest = freshness.read_json(workspace.manifest(name))
    made_of = _hash_all(content, json.dumps([manifest, workspace.profile, list(names)], sort_keys=True).encode())
    path = workspace.report(name)
    if path.is_file():
        found = MADE_OF.search(path.read_text(encoding="utf-8"))
        if found and found[1] == made_of:
            return
    try:
        page = draw_page(name, content.decode(), names, workspace.profile, manifest, made_of)
    except PageError as error:
        raise PageError(f"{name}: {error}", error.cell) from error
    _write_if_changed(path, page)


def draw_page(
    name: str, content: str, names: Sequence[str], profile: str, manifest: Mapping[str, Any], made_of: str = ""
) -> str:
    """Return an executed notebook as one HTML page.

    Args:
        name: The page.
        content: The executed notebook, as its file holds it.
        names: All pages of this report, by number, which links may lead to.
        profile: The profile that it ran at.
        manifest: What the page was made of and what it cost; may be empty.
        made_of: A hash that says when the page must be drawn again.

    Raises:
        PageError: If a picture has no description, a formula cannot be read, or a file from elsewhere is wanted.
    """
    import nbformat

    from fooling.pipeline.markdown import PageText, link_page

    notebook = nbformat.reads(content, as_version=4)
    check_pictures(notebook)
    text = PageText(names)
    place = names.index(name)
    about = {
        "name": name,
        "profile": profile,
        "title": find_title(notebook.cells) or name,
        "previous": names[place - 1] if place > 0 else None,
        "next": names[place + 1] if place + 1 < len(names) else None,
        "cost": format_seconds(manifest.get("seconds")),
        "versions": format_versions([manifest] if manifest else []),
        "made_of": made_of,
    }
    filters = {"markdown2html": text.to_html, "link_page": lambda markup: link_page(markup, names)}
    page, _ = _make_exporter(filters).from_notebook_node(notebook, resources={"page": about})
    page = str(page).replace(CONTENTS, _draw_contents(text.headings))
    _check_offline(name, page)
    return page


def _make_exporter(filters: Mapping[str, Callable[..., str]]) -> Any:
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(template_name=TEMPLATE.name, extra_template_basedirs=[str(HERE)])
    for name, function in {**filters, "alt_text": find_alt_text, "fold_stream": fold_stream}.items():
        exporter.register_filter(name, function)
    return exporter


def fold_stream(output: Any) -> str:
    """Return the words under which a printed text is folded away, or nothing when it is short enough to show."""
    lines = [line for line in re.split(r"[\r\n]+", output.text) if line.strip()]
    if any(BAR.match(line.strip()) for line in lines):
        return "Progress"
    if output.name == "stderr":
        return "Messages"
    return f"Printed text, {len(lines)} lines" if len(lines) > SHOWN_LINES else ""


def _draw_contents(headings: Sequence[tuple[int, str, str]]) -> str:
    entries = [f'<li><a href="#{anchor}">{title}</a></li>' for level, anchor, title in headings if level == 2]
    if len(entries) < 2:
        return ""
    return f'<nav class="contents" aria-label="On this page"><h2>On this page</h2><ol>{"".join(entries)}</ol></nav>'


def _check_offline(name: str, page: str) -> None:
    # Shown code and words about the web are escaped, so what is found here is markup.
    found = REQUESTS.search(page)
    if found:
        raise PageError(f"{name} would make a browser load {found[0][:80]!r}; the report must be whole by itself.")


def _hash_all(*contents: bytes) -> str:
    digest = hashlib.sha256(_hash_design().encode())
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


@cache
def _hash_design() -> str:
    files = sorted([*TEMPLATE.iterdir(), HERE / "html.py", HERE / "markdown.py", HERE / "index.py"])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if path.is_file())).hexdigest()


def _write_if_changed(path: Path, content: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        runs.write_atomically(path, content)
