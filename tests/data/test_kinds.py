"""How far classes of ImageNet are apart in WordNet."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.data.kinds import measure_distances
from fooling.networks.imagenet_names import class_names


def find(name: str) -> int:
    return class_names().index(name)


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("agama", "frilled lizard", 2),  # agamids; the paper's Fig. 9
        ("agama", "green lizard", 4),  # lizards
        ("Japanese spaniel", "Pekinese", 2),  # toy dogs; the paper's Fig. 9
        ("Japanese spaniel", "Blenheim spaniel", 4),
        ("ping-pong ball", "golf ball", 2),  # balls
        ("tench", "tench", 0),
    ],
)
def test_classes_are_as_far_apart_as_the_way_over_what_both_are_kinds_of(one, other, steps):
    assert measure_distances()[find(one), find(other)] == steps


def test_every_class_is_known_and_far_from_most():
    distances = measure_distances()
    assert distances.shape == (1000, 1000) and (np.diag(distances) == 0).all()
    np.testing.assert_array_equal(distances, distances.T)
    assert (distances[~np.eye(1000, dtype=bool)] > 0).all()
    assert distances[find("tench"), find("toilet tissue")] > 10
    assert np.median(distances) > 8 > 4 >= np.median(np.partition(distances, 1, axis=1)[:, 1])  # of the nearest other
