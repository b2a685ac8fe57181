"""The panel: evolve, look, breed, bring your own."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import ipywidgets as widgets
from IPython.core.getipython import get_ipython

from fooling.encodings import Encoding, Genomes
from fooling.lab.explorer.breed_section import BreedSection
from fooling.lab.explorer.choices import list_networks
from fooling.lab.explorer.desk import Desk
from fooling.lab.explorer.evolve_section import EvolveSection
from fooling.lab.explorer.look_section import LookSection
from fooling.lab.explorer.own_section import OwnSection
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier
from fooling.runs import Page

TABS = ("Evolve", "Breed", "Your own")
WORDS = (
    "The explorer opens here when this page runs in JupyterLab: evolve and watch, look at a champion, breed by hand, "
    "bring a picture or a network. The pictures below come from the same search."
)


class Explorer:
    """The panel of a page; it appears where somebody is there to use it, and elsewhere a sentence says so.

    Args:
        page: Whose profile's networks are offered, and beside whose results pictures are saved.
        search: What to begin with; None for an empty grid.
        seed: Of the first search that is started here, and of breeding.
    """

    def __init__(self, page: Page, search: Search | None = None, seed: int = 0) -> None:
        self.page, self.search, self.seed = page, search, seed

    @cached_property
    def widget(self) -> widgets.VBox:
        """The panel, made when it is first shown: a notebook that nobody watches would keep its widgets, too."""
        networks = list_networks(self.page.folder.name, self.page.runs)
        if self.search and self.search.classifier.name not in networks:
            own = self.search.classifier
            networks = {own.name: lambda: own, **networks}
        self.desk = desk = Desk(networks, self.page.folder / "explored")
        self.look = LookSection(desk, self._breed)
        own_search = self.search.copy() if self.search else None  # the page's figures and numbers stay
        self.evolve = EvolveSection(desk, self.look.show, self.look.hide, self.seed, own_search)
        self.breed = BreedSection(desk, self.evolve.choose, self.seed)
        self.own = OwnSection(desk, self.evolve.choose, self._breed, self._choose_network)
        evolving = widgets.VBox([self.evolve.widget, self.look.widget])
        self.tabs = widgets.Tab([evolving, self.breed.widget, self.own.widget], titles=TABS)
        self.tabs.observe(lambda change: self.own.list_saved() if change["new"] == 2 else None, "selected_index")
        return widgets.VBox([desk.status, self.tabs])

    def _breed(self, classifier: Classifier, encoding: Encoding, genome: Genomes) -> None:
        self.breed.begin(classifier, encoding, genome)
        self.tabs.selected_index = 1

    def _choose_network(self, name: str) -> None:
        self.evolve.network.options = list(self.desk.networks)
        self.evolve.network.value = name

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not somebody_is_there():
            return {"text/plain": WORDS}
        return {**self.widget._repr_mimebundle_(**options), "text/plain": WORDS}


def somebody_is_there() -> bool:
    """Return whether the front end could ask its reader a question: JupyterLab can, papermill cannot."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin", False))
