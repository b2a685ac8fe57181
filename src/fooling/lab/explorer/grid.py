"""A grid of pictures that can be picked by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from fooling.figures.images import shrink_image
from fooling.lab.explorer.saving import encode_image
from fooling.words import show_confidence

HERE = Path(__file__).parent
SIDE = 112  # pixels of a tile; Choice: four times a digit's 28, half of a large network's 224
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
    """

    _esm = (HERE / "grid.js").read_text(encoding="utf-8")
    _css = (HERE / "grid.css").read_text(encoding="utf-8")

    sprite = traitlets.Bytes(b"").tag(sync=True)  # the pictures, one below the other, as one PNG
    # for each its id, its number, its name, its confidence and that in words
    labels: traitlets.List[dict[str, object]] = traitlets.List().tag(sync=True)
    enlarged = traitlets.Bool(False).tag(sync=True)  # whether pictures are shown larger than they are, pixel by pixel
    most = traitlets.Int(1).tag(sync=True)  # how many may be chosen
    chosen: traitlets.List[int] = traitlets.List().tag(sync=True)  # the ids of those that are
    refused = traitlets.Int(0).tag(sync=True)  # how often one more was clicked than may be chosen
    picked = traitlets.Dict().tag(sync=True)  # id and number of the one clicked last, with a count of clicks
    caption = traitlets.Unicode("no pictures yet").tag(sync=True)  # what it shows, for those who do not see it

    def show(
        self,
        images: np.ndarray,
        names: Iterable[str],
        confidences: np.ndarray,
        ids: Iterable[int],
        numbers: Iterable[int],
        caption: str,
    ) -> None:
        """Show ``(count, height, width, channels) uint8`` in one message, so that no label stands under another's."""
        described = zip(ids, numbers, names, confidences.tolist(), map(show_confidence, confidences), strict=True)
        labels = [dict(zip(("id", "number", "name", "confidence", "share"), one, strict=True)) for one in described]
        with self.hold_sync():
            self.sprite, self.labels, self.caption = draw_sprite(images), labels, caption
            self.enlarged = bool(len(images)) and max(images.shape[1:3]) <= SIDE // 2

    def clear(self) -> None:
        """Show nothing."""
        with self.hold_sync():
            self.sprite, self.labels, self.chosen, self.caption = b"", [], [], "no pictures yet"


def draw_sprite(images: np.ndarray) -> bytes:
    """Return ``(count, height, width, channels) uint8`` as one PNG, one below the other, each in a square's middle.

    Those larger than a tile are reduced by the mean over the area of a pixel; the browser enlarges the others.
    """
    if not len(images):
        return b""
    small = np.stack([shrink_image(image, SIDE) for image in images])
    side = max(small.shape[1:3])
    top, left = ((side - size) // 2 for size in small.shape[1:3])
    sheet = np.full((len(small), side, side, small.shape[3]), 255, np.uint8)
    sheet[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    # Little compression: the picture goes no further than the browser, several times a second.
    return encode_image(sheet.reshape(-1, side, small.shape[3]), compress_level=1)
