"""Page 01: how good the digit networks are that the next pages fool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import find_median
from fooling.words import show_confidence, show_error, table

if TYPE_CHECKING:
    from fooling.data.digits import Digits
    from fooling.networks.assessment import Assessment


@dataclass(frozen=True)
class TrainingSizes:
    """How the digit networks are trained."""

    data: str  # name of a data set of :mod:`fooling.data.digits`
    steps: int  # solver steps per network, batches of 64


# The paper's solver runs 10,000 steps on 60,000 digits.
SIZES: Mapping[str, TrainingSizes] = {
    "smoke": TrainingSizes(data="mnist", steps=150),
    "default": TrainingSizes(data="mnist", steps=1_000),
    "extended": TrainingSizes(data="mnist", steps=10_000),
    "paper": TrainingSizes(data="mnist", steps=10_000),
}


@dataclass(frozen=True)
class NetworkFound:
    """One network on digits and on noise."""

    name: str  # a key of :data:`fooling.networks.lenet.NETWORKS`
    error: float  # share of held-out digits that it gets wrong
    calibration_error: float  # mean distance of confidence and accuracy on them
    when_right: float | None  # median confidence in the top class where it is the label, None if it never is
    when_wrong: float | None  # the same where it is not
    on_noise: float  # median confidence in the top class of uniform noise
    highest_on_noise: float  # the highest


@dataclass(frozen=True)
class NetworksFound:
    """What page 01 measured; the overview reads it."""

    data: str  # the digits that were learned, in words
    steps: int  # solver steps
    held_out: int  # digits that were not learned
    noise: int  # images of noise
    networks: tuple[NetworkFound, ...]  # in the order of training
    error_with_mean: float  # the first network's error where a mean image is subtracted that it was trained without


def measure(
    assessments: Mapping[str, Assessment],
    on_noise: Mapping[str, np.ndarray],
    with_mean: Assessment,
    digits: Digits,
    steps: int,
) -> NetworksFound:
    """Reduce the networks to the numbers of the page.

    Args:
        on_noise: By network, ``(count,) float32`` confidence in the top class of noise.
        with_mean: Of the first network, where a mean image is subtracted.
    """
    networks = tuple(
        NetworkFound(
            name=name,
            error=float(one.error),
            calibration_error=float(one.calibration.error),
            when_right=find_median(one.confidences[one.correct]),
            when_wrong=find_median(one.confidences[~one.correct]),
            on_noise=float(np.median(on_noise[name])),
            highest_on_noise=float(on_noise[name].max()),
        )
        for name, one in assessments.items()
    )
    held_out, noise = len(digits.test_labels), len(next(iter(on_noise.values())))
    return NetworksFound(describe_digits(digits), steps, held_out, noise, networks, float(with_mean.error))


def describe_digits(digits: Digits) -> str:
    """Return what a network learned, in words."""
    return f"{len(digits.train_labels):,} digits ({digits.name})"


def tabulate_networks(found: NetworksFound) -> str:
    """Return a Markdown table with a line per network."""
    header = (
        *("network", "held-out error", "median confidence, right", "median confidence, wrong"),
        *("calibration error", "median confidence on noise"),
    )
    rows = [
        (
            one.name,
            show_error(one.error),
            *("no digit" if part is None else show_confidence(part) for part in (one.when_right, one.when_wrong)),
            f"{100 * one.calibration_error:.2f} points",
            show_confidence(one.on_noise),
        )
        for one in found.networks
    ]
    return table(header, rows)


def tell(found: NetworksFound) -> str:
    """Return what the page found in a sentence in bold, over a Markdown table."""
    errors, medians, highest = zip(
        *((one.error, one.on_noise, one.highest_on_noise) for one in found.networks), strict=True
    )
    low, high, noisy = show_error(min(errors)), show_error(max(errors)), show_confidence(max(highest))
    said = (
        f"The {len(errors)} networks are wrong on {low} to {high} of the held-out digits; one gives {noisy} to noise."
    )
    rows = (
        ("digits learned, solver steps", f"{found.data}, {found.steps:,}", "60,000, 10,000"),
        (f"error on {found.held_out:,} held-out digits", f"{low} to {high}", "0.94%"),
        (
            "median confidence in uniform noise",
            f"{show_confidence(min(medians))} to {show_confidence(max(medians))}",
            "",
        ),
        (f"highest of {found.noise:,} noise images, a class that needs no search", noisy, ""),
    )
    return f"**{said}**\n\n{table(('', 'here', 'the paper'), rows)}"
