"""Figures of CPPNs as graphs, inputs on the left and outputs on the right."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from fooling.figures.style import BASELINE, COLOURS, Figure, show_pixels, start_figure, styled
from fooling.words import count_words, list_words, show_confidence

if TYPE_CHECKING:
    from fooling.encodings.cppn_graph import CppnGenomes

INPUT_NAMES = ("x", "y", "distance", "bias")
OUTPUT_NAMES = {"grey": ("grey",), "hls": ("hue", "lightness", "saturation"), "hsv": ("hue", "saturation", "value")}
NODE_ROOM, EDGE_ROOM = 1.0, 0.34  # how far apart nodes, and edges that pass them, stand; Choice: by eye
SWEEPS = 12  # passes to and fro that order and place the nodes; Choice: more change nothing that one sees
WIDEST = 20.0  # weights from here on are drawn equally wide: two parallel edges may add up to more than 10
KILOBYTES = 80  # Choice: three champions beside two galleries and three plots fit a page of 600 KB


class Graph(NamedTuple):
    """What leads to the outputs of one genome."""

    labels: dict[int, str]  # what to write on each node, by its number
    # of each edge, by source and target; parallel edges are one, their weights added
    weights: dict[tuple[int, int], float]
    outputs: tuple[int, ...]  # the outputs' numbers
    unused: tuple[int, ...]  # inputs that lead to no output
    left_out: tuple[int, int]  # how many hidden nodes and edges lead to no output


@styled
def draw_champion_graphs(
    images: np.ndarray,
    genomes: Sequence[CppnGenomes],
    names: Sequence[str],
    confidences: np.ndarray,
    colour: str = "hls",
    shown: str = "Champions and the graphs that draw them",
    row_height: float = 3.0,
) -> Figure:
    """Draw champions, or other images, each with the graph that computes it on its right.

    Hidden nodes stand by the longest way from an input. Blue edges have a positive weight, orange ones a negative one;
    the wider, the larger. Nodes and edges that do not lead to an output are counted, not drawn.

    Args:
        images: ``(count, height, width, channels) uint8``, grey or colour.
        genomes: One genome each, NumPy arrays of shape ``(places,)``.
        names: What the network takes each for.
        confidences: ``(count,) float32`` in that class.
        colour: What three outputs mean, "hls" or "hsv".
        row_height: Inches per champion.
    """
    outputs = OUTPUT_NAMES[colour if images.shape[-1] == 3 else "grey"]
    graphs = [read_graph(genome, outputs) for genome in genomes]
    parts = [_describe_graph(*row) for row in zip(graphs, names, confidences, strict=True)]
    alt = f"{shown}. {'; '.join(parts)}."
    drawn, axes = start_figure(row_height * len(images) + 0.3, alt, nrows=len(images), ncols=2, width_ratios=(1, 3.1))
    drawn.kilobytes = KILOBYTES
    for (left, right), image, graph, name, confidence in zip(axes, images, graphs, names, confidences, strict=True):
        show_pixels(left, image)
        caption = "\n".join([*textwrap.wrap(name, 26), show_confidence(confidence)])
        left.set_xlabel(caption + _count_left_out(graph, "\n"), fontsize=8.5, parse_math=False)
        left.spines[:].set(visible=True, edgecolor="#cccccc", linewidth=0.5)  # so that white images have an end
        _draw_graph(right, graph)
        right.grid(False)
        right.spines[:].set_visible(False)
    handles = [
        Line2D([], [], color=shade, lw=_line_width(weight), label=f"weight {weight:+.0f}".replace("-", "−"))
        for weight, shade in ((10, COLOURS[0]), (2, COLOURS[0]), (-2, COLOURS[1]), (-10, COLOURS[1]))
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8.5)
    return drawn


def read_graph(genome: CppnGenomes, outputs: Sequence[str]) -> Graph:
    """Return what leads to the outputs, which are given by name; the genome's arrays are ``(places,)``."""
    # Imported here, so that other figures do not wait for TensorFlow.
    from fooling.encodings.cppn_graph import ACTIVATIONS, INPUTS

    first = INPUTS + 1  # the number of the node in the first place
    ends = tuple(range(first, first + len(outputs)))
    edges = [
        (int(source), int(target), float(weight))
        for source, target, weight in zip(genome.sources, genome.targets, genome.weights, strict=True)
        if source > 0
    ]
    leading = set(ends)
    while more := {source for source, target, _ in edges if target in leading} - leading:
        leading |= more
    weights: dict[tuple[int, int], float] = {}
    for source, target, weight in edges:
        if target in leading:
            weights[source, target] = weights.get((source, target), 0.0) + weight
    nodes = {first + place: ACTIVATIONS[code - 1] for place, code in enumerate(genome.activations.tolist()) if code > 0}
    labels = dict(enumerate(INPUT_NAMES, start=1))
    labels |= {node: name.replace("gaussian", "Gaussian") for node, name in nodes.items() if node in leading}
    labels |= {node: f"{name}:\n{labels[node]}" for node, name in zip(ends, outputs, strict=True)}
    unused = tuple(node for node in range(1, first) if node not in leading)
    left_out = (len(nodes.keys() - leading), sum(target not in leading for _, target, _ in edges))
    return Graph(labels, weights, ends, unused, left_out)


def _describe_graph(graph: Graph, name: str, confidence: float) -> str:
    hidden = len(graph.labels) - len(INPUT_NAMES) - len(graph.outputs)
    used = [name for node, name in enumerate(INPUT_NAMES, start=1) if node not in graph.unused]
    return (
        f"{name}, {show_confidence(confidence)}: {count_words(hidden, 'hidden node')} and "
        f"{count_words(len(graph.weights), 'edge')} compute it from {list_words(used)}{_count_left_out(graph, ', ')}"
    )


def _count_left_out(graph: Graph, separator: str) -> str:
    if not any(graph.left_out):
        return ""
    nodes, edges = count_words(graph.left_out[0], "node"), count_words(graph.left_out[1], "edge")
    return f"{separator}{nodes} and {edges} left out"


def find_levels(graph: Graph) -> dict[int, int]:
    """Return each node's longest way from an input; all outputs stand on the last level."""
    levels = {node: 0 if node <= len(INPUT_NAMES) else 1 for node in graph.labels}
    for _ in graph.labels:  # no way is longer than there are nodes
        for source, target in graph.weights:
            levels[target] = max(levels[target], levels[source] + 1)
    last = max(levels.values())
    return levels | dict.fromkeys(graph.outputs, last)


def place_nodes(graph: Graph) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return where nodes stand, and where the edges between distant levels pass.

    As Sugiyama, Tagawa & Toda (1981) do: an edge over several levels gets a place on each; places are ordered by the
    mean of their neighbours, to and fro; then they are moved as close to that mean as order and distances allow.

    Returns:
        Level and height, by ``(node,)`` or, for an edge on its way, ``(source, target, level)``.
    """
    from scipy.optimize import isotonic_regression  # only here: it takes a second to import

    levels = find_levels(graph)
    layers: list[list[tuple[int, ...]]] = [[] for _ in range(max(levels.values()) + 1)]
    for node, level in sorted(levels.items()):
        layers[level].append((node,))
    neighbours: dict[tuple[int, ...], list[tuple[int, ...]]] = {(node,): [] for node in levels}
    for source, target in graph.weights:
        way = trace_edge(source, target, levels)
        for place, level in zip(way[1:-1], range(levels[source] + 1, levels[target]), strict=True):
            layers[level].append(place)
        for one, other in itertools.pairwise(way):
            neighbours.setdefault(one, []).append(other)
            neighbours.setdefault(other, []).append(one)
    level_of = {place: level for level, layer in enumerate(layers) for place in layer}
    heights = {place: float(height) for layer in layers for place, height in zip(layer, _spread(layer), strict=True)}
    for sweep in range(2 * SWEEPS):
        ordering = sweep < SWEEPS
        for level in range(len(layers)) if sweep % 2 == 0 else reversed(range(len(layers))):
            beside = level - 1 if sweep % 2 == 0 else level + 1
            wanted = {}
            for place in layers[level]:  # the mean height of its neighbours, on one level or on all
                found = [heights[one] for one in neighbours[place] if not ordering or level_of[one] == beside]
                wanted[place] = float(np.mean(found)) if found else heights[place]
            if ordering and 0 < level < len(layers) - 1:  # inputs and outputs keep their order
                layers[level].sort(key=wanted.__getitem__)
            rooms = _spread(layers[level])
            moved = isotonic_regression(np.array([wanted[place] for place in layers[level]]) - rooms).x + rooms
            heights |= dict(zip(layers[level], moved.tolist(), strict=True))
    return {place: (float(level), heights[place]) for place, level in level_of.items()}


def trace_edge(source: int, target: int, levels: dict[int, int]) -> list[tuple[int, ...]]:
    """Return the places that an edge leads through."""
    between = range(levels[source] + 1, levels[target])
    return [(source,), *((source, target, level) for level in between), (target,)]


def _spread(layer: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Return heights at which the places of a level stand as close as they may, around 0."""
    rooms = np.array([NODE_ROOM if len(place) == 1 else EDGE_ROOM for place in layer])
    return np.asarray(np.cumsum(rooms) - rooms / 2 - rooms.sum() / 2)


def _line_width(weight: float) -> float:
    return 0.5 + 3.5 * min(abs(weight), WIDEST) / WIDEST


def _draw_graph(spot: Axes, graph: Graph) -> None:
    places, levels = place_nodes(graph), find_levels(graph)
    size = min(8.0, 62.0 / (1 + max(levels.values())))
    for (source, target), weight in graph.weights.items():
        points = np.array([places[place] for place in trace_edge(source, target, levels)])
        look: Any = {"ec": COLOURS[0 if weight > 0 else 1], "lw": _line_width(weight), "alpha": 0.75}
        spot.add_patch(PathPatch(_curve(points), fc="none", zorder=1, **look))
    for node, label in graph.labels.items():
        edge = "black" if node in graph.outputs or node <= len(INPUT_NAMES) else BASELINE
        pale = node in graph.unused
        box = {"boxstyle": "round,pad=0.3", "fc": "white", "ec": BASELINE if pale else edge, "lw": 0.5 if pale else 1.0}
        colour = BASELINE if pale else "black"
        spot.text(*places[(node,)], label, fontsize=size, color=colour, ha="center", va="center", bbox=box)
    heights = [height for _, height in places.values()]
    last = max(levels.values())
    spot.set(xlim=(-0.06 * last - 0.05, last * 1.06 + 0.05), ylim=(max(heights) + 0.6, min(heights) - 0.6))
    spot.set(xticks=[], yticks=[])


def _curve(points: np.ndarray) -> Path:
    """Return a smooth way through points that is level at each."""
    corners, codes = [points[0]], [Path.MOVETO]
    for begin, end in itertools.pairwise(points):
        middle = (begin[0] + end[0]) / 2
        corners += [np.array([middle, begin[1]]), np.array([middle, end[1]]), end]
        codes += [Path.CURVE4] * 3
    return Path(np.array(corners), codes)
