"""How far a report is: a line per page that is redrawn on a terminal, and now and then a line elsewhere."""

from __future__ import annotations

import re
import shutil
import threading
import time
from typing import TextIO

# The shape of a tqdm bar: "evolving:  45%|####    | 90/200 [00:50<01:10, 1.8it/s]".
BAR = re.compile(r"^(?P<what>.*?):?\s*(?P<percent>\d+)%\|.*\[(?P<spent>[\d:]+)<(?P<left>[\d:?]+)")
# Without a terminal, a page says how far it is at most this often, in seconds.
QUIET_SECONDS = 10.0


class Progress:
    """Show pages as they run.

    On a terminal the running pages are the last lines and are redrawn; elsewhere (a log, a pipe) every line stays.
    Several threads may report at once.
    """

    def __init__(self, out: TextIO, total: int) -> None:
        """Start with ``total`` pages to run, none begun."""
        self._out, self._total = out, total
        self._terminal = out.isatty()
        self._lock = threading.Lock()
        self._started: dict[str, float] = {}
        self._numbers: dict[str, int] = {}
        self._lines: dict[str, str] = {}
        self._said_at: dict[str, float] = {}
        self._drawn = 0

    def start(self, page: str) -> None:
        """Say that a page begins."""
        with self._lock:
            self._numbers[page] = len(self._numbers) + 1
            self._started[page] = self._said_at[page] = time.monotonic()
            self._lines[page] = f"{self._head(page)}  starting"
            if self._terminal:
                self._redraw()
            else:
                self._keep(self._lines[page])

    def update(self, page: str, cell: int, cells: int, text: str) -> None:
        """Say that a page is in a cell, and the last thing that it printed."""
        with self._lock:
            self._lines[page] = f"{self._head(page)}  cell {cell}/{cells}  {shorten_bar(text)}".rstrip()
            if self._terminal:
                self._redraw()
            elif time.monotonic() - self._said_at[page] >= QUIET_SECONDS:
                self._said_at[page] = time.monotonic()
                self._keep(self._lines[page])

    def finish(self, page: str, outcome: str) -> None:
        """Say how a page ended; ``outcome`` is ``done`` or why it failed."""
        with self._lock:
            seconds = time.monotonic() - self._started.get(page, time.monotonic())
            self._lines.pop(page, None)
            self._keep(f"{self._head(page)}  {outcome} ({seconds:.0f} s)")

    def skip(self, page: str, why: str) -> None:
        """Say that a page does not run."""
        with self._lock:
            self._numbers.setdefault(page, len(self._numbers) + 1)
            self._keep(f"{self._head(page)}  {why}")

    def clear(self) -> None:
        """Take the lines of running pages off the terminal."""
        with self._lock:
            self._lines.clear()
            self._redraw()

    def _head(self, page: str) -> str:
        return f"[{self._numbers[page]} of {self._total}] {page}"

    def _keep(self, line: str) -> None:
        self._redraw(above=line + "\n")

    def _redraw(self, above: str = "") -> None:
        erase = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""
        lines = list(self._lines.values()) if self._terminal else []
        width = shutil.get_terminal_size().columns - 1
        self._out.write(erase + above + "".join(f"{line[:width]}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)


def shorten_bar(text: str) -> str:
    """Return a tqdm bar in a few words (``evolving 45%, 01:10 left``), and any other text as it is."""
    found = BAR.match(text)
    if not found:
        return text
    left = f", {found['left']} left" if "?" not in found["left"] else ""
    return f"{found['what'].strip()} {found['percent']}%{left}".strip()
