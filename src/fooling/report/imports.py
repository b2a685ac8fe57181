"""Which files of the package a page's code reaches by its imports, found by reading and not by running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from fooling import runs
from fooling.report.pages import Page, RefusedError

# A page depends on its own settings (see freshness.py) and not on other experiments', which are in the same files.
LEFT_OUT = "profiles"


def reach_modules(page: Page, package: Path) -> set[Path]:
    """Return every file of ``package`` that the page's code imports, directly or through other files of it.

    Raises:
        RefusedError: If a code cell is not Python.
    """
    waiting: list[Path] = []
    for number, cell in enumerate((cell for cell in page.cells if cell.kind == "code"), start=1):
        waiting += _find_files(_parse_cell(page.name, number, cell.source), package, here=())
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in reached and path.relative_to(package).parts[0] != LEFT_OUT:
            reached.add(path)
            waiting += _imported_files(path, path.stat().st_mtime_ns, package)
    return reached


def _parse_cell(page: str, number: int, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        # Lines of IPython (%matplotlib, !ls) import nothing of ours; what is left must be Python.
        plain = re.sub(r"^(\s*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return ast.parse(plain)
    except SyntaxError as error:
        raise RefusedError(f"Code cell {number} of {page} is not Python ({error.msg}, line {error.lineno}).") from error


def hash_module(path: Path) -> str:
    """Return a hash of what a file of the package does; comments and docstrings leave it as it is.

    Raises:
        RefusedError: If the file is not Python.
    """
    return _hash_source(path, path.stat().st_mtime_ns)


# The time of the last change is in the keys, because a report of hours must see an edit made while it runs.
@lru_cache(maxsize=1024)
def _hash_source(path: Path, changed: int) -> str:
    try:
        return runs.hash_source(path)
    except SyntaxError as error:
        raise RefusedError(f"{path.name} is not Python ({error.msg}, line {error.lineno}).") from error


@lru_cache(maxsize=1024)
def _imported_files(path: Path, changed: int, package: Path) -> tuple[Path, ...]:
    folder = path.relative_to(package).parent.parts
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise RefusedError(f"{path.name} is not Python ({error.msg}, line {error.lineno}).") from error
    return tuple(_find_files(tree, package, here=(package.name, *folder)))


def _find_files(tree: ast.AST, package: Path, here: tuple[str, ...]) -> list[Path]:
    files: list[Path] = []
    for dotted in _imported_names(tree, here):
        if dotted[0] == package.name:
            for length in range(1, len(dotted) + 1):
                files += _module_file(package, dotted[1:length])
    return files


def _imported_names(tree: ast.AST, here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            # `from package import name` may mean a module; if it does not, no file is found for it.
            yield from ((*base, alias.name) for alias in node.names if base)


def _module_file(package: Path, parts: tuple[str, ...]) -> list[Path]:
    folder = package.joinpath(*parts)
    candidates = [folder / "__init__.py"] + ([folder.with_suffix(".py")] if parts else [])
    return [path for path in candidates if path.is_file()]
