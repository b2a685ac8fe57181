"""How sure a network is of images that nobody bred, against the network asked directly."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fooling.data.photographs import load_photographs, random_crops
from fooling.networks.assessment import assess
from fooling.networks.classifier import Classifier
from fooling.pages import certainty
from fooling.pages.certainty import assess_photographs, measure_certainty

SHAPE = (12, 16, 3)


@pytest.fixture(scope="module")
def brightness() -> Classifier:
    """Return a network whose first class grows with the mean of an image, and whose second stays."""
    inputs = keras.Input(SHAPE)
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(mean), name="brightness")
    model.layers[-1].set_weights([np.full((3, 2), [4.0, 0.0], np.float32), np.array([0.0, 6.0], np.float32)])
    return Classifier(model)


def test_each_kind_gets_its_own_confidences(brightness, tmp_path) -> None:
    photographs = load_photographs("packaged")
    found = measure_certainty(brightness, photographs, 30, 3, tmp_path)
    assert list(found.confidences) == ["crops of photographs", "random CPPN images", "uniform noise"]
    crops = random_crops(photographs, 30, 3, SHAPE).images / 255.0
    odds = 4.0 * crops.mean(axis=(1, 2)).sum(axis=1) - 6.0
    expected = 1.0 / (1.0 + np.exp(-np.abs(odds)))
    np.testing.assert_allclose(found.confidences["crops of photographs"], expected, rtol=1e-5)
    assert found.confidences["uniform noise"].max() < 0.75, "hues wander, but the mean of noise lies in the middle"
    assert found.confidences["random CPPN images"].shape == (30,)


def test_second_call_reads_what_the_first_one_kept(brightness, tmp_path, monkeypatch) -> None:
    photographs = load_photographs("packaged")
    first = measure_certainty(brightness, photographs, 25, 0, tmp_path)
    monkeypatch.setattr(certainty, "random_crops", lambda *_: pytest.fail("crops were cut again"))
    again = measure_certainty(brightness, photographs, 25, 0, tmp_path)
    for label, values in first.confidences.items():
        np.testing.assert_array_equal(again.confidences[label], values)
    with pytest.raises(pytest.fail.Exception):
        measure_certainty(brightness, photographs, 25, 1, tmp_path)


def test_other_photographs_are_another_run(brightness, tmp_path) -> None:
    photographs = load_photographs("packaged")
    every = measure_certainty(brightness, photographs, 20, 0, tmp_path)
    some = measure_certainty(brightness, photographs.select(slice(2)), 20, 0, tmp_path)
    assert every.folder != some.folder
    assert not np.array_equal(every.confidences["crops of photographs"], some.confidences["crops of photographs"])


def test_labelled_photographs_are_assessed_once_and_read_again(brightness, tmp_path, monkeypatch) -> None:
    photographs = load_photographs("packaged")
    labelled = photographs._replace(labels=np.arange(8) % 2)
    found, run = assess_photographs(brightness, labelled, 1.0, tmp_path)
    direct = assess(brightness, labelled.batches(SHAPE, margin=1.0), labelled.labels)
    np.testing.assert_array_equal(found.confidences, direct.confidences)
    assert (found.error, found.top_five_error, run is not None) == (direct.error, direct.top_five_error, True)
    monkeypatch.setattr(certainty, "place_labels", lambda *args: pytest.fail("asked again"))
    assert assess_photographs(brightness, labelled, 1.0, tmp_path)[0].error == found.error
    with pytest.raises(pytest.fail.Exception):  # another cut is another question
        assess_photographs(brightness, labelled, 1.2, tmp_path)
