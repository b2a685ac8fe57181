"""Errors, confidence and calibration by examples worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fooling.confidence import Calibration
from fooling.data.photographs import load_photographs
from fooling.networks.assessment import assess


class Rehearsed:
    """Gives the confidences that it was told; an image is the number of its row."""

    def __init__(self, confidences: list[list[float]]) -> None:
        self.rows = np.float32(confidences)

    def confidences(self, images: np.ndarray) -> np.ndarray:
        return self.rows[images]


# Five images: top confidences .95 right, .91 wrong, .55 right, .52 right, .40 wrong.
ROWS = [[0.95, 0.05, 0.0], [0.04, 0.91, 0.05], [0.25, 0.20, 0.55], [0.52, 0.48, 0.0], [0.30, 0.30, 0.40]]
LABELS = np.array([0, 0, 2, 0, 1])


def test_error_and_calibration_are_those_worked_out_by_hand():
    found = assess(Rehearsed(ROWS), np.arange(5), LABELS)
    assert found.error == pytest.approx(2 / 5)
    np.testing.assert_array_equal(found.correct, [True, False, True, True, False])
    np.testing.assert_allclose(found.confidences, [0.95, 0.91, 0.55, 0.52, 0.40])
    # Every image stands in a bin of its own.
    np.testing.assert_array_equal(np.flatnonzero(found.calibration.counts), [6, 7, 8, 13, 14])
    assert found.calibration.error == pytest.approx((0.40 + 0.48 + 0.45 + 0.91 + 0.05) / 5)


def test_a_perfect_network_has_no_error():
    found = assess(Rehearsed([[1.0, 0.0], [0.0, 1.0]]), np.arange(2), np.array([0, 1]))
    assert (found.error, found.calibration.error) == (0.0, 0.0)


def test_a_trained_network_is_assessed_on_digits_it_never_saw(lenet, digits):
    found = assess(lenet, digits.test_images, digits.test_labels)
    assert found.calibration.counts.sum() == 1000
    assert found.error == pytest.approx(np.mean(~found.correct))
    assert found.error < 0.2  # after 150 steps
    assert 0 < found.calibration.error < 0.2


def test_medians_are_those_of_all_of_the_right_and_of_the_wrong_images():
    found = assess(Rehearsed(ROWS), np.arange(5), LABELS)
    assert found.median_confidence == pytest.approx(0.55)
    assert found.median_when_right == pytest.approx(0.55)  # of .95, .55, .52
    assert found.median_when_wrong == pytest.approx((0.91 + 0.40) / 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("label", "medians"), [(0, (0.9, np.nan)), (1, (np.nan, 0.9))])
def test_the_median_of_no_images_is_not_a_number(label, medians):
    found = assess(Rehearsed([[0.9, 0.1]]), np.arange(1), np.array([label]))
    np.testing.assert_allclose((found.median_when_right, found.median_when_wrong), medians, rtol=1e-6)


# Seven classes in falling order from class 6 to class 0: the label is in the first to the last place.
FALLING = [[0.02, 0.04, 0.06, 0.08, 0.1, 0.2, 0.5]] * 7


@pytest.mark.parametrize(("label", "errors"), [(6, (0, 0)), (5, (1, 0)), (2, (1, 0)), (1, (1, 1)), (0, (1, 1))])
def test_a_label_in_the_fifth_place_is_no_top_five_error_and_in_the_sixth_it_is(label, errors):
    found = assess(Rehearsed(FALLING), np.arange(1), np.array([label]))
    assert (found.error, found.top_five_error) == errors


def test_the_top_five_error_is_the_share_of_images():
    found = assess(Rehearsed(FALLING), np.arange(7), np.arange(7))
    assert found.top_five_error == pytest.approx(2 / 7) and found.error == pytest.approx(6 / 7)


def test_of_equal_confidences_the_lower_class_comes_first():
    """As `argmax` has it; a network that is certain of class 6 gives all others 0, and not all are among its best."""
    certain = [[0.0] * 6 + [1.0]] * 7
    places = [assess(Rehearsed(certain), np.arange(1), np.array([label])) for label in range(7)]
    assert [part.top_five_error for part in places] == [0, 0, 0, 0, 1, 1, 0]
    assert [part.error for part in places] == [1, 1, 1, 1, 1, 1, 0]
    undecided = assess(Rehearsed([[0.5, 0.5]] * 2), np.arange(2), np.array([0, 1]))
    np.testing.assert_array_equal(undecided.correct, [True, False])


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_batches_give_what_all_images_at_once_give(size):
    whole = assess(Rehearsed(ROWS), np.arange(5), LABELS)
    batches = (np.arange(5)[start : start + size] for start in range(0, 5, size))
    found = assess(Rehearsed(ROWS), batches, LABELS)
    for one, other in zip([*whole, *whole.calibration], [*found, *found.calibration], strict=True):
        if not isinstance(one, Calibration):
            np.testing.assert_array_equal(one, other)


def test_only_one_batch_is_held_at_a_time():
    alive = []

    class Batch(np.ndarray):
        def __del__(self) -> None:
            alive.remove(int(self[0]))

    def give_batches():
        for number in range(5):
            assert len(alive) <= 1
            alive.append(number)
            yield np.array([number]).view(Batch)

    assert len(assess(Rehearsed(ROWS), give_batches(), LABELS).correct) == 5


def test_photographs_of_a_folder_are_assessed(make_small_network, tmp_path):
    network = make_small_network((16, 16, 3), 5)
    random = np.random.default_rng(0)
    for number in range(20):
        (tmp_path / str(number % 5)).mkdir(exist_ok=True)
        pixels = random.integers(0, 256, (20, 30, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / str(number % 5) / f"{number}.png")
    photographs = load_photographs(str(tmp_path))
    found = assess(network, photographs.batches(network.image_shape, size=6), photographs.labels)
    scores = network.confidences(np.concatenate(list(photographs.batches(network.image_shape))))
    np.testing.assert_allclose(found.confidences, scores.max(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found.correct, scores.argmax(axis=1) == np.repeat(np.arange(5), 4))
    assert found.top_five_error == 0.0  # there are but five classes


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize(("count", "labels"), [(5, 4), (5, 6), (0, 5), (0, 0)])
def test_a_wrong_number_of_labels_and_no_images_are_refused(count, labels, size):
    batches = (np.arange(count)[start : start + size] for start in range(0, count, size))
    with pytest.raises(ValueError, match=rf"^There are {labels} labels for {count} images.*\.$"):
        assess(Rehearsed([*ROWS, ROWS[0]]), batches, np.zeros(labels, int))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_is_none_of_the_classes_is_refused(label):
    """−1 is how photographs say that their class is unknown: they are to be left out by name, not counted as wrong."""
    with pytest.raises(ValueError, match=f"The label {label} is not one of the network's classes, 0 to 2"):
        assess(Rehearsed(ROWS), np.arange(5), np.array([0, 1, 2, label, 0]))


def test_a_network_that_gives_nan_is_not_assessed():
    with pytest.raises(ValueError, match="confidences that are not numbers"):
        assess(Rehearsed([[0.5, np.nan, 0.5]]), np.arange(1), np.array([0]))
