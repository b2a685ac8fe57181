"""This project beside the network's own speed and beside its peers: one table, one figure.

    make benchmarks                                             every row, and the table and the figure are written
    .venv/bin/python benchmarks/compare.py --only pyribs        one row, told and not written; --keep writes it
    .venv/bin/python benchmarks/compare.py --only side --cores 1

Every row is measured in a process of its own, in which both sides take turns on the same cores; its ratio is the median
of several rounds. ``benchmarks/peers/`` has a module for each peer, which says how it is set up, and where its
documentation says so. Speed is measured on a quiet machine or not at all: the load before each row is kept beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import msgspec

from peers.measure import FULL, TINY, Machine, Measured, Sizes, describe_machine, run_alone

HERE = Path(__file__).parent
KEPT, TABLE, FIGURE = HERE / "results.json", HERE / "results.md", HERE / "peers.png"
# Every name and the module of peers/ that measures it, in the order of the table.
NAMES = {
    **dict.fromkeys(["digits-pixels", "digits-cppn", "squeezenet-pixels", "squeezenet-cppn"], "network"),
    **dict.fromkeys(["lite0-cppn", "parts", "batch-norm"], "network"),
    "pyribs": "pyribs",
    "neat-python": "neat_python",
    "tf-keras-vis": "keras_vis",
    "authors": "authors",
    "cold-start": "cold_start",
    **dict.fromkeys(["children", "classes", "side", "genome", "runs", "threads"], "growth"),
}


def measure_alone(name: str, sizes: Sizes) -> Measured:
    """Measure one name, in this process."""
    machine: Machine = describe_machine()
    measured: Measured = import_module(f"peers.{NAMES[name]}").measure_rows(name, sizes)
    return replace(measured, machine=machine)


def read_kept() -> dict[str, Measured]:
    """Return what was measured before, by name, in the table's order."""
    if not KEPT.exists():
        return {}
    kept = msgspec.json.decode(KEPT.read_bytes(), type=dict[str, Measured])
    return {name: kept[name] for name in NAMES if name in kept}


def keep(name: str, measured: Measured) -> None:
    """Write what was measured under a name, and the table and the figure of all names."""
    from peers.table import draw_figure, write_table

    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(read_kept() | {name: measured}), indent=1) + b"\n")
    kept = read_kept()
    TABLE.write_text(write_table(kept), encoding="utf-8")
    FIGURE.write_bytes(draw_figure(kept).encode())


def main() -> None:
    """Measure, tell, and keep where that is wanted."""
    from peers.table import write_measured

    parser = argparse.ArgumentParser(description="Measure this project beside its peers.")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--keep", action="store_true", help="write results.json, results.md and peers.png")
    parser.add_argument("--tiny", action="store_true", help="as little as possible: whether it runs, no numbers")
    parser.add_argument("--cores", type=int, default=0, help="use so many; all where not given")
    given = parser.parse_args()
    for name in given.only:
        begun = time.monotonic()
        measured = run_alone(measure_alone, name, TINY if given.tiny else FULL, cores=given.cores)
        print(f"{write_measured(name, measured)}\n({time.monotonic() - begun:.0f} s)\n", flush=True)
        if given.keep:
            keep(name, measured)


if __name__ == "__main__":
    sys.exit(main())
