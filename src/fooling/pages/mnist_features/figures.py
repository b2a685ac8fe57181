"""Figures of what champions of one digit share over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fooling.figures.style import COLOURS, Figure, start_figure, styled
from fooling.words import list_words

NARROW = 0.28  # how far the dots of a digit spread to either side


@styled
def draw_means(means: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw mean images, a row per kind, a column per digit, each stretched from its darkest to its brightest pixel.

    The means are ``(digits, height, width)`` of any range, by label.
    """
    alt = f"Mean image of each digit, {names[0]} to {names[-1]}; rows: {list_words(list(means))}."
    return _draw_rows(means, names, "gray", alt)


@styled
def draw_looks(looks: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw where the network looks, a row per kind, a column per digit; black is nowhere, bright is most of that image.

    The looks are ``(digits, height, width)`` by label, not negative.
    """
    parts = []
    for label, part in looks.items():
        rows, columns = (slice(side // 4, side - side // 4) for side in part.shape[1:])
        share = part[:, rows, columns].sum() / max(part.sum(), np.finfo(float).tiny)
        parts.append(f"{label} {share:.0%}")
    alt = f"Where the network looks in images of the digits {names[0]} to {names[-1]}. "
    alt += f"Within the middle quarter: {'; '.join(parts)}."
    return _draw_rows(looks, names, "inferno", alt)


def _draw_rows(rows: Mapping[str, np.ndarray], names: Sequence[str], colours: str, alt: str) -> Figure:
    """Draw ``(digits, height, width)`` arrays as rows of pixels, each image with its own range of colours."""
    drawn, axes = start_figure(0.95 * len(rows) + 0.25, alt, nrows=len(rows), ncols=len(names))
    for line, (label, part) in zip(axes, rows.items(), strict=True):
        for spot, image in zip(line, part, strict=True):
            spot.imshow(image, cmap=colours, interpolation="nearest")
            spot.set(xticks=[], yticks=[])
            spot.grid(False)
            spot.spines[:].set(visible=True, color="#cccccc")  # so that white images have an end
        line[0].set_ylabel(label.replace(" ", "\n"), fontsize=9)
    for spot, name in zip(axes[0], names, strict=True):
        spot.set_title(name, fontsize=10, fontweight="bold")
    return drawn


@styled
def draw_shares(
    shares: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    marked: Mapping[str, int],
    names: Sequence[str],
) -> Figure:
    """Draw a share of edges by digit, a panel per share: a dot per run, a bar for their median, a tick for real digits.

    Args:
        shares: By label, ``(runs, digits) float64 in [0, 1]``.
        reference: By the same labels, that of real digits, ``(images, digits)``; the tick is their median.
        marked: By the same labels, the digit that the paper says stands out.
    """
    parts = []
    for label, values in shares.items():
        rest = np.delete(np.median(values, axis=0), marked[label])
        parts.append(
            f"{label}: median {np.median(values[:, marked[label]]):.2f} for digit {names[marked[label]]}, "
            f"{rest.min():.2f} to {rest.max():.2f} for the others"
        )
    alt = f"Shares of edges by digit, {len(next(iter(shares.values())))} runs. {'; '.join(parts)}."
    drawn, axes = start_figure(3.5, alt, ncols=len(shares))
    for spot, (label, values) in zip(axes[0], shares.items(), strict=True):
        spread = np.linspace(-NARROW, NARROW, len(values))
        for digit, column in enumerate(values.T):
            colour, middle = COLOURS[digit == marked[label]], np.median(column)
            spot.plot([digit - 0.4, digit + 0.4], [middle, middle], color=colour, lw=2)
            spot.scatter(digit + spread, column, s=14, color=colour, alpha=0.5, lw=0)
        ticks = spot.plot(np.median(reference[label], axis=0), ls="", marker="x", color="black", ms=6, mew=1.3)
        spot.set(xticks=range(len(names)), xticklabels=names, xlabel="digit")
        spot.set_title(label, fontsize=10)
        spot.set_ylim(bottom=0)
    marks = {"median of the runs": axes[0, 0].lines[0], "real digits, median": ticks[0]}
    drawn.legend(marks.values(), marks, loc="outside lower center", ncols=2)
    return drawn


@styled
def draw_likeness(likeness: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw the mean correlation of champions of two digits in two runs, a matrix per kind, one scale for all.

    The matrices are ``(digits, digits) float64 in [−1, 1]``, by label.
    """
    parts = []
    for label, matrix in likeness.items():
        same = np.eye(len(matrix), dtype=bool)
        means = [round(float(np.mean(matrix[kind])), 2) + 0.0 for kind in (same, ~same)]  # no "-0.00"
        parts.append(f"{label}: same digit {means[0]:.2f}, other digits {means[1]:.2f}")
    drawn, axes = start_figure(3.1, f"Mean correlation over runs. {'; '.join(parts)}.", ncols=len(likeness))
    strongest = max(float(np.abs(matrix).max()) for matrix in likeness.values())
    for spot, (label, matrix) in zip(axes[0], likeness.items(), strict=True):
        shown = spot.imshow(matrix, cmap="PuOr_r", vmin=-strongest, vmax=strongest, interpolation="nearest")
        spot.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
        spot.set_title(label, fontsize=10)
        spot.grid(False)
        spot.set_xlabel("digit in another run")
    axes[0, 0].set_ylabel("digit in one run")
    drawn.colorbar(shown, ax=list(axes[0]), shrink=0.75, label="mean correlation")
    return drawn
