"""Figures: arrays in, figure out. Each carries a sentence of alternative text and shows itself in a notebook."""

from __future__ import annotations

from fooling.figures.classes import draw_confidence_histogram
from fooling.figures.curves import draw_class_curves, draw_curves, draw_first_generations, draw_search_curves
from fooling.figures.graphs import draw_champion_graphs
from fooling.figures.images import draw_champions, draw_gallery, draw_images, draw_photographs
from fooling.figures.networks import draw_confidence_shares, draw_reliability
from fooling.figures.style import Figure

__all__ = [
    "Figure",
    "draw_champion_graphs",
    "draw_champions",
    "draw_class_curves",
    "draw_confidence_histogram",
    "draw_confidence_shares",
    "draw_curves",
    "draw_first_generations",
    "draw_gallery",
    "draw_images",
    "draw_photographs",
    "draw_reliability",
    "draw_search_curves",
]
