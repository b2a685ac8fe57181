"""What a head learns from and is tested on: photographs are held out whole, labels of a folder are learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import load_photographs
from fooling.networks import head
from fooling.networks.classifier import Classifier
from fooling.pages.retraining import imagenet as lesson
from fooling.pages.retraining.sizes import HeadSizes


def test_packaged_photographs_are_held_out_whole() -> None:
    learned, held_out = lesson.hold_out(load_photographs("packaged"), 100, 0)
    assert held_out.titles == lesson.HELD_OUT and len(learned.paths) == 6
    assert not set(learned.titles) & set(held_out.titles)


def test_crops_are_as_many_as_asked_for() -> None:
    learned = load_photographs("packaged").select(slice(4, 5))  # a small one
    sizes = [len(batch) for batch in lesson.cut_natural(learned, 250, 0, (8, 8, 3))]
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


def test_labels_of_a_folder_are_learned(
    coloured_folder: Path, tmp_path: Path, make_linear_network: Callable[..., Classifier]
) -> None:
    network = make_linear_network(np.zeros((3, 2), np.float32), np.array([1.0, 0.0]))  # calls everything 0
    settings = HeadSizes(runs=2, generations=1, children=1, photograph_crops=100, steps=300)
    blue = np.zeros((2, 8, 8, 3), np.uint8)
    blue[..., 2] = 255
    photographs = load_photographs(str(coloured_folder))
    learned = lesson.learn_fooling_class(network, photographs, blue, settings, 0, tmp_path)
    held_out = lesson.hold_out(photographs, 100, 0)[1]
    assert learned.natural == 10 and learned.photographs == len(held_out.paths) == 2
    assert np.all(learned.held_out[:, 0] == 0)
    assert np.array_equal(learned.held_out[:, 1], held_out.labels)
    taught = head.add_class(network, head.split_head(network)[0], learned.head)
    assert taught.score(blue).argmax(axis=1).tolist() == [2, 2]


def test_network_photographs_fooling_images_sizes_and_seed_each_make_another_key(
    tmp_path: Path, make_linear_network: Callable[..., Classifier], note_keys: Callable[..., list[str]]
) -> None:
    keys = note_keys(lesson, ("kernel", "bias", "held_out", "photographs", "natural"))
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
        lesson.learn_fooling_class(network, chosen, images, some, seed, tmp_path)
    assert len(set(keys)) == 7


def test_photographs_of_a_folder_are_learned_or_held_out(coloured_folder: Path) -> None:
    photographs = load_photographs(str(coloured_folder))
    learned, held_out = lesson.hold_out(photographs, 4, 0)
    assert len(learned.paths) == 4 and len(held_out.paths) == 1
    assert not set(learned.titles) & set(held_out.titles)
    with pytest.raises(ValueError, match="at least 2 are needed"):
        lesson.hold_out(photographs.select(slice(0, 1)), 4, 0)


def test_middle_of_larger_images_is_cut_out() -> None:
    images = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1)
    assert lesson.cut_middle(images, (2, 2, 1)).ravel().tolist() == [14, 15, 20, 21]
    assert np.array_equal(lesson.cut_middle(images, (6, 6, 1)), images)
