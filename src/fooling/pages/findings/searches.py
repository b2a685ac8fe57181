"""What is read of a finished search, and the numbers and words that all summaries share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fooling.pages import paper


class Search(Protocol):
    """What is read of a finished search; the findings are also told where TensorFlow is not loaded.

    :class:`fooling.evolution.evolution.Evolution` is one.
    """

    @property
    def classes(self) -> Sequence[int]:
        """The class of each cell, by index."""

    @property
    def log_odds(self) -> np.ndarray:
        """The champions' log-odds, ``(runs, cells) float32``."""

    @property
    def history(self) -> np.ndarray:
        """The same after every generation, ``(runs, generations + 1, cells) float32``."""

    @property
    def generations(self) -> int:
        """Generations after the random images."""

    @property
    def children(self) -> int:
        """Children per generation."""


def to_confidence(log_odds: np.ndarray) -> np.ndarray:
    """Return the softmax values that belong to log-odds, same shape, float64."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(log_odds, np.float64)))


def first_generations(history: np.ndarray, confidence: float = paper.NEAR_CERTAIN) -> np.ndarray:
    """Return when each class first reached a confidence: ``(runs, classes) float64`` generations, NaN if never."""
    reached = history >= np.log(confidence / (1.0 - confidence))
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


def spread_of_runs(final: np.ndarray) -> list[float]:
    """Return the lowest and the highest median of a run, from ``(runs, classes)``."""
    by_run = np.median(final, axis=1)
    return [float(by_run.min()), float(by_run.max())]


def find_median(confidences: np.ndarray) -> float | None:
    """Return a number that JSON can hold: None, not NaN, for the median of nothing."""
    return float(np.median(confidences)) if confidences.size else None


def describe_size(count: int, cells: int, generations: int, children: int) -> str:
    """Return the size of a search in words."""
    return f"{count} runs × {cells} classes, {generations} generations × {children} children"


def describe_network(network: str, crops: str) -> str:
    """Return a network and its crops in words."""
    return f"{network}, {crops} crop{'s' if crops == 'ten' else ''}"
