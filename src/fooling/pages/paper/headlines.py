"""What was found in a line: the one or two numbers of each claim that a table has room for.

Spread, tests and baselines stand in the sentences of the files of rules; every number here stands there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fooling.pages.paper.verdicts import show_confidence, show_few


def tell_direct(metrics: Mapping[str, Any]) -> str:
    """Return the median and in how many runs every digit was certain in time."""
    before = f"{metrics['runs_certain_before_50'] or 'none'} of {metrics['runs']} runs"
    return f"median {show_confidence(metrics['median'])}; every digit before generation 50 in {before}"


def tell_cppn(metrics: Mapping[str, Any]) -> str:
    """Return the median and that of random search."""
    median, baseline = (show_confidence(metrics[name]) for name in ("median", "baseline_median"))
    return f"median {median}; random search {baseline}"


def tell_features(metrics: Mapping[str, Any]) -> str:
    """Return the effects."""
    names = ("vertical_1", "low_bar_2", "low_share_2", "alike")
    one, bars, low, alike = (f"{metrics[name]['superiority']:.2f}" for name in names)
    return f"1 upright {one}; 2 has bars {bars}, but low ones {low}; runs alike {alike} (0.50 is chance)"


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
    one, half, other = (metrics[f"kept_without_{name}"] for name in ("one", "half", "smaller_half"))
    return f"keeps {one:.1%} without one element, {half:.0%} or {other:.0%} without half (odd numbers have two)"


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
    """Add the median of random images."""
    return f"{tell_search(metrics)}; as many random images {show_confidence(metrics['baseline_median'])}"


def tell_retrained_digits(metrics: Mapping[str, Any]) -> str:
    """Return the first and the last median of the chain."""
    first, last = (show_confidence(metrics["medians"][place]) for place in (0, -1))
    return f"median {first} before, {last} after {metrics['iterations']}; one chain"


def tell_retrained_imagenet(metrics: Mapping[str, Any]) -> str:
    """Return the medians before and after."""
    before, after = (show_confidence(metrics[name]) for name in ("median_before", "median_after"))
    return f"median {before} on DNN1, {after} on DNN2"


def tell_error(metrics: Mapping[str, Any]) -> str:
    """Return the errors before and after, and on the last network."""
    before, after, last = (f"{100 * metrics[f'error_{name}']:.1f}%" for name in ("first", "median", "last"))
    return f"held-out error {before} before, median {after} after, last network {last}"


def tell_ascent(metrics: Mapping[str, Any]) -> str:
    """Return what ImageNet images reach without and with L2, there before and after rounding to 8 bits."""
    one = metrics["imagenet"]
    values = one["last_without"], one["with_l2"]["last"], one["last_with"]
    without, with_l2, rounded = map(show_confidence, values)
    return f"ImageNet: median {without} without L2, {with_l2} with it, {rounded} as 8-bit images"


def tell_natural(metrics: Mapping[str, Any]) -> str:
    """Return the median confidence on photographs."""
    return f"median {show_confidence(metrics['median'])} on {metrics['images']:,} photographs"
