"""Small networks and short searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.lab.explorer.search import Search

ENCODINGS = {
    "cppn": CppnEncoding((15, 13, 1)),
    "cppn, colour": CppnEncoding((5, 7, 3), coordinates="raw"),
    "direct": DirectEncoding((15, 13, 1)),
}


@pytest.fixture(scope="session")
def make_search(make_small_network: Callable[..., Any]) -> Callable[..., Search]:
    """Return a function that starts a search of 7 children a generation against a small network."""

    def make(name: str = "cppn", generations: int = -1, **more: Any) -> Search:
        encoding = ENCODINGS[name]
        search = Search(make_small_network(encoding.image_shape), encoding, **{"children": 7, "seed": 3, **more})
        while search.generation < generations:
            search.advance()
        return search

    return make


@pytest.fixture(scope="session")
def evolved(make_search: Callable[..., Search]) -> Search:
    """Return a CPPN search after 15 generations; nobody may advance it."""
    return make_search("cppn", 15)
