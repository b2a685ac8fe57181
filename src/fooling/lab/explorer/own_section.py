"""The section for what a person brings: a picture, a saved genome, a Keras network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from fooling.encodings import Encoding
from fooling.lab.explorer.desk import Desk, make_row
from fooling.lab.explorer.figures import draw_look
from fooling.lab.explorer.look_section import Breed
from fooling.lab.explorer.pictures import show_figure
from fooling.lab.explorer.saving import Saved, fit_image, load_picture
from fooling.networks.classifier import Classifier, load_classifier

RANGES = {"0 to 1": (0.0, 1.0), "0 to 255": (0.0, 255.0), "−1 to 1": (-1.0, 1.0)}
NOTHING = "(choose a saved picture)"
HEADING = "<h3 style='margin:8px 0 0'>{}</h3>"
KNOWN = {
    True: "It holds its genome and can be bred.",
    False: "It holds no genome, so it can be looked at but not bred.",
}


class OwnSection:
    """Pictures and networks of one's own.

    Attributes:
        loaded: The picture that was opened last.
        widget: The section.
    """

    def __init__(
        self, desk: Desk, choose: Callable[[], tuple[Classifier, Encoding]], breed: Breed, added: Callable[[str], None]
    ) -> None:
        self.desk, self.choose, self.breed_from, self.added = desk, choose, breed, added
        self.loaded: Saved | None = None
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
        self.picture_file.observe(desk.guard(self._open_upload), "value")
        self.saved.observe(desk.guard(self._open_saved), "value")

    def list_saved(self) -> None:
        """Offer the pictures in the folder."""
        self.saved.options = [NOTHING, *sorted(path.name for path in self.desk.folder.glob("*.png"))]

    def _open_saved(self, change: Any) -> None:
        """Show a picture of the folder."""
        if change["new"] != NOTHING:
            self.show(load_picture(self.desk.folder / change["new"]), change["new"])

    def _open_upload(self, change: Any) -> None:
        """Show a picture that was uploaded."""
        for file in change["new"]:
            self.show(load_picture(bytes(file["content"]), file["name"]), file["name"])

    def show(self, saved: Saved, name: str) -> None:
        """Say what the network that is chosen in Evolve takes a picture for."""
        classifier, _ = self.choose()
        image = fit_image(saved.image, classifier.image_shape)
        confidences = classifier.confidences(image[None])[0]
        self.loaded, self.breed.disabled = saved, saved.genome is None
        self.answer.value = show_figure(draw_look(image, name, classifier.class_names, confidences))
        told = f"{classifier.name} on {name}. {KNOWN[saved.genome is not None]}"
        self.desk.say(saved.note or told, wrong=bool(saved.note))

    def _breed(self) -> None:
        """Take the picture to where one breeds."""
        if self.loaded is None or self.loaded.encoding is None:
            raise ValueError("Open a picture that holds its genome first.")
        self.breed_from(self.choose()[0], self.loaded.encoding, self.loaded.genome)

    def use_network(self) -> None:
        """Load the network that was named or uploaded.

        Raises:
            ValueError: If there is none, or it cannot be used.
        """
        fields: dict[str, Any] = {"input_range": RANGES[self.range.value]}
        names = tuple(part.strip() for part in self.names.value.split(",") if part.strip())
        fields |= {"class_names": names} if names else {}
        if self.path.value.strip():
            classifier = load_classifier(Path(self.path.value.strip()).expanduser(), **fields)
        elif self.network_file.value:
            (file,) = self.network_file.value
            classifier = load_upload(file["name"], bytes(file["content"]), **fields)
        else:
            raise ValueError("Name the path of a .keras file, or choose one.")
        name = self.desk.add_network(classifier)
        self.added(name)
        shape, count = " × ".join(map(str, classifier.image_shape)), len(classifier.class_names)
        self.desk.say(f"{name} takes {shape} pixels and has {count:,} classes; it is chosen in Evolve.")


def _offer_upload(accept: str, description: str) -> Any:
    """Return a button that uploads a file."""
    return widgets.FileUpload(accept=accept, description=description, layout={"width": "auto"})


def load_upload(name: str, content: bytes, **fields: Any) -> Classifier:
    """Load a ``.keras`` file from its bytes, with the arguments and errors of ``load_classifier``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return load_classifier(path, **fields)
