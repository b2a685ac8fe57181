"""What the tests of page 11 share: searches that take no time."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling.confidence import to_log_odds
from fooling.pages.retraining.digits import RetrainedDigits


class Bred(NamedTuple):
    """A search as far as retraining reads it; its images are noise, those of the last generation above 100."""

    images: np.ndarray
    history: np.ndarray
    classes: tuple[int, ...]
    seeds: tuple[int, ...]
    folders: tuple[Any, ...] = ()

    @property
    def log_odds(self) -> np.ndarray:
        return self.history[:, -1]

    def express(self, run: int, cells: Any = slice(None)) -> np.ndarray:
        return self.images[run][cells]


@pytest.fixture(scope="session")
def breed_noise() -> Callable[..., Bred]:
    """Return a function that gives in no time what a search would, other images for other seeds."""

    def breed(classifier: Any, encoding: Any, **request: Any) -> Bred:
        seeds, classes = tuple(request["seeds"]), tuple(request["classes"])
        shape = (len(seeds), len(classes), *classifier.image_shape)
        images = np.random.default_rng(seeds).integers(100, 256, shape, dtype=np.uint8)
        history = np.zeros((len(seeds), request["generations"] + 1, len(classes)), np.float32)
        return Bred(images, history, classes, seeds)

    return breed


def make_network(number: int, confidences: list[float], caught: list[float]) -> RetrainedDigits:
    """Return a network with a run for each confidence that all of its three digits end at."""
    final = np.array([[to_log_odds(part)] * 3 for part in confidences], np.float32)
    return RetrainedDigits(
        medians=np.linspace(-3.0, final[:, 0], 5).T.astype(np.float32),
        log_odds=final,
        champions=np.zeros((10, 28, 28, 1), np.uint8),
        error=np.asarray(0.03 + 0.01 * number),
        called_fooling=np.asarray(0.002 * number),
        held_out=np.asarray(1_000),
        caught_before=np.array(caught),
        caught_after=np.array([0.1] * len(confidences)),
        natural=np.asarray(300),
        fooling=np.asarray(100 * number),
    )


@pytest.fixture
def networks() -> list[RetrainedDigits]:
    return [
        make_network(0, [0.9999, 0.99999], []),
        make_network(1, [0.9, 0.95], [0.2, 0.4]),
        make_network(2, [0.99, 0.999], [0.5, 0.7]),
        make_network(3, [0.6, 0.8], [1.0, 0.8]),
    ]


@pytest.fixture
def imagenet() -> Any:
    """Four classes at 80% in three runs of 10 generations, three of them at 20% afterwards, as far as they are read."""
    before = np.full((3, 11, 4), to_log_odds(0.8), np.float32)
    after = np.full((3, 11, 4), to_log_odds(0.2), np.float32)
    after[:, :, 3] = to_log_odds(0.9)
    return SimpleNamespace(
        before=before,
        after=after,
        caught_last=np.array([True, True, True, False]),
        held_out=np.array([[5, 5], [7, 7], [5, 9], [1, 1]]),
        photographs=np.asarray(2),
    )
