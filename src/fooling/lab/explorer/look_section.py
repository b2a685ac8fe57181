"""The section that looks at one champion: confidences and curve, graph, ancestors, neighbours."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from fooling.encodings import Encoding, Genomes
from fooling.files import write_atomically
from fooling.lab.explorer.desk import Desk, make_button, make_row
from fooling.lab.explorer.looking import VIEWS
from fooling.lab.explorer.pictures import show_figure
from fooling.lab.explorer.saving import encode_picture
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier

Breed = Callable[[Classifier, Encoding, Genomes], None]


class LookSection:
    """One champion, seen in one of four ways; it can be bred from and saved.

    Attributes:
        widget: The section, hidden until something is picked.
    """

    def __init__(self, desk: Desk, breed: Breed) -> None:
        self.desk, self.breed = desk, breed
        self._picked: tuple[Search, int, int] | None = None
        self.view = widgets.ToggleButtons(
            options=list(VIEWS), tooltips=list(VIEWS), style={"button_width": "auto"}, description=""
        )
        self.picture = widgets.HTML()
        self.title = widgets.HTML()
        breeding = make_button("Breed from it", "Take this image to the section Breed", desk.guard(self._breed))
        saving = make_button("Save it", "As a PNG that holds the genome, too", desk.guard(self._save))
        self.widget = widgets.VBox(
            [self.title, make_row(self.view, breeding, saving), self.picture], layout=widgets.Layout(display="none")
        )
        self.view.observe(desk.guard(lambda _: self._draw()), "value")

    def show(self, search: Search, cell: int, number: int) -> None:
        """Look at an image."""
        self._picked = (search, cell, number)
        self.widget.layout.display = "flex"
        self._draw()

    def hide(self) -> None:
        """Show nothing until something is picked."""
        self._picked = None
        self.widget.layout.display = "none"

    def _draw(self) -> None:
        if self._picked is not None:
            search, cell, number = self._picked
            name, born = html.escape(search.class_names[cell]), number // search.children
            self.picture.value = ""  # what stands under another champion's title would be taken for this one
            self.title.value = f"<h3 style='margin:4px 0'>Champion for {name}, born in generation {born}</h3>"
            self.picture.value = show_figure(VIEWS[self.view.value](search, cell, number))

    def _genome(self) -> tuple[Search, int, int, Genomes]:
        if self._picked is None:
            raise ValueError("Click a picture first.")
        search, cell, number = self._picked
        genome: Any = search.ancestors.genomes.get(number)
        if genome is None:
            raise ValueError("The genome of this image is no longer kept; click its class again.")
        return search, cell, number, genome

    def _breed(self) -> None:
        search, _, _, genome = self._genome()
        self.breed(search.classifier, search.encoding, genome)

    def _save(self) -> None:
        search, cell, number, genome = self._genome()
        content = encode_picture(search.express([number])[0], search.encoding, genome)
        save_content(self.desk, f"{search.class_names[cell]}-{search.classifier.name}-{search.seed}-{number}", content)


def save_content(desk: Desk, name: str, content: bytes) -> None:
    """Save a picture under a name made fit for a file, and say where it is."""
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".png"
    write_atomically(desk.folder / name, content)
    desk.say(
        f"Saved as {name} in the folder {desk.folder.parent.name}/{desk.folder.name}. Your own → Open loads it again."
    )
