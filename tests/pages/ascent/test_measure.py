"""What page 12 measures: pictures that other networks judge, kept so that nothing climbs twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.climb import NEVER
from fooling.gradient_ascent.settings import L2, SETTINGS
from fooling.pages.ascent import measure as measure_module
from fooling.pages.ascent.claim import AscentSizes
from fooling.pages.ascent.measure import (
    Ascents,
    count_climbed,
    count_evolved,
    measure,
    measure_variation,
    shrink_images,
)


@pytest.fixture(scope="module")
def measured(lenet: Any, make_small_network: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("measured")
    judges = (lenet, make_small_network((30, 30, 1), 10))
    wanted = Ascents(lenet, judges, AscentSizes(2, (3, 5), 3), 0, 2, (0.0, 0.5), 1)
    return wanted, folder, measure(wanted, folder)


@pytest.mark.slow
def test_the_same_network_as_judge_sees_what_the_network_sees(measured: Any) -> None:
    wanted, folder, one = measured
    pictures = one.picture
    assert pictures.names == ("noise", "noise, one step", "none", "L2", "L2 + blur", "L2 + blur + clipping")
    assert pictures.log_odds.shape == (6, 2, 2) and pictures.seen.shape == (2, 6, 2, 2)
    np.testing.assert_allclose(pictures.judged[0], pictures.log_odds, atol=1e-3)
    again = ascend(wanted.classifier, L2, *wanted.where, 3, folder, ignore)
    np.testing.assert_array_equal(pictures.seen[0, 3], again.last_leads)
    assert (pictures.log_odds[1] > pictures.log_odds[0]).all()  # one step helps
    assert one.shown.shape == (4, 1, 28, 28, 1)
    np.testing.assert_array_equal(one.shown[1, 0], again.last_images[0, 0])
    assert one.sweep.names == ("decay 0", "decay 0.5") and one.sweep.seen.shape == (2, 2, 2, 2)
    assert (one.sweep.log_odds[0] > one.sweep.log_odds[1]).all()  # half of the way is taken back at each step
    for place, decay in enumerate(wanted.decays):  # of two steps, where the settings have three
        climbed = ascend(wanted.classifier, replace(L2, decay=decay), *wanted.where, 2, folder, ignore)
        np.testing.assert_array_equal(one.sweep.log_odds[place], climbed.last_rounded)
        np.testing.assert_array_equal(one.sweep.seen[0, place], climbed.last_leads)


def ignore(more: int) -> None:
    """Count nothing."""


@pytest.mark.slow
def test_a_measurement_needs_no_climb_to_be_read_again(measured: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, folder, one = measured
    for path in folder.glob("ascent-[!ms]*/result.npz"):
        path.unlink()
    monkeypatch.setattr(measure_module, "ascend", None)
    again = measure(wanted, folder)
    assert again.folders == one.folders and len(set(one.folders)) == 3
    np.testing.assert_array_equal(again.picture.judged, one.picture.judged)


def test_classes_seeds_steps_judges_decays_and_what_is_shown_each_make_another_key(
    make_small_network: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotedError(Exception):
        pass

    keys: dict[str, list[str]] = {"ascent-measured": [], "ascent-swept": []}

    def note(folder: Path, label: str, settings: Any, version: object, compute: Any, inner: Any) -> Any:
        keys[label].append(json.dumps([settings, version], sort_keys=True))
        raise NotedError

    monkeypatch.setattr(measure_module, "compute_once", note)
    network, larger = (make_small_network((28, 28, 1), classes) for classes in (10, 11))
    wanted = Ascents(network, (network,), AscentSizes(2, (3, 5), 3), 0, 2, (0.0, 0.5), 1)
    for other in (
        {},
        {"classifier": larger},
        {"judges": (network, larger)},
        {"sizes": AscentSizes(2, (3, 4), 3)},
        {"sizes": AscentSizes(1, (3, 5), 3)},
        {"sizes": AscentSizes(2, (3, 5), 4)},
        {"seed": 1},
        {"shown": 2},
        {"sweep_steps": 1},
    ):
        for part in (
            measure_module._measure_settings,
            *(partial(measure_module._measure_decay, decay=decay) for decay in wanted.decays),
        ):
            with pytest.raises(NotedError):
                part(wanted._replace(**other), folder=tmp_path)
    assert len(set(keys["ascent-measured"])) == 8, "the steps of the sweep are none of theirs"
    assert len(set(keys["ascent-swept"])) == 14, "nor are what is shown, and steps that it does not take, of the sweep"


def test_plans_take_the_profiles_sizes_and_cut_off_steps(lenet: Any) -> None:
    wanted = Ascents(lenet, [], AscentSizes(seeds=2, most_steps=700), 5)
    assert wanted.where == (tuple(range(10)), (5, 6))
    assert [wanted.steps(setting) for setting in SETTINGS] == [500, 700, 700, 700]
    whole = Ascents(lenet, [], AscentSizes(seeds=1, classes=(4, 2)), 0)
    assert [whole.steps(setting) for setting in SETTINGS] == [500, 1_500, 1_000, 1_500]
    assert whole.where == ((4, 2), (0,))


def test_variation_of_stripes_a_checkerboard_and_nothing() -> None:
    rows, columns = np.indices((6, 6))
    for pattern, expected in ((columns % 2, 5.0), ((rows + columns) % 2, 10.0), (0 * rows, 0.0)):
        assert measure_variation((10 * pattern[..., None]).astype(np.uint8)) == expected


def test_shrinking_takes_means_of_whole_squares_and_leaves_small_images() -> None:
    small = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    assert shrink_images(small) is small
    blocks = np.random.default_rng(1).integers(0, 256, (1, 112, 112, 3), np.uint8)
    np.testing.assert_array_equal(shrink_images(blocks.repeat(2, axis=1).repeat(2, axis=2)), blocks)


def test_cost_of_ascent_counts_every_look_and_what_was_in_vain() -> None:
    cost = count_climbed(np.array([[9, 19], [29, NEVER]]), 100)
    assert (cost.median, cost.reached, cost.tried) == (20.0, 3, 4)
    assert cost.per_success == pytest.approx((10 + 20 + 30 + 100) / 3)
    assert cost.describe() == ("20", "3 of 4", "53.33")
    assert count_climbed(np.full((2, 2), NEVER), 50).describe() == ("never", "0 of 4", "never")


def test_cost_of_evolution_is_the_share_of_a_class_with_a_cell() -> None:
    history = np.full((1, 11, 4), -5.0)
    history[0, 3:, 1] = 12.0  # class 7 is certain after generation 3, class 9 never
    run: Any = SimpleNamespace(classes=(5, 7, 8, 9), history=history, generations=10, children=80)
    cost = count_evolved(run, [7, 9], 0.9999)
    assert (cost.median, cost.reached, cost.tried) == (4 * 20.0, 1, 2)
    assert cost.per_success == (4 + 11) * 20.0
    with pytest.raises(ValueError, match="6"):
        count_evolved(run, [6, 7], 0.99)  # it has no cell
