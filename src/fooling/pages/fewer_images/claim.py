"""The protocol of page 16, the claim ``fewer-images``: sizes, arms, rules, record, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fooling.confidence import NEAR_CERTAIN, to_confidence
from fooling.pages.claim import OURS, SUPPORTED, UNSUPPORTED, UNTESTED, Claim, Rows
from fooling.pages.imagenet_cppn.claim import MEDIAN
from fooling.pages.imagenet_cppn.modern import MODERN
from fooling.words import count_words, list_words, show_confidence, table

LEAST, MIDDLE = "the least certain class", "the median class"
QUANTILES = {LEAST: 0.0, MIDDLE: 0.5}  # over classes
PAPER, COMBINED, GRADIENT = "the paper's search", "all that help", "gradient (white-box)"
# What each arm changes, written before it was run: fields of SearchSettings; ``children``, a share of the usual ones,
# in generations of which there are as many more; ``crossed``, the released code's crossover of pixels.
ARMS: Mapping[str, Mapping[str, Any]] = {
    PAPER: {},
    **{"weak cells": {"pressure": 1}, "sure cells": {"pressure": -1}, "cells in turn": {"own": 1.0}},
    **{"longer steps": {"strength": 2.0}, "shorter steps": {"strength": 0.5}, "more changes": {"rate": 3.0}},
    "adaptive steps": {"strength": 4.0, "success": 0.2},  # one fifth, as in Rechenberg's rule
    "changes that fade": {"strength": 2.0, "rate": 3.0, "fading": 25},  # of about 100 generations
    **{"three mutations": {"mutations": 3}, "small generations": {"children": 0.25}},
    "library": {"library": 10},  # a tenth of the images is random
    **{"two parents": {"crossover": 0.5}, "crossed pixels": {"crossed": True}, GRADIENT: {"gradient_steps": 1}},
}
PIXELS = tuple(name for name in ARMS if name not in ("two parents", GRADIENT))
# Two cores take ten minutes for each of these. Not tried: what put digits behind, and more changes by themselves, which
# are what fades. Cells in turn, longer steps and the library came after the others had run, adaptive steps last.
CPPNS: tuple[str, ...] = (
    *(PAPER, "weak cells", "cells in turn", "longer steps", "adaptive steps", "changes that fade", "three mutations"),
    *("small generations", "library", "two parents", GRADIENT),
)
FEW = (PAPER, "weak cells", "longer steps", "small generations")
CHOSEN, WHITE = "chosen", "chosen, with the gradient"
# The aims, written before any arm was run. The paper's search is ours of it, on the same network and seeds. Of the
# images that its median seed needs for the paper's median, the others have these shares, and no more.
SHARES = {CHOSEN: 2 / 3, WHITE: 1 / 5}
CERTAIN_WITHIN = 15_000  # images, until all ten digits are at 99.99%
TIMES = 2.0  # its median on the modern network, with as many images


Counts = tuple[float | None, ...]  # by run; None for never


@dataclass(frozen=True)
class FewerSizes:
    """How many images each search has."""

    seeds: int  # on which arms are compared, the same for all; as many others test what was chosen on ImageNet
    digits: int  # images of an arm with pixels against LeNet
    imagenet: tuple[int, ...] = ()  # images of an arm with CPPNs on SqueezeNet; the better half goes on to the next
    long: int = 0  # images in which the paper's search is to reach its median on SqueezeNet; 0 for not tried
    modern: int = 0  # images of a search on the modern network; 0 for not tried
    arms: tuple[str, ...] = FEW  # with pixels; with CPPNs they are CPPNS
    tests: int = 3  # seeds on which what was chosen on digits is tested


NEEDED = FewerSizes(  # the least at which the aims are judged
    seeds=3, digits=20_000, imagenet=(20_000, 40_000), long=160_000, modern=20_000, arms=PIXELS, tests=20
)
SIZES: Mapping[str, FewerSizes] = {
    "smoke": FewerSizes(seeds=2, digits=600, arms=FEW[:3]),
    "default": FewerSizes(seeds=3, digits=4_000),
    "extended": NEEDED,
    "paper": NEEDED,
}


@dataclass(frozen=True)
class Trial:
    """What all arms reached on one network."""

    network: str
    images: int  # of a run, at most
    of: str  # LEAST or MIDDLE: what the aim on this network is about
    # by arm, the paper's search first: this class's log-odds at the end, by seed
    ends: dict[str, tuple[float, ...]]

    @property
    def label(self) -> str:
        """The network, and how long each run was."""
        return f"{self.network}, {self.images:,} images"

    @property
    def medians(self) -> dict[str, float]:
        """The median seed's log-odds at the end by arm, the best arm first."""
        medians = {name: float(np.median(part)) for name, part in self.ends.items()}
        return dict(sorted(medians.items(), key=lambda arm: -arm[1]))

    def find_end(self, name: str) -> float:
        """Return the median seed's confidence at the end of a search."""
        return float(to_confidence(np.array(self.medians[name])))

    @property
    def gains(self) -> dict[str, np.ndarray]:
        """By how many log-odds each other arm ends above the paper's search, by seed."""
        names = [name for name in (*ARMS, COMBINED) if name in self.ends and name != PAPER]  # a record's are sorted
        return {name: np.subtract(self.ends[name], self.ends[PAPER]) for name in names}

    @property
    def ahead(self) -> tuple[str, ...]:
        """The arms of one change that end above the paper's search on every seed."""
        return tuple(name for name, gain in self.gains.items() if (gain > 0).all() and name != COMBINED)

    @property
    def behind(self) -> tuple[str, ...]:
        """The arms that end below it on every seed."""
        return tuple(name for name, gain in self.gains.items() if (gain < 0).all())

    @property
    def helping(self) -> tuple[str, ...]:
        """Those of them that go together, by their median seed, the best first.

        The gradient, which asks more of a network than answers, is none; nor is one that sets what a better one sets.
        """
        kept: list[str] = []
        for name in self.medians:
            if name in self.ahead and name != GRADIENT and not ARMS[name].keys() & merge(kept).keys():
                kept.append(name)
        return tuple(kept)

    @property
    def better(self) -> tuple[str, ...]:
        """The paper's search and the better half of the other arms, by their median seed; the gradient always."""
        ranked = [name for name in self.medians if name not in (PAPER, COMBINED, GRADIENT)]
        kept = {PAPER, GRADIENT, *ranked[: len(ranked) // 2]}
        return tuple(name for name in self.ends if name in kept)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The arms whose parts are chosen: the arm whose median seed is best, of which one is all that help."""
        best = next(name for name in self.medians if name != GRADIENT)
        return {COMBINED: self.helping, PAPER: ()}.get(best, (best,))


@dataclass(frozen=True)
class FewerFound:
    """What page 16 measured; the arms have seeds of their own."""

    data: str  # what LeNet learned
    digits: Trial
    certain: tuple[Counts, ...]  # images until all digits are certain, by run: the paper's search, chosen
    imagenet: tuple[Trial, ...] = ()  # by length; a longer one has the better half of the arms
    # images until the median class is at the paper's, by run: the paper's search, and those of SHARES
    reached: tuple[Counts, ...] | None = None
    modern: Trial | None = None  # the paper's search and the chosen one on the modern network

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every comparison of arms."""
        return self.digits, *self.imagenet


def as_number(count: float | None) -> float:
    """Return a count, and infinity for never."""
    return np.inf if count is None else count


def find_median(counts: Counts) -> float:
    """Return the count of the median run, infinity for never."""
    return float(np.median([as_number(count) for count in counts]))


def show_count(count: float | None, budget: float) -> str:
    """Return a count in words; ``budget`` is what a run had that never got there."""
    return f"more than {budget:,.0f}" if as_number(count) == np.inf else f"{count:,.0f}"


def show_counts(counts: Counts, budget: float) -> str:
    """Return the median run's count, those of the fastest and the slowest that got there, and how many did."""
    there = [count for count in counts if count is not None]
    spread = f"{min(there):,.0f} to {max(there):,.0f}; " if there else ""
    return f"{show_count(find_median(counts), budget)} ({spread}{len(there)} of {count_words(len(counts), 'run')})"


def list_budgets(counts: Counts, most: int) -> dict[str, float]:
    """Return the images of a run of each long search; the paper's has ``most`` and counts as ``counts`` says."""
    needed = min(find_median(counts), float(most))
    return {PAPER: float(most), **{name: share * needed for name, share in SHARES.items()}}


def merge(names: Iterable[str]) -> dict[str, Any]:
    """Return the parts of several arms together."""
    return {part: value for name in names for part, value in ARMS[name].items()}


def find_aim(found: FewerFound, network: str) -> float:
    """Return the confidence that the searches on seeds of their own are to reach on a network."""
    if found.modern and network == MODERN:
        return TIMES * found.modern.find_end(PAPER)
    return NEAR_CERTAIN if network == found.digits.network else MEDIAN


def list_aims(found: FewerFound) -> dict[str, bool | None]:
    """Return by its words whether each aim is met; None for one that was not tried."""
    slowest, modern = max(map(as_number, found.certain[1])), found.modern
    aims: dict[str, bool | None] = {
        f"all digits at {NEAR_CERTAIN:.2%} within {CERTAIN_WITHIN:,} images": slowest <= CERTAIN_WITHIN
    }
    paper, *others = map(find_median, found.reached or [(None,)] * 3)
    words = "with two thirds of the images", "with a fifth of them, by the gradient"
    for told, share, count in zip(words, SHARES.values(), others, strict=True):
        aims[f"{MEDIAN:.2%} on ImageNet {told}"] = None if paper == np.inf else count <= share * paper
    met = modern.find_end(CHOSEN) >= find_aim(found, MODERN) if modern else None
    return {**aims, f"{TIMES:g} times the median on {MODERN}": met}


def judge(found: FewerFound, one_decides: bool = True) -> str:
    """Judge whether all four aims are met: one that is missed decides, and all must be tried to meet them.

    Arms with fewer images or seeds than the protocol's decide nothing. By the rule before, not ``one_decides``, all had
    to be tried first.
    """

    def whole(trial: Trial, least: int) -> bool:
        return trial.images >= least and len(trial.ends[PAPER]) >= NEEDED.seeds

    aims = list_aims(found).values()
    if not whole(found.digits, NEEDED.digits):
        return UNTESTED
    if False in aims and (one_decides or None not in aims):
        return UNSUPPORTED
    on_imagenet = bool(found.imagenet) and whole(found.imagenet[-1], NEEDED.imagenet[-1])
    return SUPPORTED if on_imagenet and None not in aims else UNTESTED


def tell(found: FewerFound) -> str:
    """Return in a sentence how many images the searches need, and how many aims are met."""
    paper, ours = (show_count(find_median(counts), found.digits.images) for counts in found.certain)
    tried = [met for met in list_aims(found).values() if met is not None]
    met = f"{sum(tried) or 'none'} of {count_words(len(tried), 'aim')} tried {'are' if sum(tried) > 1 else 'is'} met"
    return f"On digits the chosen search needs {ours} images (median run), the paper's {paper}; {met}."


def tabulate_arms(trials: Sequence[Trial]) -> str:
    """Return as a table where each arm ends on each network, and how far ahead of the paper's search."""

    def show(trial: Trial, name: str) -> str:
        if name not in trial.ends:
            return "-"
        end = show_confidence(trial.find_end(name))
        if name == PAPER:
            return f"{end} in {trial.of}"
        gain = trial.gains[name]
        return f"{end}; {np.median(gain):+.2f}, {(gain > 0).sum()} of {len(gain)}"

    names = [name for name in (*ARMS, COMBINED) if any(name in trial.ends for trial in trials)]
    rows = [(name, *(show(trial, name) for trial in trials)) for name in names]
    return table(("arm", *(trial.label for trial in trials)), rows)


def list_rows(found: FewerFound) -> Rows:
    """Return what helps on every network, what was chosen, the images that were needed, and each aim."""
    rows: dict[str, str] = {}
    for trial in found.trials:
        rows[f"{trial.label}: ahead on every seed"] = list_words(trial.ahead) or "none"
        rows[f"{trial.label}: behind on every seed"] = list_words(trial.behind) or "none"
        rows[f"{trial.label}: chosen"] = list_words(trial.chosen) or PAPER
    for name, counts in zip((PAPER, CHOSEN), found.certain, strict=True):
        rows[f"images to all ten digits at {NEAR_CERTAIN:.2%}, {name}"] = show_counts(counts, found.digits.images)
    within = sum(as_number(count) <= CERTAIN_WITHIN for count in found.certain[1])
    rows[f"of these within {CERTAIN_WITHIN:,}, {CHOSEN}"] = f"{within} of {count_words(len(found.certain[1]), 'run')}"
    budgets = list_budgets(found.reached[0], NEEDED.long) if found.reached else {}
    for (name, budget), counts in zip(budgets.items(), found.reached or (), strict=True):
        rows[f"images to ImageNet's median at {MEDIAN:.2%}, {name}"] = show_counts(counts, budget)
    if modern := found.modern:
        for name in (PAPER, CHOSEN):
            ends = np.quantile(to_confidence(np.array(modern.ends[name])), (0.0, 0.5, 1.0))
            low, median, high = map(show_confidence, ends)
            rows[f"{modern.label}: {modern.of}, {name}"] = f"{median} ({low} to {high})"
    words = {True: "met", False: "not met", None: "not tried"}
    rows |= {f"aim: {aim}": words[met] for aim, met in list_aims(found).items()}
    return tuple((what, here, "") for what, here in rows.items())


def describe_scale(found: FewerFound) -> str:
    """Return the sizes of all searches in words: those that are compared, then those that the aims are about."""
    said = [
        f"{one.network}, {len(one.ends)} searches × {len(one.ends[PAPER])} seeds, {one.images:,} images a run"
        for one in (*found.trials, *([found.modern] if found.modern else []))
    ]
    tests = [(found.digits.network, found.certain, found.digits.images)]
    tests += [(found.imagenet[-1].network, found.reached, NEEDED.long)] if found.reached and found.imagenet else []
    said += [
        f"aims on {network}, {len(counts)} searches × {count_words(len(counts[0]), 'seed')}, up to {most:,} images"
        for network, counts, most in tests
    ]
    return "; ".join(said)


CLAIM = Claim(
    id="fewer-images",
    title="Fewer images are enough",
    otherwise="aims for fewer images were missed",
    section="beyond the paper",
    sentence="A search that differs from the paper's in a few parts meets four aims for fewer images.",
    number="no number",
    grade=OURS,
    page="16_fewer_images",
    record=FewerFound,
    judge=judge,
    before=lambda found: judge(found, one_decides=False),
    headline=tell,
    rows=list_rows,
    scale=describe_scale,
)
