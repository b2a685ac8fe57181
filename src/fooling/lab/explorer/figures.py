"""Figures of single images: what a network says of one, the line it descends from, a litter."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import to_confidence
from fooling.figures.images import draw_gallery
from fooling.figures.style import COLOURS, WIDTH, Figure, label_confidences, show_pixels, styled
from fooling.words import list_words, show_confidence

TOP = 5  # classes with a bar; Choice: as many as the top-5 error counts
FLOOR = -30.0  # log-odds drawn at least; Choice: an empty cell's are −∞
LINE = 12  # images of a line that are drawn; Choice: two rows of six
COLUMNS = 6
FRAME = "#cccccc"
SHEET_KILOBYTES = 90  # Choice: two sheets, a graph and a table of champions fit a page of 600 KB


class Step(NamedTuple):
    """An image of a line: when it was born, the classes whose cells it took, its confidence in the first of them."""

    generation: int
    names: Sequence[str]
    confidence: float


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
    drawn = Figure(figsize=(WIDTH, 2.7 if curve else 2.5))
    drawn.kilobytes = SHEET_KILOBYTES
    drawn.alt = f"{title}. The network says {list_words(answers)}."
    axes = drawn.subplots(1, 3 if curve else 2, width_ratios=(1, 1, 1.25) if curve else (1, 2))
    show_pixels(axes[0], image)
    axes[0].set_xlabel("\n".join(textwrap.wrap(title, 28)), fontsize=9)
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


def choose_steps(count: int, most: int = LINE) -> list[int]:
    """Return places of a line that are drawn: the first, the last, and others spread evenly between them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})


@styled
def draw_line(images: np.ndarray, steps: Sequence[Step], ancestors: int, name: str) -> Figure:
    """Draw the ancestors of a champion, the first random image first, with the classes that each was champion of.

    Args:
        images: ``(steps, height, width, channels) uint8``.
        steps: One for each.
        ancestors: How many the line has, those not drawn and the champion itself included.
    """
    titles = [f"gen. {step.generation:,}: {_shorten(step.names)}" for step in steps]
    confidences = np.array([step.confidence for step in steps])
    drawn = draw_gallery(images, titles, confidences, columns=COLUMNS, kilobytes=SHEET_KILOBYTES)
    told = [f"generation {step.generation:,} {list_words(step.names)}" for step in steps[:-1]]
    held = f" Champions before: {'; '.join(told)}." if told else ""
    drawn.alt = (
        f"The line of {ancestors:,} images that ends in the champion for {name}, {len(images)} of them drawn, from "
        f"generation {steps[0].generation:,} to {steps[-1].generation:,}.{held}"
    )
    return drawn


def _shorten(names: Sequence[str]) -> str:
    """Return names that fit below a picture."""
    return list_words(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


@styled
def draw_litter(
    images: np.ndarray, names: Sequence[str], confidences: np.ndarray, parents: int, relation: str = "children"
) -> Figure:
    """Draw parents and their children, each with the class that the network takes it for.

    Args:
        images: ``(count, height, width, channels) uint8``, the parents first.
        names: Of the top class of each.
        confidences: ``(count,) float32`` in that class.
    """
    titles = [f"parent: {name}" if place < parents else name for place, name in enumerate(names)]
    drawn = draw_gallery(images, titles, confidences, columns=COLUMNS, kilobytes=SHEET_KILOBYTES)
    told = [f"{name} {show_confidence(value)}" for name, value in zip(names, confidences, strict=True)]
    word = "Parents" if parents > 1 else "Parent"
    drawn.alt = f"{word}: {list_words(told[:parents])}. {relation.capitalize()}: {list_words(told[parents:])}."
    return drawn
