"""What there is to see of one champion: figures, each from a search and the number of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fooling import figures
from fooling.confidence import to_confidence
from fooling.encodings.cppn import CppnEncoding
from fooling.figures import Figure
from fooling.figures.explorer import Step, choose_steps
from fooling.lab.explorer.breeding import Litter, bear_children, show_genomes
from fooling.lab.explorer.search import Search

NEIGHBOURS = 11  # Choice: with the image itself two rows of six


def look_at(search: Search, cell: int, number: int) -> Figure:
    """Draw a champion, what the network says of it, and the curve of its cell.

    Args:
        search: The search.
        cell: The cell that it holds or held.
        number: Its number.

    Raises:
        ValueError: If it never held a cell.
    """
    image = search.express([number])[0]
    title = f"champion for {search.class_names[cell]}, born in generation {number // search.children:,}"
    confidences = search.classifier.confidences(image[None])[0]
    return figures.draw_look(image, title, search.classifier.class_names, confidences, search.history[:, cell])


def draw_graph(search: Search, cell: int, number: int) -> Figure:
    """Draw the graph of a CPPN champion.

    Raises:
        ValueError: If the image has no graph because its pixels are its genes.
    """
    if not isinstance(search.encoding, CppnEncoding):
        raise ValueError("Pixel images have no graph: every gene is a pixel's.")
    log_odds = search.classifier.score(search.express([number]))[0, search.classes[cell]]
    return figures.draw_champion_graphs(
        search.express([number]),
        [search.ancestors.genomes[number]],
        [search.class_names[cell]],
        to_confidence(log_odds)[None],
        search.encoding.colour,
    )


def trace_line(search: Search, cell: int, number: int) -> Figure:
    """Draw the ancestors of a champion whose genomes are kept, with the classes that each held.

    Raises:
        ValueError: If it never held a cell.
    """
    line = search.ancestors.trace(number)
    kept = [one for one in line if one.genome is not None]
    shown = [kept[place] for place in choose_steps(len(kept))]
    names = search.class_names
    steps = [
        Step(
            one.number // search.children,
            [names[cell] for cell in one.cells],
            float(to_confidence(np.array(one.log_odds[0]))),
        )
        for one in shown
    ]
    return figures.draw_line(search.express([one.number for one in shown]), steps, len(line), names[cell])


def find_neighbours(search: Search, number: int, count: int = NEIGHBOURS, seed: int = 0) -> Litter:
    """Return an image and ``count`` of its neighbours, each one mutation away.

    Raises:
        ValueError: If the image's genome is not kept.
    """
    genome = search.ancestors.genomes.get(number)
    if genome is None:
        raise ValueError(f"The genome of image {number} is not kept.")
    neighbours = bear_children(search.encoding, [genome], count, seed)
    return show_genomes(search.classifier, search.encoding, [genome, *neighbours])


def draw_neighbours(search: Search, cell: int, number: int) -> Figure:
    """Draw a champion and its neighbours under one mutation."""
    return draw_family(find_neighbours(search, number), search.classifier.class_names, 1, "neighbours")


def draw_family(litter: Litter, names: Sequence[str], parents: int, relation: str = "children") -> Figure:
    """Draw a litter whose first images are the parents."""
    tops = [str(names[index]) for index in litter.top]
    return figures.draw_litter(litter.images, tops, litter.confidences, parents, relation)


VIEWS: dict[str, Callable[[Search, int, int], Figure]] = {
    "Confidence": look_at,
    "Graph": draw_graph,
    "Ancestors": trace_line,
    "Neighbours": draw_neighbours,
}
