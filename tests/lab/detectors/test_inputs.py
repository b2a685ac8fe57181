"""What the detectors look at: halves of the held-out digits, noise, champions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fooling.lab.detectors import inputs


def test_halves_hold_every_held_out_digit_once_and_as_many_of_each(digits: Any) -> None:
    halves = inputs.split_held_out(digits, 3)
    assert np.bincount(halves.fit_labels).tolist() == np.bincount(halves.labels).tolist() == [50] * 10
    both = np.concatenate([halves.fit_images, halves.images]).reshape(1_000, -1)
    assert np.array_equal(np.sort(both, axis=0), np.sort(digits.test_images.reshape(1_000, -1), axis=0))
    again, other = inputs.split_held_out(digits, 3), inputs.split_held_out(digits, 4)
    assert np.array_equal(halves.images, again.images) and not np.array_equal(halves.images, other.images)


def test_digit_that_is_held_out_once_is_refused(digits: Any) -> None:
    few = digits._replace(test_images=digits.test_images[:1], test_labels=digits.test_labels[:1])
    with pytest.raises(ValueError, match="held out once"):
        inputs.split_held_out(few, 0)


def test_noise_has_every_grey_level_as_often_as_any_other() -> None:
    noise = inputs.draw_noise((28, 28, 1), 400, 0)
    counts = np.bincount(noise.images.ravel(), minlength=256)
    expected = noise.images.size / 256
    assert noise.images.dtype == np.uint8 and set(noise.targets.tolist()) == {inputs.NOBODY}
    chi = ((counts - expected) ** 2 / expected).sum()
    assert 255 - 5 * np.sqrt(2 * 255) < chi < 255 + 5 * np.sqrt(2 * 255)
    assert np.array_equal(noise.images[:9], inputs.draw_noise((28, 28, 1), 9, 0).images), (
        "more draws change none before"
    )


def test_shuffled_digits_keep_their_grey_levels(digits: Any) -> None:
    originals = digits.test_images[:3]
    shuffled = inputs.shuffle_pixels(originals, 5, 0).images
    for place, image in enumerate(shuffled):
        original = originals[place % 3]
        assert np.array_equal(np.sort(image.ravel()), np.sort(original.ravel()))
        assert not np.array_equal(image, original)
    assert not np.array_equal(shuffled[0], shuffled[3]), "one digit twice is shuffled twice"


@pytest.mark.slow
def test_champions_come_run_by_run_with_their_digits(cppn_evolution: Any) -> None:
    found = inputs.take_champions(cppn_evolution, 13)
    assert found.targets.tolist() == [*range(10), 0, 1, 2]
    assert np.array_equal(found.images[11], cppn_evolution.express(1, [1])[0])
    assert len(inputs.take_champions(cppn_evolution, 1_000).images) == 20


def test_log_odds_are_those_of_the_target_or_else_of_the_top_class(lenet: Any, digits: Any) -> None:
    images = digits.test_images[:4]
    every = lenet.score(images)
    fooling = inputs.Fooling(images, np.array([7, inputs.NOBODY, 0, inputs.NOBODY]))
    expected = [every[0, 7], every[1].max(), every[2, 0], every[3].max()]
    np.testing.assert_array_equal(inputs.read_log_odds(lenet, fooling), expected)
