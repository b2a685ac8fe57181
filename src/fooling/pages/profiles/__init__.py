"""The size of every experiment at ``smoke``, ``default``, ``extended`` and ``paper``.

A page's settings are one frozen dataclass per profile, so that a page and its runs go stale when their own
sizes change and not when another experiment's do. A file imports only from those above it: settings, sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.profiles.settings import (
    AscentSettings,
    AscentSizes,
    AuditSettings,
    DetectorSettings,
    DigitRetrainingSettings,
    EvolutionSettings,
    ImageNetRetrainingSettings,
    ImageNetSettings,
    PhotographSettings,
    RepetitionSettings,
    RetrainingSettings,
    TrainingSettings,
    TrainingSizeSettings,
    TransferSettings,
)
from fooling.pages.profiles.sizes import (
    AUDIT,
    DETECTORS,
    EXPLORER,
    GRADIENT_ASCENT,
    IMAGENET_CPPN,
    IMAGENET_DIRECT,
    IMAGENET_NETWORKS,
    LITES,
    MNIST_EVOLUTION,
    MNIST_NETWORKS,
    MNIST_TRAINING_SIZE,
    REPETITION,
    RETRAINING,
    SUPPLEMENT_CLASSES,
    TRANSFER,
)

__all__ = [
    "LITES",
    "NAMES",
    "PAGES",
    "SUPPLEMENT_CLASSES",
    "AscentSettings",
    "AscentSizes",
    "AuditSettings",
    "DetectorSettings",
    "DigitRetrainingSettings",
    "EvolutionSettings",
    "ImageNetRetrainingSettings",
    "ImageNetSettings",
    "PhotographSettings",
    "RepetitionSettings",
    "RetrainingSettings",
    "TrainingSettings",
    "TrainingSizeSettings",
    "TransferSettings",
    "check_name",
    "count_images",
    "describe_cost",
    "page_settings",
]

NAMES = ("smoke", "default", "extended", "paper")

# Which settings a page reads; a page that is not listed reads none.
PAGES: Mapping[str, Mapping[str, Any]] = {
    "01_mnist_networks": MNIST_NETWORKS,
    "02_mnist_direct": MNIST_EVOLUTION,
    "03_mnist_cppn": MNIST_EVOLUTION,
    "04_mnist_features_across_runs": MNIST_EVOLUTION,
    "05_mnist_training_size": MNIST_TRAINING_SIZE,
    "06_imagenet_networks": IMAGENET_NETWORKS,
    "07_imagenet_direct": IMAGENET_DIRECT,
    "08_imagenet_cppn": IMAGENET_CPPN,
    "09_imagenet_repetition": REPETITION,
    "10_transfer": TRANSFER,
    "11_retraining": RETRAINING,
    "12_gradient_ascent": GRADIENT_ASCENT,
    "13_detectors": DETECTORS,
    "14_explorer": EXPLORER,
    "15_your_network": AUDIT,
}


def describe_cost(profile: str) -> str:
    """Return what a profile asks of a machine, in one sentence, from its sizes.

    Raises:
        ValueError: If there is no such profile.
    """
    networks, digits = MNIST_NETWORKS[check_name(profile)], MNIST_EVOLUTION[profile]
    direct, cppn = IMAGENET_DIRECT[profile], IMAGENET_CPPN[profile]
    fewer, chain = MNIST_TRAINING_SIZE[profile], RETRAINING[profile].digits
    return (
        f"Profile {profile}: digit networks of {networks.steps:,} steps on {networks.data}, "
        f"{count_images(digits):,} images in each search for digits; "
        f"{len(fewer.sizes) * fewer.networks} networks that learned fewer digits and {chain.iterations} that learned a "
        "fooling class, each evolved against; "
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
