"""The rows of `make benchmarks` run at their smallest size. How fast anything is, no test asks."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import compare
from peers.measure import TINY, Growth, Machine, Measured, Row
from peers.table import draw_figure, write_table

PEERS = {"pyribs": "ribs", "neat-python": "neat", "tf-keras-vis": "tf_keras_vis"}
MISSING = "the peers are not installed; make benchmarks installs them"
needs_peers = pytest.mark.skipif(not all(map(find_spec, PEERS.values())), reason=MISSING)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_peers if name in PEERS else ()) for name in compare.NAMES]
)
def test_each_row_gives_finite_positive_ratios(name: str) -> None:
    measured = compare.measure_alone(name, TINY)
    numbers = [number for row in measured.rows for number in (*row.ratios, row.other, row.ours)]
    numbers += [number for growth in measured.growths for number in (*growth.sizes, *growth.seconds)]
    assert numbers and np.isfinite(numbers).all() and min(numbers) > 0
    assert all(np.isfinite(growth.slope) for growth in measured.growths if len(growth.sizes) > 1)


@needs_peers
@pytest.mark.parametrize("shape", [(9, 7, 1), (8, 11, 3)], ids=["grey", "colour"])
@pytest.mark.parametrize("piece", [0, 20, 1000], ids=["per pixel", "in pieces", "in one piece"])
def test_a_genome_of_ours_is_the_same_picture_in_neat_python(shape: tuple[int, int, int], piece: int) -> None:
    from fooling.encodings.cppn import CppnEncoding
    from fooling.encodings.cppn_graph import CppnGenomes
    from peers import neat_python
    from peers.generations import grow

    genomes = CppnGenomes(*(part.numpy() for part in grow(CppnEncoding(shape), 20, 1, 40)))
    assert np.count_nonzero(genomes.activations[0], axis=1).max() > 10
    assert neat_python.measure_agreement(genomes, shape, piece) >= 0.999


def make_measured() -> dict[str, Measured]:
    machine = Machine("2026-11-26", "a processor", 2, 0.1, {"ribs": "0.12.0"})
    cost = Row("LeNet, pixels", 100.0, 80.0, "images/s", [1.2, 1.25, 1.3], 1.1, cost=True)
    gain = Row("pyribs", 100.0, 150.0, "images/s", [1.4, 1.5, 1.6], 1.3, note="nothing empty")
    start = Row("LeNet, CPPN", 0.01, 2.0, "s", [200.0], None, cost=True)
    growth = Growth("own work, pixels", "children", [50.0, 100.0, 200.0], [0.1, 0.2, 0.4])
    return {
        "digits-pixels": Measured([cost], machine=machine),
        "pyribs": Measured([gain], machine=machine),
        "cold-start": Measured([start], machine=machine),
        "children": Measured(growths=[growth], machine=machine),
    }


def test_the_table_says_which_aims_are_met_and_names_each_slope() -> None:
    table = write_table(make_measured())
    assert "| digits-pixels | LeNet, pixels | 100 | 80 | images/s | 1.25 | 1.2 to 1.3 | ≤ 1.1 | no |" in table
    assert "| pyribs | pyribs | 100 | 150 | images/s | 1.5 | 1.4 to 1.6 | ≥ 1.3 | yes |" in table
    assert "| children | own work, pixels | children | 50, 100, 200 | 100, 200, 400 | 1.00 |" in table
    assert "Of 2 aims 1 are met by the median; 0 of all lie within the rounds." in table
    wide = {"pyribs": Measured([replace(make_measured()["pyribs"].rows[0], ratios=[1.2, 1.5, 1.6])])}
    assert "Of 1 aims 1 are met by the median; 1 of all lie within the rounds." in write_table(wide)
    assert "- pyribs: nothing empty." in table and "ribs 0.12.0" in table


def test_what_is_kept_of_one_name_stays_when_another_is_measured(tmp_path: Path, monkeypatch) -> None:
    for name in ("KEPT", "TABLE", "FIGURE"):
        monkeypatch.setattr(compare, name, tmp_path / getattr(compare, name).name)
    measured = make_measured()
    for name in ("children", "pyribs"):
        compare.keep(name, measured[name])
    assert compare.read_kept() == {name: measured[name] for name in ("pyribs", "children")}
    assert "own work" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert (tmp_path / "peers.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_has_a_panel_for_costs_gains_and_both_growths() -> None:
    figure = draw_figure(make_measured())
    assert len(figure.axes) == 4 and figure.alt
