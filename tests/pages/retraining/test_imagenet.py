"""Retraining on ImageNet, on a network of three features: what is learned, left out, found again, and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import load_photographs
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolve import evolve
from fooling.networks import head
from fooling.networks.classifier import Classifier
from fooling.pages.imagenet_cppn import claim as imagenet_cppn
from fooling.pages.retraining import digits as chain
from fooling.pages.retraining import imagenet
from fooling.pages.retraining.imagenet import Lesson
from fooling.pages.retraining.sizes import SIZES, HeadSizes

SMALL = HeadSizes(2, 2, 4, photograph_crops=12, steps=20)


@pytest.mark.parametrize("profile", SIZES)
def test_searches_are_as_long_as_on_page_08_so_that_its_runs_are_found_again(profile: str) -> None:
    own, page = SIZES[profile].imagenet, imagenet_cppn.SIZES[profile]
    for part in ("runs", "generations", "children", "network", "crops"):
        assert getattr(own, part) == getattr(page, part)


def test_last_run_is_left_out_and_finished_work_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linear_network: Classifier, breed_noise: Callable[..., Any]
) -> None:
    both = lambda run, runs: np.repeat(run.images[list(runs)], 2, axis=1)  # noqa: E731
    monkeypatch.setattr(chain, "evolve", breed_noise)
    monkeypatch.setattr(imagenet, "express_both_champions", both)
    network, photographs = linear_network, load_photographs("packaged")
    found, run = imagenet.retrain_imagenet(network, photographs, SMALL, 0, tmp_path)
    assert int(found.fooling) == 8 and int(found.natural) == 12, "first and last champions of one of two runs"
    assert found.held_out.shape == (3, 2) and int(found.photographs) == 2
    assert found.caught_first.shape == found.caught_last.shape == (4,) and found.caught_after.shape == (2, 4)
    assert found.shown.tolist() == [0, 1, 2, 3] and found.champions.shape == (4, 8, 8, 3)
    monkeypatch.setattr(chain, "evolve", None)  # any search would fail
    again, where = imagenet.retrain_imagenet(network, photographs, SMALL, 0, tmp_path)
    assert where == run and all(np.array_equal(*parts) for parts in zip(found, again, strict=True))
    assert sorted(path.name for path in run.path.iterdir()) == ["provenance.json", "result.npz", "settings.json"]


def test_first_and_last_champions_of_the_run_left_out_are_told_apart(
    make_linear_network: Callable[..., Classifier], breed_noise: Callable[..., Any]
) -> None:
    network = make_linear_network(np.eye(3, 4, k=1, dtype=np.float32), np.zeros(4))  # blue is class 3, fooling
    run = breed_noise(network, None, seeds=[0, 1], classes=(0, 1, 2), generations=2)
    left_out = np.zeros((6, 8, 8, 3), np.uint8)  # of each cell the first champion, then the last
    left_out[1::2, ..., 2] = 255
    left_out[5] = 0
    lesson = Lesson(head.Head(np.zeros((3, 4)), np.zeros(4)), np.zeros((1, 2), int), np.array(2), np.array(1), None)
    found = imagenet._measure(network, run, run, left_out, lesson, 5)
    assert found.caught_first.tolist() == [False, False, False]
    assert found.caught_last.tolist() == [True, True, False]
    assert int(found.fooling) == 5 and int(found.photographs) == 2 and int(found.natural) == 1


def test_network_photographs_sizes_and_seed_each_make_another_key(
    tmp_path: Path, note_keys: Callable[..., list[str]], make_linear_network: Callable[..., Classifier]
) -> None:
    keys = note_keys(imagenet, imagenet.RetrainedImageNet._fields)
    first, second = (make_linear_network(np.full((3, 4), part, np.float32), np.zeros(4)) for part in (0.0, 1.0))
    photographs = load_photographs("packaged")
    larger = [replace(SMALL, **{name: 7}) for name in ("runs", "generations", "children", "photograph_crops", "steps")]
    for network, chosen, sizes, seed in (
        *((first, photographs, sizes, 0) for sizes in (SMALL, *larger, replace(SMALL, crops="ten"))),
        (second, photographs, SMALL, 0),
        (first, photographs.select(slice(2)), SMALL, 0),
        (first, photographs, SMALL, 1),
    ):
        imagenet.retrain_imagenet(network, chosen, sizes, seed, tmp_path)
    assert len(set(keys)) == 10


def test_no_search_against_the_retrained_network_starts_from_images_that_it_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linear_network: Classifier, breed_noise: Callable[..., Any]
) -> None:
    asked = []

    def note(*given: Any, **request: Any) -> Any:
        asked.append(list(request["seeds"]))
        return breed_noise(*given, **request)

    monkeypatch.setattr(chain, "evolve", note)
    monkeypatch.setattr(imagenet, "express_both_champions", lambda run, runs: run.images[list(runs)])
    imagenet.retrain_imagenet(linear_network, load_photographs("packaged"), SMALL, 5, tmp_path)
    assert asked == [[5, 6], [1_005, 1_006]]


@pytest.mark.slow
def test_images_evolve_again_against_the_retrained_network(tmp_path: Path, linear_network: Classifier) -> None:
    network = linear_network
    found, _ = imagenet.retrain_imagenet(network, load_photographs("packaged"), SMALL, 0, tmp_path)
    sizes = {"generations": 2, "children": 4, "folder": tmp_path}
    same = evolve(network, CppnEncoding((8, 8, 3)), **sizes, seeds=range(2))
    assert np.array_equal(found.before, same.history), "the search against DNN1 is that of the page before"
    assert len(list(tmp_path.glob("cppn-*"))) == 2, "and is found again"
    assert not np.array_equal(found.before, found.after)


@pytest.mark.slow
def test_with_ten_crops_larger_images_evolve(tmp_path: Path, linear_network: Classifier) -> None:
    settings = replace(SMALL, crops="ten", generations=1)
    found, _ = imagenet.retrain_imagenet(linear_network, load_photographs("packaged"), settings, 0, tmp_path)
    assert found.champions.shape == (4, 9, 9, 3), "8 · 256 / 224, rounded"
    assert found.caught_after.shape == (2, 4)


def test_packaged_photographs_are_held_out_whole() -> None:
    learned, held_out = imagenet.hold_out(load_photographs("packaged"), 0)
    assert held_out.titles == imagenet.HELD_OUT and len(learned.paths) == 6
    assert not set(learned.titles) & set(held_out.titles)


def test_crops_are_as_many_as_asked_for() -> None:
    learned = load_photographs("packaged").select(slice(4, 5))  # a small one
    sizes = [len(batch) for batch in imagenet.cut_natural(learned, 250, 0, (8, 8, 3))]
    assert sizes == [200, 50]


@pytest.fixture
def coloured_folder(tmp_path: Path) -> Path:
    """Return a folder with red pictures of class 0 and green ones of class 1."""
    for label, colour in enumerate(((200, 30, 30), (30, 200, 30))):
        place = tmp_path / "photographs" / str(label)
        place.mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (20, 16), tuple(part + number for part in colour)).save(place / f"{number}.png")
    return tmp_path / "photographs"


def test_crops_of_a_folder_keep_the_teachers_answer_whatever_their_labels(
    coloured_folder: Path, tmp_path: Path, make_linear_network: Callable[..., Classifier]
) -> None:
    network = make_linear_network(np.zeros((3, 2), np.float32), np.array([1.0, 0.0]))  # calls everything 0
    settings = HeadSizes(runs=2, generations=1, children=1, photograph_crops=100, steps=300)
    blue = np.zeros((2, 8, 8, 3), np.uint8)
    blue[..., 2] = 255
    learned = imagenet.learn_fooling_class(network, load_photographs(str(coloured_folder)), blue, settings, 0, tmp_path)
    assert learned.natural == 100 and learned.photographs == 2
    assert learned.held_out.tolist() == [[0, 0]] * 25, "red and green, of which half are labelled 1"
    taught = head.add_class(network, head.split_head(network)[0], learned.head)
    assert taught.score(blue).argmax(axis=1).tolist() == [2, 2]


def test_network_photographs_fooling_images_sizes_and_seed_each_make_another_key(
    tmp_path: Path, make_linear_network: Callable[..., Classifier], note_keys: Callable[..., list[str]]
) -> None:
    keys = note_keys(imagenet, ("kernel", "bias", "held_out", "photographs", "natural"))
    first, second = (make_linear_network(np.full((3, 2), part, np.float32), np.zeros(2)) for part in (0.0, 1.0))
    photographs, black = load_photographs("packaged"), np.zeros((2, 8, 8, 3), np.uint8)
    sizes = HeadSizes(runs=2, generations=1, children=1, photograph_crops=100, steps=300)
    for network, chosen, images, some, seed in (
        (first, photographs, black, sizes, 0),
        (second, photographs, black, sizes, 0),
        (first, photographs.select(slice(2)), black, sizes, 0),
        (first, photographs, black + np.uint8(1), sizes, 0),
        (first, photographs, black, replace(sizes, photograph_crops=101), 0),
        (first, photographs, black, replace(sizes, steps=301), 0),
        (first, photographs, black, sizes, 1),
    ):
        imagenet.learn_fooling_class(network, chosen, images, some, seed, tmp_path)
    assert len(set(keys)) == 7


def test_photographs_of_a_folder_are_learned_or_held_out(coloured_folder: Path) -> None:
    photographs = load_photographs(str(coloured_folder))
    learned, held_out = imagenet.hold_out(photographs, 0)
    assert len(learned.paths) == 10 and len(held_out.paths) == 2, "one for four"
    assert not set(learned.titles) & set(held_out.titles)
    assert imagenet.hold_out(photographs, 1)[1].titles != held_out.titles
    assert len(imagenet.hold_out(photographs.select(slice(2)), 0)[1].paths) == 1
    with pytest.raises(ValueError, match="at least 2 are needed"):
        imagenet.hold_out(photographs.select(slice(0, 1)), 0)


def test_middle_of_larger_images_is_cut_out() -> None:
    images = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    assert imagenet.cut_middle(images, (2, 2, 1)).ravel().tolist() == [14, 15, 20, 21]
    assert np.array_equal(imagenet.cut_middle(images, (6, 6, 1)), images)
