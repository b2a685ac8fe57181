"""The budget becomes sizes: never above it, the same ones again, and what is cut is said."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from fooling.lab.audit import budget as budgeting
from fooling.lab.audit.budget import GRAPHS, USED, choose_size, make_budget, open_budget, spread_classes
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.speed import Speed

FAST = Speed(forward=1e-4, gradient=3e-4, direct=2e-5, cppn=1e-4, compile=1.0)
SLOW = Speed(forward=0.02, gradient=0.06, direct=0.005, cppn=0.01, compile=4.0)


def make_network(classes: int, side: int = 28) -> SimpleNamespace:
    names = tuple(str(index) for index in range(classes))
    about = {"class_names": names, "image_shape": (side, side, 1), "input_range": (0.0, 1.0)}
    return SimpleNamespace(name="net", asked=None, **about)


def cost(budget, speed: Speed, batch: int) -> float:
    """Return what a budget costs by its speeds, in seconds: another sum than the one that refuses."""
    slots = math.ceil(budget.ascent_seeds * len(budget.classes) / batch) * batch
    pixels = (budget.noise.images + budget.direct.images) * (speed.forward + speed.direct)
    graphs = (budget.cppn.images + budget.again.images) * (speed.forward + speed.cppn)
    real = 3 * budget.natural * speed.forward
    return pixels + graphs + real + slots * budget.ascent_steps * speed.gradient + GRAPHS * speed.compile


@pytest.mark.parametrize("minutes", [2, 3, 10, 60])
@pytest.mark.parametrize(
    ("classes", "side", "batch", "speed"),
    [(2, 28, 64, FAST), (10, 28, 64, FAST), (100, 64, 64, FAST), (5, 224, 8, SLOW), (1_000, 224, 8, SLOW)],
)
def test_a_budget_is_not_spent_whole(minutes, classes, side, batch, speed) -> None:
    budget = make_budget(make_network(classes, side), speed, minutes, real=500)
    assert cost(budget, speed, batch) <= (USED + 0.02) * 60 * minutes


def test_more_minutes_never_do_less() -> None:
    budgets = [make_budget(make_network(50, 224), SLOW, minutes, 500) for minutes in (2, 5, 10, 30)]
    for name in ("cppn", "direct", "noise", "again"):
        images = [getattr(budget, name).images for budget in budgets]
        assert images == sorted(images)
    assert [len(budget.classes) for budget in budgets] == sorted(len(budget.classes) for budget in budgets)


def test_too_small_a_budget_is_refused_with_one_that_is_enough() -> None:
    with pytest.raises(AuditError, match=r"add --budget (\d+) \(BUDGET\)") as caught:
        make_budget(make_network(1_000, 224), SLOW, 0.2, 500)
    needed = int(str(caught.value).rsplit("--budget ", 1)[1].split()[0])
    make_budget(make_network(1_000, 224), SLOW, needed, 500)
    with pytest.raises(AuditError, match="needs more than 0"):
        make_budget(make_network(10), FAST, 0.0, 500)


def test_without_real_images_nothing_is_evolved_again_and_the_rest_gets_longer() -> None:
    alone, beside = (make_budget(make_network(10), FAST, 2, real) for real in (0, 500))
    assert alone.natural == 0 and alone.direct.images > beside.direct.images


def test_a_named_search_has_its_own_most_children_and_as_many_images() -> None:
    fewest, papers = (make_budget(make_network(10), FAST, 10, 500, search) for search in ("fewest", "paper"))
    assert (fewest.direct.children, papers.direct.children) == (50, 200)
    assert fewest.direct.images == pytest.approx(papers.direct.images, rel=0.01)
    assert fewest.noise == papers.noise and (fewest.search, papers.search) == ("fewest", "paper")


def test_what_is_cut_is_said_and_nothing_else() -> None:
    assert make_budget(make_network(10), FAST, 30, 500).cut == ()
    said = " ".join(make_budget(make_network(1_000, 224), SLOW, 5, 5_000).cut)
    for part in ("of 1,000 classes have a cell", "images long", "runs once", "steps, where", "of 5000 real images"):
        assert part in said


def test_classes_are_evenly_spaced_and_different() -> None:
    assert spread_classes(10, 10) == tuple(range(10))
    assert spread_classes(1_000, 5) == (0, 250, 500, 749, 999)
    assert all(len(set(spread_classes(1_000, few))) == few for few in range(5, 1_001, 7))


@pytest.mark.parametrize("images", [5, 300, 5_000, 39_999, 90_000, 1e6, 1e9])
def test_sizes_hold_no_more_images_than_they_were_given(images) -> None:
    size = choose_size(images)
    assert size.generations >= 1 and 1 <= size.runs <= budgeting.MOST_RUNS
    assert size.images <= max(images, 2 * budgeting.CHILDREN[-1])
    if images >= 200 * 51:
        assert size.children == 200


def test_a_budget_is_made_once_and_read_again(make_small_network, tmp_path, monkeypatch) -> None:
    measured = []
    monkeypatch.setattr(budgeting, "measure_speed", lambda classifier: measured.append(1) or FAST)
    network = make_small_network()
    first, again = (open_budget(network, 1.0, 0, 100, tmp_path) for _ in range(2))
    assert first == again and len(measured) == 1
    open_budget(network, 2.0, 0, 100, tmp_path)
    assert len(measured) == 2
    assert open_budget(network, 2.0, 0, 100, tmp_path, "paper").search == "paper" and len(measured) == 3
