"""What does a fooling class cost on real images? Errors along a chain, and the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from fooling.pages.claim import EXACT, NOT, PARTLY, RECALLED, REPRODUCED, UNTESTED, Claim, Rows
from fooling.pages.retraining.chain_claim import ITERATIONS
from fooling.words import count_words

if TYPE_CHECKING:
    from fooling.pages.retraining.digits import RetrainedDigits
    from fooling.pages.retraining.imagenet import RetrainedImageNet

SIMILAR, NEARLY_SIMILAR = 0.01, 0.02  # Choice: held-out error that may be added to still be called similar, or nearly
HELD_OUT = 1_000  # Choice: the least digits that tell a hundredth


@dataclass(frozen=True)
class Agreement:
    """What an ImageNet network keeps on natural images of which nothing was learned.

    Attributes:
        share: Of the crops, on which it has the same top class as before.
        crops: How many there are.
        photographs: Of how many photographs.
    """

    share: float
    crops: int
    photographs: int


@dataclass(frozen=True)
class ErrorFound:
    """Shares of held-out digits that are wrong.

    Attributes:
        error_first: Of the first network.
        error_median: Of the retrained networks, like those that follow.
        error_range: The lowest and the highest.
        error_last: Of the last one.
        called_fooling: The median share of digits that are called fooling.
        held_out: How many digits.
        iterations: Retrained networks.
        imagenet: None where only digits were tested.
        scale: Sizes and data in words.
    """

    error_first: float
    error_median: float
    error_range: tuple[float, float]
    error_last: float
    called_fooling: float
    held_out: int
    iterations: int
    imagenet: Agreement | None
    scale: str


def measure_errors(networks: Sequence[RetrainedDigits], imagenet: RetrainedImageNet | None, data: str) -> ErrorFound:
    """Reduce a chain, and an ImageNet network if there is one, to their errors.

    Args:
        networks: The first network, then at least one retrained one.
        imagenet: None where only digits were tested.
        data: What the networks learned besides fooling images, in words.

    Raises:
        ValueError: If no network was retrained.
    """
    first, *retrained = networks
    if not retrained:
        raise ValueError("No network was retrained, so there is no error to compare.")
    errors, held_out = [float(one.error) for one in retrained], int(first.held_out)
    return ErrorFound(
        error_first=float(first.error),
        error_median=float(np.median(errors)),
        error_range=(min(errors), max(errors)),
        error_last=errors[-1],
        called_fooling=float(np.median([one.called_fooling for one in retrained])),
        held_out=held_out,
        iterations=len(retrained),
        imagenet=_measure_agreement(imagenet) if imagenet else None,
        scale=f"one chain of {len(retrained)} retrained networks, {held_out:,} held-out digits; trained on {data}",
    )


def _measure_agreement(imagenet: RetrainedImageNet) -> Agreement:
    before, after = imagenet.held_out.T
    return Agreement(float(np.mean(before == after)), len(before), int(imagenet.photographs))


def judge(found: ErrorFound) -> str:
    """Judge on digits: the median error of the retrained networks beside that of the first.

    At most one percentage point more is similar, at most two nearly; over 15 iterations and at least 1,000 digits.
    """
    if found.iterations < ITERATIONS or found.held_out < HELD_OUT:
        return UNTESTED
    added = round(found.error_median - found.error_first, EXACT)
    return REPRODUCED if added <= SIMILAR else PARTLY if added <= NEARLY_SIMILAR else NOT


def tell(found: ErrorFound) -> str:
    """Return the errors before and after, and on the last network, in a sentence."""
    before, after, last = map(_show_share, (found.error_first, found.error_median, found.error_last))
    return (
        f"Retrained digit networks get a median of {after} of the held-out digits wrong, the last one {last}; the "
        f"first network, without a fooling class, gets {before} wrong."
    )


def tabulate(found: ErrorFound) -> Rows:
    """Return held-out errors, and what else was kept."""
    low, high = map(_show_share, found.error_range)
    networks = count_words(found.iterations, "network")
    rows: Rows = (
        ("digits: error of the first network", _show_share(found.error_first), "0.94%"),
        (
            "digits: error of the retrained networks",
            f"median {_show_share(found.error_median)} ({low} to {high}, n = {networks} of one chain)",
            "similar",
        ),
        ("digits: error of the last network", _show_share(found.error_last), "similar"),
        ("digits called fooling by the median network", _show_share(found.called_fooling), "not known"),
    )
    if found.imagenet is None:
        return rows
    kept = found.imagenet
    where = f"{kept.share:.0%} of {kept.crops:,} crops of {kept.photographs} photographs of which nothing was learned"
    return (*rows, ("ImageNet: the same top class as before", where, "similar error"))


def _show_share(share: float) -> str:
    return f"{100 * share:.1f}%"


CLAIM = Claim(
    id="retrain-error",
    title="Retraining costs little accuracy",
    section="§3.6, supplement",
    sentence="Retrained networks keep a similar error rate.",
    number="no number",
    grade=RECALLED,
    page="11_retraining",
    record=ErrorFound,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=attrgetter("scale"),
)
