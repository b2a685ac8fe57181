"""Real images: every picture in its class, as the network sees it, and what cannot be read left out and named."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import UNKNOWN
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.folders import open_folder
from fooling.lab.audit.natural import draw_places, load_natural, split_natural

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


def read(folder, shape=SHAPE, most=100, resize="stretch"):
    return load_natural(open_folder(folder, NAMES, 3), shape, most, 0, resize)


def test_pictures_get_the_class_of_their_folder(colour_folder) -> None:
    found = read(colour_folder)
    assert found.images.shape == (30, *SHAPE) and found.images.dtype == np.uint8
    assert np.bincount(found.labels).tolist() == [10, 10, 10] and found.labelled
    assert (found.images.mean(axis=(1, 2)).argmax(axis=1) == found.labels).all()
    assert found.said == () and len(found.paths) == 30, "that they can be cut out instead of stretched"


def test_a_flat_folder_has_no_labels_and_grey_networks_get_grey(colour_folder) -> None:
    found = read(colour_folder / "red", (8, 12, 1))
    assert found.images.shape == (10, 8, 12, 1)
    assert (found.labels == UNKNOWN).all() and not found.labelled
    assert found.paths == (), "pictures of the network's own shape are the same however they are resized"


def test_pictures_are_stretched_cut_or_padded_as_asked(tmp_path) -> None:
    pixels = np.full((10, 30, 3), 200, np.uint8)
    pixels[:, 10:20] = 100  # the middle square of three
    Image.fromarray(pixels).save(tmp_path / "a.bmp")
    middle = {way: read(tmp_path, (10, 10, 3), resize=way).images[0, 5, :, 0] for way in ("stretch", "crop", "pad")}
    assert middle["crop"].tolist() == [100] * 10
    assert middle["stretch"].tolist() == [200] * 3 + [100] * 4 + [200] * 3
    assert middle["pad"].tolist() == middle["stretch"].tolist()
    assert read(tmp_path, (10, 10, 3), resize="pad").images[0, :, 0, 0].tolist() == [0] * 3 + [200] * 3 + [0] * 4
    with pytest.raises(AuditError, match="no way 'squeeze' to resize; choose one of stretch, crop, pad"):
        read(tmp_path, resize="squeeze")


def test_what_cannot_be_read_is_left_out_counted_and_named_with_its_folder(colour_folder) -> None:
    for name, content in (("0.png", b""), ("1.png", b"no picture"), ("a.jpg", b"\xff\xd8\xff")):
        (colour_folder / "blue" / name).write_bytes(content)
    (colour_folder / "green" / "notes.pdf").write_bytes(b"%PDF-1.4")
    found = read(colour_folder)
    assert np.bincount(found.labels).tolist() == [10, 10, 8] and len(found.paths) == 28
    assert (found.images.mean(axis=(1, 2)).argmax(axis=1) == found.labels).all(), "each keeps its own label"
    assert found.said[0] == "Left out, because they are no pictures: 1 file (green/notes.pdf)."
    assert found.said[1].startswith(
        "Left out, because they cannot be read: 3 files (blue/0.png: it is no picture of a known kind; blue/1.png: "
    )
    for path in colour_folder.glob("*/*.png"):
        path.write_bytes(b"")
    with pytest.raises(AuditError, match=r"^No picture in 'pictures' can be read: 31 files \(blue/0\.png: .*; …\)\.$"):
        read(colour_folder)


def test_what_is_unusual_in_pictures_is_told_in_words_and_warnings_are_not_printed(tmp_path, recwarn) -> None:
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(tmp_path / "a.png")
    Image.new("RGB", (9, 9)).quantize(4).save(tmp_path / "b.png", transparency=bytes(4))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (9, 9)).save(tmp_path / "c.jpg", exif=exif)
    Image.new("RGB", (9, 9)).save(tmp_path / "d.webp")
    said = read(tmp_path).said
    for sentence in (
        "More than 8 bits a pixel, of which the upper 8 are read: 1 of 4 pictures.",
        "Transparent parts, of which the colours beneath are read: 1 of 4 pictures.",
        "The camera was turned, which is not followed: 1 of 4 pictures.",
        "Read, though Keras's own loader passes over such kinds: 1 file (d.webp).",
    ):
        assert sentence in said
    assert not recwarn


def test_a_warning_of_pillow_is_told_by_its_words(tmp_path, monkeypatch) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")

    def warn(*_):
        warnings.warn("This is odd.\nAnd more", stacklevel=2)
        return Image.new("RGB", (9, 9))

    monkeypatch.setattr("fooling.data.pictures._decode", warn)
    assert read(tmp_path).said == ("Pillow warned: This is odd.",)


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
