"""Kill what computes at random moments, go on, and compare with what was never killed.

`.venv/bin/python benchmarks/kills.py --kills 200` shares so many SIGKILLs among evolution, retraining, ascent,
training, publishing and a whole report at smoke, which takes minutes and gets one in 20. Whatever was killed is started
again in the same folder until it ends. Then arrays and records must be those of an uninterrupted run byte for byte,
pages and the report but for their lines of cost, and nothing may be left over. A published folder must be whole after
every single kill.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from fooling import files, runs
from fooling.report import freshness
from fooling.report.notebooks import Workspace, read_notebooks
from fooling.report.publish import publish

LATER = 1.2  # a moment is drawn up to so many times what an uninterrupted run takes, so that each ends by and by
# In lines on what a run cost; those that wait for a killed page's kernel to end, and stamps of a page's time, too.
COST = re.compile(r"\d s\b|\d min\b|it/s|s/it|\d:\d\d[<\]]|seconds|finished|<!-- made of|at work in another process")
BARE = re.compile(r'(</?(pre|div|details|section)>|<div class="outputs">)*')  # what is left around bars
REPORTS = 20  # one kill in so many is a report's
MOVING = ("notebook", "contents", "seconds", "finished")  # in a manifest: what costs change
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1}


class Work(NamedTuple):
    """What is killed."""

    do: Callable[[Path], None]  # in a folder, on from wherever it was left
    prepare: Callable[[Path], None] = lambda folder: None  # before it is begun
    check: Callable[[Path], str] = lambda folder: ""  # after a kill; says what is wrong


def evolve_some(folder: Path) -> None:
    """Evolve two runs, a checkpoint after every generation."""
    from fooling.encodings.cppn import CppnEncoding
    from fooling.evolution import evolve as evolving

    evolving.CHECKPOINT_SECONDS, evolving.CHECKPOINT_SHARE, evolving.CHUNK = 0.0, float("inf"), 1
    network = make_network()
    encoding = CppnEncoding(network.image_shape)
    evolving.evolve(network, encoding, generations=60, children=7, seeds=[1, 2], folder=folder)


def climb_some(folder: Path) -> None:
    """Climb two batches, a checkpoint after every few steps."""
    from fooling.gradient_ascent import ascend as ascending
    from fooling.gradient_ascent.settings import SETTINGS

    ascending.CHUNK_PIXELS = 3 * 64 * 15 * 13
    ascending.ascend(make_network(), SETTINGS[0], None, range(14), 60, folder)


def train_some(folder: Path) -> None:
    """Train LeNet."""
    from fooling.networks.lenet import train_network

    train_network("LeNet", make_digits(), 100, folder)


def retrain_some(folder: Path) -> None:
    """Retrain twice."""
    from fooling.pages.retraining.digits import retrain_digits
    from fooling.pages.retraining.sizes import SIZES

    sizes = replace(SIZES["smoke"].digits, generations=3, children=5, iterations=2, steps=10)
    retrain_digits(make_digits(), sizes, 0, folder)


def make_network() -> Any:
    """Return a small network with random weights, the same in every process."""
    import keras

    from fooling.networks.classifier import Classifier

    first, last = (keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2))
    images = keras.layers.Input((15, 13, 1))
    shapes = keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=first)(images)
    scores = keras.layers.Dense(5, kernel_initializer=last)(keras.layers.Flatten()(shapes))
    return Classifier(keras.Model(images, scores, name="small"))


def make_digits() -> Any:
    """Return noise that is called digits."""
    from fooling.data.digits import Digits

    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (1_100, 28, 28, 1), np.uint8), np.arange(1_100) % 10
    return Digits("noise", images[:1_000], labels[:1_000], images[1_000:], labels[1_000:])


def open_desk(folder: Path) -> Workspace:
    """Return a workspace of its own."""
    return Workspace("extended", folder / "notebooks", folder / "results" / "extended", folder / "package")


def prepare_desk(folder: Path) -> None:
    """Publish two pages with their runs, and let new ones be ready."""
    desk = open_desk(folder)
    for place in (desk.notebooks, desk.package, desk.metrics("01_one").parent, desk.executed("01_one").parent):
        place.mkdir(parents=True, exist_ok=True)
    for word in ("old", "new"):
        for name in ("00_overview", "01_one"):
            cells = [{**CELL, "source": 'PROFILE = "default"', "metadata": {"tags": ["parameters"]}}]
            text = json.dumps({"cells": [*cells, {**CELL, "source": f"'{word}'"}], "nbformat": 4, "nbformat_minor": 4,
                               "metadata": {"fooling": {"needs": []}}})  # fmt: skip
            (desk.notebooks / f"{name}.ipynb").write_text(text)
            desk.executed(name).write_text(text)
            numbers = [f"run-{number:02d}" for number in range(20)]
            for number in numbers:
                files.write_arrays(desk.run(number) / "result.npz", {"word": np.array(word)})
            files.write_json(desk.metrics(name), {"records": {}, "runs": numbers, "word": word})
            pages = read_notebooks(desk.notebooks)
            freshness.write_manifest(desk, freshness.survey(pages, desk)[name], seconds=1)
        if word == "old":
            publish_desk(folder)


def publish_desk(folder: Path) -> None:
    """Publish what is ready."""
    publish(read_notebooks(open_desk(folder).notebooks), open_desk(folder))


def check_published(folder: Path) -> str:
    """Say what is wrong with a published folder, or with the one beside its place."""
    places = [folder / "results" / name for name in ("published", ".published.before")]
    words = [{read(path)["word"] for path in place.glob("metrics/*.json")} for place in places if place.exists()]
    told = words[0] if words else set()
    whole = len(told) == 1 and len(list(next(filter(Path.exists, places)).rglob("result.npz"))) == 20
    return "" if whole else f"published is {told or 'gone'}"


def report_pages(folder: Path) -> None:
    """Make a report at smoke, as the command line does."""
    command = [sys.executable, "-m", "fooling", "report", "--profile", "smoke", *PAGES]
    environment = {**os.environ, "FOOLING_RESULTS": str(folder), "PYTHONPATH": str(runs.PACKAGE.parent)}
    os.execve(sys.executable, command, environment)


PAGES: list[str] = []  # of the report; all where there is none
KINDS = {
    "evolution": Work(evolve_some),
    "retraining": Work(retrain_some),
    "ascent": Work(climb_some),
    "training": Work(train_some),
    "publishing": Work(publish_desk, prepare_desk, check_published),
    "report": Work(report_pages),
}


def read(path: Path) -> Any:
    """Return what must be the same in a file, without what it cost."""
    match path.suffix:
        case ".npz":
            arrays = files.read_arrays(path)
            return {name: (part.dtype.str, part.shape, part.tobytes()) for name, part in arrays.items()}
        case ".keras":
            found: dict[
                str, bytes
            ] = {}  # beside them stand times, addresses in memory, and layers as they were counted
            with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
                weights.visititems(
                    lambda name, part: found.update({name: part[()].tobytes()}) if hasattr(part, "shape") else None
                )
            return found
        case ".json":
            content = json.loads(path.read_text())
            return {key: part for key, part in content.items() if key not in MOVING} if "parts" in content else content
        case ".ipynb":
            cells = json.loads(path.read_text())["cells"]
            for cell in cells:  # what was kept is not computed again, and shows no bar at all
                cell["outputs"] = [one for one in cell.get("outputs", []) if drop_cost("".join(one.get("text", "a")))]
            return [drop_cost(json.dumps(cell, indent=0)) for cell in cells]
        case ".html":
            shown = [line for line in drop_cost(path.read_text()) if not BARE.fullmatch(line)]
            return "\n".join(shown)
        case _:
            return path.read_bytes()


def drop_cost(text: str) -> list[str]:
    """Return lines without those of costs, and without those that hold no word: a resumed run shows fewer bars."""
    return [line for line in re.split(r"\n|\\n|\\r", text) if re.search(r"\w", line) and not COST.search(line)]


def read_all(folder: Path) -> dict[str, Any]:
    """Return what must be the same in a folder, by file; provenance and the origins of pages tell what a run cost."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    costs = ("provenance.json", "pages.json")
    return {str(path.relative_to(folder)): None if path.name in costs else read(path) for path in sorted(paths)}


def start(work: Work, folder: Path) -> Any:
    """Start a process of its own, which says nothing."""

    def run() -> None:
        os.setsid()
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        work.do(folder)

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    return child


def attack(name: str, kills: int, random: np.random.Generator, scratch: Path) -> tuple[int, list[str]]:
    """Kill so many times; return how many works ended meanwhile, and what is wrong."""
    work, whole, wrong, done, ended = KINDS[name], scratch / f"{name}-whole", list[str](), 0, 0
    whole.mkdir()
    work.prepare(whole)
    begun = time.monotonic()
    child = start(work, whole)
    child.join()
    took = time.monotonic() - begun
    if child.exitcode:
        return 0, [f"{name} ended with {child.exitcode} although it was not killed"]
    expected = read_all(whole)
    while done < kills:
        folder, ended = scratch / f"{name}-{ended}", ended + 1
        folder.mkdir()
        work.prepare(folder)
        for attempt in itertools.count():
            begun, child = time.monotonic(), start(work, folder)
            until = begun + (random.uniform(0, took * LATER) if done < kills else np.inf)
            while child.exitcode is None and time.monotonic() < until:  # join() would wait for what it execs to
                time.sleep(0.005)
            if child.exitcode is not None:
                took = took if attempt else min(took, time.monotonic() - begun)  # the first may have been a slow one
                break
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            done += 1
            if said := work.check(folder):
                wrong.append(f"{name}, after kill {done}: {said}")
        if child.exitcode:
            wrong.append(f"{name}, after kill {done}: it ended with {child.exitcode}")
        found = read_all(folder)
        differs = sorted(path for path in {*expected, *found} if expected.get(path, "") != found.get(path, ""))
        wrong += [f"{name}, after kill {done}: {path} differs" for path in differs]
        if not differs:
            shutil.rmtree(folder)
    return ended, wrong


def share_kills(kills: int, kinds: Sequence[str]) -> dict[str, int]:
    """Return how many kills each kind of work gets."""
    quick = [name for name in kinds if name != "report"]
    reports = 0 if "report" not in kinds else kills // REPORTS if quick else kills
    shares = {name: (kills - reports + place) // len(quick) for place, name in enumerate(quick)}
    return {name: shares.get(name, reports) for name in kinds}


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill every kind of work; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=12, help="in all, shared among the kinds")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--pages", nargs="+", default=[], help="of the report (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    given = parser.parse_args(arguments)
    PAGES.extend(["--only", *given.pages] if given.pages else [])
    if set(given.kinds) - {"publishing", "report"}:
        import keras  # noqa: F401  # children are forked from here, before TensorFlow does anything

        from fooling.pages.retraining import digits  # noqa: F401
    random, failures = np.random.default_rng(given.seed), list[str]()
    scratch = Path(tempfile.mkdtemp(prefix="kills-"))
    for name, share in share_kills(given.kills, given.kinds).items():
        begun = time.monotonic()
        ended, wrong = attack(name, share, random, scratch) if share else (0, [])
        failures += wrong
        told = f"{share} kills, {ended} ended whole, {len(wrong)} wrong"
        print(f"{name}: {told} ({time.monotonic() - begun:.0f} s)", flush=True)
    print("\n".join(failures) or "All is as it would be without a kill.")
    if failures:
        print(f"What differs is in {scratch}.")
    else:
        shutil.rmtree(scratch)
    return 1 if failures else 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
