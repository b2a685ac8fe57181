"""What fits into the budget: the network's speed, and the size of every means that follows from it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.audit.files import AuditError
from fooling.encodings.cppn import CppnEncoding
from fooling.gradient_ascent import climb
from fooling.gradient_ascent.ascend import check_ascent
from fooling.gradient_ascent.settings import NONE
from fooling.networks.classifier import Classifier
from fooling.runs import open_run, write_json

CODE = ("audit/plan.py",)
# Choice: of the budget that is planned for. Graphs of CPPNs grow in a search, and other programs want the machine, too.
PLANNED = 0.7
SHARES = {"natural": 0.08, "noise": 0.05, "direct": 0.2, "CPPN": 0.27, "ascent": 0.2, "again": 0.2}
GRAPHS = 5  # built on the way: one for each search, and others that cost less
# Children, and steps of ascent, for each class, below which fewer classes get a cell. Choice: those of the ImageNet
# pages' default, of which a search needs most to get anywhere.
PER_CELL, STEPS_PER_CELL = 250, 100
FEWEST = 5  # classes that always get one, if there are as many
CHILDREN = (200, 100, 50, 20, 10)  # per generation; the most that leave GENERATIONS; Source: the paper's 200 on MNIST
GENERATIONS = 50
RUN = 40_000  # images of one run before another begins; Source: the paper's 200 generations of 200 on MNIST
MOST_RUNS, MOST_GENERATIONS = 5, 1_000
MOST_SEEDS, FEWEST_STEPS = 5, 20  # of ascent, whose most steps are the paper's
HEAD_STEPS = 2_000  # batches of features, which cost next to nothing beside the rest
GROWN = 30  # mutations before CPPNs are timed; Choice: about nine hidden nodes, as champions of the digit pages have
TIMED = 2.0  # seconds that a measurement takes at least, or three rounds


class Speed(NamedTuple):
    """How long a network takes, in seconds.

    Attributes:
        forward: For one image in a batch.
        gradient: For one image's confidence and gradient, in a batch of ascent.
        direct: To mutate and express one pixel image, beside the network.
        cppn: The same of one CPPN that has grown.
        compile: Until a graph that breeds CPPNs and shows them to the network has been built.
    """

    forward: float
    gradient: float
    direct: float
    cppn: float
    compile: float


# Measured on two cores. Where no network is named the plan is made for LeNet with these numbers, not by a clock, so
# that another machine shows the same images.
LENET = Speed(forward=1 / 8_000, gradient=1 / 3_000, direct=1 / 40_000, cppn=1 / 10_000, compile=0.0)


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
    run = open_run(folder, "audit-plan", described, CODE)
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
    natural = min(real, int(parts.get("natural", 0.0) / (3 * speed.forward)))  # scored, and their features read twice
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
        ("budget", f"{plan.minutes:g} minutes", "half a minute to start and to draw comes on top"),
        ("classes with a cell", f"{len(plan.classes):,} of {total:,}", f"at least {PER_CELL} CPPN images for each"),
        ("real images", f"{plan.natural:,}" if plan.natural else "none", "half to fit, half to measure"),
        ("noise", describe(plan.noise), "random search: what chance finds"),
        ("direct", describe(plan.direct), "pixels; the paper: 200 × 200 on digits"),
        ("CPPN", describe(plan.cppn), "regular patterns; the same"),
        ("ascent", f"{starts} for each class, {plan.ascent_steps} steps", "the gradient; the paper: 500 steps"),
        ("CPPN, again", describe(plan.again) if plan.natural else "none", "against a fooling class"),
    ]


def measure_speed(classifier: Classifier) -> Speed:
    """Measure how long a network takes on this machine, in about ten seconds."""
    shape, size = classifier.image_shape, min(classifier.batch, CHILDREN[0])
    images = np.random.default_rng(0).integers(0, 256, (size, *shape), np.uint8)
    started = time.monotonic()
    classifier.score(images)
    compiled = time.monotonic() - started
    forward = _time(lambda: classifier.score(images)) / size
    cppn, bred = _time_cppns(CppnEncoding(shape), size)
    return Speed(forward, _time_gradient(classifier), math.prod(shape) * DIRECT_PIXEL, cppn / size, compiled + bred)


DIRECT_PIXEL = 3e-8  # seconds to mutate and express one gene; Choice: measured on two cores, and small beside a network


def _time(call: Callable[[], Any]) -> float:
    """Return the seconds of a call: the median of at least three."""
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < TIMED:
        started = time.monotonic()
        call()
        taken.append(time.monotonic() - started)
    return float(np.median(taken))


def _time_gradient(classifier: Classifier) -> float:
    """Return the seconds for one image's gradient, in a batch as ascent makes them."""
    batch = check_ascent(classifier, NONE, [0], [0], 1).batch
    shape, mean = classifier.image_shape, climb.find_mean(classifier)
    offset, classes = tf.zeros([batch, *shape]), tf.zeros([batch], tf.int32)
    spec = [tf.TensorSpec(offset.shape, tf.float32), tf.TensorSpec([batch], tf.int32)]
    slope = tf.function(
        lambda offset, classes: climb.measure_slope(classifier, mean, offset, classes), input_signature=spec
    ).get_concrete_function()
    slope(offset, classes)
    return _time(lambda: slope(offset, classes).direction.numpy()) / batch


def _time_cppns(encoding: CppnEncoding, size: int) -> tuple[float, float]:
    """Return the seconds to mutate and express so many CPPNs as large as champions become, and to build that graph."""
    seeds = tf.constant([[0, 0]], tf.int64)
    genomes = encoding.initialise(size, seeds)
    for index in range(GROWN):
        genomes = encoding.mutate(genomes, seeds + index, tf.constant(1 + index))
    specs = [
        tf.TensorSpec([1, None, *shape], part.dtype)
        for shape, part in zip(encoding.genome_shapes(), genomes, strict=True)
    ]
    signature = [type(genomes)(*specs)]
    started = time.monotonic()
    breed = tf.function(
        lambda genomes: encoding.express(encoding.mutate(genomes, seeds, tf.constant(1))), input_signature=signature
    ).get_concrete_function()
    breed(genomes)
    built = time.monotonic() - started
    return _time(lambda: breed(genomes).numpy()), built
