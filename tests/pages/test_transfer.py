"""Images before networks that they did not evolve on: toy networks whose right answer is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.networks.answers import Transfer, score_all, show_to
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import average_networks
from fooling.pages import transfer
from fooling.pages.transfer import choose_champions, choose_examples, evolve_and_show, show_champions, show_unbred

SHAPE, CLASSES = (2, 2, 1), 4
SIZES = {"generations": 12, "children": 20}


def make_classifier(order: tuple[int, ...] = (0, 1, 2, 3), shape: tuple[int, int, int] = SHAPE) -> Classifier:
    """Return a network that takes an image for the class of its brightest quarter, renumbered by ``order``."""
    height, width, _ = shape
    model = keras.Sequential(
        [
            layers.Input(shape),
            layers.AveragePooling2D((height // 2, width // 2)),
            layers.Flatten(),
            layers.Dense(CLASSES),
        ]
    )
    weights = np.zeros((CLASSES, CLASSES), np.float32)
    weights[np.arange(CLASSES), order] = 20.0
    model.layers[-1].set_weights([weights, np.zeros(CLASSES)])
    return Classifier(model, name=f"brightest quarter {order}")


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


def test_identical_networks_agree_on_every_image_with_equal_confidence() -> None:
    shown = show_to(make_images(), np.arange(4), [make_classifier(), make_classifier()])
    assert shown.agrees.all()
    np.testing.assert_array_equal(shown.log_odds[0], shown.log_odds[1])
    np.testing.assert_allclose(shown.log_odds, 20.0 - np.log(3.0), rtol=1e-5)  # 20 against three zeros
    np.testing.assert_array_equal(shown.highest, shown.confidences)


def test_a_network_whose_classes_are_permuted_without_a_fixed_point_never_agrees() -> None:
    shown = show_to(make_images(), np.arange(4), [make_classifier(), make_classifier((1, 2, 3, 0))])
    assert shown.agrees[0].all() and not shown.agrees[1].any()
    np.testing.assert_array_equal(shown.top[1], [1, 2, 3, 0])
    assert shown.confidences[1].max() < 1e-8 and shown.highest[1].min() > 0.99


def test_the_same_picture_is_resized_for_a_larger_network() -> None:
    large, picture = make_classifier(shape=(8, 8, 1)), make_images(2)  # 4 × 4
    shown = show_to(picture, np.arange(4), [make_classifier(shape=(4, 4, 1)), large])
    by_hand = [
        np.asarray(Image.fromarray(one[:, :, 0] / np.float32(255)).resize((8, 8), Image.Resampling.BILINEAR))
        for one in picture
    ]
    expected = large.score(np.clip(by_hand, 0, 1)[..., None].astype(np.float32))
    np.testing.assert_allclose(shown.log_odds[1], expected[np.arange(4), np.arange(4)], rtol=1e-4)
    assert shown.agrees.all()


def test_more_images_than_a_batch_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "batch", 3)
    images = np.concatenate([make_images(2)] * 2)
    shown = show_to(images, np.tile(np.arange(4), 2), [make_classifier(shape=(4, 4, 1)), make_classifier()])
    assert shown.agrees.all()


def test_answers_are_those_of_the_classifier_itself(make_small_network: Callable[..., Classifier]) -> None:
    network = make_small_network((15, 13, 1), 5)
    images = np.random.default_rng(0).integers(0, 256, (9, 15, 13, 1), dtype=np.uint8)
    np.testing.assert_array_equal(score_all(images, [network])[0], network.score(images))
    assert score_all(images[:0], [network, network]).shape == (2, 0, 5)


def test_many_networks_answer_without_a_message_of_tensorflows() -> None:
    messages: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = messages.append
    tf.get_logger().addHandler(handler)
    try:
        show_to(make_images(), np.arange(4), [make_classifier() for _ in range(8)])
    finally:
        tf.get_logger().removeHandler(handler)
    assert not messages


def test_own_log_odds_are_those_of_the_network_an_image_evolved_on() -> None:
    answers = make_transfer([[1.0, 2.0], [3.0, 4.0]], [[1, 1], [1, 1]], [0, 1])._replace(sources=np.array([1, 0]))
    np.testing.assert_array_equal(answers.own, [3.0, 2.0])


@pytest.mark.parametrize(
    ("targets", "sources", "reason"),
    [
        (np.arange(3), 0, "as many targets"),
        (np.arange(4) / 2, 0, "whole numbers"),
        (np.arange(4) + 1, 0, "there are only 0 to 3"),
        (np.arange(4), np.arange(4), "there are only 0 to 1"),
    ],
)
def test_targets_and_sources_must_be_there(targets: np.ndarray, sources: int | np.ndarray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        show_to(make_images(), targets, [make_classifier(), make_classifier()], sources)


def test_images_must_be_what_a_png_holds_and_of_the_networks_channels() -> None:
    with pytest.raises(ValueError, match="uint8"):
        show_to(make_images() / 255.0, np.arange(4), [make_classifier()])
    with pytest.raises(ValueError, match="channels"):
        show_to(make_images().repeat(3, axis=3), np.arange(4), [make_classifier()])


@pytest.mark.slow
def test_evolved_images_transfer_to_an_identical_network_and_not_to_a_permuted_one(tmp_path: Path) -> None:
    networks = {"A": make_classifier(), "same": make_classifier(), "permuted": make_classifier((1, 0, 3, 2))}
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = {"A": make_classifier(), "B": make_classifier((1, 0, 3, 2))}
    sizes = {**SIZES, "seeds": [0], "folder": tmp_path}
    first = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    monkeypatch.setattr(transfer, "evolve", None)  # any search would fail
    again = evolve_and_show(networks, DirectEncoding(SHAPE), **sizes)
    assert again.folder == first.folder
    for one, other in zip(first[1:4], again[1:4], strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(TypeError):
        evolve_and_show(networks, DirectEncoding(SHAPE), **{**sizes, "seeds": [1]})
    with pytest.raises(TypeError):
        evolve_and_show({**networks, "B": make_classifier()}, DirectEncoding(SHAPE), **sizes)


def test_champions_of_a_search_are_shown_as_their_images_say(tmp_path: Path) -> None:
    victim, other = make_classifier(), make_classifier((0, 1, 3, 2))
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


def test_an_ensemble_is_fooled_only_where_all_its_members_are(tmp_path: Path) -> None:
    members = {"a": make_classifier(), "b": make_classifier((0, 1, 3, 2))}
    mean = average_networks(list(members.values()))
    run = evolve(mean, DirectEncoding(SHAPE), generations=30, children=20, seeds=[0])
    shown = show_champions(run, {mean.name: mean, **members}, tmp_path, least=0.0).transfer
    np.testing.assert_array_equal(shown.agrees[1:].all(axis=0), [True, True, False, False])
    np.testing.assert_allclose(shown.confidences[0], shown.confidences[1:].mean(axis=0), atol=1e-5)
    assert shown.confidences[0, :2].min() > 0.99 and shown.confidences[0, 2:].max() < 0.6


def test_unbred_images_stand_once_for_each_network_with_what_it_takes_them_for(tmp_path: Path) -> None:
    networks = {"A": make_classifier(), "B": make_classifier((1, 2, 3, 0))}
    answers = show_unbred(make_images(), networks, tmp_path)
    np.testing.assert_array_equal(answers.transfer.sources, np.repeat([0, 1], 4))
    np.testing.assert_array_equal(answers.transfer.targets, [0, 1, 2, 3, 1, 2, 3, 0])
    np.testing.assert_array_equal(answers.transfer.agrees, np.repeat([[True, False], [False, True]], 4, axis=1))
    np.testing.assert_allclose(answers.transfer.own, 20.0 - np.log(3.0), rtol=1e-5)
    again = show_unbred(make_images(), networks, tmp_path)
    assert again.folder == answers.folder != show_unbred(make_images(2), networks_of(2), tmp_path).folder
    np.testing.assert_array_equal(again.transfer.log_odds, answers.transfer.log_odds)


def networks_of(side: int) -> dict[str, Classifier]:
    return {"A": make_classifier(shape=(2 * side, 2 * side, 1)), "B": make_classifier((1, 2, 3, 0))}


def test_confident_champions_are_shown_and_the_most_confident_ones_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "FEWEST", 2)
    odds = np.array([[3.0, -1.0, -np.inf], [-2.0, 1.0, 2.0]], np.float32)
    assert choose_champions(odds, 0.5).tolist() == [[True, False, False], [False, True, True]]
    assert choose_champions(odds, 0.9).tolist() == [[True, False, False], [False, False, True]]
    assert choose_champions(odds, 0.0).tolist() == [[True, True, False], [True, True, True]]
    with pytest.raises(ValueError, match="No cell"):
        choose_champions(np.full((1, 2), -np.inf), 0.5)


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


def test_seconds_of_a_run_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "provenance.json").write_text('{"seconds": 2.5}')
    assert transfer._count_seconds([transfer.RunFolder(tmp_path), transfer.RunFolder(tmp_path)]) == 2.5
