"""The size of every experiment at ``smoke``, ``default``, ``extended`` and ``paper``, with the paper's value beside it.

A page's settings are one frozen dataclass per profile, so that a page and its runs go stale when their own
sizes change and not when another experiment's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAMES = ("smoke", "default", "extended", "paper")
LITES = ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2")
# The classes that the paper's supplement shows images of, by gradient ascent; named here before any run of ours.
SUPPLEMENT_CLASSES = (
    *(200, 207, 215, 279, 366, 367, 390, 414, 445, 500),
    *(509, 580, 643, 657, 704, 713, 782, 805, 826, 906),
)


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
            if isinstance(value, int) and value < 1:
                raise ValueError(f"{name} is {value}, but evolution needs at least 1.")


@dataclass(frozen=True)
class PhotographSettings:
    """On what the ImageNet networks are checked before they are fooled.

    Attributes:
        networks: Names for :func:`fooling.networks.imagenet.load_imagenet_network`.
        photographs: Name of photographs of :mod:`fooling.photographs`; the paper's are ImageNet's validation images.
        crops: Random crops of the photographs, whose confidences are compared with those of whole photographs.
    """

    networks: tuple[str, ...]
    photographs: str
    crops: int


@dataclass(frozen=True)
class ImageNetSettings(EvolutionSettings):
    """How long and how often images evolve for an ImageNet network.

    A search over all classes and one over a few are compared by children per cell: generations · children / classes.

    Attributes:
        baseline_runs: Independent runs of random search.
        network: The network to fool, by name.
        crops: "one" or "ten"; the released code averages ten.
        classes: The classes that get a cell; empty for all 1000.
    """

    baseline_runs: int
    network: str = "EfficientNet-Lite0"
    crops: str = "one"
    classes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crops not in ("one", "ten"):
            raise ValueError(f"There are no crops {self.crops!r}; choose one or ten.")


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

IMAGENET_NETWORKS: Mapping[str, PhotographSettings] = {
    "smoke": PhotographSettings(networks=("EfficientNet-Lite0",), photographs="packaged", crops=20),
    "default": PhotographSettings(networks=LITES, photographs="packaged", crops=400),
    "extended": PhotographSettings(networks=LITES, photographs="packaged", crops=4_000),
    "paper": PhotographSettings(networks=LITES, photographs="imagenet-validation", crops=4_000),
}

# The paper breeds 200 children a generation for 20,000 generations: 4,000 children for each of 1000 cells. With 20
# children and 20 cells a generation of the default has one child per cell, where the paper's has a fifth of one.
IMAGENET_DIRECT: Mapping[str, ImageNetSettings] = {
    "smoke": ImageNetSettings(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSettings(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSettings(runs=2, generations=400, children=200, baseline_runs=1),
    "paper": ImageNetSettings(runs=5, generations=20_000, children=200, baseline_runs=1, crops="ten"),
}

# The paper breeds 400 children a generation for 5,000 generations: 2,000 children for each of 1000 cells.
IMAGENET_CPPN: Mapping[str, ImageNetSettings] = {
    "smoke": ImageNetSettings(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSettings(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSettings(runs=2, generations=200, children=400, baseline_runs=1),
    "paper": ImageNetSettings(runs=5, generations=5_000, children=400, baseline_runs=1, crops="ten"),
}

# Which settings a page reads; a page that is not listed reads none.
PAGES: Mapping[str, Mapping[str, Any]] = {
    "01_mnist_networks": MNIST_NETWORKS,
    "02_mnist_direct": MNIST_EVOLUTION,
    "03_mnist_cppn": MNIST_EVOLUTION,
    "06_imagenet_networks": IMAGENET_NETWORKS,
    "07_imagenet_direct": IMAGENET_DIRECT,
    "08_imagenet_cppn": IMAGENET_CPPN,
}


def describe_cost(profile: str) -> str:
    """Return what a profile asks of a machine, in one sentence, from its sizes.

    Raises:
        ValueError: If there is no such profile.
    """
    networks, digits = MNIST_NETWORKS[check_name(profile)], MNIST_EVOLUTION[profile]
    direct, cppn = IMAGENET_DIRECT[profile], IMAGENET_CPPN[profile]
    return (
        f"Profile {profile}: digit networks of {networks.steps:,} steps on {networks.data}, "
        f"{count_images(digits):,} images in each search for digits; "
        f"{len(cppn.classes) or 1000:,} classes of ImageNet, {cppn.crops} crop{'s' if cppn.crops == 'ten' else ''}, "
        f"{count_images(direct):,} pixel images and {count_images(cppn):,} CPPN images in each search."
    )


def count_images(settings: EvolutionSettings) -> int:
    """Return how many images a search evaluates, all runs together."""
    return settings.runs * (settings.generations + 1) * settings.children


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
