"""The claim ``gradient-ascent``: sizes, record, rule, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.gradient_ascent.settings import L2
from fooling.pages.claim import SECONDARY, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.comparison import probability_of_superiority
from fooling.pages.searches import SUPPLEMENT_CLASSES
from fooling.words import show_confidence, show_p

if TYPE_CHECKING:
    from fooling.pages.ascent.measure import Measurement, Pictures

WITHOUT, WITH = "none", "L2"  # the settings that the claim compares
IMAGES = 20  # Choice: the least images, classes × seeds
LEAST_P, LEAST_EFFECT = 0.01, 0.56  # Choice: of the comparisons between the settings, over images
STILL = 0.99  # the median that images must keep at a decay which is judged; Source: paper's mark on ImageNet


@dataclass(frozen=True)
class AscentSizes:
    """How many images climb the gradient of one network, and how far."""

    seeds: int  # starts for each class
    classes: tuple[int, ...] = ()  # classes by index; empty for all
    most_steps: int = 0  # the paper's steps are cut off here; 0 for as many as the paper has


@dataclass(frozen=True)
class PageSizes:
    """Both networks: ``digits`` is LeNet, ``imagenet`` the network of page 08."""

    digits: AscentSizes
    imagenet: AscentSizes
    digits_sweep: int = 300  # steps of the sweep of decays, at most
    imagenet_sweep: int = 300


# The paper's supplement shows 20 classes with 5 seeds each.
SIZES: Mapping[str, PageSizes] = {
    "smoke": PageSizes(AscentSizes(1, most_steps=20), AscentSizes(1, SUPPLEMENT_CLASSES[:2], most_steps=4)),
    "default": PageSizes(AscentSizes(5, most_steps=300), AscentSizes(2, SUPPLEMENT_CLASSES[::5], most_steps=50)),
    "extended": PageSizes(AscentSizes(20), AscentSizes(2, SUPPLEMENT_CLASSES[::2]), digits_sweep=L2.steps),
    "paper": PageSizes(AscentSizes(20), AscentSizes(5, SUPPLEMENT_CLASSES), L2.steps, L2.steps),
}


@dataclass(frozen=True)
class Spread:
    """A median of confidences with its quartiles."""

    median: float
    quartiles: tuple[float, float]


@dataclass(frozen=True)
class Swept:
    """What L2 does at the strongest decay whose images still reach a median of 99%, against no decay at all.

    Every other number is as in the setting L2, but for the steps, of which there may be fewer.
    """

    decay: float
    median_without: float  # of the last 8-bit images
    median_with: float
    less_certain: Effect  # as in :class:`NetworkFound`
    seen_without: float
    seen_with: float
    seen_p: float
    steps: int = 0  # of each climb


@dataclass(frozen=True)
class NetworkFound:
    """What climbed on one network. Confidences are those of 8-bit images where nothing else is said."""

    network: str
    classes: int
    seeds: int  # starts for each
    all_steps: bool  # whether no step of the paper's was cut off
    most_steps: int  # the most that an image was measured
    best: Spread  # without L2, at the best step
    last_without: Spread  # without L2, at the last step
    last_with: Spread  # with L2, at the last step
    unrounded_best: float  # with L2, before rounding, at the best step
    unrounded_last: float  # the same at the last step
    # without over with L2 at the end (Mann-Whitney U, two-sided, over images; those of one class are alike, so that p
    # is too small)
    less_certain: Effect
    seen_without: float  # share of images whose class another network names, without L2
    seen_with: float  # the same with L2
    seen_p: float  # of Fisher's exact test between the two
    seen_by: str  # that network
    stopped: dict[str, int]  # how many images lost their gradient, by setting
    swept: Swept | None  # None where no decay leaves images of 99%

    @property
    def images(self) -> int:
        """How many climbed in each setting."""
        return self.classes * self.seeds


@dataclass(frozen=True)
class AscentFound:
    """What page 12 measured."""

    imagenet: NetworkFound
    digits: NetworkFound


def measure(one: Measurement, network: str) -> NetworkFound:
    """Reduce the climbs on one network to the numbers that the claim is judged by."""
    best = one.best_rounded[one.settings.index(WITHOUT)]  # (seeds, classes)
    kinds = [one.picture.names.index(name) for name in (WITHOUT, WITH)]
    without, with_l2 = (one.picture.log_odds[kind] for kind in kinds)
    less_certain, seen = _compare(one.picture, *kinds)
    place = one.settings.index(WITH)
    unrounded = [float(np.median(to_confidence(part[place]))) for part in (one.best_log_odds, one.last_log_odds)]
    return NetworkFound(
        network=network,
        classes=best.shape[1],
        seeds=best.shape[0],
        all_steps=bool((one.steps == one.planned).all()),
        most_steps=int(one.steps.max()),
        best=_spread(best),
        last_without=_spread(without),
        last_with=_spread(with_l2),
        unrounded_best=unrounded[0],
        unrounded_last=unrounded[1],
        less_certain=less_certain,
        seen_without=seen[0],
        seen_with=seen[1],
        seen_p=seen[2],
        seen_by=one.judges[0],
        stopped={name: int((part >= 0).sum()) for name, part in zip(one.settings, one.stopped, strict=True)},
        swept=_measure_swept(one),
    )


def _compare(pictures: Pictures, without: int, with_l2: int) -> tuple[Effect, tuple[float, float, float]]:
    """Return how far one kind of images is more certain than another, and which share of each another network sees.

    The third number is the p of the difference in these shares.
    """
    from scipy.stats import fisher_exact, mannwhitneyu  # slow to import, and status and findings have no need of it

    first, second = (pictures.log_odds[kind].ravel() for kind in (without, with_l2))
    p = float(mannwhitneyu(first, second, alternative="two-sided").pvalue)
    seen, size = [int(pictures.seen[0, kind].sum()) for kind in (without, with_l2)], first.size
    seen_p = float(fisher_exact([[count, size - count] for count in seen]).pvalue)
    return Effect(probability_of_superiority(first, second), p), (seen[0] / size, seen[1] / size, seen_p)


def _measure_swept(one: Measurement) -> Swept | None:
    medians = [float(np.median(to_confidence(part))) for part in one.sweep.log_odds]
    strong = [place for place, median in enumerate(medians) if one.decays[place] > 0.0 and median >= STILL]
    if not strong:
        return None
    less_certain, seen = _compare(one.sweep, 0, strong[-1])
    return Swept(float(one.decays[strong[-1]]), medians[0], medians[strong[-1]], less_certain, *seen, one.sweep_steps)


def _spread(log_odds: np.ndarray) -> Spread:
    confidences = to_confidence(log_odds)
    low, high = np.percentile(confidences, (25, 75))
    return Spread(float(np.median(confidences)), (float(low), float(high)))


def judge(found: AscentFound) -> str:
    """Judge on ImageNet by three parts, at the paper's steps and at least 20 images.

    Without L2 the median image reaches 99.99% at some step. At the end images with L2 are less certain. And they are
    more recognisable, in the one sense that a machine can check: another network names their class more often.

    Both are asked at the strongest decay that leaves images of 99%: the paper's was made for another scale of pixels.
    """
    return _judge_l2(found, found.imagenet.swept)


def _judge_l2(found: AscentFound, with_l2: Swept | NetworkFound | None) -> str:
    """Judge with the comparison that counts for L2, None where there is none."""
    one = found.imagenet
    if one.images < IMAGES or not one.all_steps:
        return UNTESTED
    reached = one.best.median >= NEAR_CERTAIN
    if with_l2 is None:
        return grade_halves(reached, False, False)
    less = with_l2.less_certain
    return grade_halves(
        reached,
        less.superiority > LEAST_EFFECT and less.p < LEAST_P,
        with_l2.seen_with > with_l2.seen_without and with_l2.seen_p < LEAST_P,
    )


def headline(found: AscentFound) -> str:
    """Return what ImageNet images reach without L2, with the paper's and, where there is one, with the L2 judged."""
    one, swept = found.imagenet, found.imagenet.swept
    told = f"{show_confidence(one.best.median)} without L2 and ends at {show_confidence(one.last_with.median)} with it"
    seen = one.seen_with
    if swept:
        without, with_l2 = map(show_confidence, (swept.median_without, swept.median_with))
        told += f" (decay {swept.decay:g}, {swept.steps} steps: {with_l2}, without {without})"
        seen = swept.seen_with
    return (
        f"On {one.network} the median of {one.images} images reaches {told}, where {one.seen_by} sees the class in "
        f"{seen:.0%}."
    )


def list_rows(found: AscentFound) -> Rows:
    """Return the medians of both networks, both comparisons, and what another network sees."""
    rows: list[tuple[str, str, str]] = []
    for label, one in (("ImageNet", found.imagenet), ("digits", found.digits)):
        unrounded = map(show_confidence, (one.unrounded_last, one.unrounded_best))
        compared = f"{one.less_certain}, n = {one.images} images each"
        sees = f"{label}: {one.seen_by} sees the class, without and with L2 (Fisher's exact test)"
        seen = f"{one.seen_without:.0%} and {one.seen_with:.0%}, {show_p(one.seen_p)}"
        rows += [
            (f"{label}: median without L2, at the best step", _show(one.best), "99.99%"),
            (f"{label}: at the last step", _show(one.last_without), ""),
            (f"{label}: median with L2, at the last step, as 8 bits", _show(one.last_with), "slightly less certain"),
            (f"{label}: with L2 before rounding, last and best step", ", ".join(unrounded), ""),
            (f"{label}: without L2 is more certain (probability of superiority, Mann-Whitney U)", compared, ""),
            (sees, seen, "some recognisable features"),
            *_list_swept(label, one),
        ]
    return tuple(rows)


def _list_swept(label: str, one: NetworkFound) -> Rows:
    swept = one.swept
    if swept is None:
        return ((f"{label}: a decay that leaves a median of 99%", "none of those tried", ""),)
    seen = f"{swept.seen_without:.0%} and {swept.seen_with:.0%}, {show_p(swept.seen_p)}"
    medians = " and ".join(map(show_confidence, (swept.median_without, swept.median_with)))
    after = f"{label}, {swept.steps:,} steps"
    return (
        (f"{after}: strongest decay that leaves a median of 99%", f"{swept.decay:g}", f"its decay: {L2.decay:g}"),
        (f"{after}: median without decay and with it", medians, "slightly less certain"),
        (f"{after}: without it is more certain", str(swept.less_certain), ""),
        (f"{after}: {one.seen_by} sees the class, without and with it", seen, "some recognisable features"),
    )


def _show(spread: Spread) -> str:
    median, low, high = map(show_confidence, (spread.median, *spread.quartiles))
    return median if low == median == high else f"{median} ({low} to {high})"


def describe_scale(found: AscentFound) -> str:
    """Return networks, images and steps in words."""
    parts = []
    for one in (found.imagenet, found.digits):
        steps = "the paper's steps" if one.all_steps else f"at most {one.most_steps} steps"
        sweep = f"; the strongest L2 that leaves 99%, {one.swept.steps:,}" if one.swept else ""
        parts.append(f"{one.network}: {one.classes} classes × {one.seeds} seeds, {steps}{sweep}")
    return "; ".join(parts)


CLAIM = Claim(
    id="gradient-ascent",
    title="Gradient ascent fools, L2 makes it recognisable",
    otherwise="gradient ascent does not fool, and L2 makes nothing recognisable",
    section="§3.7, Fig. 13",
    sentence=(
        "Gradient ascent on pixels gives near-certain images as well; L2 regularisation gives images with some "
        "recognisable features, slightly less confident (the last, recalled)."
    ),
    number="99.99%",
    grade=SECONDARY,
    page="12_gradient_ascent",
    record=AscentFound,
    judge=judge,
    before=lambda found: _judge_l2(found, found.imagenet),
    headline=headline,
    rows=list_rows,
    scale=describe_scale,
)
