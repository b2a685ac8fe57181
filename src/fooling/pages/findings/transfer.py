"""The numbers that a page about other networks is reduced to, as JSON: what :mod:`fooling.pages.paper.transfer` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from fooling.pages.comparison import compare_classes
from fooling.pages.findings.imagenet import FOOLED, summarise_search
from fooling.pages.findings.paired import compare_starts, pair_classes
from fooling.pages.findings.searches import Search, describe_size, to_confidence
from fooling.pages.findings.tables import table
from fooling.pages.paper import show_confidence

FOOLED_ENSEMBLE = (
    0.9  # the confidence from which the paper counts a class as fooled here; Source: supplement (recalled)
)


class Transfer(Protocol):
    """What is read of a :class:`fooling.networks.answers.Transfer`."""

    @property
    def networks(self) -> Sequence[str]:
        """Names."""

    @property
    def sources(self) -> np.ndarray:
        """The place of the network that each image evolved on, ``(images,)``."""

    @property
    def targets(self) -> np.ndarray:
        """The class of each image, ``(images,)``."""

    @property
    def log_odds(self) -> np.ndarray:
        """Of that class, ``(networks, images) float32``."""

    @property
    def top(self) -> np.ndarray:
        """The most likely classes, ``(networks, images)``."""

    @property
    def own(self) -> np.ndarray:
        """The log-odds on the network that an image evolved on, ``(images,) float32``."""

    @property
    def agrees(self) -> np.ndarray:
        """Whether the most likely class is an image's own, ``(networks, images) bool``."""


class Pair(NamedTuple):
    """The images that evolved on one network, before another.

    Attributes:
        source: The network that they evolved on.
        other: The network that they are shown to.
        agrees: ``(images,) bool``: whether its most likely class is the image's.
        log_odds: ``(images,) float32``: its log-odds for the image's class.
        shuffled: The share that would agree if the images' classes were dealt out anew among them; None without images.
    """

    source: str
    other: str
    agrees: np.ndarray
    log_odds: np.ndarray
    shuffled: float | None

    @property
    def share(self) -> float | None:
        """The share of images that keep their class; None without images."""
        return float(self.agrees.mean()) if self.agrees.size else None


class Fooled(NamedTuple):
    """How many networks the same images fool.

    Attributes:
        images: Those of which their own network is as certain as asked for.
        everywhere: Images that every network takes for their class.
        alone: Images that no other network takes for their class.
    """

    images: int
    everywhere: int
    alone: int


class Certain(NamedTuple):
    """How many images that nobody evolved a network is certain of.

    Attributes:
        network: Its name.
        images: How many it was shown.
        share: The share that is, for it, of some class with the confidence asked for.
        commonest: The class that most of all images are most likely of, by index.
        commonest_share: Their share.
    """

    network: str
    images: int
    share: float
    commonest: int
    commonest_share: float


def compare_pairs(answers: Transfer, least: float = FOOLED) -> list[Pair]:
    """Hold what each network takes the images of each other one for against their class, for all ordered pairs.

    Args:
        answers: Such as a :class:`fooling.networks.answers.Transfer`.
        least: Only images of which their own network is as certain count.

    Returns:
        Pairs of networks with images of their own, by source and then by the other.

    Raises:
        ValueError: If ``least`` is no confidence, or a network answers with NaN.
    """
    if not 0.0 <= least <= 1.0:
        raise ValueError(f"A confidence lies from 0 to 1, but {least} was given.")
    silent = np.isnan(answers.log_odds).any(axis=1)
    if silent.any():
        raise ValueError(f"{answers.networks[int(silent.argmax())]} answers with confidences that are not numbers.")
    certain = to_confidence(answers.own) >= least
    pairs = []
    for source in np.unique(answers.sources).tolist():
        kept = certain & (answers.sources == source)
        for other in range(len(answers.networks)):
            if other != source:
                pairs.append(_compare_pair(answers, source, other, kept))
    return pairs


def _compare_pair(answers: Transfer, source: int, other: int, kept: np.ndarray) -> Pair:
    return Pair(
        source=answers.networks[source],
        other=answers.networks[other],
        agrees=answers.agrees[other, kept],
        log_odds=answers.log_odds[other, kept],
        shuffled=expect_shuffled(answers.targets[kept], answers.top[other, kept]),
    )


def expect_shuffled(targets: np.ndarray, answers: np.ndarray) -> float | None:
    """Return the share of answers that would be right if the targets were dealt out anew: the mean over all orders.

    Every answer meets every target equally often, so this is the sum over classes of the product of their shares.

    Args:
        targets: ``(images,)`` classes.
        answers: ``(images,)`` classes.

    Returns:
        The expectation, exactly; None without images.
    """
    if not len(targets):
        return None
    classes = 1 + max(int(np.max(targets)), int(np.max(answers)))
    counts = [np.bincount(part, minlength=classes) for part in (targets, answers)]
    return float(counts[0] @ counts[1] / (len(targets) * len(answers)))


def summarise_pairs(pairs: Iterable[Pair]) -> dict[str, Any]:
    """Pool pairs of networks.

    An image that is shown to two other networks is one image and two showings: shares and the median are of showings.

    Returns:
        JSON: the number of images and of showings, the share that keeps its class, that share for shuffled classes, the
        lowest and highest share of a pair, the median confidence of the other networks in the class; all but the
        numbers None without images.
    """
    filled = [pair for pair in pairs if pair.agrees.size]
    images = sum({pair.source: pair.agrees.size for pair in filled}.values())
    if not filled:
        return {"images": 0, "showings": 0, "share": None, "shuffled": None, "spread": None, "median": None}
    sizes = [pair.agrees.size for pair in filled]
    shares = [float(pair.agrees.mean()) for pair in filled]
    return {
        "images": images,
        "showings": sum(sizes),
        "share": float(np.average(shares, weights=sizes)),
        "shuffled": float(np.average([pair.shuffled for pair in filled if pair.shuffled is not None], weights=sizes)),
        "spread": [min(shares), max(shares)],
        "median": float(np.median(to_confidence(np.concatenate([pair.log_odds for pair in filled])))),
    }


def summarise_transfer(
    cppn: Transfer,
    direct: Transfer,
    imagenet: Transfer,
    search: Search,
    digits: tuple[int, int, int],
    coordinates: str,
) -> dict[str, Any]:
    """Reduce all images at 99% or more on the network they evolved on to the numbers that ``transfer`` is judged by.

    Args:
        cppn: Digit networks before CPPN images: the first two networks of one shape, the others of another.
        direct: The same before pixel images.
        imagenet: ImageNet networks before CPPN images that evolved on the first.
        search: The search that these come from.
        digits: Runs on each digit network, generations, children per generation.
        coordinates: What CPPNs are fed, in words.

    Returns:
        JSON: for "digits_initialisation", "digits_shape", "digits_direct" and "imagenet" what :func:`summarise_pairs`
        gives, and the scale.
    """
    alike = set(cppn.networks[:2])
    pairs = compare_pairs(cppn)
    small = describe_size(digits[0], len(np.unique(cppn.targets)), *digits[1:])
    large = describe_size(len(search.log_odds), len(search.classes), search.generations, search.children)
    return {
        "digits_initialisation": summarise_pairs(pair for pair in pairs if {pair.source, pair.other} == alike),
        "digits_shape": summarise_pairs(pair for pair in pairs if {pair.source, pair.other} != alike),
        "digits_direct": summarise_pairs(compare_pairs(direct)),
        "imagenet": summarise_pairs(compare_pairs(imagenet)),
        "scale": (
            f"digits, on each of {len(cppn.networks)} networks: {small}; {imagenet.networks[0]}: {large}; coordinates "
            f"of CPPN images {coordinates}"
        ),
    }


def summarise_ensemble(
    run: Search, baseline: Search, answers: Transfer, network: str, coordinates: str, crops: str = "one"
) -> dict[str, Any]:
    """Reduce a search against the mean of several networks to the numbers that ``ensemble`` is judged by.

    Args:
        run: The search.
        baseline: Random search on the same classes, with as many images a run.
        answers: The mean first, then its members, before all champions of the search.
        network: Name of the mean.
        coordinates: What CPPNs are fed, in words.
        crops: "one" or "ten".

    Returns:
        JSON: as :func:`summarise_search`, but "fooled" counts classes whose median over runs is 90% or more; the
        probability of superiority over random search and its p, the p of
        :func:`fooling.pages.findings.paired.pair_classes`, both searches before evolution, the share of champions that every
        member takes for their class, the number of members.

    Raises:
        ValueError: As :func:`summarise_search`, or if the answers are not to all champions.
    """
    if answers.agrees.shape[1] != run.log_odds.size:
        raise ValueError(f"There are answers to {answers.agrees.shape[1]} of {run.log_odds.size} champions.")
    final, unbred = to_confidence(run.log_odds), to_confidence(baseline.log_odds)  # (runs, cells)
    compared = compare_classes(final, unbred)
    summary = summarise_search(run, baseline, network, crops)
    return summary | {
        "fooled": int((np.median(final, axis=0) >= FOOLED_ENSEMBLE).sum()),
        "superiority": compared.superiority,
        "p": compared.p,
        "paired_p": pair_classes(final, unbred),
        "start": compare_starts(run.history, baseline.history),
        "fool_all": float(answers.agrees[1:].all(axis=0).mean()),
        "networks": len(answers.networks) - 1,
        "scale": f"{summary['scale']}; coordinates {coordinates}",
    }


def count_certain(answers: Transfer, least: float = FOOLED) -> list[Certain]:
    """Count the images that nobody evolved and that a network is certain of, for each network.

    Args:
        answers: As :func:`fooling.pages.transfer.show_unbred` gives them: each image once for each network.
        least: The confidence that counts.
    """
    found = []
    for place, network in enumerate(answers.networks):
        mine = answers.sources == place
        counts = np.bincount(answers.targets[mine])
        share = float((to_confidence(answers.own[mine]) >= least).mean())
        commonest = int(counts.argmax())
        found.append(Certain(network, int(mine.sum()), share, commonest, float(counts[commonest] / mine.sum())))
    return found


def count_fooled(answers: Transfer, least: float = FOOLED) -> Fooled:
    """Count the images that fool every network, and those that fool no other than their own.

    Args:
        answers: Such as a :class:`fooling.networks.answers.Transfer`.
        least: Only images of which their own network is as certain count.
    """
    kept = to_confidence(answers.own) >= least
    others = np.arange(len(answers.networks))[:, None] != answers.sources
    everywhere = answers.agrees[:, kept].all(axis=0)
    elsewhere = (answers.agrees & others)[:, kept].any(axis=0)
    return Fooled(int(kept.sum()), int(everywhere.sum()), int((~elsewhere).sum()))


def tabulate_answers(rows: Mapping[str, tuple[Transfer, float]], counted: str = "images") -> str:
    """Return a Markdown table with a row for each kind of images, and how often they were shown to another network.

    A row is left out where asking for less confidence adds no image to a row above of the same answers.

    Args:
        rows: By label, the answers, and the confidence on an image's own network from which it counts.
        counted: What is counted: images, or images × networks where each of them stands once for each network.
    """
    header = (
        *("", counted, "showings", "another network keeps the class", "by pair", "shuffled"),
        *("its median confidence", "fool all", "fool no other"),
    )
    told, lines = set(), []
    for label, (answers, least) in rows.items():
        count = int((to_confidence(answers.own) >= least).sum())
        if not count or (id(answers), count) not in told:
            lines.append((label, *_describe_row(answers, least)))
        told.add((id(answers), count))
    return table(header, lines)


def _describe_row(answers: Transfer, least: float) -> tuple[str, ...]:
    part, fooled = summarise_pairs(compare_pairs(answers, least)), count_fooled(answers, least)
    if not part["images"]:
        return ("0", *["–"] * 7)
    low, high = part["spread"]
    return (
        f"{part['images']:,}",
        f"{part['showings']:,}",
        f"{part['share']:.0%}",
        f"{low:.0%} to {high:.0%}",
        f"{part['shuffled']:.0%}",
        show_confidence(part["median"]),
        f"{fooled.everywhere:,}",
        f"{fooled.alone:,}",
    )
