"""The section that breeds: a litter, one or two parents chosen by a person, and so on."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from fooling.encodings import Encoding, Genomes
from fooling.encodings.direct import DirectEncoding
from fooling.lab.explorer.breeding import LITTER, MOST_PARENTS, Breeding, Litter
from fooling.lab.explorer.desk import Desk, make_button, make_row
from fooling.lab.explorer.grid import Grid
from fooling.lab.explorer.look_section import save_content
from fooling.lab.explorer.pictures import show_image
from fooling.lab.explorer.saving import encode_picture
from fooling.networks.classifier import Classifier
from fooling.pages.paper import show_confidence

PARENT = 72  # pixels of a parent's picture
ROW = "display:flex;flex-wrap:wrap;align-items:center"


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
        self.grid.clear()
        self.told, self.parents = widgets.HTML(), widgets.HTML()
        random = make_button(
            "Begin with random images", "Of the network and encoding in Evolve", desk.guard(self.begin_randomly)
        )
        self.on = make_button("Breed the chosen", "A litter of one or two parents", desk.guard(self.breed), "primary")
        self.back = make_button("Go back", "To the litter before", desk.guard(self.go_back))
        self.keep = make_button("Save the chosen", "As PNG files that hold the genome, too", desk.guard(self.save))
        self.widget = widgets.VBox(
            [make_row(random, self.on, self.back, self.keep), self.told, self.parents, self.grid]
        )
        self._show()

    def begin(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        """Begin with the litter of one genome.

        Raises:
            ValueError: If the genome's images do not fit the network.
        """
        if tuple(encoding.image_shape) != tuple(classifier.image_shape):
            shapes = [" × ".join(map(str, shape)) for shape in (encoding.image_shape, classifier.image_shape)]
            raise ValueError(
                f"This genome draws {shapes[0]} pixels, but {classifier.name} takes {shapes[1]}; choose another."
            )
        self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin([genome])
        self.breeding.breed([0])
        self._show()
        self.desk.say("Choose one or two children, then breed them.")

    def begin_randomly(self) -> None:
        """Begin with random images of what is chosen for evolution."""
        classifier, encoding = self.choose()
        if self.breeding is None or (self.breeding.classifier, self.breeding.encoding) != (classifier, encoding):
            self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin_randomly()
        self._show()
        self.desk.say(f"{LITTER} random images. Choose one or two, then breed them.")

    def _begun(self) -> Breeding:
        if self.breeding is None:
            raise ValueError("Begin with random images, or with a champion: click one in Evolve, then Breed from it.")
        return self.breeding

    def breed(self) -> None:
        """Bear the litter of the chosen."""
        breeding = self._begun()
        breeding.breed(self.grid.chosen)
        self._show()
        how = ""
        if len(breeding.present.parents) == MOST_PARENTS:
            crossed = isinstance(breeding.encoding, DirectEncoding)
            how = (
                " Half of the pairs were crossed."
                if crossed
                else " CPPNs are not crossed: each parent has every second child."
            )
        self.desk.say(f"Litter {breeding.generation}.{how}")

    def go_back(self) -> None:
        """Show the litter before."""
        breeding = self._begun()
        breeding.go_back()
        self._show()
        self.desk.say(f"Back at {'the first images' if breeding.generation == 0 else f'litter {breeding.generation}'}.")

    def save(self) -> None:
        """Save the chosen pictures."""
        breeding = self._begun()
        if not self.grid.chosen:
            raise ValueError("Choose a picture first.")
        litter = breeding.present
        for place in self.grid.chosen:
            content = encode_picture(litter.images[place], breeding.encoding, litter.genomes[place])
            told = hashlib.sha256(content).hexdigest()[:6]  # other clicks may lead to another picture of this place
            name = breeding.classifier.class_names[litter.top[place]]
            save_content(self.desk, f"{name}-{breeding.classifier.name}-bred-{told}", content)

    def _show(self) -> None:
        breeding = self.breeding
        for button in (self.on, self.keep):
            button.disabled = breeding is None
        self.back.disabled = breeding is None or breeding.generation < 1
        if breeding is None:
            self.told.value = (
                "<p>You are the selection: choose one or two pictures as parents, look at their children, go on.</p>"
            )
            return
        litter, names = breeding.present, breeding.classifier.class_names
        tops = [str(names[index]) for index in litter.top]
        places = range(len(tops))
        title = f"Litter {breeding.generation}" if breeding.generation else "First images"
        caption = f"{title}: {len(tops)} images with the class that {breeding.classifier.name} takes each for"
        self.told.value = f"<h3 style='margin:4px 0'>{title}</h3>"
        self.grid.chosen = []
        self.grid.show(litter.images, tops, litter.confidences, places, places, caption)
        self.parents.value = show_parents(breeding.litters[-2], litter.parents, names) if litter.parents else ""


def show_parents(litter: Litter, places: tuple[int, ...], names: Sequence[str]) -> str:
    """Return the parents of a litter as HTML."""
    parts = [f"<b>{'Parents' if len(places) > 1 else 'Parent'}</b>"]
    for place in places:
        told = f"{names[litter.top[place]]}, {show_confidence(litter.confidences[place])}"
        picture = show_image(litter.images[place], f"Parent: {told}", PARENT)
        parts.append(f"<span style='{ROW};gap:6px'>{picture}<span>{html.escape(told)}</span></span>")
    return f"<div style='{ROW};gap:16px'>{''.join(parts)}</div>"
