"""The claim about training digits: images needed, the trend, the rule."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy import stats

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNSUPPORTED, UNTESTED
from fooling.pages.training_size.claim import (
    CLAIM,
    TrainingSizeFound,
    count_images_needed,
    find_trend,
    judge,
    list_rows,
    measure,
)
from fooling.pages.training_size.fool import FooledNetwork
from fooling.runs import RunFolder


def make_network(size: int, needed: tuple[int, ...], end: float = 12.0, error: float = 0.1) -> FooledNetwork:
    """Return a network whose runs' medians pass 99.99% at the given generations of 200; 201 is never."""
    generation = np.arange(201)
    medians = np.stack([np.where(generation >= first, end, -2.0) for first in needed]).astype(np.float32)
    final = np.repeat(medians[:, -1:], 10, axis=1)
    both = ("direct", "cppn")
    kept = [dict.fromkeys(both, part) for part in (medians, final, np.zeros((10, 28, 28, 1), np.uint8))]
    return FooledNetwork(size, 0, error, *kept, folder=RunFolder(Path("nowhere")))


def summarise(networks: list[FooledNetwork]) -> TrainingSizeFound:
    """Return the record at the paper's generations and children."""
    return measure(networks, 200, 200, "made")


def test_images_needed_count_the_random_ones_and_never_is_infinite() -> None:
    medians = make_network(500, (0, 3, 200, 201)).medians["direct"]
    assert count_images_needed(medians, 200).tolist() == [200.0, 800.0, 201 * 200.0, np.inf]


def test_99_99_percent_itself_is_reached() -> None:
    edge = np.log(0.9999 / 0.0001)
    assert count_images_needed(np.array([[0.0, edge - 1e-6, edge + 1e-6]]), 10).tolist() == [30.0]


def test_trend_is_spearmans_as_scipy_says_and_its_p_is_one_sided() -> None:
    rng = np.random.default_rng(0)
    sizes = np.repeat([500, 1_000, 2_000, 4_000], 3)
    for shift in (0.0, 0.4):
        values = rng.normal(size=12) + shift * np.arange(12)
        correlation, p = find_trend(sizes, values)
        exact = stats.spearmanr(sizes, values, alternative="greater")
        assert correlation == pytest.approx(exact.statistic)
        assert p == pytest.approx(exact.pvalue, abs=0.03)
    assert find_trend(sizes, -np.arange(12.0))[1] > 0.99


def test_p_of_a_tiny_trend_is_the_one_counted_by_hand() -> None:
    correlation, p = find_trend(np.array([1, 2, 3, 4]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert correlation == pytest.approx(1.0) and p == pytest.approx(1 / 24, abs=0.01)


def test_never_is_the_highest_rank_and_equal_values_are_no_trend() -> None:
    sizes = np.array([1, 1, 2, 2])
    assert find_trend(sizes, np.array([5.0, 6.0, np.inf, np.inf])) == find_trend(sizes, np.array([5.0, 6.0, 7.0, 7.0]))
    assert find_trend(sizes, np.full(4, np.inf)) == (0.0, 1.0)


def grow(firsts: dict[int, int], end: float = 12.0) -> list[FooledNetwork]:
    """Return three networks of each size, whose runs pass at about the given generation."""
    return [
        make_network(size, (first + turn, first + turn), end) for size, first in firsts.items() for turn in range(3)
    ]


def test_a_planted_trend_is_partly_and_none_is_no_support() -> None:
    growing = summarise(grow({500: 9, 1_000: 19, 2_000: 29, 4_000: 39}))
    assert msgspec.convert(msgspec.to_builtins(growing), TrainingSizeFound) == growing
    assert growing.direct.needed == (2_200.0, 8_200.0) and growing.direct.fold == pytest.approx(41 / 11)
    assert growing.cppn.correlation > 0.9 and growing.cppn.p < 0.01
    assert growing.extremes == (500, 4_000) and growing.sizes * growing.networks_per_size == 12
    assert judge(growing) == PARTLY
    falling = summarise(grow({500: 39, 1_000: 29, 2_000: 19, 4_000: 9}))
    assert judge(falling) == UNSUPPORTED
    assert "To reach 99.99%, CPPNs need 3.73 times as many images, and pixels 3.73 times" in CLAIM.headline(growing)
    assert judge(summarise(grow(dict.fromkeys((1, 2, 3, 4), 5)))) == UNSUPPORTED
    assert CLAIM.before is not None and (CLAIM.before(falling), CLAIM.before(growing)) == (NOT, PARTLY)


def test_prevention_is_a_low_median_with_the_most_digits() -> None:
    prevented = [*grow({500: 9, 1_000: 19, 2_000: 29}), *(make_network(4_000, (0, 0), end=3.0) for _ in range(3))]
    summary = summarise(prevented)
    assert summary.direct.median_most == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert judge(summary) == REPRODUCED


def test_never_bounds_the_fold_and_is_told_as_never() -> None:
    never = summarise(grow({500: 9, 1_000: 19, 2_000: 29, 4_000: 201}))
    assert never.direct.needed == (2_200.0, None)
    assert never.direct.fold == pytest.approx(201 / 11)
    assert any("never" in ours for _, ours, _ in list_rows(never))
    assert summarise(grow(dict.fromkeys((1, 2, 3, 4), 201))).cppn.fold == 1.0


def test_a_network_counts_by_the_median_of_its_runs_and_errors_by_the_median_network() -> None:
    networks = [
        make_network(500, (1, 3, 201), error=0.2),
        make_network(500, (1, 201, 201), error=0.3),
        make_network(4_000, (7, 7, 7), error=0.01),
        make_network(4_000, (9, 9, 9), error=0.03),
    ]
    summary = summarise(networks)
    assert summary.direct.needed == (None, 1_800.0)  # the median of 800 and never is never
    assert summary.errors == pytest.approx((0.25, 0.02))
    assert judge(summary) == UNTESTED


@pytest.mark.parametrize("firsts", [(9, 19, 29, 39), (39, 29, 19, 9), (201, 201, 201, 201)])
def test_the_headline_is_a_sentence_that_can_be_read(firsts: tuple[int, ...]) -> None:
    told = CLAIM.headline(summarise(grow(dict(zip((500, 1_000, 2_000, 4_000), firsts, strict=True)))))
    assert len(told.split()) <= 35 and told.endswith(".")
