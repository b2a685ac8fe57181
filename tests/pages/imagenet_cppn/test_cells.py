"""The few classes with and without the cells of all others, at equal images and at equal children per cell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fooling.pages.imagenet_cppn import cells


def search(classes: tuple[int, ...], history: np.ndarray) -> SimpleNamespace:
    """Return a search of 10 children a generation that had confidences ``(runs, generations + 1, cells)``."""
    runs, generations, _ = history.shape
    log_odds = np.log(history / (1 - history))
    return SimpleNamespace(
        classes=classes, history=log_odds, generations=generations - 1, children=10, seeds=np.arange(runs)
    )


@pytest.fixture
def searches() -> tuple[SimpleNamespace, SimpleNamespace]:
    """Eight cells for 12 generations in three runs, and two of these cells for 8 generations in two."""
    together = np.full((3, 13, 8), 0.01)
    together[0, 8, [2, 5]], together[1, 8, [2, 5]] = (0.6, 0.8), (0.5, 0.7)
    together[:, 12], together[2] = 0.99, 0.99  # later, and in a run that the other search has not
    alone = np.full((2, 9, 2), 0.02)
    alone[0, 8], alone[1, 8], alone[:, 2] = 0.3, (0.4, 0.6), 0.1
    return search(tuple(range(8)), together), search((5, 2), alone)


def test_as_many_images_and_as_many_children_per_cell_are_compared_in_the_runs_that_both_have(searches):
    found = cells.measure(*searches)
    assert (found.classes, found.seeds) == (2, 2)
    for one, numbers in (
        (found.together, (8, 90, 10.0)),
        (found.alone, (2, 90, 40.0)),
        (found.alone_per_cell, (2, 30, 10.0)),
    ):
        assert (one.cells, one.images, one.per_cell) == numbers
    assert found.together.median == pytest.approx(0.65) and found.together.runs == pytest.approx((0.6, 0.7))
    assert found.alone.median == pytest.approx(0.35) and found.alone.runs == pytest.approx((0.3, 0.5))
    assert found.alone_per_cell.median == pytest.approx(0.1)


def test_a_search_is_ahead_where_every_run_of_it_is_above_every_run_of_the_other(searches):
    together, alone = searches
    found = cells.measure(together, alone)
    assert found.ahead == "all" and cells.tell(found) == (
        "At equal images, other classes help: 2 ImageNet classes reach 65.00% among 8 cells and 35.00% alone; at equal "
        "children per cell, they reach 10.00% alone (2 runs)."
    )
    alone.history[0, 8] = 1.0
    found = cells.measure(together, alone)
    assert found.ahead == "" and cells.tell(found).startswith(
        "At equal images, other classes make no clear difference: "
    )
    alone.history[1, 8] = 1.0
    found = cells.measure(together, alone)
    assert found.ahead == "few" and cells.tell(found).startswith("At equal images, other classes do not help: ")


def test_table_tells_the_three_searches(searches):
    rows = cells.tabulate(cells.measure(*searches)).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in rows[2:]] == ["8", "2", "2"]
    assert "65.00%" in rows[2] and "60.00% and 70.00%" in rows[2] and "| 90 |" in rows[3] and "| 30 |" in rows[4]
