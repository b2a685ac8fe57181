"""The size of every experiment at ``smoke``, ``default``, ``extended`` and ``paper``, with the paper's value beside it.

A page's settings are one frozen dataclass per profile, so that a page and its runs go stale when their own
sizes change and not when another experiment's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAMES = ("smoke", "default", "extended", "paper")


@dataclass(frozen=True)
class TrainingSettings:
    """How the digit networks are trained.

    Attributes:
        data: Name of a data set of :mod:`fooling.datasets`.
        steps: Solver steps per network, batches of 64. The paper's solver runs 10,000 (``paper`` and ``extended``).
    """

    data: str
    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}, but training needs at least 1.")


@dataclass(frozen=True)
class EvolutionSettings:
    """How long and how often images evolve.

    Attributes:
        runs: Independent runs. The paper shows one and compares 50 others in its supplement.
        generations: Generations after the random images. The paper reports 200 on MNIST.
        children: Random images at the start, and children per generation. The released code uses 200 on MNIST.
    """

    runs: int
    generations: int
    children: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}, but evolution needs at least 1.")


# The paper's solver runs 10,000 steps on 60,000 digits; 1,500 steps on 4,000 digits reach 96% in under a minute.
MNIST_NETWORKS: Mapping[str, TrainingSettings] = {
    "smoke": TrainingSettings(data="mnist-5k", steps=150),
    "default": TrainingSettings(data="mnist-5k", steps=1_500),
    "extended": TrainingSettings(data="mnist-5k", steps=10_000),
    "paper": TrainingSettings(data="mnist", steps=10_000),
}

# 200 children and 200 generations are the paper's own; only the number of runs is scaled.
MNIST_EVOLUTION: Mapping[str, EvolutionSettings] = {
    "smoke": EvolutionSettings(runs=2, generations=5, children=50),
    "default": EvolutionSettings(runs=5, generations=200, children=200),
    "extended": EvolutionSettings(runs=50, generations=200, children=200),
    "paper": EvolutionSettings(runs=50, generations=200, children=200),
}

# Which settings a page reads; a page that is not listed reads none.
PAGES: Mapping[str, Mapping[str, Any]] = {
    "01_mnist_networks": MNIST_NETWORKS,
    "02_mnist_direct": MNIST_EVOLUTION,
    "03_mnist_cppn": MNIST_EVOLUTION,
}


def describe_cost(profile: str) -> str:
    """Return what a profile asks of a machine, in one sentence, from its sizes.

    Raises:
        ValueError: If there is no such profile.
    """
    networks, evolution = MNIST_NETWORKS[check_name(profile)], MNIST_EVOLUTION[profile]
    images = evolution.runs * (evolution.generations + 1) * evolution.children
    return (
        f"Profile {profile}: networks of {networks.steps:,} steps on {networks.data}; "
        f"{images:,} images in each search, {evolution.runs} runs of {evolution.generations} generations."
    )


def check_name(profile: str) -> str:
    """Return ``profile`` when it is one of :data:`NAMES`.

    Raises:
        ValueError: If there is no such profile.
    """
    if profile not in NAMES:
        raise ValueError(f"There is no profile {profile!r}; choose one of {', '.join(NAMES)}.")
    return profile


def page_settings(page: str, profile: str) -> Any:
    """Return the settings of ``page`` at ``profile``, or None for a page that reads none.

    Raises:
        ValueError: If there is no such profile.
    """
    return PAGES.get(page, {}).get(check_name(profile))
