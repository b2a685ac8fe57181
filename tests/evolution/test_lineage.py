"""The story that takeovers tell, and genomes made again from it without the network."""

from __future__ import annotations

import numpy as np
import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.population import express_genomes
from fooling.encodings.random_search import RandomSearch
from fooling.evolution.evolve import evolve
from fooling.evolution.lineage import find_first_champions, find_parents, measure_kinship, replay, trace_line

TOLD = {"log_odds": -np.inf, "champion": -1, "parent": -1}  # of takeovers, with what stands before the first


def test_history_champions_and_parents_tell_one_story(cppn_evolution):
    run = cppn_evolution
    history, champions, parents = (run.unroll(*told) for told in TOLD.items())
    assert history.shape == champions.shape == parents.shape == (2, 21, 10)
    assert (np.diff(history, axis=1) >= 0).all()
    np.testing.assert_array_equal(history[:, -1], run.log_odds)
    born = champions // run.children
    assert (born <= np.arange(21)[:, None]).all() and (born >= 0).all()
    changed = np.diff(champions, axis=1) != 0
    np.testing.assert_array_equal(changed, np.diff(history, axis=1) > 0)
    assert (born[:, 1:][changed] == np.broadcast_to(np.arange(1, 21)[:, None], changed.shape)[changed]).all()
    assert ((parents == -1) == (born == 0)).all()
    for numbers, places in zip(champions[:, -1], run.places, strict=True):
        place_of = dict(zip(numbers.tolist(), places.tolist(), strict=True))
        assert [place_of[number] for number in numbers.tolist()] == places.tolist()
        assert len(set(place_of.values())) == len(place_of)  # a place for each champion, and for no two


def test_every_final_champion_descends_from_a_random_image_through_champions(cppn_evolution):
    told = (cppn_evolution.unroll(name, -1) for name in ("champion", "parent"))
    for champions, parents in zip(*told, strict=True):
        known = dict(zip(champions.ravel().tolist(), parents.ravel().tolist(), strict=True))
        for image in champions[-1].tolist():
            while known[image] != -1:  # a KeyError is a parent that never was a champion
                assert known[image] // cppn_evolution.children < image // cppn_evolution.children
                image = known[image]
            assert image < cppn_evolution.children


def test_kinship_is_the_age_of_the_last_common_ancestor(cppn_evolution):
    parents, kinship = find_parents(cppn_evolution, 1), measure_kinship(cppn_evolution, 1)
    champions = cppn_evolution.unroll("champion", -1)[1, -1].tolist()
    for one, row in zip(champions, kinship, strict=True):
        for other, ago in zip(champions, row, strict=True):
            common = set(trace_line(parents, one)) & set(trace_line(parents, other))
            younger = max(one, other) // cppn_evolution.children
            assert ago == (younger - max(common) // cppn_evolution.children if common else np.inf)
    assert np.isfinite(kinship).any() and (np.diag(kinship) == 0).all()


def test_evolution_makes_a_network_more_certain_than_random_images_do(lenet, cppn_evolution):
    search = evolve(lenet, RandomSearch(CppnEncoding((28, 28, 1))), generations=10, children=40, seeds=[0, 1])
    assert (search.unroll("parent", 0)[:, 0] == -1).all()
    assert np.median(cppn_evolution.log_odds) > np.median(search.log_odds) + 1
    assert np.median(cppn_evolution.log_odds) > np.median(cppn_evolution.history[:, 0]) + 3


@pytest.mark.parametrize(
    "encoding",
    [
        DirectEncoding((15, 13, 1)),
        pytest.param(CppnEncoding((15, 13, 1)), marks=pytest.mark.slow),
        pytest.param(RandomSearch(DirectEncoding((15, 13, 1))), marks=pytest.mark.slow),
    ],
    ids=["direct", "cppn", "random"],
)
def test_every_champion_that_ever_lived_is_made_again_without_the_network(make_small_network, encoding):
    """The champions of a run of g generations are told by shorter runs: those are independent of the replay."""
    network = make_small_network(encoding.image_shape)
    whole = evolve(network, encoding, generations=6, children=9, seeds=[4, 5])
    without = whole._replace(genomes=None)
    for generations in (1, 3, 6):
        shorter = evolve(network, encoding, generations=generations, children=9, seeds=[4, 5])
        for run in (0, 1):
            numbers = whole.unroll("champion", -1)[run, generations]
            images = express_genomes(encoding, replay(without, run, numbers))
            np.testing.assert_array_equal(images, shorter.express(run))


def test_the_first_champions_are_random_images(cppn_evolution):
    first = find_first_champions(cppn_evolution, 1)
    assert (first < cppn_evolution.children).all()
    parents = find_parents(cppn_evolution, 1)
    assert {parents[number] for number in first.tolist()} == {-1}
    assert trace_line(parents, int(first[0])) == [int(first[0])]


def test_a_line_leads_from_a_random_image_to_the_champion(cppn_evolution):
    parents, number = find_parents(cppn_evolution), int(cppn_evolution.unroll("champion", -1)[0, -1, 3])
    line = trace_line(parents, number)
    assert line[-1] == number and parents[line[0]] == -1
    assert [parents[child] for child in line[1:]] == line[:-1]


def test_what_cannot_be_made_again_is_refused_in_one_sentence(cppn_evolution):
    with pytest.raises(ValueError, match=r"^Image 123456 never held a cell\.$"):
        replay(cppn_evolution, 0, [123456])
    crossed = cppn_evolution._replace(encoding=DirectEncoding((28, 28, 1), crossover=True))
    with pytest.raises(ValueError, match=r"^With crossover a child has a second parent"):
        replay(crossed, 0, [0])
