"""Images before networks that they did not evolve on: toy networks whose right answer is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import hash_champions
from fooling.evolution.evolve import evolve
from fooling.networks.answers import Transfer
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_networks
from fooling.pages.transfer import showing
from fooling.pages.transfer.showing import (
    ask_networks,
    choose_champions,
    choose_examples,
    evolve_and_show,
    show_champions,
    show_unbred,
)

SHAPE = (2, 2, 1)
SIZES = {"generations": 12, "children": 20}
Make = Callable[..., Classifier]


def make_images(side: int = 1) -> np.ndarray:
    """Return one image for each class, a quarter of it white."""
    quarters = np.eye(4, dtype=np.uint8).reshape(4, 2, 2, 1) * 255
    return quarters.repeat(side, axis=1).repeat(side, axis=2)


def make_transfer(log_odds: list[list[float]], agrees: list[list[int]], targets: list[int]) -> Transfer:
    """Return answers of networks to images that evolved on the first."""
    wanted = np.array(targets)
    top = np.where(np.array(agrees, bool), wanted, wanted + 1)
    return Transfer(
        tuple("ABC"[: len(top)]),
        np.zeros(len(wanted), np.int64),
        wanted,
        np.array(log_odds, np.float32),
        top,
        top * 0.0,
    )


@pytest.mark.slow
def test_evolved_images_transfer_to_an_identical_network_and_not_to_a_permuted_one(
    tmp_path: Path, make_quarter_network: Make
) -> None:
    networks = {
        "A": make_quarter_network(),
        "same": make_quarter_network(),
        "permuted": make_quarter_network((1, 0, 3, 2)),
    }
    sizes = {**SIZES, "seeds": [0, 1], "folder": tmp_path}
    shown = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    answers = shown.transfer
    assert answers.networks == tuple(networks)
    assert np.bincount(answers.sources).tolist() == [8, 8, 8]
    np.testing.assert_array_equal(answers.targets, np.tile(np.arange(4), 6))
    from_a = answers.sources == 0
    assert answers.agrees[:2, from_a].all() and not answers.agrees[2, from_a].any()
    assert not shown.fooling_all.size
    np.testing.assert_array_equal(np.sort(answers.targets[shown.fooling_one]), np.arange(4))
    assert (answers.sources[shown.fooling_one] == 2).all()  # the others are two of a kind
    again = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    np.testing.assert_array_equal(again.transfer.log_odds, answers.log_odds)
    assert shown.images.shape == (len(shown.fooling_one), *SHAPE)


def test_finished_answers_are_found_without_the_searches_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_quarter_network: Make
) -> None:
    networks = {"A": make_quarter_network(), "B": make_quarter_network((1, 0, 3, 2))}
    sizes = {**SIZES, "seeds": [0], "folder": tmp_path}
    first = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    monkeypatch.setattr(showing, "evolve", None)  # any search would fail
    again = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    assert again.folder == first.folder
    for one, other in zip(first[2:], again[2:], strict=True):
        np.testing.assert_array_equal(one, other)
    for other in ({"seeds": [1]}, {"generations": 13}, {"children": 21}):
        with pytest.raises(TypeError):
            evolve_and_show(networks, DirectEncoding(SHAPE), **{**sizes, **other})
    with pytest.raises(TypeError):
        evolve_and_show(networks, DirectEncoding(SHAPE, halving=False), **sizes)
    with pytest.raises(TypeError):
        evolve_and_show({**networks, "B": make_quarter_network()}, DirectEncoding(SHAPE), **sizes)


def test_champions_of_a_search_are_shown_as_their_images_say(tmp_path: Path, make_quarter_network: Make) -> None:
    victim, other = make_quarter_network(), make_quarter_network((0, 1, 3, 2))
    run = evolve(victim, DirectEncoding(SHAPE), **SIZES, seeds=[0, 1])
    shown = show_champions(run, {"victim": victim, "other": other}, tmp_path, least=0.0)
    images = run.images.reshape(-1, *SHAPE)
    expected = victim.score(images)[np.arange(8), np.tile(np.arange(4), 2)]
    np.testing.assert_allclose(shown.transfer.log_odds[0], expected, rtol=1e-6)
    np.testing.assert_allclose(shown.transfer.own, run.log_odds.ravel(), rtol=1e-5)
    np.testing.assert_array_equal(shown.images, images[np.append(shown.fooling_all, shown.fooling_one)])
    assert set(shown.transfer.targets[shown.fooling_all]) == {0, 1}
    assert set(shown.transfer.targets[shown.fooling_one]) == {2, 3}
    without_genomes = run._replace(genomes=None)
    again = show_champions(without_genomes, {"victim": victim, "other": other}, tmp_path, least=0.0)
    np.testing.assert_array_equal(again.images, shown.images)
    fewer = show_champions(run, {"victim": victim, "other": other}, tmp_path, least=0.9)
    assert fewer.folder != shown.folder


def test_networks_are_asked_about_every_champion_of_a_run(tmp_path: Path, make_quarter_network: Make) -> None:
    victim, other = make_quarter_network(), make_quarter_network((0, 1, 3, 2))
    run = evolve(victim, DirectEncoding(SHAPE), **SIZES, seeds=[0, 1]).take_run(1)
    run.log_odds[0, 2] = -np.inf  # as if its cell were empty
    kept = ask_networks(run, {"victim": victim, "other": other}, tmp_path)
    assert kept and kept.settings["champions"] == hash_champions(run)
    arrays, (images,), cells = kept.load_result(), run.images, np.array([0, 1, 3])
    assert arrays and np.isnan(arrays["log_odds"][:, 2]).all()
    for told, network in zip(arrays["log_odds"], (victim, other), strict=True):
        np.testing.assert_allclose(told[cells], network.score(images)[cells, cells], rtol=1e-5)


def test_an_ensemble_is_fooled_only_where_all_its_members_are(tmp_path: Path, make_quarter_network: Make) -> None:
    members = {"a": make_quarter_network(), "b": make_quarter_network((0, 1, 3, 2))}
    mean = average_networks(list(members.values()))
    run = evolve(mean, DirectEncoding(SHAPE), generations=30, children=20, seeds=[0])
    shown = show_champions(run, {mean.name: mean, **members}, tmp_path, least=0.0).transfer
    np.testing.assert_array_equal(shown.agrees[1:].all(axis=0), [True, True, False, False])
    np.testing.assert_allclose(shown.confidences[0], shown.confidences[1:].mean(axis=0), atol=1e-5)
    assert shown.confidences[0, :2].min() > 0.99 and shown.confidences[0, 2:].max() < 0.6


def test_unbred_images_stand_once_for_each_network_with_what_it_takes_them_for(
    tmp_path: Path, make_quarter_network: Make
) -> None:
    networks = {"A": make_quarter_network(), "B": make_quarter_network((1, 2, 3, 0))}
    answers = show_unbred(make_images(), networks, tmp_path)
    np.testing.assert_array_equal(answers.transfer.sources, np.repeat([0, 1], 4))
    np.testing.assert_array_equal(answers.transfer.targets, [0, 1, 2, 3, 1, 2, 3, 0])
    np.testing.assert_array_equal(answers.transfer.agrees, np.repeat([[True, False], [False, True]], 4, axis=1))
    np.testing.assert_allclose(answers.transfer.own, 20.0 - np.log(3.0), rtol=1e-5)
    again = show_unbred(make_images(), networks, tmp_path)
    larger = {"A": make_quarter_network(shape=(4, 4, 1)), "B": networks["B"]}
    assert again.folder == answers.folder != show_unbred(make_images(2), larger, tmp_path).folder
    np.testing.assert_array_equal(again.transfer.log_odds, answers.transfer.log_odds)


def test_confident_champions_are_shown_and_the_most_confident_ones_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "FEWEST", 2)
    odds = np.array([[3.0, -1.0, -np.inf], [-2.0, 1.0, 2.0]], np.float32)
    assert choose_champions(odds, 0.5).tolist() == [[True, False, False], [False, True, True]]
    assert choose_champions(odds, 0.9).tolist() == [[True, False, False], [False, False, True]]
    assert choose_champions(odds, 0.0).tolist() == [[True, True, False], [True, True, True]]


def test_examples_are_one_for_a_class_the_surest_first() -> None:
    answers = make_transfer(
        [[9.0, 8.0, 7.0, 6.0, 5.0, 9.0], [1.0, 3.0, 2.0, -4.0, -5.0, 9.0]],
        [[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 1]],
        [0, 0, 1, 2, 2, 3],
    )
    everywhere, alone = choose_examples(answers, 10)
    assert everywhere.tolist() == [1, 2]  # of class 0 the one whose lowest log-odds are higher
    assert alone.tolist() == [3]  # the last fools the second network, but not its own
    assert choose_examples(answers, 1)[0].tolist() == [1]
