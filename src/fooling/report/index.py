"""The first page of the report: what was found in a line each, then the pages, grouped, with a picture and the cost."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from fooling.pages import contents
from fooling.pages.answer import count_verdicts, list_answer
from fooling.pages.finding import Finding, collect
from fooling.pages.page import find_remedy
from fooling.report import freshness
from fooling.report.breed import NAME as BREED
from fooling.report.bundle import TEMPLATE, fill_template
from fooling.report.costs import count_seconds
from fooling.report.freshness import Status
from fooling.report.inspection import find_alt_text
from fooling.report.markup import POLICY
from fooling.report.notebooks import OVERVIEW, ExecutedCell, RefusedError, Workspace, read_cells
from fooling.words import show_seconds

# The first number of each group of pages.
GROUPS = {0: "Overview", 1: "Digits", 6: "ImageNet", 10: "Digits and ImageNet", 13: "Beyond the paper"}
NAMES = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
WIDTH, HEIGHT = 640, 400  # pixels of a cover at most, two for each of the page
OPENING = 1840  # pixels across the overview's, which the index opens with; Choice: as many as its figure has
QUALITY = 62  # of WebP; Choice: about 20 KB each, so that the index opens at once


class Picture(NamedTuple):
    """A figure of a page; places in it are left, top, right and bottom, as shares: see fooling.figures.style.Figure."""

    data: str  # its file in base 64
    alt: str  # what it shows, in words
    cover: tuple[float, ...] = ()  # the part of it that stands for its page
    images: tuple[tuple[float, ...], ...] | None = ()  # where it shows images; None where that is not known
    card: tuple[float, ...] = ()  # that part and the paper around it, as a card of the index shows it


def draw_index(workspace: Workspace, statuses: Mapping[str, Status]) -> str:
    """Return the index of all pages as HTML; the same results give the same bytes."""
    seconds = count_seconds(workspace.results)
    entries = [_describe_page(statuses[name], workspace, seconds.get(name, 0.0)) for name in sorted(statuses)]
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(find_group(entry["name"]), []).append(entry)
    overview = groups.pop(GROUPS[int(OVERVIEW)], [None])[0]
    findings = collect_findings([workspace.results])
    manifests = [freshness.read_manifest(workspace, name) for name in sorted(statuses)]
    return fill_template(
        TEMPLATE,
        "report.html.j2",
        profile=workspace.profile,
        policy=POLICY,
        outline_paper=outline_paper,
        findings=findings,
        verdicts=count_verdicts(findings),
        answer=list_answer(findings),
        shown=[entry["name"] for entry in entries if entry["run"]],
        overview=overview,
        gallery=workspace.report("gallery").is_file(),
        groups=groups,
        breed=workspace.report(BREED).is_file(),
        cost=show_seconds(sum(seconds.values())),
        versions=format_versions([manifest for manifest in manifests if manifest]),
    )


def collect_findings(folders: Iterable[Path]) -> tuple[Finding, ...]:
    """Return what the pages found whose numbers are in these folders, the one that is to be believed first.

    RefusedError if a page's numbers are damaged, or from before an edit of the code that judges them.
    """
    try:
        return collect(contents.CLAIMS, folders)
    except ValueError as error:
        raise RefusedError(f"The findings cannot be told: {error}") from error


def find_group(name: str) -> str:
    """Return the words for the group of pages that a page belongs to, by its number."""
    return GROUPS[max(first for first in GROUPS if first <= int(name[:2]))]


def _describe_page(status: Status, workspace: Workspace, seconds: float) -> dict[str, Any]:
    """Return what the index shows of a page."""
    path = workspace.executed(status.name)
    cells = read_cells(path)
    note = "" if status.state == freshness.FRESH else f"{status.state}: {status.why}".removesuffix(": ")
    return {
        "name": status.name,
        "number": status.name[:2],
        "title": find_title(cells) or status.name,
        "run": path.is_file(),
        "picture": _draw_thumbnail(path, cells, OPENING if status.name[:2] == OVERVIEW else WIDTH),
        "cost": show_seconds(seconds) if seconds else "",
        "note": "" if status.state == freshness.MISSING and not path.is_file() else note,
    }


def _draw_thumbnail(path: Path, cells: Sequence[ExecutedCell], width: int) -> Picture | None:
    """Return the picture by which a page is known; RefusedError if one of its pictures is damaged."""
    try:
        return draw_thumbnail(find_pictures(cells), width)
    except Exception as error:  # a damaged file can raise nearly anything
        told = f"{path.name} shows a picture that is damaged; {find_remedy(path.parent, path.stem)}."
        raise RefusedError(told) from error


def find_title(cells: Iterable[Mapping[str, Any]]) -> str:
    """Return the first heading of a notebook as plain words, or nothing."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^#\s+(.+)$", "".join(cell.get("source", "")), flags=re.MULTILINE)
            if found:
                return html.unescape(re.sub(r"[*_`$]|\[|\]\([^)]*\)|<[^>]*>", "", found[1])).strip()
    return ""


def find_pictures(cells: Iterable[Mapping[str, Any]]) -> tuple[Picture, ...]:
    """Return every PNG and JPEG that an executed notebook shows, in order."""
    return tuple(
        Picture(
            "".join(output["data"][kind]),
            find_alt_text(output, kind),
            tuple(output.get("metadata", {}).get(kind, {}).get("cover", ())),
            find_images(output, kind),
        )
        for cell in cells
        for output in cell.get("outputs", ())
        for kind in ("image/png", "image/jpeg")
        if kind in output.get("data", {})
    )


def find_images(output: Mapping[str, Any], kind: str) -> tuple[tuple[float, ...], ...] | None:
    """Return where a picture of an output shows images, as its figure told; None where it did not."""
    try:
        told = output["metadata"][kind]["images"]
        return tuple((float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in told)
    except (KeyError, TypeError, ValueError):
        return None


def outline_paper(images: Iterable[Sequence[float]], seen: Sequence[float] = (), card: Sequence[float] = ()) -> str:
    """Return what is around images as a polygon of CSS, in the part of a picture that is seen, or in its card."""
    part = seen or (0.0, 0.0, 1.0, 1.0)
    left, top, right, bottom = card or part
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    for image in images:  # each a hole, from which the line goes back to where it began
        kept = [min(max(image[side], part[side % 2]), part[side % 2 + 2]) for side in range(4)]
        west, east = ((kept[side] - left) / (right - left) for side in (0, 2))
        north, south = ((kept[side] - top) / (bottom - top) for side in (1, 3))
        corners += [(west, north), (east, north), (east, south), (west, south), (west, north), (0.0, 0.0)]
    return f"polygon(evenodd, {', '.join(f'{100 * across:.5g}% {100 * down:.5g}%' for across, down in corners)})"


def find_card(part: Sequence[float], shape: float) -> tuple[float, ...]:
    """Return a part of a picture, so many times as wide as high, with the paper that fills up a card of the index."""
    left, top, right, bottom = part
    wider, higher = max(1.0, WIDTH / HEIGHT / shape), max(1.0, shape * HEIGHT / WIDTH)
    across, down = (right - left) * (wider - 1) / 2, (bottom - top) * (higher - 1) / 2
    return left - across, top - down, right + across, bottom + down


def format_versions(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return what pages ran with, in one line; pages that differ are all told."""
    lines = []
    for manifest in manifests:
        versions = manifest.get("versions", {})
        words = [f"{NAMES[name]} {versions[name]}" for name in NAMES if name in versions]
        lines.append(", ".join([*words, f"{manifest.get('threads')} threads"]))
    return "; ".join(dict.fromkeys(lines))


@lru_cache(maxsize=32)  # while a report runs, its index is drawn anew after every page
def draw_thumbnail(pictures: tuple[Picture, ...], width: int = WIDTH) -> Picture | None:
    """Return a page's cover as WebP, so wide at most; None when there is no figure.

    It is the part that its first sheet of images names, or else its first figure, whole.
    """
    chosen = next((picture for picture in pictures if picture.cover), next(iter(pictures), None))
    if chosen is None:
        return None
    sheet = open_picture(chosen)
    part = left, top, right, bottom = chosen.cover or (0.0, 0.0, 1.0, 1.0)
    across, down = sheet.size
    shown = sheet.crop((round(left * across), round(top * down), round(right * across), round(bottom * down)))
    shown.thumbnail((width, width * HEIGHT // WIDTH), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    shown.save(encoded, "webp", quality=QUALITY)
    card = find_card(part, shown.width / shown.height)
    return chosen._replace(data=base64.b64encode(encoded.getvalue()).decode(), card=card)


def open_picture(picture: Picture) -> Image.Image:
    """Return a figure on white paper."""
    drawn = Image.open(io.BytesIO(base64.b64decode(picture.data)), formats=["PNG", "JPEG"]).convert("RGBA")
    sheet = Image.new("RGBA", drawn.size, "white")
    sheet.alpha_composite(drawn)
    return sheet.convert("RGB")


def encode_picture(picture: Picture, kind: str, **options: Any) -> bytes:
    """Return a figure as a file of another kind."""
    encoded = io.BytesIO()
    open_picture(picture).save(encoded, kind, **options)
    return encoded.getvalue()
