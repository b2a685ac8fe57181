"""Every arm of page 16, what is chosen by them, and the chosen searches on other seeds and networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fooling.confidence import NEAR_CERTAIN, to_log_odds
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.evolution.search import SearchSettings
from fooling.networks.imagenet import load_network
from fooling.pages.fewer_images import claim
from fooling.pages.imagenet_cppn.claim import MEDIAN
from fooling.pages.imagenet_cppn.modern import MODERN

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

PIXELS, CPPNS = 200, 400  # children per generation; Source: paper and released code
# By how much the seeds of arms, and of the tests on digits, lie above the first. No choice is made on the tests' seeds;
# on ImageNet these are the first ones, with which page 08 ran the paper's search.
ARMS, DIGITS = 1_000, 3_000
Runs = dict[str, Evolution]


class Field(NamedTuple):
    """Where searches are compared, and by which class; ``children`` are the usual ones of a generation."""

    classifier: Classifier
    encoding: DirectEncoding | CppnEncoding
    children: int
    of: str
    folder: Path

    def run(self, parts: Mapping[str, Any], images: int, seeds: Sequence[int]) -> Evolution:
        """Evolve with some parts beside the paper's, for at most so many images a run."""
        settings = {"children": 1.0, "crossed": False, **parts}
        children, encoding = max(1, round(self.children * settings.pop("children"))), self.encoding
        if settings.pop("crossed") and isinstance(encoding, DirectEncoding):
            encoding = replace(encoding, crossover=True)
        search = SearchSettings(**settings)
        counts = {"generations": search.fit_generations(children, images), "children": children, "seeds": seeds}
        return evolve(self.classifier, encoding, **counts, folder=self.folder, search=search)

    def test(self, chosen: Mapping[str, Any], images: int, seeds: Sequence[int]) -> Runs:
        """Run the paper's search and the chosen one with as many images."""
        return {claim.PAPER: self.run({}, images, seeds), claim.CHOSEN: self.run(chosen, images, seeds)}


def describe(field: Field, images: int, runs: Runs) -> claim.Trial:
    """Return where each search ends by the class that counts there, seed by seed."""
    over = claim.QUANTILES[field.of]
    ends = {name: tuple(np.quantile(run.log_odds, over, axis=1).tolist()) for name, run in runs.items()}
    return claim.Trial(field.classifier.name, images, field.of, ends)


def compare_arms(field: Field, names: Iterable[str], images: int, seeds: Sequence[int]) -> tuple[claim.Trial, Runs]:
    """Run every arm on the same seeds, then all parts together that help on every one of them."""
    runs = {name: field.run(claim.ARMS[name], images, seeds) for name in names}
    if len(helping := describe(field, images, runs).helping) > 1:
        runs[claim.COMBINED] = field.run(claim.merge(helping), images, seeds)
    return describe(field, images, runs), runs


def count_images(run: Evolution, of: str, least: float) -> claim.Counts:
    """Return for each run the images until the class that counts has this confidence."""
    reached = np.quantile(run.history, claim.QUANTILES[of], axis=2) >= to_log_odds(least)
    return tuple(
        float(run.search.count_images(run.children, int(row.argmax()))) if row.any() else None for row in reached
    )


def measure(
    lenet: Classifier, data: str, sizes: claim.FewerSizes, folder: Path, seed: int
) -> tuple[claim.FewerFound, dict[str, Runs], list[Evolution]]:
    """Run the protocol at these sizes; each run is kept by itself, so that it may stop and go on anywhere.

    Returns:
        The record; by network, the runs on seeds that no choice was made on; and all runs.
    """
    seeds, arms_seeds = (range(first, first + sizes.seeds) for first in (seed, seed + ARMS))
    digit_seeds = range(seed + DIGITS, seed + DIGITS + sizes.tests)
    field = Field(lenet, DirectEncoding(lenet.image_shape), PIXELS, claim.LEAST, folder)
    trial, arms = compare_arms(field, sizes.arms, sizes.digits, arms_seeds)
    trials, every, names, chosen = [trial], [*arms.values()], claim.CPPNS, claim.merge(trial.chosen)
    tried = {lenet.name: field.test(chosen, sizes.digits, digit_seeds)}
    if sizes.imagenet:
        network = load_network()
        field = Field(network, CppnEncoding(network.image_shape), CPPNS, claim.MIDDLE, folder)
        for images in sizes.imagenet:
            trial, arms = compare_arms(field, names, images, arms_seeds)
            trials, every, names = [*trials, trial], [*every, *arms.values()], trial.better
        chosen = claim.merge(trial.chosen)
    if sizes.long:
        paper, climbing = field.run({}, sizes.long, seeds), {**chosen, **claim.ARMS[claim.GRADIENT]}
        most = claim.list_budgets(count_images(paper, field.of, MEDIAN), sizes.long)
        plans = {claim.CHOSEN: chosen, claim.WHITE: climbing}
        ours = {name: field.run(parts, int(most[name]), seeds) for name, parts in plans.items()}
        tried[network.name] = {claim.PAPER: paper, **ours}
    if sizes.modern:
        modern = load_network(MODERN)
        field = field._replace(classifier=modern, encoding=CppnEncoding(modern.image_shape))
        tried[MODERN] = field.test(chosen, sizes.modern, seeds)
    found = claim.FewerFound(
        data=data,
        digits=trials[0],
        certain=tuple(count_images(run, claim.LEAST, NEAR_CERTAIN) for run in tried[lenet.name].values()),
        imagenet=tuple(trials[1:]),
        reached=tuple(count_images(run, claim.MIDDLE, MEDIAN) for run in tried[network.name].values())
        if sizes.long
        else None,
        modern=describe(field, sizes.modern, tried[MODERN]) if sizes.modern else None,
    )
    return found, tried, [*every, *(run for part in tried.values() for run in part.values())]
