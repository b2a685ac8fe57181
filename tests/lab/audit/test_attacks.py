"""The attacks on a network whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_search import RandomSearch
from fooling.evolution.search import PAPER, name_search
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.lab.audit import attacks
from fooling.lab.audit.attacks import (
    Attempt,
    find_fooling,
    make_plain_images,
    read_ascent,
    read_evolution,
    try_attacks,
)
from fooling.lab.audit.budget import Budget, Size
from fooling.lab.audit.record import ATTACKS


@pytest.fixture(scope="module")
def budget() -> Budget:
    small = Size(2, 4, 10)
    return Budget(1.0, (0, 2), 60, Size(1, 3, 10), small, small, Size(1, 2, 10), 2, 6, ())


@pytest.fixture(scope="module")
def tried(colour_network, budget, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {name: attempt for name, attempt, _ in try_attacks(colour_network, budget, 7, folder)}


@pytest.mark.slow
def test_every_attack_is_tried_at_its_planned_size(tried, budget) -> None:
    assert tuple(tried) == ATTACKS
    for name, runs, shown in (("noise", 1, 40), ("direct", 2, 50), ("CPPN", 2, 50), ("ascent", 2, 12)):
        one = tried[name]
        assert one.log_odds.shape == (runs, 2) and one.images.shape == (runs, 2, 12, 10, 3)
        assert one.needed.shape == (runs, 3, 2) and one.curves.shape == (runs, len(one.steps), 2)
        assert one.steps[-1] == shown and (np.diff(one.steps) > 0).all()


@pytest.mark.parametrize("name", ["fewest", "paper"])
def test_images_are_bred_by_the_budgets_search(colour_network, budget, tmp_path, monkeypatch, name) -> None:
    asked = {}
    monkeypatch.setattr(attacks, "evolve", lambda classifier, encoding, **given: asked.update({encoding.name: given}))
    for encoding in (RandomSearch(DirectEncoding((12, 10, 3))), DirectEncoding((12, 10, 3)), CppnEncoding((12, 10, 3))):
        attacks.breed(colour_network, encoding, budget.direct, replace(budget, search=name), 0, tmp_path)
        assert asked[encoding.name]["search"] == name_search(name, encoding.name).parts
    assert asked["random-direct"]["search"] == PAPER and (asked["direct"]["search"] == PAPER) == (name == "paper")


@pytest.mark.slow
def test_kept_images_have_the_confidence_that_is_told(tried, colour_network, budget) -> None:
    for one in tried.values():
        scores = colour_network.score(one.images.reshape(-1, 12, 10, 3))
        own = scores.reshape(*one.log_odds.shape, 3)[:, np.arange(2), budget.classes]
        assert np.allclose(own, one.log_odds, atol=1e-4)


@pytest.mark.slow
def test_curves_never_fall_and_counts_agree_with_them(tried) -> None:
    for one in tried.values():
        assert (np.diff(one.curves, axis=1) >= 0).all()
        for level, odds in enumerate((0.0, np.log(9.0), np.log(99.0))):
            for run, cell in np.ndindex(one.log_odds.shape):
                reached = one.steps[one.curves[run, :, cell] >= odds]
                expected = reached[0] if len(reached) else np.nan
                assert np.array_equal(one.needed[run, level, cell], expected, equal_nan=True)


@pytest.mark.slow
def test_evolution_of_one_class_is_counted_by_hand(colour_network) -> None:
    from fooling.encodings.direct import DirectEncoding
    from fooling.evolution.evolve import evolve

    run = evolve(colour_network, DirectEncoding((12, 10, 3)), generations=3, children=8, seeds=[0])
    assert read_evolution(run).steps.tolist() == [8, 16, 24, 32]


@pytest.mark.slow
def test_ascent_counts_all_classes_together(colour_network) -> None:
    one = read_ascent(ascend(colour_network, NONE, (0, 1, 2), [0], 5))
    assert one.steps.tolist() == [3, 6, 9, 12, 15]


def make_attempt(images: np.ndarray, log_odds: np.ndarray) -> Attempt:
    return Attempt(log_odds, images, np.zeros((1, 3, 3)), np.arange(1), np.zeros((1, 1, 3)))


def test_fooling_images_are_those_of_half_confidence_each_once_in_order() -> None:
    images = np.arange(4, dtype=np.uint8)[::-1].reshape(1, 4, 1, 1, 1)[:, [0, 1, 0, 2]]
    some = make_attempt(images, np.array([[1.0, 0.0, 3.0, -0.1]]))
    none = make_attempt(images, np.full((1, 4), -1.0))
    found = find_fooling({"noise": some, "direct": some, "CPPN": none, "ascent": some})
    assert list(found) == ["direct", "ascent"]
    assert found["direct"].ravel().tolist() == [3, 2]


@pytest.mark.parametrize(("channels", "count"), [(1, 3), (3, 6)])
def test_plain_images_are_plain(channels, count) -> None:
    names, images = make_plain_images((4, 5, channels))
    assert images.shape == (count, 4, 5, channels) and len(names) == count
    assert (images == images[:, :1, :1]).all()
    assert images[names.index("white")].min() == 255 and images[names.index("black")].max() == 0
