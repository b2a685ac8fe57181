"""What was found in a line: the one or two numbers of each claim that a table has room for.

Spread, tests and baselines stand in the sentences of the files of rules; every number here stands there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.paper.verdicts import show_confidence, show_few


def tell_direct(metrics: Mapping[str, Any]) -> str:
    """Return the median and in how many runs every digit was certain in time."""
    before = f"{metrics['runs_certain_before_50'] or 'none'} of {metrics['runs']} runs"
    return f"median {show_confidence(metrics['median'])}; every digit before generation 50 in {before}"


def tell_cppn(metrics: Mapping[str, Any]) -> str:
    """Return the median and that of random search."""
    median, baseline = (show_confidence(metrics[name]) for name in ("median", "baseline_median"))
    return f"median {median}; random search {baseline}"


def tell_features(metrics: Mapping[str, Any]) -> str:
    """Return the three effects."""
    effects = ", ".join(f"{metrics[name]['superiority']:.2f}" for name in ("vertical_1", "low_bar_2", "alike"))
    return f"vertical 1, low bar in 2, alike over runs: {effects} (0.50 is chance)"


def tell_small_data(metrics: Mapping[str, Any]) -> str:
    """Return held-out errors and images needed."""
    low, high = (f"{100 * error:.1f}%" for error in metrics["errors"])
    counts = [
        " to ".join("never" if count is None else f"{count:,.0f}" for count in metrics[name]["needed"])
        for name in ("direct", "cppn")
    ]
    return f"error {low} to {high}; images needed {counts[0]} (pixels), {counts[1]} (CPPN)"


def tell_search(metrics: Mapping[str, Any]) -> str:
    """Return the median of an ImageNet search and how long it took."""
    return f"median {show_confidence(metrics['median'])} after {show_few(metrics['per_cell'])} children per cell"


def tell_imagenet_cppn(metrics: Mapping[str, Any]) -> str:
    """Add the median of pixel images."""
    return f"{tell_search(metrics)}; pixels {show_confidence(metrics['direct_median'])}"


def tell_repetition(metrics: Mapping[str, Any]) -> str:
    """Return what is kept without elements."""
    if not metrics["images"]:
        return "no image of at least 50% confidence has a period"
    return (
        f"keeps {metrics['kept_without_one']:.1%} without one element, {metrics['kept_without_half']:.0%} without half"
    )


def tell_relatedness(metrics: Mapping[str, Any]) -> str:
    """Return the median correlations."""
    neighbours, random = (metrics["similarity"][name] for name in ("neighbours", "random"))
    shown = ["not measured" if one is None else f"{round(one, 2) + 0.0:.2f}" for one in (neighbours, random)]
    return f"correlation of images: neighbouring classes {shown[0]}, random ones {shown[1]}"


def tell_transfer(metrics: Mapping[str, Any]) -> str:
    """Return the shares that keep their class."""
    labels = {"digits_initialisation": "other start", "digits_shape": "other network", "imagenet": "ImageNet"}
    shares = [
        f"{label} {metrics[name]['share']:.0%}" if metrics[name]["images"] else f"{label}: no image at 99%"
        for name, label in labels.items()
    ]
    return f"same class on another network: {', '.join(shares)}"


def tell_ensemble(metrics: Mapping[str, Any]) -> str:
    """Add the median of random search."""
    return f"{tell_search(metrics)}; random search {show_confidence(metrics['baseline_median'])}"


def tell_retrained_digits(metrics: Mapping[str, Any]) -> str:
    """Return the first and the last median."""
    first, last = (show_confidence(metrics["medians"][place]) for place in (0, -1))
    return f"median {first} before, {last} after {metrics['iterations']}"


def tell_retrained_imagenet(metrics: Mapping[str, Any]) -> str:
    """Return the medians before and after."""
    before, after = (show_confidence(metrics[name]) for name in ("median_before", "median_after"))
    return f"median {before} on DNN1, {after} on DNN2"


def tell_error(metrics: Mapping[str, Any]) -> str:
    """Return the errors before and after."""
    before, after = (f"{100 * metrics[name]:.1f}%" for name in ("error_first", "error_median"))
    return f"held-out error {before} before, median {after} after"


def tell_ascent(metrics: Mapping[str, Any]) -> str:
    """Return what ImageNet images reach without and with L2."""
    without, with_l2 = (show_confidence(metrics["imagenet"][name]) for name in ("last_without", "last_with"))
    return f"ImageNet: median {without} without L2, {with_l2} with"


def tell_natural(metrics: Mapping[str, Any]) -> str:
    """Return the median confidence on photographs."""
    return f"median {show_confidence(metrics['median'])} on {metrics['images']:,} photographs"
