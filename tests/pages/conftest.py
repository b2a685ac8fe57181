"""What several tests of pages share: finished searches that reached what a test wants."""

from __future__ import annotations

import base64
import json
import re
import warnings
from collections.abc import Callable, Iterable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def make_search() -> Callable[..., Any]:
    """Return a function that makes a finished search, as far as records read it."""

    def search(confidences: Any, generations: int = 4, children: int = 10, classes: tuple[int, ...] = ()) -> Any:
        """Return one that rises to ``(runs, cells)`` confidences in its last generation, from a hundredth of them."""
        final = np.asarray(confidences, np.float64)
        history = np.repeat(final[:, None] / 100, generations + 1, axis=1)
        history[:, -1] = final
        log_odds = np.log(history / (1 - history)).astype(np.float32)
        return SimpleNamespace(
            history=log_odds,
            log_odds=log_odds[:, -1],
            classes=classes or tuple(range(final.shape[1])),
            generations=generations,
            children=children,
        )

    return search


@pytest.fixture(scope="session")
def show() -> Callable[[Any], bytes]:
    """Return a function that gives the picture of a figure as a notebook would get it, drawn in silence."""

    def draw(figure: Any) -> bytes:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data, metadata = figure._repr_mimebundle_()
        ((kind, about),) = metadata.items()
        assert about["alt"] == data["text/plain"] == figure.alt
        assert len(figure.alt) > 30
        return base64.b64decode(data[kind])

    return draw


@pytest.fixture
def note_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a function that lets a module compute nothing, and gives what its runs' keys are made of, as they come."""

    def note(module: ModuleType, arrays: Iterable[str]) -> list[str]:
        keys = []

        def compute_once(folder: Any, label: str, settings: Any, version: object, compute: Any, inner: Any = ()) -> Any:
            keys.append(json.dumps([label, settings, version], sort_keys=True))
            return dict.fromkeys(arrays, np.zeros(())), None

        monkeypatch.setattr(module, "compute_once", compute_once)
        return keys

    return note


MISPRINTS = (
    r"nan|None|inf\b|undefined|[{}]|\.\.|  |\(\)",
    r"-0\.?0*(?![.\d])",
    r"\d[eE][+-]?\d",
    r"p = 0\.0*(?!\d)",
    r"\b1 (images|runs|iterations|networks|photographs|crops|digits|generations)\b",
)


@pytest.fixture(scope="session")
def check_words() -> Callable[[Any, Any], None]:
    """Return a function that fails unless what a claim says of a record is one short sentence over cells of a table."""

    def check(claim: Any, record: Any) -> None:
        said, rows = claim.headline(record), claim.rows(record)
        assert said[0].isupper() and said.endswith(".") and len(said.split()) <= 35
        for text in (said, *(cell for row in rows for cell in row)):
            assert not [found for misprint in MISPRINTS for found in re.findall(misprint, text)], text
            assert "\n" not in text and "|" not in text and text.count("(") == text.count(")"), text
        assert all(len(row) == 3 and row[0] and row[1] for row in rows)

    return check
