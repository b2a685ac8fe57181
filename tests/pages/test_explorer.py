"""Page 14: a search that was looked at is counted and told."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.pages.explorer import headline, measure, tabulate


def test_exploration_is_counted_and_told():
    log_odds = np.array([0.0, 2.0, 4.0], np.float32)
    neighbours = np.array([[0, 5, 1], [0, 6, 1], [9, 4, 1], [0, 3, 1]], np.float32)
    litters = [np.array([[9.0, level, 9.0], [0.0, -9.0, 0.0]], np.float32) for level in (-2.0, 1.0, 0.0)]
    found = measure("abc", log_odds, 1, [(0, 2), (2,), (1,)], neighbours, litters)
    assert (found.median, found.confidence) == (pytest.approx(0.8808, abs=1e-4),) * 2 and found.name == "b"
    assert (found.line, found.held, found.neighbours, found.same_class, found.more_certain) == (3, 3, 3, 2, 1)
    assert found.bred == pytest.approx((0.1192, 0.7311, 0.5), abs=1e-4)
    told = headline(found)
    assert "held 3 of 3 classes; 2 litters bred by a rule" in told and "in b from 11.92% to 50.00%" in told
    assert len(told.split()) <= 35
    rows = tabulate(found)
    assert "| 2 of 3; more certain than it: 1 |" in rows and "| 50.00%; 73.11% |" in rows
