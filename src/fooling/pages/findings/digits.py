"""The numbers that a page about digits reduces its runs to, as JSON: what :mod:`fooling.pages.paper.digits` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from fooling.pages import paper
from fooling.pages.findings.searches import describe_size, first_generations, spread_of_runs, to_confidence

PERMUTATIONS = 10_000  # Choice: they tell a p of 0.01 to a thousandth
ROUNDING = 1e-12  # sums of the same numbers in another order count as equal


class Effect(Protocol):
    """What is read of a :class:`fooling.pages.features.Effect`."""

    @property
    def superiority(self) -> float:
        """Probability that a value it names is above another one."""

    @property
    def p(self) -> float:
        """One-sided, by permutation."""


class Features(Protocol):
    """What is read of a :class:`fooling.pages.features.Features`."""

    @property
    def vertical(self) -> np.ndarray:
        """Vertical shares, ``(runs, digits) float64``."""

    @property
    def vertical_1(self) -> Effect:
        """A 1 is more vertical than other digits."""

    @property
    def low_bar_2(self) -> Effect:
        """A 2 has more of a low bar than other digits."""

    @property
    def low_share_2(self) -> Effect:
        """A 2 has more of its horizontal edges in the lower half than other digits."""

    @property
    def alike(self) -> Effect:
        """Champions of one digit are more alike over runs than those of two."""


class FooledNetwork(Protocol):
    """What is read of a :class:`fooling.pages.training_size.FooledNetwork`."""

    @property
    def size(self) -> int:
        """Training digits."""

    @property
    def error(self) -> float:
        """Share of held-out digits that it gets wrong."""

    @property
    def medians(self) -> Mapping[str, np.ndarray]:
        """By encoding, log-odds of the median confidence, ``(runs, generations + 1) float32``."""

    @property
    def final(self) -> Mapping[str, np.ndarray]:
        """By encoding, the champions' log-odds, ``(runs, digits) float32``."""


def summarise_evolution(history: np.ndarray, baseline: np.ndarray, children: int, data: str) -> dict[str, Any]:
    """Reduce evolved runs to the numbers that the claims about digits are judged by.

    Args:
        history: ``(runs, generations + 1, classes) float32`` log-odds.
        baseline: The same for random search.
        children: Children per generation.
        data: What the network was trained on, in words.

    Returns:
        JSON: the final median over runs and classes, that of the baseline, the lowest and highest median of a run, the
        lowest champion, the number of runs with every class at 99.99% before generation 50 and at the end, the scale.
    """
    confidence = to_confidence(history)
    final = confidence[:, -1]
    cells, generations = history.shape[2], history.shape[1] - 1
    certain = np.all(confidence >= paper.NEAR_CERTAIN, axis=2)  # (runs, generations + 1)
    return {
        "median": float(np.median(final)),
        "baseline_median": float(np.median(to_confidence(baseline[:, -1]))),
        "run_medians": spread_of_runs(final),
        "lowest": float(final.min()),
        "runs_certain_before_50": int(certain[:, :50].any(axis=1).sum()),
        "runs_certain": int(certain[:, -1].sum()),
        "runs": history.shape[0],
        "classes": cells,
        "generations": generations,
        "children": children,
        "data": data,
        "scale": f"{describe_size(len(final), cells, generations, children)}; network trained on {data}",
    }


def summarise_features(
    cppn: Features, direct: Features, controls: Mapping[str, Features], generations: int, children: int, data: str
) -> dict[str, Any]:
    """Reduce what champions share to the numbers that ``mnist-features`` is judged by.

    Args:
        cppn: Of the CPPN champions.
        direct: Of the pixel images.
        controls: By label, of other images; kept, and not judged.
        generations: Generations of both searches.
        children: Children per generation.
        data: What the network was trained on, in words.

    Returns:
        JSON: superiority and p of the statements, and of the last one for pixel images; all for pixel images and for
        each control; runs, generations, children, the scale.
    """
    runs, digits = cppn.vertical.shape
    return {
        **_describe_statements(cppn),
        "alike_direct": _describe_effect(direct.alike),
        "controls": {label: _describe_statements(one) for label, one in {"pixels": direct, **controls}.items()},
        "runs": runs,
        "generations": generations,
        "children": children,
        "scale": f"{describe_size(runs, digits, generations, children)}; network trained on {data}",
    }


def _describe_statements(one: Features) -> dict[str, Any]:
    names = ("vertical_1", "low_bar_2", "low_share_2", "alike")
    return {name: _describe_effect(getattr(one, name)) for name in names}


def _describe_effect(effect: Effect) -> dict[str, float]:
    return {"superiority": float(effect.superiority), "p": float(effect.p)}


def count_images_needed(medians: np.ndarray, children: int) -> np.ndarray:
    """Return how many images each run took to a median of 99.99%, those of its first such generation included.

    Args:
        medians: ``(runs, generations + 1)`` log-odds of the median confidence over digits.
        children: Images of a generation.

    Returns:
        ``(runs,) float64``, infinite where the median was never reached.
    """
    first = first_generations(medians[..., None])[:, 0]
    return np.where(np.isnan(first), np.inf, (first + 1) * children)


def summarise_training_size(
    networks: Sequence[FooledNetwork], generations: int, children: int, data: str
) -> dict[str, Any]:
    """Reduce networks that learned from more and more digits to the numbers that ``small-data`` is judged by.

    A network counts once: with the median over its runs of the images needed, where never is above everything. Where a
    size's median is never, its fold is taken with all images that a run had: with the most digits the true fold is more
    than that, with the fewest less.

    Args:
        networks: As many of each size.
        generations: Generations after the random images.
        children: Images of a generation.
        data: What the digits were chosen from, in words.

    Returns:
        JSON: the number of sizes, of networks for each and of all; the fewest and the most digits, and the median
        held-out error there; for each encoding the images needed at both (None for never), the rank correlation of
        images needed with size and its p, the fold, and the final median with the most; the scale.

    Raises:
        ValueError: If there are fewer than two sizes, or not as many networks of each.
    """
    sizes = np.array([one.size for one in networks])
    different, counts = np.unique(sizes, return_counts=True)
    if len(different) < 2 or counts.min() < counts.max():
        raise ValueError(f"A trend needs two sizes with as many networks each, not {counts.tolist()}.")
    ends = [sizes == size for size in different[[0, -1]]]
    errors = np.array([one.error for one in networks])
    runs = len(networks[0].medians["direct"])
    return {
        "sizes": len(different),
        "networks_per_size": int(counts[0]),
        "networks": len(networks),
        "runs": runs,
        "generations": generations,
        "children": children,
        "extremes": [int(size) for size in different[[0, -1]]],
        "errors": [float(np.median(errors[end])) for end in ends],
        **{name: _describe_trend(networks, name, children, ends) for name in ("direct", "cppn")},
        "scale": (
            f"{len(different)} sizes × {counts[0]} networks × {runs} runs, {generations} generations × {children} "
            f"children; digits of {data}"
        ),
    }


def _describe_trend(
    networks: Sequence[FooledNetwork], encoding: str, children: int, ends: Sequence[np.ndarray]
) -> dict[str, Any]:
    """Return what one encoding adds; ``ends`` say which networks have the fewest digits and which the most."""
    medians = [one.medians[encoding] for one in networks]
    needed = np.array([np.median(count_images_needed(part, children)) for part in medians])
    few, most = (float(np.median(needed[end])) for end in ends)
    all_images = medians[0].shape[1] * children
    correlation, p = find_trend(np.array([one.size for one in networks]), needed)
    final = np.stack([one.final[encoding] for one, last in zip(networks, ends[1], strict=True) if last])
    return {
        "needed": [count if np.isfinite(count) else None for count in (few, most)],
        "correlation": correlation,
        "p": p,
        "fold": min(most, all_images) / min(few, all_images),
        "median_most": float(np.median(to_confidence(final))),
    }


def find_trend(sizes: np.ndarray, values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return Spearman's rank correlation and how rarely sizes dealt out at random have one as large.

    Args:
        sizes: ``(networks,)``.
        values: ``(networks,) float64``; infinite ones are above all others and equal to each other.
        seed: Of the permutations.

    Returns:
        The correlation in [−1, 1], 0 where all values are equal, and the one-sided p.
    """
    from scipy.stats import rankdata  # slow to import, and status and findings have no need of it

    ranks = [rankdata(part) - (len(part) + 1) / 2 for part in (sizes, values)]
    length = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    if not length:
        return 0.0, 1.0
    drawn = np.random.default_rng(seed).permuted(np.tile(ranks[0], (PERMUTATIONS, 1)), axis=1) @ ranks[1]
    observed = float(ranks[0] @ ranks[1])
    p = (1 + int((drawn >= observed - ROUNDING * length).sum())) / (1 + PERMUTATIONS)
    return observed / length, p
