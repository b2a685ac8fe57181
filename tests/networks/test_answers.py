"""Several networks' answers to the same images: toy networks whose right answer is known."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fooling.networks.answers import Transfer, score_all, show_to
from fooling.networks.classifier import Classifier

Make = Callable[..., Classifier]


def make_images(side: int = 1) -> np.ndarray:
    """Return one image for each class, a quarter of it white."""
    quarters = np.eye(4, dtype=np.uint8).reshape(4, 2, 2, 1) * 255
    return quarters.repeat(side, axis=1).repeat(side, axis=2)


def test_identical_networks_agree_on_every_image_with_equal_confidence(make_quarter_network: Make) -> None:
    shown = show_to(make_images(), np.arange(4), [make_quarter_network(), make_quarter_network()])
    assert shown.agrees.all()
    np.testing.assert_array_equal(shown.log_odds[0], shown.log_odds[1])
    np.testing.assert_allclose(shown.log_odds, 20.0 - np.log(3.0), rtol=1e-5)  # 20 against three zeros
    np.testing.assert_array_equal(shown.highest, shown.confidences)
    assert shown.highest.dtype == shown.confidences.dtype == shown.log_odds.dtype == np.float32


def test_a_network_whose_classes_are_permuted_without_a_fixed_point_never_agrees(make_quarter_network: Make) -> None:
    shown = show_to(make_images(), np.arange(4), [make_quarter_network(), make_quarter_network((1, 2, 3, 0))])
    assert shown.agrees[0].all() and not shown.agrees[1].any()
    np.testing.assert_array_equal(shown.top[1], [1, 2, 3, 0])
    assert shown.confidences[1].max() < 1e-8 and shown.highest[1].min() > 0.99


def test_the_same_picture_is_resized_for_a_larger_network(make_quarter_network: Make) -> None:
    large, picture = make_quarter_network(shape=(8, 8, 1)), make_images(2)  # 4 × 4
    shown = show_to(picture, np.arange(4), [make_quarter_network(shape=(4, 4, 1)), large])
    by_hand = [
        np.asarray(Image.fromarray(one[:, :, 0] / np.float32(255)).resize((8, 8), Image.Resampling.BILINEAR))
        for one in picture
    ]
    expected = large.score(np.clip(by_hand, 0, 1)[..., None].astype(np.float32))
    np.testing.assert_allclose(shown.log_odds[1], expected[np.arange(4), np.arange(4)], rtol=1e-4)
    assert shown.agrees.all()


def test_more_images_than_a_batch_keep_their_order(monkeypatch: pytest.MonkeyPatch, make_quarter_network: Make) -> None:
    monkeypatch.setattr(Classifier, "batch", 3)
    images = np.concatenate([make_images(2), make_images(2) // 2])
    shown = show_to(images, np.tile(np.arange(4), 2), [make_quarter_network(shape=(4, 4, 1)), make_quarter_network()])
    assert shown.agrees.all()


def test_an_image_that_repeats_is_shown_once_and_answered_at_each_place(
    monkeypatch: pytest.MonkeyPatch, make_small_network: Callable[..., Classifier]
) -> None:
    network = make_small_network((15, 13, 1), 5)
    images = np.random.default_rng(0).integers(0, 256, (4, 15, 13, 1), dtype=np.uint8)
    expected, score, counts = network.score(images), Classifier.score, []

    def count(self: Classifier, given: np.ndarray) -> np.ndarray:
        counts.append(len(given))
        return score(self, given)

    monkeypatch.setattr(Classifier, "score", count)
    places = [2, 2, 0, 3, 2, 1, 0]
    np.testing.assert_array_equal(score_all(images[places], [network])[0], expected[places])
    assert sum(counts) == 4


def test_answers_are_those_of_the_classifier_itself(make_small_network: Callable[..., Classifier]) -> None:
    network = make_small_network((15, 13, 1), 5)
    images = np.random.default_rng(0).integers(0, 256, (9, 15, 13, 1), dtype=np.uint8)
    np.testing.assert_array_equal(score_all(images, [network])[0], network.score(images))
    assert score_all(images[:0], [network, network]).shape == (2, 0, 5)


def test_many_networks_answer_without_a_message_of_tensorflows(make_quarter_network: Make) -> None:
    messages: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = messages.append
    tf.get_logger().addHandler(handler)
    try:
        show_to(make_images(), np.arange(4), [make_quarter_network() for _ in range(8)])
    finally:
        tf.get_logger().removeHandler(handler)
    assert not messages


def test_own_log_odds_are_those_of_the_network_an_image_evolved_on() -> None:
    zeros = np.zeros((2, 2), np.int64)
    answers = Transfer(("A", "B"), np.array([1, 0]), zeros[0], np.array([[1.0, 2.0], [3.0, 4.0]]), zeros, zeros)
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
def test_targets_and_sources_must_be_there(
    targets: np.ndarray, sources: int | np.ndarray, reason: str, make_quarter_network: Make
) -> None:
    with pytest.raises(ValueError, match=reason):
        show_to(make_images(), targets, [make_quarter_network(), make_quarter_network()], sources)


def test_images_must_be_what_a_png_holds_and_of_the_networks_channels(make_quarter_network: Make) -> None:
    with pytest.raises(ValueError, match="uint8"):
        show_to(make_images() / 255.0, np.arange(4), [make_quarter_network()])
    with pytest.raises(ValueError, match="channels"):
        show_to(make_images().repeat(3, axis=3), np.arange(4), [make_quarter_network()])
