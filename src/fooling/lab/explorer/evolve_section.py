"""The section that evolves: what to fool, start, stop, go on, and the grid of champions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from fooling.confidence import to_confidence
from fooling.encodings import Encoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.search import FEWEST_IMAGES, PAPER, PAPERS, SEARCHES, name_search
from fooling.lab.explorer.choices import (
    ALL,
    ENCODINGS,
    count_children,
    list_finished,
    read_classes,
)
from fooling.lab.explorer.desk import Desk, make_row
from fooling.lab.explorer.grid import ORDERS, SHOWN, Grid
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier
from fooling.words import show_confidence

PAUSE = 0.4  # seconds between two pictures of the grid; Choice: often enough to watch, seldom enough to answer clicks
REST = 0.01  # seconds between two looks whether a click has been answered
PATIENCE = 30.0  # seconds that stop waits for a network that is being loaded
STOPPING = "Stop after the images under way, a second or two on a large network; what is evolved stays"
RANDOM = "random images"
HOW = "fewest images: what page 16 chose for pixels; the paper's: parents by chance, one mutation each"
TIP = "all, or names and numbers: daisy, 967"


class EvolveSection:
    """Choices above, champions below; one thread at a time advances the search, so that the page never freezes.

    A picture that is clicked goes to ``pick`` with search, cell and number; ``forget`` is told when the search is given
    up. There is no search before it started. Finished runs in ``folders`` can be begun with.
    """

    def __init__(
        self,
        desk: Desk,
        pick: Callable[[Search, int, int], None],
        forget: Callable[[], None],
        seed: int,
        search: Search | None,
        folders: Sequence[Path] = (),
    ) -> None:
        self.desk, self.pick, self.forget, self.seed = desk, pick, forget, seed
        self.search, self.folders, self.finished = search, folders, dict[str, Evolution]()
        self._halted, self._thread = threading.Event(), threading.Thread()
        self.network = widgets.Dropdown(options=list(desk.networks), description="Network")
        self.encoding = widgets.Dropdown(options=list(ENCODINGS), description="Encoding")
        self.classes = widgets.Text(
            description="Classes", value=ALL, placeholder=TIP, tooltip=TIP, continuous_update=False
        )
        self.how = widgets.Dropdown(
            options=[(words, name) for name, words in SEARCHES.items()], description="Search", tooltip=HOW
        )
        self.begin = widgets.Dropdown(options=[RANDOM], description="Begin with", layout={"display": "none"})
        self.order = widgets.Dropdown(options=list(ORDERS), description="Show", layout=widgets.Layout(display="none"))
        self.go = desk.make_button("Start", "Evolve until stopped", self.start, "primary")
        self.halt = desk.make_button("Stop", STOPPING, self.stop)
        again = desk.make_button("Begin again", "Forget these images and begin with another seed", self.begin_again)
        self.progress, self.grid = widgets.HTML(), Grid()
        chosen = make_row(self.network, self.encoding, self.classes, self.how, self.begin)
        buttons = make_row(self.go, self.halt, again, self.progress)
        self.widget = widgets.VBox([chosen, buttons, self.order, self.grid])
        if search is not None:
            self._show_choices(search)
            self._list_finished(search.classifier, search.encoding)
            self.show(search)
        self._mark(running=False)
        desk.say(f"Ready. {self.go.description} evolves, a click on a picture shows more of it.")
        self.network.observe(desk.guard(self._change_network), "value")
        self.encoding.observe(desk.guard(lambda _: self._change_encoding()), "value")
        self.classes.observe(desk.guard(lambda _: self._forget()), "value")
        self.how.observe(desk.guard(lambda _: self._forget()), "value")
        self.begin.observe(desk.guard(self._begin_with), "value")
        self.order.observe(desk.guard(lambda _: self.show(self.search) if self.search else None), "value")
        self.grid.observe(desk.guard(self._hand_on), "picked")

    def _show_choices(self, search: Search) -> None:
        """Choose what a search that was made elsewhere evolves."""
        self.network.value = search.classifier.name
        for label, build in ENCODINGS.items():
            if build(search.classifier.image_shape) == search.encoding:
                self.encoding.value = label
        whole = len(search.classes) == len(search.classifier.class_names)
        self.classes.value = ALL if whole else ", ".join(map(str, search.classes))
        self.how.value = PAPERS if search.settings == PAPER else FEWEST_IMAGES

    def _list_finished(self, classifier: Classifier, encoding: Encoding) -> None:
        """Offer to begin with the finished runs against this network."""
        self.finished = list_finished(self.folders, classifier, encoding)
        self.begin.options = [RANDOM, *self.finished]
        self.begin.layout.display = None if self.finished else "none"

    def _begin_with(self, change: Any) -> None:
        """Begin with random images, or show a finished run's champions, to be looked at, bred from and gone on with."""
        self._forget()
        begun = change["new"] in self.finished
        for own in (self.classes, self.how):
            own.layout.display = "none" if begun else None  # such a run has its own
        if begun:
            self.desk.say("Reading the champions …")
            self.show(self.make())
            self._mark(running=False)
            self.desk.say("Click a picture to look at it or to breed from it; Go on evolves where the run ended.")

    def choose(self) -> tuple[Classifier, Encoding]:
        """Return the network and the encoding that are chosen, loading the network if need be."""
        classifier = self.desk.load(self.network.value)
        return classifier, ENCODINGS[self.encoding.value](classifier.image_shape)

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start, or go on."""
        if self.go.disabled:
            return
        self.join()  # the thread that has just let the button go may not have ended yet
        self.desk.say("Evolving." if self.search else f"Loading {self.network.value} …")
        self._mark(running=True)
        self._halted = threading.Event()
        self._thread = threading.Thread(target=self._evolve, args=(self._halted,), daemon=True)
        self._thread.start()

    def _evolve(self, halted: threading.Event) -> None:
        """Evolve until halted; between two generations a click that is being answered has both cores."""
        error, shown = "", -PAUSE
        try:
            search = self.make()  # here, as a network may have to be loaded
            while not halted.is_set():
                if self.desk.answering.is_set():
                    halted.wait(REST)
                    continue
                search.advance()
                if time.monotonic() - shown >= PAUSE and not halted.is_set():  # then the last ones are shown below
                    self.show(search)
                    shown = time.monotonic()
            self.show(search)
        except ValueError as wrong:  # of the person's choices: a sentence for the person
            error = str(wrong)
        except Exception as wrong:  # nobody else would hear of it in a thread
            error = f"The search ended by an error: {type(wrong).__name__}: {wrong}"
            raise
        finally:
            self._end(error)

    def make(self) -> Search:
        """Return the search to go on with; called in the thread that evolves."""
        finished = self.finished.get(self.begin.value)
        if self.search is None and finished:
            self.search = Search.take_up(self.desk.load(self.network.value), finished)
        if self.search is None:
            classifier, encoding = self.choose()
            classes = read_classes(self.classes.value, classifier.class_names)
            parts, most = name_search(self.how.value, encoding.name)
            children = count_children(classifier, most)
            self.desk.say(f"Preparing {encoding.name} images for {classifier.name} …")
            self.search = Search(classifier, encoding, children=children, seed=self.seed, classes=classes, search=parts)
        self.desk.say(f"Evolving against {self.search.classifier.name}.")
        return self.search

    def stop(self) -> None:
        """Stop soon: the thread says when it has."""
        if self.running:
            self.desk.say("Stopping …")
            self._halted.set()

    def join(self) -> None:
        """Stop, and wait until the thread has ended."""
        self._halted.set()
        if self.running:
            self._thread.join(PATIENCE)

    def begin_again(self) -> None:
        """Forget the search; the next one has another seed, and begins with random images."""
        self.seed += 1
        self.begin.value = RANDOM
        self._forget()
        self.start()

    def _forget(self) -> None:
        was_running = self.running
        self.join()
        self.search = None
        self.forget()
        self.grid.clear()
        self.progress.value = ""
        self._mark(running=False)
        self.desk.say("The search was stopped and forgotten; Start begins another." if was_running else "Start begins.")

    def _change_encoding(self) -> None:
        self._forget()
        self._list_finished(*self.choose())

    def _change_network(self, _: Any) -> None:
        """Load another network, so that its classes can be chosen."""
        self._forget()
        self.desk.say(f"Loading {self.network.value} …")
        classifier = self.desk.load(self.network.value)
        self.classes.value = ALL
        self._list_finished(*self.choose())
        self.desk.say(f"{classifier.name} has {len(classifier.class_names):,} classes. Start begins.")

    def show(self, search: Search) -> None:
        """Show the champions; called in the thread that evolves, so traits are assigned and nothing else."""
        standing = search.standing
        if standing is None:
            return
        generation, champions, names = standing.generation, standing.champions, search.class_names
        cells = ORDERS[self.order.value](champions, standing.log_odds)[:SHOWN]
        numbers, confidences = champions[cells].tolist(), to_confidence(standing.log_odds)
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
        stopped = f"after generation {generation:,}. Click a picture to look at it, or go on."
        told = f"Stopped {stopped if generation >= 0 else 'before the first images.'}"
        self.desk.say(error or told, wrong=bool(error))

    def _mark(self, running: bool) -> None:
        """Let the buttons be clicked that do something now."""
        self.go.disabled, self.halt.disabled = running, not running
        self.go.description = "Go on" if self.search and self.search.generation > 0 else "Start"

    def _hand_on(self, change: Any) -> None:
        if self.search is not None:
            self.pick(self.search, int(change["new"]["id"]), int(change["new"]["number"]))
