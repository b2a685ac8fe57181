"""Figures of retrained networks: what happens from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import NEAR_CERTAIN, to_confidence, to_log_odds, wilson_interval
from fooling.figures.style import COLOURS, DASHES, PAPER, Figure, label_log_odds, shade, start_figure, styled
from fooling.words import show_confidence, show_error

# A colour means one thing on the page: ImageNet's DNN1 and DNN2 have the first two.
ALL, CAUGHT, HELD_OUT = "#555555", COLOURS[2:4], COLOURS[4:6]
JITTER = 0.18  # networks beside their place that runs are spread over


@styled
def draw_retrained_medians(log_odds_by_network: Sequence[np.ndarray], curves: Mapping[str, np.ndarray]) -> Figure:
    """Draw how certain the last champions are on each network of a chain, and how soon on some of them.

    Left a dot for each run's median, the median over runs and digits as a line and their middle half as a band; right
    the median over runs by generation, with the band of their middle half.

    Args:
        log_odds_by_network: ``(runs, digits) float32`` for each network, the first one being untaught.
        curves: By label, at most six, ``(runs, generations + 1) float32``: each run's median log-odds.
    """
    ends = [show_confidence(float(np.median(to_confidence(part)))) for part in log_odds_by_network]
    alt = (
        f"Confidence of images against networks 1 to {len(ends)}, at the end and by generation. Left: the last "
        f"champions; medians {', '.join(ends)}. Right: medians of runs on {', '.join(curves)}. The paper's line is at "
        "99.99%."
    )
    drawn, axes = start_figure(4.5, alt, ncols=2, sharey=True)
    left, right = axes[0]
    quartiles = np.array([np.percentile(part, (25, 50, 75)) for part in log_odds_by_network])
    by_run = [np.median(part, axis=1) for part in log_odds_by_network]
    places = np.arange(1, len(ends) + 1)
    left.fill_between(places, quartiles[:, 0], quartiles[:, 2], color=ALL, alpha=0.2, lw=0)
    left.plot(places, quartiles[:, 1], color=ALL, lw=2)
    _scatter_runs(left, places, by_run, ALL)
    bands = []
    for colour, (label, history) in zip(shade(len(curves)), curves.items(), strict=True):
        lower, median, upper = np.percentile(history, (25, 50, 75), axis=0)
        right.fill_between(np.arange(len(median)), lower, upper, color=colour, alpha=0.15, lw=0)
        right.plot(median, color=colour, label=label)
        bands += [lower, upper]
    for spot in (left, right):
        spot.axhline(to_log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=DASHES, label="the paper's 99.99%")
    label_log_odds(left, np.concatenate([quartiles.ravel(), *by_run, *bands]))
    _number_networks(left, places)
    left.set(ylabel="confidence (log-odds scale)", title="after the last generation")
    last = max(part.shape[1] for part in curves.values()) - 1
    right.set(xlabel="generation", xlim=(0, last), title="by generation")
    right.xaxis.get_major_locator().set_params(integer=True)
    drawn.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=len(curves) + 1, fontsize=9)
    return drawn


@styled
def draw_retrained_errors(errors: np.ndarray, called_fooling: np.ndarray, held_out: int) -> Figure:
    """Draw each network's error on held-out digits, and how many of them it calls fooling, with 95% intervals.

    Both are ``(networks,) float64`` shares of ``held_out`` digits; Wilson's interval says how far chance alone may move
    them.
    """
    parts = {"wrong": errors, "called fooling": called_fooling}
    alt = (
        f"How many of {held_out:,} held-out digits networks 1 to {len(errors)} get wrong or call fooling. "
        + "; ".join(
            "{}: {} at first, then {} to {}".format(label, *map(show_error, (part[0], part[1:].min(), part[1:].max())))
            for label, part in parts.items()
        )
    )
    drawn, axes = start_figure(3.3, alt + ".")
    spot, places = axes[0, 0], np.arange(1, len(errors) + 1)
    for shift, colour, marker, (label, part) in zip((-0.06, 0.06), HELD_OUT, "os", parts.items(), strict=True):
        low, high = wilson_interval(part, held_out)
        spread = np.clip([part - low, high - part], 0.0, None)
        style = {"fmt": marker, "ls": "-", "lw": 1.2, "capsize": 3, "ms": 5}
        spot.errorbar(places + shift, part, spread, color=colour, label=label, **style)
    spot.axhline(errors[0], color=HELD_OUT[0], lw=0.8, ls=":", label="error of the first network")
    _number_networks(spot, places)
    spot.set_ylim(bottom=-0.002)
    spot.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    spot.set_ylabel("share of held-out digits")
    drawn.legend(loc="outside lower center", ncols=3, fontsize=9)
    return drawn


@styled
def draw_caught(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> Figure:
    """Draw which share of fooling images each retrained network calls fooling: a dot per run, the mean as a line.

    The shares are ``(runs,) float64`` for each network, of images that evolved against the network before it or itself.
    """
    parts = {"evolved against the network before, not learned": before, "evolved against this network": after}
    means = {label: [part.mean() for part in rows] for label, rows in parts.items()}
    told = "; ".join(f"{label}: {min(part):.0%} to {max(part):.0%}" for label, part in means.items())
    drawn, axes = start_figure(3.3, f"Share of the last champions called fooling, by retrained network. {told}.")
    spot, places = axes[0, 0], np.arange(2, len(before) + 2)
    for colour, marker, (label, rows) in zip(CAUGHT, "os", parts.items(), strict=True):
        _scatter_runs(spot, places, rows, colour)
        spot.plot(places, means[label], color=colour, marker=marker, ms=6, lw=1.5, label=label)
    _number_networks(spot, places)
    spot.set(ylim=(-0.04, 1.04), ylabel="share called fooling")
    spot.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    drawn.legend(loc="outside lower center", ncols=2, fontsize=9)
    return drawn


def _scatter_runs(spot: Axes, places: np.ndarray, values: Sequence[np.ndarray], colour: str) -> None:
    """Draw a dot per run beside each network's place."""
    for place, part in zip(places, values, strict=True):
        spread = place + (np.linspace(-JITTER, JITTER, len(part)) if len(part) > 1 else np.zeros(len(part)))
        spot.scatter(spread, part, s=9, color=colour, alpha=0.6, lw=0, zorder=3)


def _number_networks(spot: Axes, places: np.ndarray) -> None:
    """Label the networks of a chain across, every second one where they are many."""
    step = 1 if len(places) <= 10 else 2
    spot.set(xticks=places[::step], xlabel="network of the chain")
    spot.set_xlim(places[0] - 0.5, places[-1] + 0.5)
