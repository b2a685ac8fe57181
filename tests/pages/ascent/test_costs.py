"""Images looked at until a network is as certain as wanted, by climbing and by evolution."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from fooling.gradient_ascent.climb import NEVER
from fooling.pages.ascent.costs import count_climbed, count_evolved


def test_cost_of_ascent_counts_every_look_and_what_was_in_vain() -> None:
    cost = count_climbed(np.array([[9, 19], [29, NEVER]]), 100)
    assert (cost.median, cost.reached, cost.tried) == (20.0, 3, 4)
    assert cost.per_success == pytest.approx((10 + 20 + 30 + 100) / 3)
    assert cost.describe() == ("20", "3 of 4", "53.33")
    assert count_climbed(np.full((2, 2), NEVER), 50).describe() == ("never", "0 of 4", "never")


class Evolved(NamedTuple):
    """A search that was made up."""

    classes: tuple[int, ...]
    log_odds: np.ndarray
    history: np.ndarray
    generations: int
    children: int


def test_cost_of_evolution_is_the_share_of_a_class_with_a_cell() -> None:
    history = np.full((1, 11, 4), -5.0)
    history[0, 3:, 1] = 12.0  # class 7 is certain after generation 3, class 9 never
    run = Evolved((5, 7, 8, 9), history[:, -1], history, 10, 80)
    cost = count_evolved(run, [7, 9], 0.9999)
    assert (cost.median, cost.reached, cost.tried) == (4 * 20.0, 1, 2)
    assert cost.per_success == (4 + 11) * 20.0
    with pytest.raises(ValueError, match="no cell for class 6"):
        count_evolved(run, [6, 7], 0.99)
