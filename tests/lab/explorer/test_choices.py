"""What a person may type, and which networks are there."""

from __future__ import annotations

import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.files import read_arrays, write_arrays
from fooling.lab.explorer.choices import count_children, list_finished, list_networks, read_classes
from fooling.networks.imagenet import NAMES, class_names
from fooling.networks.lenet import train_network

ANIMALS = ("tabby cat", "Siamese cat", "dog", "12")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", (0, 1, 2, 3)),
        (" ", (0, 1, 2, 3)),
        ("dog, 0", (2, 0)),
        ("siamese CAT,dog,, dog", (1, 2)),
        ("12", (3,)),  # a name comes before a number
    ],
)
def test_classes_are_names_or_numbers_each_once(text, expected):
    assert read_classes(text, ANIMALS) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("4", "no class 4; they are numbered from 0 to 3"),
        ("dgo", "did you mean dog"),
        ("siamese", "did you mean siamese cat"),
        ("whale", "classes are, for example, tabby cat and 12"),
    ],
)
def test_class_that_there_is_not_is_told_with_one_that_there_is(text, told):
    with pytest.raises(ValueError, match=told):
        read_classes(text, ANIMALS)


def test_classes_of_imagenet_are_found_by_the_first_of_their_names():
    assert read_classes("daisy, 967", class_names()) == (985, 967)


@pytest.mark.slow
def test_digit_networks_are_offered_once_they_are_trained_and_those_that_are_published(tmp_path, digits):
    nowhere = tmp_path / "nowhere"
    assert tuple(list_networks(digits, 50, tmp_path, nowhere)) == NAMES
    trained = train_network("LeNet", digits, 50, tmp_path)
    assert tuple(list_networks(digits, 100, tmp_path, nowhere)) == NAMES
    networks = list_networks(digits, 50, tmp_path, tmp_path)
    assert tuple(networks) == ("LeNet", "LeNet, published", *NAMES)
    for name in ("LeNet", "LeNet, published"):
        again = networks[name]()
        assert (again.name, again.fingerprint()) == (name, trained.fingerprint())


def test_finished_runs_of_this_network_and_encoding_are_offered_the_longest_first(make_small_network, tmp_path):
    network, encoding = make_small_network((9, 9, 1)), DirectEncoding((9, 9, 1))

    def run(generations, seeds, classifier=network, encoding=encoding, children=7, folder="mine"):
        sizes = {"generations": generations, "children": children, "seeds": seeds}
        return evolve(classifier, encoding, **sizes, folder=tmp_path / folder)

    def offered(*folders):
        return list_finished([tmp_path / name for name in folders], network, encoding)

    assert offered("mine", "published") == {}
    run(2, [4, 1])
    run(9, [0], folder="published")
    run(3, [5], classifier=make_small_network((9, 9, 1), classes=4))
    run(3, [5], encoding=CppnEncoding((9, 9, 1)))
    found = offered("mine", "published")
    told = [label.partition(", median ")[0] for label in found]
    assert told == ["70 images of seed 0", "21 images of seed 4"], "of runs side by side, the first"
    assert [(one.seeds.tolist(), one.generations) for one in found.values()] == [([0], 9), ([4], 2)]
    (path,) = (tmp_path / "published").glob("*/result.npz")
    bare = {name: part for name, part in read_arrays(path).items() if not name.startswith("genome_")}
    write_arrays(path, bare)
    assert len(offered("mine", "published")) == 1, "genomes may be too large to be published"


def test_generation_of_a_large_network_is_one_batch(make_small_network):
    small, large = make_small_network((15, 13, 1)), make_small_network((224, 224, 3))
    assert count_children(small) == 100
    assert count_children(large) == large.batch == 20
