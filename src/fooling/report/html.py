"""The HTML report: executed notebooks as pages that need no network, and an index of what was found."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from fooling import files, runs
from fooling.pages.page import find_remedy
from fooling.report import breed, freshness
from fooling.report.bundle import HERE
from fooling.report.freshness import Manifest
from fooling.report.gallery import update_gallery
from fooling.report.index import draw_index, find_group, find_images, find_title, format_versions, outline_paper
from fooling.report.inspection import PageError, check_pictures, find_alt_text, settle_widgets
from fooling.report.markup import POLICY, check_markup, is_made_of
from fooling.report.notebooks import Workspace, read_cells
from fooling.report.runner import BAR
from fooling.words import show_seconds

# Text that a page prints is shown up to this many lines; more is folded.
SHOWN_LINES = 12
# In a figure's description: a sentence's end (after a number, but not "St."), a semicolon, or a colon after many words.
NUMBERS_BEGIN = re.compile(r"(?:(?<=[^\s.]{3})|(?<=\d))\.\s|\.\s(?=The \d)|;\s|(?<=[^:]{45}):\s")


def update_report(
    workspace: Workspace, statuses: Mapping[str, freshness.Status], only: Sequence[str] | None = None
) -> Path:
    """Draw pages of the report whose notebooks changed, those for breeding and looking, and the index; return its path.

    While a report runs, ``only`` names the page that has just ended; None looks at all, and at the gallery. Errors are
    those of :func:`draw_page`, :func:`breed.update_breed` and :func:`~fooling.report.gallery.update_gallery`.
    """
    run = {name: path for name in sorted(statuses) if (path := workspace.executed(name)).is_file()}
    titles = {name: find_title(read_cells(path)) or name for name, path in run.items()}
    for name, path in run.items():
        if only is None or name in only:
            _update_page(name, path.read_text(encoding="utf-8"), titles, workspace)
    for path in workspace.report().parent.glob("[0-9][0-9]_*.html"):
        if path.stem not in titles:
            path.unlink()
    breed.update_breed(workspace, titles)
    if only is None:
        update_gallery(workspace, statuses)
    files.write_atomically(workspace.report(), check_markup("index", draw_index(workspace, statuses)))
    return workspace.report()


def _update_page(name: str, content: str, titles: Mapping[str, str], workspace: Workspace) -> None:
    """Draw a page unless it was drawn from the same before."""
    manifest, path = freshness.read_manifest(workspace, name), workspace.report(name)
    about = [freshness.hash_package(runs.PACKAGE), content, manifest, workspace.profile, titles]
    made_of = files.hash_text(json.dumps(about, sort_keys=True))
    if is_made_of(path, made_of):
        return
    try:
        files.write_atomically(path, draw_page(name, content, titles, workspace.profile, manifest, made_of))
    except PageError as error:
        raise PageError(f"{name}: {error}") from error
    except files.DamagedError as error:
        raise files.DamagedError(f"{name}.ipynb is damaged; {find_remedy(workspace.results, name)}.") from error


def draw_page(
    name: str, content: str, titles: Mapping[str, str], profile: str, manifest: Manifest, made_of: str = ""
) -> str:
    """Return an executed notebook, given as its file holds it, as one HTML page.

    Links may lead to the pages of ``titles``. A page by itself, such as an audit's, has none (``{}``): then nothing
    leads to an index or to another page, and links to other notebooks are plain words. ``profile`` and ``manifest``
    may be empty, too; ``made_of`` is a hash that says when the page must be drawn again. DamagedError if it is no whole
    notebook; PageError if a picture has no description, a formula cannot be read, or the page holds markup that it must
    not.
    """
    import nbformat
    from nbconvert.exporters import HTMLExporter

    from fooling.report.markdown import PageText, link_page

    try:
        nbformat.validate(json.loads(content), version=4)  # what reads only warns of, in many lines
        notebook = nbformat.reads(content, as_version=4)
    except Exception as error:  # they raise whatever they run into
        raise files.DamagedError(f"The executed notebook cannot be read ({type(error).__name__}).") from error
    check_pictures(notebook)
    settle_widgets(notebook)
    text, names = PageText(titles), ["", *titles, ""]
    place = names.index(name) if name in titles else None
    exporter = HTMLExporter(template_name="template", extra_template_basedirs=[str(HERE)])
    exporter.environment.filters |= {
        "markdown2html": text.to_html,
        "link_page": lambda markup: link_page(markup, titles),
        "alt_text": find_alt_text,
        "images": find_images,
        "paper": outline_paper,
        "caption": find_caption,
        "fold_stream": fold_stream,
        "encode": lambda text: base64.b64encode(text.encode()).decode(),  # of an SVG: no script of a picture runs
    }
    exporter.environment.globals["page"] = {
        "name": name,
        "profile": profile,
        "title": find_title(notebook.cells) or name,
        "titles": titles,
        "group": find_group(name) if place else "",
        "previous": names[place - 1] if place else "",
        "next": names[place + 1] if place else "",
        "cost": show_seconds(manifest["seconds"]) if "seconds" in manifest else "",
        "versions": format_versions([manifest] if "versions" in manifest else []),
        "made_of": made_of,
        "policy": POLICY,
        "sections": text.sections,  # filled while the cells are drawn
        "count_figure": count(1).__next__,
    }
    return check_markup(name, str(exporter.from_notebook_node(notebook)[0]))


def find_caption(alt: str) -> str:
    """Return what a figure's description says before its numbers begin, as a sentence."""
    return f"{alt[:1].upper()}{NUMBERS_BEGIN.split(alt, maxsplit=1)[0].rstrip('.')[1:]}."


def fold_stream(output: Any) -> str:
    """Return the words under which a printed text is folded away, or nothing when it is short enough to show."""
    lines = [line for line in re.split(r"[\r\n]+", output.text) if line.strip()]
    if any(BAR.match(line.strip()) for line in lines):
        return "Progress"
    if output.name == "stderr":
        return "Messages"
    return f"Printed text, {len(lines)} lines" if len(lines) > SHOWN_LINES else ""
