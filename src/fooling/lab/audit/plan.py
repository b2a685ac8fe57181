"""What fits into the budget: the size of every means, as it follows from the network's speed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.files import write_json
from fooling.gradient_ascent.ascend import check_ascent
from fooling.gradient_ascent.settings import NONE
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.speed import Speed, measure_speed
from fooling.networks.classifier import Classifier
from fooling.runs import open_run

# Choice: of the budget that is planned for. Graphs of CPPNs grow in a search, and other programs want the machine, too.
PLANNED = 0.7
SHARES = {"natural": 0.08, "noise": 0.05, "direct": 0.2, "CPPN": 0.27, "ascent": 0.2, "again": 0.2}
GRAPHS = 5  # built on the way: one for each search, and others that cost less
# Children, and steps of ascent, for each class, below which fewer classes get a cell. Choice: those of the ImageNet
# pages' default, of which a search needs most to get anywhere.
PER_CELL, STEPS_PER_CELL = 250, 100
FEWEST_REAL = 100  # real images that are always used; Choice: seconds on a slow network, and below it halves say little
FEWEST = 5  # classes that always get one, if there are as many
CHILDREN = (200, 100, 50, 20, 10)  # per generation; the most that leave GENERATIONS; Source: the paper's 200 on MNIST
GENERATIONS = 50
RUN = 40_000  # images of one run before another begins; Source: the paper's 200 generations of 200 on MNIST
MOST_RUNS, MOST_GENERATIONS = 5, 1_000
MOST_SEEDS, FEWEST_STEPS = 5, 20  # of ascent, whose most steps are the paper's
HEAD_STEPS = 2_000  # batches of features, which cost next to nothing beside the rest


class Size(NamedTuple):
    """The size of one search."""

    runs: int
    generations: int
    children: int

    @property
    def images(self) -> int:
        """How many images it shows to the network, all runs together."""
        return self.runs * (self.generations + 1) * self.children


class Plan(NamedTuple):
    """What an audit does.

    Attributes:
        minutes: The budget.
        classes: The classes that have a cell, by index.
        natural: Real images, at most.
        noise: Random images, none bred from another.
        direct: Evolution of pixels.
        cppn: Evolution of CPPNs.
        again: The same against the network with a fooling class.
        ascent_seeds: Starts for each class.
        ascent_steps: How often each image's gradient is followed.
        cut: What the budget left out, in sentences.
    """

    minutes: float
    classes: tuple[int, ...]
    natural: int
    noise: Size
    direct: Size
    cppn: Size
    again: Size
    ascent_seeds: int
    ascent_steps: int
    cut: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON; :func:`read_plan` is the way back."""
        return {name: list(part) if isinstance(part, tuple) else part for name, part in self._asdict().items()}


def read_plan(content: dict[str, Any]) -> Plan:
    """Return the plan that :meth:`Plan.to_json` gave."""
    sizes = {name: Size(*content[name]) for name in ("noise", "direct", "cppn", "again")}
    return Plan(**{**content, **sizes, "classes": tuple(content["classes"]), "cut": tuple(content["cut"])})


def open_plan(classifier: Classifier, minutes: float, seed: int, real: int, folder: Path) -> Plan:
    """Return the plan for a network on this machine: the one that was made before, else by measuring its speed now.

    Args:
        classifier: The network.
        minutes: The budget.
        seed: Of the audit.
        real: How many real images there are.
        folder: Where runs are kept.

    Raises:
        AuditError: If the budget is too small for the least that an audit does.
    """
    described = {"network": classifier.fingerprint(), "minutes": minutes, "seed": seed, "real": real}
    run = open_run(folder, "audit-plan", described, 1)
    path = run.path / "plan.json"
    if not path.exists():
        speed = measure_speed(classifier)
        plan = make_plan(classifier, speed, minutes, real)
        write_json(path, {"plan": plan.to_json(), "speed": speed._asdict()})
    return read_plan(json.loads(path.read_text(encoding="utf-8"))["plan"])


def make_plan(classifier: Classifier, speed: Speed, minutes: float, real: int) -> Plan:
    """Return the sizes that fit into a budget.

    Args:
        classifier: The network.
        speed: How fast it is.
        minutes: The budget, above 0.
        real: How many real images there are; without any, nothing is evolved again, and the time goes to the rest.

    Raises:
        AuditError: If the budget is too small for the least that an audit does.
    """
    if not minutes > 0:
        raise AuditError(f"The budget is {minutes} minutes, but an audit needs more than 0.")
    shares = {name: share for name, share in SHARES.items() if real or name not in ("natural", "again")}
    seconds = PLANNED * 60 * minutes - GRAPHS * speed.compile
    parts = {name: seconds * share / sum(shares.values()) for name, share in shares.items()}
    total = len(classifier.class_names)
    images = {
        "noise": parts["noise"] / (speed.forward + speed.direct),
        "direct": parts["direct"] / (speed.forward + speed.direct),
        "cppn": parts["CPPN"] / (speed.forward + speed.cppn),
        "again": parts.get("again", 0.0) / (speed.forward + speed.cppn),
    }
    gradients = parts["ascent"] / speed.gradient
    cells = max(min(FEWEST, total), min(total, int(images["cppn"] / PER_CELL), int(gradients / STEPS_PER_CELL)))
    sizes = {name: choose_size(count) for name, count in images.items()}
    seeds, steps = choose_ascent(classifier, gradients, cells)
    # Real images are scored, and their features read twice.
    natural = min(real, max(FEWEST_REAL, int(parts.get("natural", 0.0) / (3 * speed.forward))))
    plan = Plan(minutes, spread_classes(total, cells), natural, **sizes, ascent_seeds=seeds, ascent_steps=steps, cut=())
    _check_least(plan, classifier, speed, real)
    return plan._replace(cut=describe_cut(plan, total, real))


def choose_size(images: float) -> Size:
    """Return the size of a search of about so many images: 200 children if it can be, then runs, then generations."""
    children = next((few for few in CHILDREN if images >= few * (GENERATIONS + 1)), CHILDREN[-1])
    runs = max(1, min(MOST_RUNS, int(images / RUN)))
    generations = int(images / (runs * children)) - 1
    return Size(runs, max(1, min(MOST_GENERATIONS, generations)), children)


def choose_ascent(classifier: Classifier, gradients: float, cells: int) -> tuple[int, int]:
    """Return the starts for each class and the steps of each, for about so many gradients.

    Images climb in batches that are filled up, so that a few classes cost as much as a whole batch.
    """
    batch = check_ascent(classifier, NONE, [0], [0], 1).batch

    def slots(seeds: int) -> int:
        return -(-seeds * cells // batch) * batch

    seeds = max(1, max((few for few in range(1, MOST_SEEDS + 1) if slots(few) * NONE.steps <= gradients), default=1))
    return seeds, max(FEWEST_STEPS, min(NONE.steps, int(gradients / slots(seeds))))


def spread_classes(total: int, cells: int) -> tuple[int, ...]:
    """Return so many of all classes, evenly spaced."""
    return tuple(int(index) for index in np.linspace(0, total - 1, cells).round())


def _check_least(plan: Plan, classifier: Classifier, speed: Speed, real: int) -> None:
    """Refuse a plan that costs more than its budget, because no part can be smaller."""
    batch = check_ascent(classifier, NONE, [0], [0], 1).batch
    slots = -(-plan.ascent_seeds * len(plan.classes) // batch) * batch
    searches = (plan.noise.images + plan.direct.images) * (speed.forward + speed.direct)
    searches += (plan.cppn.images + (plan.again.images if real else 0)) * (speed.forward + speed.cppn)
    seconds = searches + slots * plan.ascent_steps * speed.gradient + GRAPHS * speed.compile
    if seconds > 60 * plan.minutes:
        needed = math.ceil(seconds / 60)
        word = "minute" if needed == 1 else "minutes"
        raise AuditError(
            f"{classifier.name} is too slow here for a budget of {plan.minutes:g} minutes; "
            f"the least that an audit does takes about {needed} {word}: add --budget {needed} (BUDGET)."
        )


def describe_cut(plan: Plan, total: int, real: int) -> tuple[str, ...]:
    """Return what the budget left out, in sentences; none if nothing."""
    said = []
    if len(plan.classes) < total:
        said.append(f"only {len(plan.classes)} of {total:,} classes have a cell, evenly spaced in their order")
    per_run = plan.cppn.images / plan.cppn.runs
    if per_run < RUN:
        said.append(f"a search is {per_run:,.0f} images long, where the paper's on digits are 40,000")
    if plan.cppn.runs == 1:
        said.append("each search runs once, so that its spread is not known")
    if plan.ascent_steps < NONE.steps:
        said.append(f"ascent takes {plan.ascent_steps} steps, where the paper takes {NONE.steps}")
    if plan.natural < real:
        said.append(f"{plan.natural} of {real} real images are used")
    return tuple(said)


def tabulate_plan(
    plan: Plan, network: str, shape: tuple[int, int, int], total: int, checked: str
) -> list[tuple[str, str, str]]:
    """Return the rows of a table: what, how much, why.

    Args:
        plan: The plan.
        network: Its name.
        shape: Of its images.
        total: How many classes it has.
        checked: What is known of the pixel range.
    """

    def describe(size: Size) -> str:
        runs = "1 run" if size.runs == 1 else f"{size.runs} runs"
        return f"{runs}, {size.generations:,} generations × {size.children} children"

    starts = "1 start" if plan.ascent_seeds == 1 else f"{plan.ascent_seeds} starts"
    return [
        ("network", network, "any Keras classifier"),
        ("images", " × ".join(map(str, shape)), "the network's own"),
        ("pixel range", checked, "a wrong one makes an audit worthless"),
        (
            "budget",
            f"{plan.minutes:g} minute{'' if plan.minutes == 1 else 's'}",
            "half a minute to start and to draw comes on top",
        ),
        ("classes with a cell", f"{len(plan.classes):,} of {total:,}", f"at least {PER_CELL} CPPN images for each"),
        ("real images", f"{plan.natural:,}" if plan.natural else "none", "half to fit, half to measure"),
        ("noise", describe(plan.noise), "random search: what chance finds"),
        ("direct", describe(plan.direct), "pixels; the paper: 200 × 200 on digits"),
        ("CPPN", describe(plan.cppn), "regular patterns; the same"),
        ("ascent", f"{starts} for each class, {plan.ascent_steps} steps", "the gradient; the paper: 500 steps"),
        ("CPPN, again", describe(plan.again) if plan.natural else "none", "against a fooling class"),
    ]
