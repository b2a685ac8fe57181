"""Litters: whose children they are, the same for the same clicks, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.encodings.direct import DirectEncoding, DirectGenomes
from fooling.encodings.population import stack_genomes, take_genome
from fooling.lab.explorer.breeding import LITTER, Breeding, bear_children
from fooling.lab.explorer.looking import find_neighbours


def as_bytes(litter) -> bytes:
    return litter.images.tobytes() + litter.log_odds.tobytes()


@pytest.fixture
def breeding(evolved) -> Breeding:
    begun = Breeding(evolved.classifier, evolved.encoding, seed=5)
    begun.begin_randomly()
    return begun


def test_litter_says_what_the_network_says_of_each_picture(breeding):
    litter = breeding.breed([2])
    assert litter.images.shape == (LITTER, 15, 13, 1) and len({image.tobytes() for image in litter.images}) > 3
    confidences = breeding.classifier.confidences(litter.images)
    np.testing.assert_array_equal(litter.top, confidences.argmax(axis=1))
    np.testing.assert_allclose(litter.confidences, confidences.max(axis=1))


def test_same_clicks_give_the_same_children(evolved):
    lines = []
    for _ in range(2):
        breeding = Breeding(evolved.classifier, evolved.encoding, seed=5)
        lines.append(
            [as_bytes(litter) for litter in (breeding.begin_randomly(), breeding.breed([1]), breeding.breed([0, 3]))]
        )
    assert lines[0] == lines[1]


def test_going_back_shows_the_litter_before_and_other_children_after(breeding):
    first = breeding.breed([4])
    second = breeding.breed([0])
    assert breeding.generation == 2
    assert breeding.go_back() is first and breeding.generation == 1
    assert as_bytes(breeding.breed([0])) != as_bytes(second)
    breeding.go_back()
    breeding.go_back()
    with pytest.raises(ValueError, match="nothing to go back to"):
        breeding.go_back()


@pytest.mark.parametrize("chosen", [[], [0, 1, 2]])
def test_litter_has_one_parent_or_two(breeding, chosen):
    before = breeding.present
    with pytest.raises(ValueError, match="Choose one or two"):
        breeding.breed(chosen)
    assert breeding.present is before


def test_two_cppn_parents_have_every_second_child_each(evolved):
    """A child differs from its parent by one mutation, so weights that nobody else has stay in most places."""
    both = stack_genomes(evolved.find_genomes(sorted(set(evolved.standing.takeovers.champion.tolist()))[:2]))
    one, other = (take_genome(both, place) for place in (0, 1))
    children = bear_children(evolved.encoding, [one, other], 40, seed=0)

    def count_kept(child, parent) -> int:
        return int(np.isin(child.weights[child.sources > 0], parent.weights[parent.sources > 0]).sum())

    nearer = [count_kept(child, one) - count_kept(child, other) for child in children]
    assert min(nearer[::2]) >= 0 >= max(nearer[1::2]) and nearer[0::2] != nearer[1::2]
    assert sum(nearer[::2]) > 40 and sum(nearer[1::2]) < -40


def test_two_pixel_parents_are_crossed_and_one_is_not():
    encoding = DirectEncoding((12, 12, 1))
    dark, light = (DirectGenomes(np.full(144, level, np.float32)) for level in (0.3, 0.7))
    alone = np.stack([child.genes for child in bear_children(encoding, [dark], 40, seed=0)])
    assert 0.05 < (alone != np.float32(0.3)).mean() < 0.15, "the mutation rate is 0.1"
    crossed = np.stack([child.genes for child in bear_children(encoding, [dark, light], 40, seed=0)])
    of_light = crossed > 0.5
    # A quarter of all genes take part in crossover, and half of these change sides.
    assert 0.08 < of_light[::2].mean() < 0.18 and 0.08 < 1 - of_light[1::2].mean() < 0.18


def test_neighbours_are_the_image_and_its_mutated_children(evolved):
    number = int(evolved.standing.champions[1])
    litter = find_neighbours(evolved, number)
    np.testing.assert_array_equal(litter.images[0], evolved.express([number])[0])
    assert litter.log_odds[0, 1] == pytest.approx(float(evolved.standing.log_odds[1]), abs=1e-4)
    children = bear_children(evolved.encoding, evolved.find_genomes([number]), 11, seed=0)
    for mine, theirs in zip(litter.genomes[1:], children, strict=True):
        assert all((one == other).all() for one, other in zip(mine, theirs, strict=True))
    with pytest.raises(ValueError, match="never held a cell"):
        find_neighbours(evolved, 10_000)
