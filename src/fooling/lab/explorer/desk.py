"""What the sections of the panel share: networks, the line of status, saved pictures, pictures as HTML."""

from __future__ import annotations

import base64
import html
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from fooling.encodings import Encoding, Genomes
from fooling.figures.style import DPI, Figure
from fooling.files import write_atomically
from fooling.lab.explorer.saving import encode_image, encode_picture
from fooling.networks.classifier import Classifier


class Desk:
    """Networks by name, loaded once; and one line that says what is going on; arguments are those of ``Explorer``.

    ``answering`` is set while a click is answered; whoever computes in the background rests.
    """

    def __init__(self, networks: dict[str, Callable[[], Classifier]], folder: Path) -> None:
        self.networks, self.folder = networks, folder
        self.status, self.answering = widgets.HTML(), threading.Event()
        self._loaded: dict[str, Classifier] = {}
        self._lock, self._line, self._waiting = threading.Lock(), threading.Condition(), deque[int]()

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence in the line of status; readers of the screen hear it."""
        mark = "#D55E00" if wrong else "#0072B2"
        self.status.value = (
            f'<div role="status" aria-live="polite" style="border-left:4px solid {mark};padding:2px 8px;'
            f'min-height:2.8em;line-height:1.4;white-space:normal">{html.escape(sentence)}</div>'
        )

    def load(self, name: str) -> Classifier:
        """Return a network, loading it when it is asked for first; ValueError says why it cannot be loaded."""
        with self._lock:
            if name not in self._loaded:
                classifier = self.networks[name]()
                # Its graph is made here, while the panel says that it loads, and not at the first click on a picture.
                classifier.score(np.zeros((1, *classifier.image_shape), np.uint8))
                self._loaded[name] = classifier
            return self._loaded[name]

    def add_network(self, classifier: Classifier) -> str:
        """Add a network of one's own and return the name under which it can be chosen."""
        name = classifier.name
        while name in self.networks:
            name += " (own)"
        self.networks[name] = lambda: classifier
        return name

    def save(self, name: str, image: np.ndarray, encoding: Encoding, genome: Genomes) -> None:
        """Save a picture with its genome under a name made fit for a file, and say where it is."""
        name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".png"
        write_atomically(self.folder / name, encode_picture(image, encoding, genome))
        place = f"{self.folder.parent.name}/{self.folder.name}"
        self.say(f"Saved as {name} in the folder {place}. Your own → Saved loads it again.")

    def guard(self, answer: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that says what was wrong instead of failing unseen; callbacks wait for one another.

        JupyterLab may answer two clicks in two threads. Without turns, a network that is still being loaded would stop
        the search that was started after it was chosen; so would an encoding chosen before it, if turns had no order.
        """

        @wraps(answer)
        def guarded(*arguments: Any) -> None:
            with self._take_turn():
                try:
                    answer(*arguments)
                except (ValueError, OSError) as error:
                    self.say(str(error), wrong=True)

        return guarded

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        """Wait for those who came before; an answer that sets a control has that one's answer within its turn."""
        me = threading.get_ident()
        with self._line:
            within = bool(self._waiting) and self._waiting[0] == me
            if not within:
                self._waiting.append(me)
                self._line.wait_for(lambda: self._waiting[0] == me)
        if within:
            yield
            return
        self.answering.set()
        try:
            yield
        finally:
            self.answering.clear()
            with self._line:
                self._waiting.popleft()
                self._line.notify_all()

    def make_button(self, description: str, tooltip: str, answer: Callable[[], None], style: str = "") -> Any:
        """Return a button as wide as its words whose click is answered under :meth:`guard`."""
        layout = {"width": "auto", "flex": "0 0 auto"}
        button = widgets.Button(description=description, tooltip=tooltip, button_style=style, layout=layout)
        button.on_click(self.guard(lambda _: answer()))
        return button


def make_row(*children: Any) -> Any:
    """Return widgets side by side, wrapped where the page is narrow."""
    layout = widgets.Layout(display="flex", flex_flow="row wrap", align_items="center", grid_gap="6px")
    return widgets.Box(children, layout=layout)


def show_figure(drawn: Figure) -> str:
    """Return a figure as HTML, its alternative text included, in all of its colours: it goes no further."""
    drawn.kilobytes = inf
    return _show_png(
        drawn.encode(),
        drawn.alt,
        f"width:{round(drawn.get_figwidth() * DPI)}px;max-width:100%;height:auto;background:white",
    )


def show_image(image: np.ndarray, alt: str, side: int) -> str:
    """Return ``(height, width, channels) uint8`` as HTML, the longer side ``side`` pixels, pixel by pixel."""
    longer = "width" if image.shape[1] >= image.shape[0] else "height"
    return _show_png(encode_image(image), alt, f"{longer}:{side}px;image-rendering:pixelated;outline:1px solid #ccc")


def _show_png(png: bytes, alt: str, style: str) -> str:
    """Return a PNG as HTML that loads nothing."""
    encoded = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" style="{style}">'
