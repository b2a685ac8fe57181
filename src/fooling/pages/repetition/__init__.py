"""What a network's confidence is left with when repeated elements go, tiles are shuffled, or one part is repeated.

A network that knows an image's global structure loses much when elements are missing or stand elsewhere, and gains
nothing from one part many times over. One that adds up local features does the opposite. A file imports only from
those above it: pictures, periods, changes, measure, examples.
"""

from __future__ import annotations

from fooling.pages.repetition.changes import (
    cut_part,
    enlarge,
    find_fill,
    keep_elements,
    lay_copies,
    order_blocks,
    remove_pixels,
    shuffle_tiles,
)
from fooling.pages.repetition.examples import Examples, show_parts, show_removal, show_shuffles
from fooling.pages.repetition.measure import (
    NUMBERS,
    Elements,
    Measured,
    Parts,
    Tiles,
    enlarge_part,
    measure,
    measure_elements,
    measure_parts,
    measure_tiles,
    repeat_part,
)
from fooling.pages.repetition.periods import Period, autocorrelate, count_elements, find_end, find_period
from fooling.pages.repetition.pictures import Pictures, choose_champions, choose_photographs

__all__ = [
    "NUMBERS",
    "Elements",
    "Examples",
    "Measured",
    "Parts",
    "Period",
    "Pictures",
    "Tiles",
    "autocorrelate",
    "choose_champions",
    "choose_photographs",
    "count_elements",
    "cut_part",
    "enlarge",
    "enlarge_part",
    "find_end",
    "find_fill",
    "find_period",
    "keep_elements",
    "lay_copies",
    "measure",
    "measure_elements",
    "measure_parts",
    "measure_tiles",
    "order_blocks",
    "remove_pixels",
    "repeat_part",
    "show_parts",
    "show_removal",
    "show_shuffles",
    "shuffle_tiles",
]
