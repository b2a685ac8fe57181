"""A grid of pictures that can be picked by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from fooling.lab.explorer.pictures import SIDE, draw_sprite
from fooling.words import show_confidence

HERE = Path(__file__).parent
SHOWN = 24  # pictures of many classes at a time; Choice: what one sees without scrolling
# Which cells a grid shows, from their champions' numbers and log-odds, (cells,) arrays.
ORDERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "in the order of the classes": lambda champions, log_odds: np.arange(len(champions)),
    "most certain first": lambda champions, log_odds: np.argsort(-log_odds, kind="stable"),
    "least certain first": lambda champions, log_odds: np.argsort(log_odds, kind="stable"),
    "changed last, first": lambda champions, log_odds: np.argsort(-champions, kind="stable"),
}


class Grid(anywidget.AnyWidget):
    """Pictures with class and confidence, each a button; one or several may be chosen.

    The script is part of the widget: no request leaves the machine.

    Attributes:
        sprite: The pictures, one below the other, as one PNG.
        labels: For each its id, its number, its name, its confidence and that in words.
        enlarged: Whether pictures are shown larger than they are, pixel by pixel.
        most: How many may be chosen.
        chosen: The ids of those that are.
        picked: The id and number of the one that was clicked last, with a count of clicks.
        caption: What the grid shows, for those who do not see it.
    """

    _esm = (HERE / "grid.js").read_text(encoding="utf-8")
    _css = (HERE / "grid.css").read_text(encoding="utf-8")

    sprite = traitlets.Bytes(b"").tag(sync=True)
    labels: traitlets.List[dict[str, object]] = traitlets.List().tag(sync=True)
    enlarged = traitlets.Bool(False).tag(sync=True)
    most = traitlets.Int(1).tag(sync=True)
    chosen: traitlets.List[int] = traitlets.List().tag(sync=True)
    picked = traitlets.Dict().tag(sync=True)
    caption = traitlets.Unicode("no pictures yet").tag(sync=True)

    def show(
        self,
        images: np.ndarray,
        names: Iterable[str],
        confidences: np.ndarray,
        ids: Iterable[int],
        numbers: Iterable[int],
        caption: str,
    ) -> None:
        """Show pictures in one message, so that no label stands under another's picture.

        Args:
            images: ``(count, height, width, channels) uint8``.
            names: What each is shown for.
            confidences: ``(count,)`` floats, in that.
            ids: What ``chosen`` calls them.
            numbers: What else ``picked`` tells of them.
        """
        described = zip(ids, numbers, names, confidences.tolist(), map(show_confidence, confidences), strict=True)
        labels = [dict(zip(("id", "number", "name", "confidence", "share"), one, strict=True)) for one in described]
        with self.hold_sync():
            self.sprite, self.labels, self.caption = draw_sprite(images), labels, caption
            self.enlarged = bool(len(images)) and max(images.shape[1:3]) <= SIDE // 2

    def clear(self) -> None:
        """Show nothing."""
        with self.hold_sync():
            self.sprite, self.labels, self.chosen, self.caption = b"", [], [], "no pictures yet"
