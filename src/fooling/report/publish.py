"""Copy what a profile ran, when it is fresh and whole, to ``published/``: the folder that is committed and read."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from fooling.report import freshness, html
from fooling.report.freshness import Status
from fooling.report.inspection import MAX_NOTEBOOK_BYTES, PageError, find_private_line
from fooling.report.pages import Page, RefusedError, Workspace
from fooling.report.runner import lock_results

PUBLISHED = "published"
# Only needed to go on with a run, and the largest files of one.
LEFT_OUT = ("checkpoint-*", ".*")
TEXTS = (".json", ".html", ".ipynb")
RESULT, GENOMES = "result.npz", "genome_"
# Bytes of a result's genomes, compressed; Choice: 14 times those of ten runs on digits, so that only large images lose
# theirs.
LARGE_GENOMES = 4_000_000


def publish(pages: Mapping[str, Page], workspace: Workspace) -> tuple[Path, int]:
    """Copy a profile's pages, numbers, report and the runs behind them; return the folder and its size in bytes.

    A kill at any moment leaves what was published before or what is published now, and never a mixture.

    Raises:
        RefusedError: If a page is not fresh, something that it names is missing, or the copy is not what it must be.
    """
    with lock_results(workspace):
        statuses = freshness.survey(pages, workspace)
        _check_fresh(statuses, workspace.profile)
        try:
            html.update_report(workspace, statuses)
        except PageError as error:
            raise RefusedError(str(error)) from error
        target = workspace.results.parent / PUBLISHED / workspace.profile
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{workspace.profile}."))
        try:
            copy.chmod(0o755)
            _copy_pages(statuses, workspace, copy)
            _copy_runs(statuses, workspace, copy)
            verify(workspace._replace(results=copy), statuses, workspace.results)
            replace_folder(copy, target)
        finally:
            shutil.rmtree(copy, ignore_errors=True)
    return target, sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def _check_fresh(statuses: Mapping[str, Status], profile: str) -> None:
    for status in statuses.values():
        if status.state != freshness.FRESH:
            why = f" ({status.why})" if status.why else ""
            sentence = f"{status.name} is {status.state} at profile {profile}{why}"
            raise RefusedError(f"{sentence}; run `fooling report --profile {profile}` first.")


def _copy_pages(names: Iterable[str], workspace: Workspace, copy: Path) -> None:
    files = [workspace.report()]
    for name in names:
        files += [workspace.executed(name), workspace.manifest(name), workspace.report(name)]
        files += [workspace.metrics(name)] if workspace.metrics(name).is_file() else []
    for file in files:
        place = copy / file.relative_to(workspace.results)
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, place)


def _copy_runs(names: Iterable[str], workspace: Workspace, copy: Path) -> None:
    for name in names:
        for run in freshness.read_json(workspace.metrics(name)).get("runs", []):
            source = workspace.results / "runs" / str(run)
            if Path(str(run)).name != run or not source.is_dir():
                raise RefusedError(f"{name} names the run {run!r}, but there is no such folder in {source.parent}.")
            if not (copy / "runs" / run).exists():
                left_out = shutil.ignore_patterns(*LEFT_OUT)
                shutil.copytree(source, copy / "runs" / run, ignore=left_out, copy_function=copy_without_large_genomes)


def copy_without_large_genomes(source: str | Path, place: str | Path) -> None:
    """Copy a file of a run; where its genomes are large, a result loses them and keeps its history and confidences.

    The images that pages show are beside it, as ``shown-*.npz``, so the pages can still be drawn.

    Raises:
        RefusedError: If a result is damaged.
    """
    source = Path(source)
    if source.name != RESULT:
        shutil.copyfile(source, place)
        return
    try:
        with zipfile.ZipFile(source) as whole:
            genomes = [member for member in whole.infolist() if member.filename.startswith(GENOMES)]
            if sum(member.compress_size for member in genomes) <= LARGE_GENOMES:
                shutil.copyfile(source, place)
            else:
                _copy_members(whole, {member.filename for member in genomes}, place)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError(f"{source.parent.name}/{RESULT} is damaged; delete that folder to run again.") from error


def _copy_members(whole: zipfile.ZipFile, left_out: set[str], place: str | Path) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as rest:
        for member in whole.infolist():
            if member.filename not in left_out:
                rest.writestr(zipfile.ZipInfo(member.filename, member.date_time), whole.read(member), rest.compression)


def restore(workspace: Workspace) -> int:
    """Copy a profile's published runs to where its pages look for finished runs; return how many were copied.

    A page finds a run again by its key: the same code, TensorFlow and number of threads. Others stay unused.

    Raises:
        RefusedError: If nothing is published at this profile.
    """
    published = workspace.results.parent / PUBLISHED / workspace.profile / "runs"
    if not published.is_dir():
        raise RefusedError(f"Nothing is published at profile {workspace.profile}.")
    with lock_results(workspace):
        present = workspace.results / "runs"
        missing = [run for run in sorted(published.iterdir()) if not (present / run.name).exists()]
        for run in missing:
            copy = present / f".{run.name}"
            shutil.copytree(run, copy, dirs_exist_ok=True)
            copy.rename(present / run.name)
    return len(missing)


def verify(copy: Workspace, names: Iterable[str], original: Path) -> None:
    """Check that a copy is what its manifests say, small enough, and free of this machine's paths.

    Args:
        copy: The workspace whose results are the copy.
        names: The pages that must be there.
        original: The results that were copied, whose own path must not occur either.

    Raises:
        RefusedError: If it is not.
    """
    for name in names:
        manifest = freshness.read_json(copy.manifest(name))
        for key, path in (("notebook", copy.executed(name)), ("metrics", copy.metrics(name))):
            if freshness.hash_file(path) != manifest.get(key):
                raise RefusedError(f"{path.name} of {name} is not what its manifest says; run the page again.")
        if copy.executed(name).stat().st_size > MAX_NOTEBOOK_BYTES:
            raise RefusedError(f"{name}.ipynb is larger than {MAX_NOTEBOOK_BYTES / 1e3:,.0f} KB.")
    for path in sorted(copy.results.rglob("*")):
        if path.suffix in TEXTS:
            line = find_private_line(path.read_text(encoding="utf-8"), original)
            if line:
                place = path.relative_to(copy.results)
                raise RefusedError(f"{place} holds a path of this machine: {line[:160]!r}.")


def replace_folder(new: Path, old: Path) -> None:
    """Put the folder ``new`` in the place of ``old``; what was there, if anything, is then at ``new`` or gone."""
    if not old.exists():
        new.rename(old)
    elif not _exchange(new, old):
        # Without a system call that exchanges two folders there is a moment between two renames; the old one
        # is then still whole, beside its place.
        aside = old.with_name(f".{old.name}.before")
        shutil.rmtree(aside, ignore_errors=True)
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)


def _exchange(one: Path, other: Path) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, ctypes.c_uint(2)) == 0)  # RENAME_SWAP
        here = ctypes.c_int(-100)  # AT_FDCWD
        return bool(library.renameat2(here, names[0], here, names[1], ctypes.c_uint(2)) == 0)  # RENAME_EXCHANGE
    except AttributeError:  # the C library is older than the call
        return False
