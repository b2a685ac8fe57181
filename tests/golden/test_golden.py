"""Every byte that the project keeps is the byte that it was: tiny runs against arrays that were recorded.

A case's name ends in how it was compared. "bytes": this machine's arithmetic is the recorded one, so every array is the
same to the last bit. "close": it is another, so floats are close, and only what needs no sums of floats is exact.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import CASES
from recording import ARITHMETIC, FOLDER, Case, describe_arithmetic, find_differences, is_same_arithmetic

MODE = "bytes" if is_same_arithmetic() else "close"


def list_cases() -> list[object]:
    return [
        pytest.param(case, id=f"{name}-{MODE}", marks=[pytest.mark.slow] if case.slow else [])
        for name, case in CASES.items()
    ]


@pytest.mark.parametrize("case", list_cases())
def test_arrays_are_those_that_were_recorded(case: Case) -> None:
    differences = find_differences(case, case.compute(), MODE == "bytes")
    assert not differences, f"{case.name}: " + "; ".join(differences)


def test_every_recorded_file_has_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.npz")} == CASES.keys()
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz")) < 1_000_000


def test_arithmetic_is_recorded_whole() -> None:
    assert json.loads(ARITHMETIC.read_text(encoding="utf-8")).keys() == describe_arithmetic().keys()


@pytest.mark.parametrize("encoding", ["direct-grey", "cppn-hls"])
def test_steps_of_the_explorer_are_recorded_as_the_last_run_of_evolution(encoding: str) -> None:
    with np.load(CASES[f"evolve-{encoding}"].path) as evolved, np.load(CASES[f"explore-{encoding}"].path) as explored:
        last = evolved["takeover.run"] == evolved["takeover.run"].max()
        assert explored["log_odds"][0].tobytes() == evolved["log_odds"][-1].tobytes()
        for part in ("cell", "champion", "parent", "log_odds"):
            assert explored[f"takeover.{part}"].tobytes() == evolved[f"takeover.{part}"][last].tobytes()
