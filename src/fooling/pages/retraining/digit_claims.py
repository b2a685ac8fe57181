"""What a chain of digit networks comes to (claims ``retrain-mnist`` and ``retrain-error``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.pages.claim import EXACT, NOT, PARTLY, QUOTE_NUMBER_SECONDARY, RECALLED, REPRODUCED, UNTESTED, Claim, Rows
from fooling.pages.searches import describe_size, spread_of_runs
from fooling.words import count_words, show_confidence, show_error, show_runs

if TYPE_CHECKING:
    from fooling.pages.retraining.digits import RetrainedDigits
    from fooling.pages.retraining.imagenet import RetrainedImageNet
    from fooling.pages.retraining.sizes import ChainSizes

ITERATIONS, RUNS = 15, 30  # the paper's
LONGER = 1_000  # Choice: generations after which images that are slower must have reached the paper's mark
NEARLY_CERTAIN = 0.99  # Choice: a median that is the direction of the paper's 99.99%
OWN_ANSWER = 0.5  # a median above it is the answer of the network itself, so that its images are still taken for digits
SIMILAR, NEARLY_SIMILAR = 0.01, 0.02  # Choice: held-out error that may be added to still be called similar, or nearly
HELD_OUT = 1_000  # Choice: the least digits that tell a hundredth


@dataclass(frozen=True)
class ChainFound:
    """How well networks that learned a fooling class are fooled again."""

    medians: tuple[float, ...]  # by network, the final median over runs and digits
    # the generation by which the median run on the first network was as far as the last median; None if never
    first_as_far: int | None
    last_run_medians: tuple[float, float]  # the lowest and the highest median of a run on the last network
    longer: int  # the generation to which evolution against the last network went on
    longer_median: float  # the median over the same runs then
    longer_run_medians: tuple[float, float]  # the lowest and the highest median of a run then
    fooling_share: float  # the share of fooling images in the last training set
    # of images against the network before that were not learned, the share that the median network calls fooling
    caught: float
    caught_after: float  # the same of images against the network itself
    iterations: int  # retrained networks
    runs: int  # behind each median
    generations: int
    scale: str


@dataclass(frozen=True)
class ErrorFound:
    """What retrained networks lose on natural images."""

    error_first: float  # share of held-out digits that the first network gets wrong
    error_median: float  # that of the retrained networks, like range and last
    error_range: tuple[float, float]
    error_last: float
    called_fooling: float  # the share of digits that the median retrained network calls fooling
    held_out: int  # how many digits
    iterations: int  # retrained networks
    agreement: float  # share of held-out crops on which the ImageNet network keeps its top class
    agreement_crops: int
    agreement_photographs: int
    scale: str


def measure_chain(
    networks: Sequence[RetrainedDigits], longer: np.ndarray, sizes: ChainSizes, data: str, coordinates: str
) -> ChainFound:
    """Reduce a chain of at least two networks, which learned ``data`` besides fooling images, to how it is fooled.

    ``longer`` has the ``(runs, 10) float32`` log-odds of :func:`fooling.pages.retraining.digits.evolve_longer`.
    """
    first, *retrained = networks
    last = retrained[-1]
    (runs, cells), generations = last.log_odds.shape, last.medians.shape[1] - 1
    medians = tuple(float(np.median(to_confidence(one.log_odds))) for one in networks)
    reached = to_confidence(np.median(first.medians, axis=0)) >= medians[-1]  # (generations + 1,)
    return ChainFound(
        medians=medians,
        first_as_far=int(reached.argmax()) if reached.any() else None,
        last_run_medians=spread_of_runs(to_confidence(last.log_odds)),
        longer=sizes.longer,
        longer_median=float(np.median(to_confidence(longer))),
        longer_run_medians=spread_of_runs(to_confidence(longer)),
        fooling_share=float(last.fooling / (last.natural + last.fooling)),
        caught=float(np.median([one.caught_before.mean() for one in retrained])),
        caught_after=float(np.median([one.caught_after.mean() for one in retrained])),
        iterations=len(retrained),
        runs=runs,
        generations=generations,
        scale=(
            f"one chain, one seed for each network; {describe_size(runs, cells, generations, sizes.children)} on "
            f"each of {len(networks)} networks, trained on {data}; coordinates {coordinates}"
        ),
    )


def measure_errors(networks: Sequence[RetrainedDigits], imagenet: RetrainedImageNet, data: str) -> ErrorFound:
    """Reduce a chain and the ImageNet network to what they lose on natural images; as :func:`measure_chain`."""
    first, *retrained = networks
    errors, held_out = [float(one.error) for one in retrained], int(first.held_out)
    before, after = imagenet.held_out.T
    return ErrorFound(
        error_first=float(first.error),
        error_median=float(np.median(errors)),
        error_range=(min(errors), max(errors)),
        error_last=errors[-1],
        called_fooling=float(np.median([one.called_fooling for one in retrained])),
        held_out=held_out,
        iterations=len(retrained),
        agreement=float(np.mean(before == after)),
        agreement_crops=len(before),
        agreement_photographs=int(imagenet.photographs),
        scale=f"one chain of {len(retrained)} retrained networks, {held_out:,} held-out digits; trained on {data}",
    )


def judge_chain(found: ChainFound) -> str:
    """Judge by the last network: after 15 iterations images still reach a median of 99.99%.

    99% is the direction; so is 99.99% where evolution goes on to generation 1,000, since slower is not never.
    """
    later = found.longer >= LONGER and found.longer_median >= NEAR_CERTAIN
    return PARTLY if later and _judge_last(found) == NOT else _judge_last(found)


def _judge_last(found: ChainFound) -> str:
    """Judge by as many generations as against the other networks, the rule before."""
    if found.iterations < ITERATIONS or found.runs < RUNS:
        return UNTESTED
    last = found.medians[-1]
    return REPRODUCED if last >= NEAR_CERTAIN else PARTLY if last >= NEARLY_CERTAIN else NOT


def judge_errors(found: ErrorFound) -> str:
    """Judge on digits: the error of the retrained networks, of the median or of the last one, beside the first's.

    The larger counts, since the median of a rising trend hides its end. At most one percentage point more is similar,
    at most two nearly; over 15 iterations and at least 1,000 digits.
    """
    if found.iterations < ITERATIONS or found.held_out < HELD_OUT:
        return UNTESTED
    return _grade_added(max(found.error_median, found.error_last) - found.error_first)


def _grade_added(error: float) -> str:
    added = round(error, EXACT)
    return REPRODUCED if added <= SIMILAR else PARTLY if added <= NEARLY_SIMILAR else NOT


def _list_chain(found: ChainFound) -> Rows:
    first, last, lowest = map(show_confidence, (found.medians[0], found.medians[-1], min(found.medians)))
    low, high = map(show_confidence, found.last_run_medians)
    later, slowest, fastest = map(show_confidence, (found.longer_median, *found.longer_run_medians))
    rises, iterations = sum(after > one for one, after in pairwise(found.medians)), found.iterations
    caught, after = (f"{share:.0%} fooling" for share in (found.caught, found.caught_after))
    spread = f"by run {low} to {high}, n = {count_words(found.runs, 'run')}"
    return (
        ("median on DNN1, without a fooling class", first, ""),
        (
            f"median on DNN{iterations + 1}, the last network",
            f"{last} ({spread})",
            "99.99% (the last; 30 runs: recalled)",
        ),
        (f"the same runs at generation {found.longer:,}", f"{later} (by run {slowest} to {fastest})", ""),
        ("lowest median of a network", lowest, ""),
        ("from one network to the next the median rose", f"{rises} of {count_words(iterations, 'time')}", ""),
        *_list_delay(found),
        ("fooling class in the last training set", f"{found.fooling_share:.0%}", "25% (recalled)"),
        (
            "champions against the network before, a run not learned",
            f"the median network calls {caught}",
            "known as fooling",
        ),
        ("images against the network itself", f"the median network calls {after}", ""),
    )


def _list_delay(found: ChainFound) -> Rows:
    """Say how much sooner the first network was fooled as far as the last one, where it was, and what follows."""
    sooner, last = found.first_as_far, found.medians[-1]
    if sooner is None or sooner >= found.generations:
        return ()
    where = f"{sooner:,}" if sooner else "0 (random images)"
    follows = ": the fooling class slows evolution and does not stop it" if last > OWN_ANSWER else ""
    reached = f"generations to {show_confidence(last)}, on the first and on the last network"
    return ((reached, f"{where} and {found.generations:,}{follows}", ""),)


def _list_errors(found: ErrorFound) -> Rows:
    low, high = found.error_range
    spread = f"{show_error(low)} to {show_error(high)}, n = {count_words(found.iterations, 'network')} of one chain"
    crops = f"{found.agreement_crops:,} crops of {found.agreement_photographs} photographs"
    times = f", {found.error_last / found.error_first:.1f} times the first's" if found.error_first else ""
    return (
        ("digits: error of the first network", show_error(found.error_first), "0.94%"),
        ("digits: error of retrained networks", f"median {show_error(found.error_median)} ({spread})", "similar"),
        ("digits: error of the last network", f"{show_error(found.error_last)}{times}", "similar"),
        (f"of {found.held_out:,} digits called fooling", f"{show_error(found.called_fooling)} (median network)", ""),
        ("ImageNet: top class as before", f"{found.agreement:.0%} of {crops}, none of them learned", "similar error"),
    )


CHAIN_CLAIM = Claim(
    id="retrain-mnist",
    title="A fooling class does not help on digits",
    otherwise="a fooling class slows the search on digits, too",
    section="§3.6",
    sentence=(  # the paper's own; others tell its number
        "“While retrained DNNs learn to classify the negative examples as fooling images, a new batch of fooling "
        "images can be produced that fool these new networks, even after many retraining iterations.”"
    ),
    number="99.99% still reached after many iterations",
    grade=QUOTE_NUMBER_SECONDARY,
    page="11_retraining",
    record=ChainFound,
    judge=judge_chain,
    before=_judge_last,
    headline=lambda found: (
        f"Images evolved against the last of {count_words(found.iterations, 'retrained network')} reach "
        f"a median of {show_confidence(found.medians[-1])} ({show_runs(found.runs, found.last_run_medians)}), and "
        f"against the first, without a fooling class, {show_confidence(found.medians[0])}."
    ),
    rows=_list_chain,
    scale=attrgetter("scale"),
)
ERROR_CLAIM = Claim(
    id="retrain-error",
    title="Retraining costs little accuracy",
    otherwise="retraining costs accuracy",
    section="§3.6, supplement",
    sentence="Retrained networks keep a similar error rate.",
    number="not known",
    grade=RECALLED,
    page="11_retraining",
    record=ErrorFound,
    judge=judge_errors,
    headline=lambda found: (
        f"The error on held-out digits goes from {show_error(found.error_first)}, without a fooling class, to "
        f"{show_error(found.error_median)} in the median retrained network and {show_error(found.error_last)} in the "
        "last."
    ),
    rows=_list_errors,
    scale=attrgetter("scale"),
    before=lambda found: (
        UNTESTED if judge_errors(found) == UNTESTED else _grade_added(found.error_median - found.error_first)
    ),
)
