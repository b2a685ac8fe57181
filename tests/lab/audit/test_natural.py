"""Real images: every picture in its class, as the network sees it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import UNKNOWN
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.natural import draw_places, find_label, load_natural, read_picture, split_natural

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


def test_pictures_get_the_class_of_their_folder(colour_folder) -> None:
    found = load_natural(colour_folder, SHAPE, NAMES, most=100, seed=0)
    assert found.images.shape == (30, *SHAPE) and found.images.dtype == np.uint8
    assert np.bincount(found.labels).tolist() == [10, 10, 10] and found.labelled
    assert (found.images.mean(axis=(1, 2)).argmax(axis=1) == found.labels).all()


def test_a_flat_folder_has_no_labels_and_grey_networks_get_grey(colour_folder) -> None:
    found = load_natural(colour_folder / "red", (8, 9, 1), NAMES, most=100, seed=0)
    assert found.images.shape == (10, 8, 9, 1)
    assert (found.labels == UNKNOWN).all() and not found.labelled


def test_the_middle_is_cut_out_and_nothing_is_stretched(tmp_path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255  # the middle square of three
    pixels[0, 10] = pixels[9, 19] = 7  # its corners
    Image.fromarray(pixels).save(tmp_path / "a.bmp")
    assert np.array_equal(read_picture(tmp_path / "a.bmp", (10, 10, 3)), pixels[:, 10:20])
    assert read_picture(tmp_path / "a.bmp", (5, 15, 1))[:, [0, -1]].max() == 0


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "CMYK"])
def test_pictures_of_any_kind_are_read(tmp_path, mode) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (20, 20), (200, 200, 200)).convert(mode).save(path)
    assert read_picture(path, (6, 6, 3)).shape == (6, 6, 3)
    assert read_picture(path, (6, 6, 1)).shape == (6, 6, 1)


def test_folders_may_be_named_by_number_but_a_name_comes_first() -> None:
    assert find_label("2", NAMES) == 2
    assert find_label("1", ("1", "0")) == 0
    with pytest.raises(AuditError, match="'pink' is none of the network's 3 classes: red, green, blue"):
        find_label("pink", NAMES)
    with pytest.raises(AuditError):
        find_label("3", NAMES)


def test_empty_mixed_and_damaged_folders_are_refused(tmp_path, colour_folder) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no picture")
    with pytest.raises(AuditError, match="'empty' holds no pictures"):
        load_natural(tmp_path / "empty", SHAPE, NAMES, 10, 0)
    (colour_folder / "loose.png").write_bytes(b"")
    with pytest.raises(AuditError, match="holds both folders and pictures"):
        load_natural(colour_folder, SHAPE, NAMES, 10, 0)
    (colour_folder / "loose.png").rename(colour_folder / "red" / "loose.png")
    with pytest.raises(AuditError, match=r"loose\.png cannot be read as a picture"):
        load_natural(colour_folder, SHAPE, NAMES, 100, 0)


def test_of_many_images_each_class_keeps_its_share() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    chosen = draw_places(labels, 100, seed=0)
    assert (np.diff(chosen) > 0).all()
    assert np.abs(np.bincount(labels[chosen]) - [60, 30, 10]).max() <= 1
    assert (draw_places(labels, 100, seed=0) == chosen).all()
    assert (draw_places(labels, 100, seed=1) != chosen).any()
    assert (draw_places(labels, 2_000, seed=0) == np.arange(1_000)).all()


def test_halves_share_nothing_and_each_label_is_halved() -> None:
    labels = np.repeat([0, 1], [40, 10])
    fitted, measured = split_natural(labels, seed=3)
    assert sorted([*fitted, *measured]) == list(range(50))
    assert np.abs(np.bincount(labels[fitted]) - [20, 5]).max() <= 1
