"""How a row is measured: sides that alternate, medians of several rounds, a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("numpy", "tensorflow", "keras", "ribs", "numba", "neat-python", "tf-keras-vis")
Call = Callable[[], object]
Seconds = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    rounds: int  # in which all sides take their turns; a first one, which warms up, is not counted
    share: int  # children, images and genomes are divided by this
    age: int  # generations of digits before they are timed: late genomes are the largest
    stretch: int  # generations of digits that are timed as one
    steps: int  # of gradient ascent, and of LeNet's training
    images: int  # of a search whose champions are looked at
    seeds: int  # of that search


FULL = Sizes(rounds=7, share=1, age=190, stretch=10, steps=200, images=40_000, seeds=5)
TINY = Sizes(rounds=1, share=20, age=2, stretch=1, steps=5, images=100, seeds=1)


@dataclass(frozen=True)
class Row:
    """This project beside something else that does the same work."""

    label: str
    other: float  # how fast the other side is, the median of the rounds
    ours: float
    unit: str  # of both
    ratios: list[float]  # one of each round: how many times faster we are, or of a cost how many times slower
    aim: float | None = None  # what the median ratio is to reach: at least; of a cost at most
    cost: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """The median over the rounds."""
        return float(np.median(self.ratios))

    @property
    def met(self) -> bool:
        """Whether the ratio reaches the aim, where there is one."""
        return self.aim is None or (self.ratio <= self.aim if self.cost else self.ratio >= self.aim)


@dataclass(frozen=True)
class Growth:
    """How the time of a generation grows with one number."""

    label: str
    axis: str  # which number
    sizes: list[float]
    seconds: list[float]  # of a generation at each size, medians of the rounds

    @property
    def slope(self) -> float:
        """The power of the size by which the time grows: the slope of a straight line through the logarithms."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])


@dataclass(frozen=True)
class Machine:
    """Where a row was measured."""

    day: str
    processor: str
    threads: int
    load: float  # of the machine in the minute before: 0 where nothing else ran
    versions: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """What one name of the command gives."""

    rows: list[Row] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)
    machine: Machine | None = None


def describe_machine() -> Machine:
    """Return what this process runs on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    processor = models[0] if models else platform.machine()
    return Machine(date.today().isoformat(), processor, count_cores(), round(os.getloadavg()[0], 2), versions)


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_cores(cores: int) -> None:
    """Give this process, and those that it starts, so many cores; 0 leaves it all. TensorFlow counts them later."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    if cores:
        os.environ |= {"TF_NUM_INTRAOP_THREADS": str(cores), "TF_NUM_INTEROP_THREADS": str(cores)}


def run_alone(function: Callable[..., Any], *given: Any, cores: int = 0) -> Any:
    """Return what a function of a module gives in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, limit_cores, (cores,)) as pool:
        return pool.submit(function, *given).result()


def measure(call: Call) -> float:
    """Return the seconds that ``call`` takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def alternate(calls: Mapping[str, Call], rounds: int) -> Seconds:
    """Return the seconds of every call in every round, ``(rounds,)``; all take their turns in each round."""
    for call in calls.values():
        call()
    taken = [[measure(call) for call in calls.values()] for _ in range(rounds)]
    return dict(zip(calls, np.array(taken).T, strict=True))


def find_fastest(names: Iterable[str], rates: Seconds) -> str:
    """Return the name with the highest median rate."""
    return max(names, key=lambda name: float(np.median(rates[name])))


def compare(
    label: str, ours: np.ndarray, other: np.ndarray, unit: str, aim: float | None, cost: bool = False, note: str = ""
) -> Row:
    """Return a row from the rates of both sides in every round."""
    ratios = (other / ours if cost else ours / other).tolist()
    return Row(label, float(np.median(other)), float(np.median(ours)), unit, ratios, aim, cost, note)
