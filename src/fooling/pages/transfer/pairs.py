"""Networks held against each other in pairs: which images of the one keep their class on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.imagenet_search import FOOLED
from fooling.words import show_confidence, table

if TYPE_CHECKING:
    from fooling.networks.answers import Transfer


class Pair(NamedTuple):
    """The images that evolved on one network, before another."""

    source: str  # the network that they evolved on
    other: str  # the network that they are shown to
    agrees: np.ndarray  # (images,) bool: whether its most likely class is the image's
    log_odds: np.ndarray  # (images,) float32: its log-odds for the image's class
    # the share that would agree if the images' classes were dealt out anew among them; None without images
    shuffled: float | None

    @property
    def share(self) -> float | None:
        """The share of images that keep their class; None without images."""
        return float(self.agrees.mean()) if self.agrees.size else None


@dataclass(frozen=True)
class Kept:
    """How many images keep their class on another network; an image shown to two of them is two showings.

    All but the numbers is of showings, and None without images.
    """

    images: int  # how many there are
    showings: int  # how many of them to another network
    share: float | None = None  # that keeps its class
    shuffled: float | None = None  # that share for shuffled classes
    spread: tuple[float, float] | None = None  # the lowest and highest share of a pair of networks
    median: float | None = None  # of the other networks' confidences in the class

    @property
    def shown(self) -> tuple[str, ...]:
        """Share, its spread, that of shuffled classes, and the median, as text; a dash for each without images."""
        if self.spread is None or self.median is None:
            return ("–",) * 4
        low, high = self.spread
        return f"{self.share:.1%}", f"{low:.1%} to {high:.1%}", f"{self.shuffled:.1%}", show_confidence(self.median)


def compare_pairs(answers: Transfer, least: float = FOOLED) -> list[Pair]:
    """Hold what each network takes the images of each other one for against their class, for all ordered pairs.

    Only images count of which their own network is as certain as ``least``. Networks without images of their own are
    the source of no pair; one that answers with NaN is a ValueError.
    """
    silent = np.isnan(answers.log_odds).any(axis=1)
    if silent.any():
        raise ValueError(f"{answers.networks[int(silent.argmax())]} answers with confidences that are not numbers.")
    certain = to_confidence(answers.own) >= least
    pairs = []
    for source in np.unique(answers.sources).tolist():
        kept = certain & (answers.sources == source)
        for other, name in enumerate(answers.networks):
            if other != source:
                shuffled = expect_shuffled(answers.targets[kept], answers.top[other, kept])
                parts = answers.agrees[other, kept], answers.log_odds[other, kept], shuffled
                pairs.append(Pair(answers.networks[source], name, *parts))
    return pairs


def expect_shuffled(targets: np.ndarray, answers: np.ndarray) -> float | None:
    """Return the share of answers that would be right if the targets were dealt out anew: the mean over all orders.

    Every answer meets every target equally often, so this is the sum over classes of the product of their shares. Both
    are ``(images,)`` classes; without images there is no share.
    """
    if not len(targets):
        return None
    classes = 1 + max(int(np.max(targets)), int(np.max(answers)))
    counts = [np.bincount(part, minlength=classes) for part in (targets, answers)]
    return float(counts[0] @ counts[1] / (len(targets) * len(answers)))


def pool_pairs(pairs: Iterable[Pair]) -> Kept:
    """Reduce pairs of networks to what they have in common; larger pairs weigh more."""
    filled = [pair for pair in pairs if pair.agrees.size]
    if not filled:
        return Kept(images=0, showings=0)
    sizes, shares = zip(*((pair.agrees.size, float(pair.agrees.mean())) for pair in filled), strict=True)
    return Kept(
        images=sum({pair.source: pair.agrees.size for pair in filled}.values()),
        showings=sum(sizes),
        share=float(np.average(shares, weights=sizes)),
        shuffled=float(np.average([pair.shuffled for pair in filled if pair.shuffled is not None], weights=sizes)),
        spread=(min(shares), max(shares)),
        median=float(np.median(to_confidence(np.concatenate([pair.log_odds for pair in filled])))),
    )


def tabulate_certain(kinds: Mapping[str, tuple[Transfer, Sequence[str]]]) -> str:
    """Return a Markdown table of how many images that nobody evolved each network is certain of, whatever the class.

    ``kinds`` has, by label, answers of :func:`fooling.pages.transfer.showing.show_unbred`, and names of classes.
    """
    lines = []
    for label, (answers, names) in kinds.items():
        for place, network in enumerate(answers.networks):
            mine = answers.sources == place  # every image once
            counts = np.bincount(answers.targets[mine])
            share, commonest = (to_confidence(answers.own[mine]) >= FOOLED).mean(), int(counts.argmax())
            often = f"{counts[commonest] / mine.sum():.0%}"
            lines.append((label, network, int(mine.sum()), f"{share:.1%}", names[commonest], often))
    return table(("", "network", "images", f"at {FOOLED:.0%} or more", "most often taken for", "share"), lines)


def tabulate_kept(rows: Mapping[str, tuple[Transfer, float]], counted: str = "images") -> str:
    """Return a Markdown table with a row for each kind of images, and how often they were shown to another network.

    A row has, by its label, answers, and the confidence on an image's own network from which it counts. It is left out
    where asking for less confidence adds no image to a row above of the same answers. What is counted is images, or
    images × networks where each of them stands once for each network.
    """
    header = (
        *("", counted, "showings", "another network keeps the class", "by pair", "shuffled"),
        *("its median confidence", "fool all", "fool no other"),
    )
    told, lines = set(), []
    for label, (answers, least) in rows.items():
        kept = pool_pairs(compare_pairs(answers, least))
        if not kept.images:
            lines.append((label, "0", *["–"] * 7))
        elif (id(answers), kept.images) not in told:
            fooled = [f"{count:,}" for count in count_fooled(answers, least)]
            lines.append((label, f"{kept.images:,}", f"{kept.showings:,}", *kept.shown, *fooled))
        told.add((id(answers), kept.images))
    return table(header, lines)


def count_fooled(answers: Transfer, least: float = FOOLED) -> tuple[int, int]:
    """Return how many images, of which their own network is as certain, fool every network, and how many no other."""
    kept = to_confidence(answers.own) >= least
    others = np.arange(len(answers.networks))[:, None] != answers.sources
    everywhere = answers.agrees[:, kept].all(axis=0)
    elsewhere = (answers.agrees & others)[:, kept].any(axis=0)
    return int(everywhere.sum()), int((~elsewhere).sum())
