"""A folder of real images, as people have them: which folders are classes, and what is left out is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fooling.data.photographs import UNKNOWN
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.folders import find_label, open_folder

NAMES = ("red", "green", "blue")


@pytest.fixture
def fill(tmp_path):
    """Return a function that writes pictures, and other files where the ending is none of a picture's."""

    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir(exist_ok=True)
            elif path.suffix in (".png", ".PNG"):
                Image.new("RGB", (2, 2)).save(path, "png")
            else:
                path.write_bytes(b"x")
        return tmp_path / "photos"

    return write


def test_as_many_folders_as_classes_name_them_in_kerass_order(fill) -> None:
    found = open_folder(fill("b.x/1.png", "a/1.png", "a/2.PNG", "c d/1.png"), (), 3)
    assert found.class_names == ("a", "b.x", "c d") and found.labels == (0, 0, 1, 2) and found.said == ()


def test_names_that_were_given_order_the_classes_and_not_all_need_pictures(fill) -> None:
    found = open_folder(fill("blue/1.png", "red/1.png"), NAMES, 3)
    assert found.labels == (2, 0) and found.class_names == ()


def test_pictures_in_deeper_folders_count_and_links_to_folders_there_do_not(fill, tmp_path) -> None:
    root = fill("red/1.png", "red/session/2.png", "red/session/late/3.png", "green/1.png", "blue/1.png")
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "elsewhere" / "4.png")
    (root / "red" / "link").symlink_to(tmp_path / "elsewhere")
    (root / "red" / "one.png").symlink_to(tmp_path / "elsewhere" / "4.png")
    found = open_folder(root, NAMES, 3)
    assert [path.name for path, label in zip(found.paths, found.labels, strict=True) if label == 0] == [
        "1.png", "one.png", "2.png", "3.png",
    ]  # fmt: skip


def test_a_class_folder_may_be_a_link(fill, tmp_path) -> None:
    root = fill("a/1.png")
    (root / "b").symlink_to(root / "a")
    assert open_folder(root, (), 2).labels == (0, 1)


def test_what_is_beside_the_classes_is_left_out_counted_and_named(fill) -> None:
    root = fill("red/1.png", "green/1.png", "blue/1.png", "blue/notes.pdf", "blue/.DS_Store", "__MACOSX/", "loose.png")
    fill("red/._1.png", ".git/2.png", "readme.txt", "red/Thumbs.db")
    found = open_folder(root, (), 3)
    assert found.class_names == ("blue", "green", "red") and len(found.paths) == 3
    assert found.said == (
        "Left out, because they are no pictures: 4 files (readme.txt; blue/notes.pdf; red/._1.png; …).",
        "Without pictures: __MACOSX.",
        "Left out, because they lie beside the folders of classes: 1 file (loose.png).",
    )


def test_an_empty_class_counts_as_keras_counts_it(fill) -> None:
    found = open_folder(fill("a/1.png", "b/", "c/1.png"), (), 3)
    assert found.class_names == ("a", "b", "c") and found.labels == (0, 2)
    assert found.said == ("Without pictures and counted as classes, as Keras does: b.",)


@pytest.mark.parametrize(
    ("parts", "best"), [(("train", "val", "test"), "test"), (("Train", "Valid"), "Valid"), (("training",), "training")]
)
def test_parts_of_a_data_set_are_told_which_one_to_give(fill, parts, best) -> None:
    root = fill(*(f"{part}/{name}/1.png" for part in parts for name in NAMES))
    for named, classes in (((), 3), ((), 2), (NAMES, 3)):
        with pytest.raises(AuditError, match=f"the classes are folders in .*--images photos/{best} "):
            open_folder(root, named, classes)


def test_classes_that_are_called_like_parts_are_classes(fill) -> None:
    root = fill("train/1.png", "test/deep/1.png")
    assert open_folder(root, ("train", "test"), 2).labels == (1, 0)
    assert open_folder(fill("bus/1.png"), ("bus", "train", "test"), 3).labels == (0, 2, 1)


def test_a_folder_too_high_is_told_what_to_give(fill) -> None:
    root = fill(*(f"unpacked/{name}/1.png" for name in NAMES))
    with pytest.raises(
        AuditError, match=r"'unpacked' is none .*; if the folders in it are, add --images photos/unpacked"
    ):
        open_folder(root, (), 3)


def test_a_folder_that_is_no_class_says_how_to_name_them(fill) -> None:
    with pytest.raises(AuditError, match=r"'pink' is none of the network's 3 classes: red, green, blue\.$"):
        open_folder(fill("pink/1.png", "red/1.png"), NAMES, 3)
    with pytest.raises(AuditError, match=r"'pink' is none .*: 0, 1, 2; name the classes by --class-names FILE"):
        open_folder(fill("pink/1.png"), (), 3)


def test_folders_without_pictures_are_refused(fill, tmp_path) -> None:
    with pytest.raises(AuditError, match="'photos' holds no pictures"):
        open_folder(fill("red/notes.txt", "a.txt"), NAMES, 3)
    with pytest.raises(AuditError, match="no folder 'gone'"):
        open_folder(tmp_path / "gone", NAMES, 3)


def test_a_flat_folder_beside_empty_ones_has_no_labels(fill) -> None:
    assert open_folder(fill("1.png", "2.png", "__MACOSX/"), NAMES, 3).labels == (UNKNOWN, UNKNOWN)


def test_folders_may_be_named_by_number_but_a_name_comes_first() -> None:
    assert find_label("2", NAMES) == 2
    assert find_label("1", ("1", "0")) == 0
    for wrong in ("pink", "3", "²"):
        with pytest.raises(AuditError, match=f"'{wrong}' is none of the network's 3 classes: red, green, blue"):
            find_label(wrong, NAMES)


def test_a_name_is_the_same_however_its_letters_are_composed() -> None:
    assert find_label("Mo\u0308we", ("dog", "M\u00f6we")) == find_label("M\u00f6we", ("dog", "Mo\u0308we")) == 1


def test_of_equal_names_only_the_number_tells_which() -> None:
    names = ("crane (1)", "dog", "crane (2)")
    assert find_label("2", names) == find_label("crane (2)", names) == 2
    with pytest.raises(AuditError, match="'crane' may be any of the classes 0 and 2; name it by its number"):
        find_label("crane", names)


def test_a_network_of_imagenets_classes_knows_wordnets_ids() -> None:
    assert find_label("n01440764", [f"class {index}" for index in range(1_000)]) == 0
    with pytest.raises(AuditError, match="'n01440764' is none"):
        find_label("n01440764", NAMES)
