"""The images that a fooling class is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from fooling.pages.retraining import digits as chain


def test_first_champions_score_what_the_history_begins_with(cppn_evolution: Any, lenet: Any) -> None:
    images = chain.express_both_champions(cppn_evolution, [1, 0])[:, ::2]
    scores = [lenet.score(part)[np.arange(10), np.arange(10)] for part in images]
    assert images.dtype == np.uint8
    np.testing.assert_allclose(scores, cppn_evolution.history[[1, 0], 0], rtol=1e-3, atol=1e-3)


def test_half_of_the_images_are_first_champions_and_half_last(cppn_evolution: Any) -> None:
    first = chain.express_both_champions(cppn_evolution, [0, 1])[:, ::2].reshape(20, 28, 28, 1)
    last = cppn_evolution.images.reshape(20, 28, 28, 1)
    drawn = chain.draw_fooling_images(cppn_evolution, 27)
    assert np.array_equal(drawn[::2], first[:14]) and np.array_equal(drawn[1::2], last[:13])
    assert not np.array_equal(first, last)
