"""What there is to see of single images: what a network says of one, the line it descends from, a litter."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import to_confidence
from fooling.encodings import Genomes
from fooling.encodings.cppn import CppnEncoding
from fooling.figures.graphs import draw_champion_graphs
from fooling.figures.images import draw_gallery
from fooling.figures.style import COLOURS, Figure, label_confidences, show_pixels, start_figure, styled
from fooling.lab.explorer.breeding import Litter, bear_children, show_genomes
from fooling.lab.explorer.search import Search
from fooling.words import list_words, show_confidence

NEIGHBOURS = 11  # Choice: with the image itself two rows of six
TOP = 5  # classes with a bar; Choice: as many as the top-5 error counts
FLOOR = -30.0  # log-odds drawn at least; Choice: an empty cell's are −∞
LINE, COLUMNS = 12, 6  # images of a line that are drawn; Choice: two rows of six
FRAME = "#cccccc"
SHEET_KILOBYTES = 90  # Choice: two sheets, a graph and a table of champions fit a page of 600 KB


def look_at(search: Search, cell: int, number: int) -> Figure:
    """Draw a champion, what the network says of it, and the curve of its cell."""
    image = search.express([number])
    title = f"champion for {search.class_names[cell]}, born in generation {number // search.children:,}"
    confidences = search.classifier.confidences(image)[0]
    history = search.to_evolution().history[0, :, cell]
    return draw_look(image[0], title, search.classifier.class_names, confidences, history)


@styled
def draw_look(
    image: np.ndarray, title: str, names: Sequence[str], confidences: np.ndarray, history: np.ndarray | None = None
) -> Figure:
    """Draw an image large, the network's confidence in its top classes, and how its cell's champion came to be.

    Args:
        image: ``(height, width, channels) uint8``.
        confidences: ``(classes,) float32``.
        history: ``(generations + 1,) float32`` log-odds of the cell that it holds; None for an image that holds none.
    """
    top = np.argsort(-confidences, kind="stable")[:TOP]
    answers = [f"{names[index]} {show_confidence(confidences[index])}" for index in top]
    curve = history is not None and len(history) > 1
    alt, ratios = f"{title}. The network says {list_words(answers)}.", (1, 1, 1.25) if curve else (1, 2)
    drawn, (axes,) = start_figure(2.7 if curve else 2.5, alt, ncols=len(ratios), width_ratios=ratios)
    drawn.kilobytes = SHEET_KILOBYTES
    show_pixels(axes[0], image)
    axes[0].set_xlabel("\n".join(textwrap.wrap(title, 28)), fontsize=9, parse_math=False)
    axes[0].spines[:].set(visible=True, color=FRAME, linewidth=0.5)  # so that white images have an end
    _draw_bars(axes[1], [names[index] for index in top], confidences[top])
    if curve and history is not None:
        _draw_cell(axes[2], history)
        end = show_confidence(float(to_confidence(history[-1])))
        drawn.alt += f" Its cell's confidence by generation, {end} after generation {len(history) - 1:,}."
    return drawn


def _draw_bars(spot: Axes, names: Sequence[str], confidences: np.ndarray) -> None:
    """Draw a bar for each class, its name and number above it."""
    places = np.arange(len(names))
    spot.barh(places, confidences, color=COLOURS[0], height=0.32)
    for place, name, value in zip(places, names, confidences, strict=True):
        label = name if len(name) <= 26 else f"{name[:25].rstrip()}…"
        spot.text(0, place - 0.24, label, ha="left", va="bottom", fontsize=8.5, parse_math=False)
        spot.text(1, place - 0.24, show_confidence(value), ha="right", va="bottom", fontsize=8.5)
    spot.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "50%", "100%"])
    spot.set(ylim=(len(names) - 0.6, -0.75), yticks=[])
    spot.set_xlabel("confidence", fontsize=9)
    spot.spines["left"].set_visible(False)
    spot.grid(False, axis="y")


def _draw_cell(spot: Axes, history: np.ndarray) -> None:
    """Draw the log-odds of a cell's champion by generation."""
    values = np.clip(history, FLOOR, None)
    spot.step(np.arange(len(values)), values, where="post", color=COLOURS[0])
    label_confidences(spot, values)
    if len(spot.get_yticks()) > 7:
        spot.set_yticks(spot.get_yticks()[::2], [label.get_text() for label in spot.get_yticklabels()[::2]])
    spot.set_xlim(0, len(values) - 1)
    spot.set_xlabel("generation", fontsize=9)
    spot.tick_params(labelsize=8)


def draw_graph(search: Search, cell: int, number: int) -> Figure:
    """Draw the graph of a CPPN champion; ValueError for an image whose pixels are its genes."""
    if not isinstance(search.encoding, CppnEncoding):
        raise ValueError("Pixel images have no graph: every gene is a pixel's.")
    image, genomes, names = search.express([number]), search.find_genomes([number]), [search.class_names[cell]]
    confidence = to_confidence(search.classifier.score(image)[:, search.classes[cell]])
    return draw_champion_graphs(image, genomes, names, confidence, search.encoding.colour)


class Family(NamedTuple):
    """Images side by side, each with its title."""

    images: np.ndarray  # ``(count, height, width, channels) uint8``
    titles: list[str]
    confidences: np.ndarray  # ``(count,) float64``
    told: str  # all of it in words
    find_genome: Callable[[int], Genomes]  # of the image at a place


def draw_relatives(family: Family) -> Figure:
    """Draw a family."""
    pictures = family.images, family.titles, family.confidences
    drawn = draw_gallery(*pictures, columns=COLUMNS, kilobytes=SHEET_KILOBYTES)
    drawn.alt = family.told
    return drawn


def draw_ancestors(search: Search, cell: int, number: int) -> Figure:
    """Draw the ancestors of a champion, as :func:`find_ancestors` gives them."""
    return draw_relatives(find_ancestors(search, cell, number))


def find_ancestors(search: Search, cell: int, number: int) -> Family:
    """Return the ancestors of a champion, the first random image first, with the classes that each held."""
    line = search.check_started().trace(number)
    # The first, the last, and others spread evenly between them.
    places = sorted({round(place) for place in np.linspace(0, len(line) - 1, min(len(line), LINE))})
    names, shown = search.class_names, [line[place] for place in places]
    born = [one.number // search.children for one in shown]
    held = [[names[cell] for cell in one.cells] for one in shown]
    confidences = to_confidence(np.array([one.log_odds[0] for one in shown]))
    titles = [
        f"gen. {generation:,}: {list_words(part) if len(part) <= 3 else f'{part[0]} and {len(part) - 1} more'}"
        for generation, part in zip(born, held, strict=True)
    ]
    images = search.express([one.number for one in shown])
    told = [f"generation {generation:,} {list_words(part)}" for generation, part in zip(born, held, strict=True)][:-1]
    before = f" Champions before: {'; '.join(told)}." if told else ""
    alt = (
        f"The line of {len(line):,} images that ends in the champion for {names[cell]}, {len(shown)} of them drawn, "
        f"from generation {born[0]:,} to {born[-1]:,}.{before}"
    )
    return Family(images, titles, confidences, alt, lambda place: search.find_genomes([shown[place].number])[0])


def find_neighbours(search: Search, number: int) -> Litter:
    """Return an image and its neighbours, each one mutation away."""
    (genome,) = search.find_genomes([number])
    neighbours = bear_children(search.encoding, [genome], NEIGHBOURS, seed=0)
    return show_genomes(search.classifier, search.encoding, [genome, *neighbours])


def draw_family(litter: Litter, names: Sequence[str], parents: int, relation: str = "children") -> Figure:
    """Draw a litter, as :func:`describe_litter` gives it."""
    return draw_relatives(describe_litter(litter, names, parents, relation))


def describe_litter(litter: Litter, names: Sequence[str], parents: int, relation: str = "children") -> Family:
    """Return a litter whose first images are the parents, each with which of a network's classes it is taken for."""
    tops = [str(names[index]) for index in litter.top]
    titles = [f"parent: {name}" if place < parents else name for place, name in enumerate(tops)]
    told = [f"{name} {show_confidence(value)}" for name, value in zip(tops, litter.confidences, strict=True)]
    word = "Parents" if parents > 1 else "Parent"
    alt = (
        f"Images and their {relation}, each with what the network takes it for. {word}: {list_words(told[:parents])}. "
    )
    alt += f"{relation.capitalize()}: {list_words(told[parents:])}."
    return Family(litter.images, titles, litter.confidences, alt, lambda place: litter.genomes[place])


VIEWS: dict[str, Callable[[Search, int, int], Figure]] = {
    "Confidence": look_at,
    "Graph": draw_graph,
}
RELATIVES: dict[str, Callable[[Search, int, int], Family]] = {
    "Ancestors": find_ancestors,
    "Neighbours": lambda search, cell, number: describe_litter(
        find_neighbours(search, number), search.classifier.class_names, 1, "neighbours"
    ),
}
