"""Figures of page 11 carry their numbers; no network is needed for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling.confidence import wilson_interval
from fooling.pages.retraining.figures import draw_caught, draw_retrained_errors, draw_retrained_medians


def test_medians_by_network_are_drawn_with_every_run(networks: list[Any], show: Any) -> None:
    curves = {"DNN1": networks[0].medians, "DNN4": networks[3].medians}
    figure = draw_retrained_medians([one.log_odds for one in networks], curves)
    left, right = figure.axes
    np.testing.assert_allclose(left.get_lines()[0].get_ydata(), [np.median(one.log_odds) for one in networks])
    dots = [part.get_offsets()[:, 1] for part in left.collections[1:]]
    np.testing.assert_allclose(dots, [one.log_odds[:, 0] for one in networks])
    np.testing.assert_allclose(right.get_lines()[1].get_ydata(), np.median(curves["DNN4"], axis=0))
    assert all(spot.get_lines()[-1].get_ydata()[0] == pytest.approx(np.log(9_999)) for spot in (left, right))
    band = left.collections[0].get_paths()[0].vertices
    first = band[band[:, 0] == 1, 1]
    np.testing.assert_allclose([first.min(), first.max()], np.percentile(networks[0].log_odds, (25, 75)), rtol=1e-6)
    assert "99.9945%, 92.50%, 99.45%, 70.00%" in figure.alt
    show(figure)


def test_errors_are_drawn_with_intervals(networks: list[Any], show: Any) -> None:
    errors, called = (np.array([getattr(one, name) for one in networks]) for name in ("error", "called_fooling"))
    figure = draw_retrained_errors(errors, called, 1_000)
    spot = figure.axes[0]
    np.testing.assert_allclose(spot.containers[0].lines[0].get_ydata(), errors)
    ends = spot.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([part[:, 1] for part in ends], np.array(wilson_interval(errors, 1_000)).T)
    assert "wrong: 3.00% at first, then 4.00% to 6.00%" in figure.alt
    show(figure)


@pytest.mark.parametrize("count", [1, 3, 15])
def test_caught_shares_are_drawn_before_and_after(networks: list[Any], count: int, show: Any) -> None:
    chosen = (networks[1:] * 5)[:count]
    figure = draw_caught([one.caught_before for one in chosen], [one.caught_after for one in chosen])
    before, after = figure.axes[0].get_lines()
    np.testing.assert_allclose(before.get_ydata(), [one.caught_before.mean() for one in chosen])
    np.testing.assert_allclose(after.get_ydata(), 0.1)
    assert before.get_xdata().tolist() == list(range(2, count + 2)), "the first network has no such class"
    show(figure)
