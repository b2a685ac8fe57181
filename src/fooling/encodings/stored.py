"""An encoding from the settings that a run keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_search import RandomSearch

ENCODINGS: tuple[type[CppnEncoding] | type[DirectEncoding], ...] = (CppnEncoding, DirectEncoding)


def read_encoding(settings: Mapping[str, Any]) -> Encoding:
    """Return the encoding that describes itself so by ``settings()``; ValueError if it is none of this package."""
    if "random search" in settings:
        return RandomSearch(read_encoding(settings["random search"]))
    for kind in ENCODINGS:
        if settings.get("encoding") == kind.name:
            fields = {name: value for name, value in settings.items() if name != "encoding"}
            return kind(**{**fields, "image_shape": tuple(fields["image_shape"])})
    raise ValueError(f"The encoding {settings.get('encoding')!r} is not one of this package; evolve with it again.")
