"""A search that evolves in the background, so that the page never freezes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from fooling.lab.explorer.search import Search

PAUSE = 0.4  # seconds between two pictures of the grid; Choice: often enough to watch, seldom enough to answer clicks
REST = 0.01  # seconds between two looks whether a click has been answered
PATIENCE = 30.0  # seconds that stop waits for a network that is being loaded


class Evolving:
    """One thread at a time that advances a search until it is told to stop.

    Between two forward batches it waits while ``answering`` is set, so that a click has both cores.

    Args:
        show: Called in the thread after a generation, at most every :data:`PAUSE` seconds, and at the end.
        end: Called in the thread when it has stopped, with a sentence if that was an error.
        answering: Set by whoever answers a click, and cleared again.
    """

    def __init__(self, show: Callable[[Search], None], end: Callable[[str], None], answering: threading.Event) -> None:
        self.show, self.end, self.answering = show, end, answering
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, make: Callable[[], Search]) -> None:
        """Start, or do nothing if it runs; the search is made in the thread, as a network may have to be loaded."""
        if self.running:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(make, self._stop), daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Have the unfinished generation dropped; returns at once."""
        self._stop.set()

    def stop(self) -> None:
        """Stop and wait until the thread has ended."""
        self.ask_to_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(PATIENCE)

    def _must_stop(self, stop: threading.Event) -> bool:
        """Rest while a click is answered, then say whether to stop."""
        while self.answering.is_set() and not stop.is_set():
            stop.wait(REST)
        return stop.is_set()

    def _run(self, make: Callable[[], Search], stop: threading.Event) -> None:
        """Evolve until told to stop."""
        try:
            search = make()
            shown = -PAUSE
            while search.advance(partial(self._must_stop, stop)):
                if time.monotonic() - shown >= PAUSE:
                    self.show(search)
                    shown = time.monotonic()
            self.show(search)
        except ValueError as error:  # of the person's choices: a sentence for the person
            self.end(str(error))
        except Exception as error:  # nobody else would hear of it in a thread
            self.end(f"The search ended by an error: {type(error).__name__}: {error}")
            raise
        else:
            self.end("")
