"""A run's folder: what it is, checkpoints, result and cost; a kill loses what was computed since the last checkpoint.

A folder is called ``LABEL-KEY-ARITHMETIC``, and ``-LENGTH`` where a longer run continues a shorter one. KEY is a hash
of all that a run's bytes depend on: its settings, seeds and weights, and the version of its results, which is raised
when the code gives other bytes and at no other change. ARITHMETIC is a hash of what rounds, as
:mod:`fooling.arithmetic` tells. The same run finds its folder again, and another run never does.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.metadata import version as find_version
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict, TypeVar

import numpy as np
from tqdm import tqdm

from fooling import arithmetic
from fooling.files import (
    DamagedError,
    find_unfinished,
    hash_text,
    lock_folder,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)
from fooling.words import show_seconds

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]
ANY_ARITHMETIC = "FOOLING_ANY_ARITHMETIC"  # set to 1, runs of other machines are taken as they are, and continued
HOW_TO_TAKE = f"`report` is told --any-arithmetic, or ${ANY_ARITHMETIC} is 1"
FINISHED = ("result.npz", "model.keras")  # one of them is in a finished run's folder
READ = (*FINISHED, "settings.json", "provenance.json")  # what pages read of it, beside images that are kept for them
WHOSE = "run"  # the name of the run in a checkpoint and a result, beside its arrays

Saved = TypeVar("Saved")


def results_root() -> Path:
    """Return the folder of all results: ``results/`` of this checkout, or ``$FOOLING_RESULTS``."""
    return Path(os.environ.get("FOOLING_RESULTS") or ROOT / "results")


class Kept(TypedDict):
    """What ``settings.json`` of a run holds, as far as it is read."""

    settings: dict[str, Any]
    arithmetic: NotRequired[dict[str, Any]]
    length: NotRequired[int | None]


class Leg(TypedDict):
    """How long a machine computed; further keys describe it."""

    seconds: float


class Provenance(TypedDict, total=False):
    """Where a run was computed."""

    computed: list[Leg]


class RunFolder(NamedTuple):
    """Where one run lives."""

    path: Path  # the folder, named as this module says

    def save_checkpoint(self, number: int, arrays: Mapping[str, np.ndarray], seconds: float) -> None:
        """Write checkpoint ``number`` after so many more seconds of computing, and delete all but the last two."""
        named = {**arrays, WHOSE: np.asarray(self.path.name)}
        write_arrays(self.path / f"checkpoint-{number:08d}.npz", named, compress=False)
        self.add_seconds(seconds)
        for old in self._checkpoints()[:-2]:
            old.unlink()

    def load_checkpoint(self, read: Callable[[int, dict[str, np.ndarray]], Saved]) -> Saved | None:
        """Return what ``read`` makes of the newest checkpoint of this run, or None.

        ``read`` is given its number and arrays, and raises ValueError in words if this run does not write such ones.
        What is damaged, or another run's, is named and set aside, and the checkpoint before it is used.
        """
        paths = self._checkpoints()
        while paths:
            path = paths.pop()
            try:
                arrays = _read_checkpoint(path)
                # Those written before they were named have no name, and ``read`` alone judges them.
                if (whose := str(arrays.pop(WHOSE, self.path.name))) != self.path.name:
                    raise ValueError(f"belongs to the run {whose}")
                return read(int(path.stem.split("-")[1]), arrays)
            except ValueError as error:
                path.rename(path.with_suffix(".refused"))
                instead = f"{paths[-1].name} is used instead" if paths else "there is none before it"
                say(f"{path.name} of {self.path.name} {error}: {instead}.")
        return None

    def save_result(self, arrays: Mapping[str, np.ndarray], seconds: float) -> None:
        """Write the result and where it came from, then delete the checkpoints."""
        self.add_seconds(seconds)
        write_arrays(self.path / "result.npz", {**arrays, WHOSE: np.asarray(self.path.name)})
        for path in self.find_leftovers():
            path.unlink()

    def find_leftovers(self) -> list[Path]:
        """Return what serves no more where no process is at work: half-written files, checkpoints beside a result."""
        done = (self.path / "result.npz").exists()
        return [*find_unfinished(self.path), *(self.path.glob("checkpoint-*") if done else ())]

    def load_result(self) -> dict[str, np.ndarray] | None:
        """Return the arrays of a finished run, or None; DamagedError if they are damaged, or another run's."""
        path = self.path / "result.npz"
        if not path.exists():
            return None
        arrays = read_arrays(path)
        # Those written before they were named have no name, and what they hold alone judges them.
        other = (whose := str(arrays.pop(WHOSE, self.path.name))) != self.path.name and f"the run {whose}"
        known: dict[str, Any] = {}
        with suppress(DamagedError):  # settings that are damaged or missing say nothing against a result
            known = {**self.settings, "generations": self._kept().get("length")}
        for name in ("seeds", "classes", "children", "generations") if not other else ():
            if name in arrays and known.get(name) is not None and not np.array_equal(arrays[name], known[name]):
                other = f"a run of other {name}"
        if other:
            raise DamagedError(f"{self.path.name}/result.npz belongs to {other}; delete that folder to run again.")
        return arrays

    def add_seconds(self, seconds: float) -> None:
        """Note how long this machine computed; a run that went from machine to machine lists them all."""
        legs, here = self._legs(), describe_machine()
        if not legs or {**legs[-1], "seconds": 0} != {**here, "seconds": 0}:
            legs.append({**here, "seconds": 0.0})
        legs[-1]["seconds"] = round(legs[-1]["seconds"] + seconds, 1)
        write_json(self.path / "provenance.json", {"computed": legs})

    def continue_from(self, shorter: RunFolder) -> None:
        """Begin with what a shorter run cost."""
        write_json(self.path / "provenance.json", {"computed": shorter._legs()})

    @property
    def settings(self) -> dict[str, Any]:
        """What the run depends on, as :func:`open_run` was given it."""
        return self._kept()["settings"]

    @property
    def seconds(self) -> float:
        """What the run cost where it was computed; 0 for one without provenance."""
        return sum(float(leg["seconds"]) for leg in self._legs())

    @property
    def machines(self) -> list[str]:
        """On what it was computed, in words."""
        return [
            ", ".join(f"{name} {value}" for name, value in leg.items() if name != "seconds") for leg in self._legs()
        ]

    def _kept(self) -> Kept:
        kept = read_json(self.path / "settings.json", Kept, f"delete the folder {self.path.name} to run again")
        if not kept:
            raise DamagedError(f"{self.path.name} holds no settings.json; delete that folder to run again.")
        return kept

    def _legs(self) -> list[dict[str, Any]]:
        try:
            return [{**leg} for leg in read_json(self.path / "provenance.json", Provenance).get("computed", [])]
        except DamagedError:
            say(f"{self.path.name}/provenance.json is damaged, so what the run cost, and where, is not known.")
            return []

    def _checkpoints(self) -> list[Path]:
        return sorted(self.path.glob(f"checkpoint-{'[0-9]' * 8}.npz"))


def _read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint, or raise ValueError as :meth:`RunFolder.load_checkpoint` words it."""
    try:
        return read_arrays(path)
    except ValueError as error:
        raise ValueError("is damaged") from error


def read_shown(path: Path) -> dict[str, np.ndarray]:
    """Return the images that are kept of a run's champions, and what is known of each, one row an image.

    DamagedError if they are not such; a file that is not there holds none.
    """
    if not path.exists():
        return {}
    shown = read_arrays(path)
    rows = shown["cells"].shape
    if len(rows) != 1 or any(part.shape[:1] != rows for part in shown.values()):
        raise DamagedError(f"{path.parent.name}/{path.name} is damaged; delete that folder to run again.")
    return shown


def open_run(
    folder: Path, label: str, settings: Mapping[str, Any], version: object, length: int | None = None
) -> RunFolder:
    """Return the folder of the run with these settings, making it if it is new.

    Args:
        version: Of its results, as JSON: raised when the code gives other bytes, which golden arrays tell.
        length: How far the run goes, if a longer one begins with the bytes of a shorter one.

    Raises:
        ValueError: If the run was continued on other arithmetic than its own, unless such runs are asked for.
    """
    described = {"settings": dict(settings), "version": version}
    key = f"{label}-{hash_text(json.dumps(described, sort_keys=True))[:12]}"
    end = "" if length is None else f"-{length}"
    path = own = folder / f"{key}-{arithmetic.get_hash()}{end}"
    others = sorted(folder.glob(f"{key}-????{end}"))
    if os.environ.get(ANY_ARITHMETIC) == "1":
        path = path if path.exists() or not others else others[0]
    elif not path.exists():
        for begun in (other for other in others if RunFolder(other)._checkpoints()):
            differs = arithmetic.compare(RunFolder(begun)._kept().get("arithmetic", {}))
            say(f"{begun.name}, begun with other {differs}, is not continued here; it is where {HOW_TO_TAKE}.")
    _check_arithmetic(RunFolder(path))
    try:
        RunFolder(path)._kept()
    except DamagedError:  # or not there yet
        ours = {"arithmetic": arithmetic.describe()} if path == own else {}
        with _hold_folder(path):  # whoever holds it clears files that are half written
            write_json(path / "settings.json", {**described, **ours, "length": length})
    return RunFolder(path)


def _check_arithmetic(run: RunFolder) -> None:
    """Raise ValueError if a run was in part computed with another arithmetic, unless such runs are asked for.

    Where nothing of it was recorded, nothing is known against the run.
    """
    for leg in run._legs() if os.environ.get(ANY_ARITHMETIC) != "1" else ():
        if leg.keys() & arithmetic.describe().keys() and (differs := arithmetic.compare(leg)):
            raise ValueError(
                f"{run.path.name} was in part computed with other {differs}, so it is not what this machine makes: "
                f"delete its folder to compute it here, or take it as it is where {HOW_TO_TAKE}."
            )


def _hold_folder(path: Path) -> AbstractContextManager[None]:
    """Hold a run's folder; whoever waits for it says so."""
    return lock_folder(path, lambda: say(f"{path.name} is at work in another process; waiting for it."))


@contextmanager
def hold_run(run: RunFolder | None) -> Iterator[dict[str, np.ndarray] | None]:
    """Yield the arrays of a finished run; else None, and keep other processes out of its folder until it is computed.

    Whoever comes second waits, says so, and then finds the run finished. What kills left there is cleared. None as the
    run yields None.
    """
    finished = run.load_result() if run else None
    if run is None or (finished and not run.find_leftovers()):
        yield finished
        return
    with _hold_folder(run.path):
        for path in run.find_leftovers():
            path.unlink()
        yield run.load_result()


def find_shorter(run: RunFolder, length: int) -> RunFolder | None:
    """Return the longest finished run of the same key that is shorter than ``length``, or None.

    It is of the same arithmetic unless runs of other machines are asked for.
    """
    stem = run.path.name.removesuffix(f"-{length}")
    if os.environ.get(ANY_ARITHMETIC) == "1":
        stem = f"{stem.rpartition('-')[0]}-????"
    found = [
        (int(path.parent.name.rpartition("-")[2]), path.parent) for path in run.path.parent.glob(f"{stem}-*/result.npz")
    ]
    shorter = [(done, path) for done, path in found if done < length]
    if not shorter:
        return None
    longest = RunFolder(max(shorter)[1])
    _check_arithmetic(longest)
    return longest


def compute_once(
    folder: Path | None,
    label: str,
    settings: Mapping[str, Any],
    version: object,
    compute: Callable[[], Mapping[str, np.ndarray]],
    inner: Iterable[RunFolder] = (),
) -> tuple[dict[str, np.ndarray], RunFolder | None]:
    """Return arrays from where they are kept, or compute and keep them.

    Args:
        folder: Where runs are kept; None keeps nothing.
        label: As for :func:`open_run`, like settings and version.
        inner: Runs within this one, whose cost is a part of its own; ``compute`` may add to a list that was given.
    """
    run = open_run(folder, label, settings, version) if folder is not None else None
    with hold_run(run) as arrays:
        if arrays is None:
            started = time.monotonic()
            arrays = {name: np.asarray(part) for name, part in compute().items()}
            if run:  # inner runs that were finished before took no time now
                run.save_result(arrays, max(time.monotonic() - started, sum(one.seconds for one in inner)))
    return arrays, run


def describe_machine() -> dict[str, Any]:
    """Return what a reader needs to judge a run's cost: versions, processor architecture and arithmetic."""
    packages = {name: find_version(name) for name in ("keras", "numpy")}
    return {"python": platform.python_version(), **packages, "machine": platform.machine(), **arithmetic.describe()}


def describe_cost(folders: Iterable[RunFolder | None]) -> str:
    """Return one line on the environment and on what these runs cost when they were computed."""
    used = [run for run in dict.fromkeys(folders) if run is not None]
    places = sorted({machine for run in used for machine in run.machines})
    return f"{'; '.join(places)}: {show_seconds(sum(run.seconds for run in used))} of computing behind this page."


def say(sentence: str) -> None:
    """Print a sentence above the progress bars that are shown."""
    tqdm.write(sentence, file=sys.stdout)


def progress_bar(total: int, label: str) -> tqdm:
    """Return a progress bar that stays one line in an executed notebook as on a terminal."""
    return tqdm(total=total, desc=label, file=sys.stdout, mininterval=0.5, leave=True, ncols=100)
