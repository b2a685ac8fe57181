"""What a network sees of a photograph, and where random crops come from."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import Photographs, cut_centre, load_photographs, random_crops, read_photograph

SHAPE = (32, 32, 3)


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
