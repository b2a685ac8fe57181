"""The numbers that retrained networks are reduced to, as JSON: what :mod:`fooling.pages.paper.retraining` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from fooling.pages.comparison import compare_classes
from fooling.pages.findings.paired import compare_starts, pair_classes
from fooling.pages.findings.searches import describe_network, describe_size, spread_of_runs, to_confidence


class RetrainedDigits(Protocol):
    """What is read of a network of a chain, :class:`fooling.pages.retraining.digits.RetrainedDigits`."""

    @property
    def medians(self) -> np.ndarray:
        """Median log-odds of the digits, ``(runs, generations + 1) float32``."""

    @property
    def log_odds(self) -> np.ndarray:
        """The last champions', ``(runs, digits) float32``."""

    @property
    def error(self) -> np.ndarray:
        """Share of held-out digits that are wrong, a scalar."""

    @property
    def called_fooling(self) -> np.ndarray:
        """Share of them that are called fooling, a scalar."""

    @property
    def held_out(self) -> np.ndarray:
        """How many they are, a scalar."""

    @property
    def caught_before(self) -> np.ndarray:
        """Share of images against the network before that are called fooling, by left-out run, float64."""

    @property
    def caught_after(self) -> np.ndarray:
        """The same of images against this one, ``(runs,) float64``."""

    @property
    def natural(self) -> np.ndarray:
        """Digits in the training set, a scalar."""

    @property
    def fooling(self) -> np.ndarray:
        """Fooling images in it, a scalar."""


class RetrainedImageNet(Protocol):
    """What is read of :class:`fooling.pages.retraining.imagenet.RetrainedImageNet`."""

    @property
    def before(self) -> np.ndarray:
        """Log-odds of the champions on DNN1, ``(runs, generations + 1, cells) float32``."""

    @property
    def after(self) -> np.ndarray:
        """The same on DNN2."""

    @property
    def caught_last(self) -> np.ndarray:
        """Whether the last champions of the left-out run are called fooling, ``(cells,) bool``."""

    @property
    def held_out(self) -> np.ndarray:
        """Top class of held-out natural images on DNN1 and DNN2, ``(count, 2) int64``."""

    @property
    def photographs(self) -> np.ndarray:
        """Of how many photographs, a scalar."""


def summarise_retrained_digits(
    networks: Sequence[RetrainedDigits], children: int, data: str, coordinates: str
) -> dict[str, Any]:
    """Reduce a chain to the numbers that ``retrain-mnist`` is judged by.

    Args:
        networks: The first network, then at least one retrained one.
        children: Children per generation.
        data: What the networks learned besides fooling images, in words.
        coordinates: What CPPNs are fed, in words.

    Returns:
        JSON: the final median over runs and digits by network, the generation by which the median run on the first
        network was as far as the last median (None if never), the lowest and highest median of a run on the last
        network, the share of fooling images in its training set, the median network's shares of images called fooling
        that evolved against the network before and against itself, iterations, runs, generations, scale.

    Raises:
        ValueError: If no network was retrained.
    """
    first, *retrained = networks
    if not retrained:
        raise ValueError("No network was retrained, so there is nothing to compare the first one with.")
    last = retrained[-1]
    runs, cells = last.log_odds.shape
    generations = last.medians.shape[1] - 1
    size = describe_size(runs, cells, generations, children)
    medians = [float(np.median(to_confidence(one.log_odds))) for one in (first, *retrained)]
    return {
        "medians": medians,
        "first_as_far": _find_generation(first.medians, medians[-1]),
        "last_run_medians": spread_of_runs(to_confidence(last.log_odds)),
        "fooling_share": float(last.fooling / (last.natural + last.fooling)),
        "caught": float(np.median([one.caught_before.mean() for one in retrained])),
        "caught_after": float(np.median([one.caught_after.mean() for one in retrained])),
        "iterations": len(retrained),
        "runs": runs,
        "generations": generations,
        "scale": (
            f"one chain, one seed for each network; {size} on each of {len(networks)} networks, trained on {data}; "
            f"coordinates {coordinates}"
        ),
    }


def _find_generation(medians: np.ndarray, confidence: float) -> int | None:
    """Return the first generation at which the median run, ``(runs, generations + 1)``, has a confidence."""
    reached = to_confidence(np.median(medians, axis=0)) >= confidence
    return int(reached.argmax()) if reached.any() else None


def summarise_retrained_error(
    networks: Sequence[RetrainedDigits], imagenet: RetrainedImageNet | None, data: str
) -> dict[str, Any]:
    """Reduce a chain, and an ImageNet network if there is one, to the numbers that ``retrain-error`` is judged by.

    Args:
        networks: The first network, then at least one retrained one.
        imagenet: None where only digits were tested.
        data: As for :func:`summarise_retrained_digits`.

    Returns:
        JSON: held-out error of the first network, median and range of the others, that of the last, the median share of
        digits that they call fooling, how many digits, iterations; on how many held-out crops (and photographs) the
        ImageNet network kept its top class, None where there is none; scale.

    Raises:
        ValueError: If no network was retrained.
    """
    first, *retrained = networks
    if not retrained:
        raise ValueError("No network was retrained, so there is no error to compare.")
    errors = [float(one.error) for one in retrained]
    held_out, iterations = int(first.held_out), len(retrained)
    return {
        "error_first": float(first.error),
        "error_median": float(np.median(errors)),
        "error_range": [min(errors), max(errors)],
        "error_last": errors[-1],
        "called_fooling": float(np.median([one.called_fooling for one in retrained])),
        "held_out": held_out,
        "iterations": iterations,
        **_measure_agreement(imagenet),
        "scale": f"one chain of {iterations} retrained networks, {held_out:,} held-out digits; trained on {data}",
    }


def _measure_agreement(imagenet: RetrainedImageNet | None) -> dict[str, Any]:
    if imagenet is None:
        return {"agreement": None, "agreement_crops": 0, "agreement_photographs": 0}
    return {
        "agreement": float(np.mean(imagenet.held_out[:, 0] == imagenet.held_out[:, 1])),
        "agreement_crops": len(imagenet.held_out),
        "agreement_photographs": int(imagenet.photographs),
    }


def summarise_retrained_imagenet(
    retrained: RetrainedImageNet, children: int, network: str, coordinates: str, crops: str = "one"
) -> dict[str, Any]:
    """Reduce what evolved against DNN1 and DNN2 to the numbers that ``retrain-imagenet`` is judged by.

    Args:
        retrained: Both searches, on the same classes.
        children: Children per generation.
        network: Name of DNN1.
        coordinates: What CPPNs are fed, in words.
        crops: "one" or "ten".

    Returns:
        JSON: final medians before and after, the lowest and highest median of a run after, in how many classes DNN1's
        images are ahead, the probability of superiority and p of :func:`fooling.pages.comparison.compare_classes`, the p of
        :func:`fooling.pages.findings.paired.pair_classes`, both searches before evolution, the share of the left-out run's
        last champions that DNN2 calls fooling, runs, classes, children per cell, scale.
    """
    before, after = (to_confidence(part[:, -1]) for part in (retrained.before, retrained.after))
    compared = compare_classes(before, after)
    runs, cells = after.shape
    generations = retrained.after.shape[1] - 1
    return {
        "median_before": float(np.median(before)),
        "median_after": float(np.median(after)),
        "run_medians_after": spread_of_runs(after),
        "classes_ahead": compared.ahead,
        "superiority": compared.superiority,
        "p": compared.p,
        "paired_p": pair_classes(before, after),
        "start": compare_starts(retrained.before, retrained.after),
        "caught": float(np.mean(retrained.caught_last)),
        "runs": runs,
        "classes": cells,
        "per_cell": generations * children / cells,
        "scale": f"{describe_size(runs, cells, generations, children)}; {describe_network(network, crops)}; "
        f"coordinates {coordinates}",
    }
