"""The sections for single images: one champion in four ways, and what a person brings."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from fooling.encodings import Encoding, Genomes
from fooling.lab.explorer.desk import Desk, make_row, show_figure
from fooling.lab.explorer.grid import Grid
from fooling.lab.explorer.looking import RELATIVES, VIEWS, Family, draw_look
from fooling.lab.explorer.saving import Saved, fit_image, load_picture
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier, load_classifier

RANGES = {"as its layers say, or 0 to 1": None, "0 to 1": (0.0, 1.0), "0 to 255": (0.0, 255.0), "−1 to 1": (-1.0, 1.0)}
NOTHING = "(choose a saved picture)"
HEADING = "<h3 style='margin:8px 0 0'>{}</h3>"
KNOWN = {
    True: "It holds its genome and can be bred.",
    False: "It holds no genome, so it can be looked at but not bred.",
}
Breed = Callable[[Classifier, Encoding, Genomes], None]


class LookSection:
    """One champion, seen in one of four ways; it, or a relative of it that is clicked, can be bred from and saved.

    Hidden until something is picked.
    """

    # Set before anything here can be clicked:
    _picked: tuple[Search, int, int]  # search, cell, number
    _taken: tuple[str, np.ndarray, Callable[[], Genomes]]  # what is bred from and saved: its name, image, genome
    _family: Family  # the relatives that are shown

    def __init__(self, desk: Desk, breed: Breed) -> None:
        self.desk, self.breed = desk, breed
        self.view = widgets.ToggleButtons(
            options=[*VIEWS, *RELATIVES], tooltips=[*VIEWS, *RELATIVES], style={"button_width": "auto"}, description=""
        )
        self.title, self.picture, self.relatives = widgets.HTML(), widgets.HTML(), Grid()
        breeding = desk.make_button("Breed from it", "Take this image to the section Breed", self._breed)
        saving = desk.make_button("Save it", "As a PNG that holds the genome, too", self.save)
        row = make_row(self.view, breeding, saving)
        shown = [self.title, row, self.relatives, self.picture]
        self.widget = widgets.VBox(shown, layout=widgets.Layout(display="none"))
        self.view.observe(desk.guard(lambda _: self._draw()), "value")
        self.relatives.observe(desk.guard(self._take), "picked")

    def show(self, search: Search, cell: int, number: int) -> None:
        """Look at an image."""
        self._picked, self.widget.layout.display = (search, cell, number), "flex"
        self._draw()

    def hide(self) -> None:
        """Show nothing until something is picked."""
        self.widget.layout.display = "none"

    def _draw(self) -> None:
        search, cell, number = self._picked
        name, born = html.escape(search.class_names[cell]), number // search.children
        self.picture.value = ""  # what stands under another champion's title would be taken for this one
        self.relatives.clear()
        known = f"{search.class_names[cell]}-{search.classifier.name}-{search.seed}-{number}"
        self._taken = known, search.express([number])[0], lambda: search.find_genomes([number])[0]
        self.title.value = f"<h3 style='margin:4px 0'>Champion for {name}, born in generation {born}</h3>"
        if self.view.value in VIEWS:
            self.picture.value = show_figure(VIEWS[self.view.value](search, cell, number))
            return
        self._family = family = RELATIVES[self.view.value](search, cell, number)
        places = range(len(family.images))
        self.relatives.show(family.images, family.titles, family.confidences, places, places, family.told)
        self.desk.say("Click one of these images to look at it, to breed from it or to save it.")

    def _take(self, change: Any) -> None:
        """Look at a relative that was clicked, and breed from it or save it from now on."""
        (search, cell, number), family, place = self._picked, self._family, int(change["new"]["id"])
        image, title = family.images[place], family.titles[place]
        name = f"{search.class_names[cell]}-{search.classifier.name}-{search.seed}-{number}-{self.view.value}-{place}"
        self._taken = name, image, lambda: family.find_genome(place)
        confidences = search.classifier.confidences(image[None])[0]
        self.picture.value = show_figure(draw_look(image, title, search.classifier.class_names, confidences))
        self.desk.say(f"Breed from it and Save it now take this image: {title}.")

    def _breed(self) -> None:
        search, _, _ = self._picked
        self.breed(search.classifier, search.encoding, self._taken[2]())

    def save(self) -> None:
        """Save the image."""
        name, image, find_genome = self._taken
        self.desk.save(name, image, self._picked[0].encoding, find_genome())


class OwnSection:
    """Pictures and networks of one's own."""

    loaded: Saved  # the picture that was opened last

    def __init__(
        self, desk: Desk, choose: Callable[[], tuple[Classifier, Encoding]], breed: Breed, added: Callable[[str], None]
    ) -> None:
        self.desk, self.choose, self.breed_from, self.added = desk, choose, breed, added
        self.picture_file = _offer_upload("image/*", "Picture from a file")
        self.saved = widgets.Dropdown(description="Saved", options=[NOTHING])
        refresh = desk.make_button("Look again", "For pictures that were saved since", self.list_saved)
        self.breed = desk.make_button("Breed from it", "Take this image to the section Breed", self._breed)
        self.breed.disabled = True
        self.answer = widgets.HTML()
        self.path = widgets.Text(description="Path", placeholder="my_model.keras")
        self.network_file = _offer_upload(".keras", "or from a file (below 10 MB)")
        self.range = widgets.Dropdown(options=list(RANGES), description="Pixels")
        self.names = widgets.Text(description="Classes", placeholder="names with commas; empty for numbers")
        use = desk.make_button("Use this network", "It can then be chosen in Evolve", self.use_network, "primary")
        self.widget = widgets.VBox(
            [
                widgets.HTML(HEADING.format("What does the network say of a picture?")),
                make_row(self.picture_file, self.saved, refresh, self.breed),
                self.answer,
                widgets.HTML(HEADING.format("A network of your own")),
                make_row(self.path, self.network_file),
                make_row(self.range, self.names, use),
            ]
        )
        self.list_saved()
        self.picture_file.observe(desk.guard(self._open), "value")
        self.saved.observe(desk.guard(self._open), "value")

    def list_saved(self) -> None:
        """Offer the pictures in the folder."""
        self.saved.options = [NOTHING, *sorted(path.name for path in self.desk.folder.glob("*.png"))]

    def _open(self, change: Any) -> None:
        """Say what the network that is chosen in Evolve takes a picture for, of the folder or uploaded."""
        new = change["new"]
        files = {new: self.desk.folder / new} if isinstance(new, str) else {one["name"]: one["content"] for one in new}
        files.pop(NOTHING, None)
        for name, file in files.items():
            saved = load_picture(file if isinstance(file, Path) else bytes(file), name)
            classifier, _ = self.choose()
            image = fit_image(saved.image, classifier.image_shape)
            confidences = classifier.confidences(image[None])[0]
            self.loaded, self.breed.disabled = saved, saved.genome is None
            self.answer.value = show_figure(draw_look(image, name, classifier.class_names, confidences))
            told = f"{classifier.name} on {name}. {KNOWN[saved.genome is not None]}"
            self.desk.say(saved.note or told, wrong=bool(saved.note))

    def _breed(self) -> None:
        """Take the picture to where one breeds; the button is disabled for one without a genome."""
        if self.loaded.encoding is not None:
            self.breed_from(self.choose()[0], self.loaded.encoding, self.loaded.genome)

    def use_network(self) -> None:
        """Load the network that was named or uploaded; ValueError if there is none, or it cannot be used."""
        fields: dict[str, Any] = {"input_range": RANGES[self.range.value]}
        names = tuple(part.strip() for part in self.names.value.split(",") if part.strip())
        fields |= {"class_names": names} if names else {}
        if self.path.value.strip():
            classifier = load_classifier(Path(self.path.value.strip()).expanduser(), **fields)
        elif self.network_file.value:
            (file,) = self.network_file.value
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / Path(file["name"]).name
                path.write_bytes(bytes(file["content"]))
                classifier = load_classifier(path, **fields)
        else:
            raise ValueError("Name the path of a .keras file, or choose one.")
        name = self.desk.add_network(classifier)
        self.added(name)
        shape, count = " × ".join(map(str, classifier.image_shape)), len(classifier.class_names)
        self.desk.say(f"{name} takes {shape} pixels and has {count:,} classes; it is chosen in Evolve.")


def _offer_upload(accept: str, description: str) -> Any:
    return widgets.FileUpload(accept=accept, description=description, layout={"width": "auto"})
