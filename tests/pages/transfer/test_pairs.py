"""Networks held against each other in pairs: closed forms."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from fooling.networks.answers import Transfer
from fooling.pages.transfer.pairs import (
    Kept,
    compare_pairs,
    count_fooled,
    expect_shuffled,
    pool_pairs,
    tabulate_certain,
    tabulate_kept,
)

CLASSES = 5
LOW = -6.0  # log-odds of 0.25%
Make = Callable[..., Transfer]


def test_shuffled_share_of_uniform_classes_is_one_in_as_many() -> None:
    every = np.arange(1000)
    assert expect_shuffled(every % CLASSES, np.roll(every, 3) % CLASSES) == pytest.approx(1 / CLASSES)
    assert expect_shuffled(np.zeros(9, int), np.zeros(9, int)) == 1.0
    assert expect_shuffled(np.zeros(9, int), np.full(9, 7)) == 0.0
    assert expect_shuffled(np.zeros(0, int), np.zeros(0, int)) is None


def test_shuffled_share_is_the_mean_over_all_orders() -> None:
    targets, answers = np.array([0, 0, 1, 2, 4]), np.array([0, 2, 2, 1, 3])
    by_hand = [(np.array(order) == answers).mean() for order in itertools.permutations(targets)]
    assert expect_shuffled(targets, answers) == pytest.approx(np.mean(by_hand))


def test_pairs_hold_each_networks_own_images_against_every_other(make_answers: Make) -> None:
    shares = {(0, 1): 0.5, (0, 2): 0.25, (1, 0): 0.75, (1, 2): 0.0, (2, 0): 1.0, (2, 1): 0.1}
    pairs = compare_pairs(make_answers(shares))
    names = make_answers(shares).networks
    assert {(pair.source, pair.other): pair.share for pair in pairs} == {
        (names[source], names[other]): share for (source, other), share in shares.items()
    }
    kept_none = next(pair for pair in pairs if pair.share == 0.0)
    assert kept_none.shuffled == pytest.approx(1 / CLASSES)  # moved by one class, but as uniform as before
    np.testing.assert_array_equal(kept_none.log_odds, np.float32(LOW))


def test_only_images_that_their_own_network_is_certain_of_count(make_answers: Make) -> None:
    answers = make_answers(0.5)
    answers.log_odds[answers.sources, np.arange(120)] = np.where(np.arange(120) % 4, np.log(99.1), np.log(98.9))
    assert [pair.agrees.size for pair in compare_pairs(answers)] == [30] * 6
    assert [pair.agrees.size for pair in compare_pairs(answers, 0.5)] == [40] * 6


def test_a_network_that_answers_with_nan_is_named(make_answers: Make) -> None:
    answers = make_answers(0.5)
    answers.log_odds[2, 7] = np.nan
    with pytest.raises(ValueError, match="ReLU network answers with confidences that are not numbers"):
        compare_pairs(answers)


def test_pooled_pairs_count_an_image_once_and_every_showing(make_answers: Make) -> None:
    part = pool_pairs(compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.1})))
    assert (part.images, part.showings) == (40, 80)
    assert part.share == pytest.approx(0.3) and part.spread == pytest.approx([0.1, 0.5])
    assert part.median == pytest.approx(1 / (1 + np.exp(6.0)))
    assert part.shuffled == pytest.approx(0.2, abs=0.05)


def test_larger_pairs_weigh_more(make_answers: Make) -> None:
    many, few = make_answers({(0, 1): 1.0}, count=30, networks=2), make_answers({(1, 0): 0.0}, count=10, networks=2)
    joined = Transfer(many.networks, *(np.concatenate(parts, axis=-1) for parts in zip(many[1:], few[1:], strict=True)))
    part = pool_pairs(compare_pairs(joined))
    assert (part.images, part.share, part.spread) == (40, 0.75, (0.0, 1.0))


def test_without_images_nothing_is_claimed_and_nothing_is_nan(make_answers: Make) -> None:
    answers = make_answers(0.5)._replace(log_odds=np.full((3, 120), LOW, np.float32))
    part = pool_pairs(compare_pairs(answers))
    assert part == Kept(0, 0)
    assert compare_pairs(answers)[0].share is None
    assert "| kind | 0 | – |" in tabulate_kept({"kind": (answers, 0.99)})


def test_images_that_fool_all_and_no_other_are_counted(make_answers: Make) -> None:
    assert count_fooled(make_answers({(0, 1): 0.5, (0, 2): 0.25})) == (10, 20)


def test_table_counts_images_and_showings_and_leaves_out_what_adds_nothing(make_answers: Make) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.25})
    rows = {"certain": (answers, 0.99), "all": (answers, 0.0), "others": (make_answers({(0, 1): 0.5}), 0.0)}
    lines = tabulate_kept(rows, "images × networks").splitlines()
    assert lines[0].startswith("|  | images × networks | showings | another network keeps the class |")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| certain", "| others"]
    assert lines[2].startswith("| certain | 40 | 80 | 37.5% | 25.0% to 50.0% |")
    none = tabulate_kept({"certain": (answers, 0.999), "surest": (answers, 0.9999)})
    assert none.count("| 0 | – |") == 2, "none is no repetition"


def test_random_images_are_counted_for_each_network(make_answers: Make) -> None:
    answers = make_answers({(0, 1): 1.0, (1, 0): 1.0}, networks=2)
    answers.targets[answers.sources == 1] = 3
    answers.log_odds[1, 40:50] = LOW
    first, second = tabulate_certain({"noise": (answers, "abcde")}).splitlines()[2:]
    assert first == "| noise | LeNet | 40 | 100.0% | a | 20% |"
    assert second == "| noise | LeNet, other initialisation | 40 | 75.0% | d | 100% |"
