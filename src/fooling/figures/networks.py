"""Figures of how sure networks are of images that nobody evolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fooling.figures.style import BASELINE, COLOURS, Figure, start_figure, styled
from fooling.words import show_confidence, show_error

if TYPE_CHECKING:
    from fooling.networks.assessment import Assessment


@styled
def draw_reliability(assessments: Mapping[str, Assessment]) -> Figure:
    """Draw accuracy against confidence on held-out images, and how many images stand in each bin."""
    alt = "Reliability on held-out images. " + "; ".join(
        f"{name}: error {show_error(part.error)}, calibration error {100 * part.calibration.error:.2f} points"
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
    """Draw for each network, by kind of image, the share of images whose top class has any confidence or more."""
    kinds = list(next(iter(confidences.values())))
    alt = "Share of images at or above each confidence. " + "; ".join(
        f"{name}: {kind} median {show_confidence(float(np.median(values)))}"
        for name, parts in confidences.items()
        for kind, values in parts.items()
        if len(values)
    )
    drawn, axes = start_figure(3.2, alt + ".", ncols=len(confidences), sharey=True)
    for spot, (name, parts) in zip(axes[0], confidences.items(), strict=True):
        for kind, colour in zip(kinds, (COLOURS[2], COLOURS[1], BASELINE), strict=True):
            values = np.sort(parts[kind])
            spot.step(values, 1.0 - np.arange(len(values)) / max(len(values), 1), color=colour, label=kind, where="pre")
        spot.set(xlabel="confidence", xlim=(0, 1.01), ylim=(0, 1.02))
        spot.set_title(name, fontsize=10, parse_math=False)
    axes[0, 0].set_ylabel("share at least as confident")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=len(kinds))
    return drawn
