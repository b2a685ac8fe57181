"""The figure of page 02 that shows one mutation by hand."""

from __future__ import annotations

import numpy as np

from fooling.encodings.operators import MUTATION_STRENGTH
from fooling.figures.style import COLOURS, Figure, show_pixels, start_figure, styled

FARTHEST = 0.4  # steps are drawn up to here; Choice: one in 2,000 is longer


@styled
def draw_mutation(parent: np.ndarray, child: np.ndarray, steps: np.ndarray) -> Figure:
    """Draw a parent, its child, their difference, and how long the steps of all children are.

    Images are ``(height, width, channels) uint8``; steps say by how much each gene changed, ``(children, genes)
    float32``, 0 where it did not.
    """
    changed = steps[steps != 0]
    share, mean = changed.size / steps.size, float(np.abs(changed).mean())
    difference = (child.astype(np.int16) - parent).mean(axis=-1) / 255.0
    alt = (
        f"A parent, its child and their difference, {np.count_nonzero(difference)} of {difference.size} pixels. In all "
        f"{len(steps)} children {share:.1%} of the genes changed, by {mean:.3f} on average; small steps are the most "
        "frequent, as the formula says."
    )
    drawn, axes = start_figure(2.5, alt, ncols=4, width_ratios=(1, 1, 1, 1.9))
    before, after, between, spread = axes[0]
    for spot, image, title in ((before, parent, "parent"), (after, child, "child")):
        show_pixels(spot, image)
        spot.set_title(title, fontsize=10)
    between.imshow(difference, cmap="PuOr", vmin=-0.25, vmax=0.25, interpolation="nearest")
    between.set(xticks=[], yticks=[])
    between.grid(False)
    between.set_title("brighter is purple", fontsize=10)
    along = np.linspace(-FARTHEST, FARTHEST, 201)
    bins = np.linspace(-FARTHEST, FARTHEST, 61)
    weights = np.full(changed.size, 1 / (changed.size * np.diff(bins)[0]))
    spread.hist(changed, bins=bins, weights=weights, color="#bbbbbb")
    density = 0.5 * (MUTATION_STRENGTH + 1) * (1.0 - np.abs(along)) ** MUTATION_STRENGTH
    spread.plot(along, density, color=COLOURS[0], label="the formula")
    spread.set(xlabel="step of a gene (1: black to white)", ylabel="density")
    spread.set_title(f"steps in all {len(steps)} children", fontsize=10)
    spread.legend(fontsize=8)
    return drawn
