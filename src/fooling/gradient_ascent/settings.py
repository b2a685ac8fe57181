"""The four ways in which the paper climbs, with the numbers of its released code."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """How an image climbs and what keeps it regular."""

    name: str  # what files and figures call it
    decay: float  # by what share the distance from the mean image shrinks at each step: the L2 term
    steps: int  # how often the confidence is measured; the image moves after each but the last
    early: float  # how much confidence a step aims to gain, at most
    late: float  # the same as a share of what is missing to certainty
    blur_radius: float = 0.0  # standard deviation in pixels of a Gaussian; 0 for none
    blur_every: int = 1  # it blurs at step 0 and every so many steps
    small_norm: float = 0.0  # percentage of pixels, those nearest to the mean image, that are set to it at each step
    # percentage of pixels, those whose distance from the mean image times the gradient is smallest
    small_benefit: float = 0.0
    max_rate: float = 1e12  # the largest learning rate. Source: the released code's default.
    # standard deviation of the start around the mean image, in grey levels; 0 starts from the mean image
    noise: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.blur_every < 1:
            raise ValueError(f"{self.name}: {self.steps} steps, blur every {self.blur_every}; both must be at least 1.")
        for name in ("decay", "early", "late", "blur_radius", "small_norm", "small_benefit", "max_rate", "noise"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{self.name}: {name} is {value}, but it must be a number of at least 0.")
        if self.decay > 1.0 or self.small_norm >= 100.0 or self.small_benefit >= 100.0:
            raise ValueError(f"{self.name}: decay is at most 1, and percentages are below 100.")


# Source: released code.
NONE = Setting("none", decay=0.0, steps=500, early=0.02, late=0.1)
L2 = Setting("L2", decay=0.01, steps=1_500, early=0.03, late=0.02)
L2_BLUR = Setting("L2 + blur", decay=0.001, steps=1_000, early=0.03, late=0.05, blur_radius=0.4, blur_every=2)
L2_BLUR_CLIPPING = Setting(
    *("L2 + blur + clipping", 0.001, 1_500, 0.03, 0.05),
    blur_radius=0.3,
    small_norm=20.0,
    small_benefit=20.0,
)
SETTINGS = (NONE, L2, L2_BLUR, L2_BLUR_CLIPPING)
