"""How arrays are recorded, and how arrays computed later are held to them.

Sums of floats depend on how work is split between threads and on the processor's instructions. So the arithmetic is
recorded beside the arrays. Where it is the same, every byte must be the same; elsewhere only what needs no sums.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parent
ARITHMETIC = FOLDER / "arithmetic.json"
WHOLE = 2_000  # elements of an array that is kept as it is; of a larger one a hash and a sample are kept
SAMPLE = 400
INSTRUCTIONS = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512", "avx_vnni", "amx", "asimd", "sve", "bf16")
CLOSE, ALIKE = 1e-3, 0.98  # where the arithmetic is another: tolerance of floats, share of equal whole numbers

Arrays = dict[str, np.ndarray]


class Case(NamedTuple):
    """Something whose bytes the project keeps, at a tiny size.

    Attributes:
        name: Of the file.
        compute: Returns the arrays, the same on every call.
        exact: Beginnings of the names of arrays that are the same on every machine.
        slow: Whether it takes more than about five seconds.
        steady: Beginnings of the names of arrays that are close on every machine; by default all.
    """

    name: str
    compute: Callable[[], Arrays]
    exact: tuple[str, ...]
    slow: bool
    steady: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where its arrays are kept."""
        return FOLDER / f"{self.name}.npz"


CASES: dict[str, Case] = {}


def case(
    *exact: str, slow: bool = False, steady: tuple[str, ...] = ("",)
) -> Callable[[Callable[[], Arrays]], Callable[[], Arrays]]:
    """Make a function a case; ``exact``, ``slow`` and ``steady`` as in :class:`Case`."""

    def add(compute: Callable[[], Arrays]) -> Callable[[], Arrays]:
        name = compute.__name__.replace("_", "-")
        CASES[name] = Case(name, compute, exact, slow, steady)
        return compute

    return add


def list_arrays(given: Any, label: str = "") -> Arrays:
    """Return the numbers and arrays of a record by name, those of records and mappings in it included, nothing else."""
    found: Arrays = {}
    for name, part in _list_parts(given).items():
        if hasattr(part, "_asdict") or isinstance(part, Mapping) or is_dataclass(part):
            found |= list_arrays(part, f"{label}{name}.")
        elif isinstance(part, np.ndarray | np.generic | bool | int | float):
            found[f"{label}{name}"] = np.asarray(part)
    return found


def _list_parts(given: Any) -> Mapping[str, Any]:
    if hasattr(given, "_asdict"):
        return dict(given._asdict())
    return {one.name: getattr(given, one.name) for one in fields(given)} if is_dataclass(given) else given


def describe_arithmetic() -> dict[str, Any]:
    """Return all that sums of floats are known to depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        **{name: version(name) for name in ("tensorflow", "keras", "numpy", "scipy", "pillow", "scikit-learn")},
        "threads": cores,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        "onednn_most": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "graphics": len(tf.config.list_physical_devices("GPU")),
        "machine": platform.machine(),
        "instructions": _read_instructions(),
        "caches": _read_caches(),  # matrix products are cut to fit them
    }


def _read_instructions() -> list[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    flags = next(
        (line.partition(":")[2].split() for line in lines if line.lower().startswith(("flags", "features"))), []
    )
    return sorted(flag for flag in flags if flag.startswith(INSTRUCTIONS))


def _read_caches() -> list[str]:
    return [
        path.read_text(encoding="utf-8").strip()
        for path in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"))
    ]


def is_same_arithmetic() -> bool:
    """Return whether this machine computes as the one did that made the arrays."""
    recorded = json.loads(ARITHMETIC.read_text(encoding="utf-8")) if ARITHMETIC.exists() else None
    return bool(recorded == describe_arithmetic())


def record(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Return what is kept of arrays: small ones whole, of large ones shape, type, hash and every so many elements."""
    kept: Arrays = {}
    for name, given in arrays.items():
        array = np.ascontiguousarray(given)
        if array.size <= WHOLE:
            kept[name] = np.asarray(given)
            continue
        kept[f"{name}:sha256"] = np.frombuffer(_hash(array), np.uint8)
        kept[f"{name}:sample"] = array.ravel()[:: -(-array.size // SAMPLE)]
    return kept


def _hash(array: np.ndarray) -> bytes:
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).digest()


def find_differences(case: Case, computed: Mapping[str, np.ndarray], same_arithmetic: bool) -> list[str]:
    """Return in sentences where arrays differ from those recorded of a case; none if nowhere.

    Args:
        case: Whose arrays they are.
        computed: As :attr:`Case.compute` returns them.
        same_arithmetic: Whether every byte must be the same, or only that of :attr:`Case.exact`.
    """
    now = record(computed)
    with np.load(case.path, allow_pickle=False) as file:
        then = {name: file[name] for name in file.files}
    found = [f"{name} is missing" for name in then.keys() - now.keys()]
    found += [f"{name} is new" for name in now.keys() - then.keys()]
    for name in then.keys() & now.keys():
        strict = same_arithmetic or name.startswith(case.exact)
        if strict or (name.startswith(case.steady) and not name.endswith(":sha256")):
            difference = (_compare_bytes if strict else _compare_loosely)(then[name], now[name])
            found += [f"{name}: {difference}"] if difference else []
    return sorted(found)


def _compare_bytes(then: np.ndarray, now: np.ndarray) -> str:
    if then.dtype != now.dtype or then.shape != now.shape:
        return f"{now.dtype} {now.shape} instead of {then.dtype} {then.shape}"
    if then.tobytes() == now.tobytes():
        return ""
    differ = np.flatnonzero((then != now).ravel())
    if not differ.size:
        return "equal numbers of other bytes"
    first = differ[0]
    return f"{differ.size} of {then.size} differ, first {then.ravel()[first]} became {now.ravel()[first]}"


def _compare_loosely(then: np.ndarray, now: np.ndarray) -> str:
    if then.dtype.kind != now.dtype.kind or then.shape != now.shape:
        return _compare_bytes(then, now)
    if not then.size:
        return ""
    if then.dtype.kind == "f":
        alike = np.isclose(then, now, rtol=CLOSE, atol=CLOSE, equal_nan=True)
        return "" if alike.mean() >= ALIKE else f"{(~alike).sum()} of {then.size} are not close"
    return "" if (then == now).mean() >= ALIKE else _compare_bytes(then, now)
