"""The panel: evolve, look, breed, bring your own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.core.getipython import get_ipython

from fooling.encodings import Encoding, Genomes
from fooling.lab.explorer.breed_section import BreedSection
from fooling.lab.explorer.desk import Desk
from fooling.lab.explorer.evolve_section import EvolveSection
from fooling.lab.explorer.search import Search
from fooling.lab.explorer.single_sections import LookSection, OwnSection
from fooling.networks.classifier import Classifier

TABS = ("Evolve", "Breed", "Your own")
HEIGHT = "800px"  # Choice: ten champions and what there is to see of one; a section that is longer scrolls
WORDS = (
    "The explorer opens here when this page runs in JupyterLab: evolve and watch, look at a champion, breed by hand, "
    "bring a picture or a network. The pictures below come from a search like it."
)


class Explorer:
    """The panel of a page; it appears where somebody is there to use it, and elsewhere a sentence says so.

    Args:
        networks: What may be chosen, each with what loads it.
        folder: Where pictures are saved.
        search: What to begin with, from its first images or from where it stands; None for an empty grid.
        seed: Of the first search that is started here, and of breeding.
        finished: Folders of runs that a search may begin with.
    """

    def __init__(
        self,
        networks: Mapping[str, Callable[[], Classifier]],
        folder: Path,
        search: Search | None = None,
        seed: int = 0,
        finished: Sequence[Path] = (),
    ) -> None:
        self.search = copy.copy(search)  # so that the page's figures and numbers stay
        self.seed, self.finished = seed, finished
        own = {search.classifier.name: lambda: search.classifier} if search else {}
        self._shared = {**own, **networks}, folder

    @cached_property
    def widget(self) -> widgets.VBox:
        """The panel, made when it is first shown: a notebook that nobody watches would keep its widgets, too."""
        if self.search and self.search.standing is None:
            self.search.advance()
        self.desk = desk = Desk(*self._shared)
        self.look = LookSection(desk, self._breed)
        self.evolve = EvolveSection(desk, self.look.show, self.look.hide, self.seed, self.search, self.finished)
        self.breed = BreedSection(desk, self.evolve.choose, self.seed)
        self.own = OwnSection(desk, self.evolve.choose, self._breed, self._choose_network)
        evolving = widgets.VBox([self.evolve.widget, self.look.widget])
        # Of one height, so that the page below does not move at a click.
        layout = widgets.Layout(display="block", height=HEIGHT, overflow="hidden auto")
        sections = [widgets.Box([one], layout=layout) for one in (evolving, self.breed.widget, self.own.widget)]
        self.tabs = widgets.Tab(sections, titles=TABS)
        self.tabs.observe(lambda change: self.own.list_saved() if change["new"] == 2 else None, "selected_index")
        return widgets.VBox([desk.status, self.tabs])

    def _breed(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        self.breed.begin(classifier, encoding, genome)
        self.tabs.selected_index = 1

    def _choose_network(self, name: str) -> None:
        self.evolve.network.options = list(self.desk.networks)
        self.evolve.network.value = name

    def _repr_mimebundle_(self, **options: Any) -> Any:
        # The front end could ask its reader a question: JupyterLab can, papermill cannot.
        kernel = getattr(get_ipython(), "kernel", None)
        if not (kernel and kernel.get_parent("shell").get("content", {}).get("allow_stdin", False)):
            return {"text/plain": WORDS}
        return {**self.widget._repr_mimebundle_(**options), "text/plain": WORDS}
