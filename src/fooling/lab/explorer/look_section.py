"""The section that looks at one champion: confidences and curve, graph, ancestors, neighbours."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from fooling.encodings import Encoding, Genomes
from fooling.lab.explorer.desk import Desk, make_row
from fooling.lab.explorer.looking import VIEWS
from fooling.lab.explorer.pictures import show_figure
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
        self.title, self.picture = widgets.HTML(), widgets.HTML()
        breeding = desk.make_button("Breed from it", "Take this image to the section Breed", self._breed)
        saving = desk.make_button("Save it", "As a PNG that holds the genome, too", self.save)
        row = make_row(self.view, breeding, saving)
        self.widget = widgets.VBox([self.title, row, self.picture], layout=widgets.Layout(display="none"))
        self.view.observe(desk.guard(lambda _: self._draw(*self._find_picked())), "value")

    def show(self, search: Search, cell: int, number: int) -> None:
        """Look at an image."""
        self._picked = (search, cell, number)
        self.widget.layout.display = "flex"
        self._draw(search, cell, number)

    def hide(self) -> None:
        """Show nothing until something is picked."""
        self._picked, self.widget.layout.display = None, "none"

    def _draw(self, search: Search, cell: int, number: int) -> None:
        """Draw what is picked as it is to be seen."""
        name, born = html.escape(search.class_names[cell]), number // search.children
        self.picture.value = ""  # what stands under another champion's title would be taken for this one
        self.title.value = f"<h3 style='margin:4px 0'>Champion for {name}, born in generation {born}</h3>"
        self.picture.value = show_figure(VIEWS[self.view.value](search, cell, number))

    def _find_picked(self) -> tuple[Search, int, int]:
        """Return what was clicked last."""
        if self._picked is None:
            raise ValueError("Click a picture first.")
        return self._picked

    def _breed(self) -> None:
        """Take the image to where one breeds."""
        search, _, number = self._find_picked()
        self.breed(search.classifier, search.encoding, search.find_genome(number))

    def save(self) -> None:
        """Save the image."""
        search, cell, number = self._find_picked()
        name = f"{search.class_names[cell]}-{search.classifier.name}-{search.seed}-{number}"
        self.desk.save(name, search.express([number])[0], search.encoding, search.find_genome(number))
