"""Figures: arrays in, figure out. Each carries a sentence of alternative text and shows itself in a notebook."""

from __future__ import annotations

from fooling.figures.classes import draw_confidence_histogram
from fooling.figures.curves import draw_class_curves, draw_curves, draw_first_generations, draw_search_curves
from fooling.figures.detector_images import draw_guard_champions, draw_passing
from fooling.figures.detectors import draw_calibration, draw_detection, draw_detection_again, draw_score_spreads
from fooling.figures.graphs import draw_champion_graphs
from fooling.figures.images import draw_champions, draw_gallery, draw_images, draw_photographs
from fooling.figures.networks import draw_confidence_shares, draw_reliability
from fooling.figures.style import Figure

__all__ = [
    "Figure",
    "draw_calibration",
    "draw_champion_graphs",
    "draw_champions",
    "draw_class_curves",
    "draw_confidence_histogram",
    "draw_confidence_shares",
    "draw_curves",
    "draw_detection",
    "draw_detection_again",
    "draw_first_generations",
    "draw_gallery",
    "draw_guard_champions",
    "draw_images",
    "draw_passing",
    "draw_photographs",
    "draw_reliability",
    "draw_score_spreads",
    "draw_search_curves",
]
