"""The explorer: a search that is watched, stopped and gone on with, and breeding by hand.

A file imports only from those above it: genomes, ancestors, search; breeding, looking; saving, pictures, choices,
evolving; and, with widgets, grid, desk, evolve_section, look_section, breed_section, own_section, panel.
"""

from __future__ import annotations

from fooling.lab.explorer.breeding import Breeding, Litter, bear_children, show_genomes
from fooling.lab.explorer.looking import draw_family, draw_graph, find_neighbours, look_at, trace_line
from fooling.lab.explorer.panel import Explorer
from fooling.lab.explorer.saving import Saved, encode_picture, load_picture
from fooling.lab.explorer.search import Search, search_in_folder

__all__ = [
    "Breeding",
    "Explorer",
    "Litter",
    "Saved",
    "Search",
    "bear_children",
    "draw_family",
    "draw_graph",
    "encode_picture",
    "find_neighbours",
    "load_picture",
    "look_at",
    "search_in_folder",
    "show_genomes",
    "trace_line",
]
