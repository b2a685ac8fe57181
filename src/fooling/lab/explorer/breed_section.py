"""The section that breeds: a litter, one or two parents chosen by a person, and so on."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from fooling.encodings import Encoding, Genomes
from fooling.encodings.direct import DirectEncoding
from fooling.files import hash_arrays
from fooling.lab.explorer.breeding import LITTER, MOST_PARENTS, Breeding, Litter
from fooling.lab.explorer.desk import Desk, make_row
from fooling.lab.explorer.grid import Grid
from fooling.lab.explorer.pictures import show_image
from fooling.networks.classifier import Classifier
from fooling.words import show_confidence

PARENT = 72  # pixels of a parent's picture
ROW = "display:flex;flex-wrap:wrap;align-items:center"
WELCOME = "<p>You are the selection: choose one or two pictures as parents, look at their children, go on.</p>"


class BreedSection:
    """A grid of children of which one or two become parents.

    Attributes:
        breeding: The line of litters, None before it began.
        widget: The section.
    """

    def __init__(self, desk: Desk, choose: Callable[[], tuple[Classifier, Encoding]], seed: int = 0) -> None:
        self.desk, self.choose, self.seed = desk, choose, seed
        self.breeding: Breeding | None = None
        self.grid = Grid(most=MOST_PARENTS)
        self.told, self.parents = widgets.HTML(WELCOME), widgets.HTML()
        random = desk.make_button(
            "Begin with random images", "Of the network and encoding in Evolve", self.begin_randomly
        )
        self.on = desk.make_button("Breed the chosen", "A litter of one or two parents", self.breed, "primary")
        self.back = desk.make_button("Go back", "To the litter before", self.go_back)
        self.keep = desk.make_button("Save the chosen", "As PNG files that hold the genome, too", self.save)
        self.on.disabled = self.back.disabled = self.keep.disabled = True
        buttons = make_row(random, self.on, self.back, self.keep)
        self.widget = widgets.VBox([buttons, self.told, self.parents, self.grid])

    def begin(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        """Begin with the litter of one genome.

        Raises:
            ValueError: If the genome's images do not fit the network.
        """
        if tuple(encoding.image_shape) != tuple(classifier.image_shape):
            drawn, taken = (" × ".join(map(str, one.image_shape)) for one in (encoding, classifier))
            raise ValueError(f"This genome draws {drawn} pixels, but {classifier.name} takes {taken}; choose another.")
        self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin([genome])
        self.breeding.breed([0])
        self._show(self.breeding, "Choose one or two children, then breed them.")

    def begin_randomly(self) -> None:
        """Begin with random images of what is chosen for evolution."""
        classifier, encoding = self.choose()
        if self.breeding is None or (self.breeding.classifier, self.breeding.encoding) != (classifier, encoding):
            self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin_randomly()
        self._show(self.breeding, f"{LITTER} random images. Choose one or two, then breed them.")

    def _begun(self) -> Breeding:
        """Return the breeding, which buttons without one are disabled for."""
        if self.breeding is None:
            raise ValueError("Begin with random images, or with a champion: click one in Evolve, then Breed from it.")
        return self.breeding

    def breed(self) -> None:
        """Bear the litter of the chosen."""
        breeding = self._begun()
        breeding.breed(self.grid.chosen)
        how = ""
        if len(breeding.present.parents) == MOST_PARENTS:
            crossed = isinstance(breeding.encoding, DirectEncoding)
            kept_apart = " CPPNs are not crossed: each parent has every second child."
            how = " Half of the pairs were crossed." if crossed else kept_apart
        self._show(breeding, f"Litter {breeding.generation}.{how}")

    def go_back(self) -> None:
        """Show the litter before."""
        breeding = self._begun()
        breeding.go_back()
        litter = f"litter {breeding.generation}" if breeding.generation else "the first images"
        self._show(breeding, f"Back at {litter}.")

    def save(self) -> None:
        """Save the chosen pictures."""
        breeding = self._begun()
        if not self.grid.chosen:
            raise ValueError("Choose a picture first.")
        litter = breeding.present
        for place in self.grid.chosen:
            genome, name = litter.genomes[place], breeding.classifier.class_names[litter.top[place]]
            told = hash_arrays(*genome)[:6]  # other clicks may lead to another picture of this place
            name = f"{name}-{breeding.classifier.name}-bred-{told}"
            self.desk.save(name, litter.images[place], breeding.encoding, genome)

    def _show(self, breeding: Breeding, sentence: str) -> None:
        """Show the present litter and its parents."""
        litter, names = breeding.present, breeding.classifier.class_names
        self.on.disabled = self.keep.disabled = False
        self.back.disabled = breeding.generation < 1
        title, places = (
            f"Litter {breeding.generation}" if breeding.generation else "First images",
            range(len(litter.top)),
        )
        caption = f"{title}: {len(places)} images with the class that {breeding.classifier.name} takes each for"
        self.told.value, self.grid.chosen = f"<h3 style='margin:4px 0'>{title}</h3>", []
        tops = [str(names[index]) for index in litter.top]
        self.grid.show(litter.images, tops, litter.confidences, places, places, caption)
        self.parents.value = show_parents(breeding.litters[-2], litter.parents, names) if litter.parents else ""
        self.desk.say(sentence)


def show_parents(litter: Litter, places: tuple[int, ...], names: Sequence[str]) -> str:
    """Return the parents of a litter as HTML."""
    parts = [f"<b>{'Parents' if len(places) > 1 else 'Parent'}</b>"]
    for place in places:
        told = f"{names[litter.top[place]]}, {show_confidence(litter.confidences[place])}"
        picture = show_image(litter.images[place], f"Parent: {told}", PARENT)
        parts.append(f"<span style='{ROW};gap:6px'>{picture}<span>{html.escape(told)}</span></span>")
    return f"<div style='{ROW};gap:16px'>{''.join(parts)}</div>"
