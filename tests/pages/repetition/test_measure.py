"""Periods that are known, changes that touch what they say, and networks whose right answer is known in closed form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.ndimage import gaussian_filter

from fooling.data.photographs import load_photographs, random_crops
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution
from fooling.evolution.takeovers import Takeovers
from fooling.networks.classifier import Classifier
from fooling.pages.repetition import measure as measuring
from fooling.pages.repetition.changes import (
    Period,
    autocorrelate,
    enlarge,
    find_ends,
    find_period,
    lay_copies,
    order_blocks,
    remove_elements,
    remove_pixels,
    shuffle_tiles,
)
from fooling.pages.repetition.measure import (
    Elements,
    Parts,
    Tiles,
    measure,
    measure_elements,
    measure_parts,
    measure_tiles,
)
from fooling.pages.repetition.pictures import (
    Pictures,
    choose_champions,
    choose_photographs,
    show_parts,
    show_removal,
    show_shuffles,
)
from fooling.runs import RunFolder

SIDE = 112


def as_image(plane: np.ndarray) -> np.ndarray:
    """Return ``(height, width)`` in [0, 1] as a colour image."""
    return np.repeat(np.rint(plane * 255)[..., None], 3, axis=-1).astype(np.uint8)


def make_grating(period: int, axis: int = 1, side: int = SIDE) -> np.ndarray:
    """Return stripes across (axis 1) or downwards (axis 0), white for the first half of each period."""
    line = (np.arange(side) % period < period / 2).astype(float)
    return as_image(np.broadcast_to(line[:, None] if axis == 0 else line, (side, side)))


def make_noise(seed: int, smooth: float = 0.0, side: int = SIDE) -> np.ndarray:
    """Return noise, or clouds of about so many pixels."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), smooth)
    return as_image((noise - noise.min()) / np.ptp(noise))


def make_unfilled(seed: int) -> np.ndarray:
    """Return an image of as many dark as light pixels, so that no pixel has its median colour."""
    pixels = np.repeat((10, 200), SIDE * SIDE // 2)
    return as_image(np.random.default_rng(seed).permutation(pixels).reshape(SIDE, SIDE) / 255)


ALONG = np.linspace(0, 1, SIDE)
DISTANCE = np.hypot(ALONG[:, None] - 0.45, ALONG - 0.55)
WITHOUT_PERIOD = {
    "constant": np.full((SIDE, SIDE), 0.3),
    "one pixel": np.eye(1, SIDE * SIDE, 5).reshape(SIDE, SIDE),
    "gradient": np.broadcast_to(ALONG, (SIDE, SIDE)),
    "blob": np.exp(-((DISTANCE / 0.1) ** 2)),
    "ring": (np.abs(DISTANCE - 0.15) < 0.03).astype(float),
    "two bars": np.broadcast_to(np.isin(np.arange(SIDE) // 8, (4, 8)), (SIDE, SIDE)).astype(float),
    "texture of 2 pixels, wide stripes": np.broadcast_to(np.arange(SIDE) % 2 * 0.01 + (ALONG > 0.5), (SIDE, SIDE)) / 2,
}


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("pixels", [8, 9, 14, 25, 37])
def test_period_of_a_grating_is_found_exactly(pixels: int, axis: int) -> None:
    found = find_period(make_grating(pixels, axis))
    assert found is not None and (found.axis, found.pixels) == (axis, pixels)
    assert autocorrelate(make_grating(pixels, axis), axis)[pixels] == pytest.approx(1.0)


@pytest.mark.parametrize("square", [8, 12])
def test_checkerboard_repeats_after_two_squares(square: int) -> None:
    tiles = np.add.outer(np.arange(SIDE) // square, np.arange(SIDE) // square) % 2
    found = find_period(as_image(tiles.astype(float)))
    assert found is not None and found.pixels == 2 * square


def test_clearer_axis_is_taken() -> None:
    across, down = make_grating(16).astype(int), make_grating(28, 0).astype(int)
    for weight, expected in ((0.8, (1, 16)), (0.2, (0, 28))):
        found = find_period((weight * across + (1 - weight) * down).astype(np.uint8))
        assert found is not None and (found.axis, found.pixels) == expected


def test_texture_below_the_smallest_element_counts_by_several() -> None:
    found = find_period(make_grating(3))
    assert found is not None and found.pixels == 9


def test_period_must_fit_three_times() -> None:
    assert find_period(make_grating(SIDE // 3)) is not None
    assert find_period(make_grating(SIDE // 3 + 1)) is None


@pytest.mark.parametrize("name", WITHOUT_PERIOD)
def test_what_does_not_repeat_has_no_period(name: str) -> None:
    assert find_period(as_image(WITHOUT_PERIOD[name])) is None


@pytest.mark.slow
def test_of_random_clouds_at_most_one_in_a_hundred_has_a_period() -> None:
    found = [find_period(make_noise(seed, 2.0 ** (seed % 5))) for seed in range(100)]
    assert sum(period is not None for period in found) <= 1


def test_autocorrelation_is_that_of_its_definition() -> None:
    image = make_noise(0, 3.0)[:40, :30]
    pixels = image - image.mean(axis=(0, 1))
    for axis in (0, 1):
        lines = np.moveaxis(pixels, axis, 0)
        for shift in (0, 1, 7, 20):
            one, other = lines[: len(lines) - shift].ravel(), lines[shift:].ravel()
            expected = one @ other / np.sqrt((one @ one) * (other @ other))
            assert autocorrelate(image, axis)[shift] == pytest.approx(expected)


def test_all_elements_kept_are_the_very_image_and_none_are_its_median() -> None:
    image = np.rint(make_noise(1) / 255.0 * make_noise(2)).astype(np.uint8)  # its median is not its mean
    empty, *_, whole = remove_elements(image, Period(0, 15))
    np.testing.assert_array_equal(whole, image)
    np.testing.assert_array_equal(empty, np.broadcast_to(np.rint(np.median(image, axis=(0, 1))), image.shape))


@pytest.mark.parametrize("axis", [0, 1])
def test_k_of_n_elements_leave_k_of_n_of_the_area(axis: int) -> None:
    image, period = make_unfilled(2), Period(axis, 11)
    count = len(find_ends(image, period)) - 1
    assert count == 10
    for kept, changed in enumerate(remove_elements(image, period)):
        same = (changed == image).all(axis=-1)
        assert same.mean() == pytest.approx(kept / count, abs=0.51 / image.shape[axis])
        line = same.all(axis=1 - axis)
        assert line[: line.sum()].all(), "what is kept is in one piece, from the left or from above"


def test_masks_have_the_stated_area_and_are_made_of_squares() -> None:
    image, block = make_unfilled(3), 10
    order = order_blocks(image.shape, block, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(order), np.arange(SIDE * SIDE))
    for area in (0, 1, 777, SIDE * SIDE):
        assert (remove_pixels(image, order[:area]) != image).all(axis=-1).sum() == area
    turn = np.argsort(order).reshape(SIDE, SIDE)  # when each pixel goes
    borders = np.flatnonzero((np.diff(turn, axis=1) != 1).any(axis=0))
    assert len(borders) in (11, 12) and (np.diff(borders) == block).all()
    inside = np.diff(turn[:, borders[0] + 1], axis=0)
    borders = np.flatnonzero(inside != block)
    assert len(borders) in (11, 12) and (np.diff(borders) == block).all()


def test_shuffling_moves_whole_tiles_and_nothing_else() -> None:
    image, grid = make_noise(4), 7
    order = np.random.default_rng(0).permutation(grid**2)
    shuffled = shuffle_tiles(image, grid, order)

    def cut(whole: np.ndarray) -> list[bytes]:
        side = SIDE // grid
        return [
            whole[row * side : (row + 1) * side, column * side : (column + 1) * side].tobytes()
            for row in range(grid)
            for column in range(grid)
        ]

    tiles = cut(image)
    assert cut(shuffled) == [tiles[place] for place in order]
    np.testing.assert_array_equal(shuffle_tiles(shuffled, grid, np.argsort(order)), image)


@pytest.mark.parametrize("number", [1, 4, 9, 16])
def test_copies_are_evenly_spaced_and_keep_their_distance(number: int) -> None:
    part = np.full((10, 10, 3), 200, np.uint8)
    plane = lay_copies(part, number, (72, 72, 3), np.array([1, 2, 3], np.uint8))
    copies = (plane == 200).all(axis=-1)
    assert copies.sum() == 100 * number
    np.testing.assert_array_equal(plane[~copies], np.broadcast_to([1, 2, 3], (72 * 72 - 100 * number, 3)))
    np.testing.assert_array_equal(copies, copies[::-1, ::-1])
    one = lay_copies(enlarge(part, 2), 1, (72, 72, 3), np.array([1, 2, 3], np.uint8))
    assert (one == 200).all(axis=-1).sum() == 400


def make_classifier(scores: Any, shape: tuple[int, int, int] = (SIDE, SIDE, 3)) -> Classifier:
    """Return a classifier of two classes from a function that makes ``(batch, 2)`` scores of images."""
    inputs = layers.Input(shape)
    return Classifier(keras.Model(inputs, scores(inputs), name="toy"))


@pytest.fixture(scope="module")
def counter() -> Classifier:
    """Return a network whose confidence in class 1 is the mean brightness."""

    def scores(images: Any) -> Any:
        mean = 0.98 * keras.ops.mean(images, axis=(1, 2, 3)) + 0.01
        return keras.ops.stack([1.0 - mean, mean], axis=1)

    return make_classifier(scores)


@pytest.fixture(scope="module")
def position_blind() -> Classifier:
    """Return 1 × 1 convolutions, then the mean over all places: a network that looks at single pixels only."""
    hidden = layers.Conv2D(4, 1, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(seed=3))
    head = layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=4))
    return make_classifier(lambda images: head(layers.GlobalAveragePooling2D()(hidden(images))))


@pytest.fixture(scope="module")
def corner() -> Classifier:
    """Return a network that sees only the brightness of the top left quarter."""

    def scores(images: Any) -> Any:
        mean = keras.ops.mean(images[:, : SIDE // 2, : SIDE // 2], axis=(1, 2, 3))
        return keras.ops.stack([1.0 - mean, mean], axis=1)

    return make_classifier(scores)


def make_bright_stripes() -> np.ndarray:
    """Return white stripes of 5 in 16 pixels, whose median is black."""
    return as_image(np.broadcast_to(np.arange(SIDE) % 16 < 5, (SIDE, SIDE)).astype(float))


def test_network_that_adds_up_brightness_loses_in_proportion(counter: Classifier) -> None:
    champions = Pictures(np.stack([make_bright_stripes()]), np.array([1]))
    measured = measure_elements(counter, champions, draws=30, seed=0)
    assert (measured.axes[0], measured.pixels[0], measured.elements[0]) == (1, 16, 7)
    share = np.arange(8) / 7
    np.testing.assert_allclose(measured.kept[0], 0.98 * 5 / 16 * share + 0.01, atol=1e-6)
    np.testing.assert_allclose(measured.masked[0].mean(axis=0), measured.kept[0], atol=0.01)
    assert measured.whole[0] == pytest.approx(measured.kept[0, -1])


def test_images_without_a_period_stay_in_their_place(counter: Classifier) -> None:
    images = np.stack([make_noise(5), make_grating(25), make_bright_stripes()])
    measured = measure_elements(counter, Pictures(images, np.ones(3, int)), draws=2, seed=0)
    np.testing.assert_array_equal(measured.elements, [0, 4, 7])
    np.testing.assert_array_equal(measured.pixels, [0, 25, 16])
    np.testing.assert_array_equal(np.isnan(measured.kept).sum(axis=1), [8, 3, 0])
    np.testing.assert_array_equal(np.isnan(measured.masked[:, 1]).sum(axis=1), [8, 3, 0])
    np.testing.assert_allclose(measured.whole, [counter.confidences(images)[place, 1] for place in range(3)])


def test_no_image_has_a_period(counter: Classifier) -> None:
    measured = measure_elements(counter, Pictures(make_noise(5)[None], np.ones(1, int)), 2, 0)
    assert measured.kept.shape == (1, 1) and np.isnan(measured.kept).all() and not measured.elements.any()


def test_network_that_is_blind_to_places_does_not_notice_shuffling(position_blind: Classifier) -> None:
    images = np.stack([make_noise(6, 8.0), make_grating(16)])
    measured = measure_tiles(position_blind, Pictures(images, np.array([0, 1])), 3, 0)
    np.testing.assert_array_equal(measured.grids, [2, 4, 7, 8, 14])
    np.testing.assert_allclose(measured.shuffled, np.broadcast_to(measured.whole[:, None, None], (2, 5, 3)), rtol=1e-5)


def test_network_that_looks_at_one_place_does(corner: Classifier) -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[: SIDE // 2, : SIDE // 2] = 255
    measured = measure_tiles(corner, Pictures(image[None], np.array([1])), 100, 0)
    assert measured.whole[0] == pytest.approx(1.0)
    assert measured.shuffled[0, 0].mean() == pytest.approx(0.25, abs=0.1), "one of four tiles, by chance"
    assert measured.shuffled[0, 4].mean() == pytest.approx(0.25, abs=0.02), "a quarter of 196 tiles"


def test_what_is_left_over_beside_whole_tiles_stays() -> None:
    image = np.random.default_rng(0).integers(0, 256, (13, 11, 3), np.uint8)
    order = np.random.default_rng(1).permutation(16)
    shuffled = shuffle_tiles(image, 4, order)
    np.testing.assert_array_equal(shuffled[:12, :8], shuffle_tiles(image[:12, :8], 4, order))
    np.testing.assert_array_equal(shuffled[12:], image[12:])
    np.testing.assert_array_equal(shuffled[:, 8:], image[:, 8:])


def test_telling_part_is_the_one_that_holds_what_counts_and_adds_up(counter: Classifier) -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[14:42, 56:84] = 255  # on the grid of parts, which moves by 14
    measured = measure_parts(counter, Pictures(image[None], np.array([1])))
    np.testing.assert_array_equal(measured.corners, [[14, 56]])
    expected = 0.98 * np.array([1, 4, 9, 16]) / 16 + 0.01
    np.testing.assert_allclose(measured.copies[0], expected, atol=1e-5)
    np.testing.assert_allclose(measured.enlarged[0], expected, atol=1e-5)
    assert measured.whole[0] == pytest.approx(expected[0])


def test_pictures_draws_and_seed_each_make_another_key(
    counter: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, kinds = [], {"elements": Elements, "tiles": Tiles, "parts": Parts}

    def note(folder: Path, label: str, settings: Any, version: object, compute: Any) -> Any:
        keys.append(json.dumps([label, settings, version], sort_keys=True))
        return dict.fromkeys(kinds[label.removeprefix("repetition-")]._fields, np.zeros(())), None

    monkeypatch.setattr(measuring, "compute_once", note)
    first, second, third = (Pictures(make_noise(seed)[None], np.ones(1, int)) for seed in range(3))
    relabelled = first._replace(classes=np.zeros(1, int))
    for champions, photographs, draws, seed in (
        (first, second, 2, 0),  # four keys
        (third, second, 2, 0),  # two more, those of the champions
        (relabelled, second, 2, 0),
        (first, third, 2, 0),  # and of the photographs, of which one has the tiles of the champions before
        (first, second, 3, 0),  # three more: parts are not drawn
        (first, second, 2, 1),
    ):
        measure(counter, champions, photographs, draws=draws, seed=seed, folder=tmp_path)
    assert len(set(keys)) == 4 + 2 + 2 + 1 + 3 + 3


def test_results_are_kept_and_depend_on_the_seed_alone(counter: Classifier, tmp_path: Path) -> None:
    champions = Pictures(np.stack([make_bright_stripes(), make_noise(7)]), np.ones(2, int))
    photographs = Pictures(make_noise(8, 4.0)[None], np.ones(1, int))
    first, again, other = (
        measure(counter, champions, photographs, draws=2, seed=seed, folder=folder)
        for seed, folder in ((0, tmp_path), (0, None), (1, None))
    )
    assert len({run.path for run in first.folders}) == 4 and again.folders == (None,) * 4
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    kept = measure(counter, champions, photographs, draws=2, seed=0, folder=tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for one in (again, kept):
        for part, same in zip(first[:4], one[:4], strict=True):
            for array, equal in zip(part, same, strict=True):
                np.testing.assert_array_equal(array, equal)
    assert (first.elements.masked[0] != other.elements.masked[0]).any()
    np.testing.assert_array_equal(first.elements.kept, other.elements.kept)
    fewer = measure(counter, champions, photographs, draws=1, seed=0, folder=None)
    np.testing.assert_array_equal(fewer.elements.masked[:, 0], first.elements.masked[:, 0])


def test_champions_are_the_most_certain_and_none_comes_twice(tmp_path: Path) -> None:
    encoding = DirectEncoding((8, 8, 3))
    folders = (RunFolder(tmp_path),) * 2
    takeovers = Takeovers(*(np.zeros(0, np.int32) for _ in Takeovers._fields))
    genomes = encoding.initialise(4, tf.constant([[4, 0], [5, 0]], tf.int64))
    genomes = type(genomes)(*(part.numpy() for part in genomes))
    places = np.array([[0, 1, 1], [3, 1, 3]], np.int32)
    log_odds = np.array([[1.0, 2.0, 4.0], [3.0, 0.0, 5.0]], np.float32)
    run = Evolution(encoding, (7, 8, 9), genomes, places, log_odds, takeovers, 1, 4, np.array([4, 5]), folders)
    champions = choose_champions(run, 3)
    np.testing.assert_array_equal(champions.classes, [9, 9, 7])
    expected = [run.express(1, [2])[0], run.express(0, [2])[0], run.express(0, [0])[0]]
    np.testing.assert_array_equal(champions.images, expected)
    assert not list(tmp_path.iterdir()), "genomes are kept, images are not"
    assert len(choose_champions(run, 99).images) == 4
    first = choose_champions(run, 2, first=[8, 99])
    np.testing.assert_array_equal(first.classes, [8, 9])  # its best run holds it in the image of class 9
    np.testing.assert_array_equal(first.images, [expected[1], expected[0]])


def test_photographs_are_cut_where_the_network_is_most_certain() -> None:
    def scores(images: Any) -> Any:  # the redder, the more certain of class 1
        red = keras.ops.mean(images[..., 0], axis=(1, 2)) - keras.ops.mean(images[..., 2], axis=(1, 2))
        return keras.ops.stack([keras.ops.zeros_like(red), 20.0 * red, -20.0 * red], axis=1)

    network = make_classifier(scores, (32, 32, 3))
    photographs = load_photographs("packaged").select(slice(0, 3))
    found = choose_photographs(network, photographs, seed=0)
    crops = random_crops(photographs, 60, 0, (32, 32, 3))
    confidences = network.confidences(crops.images)
    best = [np.max(confidences[crops.sources == place]) for place in range(3)]
    scored = network.confidences(found.images)
    np.testing.assert_allclose(scored.max(axis=1), [top for top in best if top >= 0.5], rtol=1e-5)
    np.testing.assert_array_equal(scored.argmax(axis=1), found.classes)
    assert len(found.classes) >= 2


def test_examples_are_the_images_whose_confidences_were_measured(corner: Classifier) -> None:
    champions = Pictures(np.stack([make_noise(9), make_bright_stripes()]), np.ones(2, int))
    natural = Pictures(make_noise(10, 4.0)[None], np.ones(1, int))
    measured = measure(corner, champions, natural, draws=2, seed=3, folder=None)
    tables = [
        show_removal(champions, measured.elements, [1], seed=3),
        show_shuffles(champions, measured.champion_tiles, [1, 0], seed=3),
        show_parts(natural, measured.parts),
    ]
    for images, confidences in tables:
        scored = corner.confidences(images.reshape(-1, SIDE, SIDE, 3))[:, 1]
        np.testing.assert_allclose(scored.reshape(confidences.shape), confidences, rtol=1e-5)
    assert [confidences.shape for _, confidences in tables] == [(1, 5), (2, 6), (1, 6)]
    np.testing.assert_array_equal(tables[1][0][:, 0], champions.images[[1, 0]])
