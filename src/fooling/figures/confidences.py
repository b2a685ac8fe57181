"""How confidences are distributed: over many classes, and over images that nobody evolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fooling.figures.style import BASELINE, COLOURS, PAPER, Figure, start_figure, styled
from fooling.words import show_confidence

if TYPE_CHECKING:
    from fooling.networks.assessment import Assessment

BINS = np.linspace(0.0, 1.0, 21)
FEW = 50  # classes; up to so many each is drawn, and more on an axis of logarithms; Choice


@styled
def draw_confidence_histogram(confidences: Mapping[str, np.ndarray]) -> Figure:
    """Draw how many classes end with which confidence, a panel per search, the median marked.

    Up to 50 classes are marked one by one below the axis; with more, the counts are spaced by logarithms.

    Args:
        confidences: By label, ``(runs, cells) float32``; a class counts once, with its median over runs.
    """
    medians = {label: np.median(part, axis=0) for label, part in confidences.items()}
    parts = [
        f"{label}: median {show_confidence(np.median(part))}, {np.mean(part < 0.05):.0%} of {len(part):,} below 5%, "
        f"{np.mean(part >= 0.95):.0%} at or above 95%"
        for label, part in medians.items()
    ]
    alt = f"Classes by the confidence of their champion. {'; '.join(parts)}."
    drawn, axes = start_figure(2.9, alt, ncols=len(medians), sharex=True, sharey=True)
    many = max(map(len, medians.values())) > FEW
    for spot, colour, (label, part) in zip(axes[0], COLOURS[: len(medians)], medians.items(), strict=True):
        counts = np.histogram(part, BINS)[0]
        spot.stairs(counts, BINS, color=colour, fill=True, alpha=0.35, baseline=0.6 if many else 0)
        spot.stairs(counts, BINS, color=colour, lw=1.2, baseline=None)
        spot.axvline(float(np.median(part)), color=PAPER, lw=1, ls=":")
        if len(part) <= FEW:
            spot.plot(part, np.full(len(part), 0.035), "|", color=colour, ms=7, transform=spot.get_xaxis_transform())
        spot.set_title(f"{label}\nmedian {show_confidence(np.median(part))}", fontsize=9.5)
        spot.set(xlabel="confidence", xlim=(-0.02, 1.02), xticks=BINS[::4])
    if many:
        axes[0, 0].set(yscale="log", ylim=(0.6, 1.5 * max(map(len, medians.values()))))
        axes[0, 0].yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    else:
        axes[0, 0].yaxis.get_major_locator().set_params(integer=True)
        axes[0, 0].set_ylim(-0.09 * max(np.histogram(part, BINS)[0].max() for part in medians.values()))
    axes[0, 0].set_ylabel("classes" + (" (log scale)" if many else ""))
    return drawn


@styled
def draw_reliability(assessments: Mapping[str, Assessment]) -> Figure:
    """Draw accuracy against confidence on held-out images, and how many images stand in each bin."""
    alt = "Reliability on held-out images. " + "; ".join(
        f"{name}: error {100 * part.error:.1f}%, calibration error {100 * part.calibration_error:.1f} points"
        for name, part in assessments.items()
    )
    drawn, axes = start_figure(3.6, alt + ".", ncols=2)
    curve, counts = axes[0]
    curve.plot([0, 1], [0, 1], color=BASELINE, lw=1, label="perfectly calibrated")
    for number, (colour, (name, part)) in enumerate(zip(COLOURS[: len(assessments)], assessments.items(), strict=True)):
        confidence, accuracy, count, _ = part.calibration
        filled = count > 0
        curve.plot(confidence[filled], accuracy[filled], "o-", ms=4, color=colour, label=name)
        middle = (np.arange(len(count)) + 0.2 + 0.3 * number) / len(count)
        counts.bar(middle, count, width=0.26 / len(count), color=colour, label=name)
    curve.set(xlabel="confidence", ylabel="share correct", xlim=(0, 1.02), ylim=(0, 1.02))
    counts.set(xlabel="confidence", ylabel="held-out digits", yscale="log", xlim=(0, 1.02))
    counts.legend(*curve.get_legend_handles_labels(), fontsize=8, loc="upper left")
    return drawn


@styled
def draw_confidence_shares(confidences: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw for each network the share of images at or above every confidence, by kind of image.

    Args:
        confidences: By network, by kind of image: ``(count,) float32`` confidence in the top class.
    """
    kinds = list(next(iter(confidences.values())))
    alt = "Share of images at or above each confidence. " + "; ".join(
        f"{name}: {kind} median {show_confidence(float(np.median(values)))}"
        for name, parts in confidences.items()
        for kind, values in parts.items()
        if len(values)
    )
    drawn, axes = start_figure(3.0, alt + ".", ncols=len(confidences), sharey=True)
    for spot, (name, parts) in zip(axes[0], confidences.items(), strict=True):
        for kind, colour in zip(kinds, (COLOURS[2], COLOURS[1], BASELINE), strict=True):
            values = np.sort(parts[kind])
            spot.step(values, 1.0 - np.arange(len(values)) / max(len(values), 1), color=colour, label=kind, where="pre")
        spot.set(title=name, xlabel="confidence", xlim=(0, 1.01), ylim=(0, 1.02))
        spot.title.set_fontsize(10)
    axes[0, 0].set_ylabel("share of images at least as sure")
    axes[0, 0].legend(fontsize=8, loc="lower left")
    return drawn
