"""What the tests of page 10 share: answers that keep the classes a test wants."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

CLASSES = 5
HIGH, LOW = 6.0, -6.0  # log-odds of 99.75% and 0.25%


@pytest.fixture(scope="session")
def make_answers() -> Callable[..., Any]:
    """Return a function that makes answers of networks to images, some of which keep their class."""
    from fooling.networks.answers import Transfer

    def make(kept: dict[tuple[int, int], float] | float, count: int = 40, networks: int = 3) -> Transfer:
        """Return answers: ``kept[source, other]``, or all as many, of ``count`` images a source keep their class."""
        if isinstance(kept, float):
            kept = dict.fromkeys(itertools.permutations(range(networks), 2), kept)
        sources = np.repeat(sorted({source for source, _ in kept}), count)
        targets = np.tile(np.arange(count) % CLASSES, len(sources) // count)
        agrees = np.ones((networks, len(sources)), bool)
        for (source, other), share in kept.items():
            agrees[other, sources == source] = np.arange(count) < round(share * count)
        top = np.where(agrees, targets, (targets + 1) % CLASSES)
        log_odds = np.where(agrees, HIGH, LOW).astype(np.float32)
        names = ("LeNet", "LeNet, other initialisation", "ReLU network")[:networks]
        return Transfer(names, sources, targets, log_odds, top, np.full(agrees.shape, 0.9975, np.float32))

    return make
