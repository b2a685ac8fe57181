"""Copy what a profile ran, when it is fresh and whole, to ``published/``, the folder that is committed and read.

``published/`` itself holds one set of pages with their numbers, report and runs, the largest that there is. Beside it,
``published/default/`` holds the numbers alone of the profile that a newcomer runs, to compare theirs with. What README
and GUIDE.md tell of them, and the README's picture, is made from what is published.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from fooling import arithmetic, files, runs
from fooling.pages.answer import tell_answer, tell_highlights
from fooling.pages.finding import ORIGINS, read_origins
from fooling.pages.page import PUBLISHED, read_metrics
from fooling.report import freshness, html
from fooling.report.breed import NAME as BREED
from fooling.report.costs import count_seconds, tabulate_profiles
from fooling.report.index import QUALITY, collect_findings, encode_picture, find_pictures, find_title
from fooling.report.inspection import PageError, find_private_line
from fooling.report.notebooks import Notebook, RefusedError, Workspace, read_cells
from fooling.report.runner import lock_results
from fooling.words import Markup, list_words, table

WHOLE, NUMBERS = ("extended", "paper"), "default"  # profiles published as the set, and by their numbers alone
# Only needed to go on with a run, and the largest files of one.
LEFT_OUT = shutil.ignore_patterns("checkpoint-*", ".*")
# Bytes of a result's genomes, compressed; Choice: 14 times those of ten runs on digits, so that only large images lose
# theirs.
LARGE_GENOMES = 4_000_000
PICTURE = "champions.webp"  # of the README
GUIDE = "GUIDE.md"  # what there is to run, beside the README
ARITHMETIC = re.compile(r"-[0-9a-f]{12}-(?P<arithmetic>[0-9a-f]{4})(-\d+)?$")  # at the end of a run's name


def publish(pages: Mapping[str, Notebook], workspace: Workspace) -> tuple[Path, int]:
    """Copy a profile's pages, numbers, report and the runs behind them; return the folder and its size in bytes.

    A kill leaves what was published before or what is published now, and never a mixture.

    Raises:
        RefusedError: If the profile is not one to publish, a page is not fresh, something that it names is missing,
            or the copy is not what it must be.
    """
    profile, whole = workspace.profile, workspace.profile in WHOLE
    if not whole and profile != NUMBERS:
        choice = ", ".join((NUMBERS, *WHOLE))
        raise RefusedError(f"Profile {profile} is too small to be published; choose from {choice}.")
    with lock_results(workspace), files.lock_folder(workspace.results.parent):  # other profiles publish there, too
        statuses = freshness.survey(pages, workspace)
        for status in statuses.values():
            if status.state != freshness.FRESH:
                sentence = f"{status.name} is {status.state} at profile {profile}{status.why and f' ({status.why})'}"
                raise RefusedError(f"{sentence}; run `fooling report --profile {profile}` first.")
        target = workspace.published if whole else workspace.published / NUMBERS
        _clear_kills(workspace)
        target.parent.mkdir(exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=workspace.results.parent, prefix=".published."))
        try:
            copy.chmod(0o755)
            if whole:
                _copy_set(statuses, workspace, copy)
            else:
                _copy_files(workspace, copy, (workspace.metrics(name) for name in statuses))
            seconds = count_seconds(workspace.results)
            origins = {name: {"profile": profile, "seconds": round(seconds.get(name, 0.0), 1)} for name in statuses}
            files.write_json(copy / ORIGINS, origins)
            verify(workspace._replace(results=copy), statuses if whole else (), workspace.results)
            replace_folder(copy, target)
        finally:
            shutil.rmtree(copy, ignore_errors=True)
    return target, sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def _clear_kills(workspace: Workspace) -> None:
    """Put back what a kill left aside between the two renames of :func:`replace_folder`; delete what is half copied."""
    for folder in (workspace.published, workspace.published / NUMBERS):
        if _aside(folder).exists() and not folder.exists():
            _aside(folder).rename(folder)
        shutil.rmtree(_aside(folder), ignore_errors=True)
    for copy in workspace.results.parent.glob(".published.????????"):
        shutil.rmtree(copy, ignore_errors=True)


def _copy_set(statuses: Mapping[str, freshness.Status], workspace: Workspace, copy: Path) -> None:
    """Copy pages, numbers, manifests, the report and runs, and keep the numbers of the other profile."""
    try:
        html.update_report(workspace, statuses)
    except PageError as error:
        raise RefusedError(str(error)) from error
    _copy_files(workspace, copy, [workspace.report(), workspace.report(BREED), workspace.report("gallery")])
    for name in statuses:
        own = (workspace.executed, workspace.manifest, workspace.report, workspace.metrics)
        _copy_files(workspace, copy, (find(name) for find in own))
        for run in read_metrics(workspace.results, name).get("runs", []):
            _copy_run(name, str(run), workspace.run(str(run)), copy / "runs" / str(run))
    numbers = workspace.published / NUMBERS
    if (numbers / ORIGINS).is_file():
        shutil.copytree(numbers, copy / NUMBERS)


def _copy_files(workspace: Workspace, copy: Path, paths: Iterable[Path]) -> None:
    """Copy those files of a profile's results that there are; a page may have no numbers."""
    for path in paths:
        if path.is_file():
            place = copy / path.relative_to(workspace.results)
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, place)


def _copy_run(page: str, run: str, source: Path, place: Path) -> None:
    """Copy a run that a page names."""
    if Path(run).name != run or not source.is_dir():
        raise RefusedError(f"{page} names the run {run!r}, but there is no such folder in {source.parent}.")
    if not place.exists():
        shutil.copytree(source, place, ignore=LEFT_OUT, copy_function=copy_without_large_genomes)


def copy_without_large_genomes(source: str | Path, place: str | Path) -> None:
    """Copy a file of a run; where its genomes are large, a result loses them and keeps its history and confidences.

    The images that pages show are beside it, as ``shown-*.npz``, so the pages can still be drawn.
    """
    source = Path(source)
    try:
        if source.name == "result.npz":
            with zipfile.ZipFile(source) as result:
                genomes = [member for member in result.infolist() if member.filename.startswith("genome_")]
                if sum(member.compress_size for member in genomes) > LARGE_GENOMES:
                    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as rest:
                        for member in result.infolist():
                            if member not in genomes:
                                about = zipfile.ZipInfo(member.filename, member.date_time)
                                rest.writestr(about, result.read(member), rest.compression)
                    return
    except (zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError(f"{source.parent.name}/result.npz is damaged; delete that folder to run again.") from error
    shutil.copyfile(source, place)


def restore(workspace: Workspace) -> tuple[int, int]:
    """Copy the published runs to where a profile's pages look for finished runs, but for those finished there.

    Return how many published runs have the arithmetic of this machine, so that its pages find them, and how many have
    not. RefusedError if nothing is published at this profile.
    """
    published = workspace.published
    profiles = {page["profile"] for page in read_origins(published).values()}
    if workspace.profile not in profiles or not (published / "runs").is_dir():
        found = f"; there are runs of {', '.join(sorted(profiles))}" if profiles else ""
        raise RefusedError(f"No runs are published at profile {workspace.profile}{found}.")
    names = sorted(path.name for path in (published / "runs").iterdir())
    with lock_results(workspace):
        for name in names:
            place, source = workspace.run(name), published / "runs" / name
            needed = [end for end in runs.FINISHED if (source / end).exists()]
            if not place.exists() or not all((place / end).exists() for end in needed):
                copy = place.with_name(f".{name}")
                shutil.copytree(source, copy, dirs_exist_ok=True)
                shutil.rmtree(place, ignore_errors=True)  # what was begun and not finished
                copy.rename(place)
    kinds = [match["arithmetic"] for match in map(ARITHMETIC.search, names) if match]
    here = kinds.count(arithmetic.get_hash())
    return here, len(names) - here


def verify(copy: Workspace, names: Iterable[str], original: Path) -> None:
    """Raise RefusedError unless a copy is what the pages' manifests say, and free of paths of this machine.

    The path of the ``original`` results must not occur in it, either.
    """
    for name in names:
        manifest = freshness.read_manifest(copy, name)
        named = (manifest.get("notebook"), copy.executed(name)), (manifest.get("metrics"), copy.metrics(name))
        for known, path in named:
            if freshness.hash_file(path) != known:
                raise RefusedError(f"{path.name} of {name} is not what its manifest says; run the page again.")
    for path in sorted(copy.results.rglob("*")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.suffix in (".json", ".html", ".ipynb") else ""
        if line := find_private_line(text, original):
            raise RefusedError(f"{path.relative_to(copy.results)} holds a path of this machine: {line[:160]!r}.")


def replace_folder(new: Path, old: Path) -> None:
    """Put the folder ``new`` in the place of ``old``, if there is one, by two renames.

    Whoever looks between them, or after a kill there, finds ``old`` whole beside its place, as ``.NAME.before``.
    """
    if old.exists():
        shutil.rmtree(_aside(old), ignore_errors=True)
        old.rename(_aside(old))
    new.rename(old)
    shutil.rmtree(_aside(old), ignore_errors=True)


def _aside(folder: Path) -> Path:
    """Return where a folder is while it is being replaced."""
    return folder.with_name(f".{folder.name}.before")


def update_readme(readme: Path, published: Path) -> None:
    """Write what README and GUIDE.md tell of the published pages, and the picture: the first of the overview.

    RefusedError if one of the two is missing.
    """
    texts = (readme, readme.with_name(GUIDE))
    if missing := [path.name for path in texts if not path.is_file()]:
        raise RefusedError(
            f"The pages are published, but {list_words(missing)} beside results/ is missing; restore it."
        )
    for path in texts:
        files.write_atomically(path, fill_readme(path.read_text(encoding="utf-8"), published))
    for overview in published.glob("00_*.ipynb"):
        files.write_atomically(published / PICTURE, read_first_picture(overview))


def fill_readme(text: str, published: Path) -> str:
    """Return a text with its answer, highlights, costs and pages made anew from what is published."""
    link = f"results/{PUBLISHED}/"
    found, pages = collect_findings([published]), sorted(published.glob("[0-9][0-9]_*.ipynb"))
    questions = [(Markup(f"[{path.stem[:2]}]({link}{path.name})"), find_title(read_cells(path))) for path in pages]
    tables = {
        "answer": tell_answer(found),
        "highlights": tell_highlights(found, folder=link),
        "costs": tabulate_profiles(published),
        "pages": table(("page", "question"), questions),
    }
    for name, told in tables.items():
        block = re.search(rf"<!-- {name}[^\n]*-->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
        if block:
            text = f"{text[: block.start(1)]}{told}\n{text[block.end(1) :]}"
    return text


def read_first_picture(notebook: Path) -> bytes:
    """Return the first picture that an executed notebook shows, as WebP; ValueError if it shows none."""
    pictures = find_pictures(read_cells(notebook))
    if not pictures:
        raise ValueError(f"{notebook.name} shows no picture.")
    return encode_picture(pictures[0], "webp", quality=QUALITY, method=6)
