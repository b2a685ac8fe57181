"""How a search may differ from the paper's, part by part; the parts themselves are in :mod:`.variation`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fooling.encodings import Encoding
    from fooling.networks.classifier import Classifier

VERSION = 1  # of what the parts make of genomes; golden arrays hold it to the bytes
GRADIENT_IMAGES = 3  # that a gradient step counts as; Choice: it takes about as long as three images forward
RANGES = {  # of whole numbers and of others. Choice: beyond what helps
    **{"pressure": (-9, 9), "mutations": (1, 16), "fading": (0, 10**6), "library": (1, 10**6)},
    **{"gradient_steps": (0, 100), "own": (0.0, 1.0), "crossover": (0.0, 1.0), "success": (0.0, 1.0)},
    **{"strength": (0.01, 100.0), "rate": (0.01, 9.9), "gradient_size": (0.001, 20.0)},
}
HOOKS = {"strength": "mutate_by", "rate": "mutate_by", "crossover": "cross", "gradient_steps": "slope"}  # of encodings


@dataclass(frozen=True)
class SearchSettings:
    """The parts of a search that the paper's does not have; each may be switched on without the others.

    All of them are ours. Without any the search is the paper's, to the byte.

    Raises:
        ValueError: If a number is out of its range.
    """

    # Cells in the order of their log-odds, the parent's is at the share u^(1 + |pressure|) of them, for a uniform u:
    # above 0 from the weakest on, below 0 from the surest on. At 1 half of the children come from the first quarter.
    pressure: int = 0
    own: float = 0.0  # share of children whose parent is the champion of a cell of their own: cells take turns
    mutations: int = 1  # of each child, one after the other
    strength: float = 1.0  # factor by which each step of a weight or pixel is longer
    rate: float = 1.0  # factor by which more weights or pixels change; a tenth of them do
    fading: int = 0  # generations after which strength and rate are halfway back to 1, again and again; 0 for never
    # Steps adapt, up to the factor ``strength`` longer or shorter: the share of cells that the last generation must win
    # for them to have the paper's length. 0 for steps that do not adapt.
    success: float = 0.0
    crossover: float = 0.0  # share of children that have a second parent
    library: int = 1  # generations of random images at the start, of which each cell keeps the best
    # WHITE-BOX: how often a child's weights move by ``gradient_size``, each up or down as the gradient of the log-odds
    # for its parent's cell says.
    gradient_steps: int = 0
    gradient_size: float = 0.1  # weights lie in [−10, 10]

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value, kinds = getattr(self, name), int if isinstance(low, int) else int | float
            if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
                kind = "a whole number" if kinds is int else "a number"
                raise ValueError(f"A search's {name} is {kind} from {low} to {high}, not {value!r}.")
        if self.fading and self.strength == self.rate == 1.0:
            raise ValueError("Nothing fades where strength and rate are 1: give one of them, or no fading.")
        if self.success and self.strength <= 1.0:
            raise ValueError("Steps adapt to success by a strength above 1: give one, or no success.")

    def describe(self) -> dict[str, Any]:
        """Return the parts that are not the paper's, by name; part of a run's key, and empty for the paper's search."""
        paper = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != paper[name]}

    def images_per_generation(self, children: int) -> int:
        """Return how many images a generation of bred children counts as, gradient steps included."""
        return children * (1 + GRADIENT_IMAGES * self.gradient_steps)

    def count_images(self, children: int, generations: int) -> int:
        """Return how many images a run counts as, the random ones at its start included."""
        random = min(self.library, generations + 1)
        return children * random + self.images_per_generation(children) * (generations + 1 - random)

    def fit_generations(self, children: int, images: int) -> int:
        """Return the most generations whose images are no more than so many; ValueError if there is not even one."""
        bred = (images - children * self.library) // self.images_per_generation(children)
        found = self.library - 1 + bred if bred >= 0 else images // children - 1
        if found < 1:
            raise ValueError(f"{images} images are less than a generation after the random ones, of {children} each.")
        return found


PAPER = SearchSettings()


class NamedSearch(NamedTuple):
    """A search that can be asked for by name: its parts, and how many children a generation has at most."""

    parts: SearchSettings
    children: int | None = None  # None for as many as are usual


FEWEST_IMAGES, PAPERS = "fewest", "paper"
SEARCHES = {FEWEST_IMAGES: "fewest images", PAPERS: "the paper's"}  # their names in words
# By encoding, what page 16 chose without the network's gradient, if ahead of the paper's search on every seed. For
# CPPNs it was not.
CHOSEN = {"direct": NamedSearch(SearchSettings(pressure=1, mutations=3, strength=2.0, rate=3.0, fading=25), 50)}


def name_search(name: str, encoding: str) -> NamedSearch:
    """Return for an encoding's name the search that needs the fewest images (:data:`FEWEST_IMAGES`) or the paper's."""
    chosen = {FEWEST_IMAGES: CHOSEN.get(encoding), PAPERS: None}[name]
    return chosen or NamedSearch(PAPER)


def check_search(search: SearchSettings, encoding: Encoding, classifier: Classifier) -> None:
    """Raise ValueError if a part needs what this encoding or network does not have."""
    for part in search.describe():
        if part in HOOKS and not hasattr(encoding, HOOKS[part]):
            raise ValueError(f"The encoding {encoding.name} has no {HOOKS[part]}, which a search's {part} needs.")
    if search.gradient_steps and classifier.asked is not None:
        raise ValueError(f"{classifier.name} gives answers and no gradient, which a search's gradient_steps need.")
