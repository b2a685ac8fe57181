"""What evolves to be shown to other networks, at each profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fooling.pages.searches import LITES, SUPPLEMENT_CLASSES, ImageNetSizes, SearchSizes


@dataclass(frozen=True)
class TransferSizes:
    """What evolves to be shown to other networks."""

    digits: SearchSizes  # against each digit network, in both encodings
    ensemble: ImageNetSizes  # against the mean softmax of the ImageNet networks
    # ImageNet networks that the images of page 08 are shown to, the one they evolved on first
    networks: tuple[str, ...] = LITES


# Against three networks an image costs about five times as much; the paper's ensemble run has 4,000 generations. How
# many runs its digits have is not known.
SIZES: Mapping[str, TransferSizes] = {
    "smoke": TransferSizes(
        SearchSizes(runs=1, generations=2, children=10),  # too few images at 99% for a verdict
        ImageNetSizes(runs=1, generations=2, children=5, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
        networks=LITES[:2],
    ),
    "default": TransferSizes(
        SearchSizes(runs=5, generations=200, children=200),  # on LeNet the runs of pages 02 and 03
        ImageNetSizes(runs=2, generations=50, children=20, baseline_runs=1, classes=SUPPLEMENT_CLASSES),
    ),
    "extended": TransferSizes(
        SearchSizes(runs=10, generations=200, children=200),
        ImageNetSizes(runs=2, generations=250, children=20, baseline_runs=1, classes=SUPPLEMENT_CLASSES),
    ),
    "paper": TransferSizes(
        SearchSizes(runs=50, generations=200, children=200),
        ImageNetSizes(runs=5, generations=4_000, children=400, baseline_runs=1),
    ),
}
