"""What there is to see of one champion: figures, each of a search, a cell and the number of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fooling.confidence import to_confidence
from fooling.encodings.cppn import CppnEncoding
from fooling.figures.graphs import draw_champion_graphs
from fooling.figures.style import Figure
from fooling.lab.explorer.breeding import Litter, bear_children, show_genomes
from fooling.lab.explorer.figures import Step, choose_steps, draw_line, draw_litter, draw_look
from fooling.lab.explorer.search import Search

NEIGHBOURS = 11  # Choice: with the image itself two rows of six


def look_at(search: Search, cell: int, number: int) -> Figure:
    """Draw a champion, what the network says of it, and the curve of its cell.

    Raises:
        ValueError: If its genome is not kept, like all functions here.
    """
    image = search.express([number])
    title = f"champion for {search.class_names[cell]}, born in generation {number // search.children:,}"
    confidences = search.classifier.confidences(image)[0]
    history = search.to_evolution().history[0, :, cell]
    return draw_look(image[0], title, search.classifier.class_names, confidences, history)


def draw_graph(search: Search, cell: int, number: int) -> Figure:
    """Draw the graph of a CPPN champion.

    Raises:
        ValueError: If the image has no graph because its pixels are its genes.
    """
    if not isinstance(search.encoding, CppnEncoding):
        raise ValueError("Pixel images have no graph: every gene is a pixel's.")
    image, genome, names = search.express([number]), search.find_genome(number), [search.class_names[cell]]
    confidence = to_confidence(search.classifier.score(image)[:, search.classes[cell]])
    return draw_champion_graphs(image, [genome], names, confidence, search.encoding.colour)


def draw_ancestors(search: Search, cell: int, number: int) -> Figure:
    """Draw the ancestors of a champion whose genomes are kept, with the classes that each held."""
    search.find_genome(number)
    line = search.check_started().trace(number)
    kept = [one for one in line if one.number in search.genomes]
    shown = [kept[place] for place in choose_steps(len(kept))]
    names = search.class_names
    steps = [Step(one.number // search.children, [names[cell] for cell in one.cells], one.confidence) for one in shown]
    return draw_line(search.express([one.number for one in shown]), steps, len(line), names[cell])


def find_neighbours(search: Search, number: int, count: int = NEIGHBOURS, seed: int = 0) -> Litter:
    """Return an image and ``count`` of its neighbours, each one mutation away."""
    genome = search.find_genome(number)
    neighbours = bear_children(search.encoding, [genome], count, seed)
    return show_genomes(search.classifier, search.encoding, [genome, *neighbours])


def draw_neighbours(search: Search, cell: int, number: int) -> Figure:
    """Draw a champion and its neighbours under one mutation."""
    return draw_family(find_neighbours(search, number), search.classifier.class_names, 1, "neighbours")


def draw_family(litter: Litter, names: Sequence[str], parents: int, relation: str = "children") -> Figure:
    """Draw a litter whose first images are the parents."""
    tops = [str(names[index]) for index in litter.top]
    return draw_litter(litter.images, tops, litter.confidences, parents, relation)


VIEWS: dict[str, Callable[[Search, int, int], Figure]] = {
    "Confidence": look_at,
    "Graph": draw_graph,
    "Ancestors": draw_ancestors,
    "Neighbours": draw_neighbours,
}
