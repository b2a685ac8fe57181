"""The section in which a person breeds: a litter, its parents, a class to breed for, and the litters before."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from fooling.encodings import Encoding, Genomes
from fooling.encodings.direct import DirectEncoding
from fooling.files import hash_arrays
from fooling.lab.explorer.breeding import LITTER, MOST_PARENTS, Breeding, name_litter
from fooling.lab.explorer.choices import read_classes
from fooling.lab.explorer.desk import Desk, make_row, show_image
from fooling.lab.explorer.grid import Grid
from fooling.networks.classifier import Classifier
from fooling.words import show_confidence

PARENT = 72  # pixels of a parent's picture
ROW = "display:flex;flex-wrap:wrap;align-items:center"
AIM = "a class to breed for, or empty"
SO_FAR = "<b>The litters so far</b>, the most certain image of each; click one to go back to it."
WELCOME = "<p>You are the selection: choose one or two pictures as parents, look at their children, go on.</p>"


class BreedSection:
    """A grid of children of which one or two become parents, and below it the litters that led to them."""

    breeding: Breeding  # the line of litters, set before a button that needs it can be clicked
    aim: int | None = None  # the class to breed for, by index

    def __init__(self, desk: Desk, choose: Callable[[], tuple[Classifier, Encoding]], seed: int) -> None:
        self.desk, self.choose, self.seed = desk, choose, seed
        self.grid, self.history = Grid(most=MOST_PARENTS), Grid()
        self.wanted = widgets.Text(description="Class", placeholder=AIM, tooltip=AIM, continuous_update=False)
        self.told, self.parents, self.so_far = widgets.HTML(WELCOME), widgets.HTML(), widgets.HTML()
        random = desk.make_button(
            "Begin with random images", "Of the network and encoding in Evolve", self.begin_randomly
        )
        self.on = desk.make_button("Breed the chosen", "A litter of one or two parents", self.breed, "primary")
        self.back = desk.make_button("Go back", "To the litter before", self.go_back)
        self.keep = desk.make_button("Save the chosen", "As PNG files that hold the genome, too", self.save)
        self.on.disabled = self.back.disabled = self.keep.disabled = True
        buttons = make_row(random, self.wanted, self.on, self.back, self.keep)
        self.widget = widgets.VBox([buttons, self.told, self.parents, self.grid, self.so_far, self.history])
        self.wanted.observe(desk.guard(lambda _: self._aim()), "value")
        self.grid.observe(desk.guard(lambda _: self._refuse()), "refused")
        self.history.observe(desk.guard(self._go_to), "picked")

    def begin(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        """Begin with the litter of one genome; ValueError if its images do not fit the network."""
        if tuple(encoding.image_shape) != tuple(classifier.image_shape):
            drawn, taken = (" × ".join(map(str, one.image_shape)) for one in (encoding, classifier))
            raise ValueError(f"This genome draws {drawn} pixels, but {classifier.name} takes {taken}; choose another.")
        self.aim = self._read_aim(classifier)
        self.breeding = Breeding(classifier, encoding, self.seed)
        self.breeding.begin([genome])
        self.breeding.breed([0])
        self._show("Choose one or two children, then breed them.")

    def begin_randomly(self) -> None:
        """Begin with random images of what is chosen for evolution, others each time."""
        classifier, encoding = self.choose()
        self.aim = self._read_aim(classifier)
        self.breeding = Breeding(classifier, encoding, self.seed)
        self.seed += 1
        self.breeding.begin_randomly()
        self._show(f"{LITTER} random images. Choose one or two, then breed them.")

    def breed(self) -> None:
        """Bear the litter of the chosen."""
        how = ""
        if len(self.breeding.breed(self.grid.chosen).parents) == MOST_PARENTS:
            crossed = isinstance(self.breeding.encoding, DirectEncoding)
            kept_apart = " CPPNs are not crossed: each parent has every second child."
            how = " Half of the pairs were crossed." if crossed else kept_apart
        self._show(f"Litter {self.breeding.generation}.{how}")

    def go_back(self) -> None:
        """Show the litter before."""
        self.breeding.go_back()
        self._show(f"Back at {name_litter(self.breeding.generation)}.")

    def _go_to(self, change: Any) -> None:
        self.breeding.generation = int(change["new"]["id"])
        self._show(f"{name_litter(self.breeding.generation)}. What is bred from it replaces the litters after it.")

    def _read_aim(self, classifier: Classifier) -> int | None:
        """Return the class to breed for that is typed, None for none; ValueError if the network has no such class."""
        if not (wanted := self.wanted.value.strip()):
            return None
        classes = read_classes(wanted, classifier.class_names)
        if len(classes) > 1:
            raise ValueError("Name one class to breed for, or none.")
        return classes[0]

    def _aim(self) -> None:
        """Show the litter by its confidence in the class that was typed."""
        if self.grid.labels:
            self.aim = self._read_aim(self.breeding.classifier)
            self._show("The most certain of this class come first." if self.aim is not None else "Breed as you like.")

    def _refuse(self) -> None:
        raise ValueError("A litter has two parents at most; click one of the two again to let it go.")

    def save(self) -> None:
        """Save the chosen pictures."""
        if not self.grid.chosen:
            raise ValueError("Choose a picture first.")
        litter, classifier = self.breeding.present, self.breeding.classifier
        for place in self.grid.chosen:
            told = hash_arrays(*litter.genomes[place])[:6]  # other clicks may lead to another picture of this place
            name = f"{classifier.class_names[litter.top[place]]}-{classifier.name}-bred-{told}"
            self.desk.save(name, litter.images[place], self.breeding.encoding, litter.genomes[place])

    def _show(self, sentence: str) -> None:
        litter, generation = self.breeding.present, self.breeding.generation
        self.on.disabled = self.keep.disabled = False
        self.back.disabled = generation < 1
        taker, title, certain = self.breeding.classifier, name_litter(generation), litter.rate(self.aim)
        tops, order = [str(taker.class_names[top]) for top in litter.top], list(range(len(litter.top)))
        caption = f"{title}: {len(order)} images with the class that {taker.name} takes each for"
        if self.aim is not None:
            aim, order = str(taker.class_names[self.aim]), np.argsort(-certain, kind="stable").tolist()
            tops = [aim if top == aim else f"{aim} (taken for {top})" for top in tops]
            caption = f"{title}: {len(order)} images with the confidence in {aim}, the most certain first"
        self.told.value, self.grid.chosen = f"<h3 style='margin:4px 0'>{title}</h3>", []
        self.grid.show(litter.images[order], [tops[one] for one in order], certain[order], order, order, caption)
        self.parents.value = self._tell_parents() if litter.parents else ""
        self._show_history()
        self.desk.say(sentence)

    def _show_history(self) -> None:
        """Show the most certain image of each litter, once there are two."""
        litters = self.breeding.litters
        self.so_far.value = SO_FAR if len(litters) > 1 else ""
        if len(litters) < 2:
            self.history.clear()
            return
        certain = [litter.rate(self.aim) for litter in litters]
        best = np.stack([litter.images[one.argmax()] for litter, one in zip(litters, certain, strict=True)])
        places, highest = range(len(litters)), np.array([one.max() for one in certain])
        titles = [name_litter(place) for place in places]
        self.history.show(best, titles, highest, places, places, "All litters, the most certain image of each")
        self.history.chosen = [self.breeding.generation]

    def _tell_parents(self) -> str:
        before, places = self.breeding.litters[self.breeding.generation - 1], self.breeding.present.parents
        parts = [f"<b>{'Parents' if len(places) > 1 else 'Parent'}</b>"]
        for place in places:
            name = self.breeding.classifier.class_names[before.top[place]]
            told = f"{name}, {show_confidence(before.confidences[place])}"
            picture = show_image(before.images[place], f"Parent: {told}", PARENT)
            parts.append(f"<span style='{ROW};gap:6px'>{picture}<span>{html.escape(told)}</span></span>")
        return f"<div style='{ROW};gap:16px'>{''.join(parts)}</div>"
