"""How far a report is: a line per page that is redrawn on a terminal, and now and then a line elsewhere."""

from __future__ import annotations

import re
import shutil
import threading
import time
from typing import TextIO

# The shape of a tqdm bar: "evolving:  45%|####    | 90/200 [00:50<01:10, 1.8it/s]".
BAR = re.compile(r"^(?P<what>.*?):?\s*(?P<percent>\d+)%\|.*\[(?P<spent>[\d:]+)<(?P<left>[\d:?]+)")
QUIET_SECONDS = 10.0  # without a terminal, a page says how far it is at most this often


class Progress:
    """Show pages as they run; several threads may report at once.

    On a terminal the running pages are the last lines and are redrawn; elsewhere (a log, a pipe) every line stays.
    """

    def __init__(self, out: TextIO, total: int) -> None:
        """Start with ``total`` pages to run, none begun."""
        self._out, self._total, self._terminal = out, total, out.isatty()
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._said_at: dict[str, float] = {}
        self._lines: dict[str, str] = {}
        self._drawn = 0

    def start(self, page: str) -> None:
        """Say that a page begins."""
        with self._lock:
            self._started[page] = time.monotonic()
            self._show(page, "starting")

    def update(self, page: str, cell: int, cells: int, text: str) -> None:
        """Say that a page is in a cell, and the last thing that it printed."""
        with self._lock:
            if self._terminal or time.monotonic() - self._said_at[page] >= QUIET_SECONDS:
                self._show(page, f"cell {cell}/{cells}  {shorten_bar(text)}".rstrip())

    def finish(self, page: str, outcome: str) -> None:
        """Say how a page ended; ``outcome`` is ``done`` or why it failed."""
        with self._lock:
            seconds = time.monotonic() - self._started.get(page, time.monotonic())
            self._lines.pop(page, None)
            self._redraw(above=f"{self._head(page)}  {outcome} ({seconds:.0f} s)\n")

    def skip(self, page: str, why: str) -> None:
        """Say that a page does not run."""
        with self._lock:
            self._redraw(above=f"{self._head(page)}  {why}\n")

    def clear(self) -> None:
        """Take the lines of running pages off the terminal."""
        with self._lock:
            self._lines.clear()
            self._redraw()

    def _head(self, page: str) -> str:
        """Return the beginning of every line about a page."""
        number = self._numbers.setdefault(page, len(self._numbers) + 1)
        return f"[{number} of {self._total}] {page}"

    def _show(self, page: str, words: str) -> None:
        """Say what a running page does."""
        self._said_at[page] = time.monotonic()
        line = f"{self._head(page)}  {words}"
        if self._terminal:
            self._lines[page] = line
        self._redraw(above="" if self._terminal else f"{line}\n")

    def _redraw(self, above: str = "") -> None:
        """Write lines that stay, and below them on a terminal those of the running pages."""
        erase = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""
        width = shutil.get_terminal_size().columns - 1
        self._out.write(erase + above + "".join(f"{line[:width]}\n" for line in self._lines.values()))
        self._out.flush()
        self._drawn = len(self._lines)


def shorten_bar(text: str) -> str:
    """Return a tqdm bar in a few words (``evolving 45%, 01:10 left``), and any other text as it is."""
    found = BAR.match(text)
    if not found:
        return text
    left = f", {found['left']} left" if "?" not in found["left"] else ""
    return f"{found['what'].strip()} {found['percent']}%{left}".strip()
