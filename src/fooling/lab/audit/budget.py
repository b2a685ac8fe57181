"""What fits into the budget: the size of every attack, as it follows from the network's speed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fooling.evolution.search import FEWEST_IMAGES, PAPERS, SEARCHES, name_search
from fooling.gradient_ascent.ascend import check_ascent
from fooling.gradient_ascent.settings import NONE
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.network import tell_failure
from fooling.lab.audit.speed import Speed, measure_speed
from fooling.runs import compute_once
from fooling.words import count_words, show_minutes

if TYPE_CHECKING:
    from fooling.lab.audit.network import Subject
    from fooling.networks.classifier import Classifier

VERSION = 2  # of a kept budget
# Choice: of the budget that is used. Graphs of CPPNs grow in a search, and other programs want the machine, too.
USED = 0.7
SHARES = {"natural": 0.08, "noise": 0.05, "direct": 0.2, "cppn": 0.27, "ascent": 0.2, "again": 0.2}
GRAPHS = 5  # built on the way: one for each search, and others that cost less
# Children, and steps of ascent, for each class, below which fewer classes get a cell. Choice: those of the ImageNet
# pages' default, of which a search needs most to get anywhere.
PER_CELL, STEPS_PER_CELL = 250, 100
FEWEST_REAL = 100  # real images that are always used; Choice: seconds on a slow network, and below it halves say little
FEWEST = 5  # classes that always get one, if there are as many
# Of the images that a function may be shown: kept for noise images, colours and champions; the share that is planned.
FIRST_SHOWN, SHOWN = 250, 0.9
LIMITED = SHARES["noise"] + SHARES["direct"] + SHARES["cppn"]
CHILDREN = (200, 100, 50, 20, 10)  # per generation; the most that leave GENERATIONS; Source: the paper's 200 on MNIST
GENERATIONS = 50
RUN = 40_000  # images of one run before another begins; Source: the paper's 200 generations of 200 on MNIST
MOST_RUNS, MOST_IMAGES = 5, 200_000  # and images of a run; Choice: five times the paper's on MNIST
MOST_SEEDS, FEWEST_STEPS = 5, 20  # of ascent, whose most steps are the paper's


class Size(NamedTuple):
    """The size of one search."""

    runs: int
    generations: int
    children: int

    @property
    def images(self) -> int:
        """How many images it shows to the network, all runs together."""
        return self.runs * (self.generations + 1) * self.children

    def __str__(self) -> str:
        return f"{count_words(self.runs, 'run')}, {self.generations:,} generations × {self.children} children"


@dataclass(frozen=True)
class Budget:
    """How much an audit does."""

    minutes: float  # that it may take
    classes: tuple[int, ...]  # that have a cell, by index
    natural: int  # real images, at most
    noise: Size  # random images, none bred from another
    direct: Size
    cppn: Size
    again: Size  # CPPNs against the network with a fooling class
    ascent_seeds: int  # starts for each class
    ascent_steps: int
    cut: tuple[str, ...] = ()  # what was left out, in sentences
    search: str = PAPERS  # the search by name: the paper's, or the one with the fewest images


def open_budget(
    classifier: Classifier, minutes: float, seed: int, real: int, folder: Path, search: str = FEWEST_IMAGES
) -> Budget:
    """Return the budget of a network on this machine: the one made before, else by measuring its speed now.

    Arguments and errors are those of :func:`make_budget`; a budget made before is that of the same seed.
    """

    def measure() -> dict[str, np.ndarray]:
        speed = measure_speed(classifier)
        budget = make_budget(classifier, speed, minutes, real, search)
        return {"budget": np.array(msgspec.json.encode(budget).decode()), "speed": np.array(speed)}

    described = {"network": classifier.fingerprint(), "minutes": minutes, "seed": seed, "real": real}
    described |= {} if search == PAPERS else {"search": search}
    described |= {"calls": classifier.asked.most} if classifier.asked else {}
    with tell_failure(classifier):
        kept, _ = compute_once(folder, "audit-budget", described, VERSION, measure)
    return msgspec.json.decode(str(kept["budget"]), type=Budget)


def make_budget(classifier: Classifier, speed: Speed, minutes: float, real: int, search: str = FEWEST_IMAGES) -> Budget:
    """Return the sizes that fit into so many minutes.

    Without ``real`` images nothing is evolved again, and the time goes to the rest.

    Raises:
        AuditError: If they are too few for the least that an audit does.
    """
    if not minutes > 0:
        raise AuditError(f"The budget is {minutes} minutes, but an audit needs more than 0.")
    asked = classifier.asked
    limit = asked.most if asked else None
    left_out = {*(() if real else ("natural", "again")), *(("ascent", "again") if asked else ())}
    shares = {name: share for name, share in SHARES.items() if name not in left_out}
    seconds = USED * 60 * minutes - GRAPHS * speed.compile
    parts = {name: seconds * shares.get(name, 0.0) / sum(shares.values()) for name in SHARES}
    pixels, graphs = speed.forward + speed.direct, speed.forward + speed.cppn
    costs = {"noise": pixels, "direct": pixels, "cppn": graphs, "again": graphs}
    images = {name: parts[name] / cost for name, cost in costs.items()}
    if asked and limit is not None:
        free = limit - asked.shown - FIRST_SHOWN - min(real, FEWEST_REAL)
        images = {name: min(count, free * SHOWN * SHARES[name] / LIMITED) for name, count in images.items()}
    gradients, total = parts["ascent"] / speed.gradient, len(classifier.class_names)
    few = [int(images["cppn"] / PER_CELL)] + ([] if asked else [int(gradients / STEPS_PER_CELL)])
    cells = max(min(FEWEST, total), min(total, *few))
    seeds, steps, slots = (0, 0, 0) if asked else choose_ascent(classifier, gradients, cells)
    # Real images are scored, and their features read twice.
    most = FEWEST_REAL if limit is not None else int(parts["natural"] / (3 * speed.forward))
    natural = min(real, max(FEWEST_REAL, most))
    limits = {name: name_search(search, "cppn" if name == "again" else name).children for name in images}
    sizes = {name: choose_size(count, limits[name]) for name, count in images.items()}
    noise, direct, cppn, again = sizes.values()
    shown = sum(size.images for size in (noise, direct, cppn))
    if limit is not None and shown > free:
        needed = limit + math.ceil((shown - free) / SHOWN)
        raise AuditError(f"An audit must show {classifier.name} about {needed:,} images: add --calls {needed} (CALLS).")
    classes = spread_classes(total, cells)
    budget = Budget(minutes, classes, natural, noise, direct, cppn, again, seeds, steps, search=search)
    least = sum(sizes[name].images * cost for name, cost in costs.items() if name not in left_out)
    least += slots * steps * speed.gradient + GRAPHS * speed.compile
    if least > 60 * minutes:  # because no part can be smaller
        needed = math.ceil(least / 60)
        raise AuditError(
            f"{classifier.name} is too slow here for a budget of {minutes:g} minutes; the least that an audit does "
            f"takes about {count_words(needed, 'minute')}: add --budget {needed} (BUDGET)."
        )
    return replace(budget, cut=describe_cut(budget, total, real))


def choose_size(images: float, most: int | None = None) -> Size:
    """Return the size of a search of about so many images: 200 children if it can be, then runs, then generations.

    With ``most`` a generation has no more children than these.
    """
    few_enough = [few for few in CHILDREN if few <= (most or few)]
    children = next((few for few in few_enough if images >= few * (GENERATIONS + 1)), CHILDREN[-1])
    runs = max(1, min(MOST_RUNS, int(images / RUN)))
    generations = int(images / (runs * children)) - 1
    return Size(runs, max(1, min(MOST_IMAGES // children, generations)), children)


def choose_ascent(classifier: Classifier, gradients: float, cells: int) -> tuple[int, int, int]:
    """Return for about so many gradients the starts for each class, the steps of each, and the gradients of a step.

    Images climb in batches that are filled up, so that a few classes cost as much as a whole batch.
    """
    batch = check_ascent(classifier, NONE, [0], [0], 1).batch
    slots = {seeds: math.ceil(seeds * cells / batch) * batch for seeds in range(1, MOST_SEEDS + 1)}
    seeds = max((few for few in slots if slots[few] * NONE.steps <= gradients), default=1)
    return seeds, max(FEWEST_STEPS, min(NONE.steps, int(gradients / slots[seeds]))), slots[seeds]


def spread_classes(total: int, cells: int) -> tuple[int, ...]:
    """Return so many of all classes, evenly spaced."""
    return tuple(np.linspace(0, total - 1, cells).round().astype(int).tolist())


def describe_cut(budget: Budget, total: int, real: int) -> tuple[str, ...]:
    """Return what the budget left out, in sentences; none if nothing."""
    per_run, cells, steps = budget.cppn.images / budget.cppn.runs, len(budget.classes), budget.ascent_steps
    said = (
        (cells < total, f"only {cells} of {total:,} classes have a cell, evenly spaced in their order"),
        (per_run < RUN, f"a search is {per_run:,.0f} images long, where the paper's on digits are 40,000"),
        (budget.cppn.runs == 1, "each search runs once, so that its spread is not known"),
        (0 < steps < NONE.steps, f"ascent takes {steps} steps, where the paper takes {NONE.steps}"),
        (budget.natural < real, f"{budget.natural} of {real} real images are used"),
    )
    return tuple(sentence for is_so, sentence in said if is_so)


def tabulate_budget(budget: Budget, subject: Subject) -> list[tuple[str, str, str]]:
    """Return the rows of a table: what, how much, why."""
    classifier, real, natural = subject.classifier, budget.natural, subject.natural
    starts, cells = count_words(budget.ascent_seeds, "start"), len(budget.classes)
    why_resized = "as Keras's own loader does unless it is told to crop or pad"
    return [
        ("network", classifier.name, "any Keras classifier"),
        ("images", " × ".join(map(str, classifier.image_shape)), "the network's own"),
        ("pixel range", subject.checked, "a wrong one makes an audit worthless"),
        ("budget", show_minutes(budget.minutes), "half a minute to start and to draw comes on top"),
        (
            "classes with a cell",
            f"{cells:,} of {len(classifier.class_names):,}",
            f"at least {PER_CELL} CPPN images for each",
        ),
        ("real images", f"{real:,}" if real else "none", "half to fit, half to measure"),
        *([("resized", natural.resize, why_resized)] if natural else []),
        ("search", SEARCHES[budget.search], "page 16 chose one for pixels; CPPNs keep the paper's"),
        ("noise", str(budget.noise), "random search: what chance finds"),
        ("direct", str(budget.direct), "pixels; the paper: 200 × 200 on digits"),
        ("CPPN", str(budget.cppn), "regular patterns; the same"),
        ("ascent", f"{starts} for each class, {budget.ascent_steps} steps", "the gradient; the paper: 500 steps"),
        ("CPPN, again", str(budget.again) if real else "none", "against a fooling class"),
    ]
