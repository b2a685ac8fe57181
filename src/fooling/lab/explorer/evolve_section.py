"""The section that evolves: what to fool, start, stop, go on, and the grid of champions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from fooling.encodings import Encoding
from fooling.lab.explorer.choices import ENCODINGS, count_children, default_classes, read_classes
from fooling.lab.explorer.desk import Desk, make_row
from fooling.lab.explorer.evolving import Evolving
from fooling.lab.explorer.grid import ORDERS, SHOWN, Grid
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier
from fooling.words import show_confidence

Pick = Callable[[Search, int, int], None]  # search, cell, number of the image
TIP = "all, supplement (20 classes of ImageNet), or names and numbers: daisy, 967"


class EvolveSection:
    """Choices above, champions below.

    A picture that is clicked goes to ``pick``; ``forget`` is told when the search is given up.

    Attributes:
        search: The search, None before it started.
        widget: The section.
    """

    def __init__(
        self, desk: Desk, pick: Pick, forget: Callable[[], None], seed: int = 0, search: Search | None = None
    ) -> None:
        self.desk, self.pick, self.forget, self.seed = desk, pick, forget, seed
        self.search: Search | None = None
        self.evolving = Evolving(self.show, self._end, desk.answering)
        self.network = widgets.Dropdown(options=list(desk.networks), description="Network")
        self.encoding = widgets.Dropdown(options=list(ENCODINGS), description="Encoding")
        self.classes = widgets.Text(
            description="Classes", value="all", placeholder=TIP, tooltip=TIP, continuous_update=False
        )
        self.order = widgets.Dropdown(options=list(ORDERS), description="Show", layout=widgets.Layout(display="none"))
        self.go = desk.make_button("Start", "Evolve until stopped", self.start, "primary")
        self.halt = desk.make_button("Stop", "Stop within a second; what is evolved stays", self.stop)
        again = desk.make_button("Begin again", "Forget these images and begin with another seed", self.begin_again)
        self.progress, self.grid = widgets.HTML(), Grid()
        chosen = make_row(self.network, self.encoding, self.classes)
        buttons = make_row(self.go, self.halt, again, self.progress)
        self.widget = widgets.VBox([chosen, buttons, self.order, self.grid])
        if search is not None:
            self._take(search)
        self._mark(running=False)
        self.network.observe(desk.guard(self._change_network), "value")
        for control in (self.encoding, self.classes):
            control.observe(desk.guard(lambda _: self._forget()), "value")
        self.order.observe(desk.guard(lambda _: self.show(self.search) if self.search else None), "value")
        self.grid.observe(desk.guard(self._picked), "picked")

    def _take(self, search: Search) -> None:
        """Begin with a search that was made elsewhere."""
        self.search = search
        self.network.value = search.classifier.name
        for label, build in ENCODINGS.items():
            if build(search.classifier.image_shape) == search.encoding:
                self.encoding.value = label
        whole = len(search.classes) == len(search.classifier.class_names)
        self.classes.value = "all" if whole else ", ".join(map(str, search.classes))
        self.show(search)

    def choose(self) -> tuple[Classifier, Encoding]:
        """Return the network and the encoding that are chosen, loading the network if need be."""
        classifier = self.desk.load(self.network.value)
        return classifier, ENCODINGS[self.encoding.value](classifier.image_shape)

    def start(self) -> None:
        """Start, or go on."""
        if self.go.disabled:
            return
        self.evolving.stop()  # the thread that has just let the button go may not have ended yet
        self.desk.say("Evolving." if self.search else f"Loading {self.network.value} …")
        self._mark(running=True)
        self.evolving.start(self._make)

    def _make(self) -> Search:
        """Return the search to go on with; called in the thread that evolves."""
        if self.search is None:
            classifier, encoding = self.choose()
            classes = read_classes(self.classes.value, classifier.class_names, self.desk.supplement)
            children = count_children(classifier)
            self.desk.say(f"Preparing {encoding.name} images for {classifier.name} …")
            self.search = Search(classifier, encoding, children=children, seed=self.seed, classes=classes)
        self.desk.say(f"Evolving against {self.search.classifier.name}.")
        return self.search

    def stop(self) -> None:
        """Stop soon: the thread says when it has."""
        if self.evolving.running:
            self.desk.say("Stopping …")
            self.evolving.ask_to_stop()

    def begin_again(self) -> None:
        """Forget the search; the next one has another seed."""
        self.seed += 1
        self._forget()
        self.start()

    def _forget(self) -> None:
        """Give up the search, and what is shown of it."""
        was_running = self.evolving.running
        self.evolving.stop()
        self.search = None
        self.forget()
        self.grid.clear()
        self.progress.value = ""
        self._mark(running=False)
        self.desk.say("The search was stopped and forgotten; Start begins another." if was_running else "Start begins.")

    def _change_network(self, _: Any) -> None:
        """Load another network, so that its classes can be chosen."""
        self._forget()
        self.desk.say(f"Loading {self.network.value} …")
        classifier = self.desk.load(self.network.value)
        self.classes.value = default_classes(classifier)
        self.desk.say(f"{classifier.name} has {len(classifier.class_names):,} classes. Start begins.")

    def show(self, search: Search) -> None:
        """Show the champions; called in the thread that evolves, so traits are assigned and nothing else."""
        standing = search.standing
        if standing is None:
            return
        generation, champions, names = standing.generation, standing.champions, search.class_names
        cells = ORDERS[self.order.value](champions, standing.log_odds)[:SHOWN]
        numbers, confidences = champions[cells].tolist(), standing.confidences
        median = show_confidence(float(np.median(confidences)))
        caption = f"{len(cells)} of {len(names)} champions after generation {generation}, median confidence {median}"
        shown = [names[cell] for cell in cells]
        self.grid.show(search.express(numbers), shown, confidences[cells], cells.tolist(), numbers, caption)
        self.order.layout.display = "flex" if len(names) > SHOWN else "none"
        self.progress.value = (
            f'<span class="fooling-progress">generation <b>{generation:,}</b>, {(generation + 1) * search.children:,} '
            f"images, median confidence <b>{median.replace('<', '&lt;')}</b></span>"
        )

    def _end(self, error: str) -> None:
        """Say how the search stopped; called in its thread."""
        generation = self.search.generation if self.search else -1
        self._mark(running=False)
        if error:
            self.desk.say(error, wrong=True)
        elif generation < 0:
            self.desk.say("Stopped before the first images.")
        else:
            self.desk.say(f"Stopped after generation {generation:,}. Click a picture to look at it, or go on.")

    def _mark(self, running: bool) -> None:
        """Let the buttons be clicked that do something now."""
        self.go.disabled, self.halt.disabled = running, not running
        self.go.description = "Go on" if self.search else "Start"

    def _picked(self, change: Any) -> None:
        """Hand a picture on that was clicked."""
        picked = change["new"]
        if self.search is not None and picked:
            self.pick(self.search, int(picked["id"]), int(picked["number"]))
