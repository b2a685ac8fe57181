"""A pixel range is not taken on trust: other ranges are tried, and a sign test decides."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fooling.lab.audit.asking import beats_chance, is_better, settle_range
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.folders import open_folder
from fooling.lab.audit.natural import NaturalImages, load_natural
from fooling.networks.classifier import Classifier

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")


def make_soft_network() -> keras.Model:
    """Return a network for pixels from 0 to 1 that is right on most images from 0 to 255, too.

    It names the strongest colour, but for pixels above 1 all except blue get less from what is over 1.
    """
    inputs = layers.Input(SHAPE)
    means = layers.GlobalAveragePooling2D()(inputs)
    above = layers.ReLU()(layers.Rescaling(1.0, offset=-1.0)(means))
    scores = layers.Dense(3, use_bias=False)
    model = keras.Model(inputs, scores(layers.Concatenate()([means, above])))
    weights = np.concatenate([np.eye(3), np.diag([0.0, 0.0, 0.6])])
    scores.set_weights([weights.astype(np.float32)])
    return model


def make_images() -> NaturalImages:
    random, labels = np.random.default_rng(0), np.arange(150) % 3
    images = random.integers(0, 100, (150, *SHAPE)).astype(np.uint8)
    images[np.arange(150), ..., labels] += random.integers(15, 60, 150).astype(np.uint8)[:, None, None]
    return NaturalImages("photos", images, labels.astype(np.int64))


def check_input_range(classifier: Classifier, natural: NaturalImages) -> str:
    """Return in words how the pixel range of a network that is known was checked."""
    return settle_range(classifier, natural, classifier.input_range, None).said


def test_a_range_is_refused_that_is_right_in_most_cases_but_in_fewer_than_another() -> None:
    model, natural = make_soft_network(), make_images()
    with pytest.raises(AuditError) as refused:
        check_input_range(Classifier(model, NAMES, "soft", (0.0, 255.0)), natural)
    wrong = float(np.mean(Classifier(model, input_range=(0, 255)).score(natural.images).argmax(1) == natural.labels))
    assert 0.6 < wrong < 0.97, "a check against chance would let this pass"
    said = str(refused.value)
    assert f"soft is right on {wrong:.1%} of 150 images of photos, but with pixels from 0 to 1 on 100.0%" in said
    assert said.endswith("(sign test, p < 0.001): add --input-range 0 1 (INPUT_RANGE).")


def test_the_right_range_is_kept_and_all_shares_are_told() -> None:
    said = check_input_range(Classifier(make_soft_network(), NAMES), make_images())
    assert said.startswith("0 to 1 as given; right on 100.0% of 150 real images; with other ranges, 0 to 255: ")
    assert ", -1 to 1: " in said and said.endswith(", not significantly more")


def test_only_images_that_one_of_two_makes_right_decide() -> None:
    other = np.zeros(100, bool)
    for gained, better in ((9, False), (10, True)):  # 1/512 and 1/1024
        assert is_better(np.arange(100) < gained, other) is better
    assert not is_better(np.arange(100) < 10, np.arange(100) == 99)  # 10 to 1: p = 12/2048
    assert not is_better(other, other) and not is_better(other, ~other)


def test_chance_is_the_commonest_class() -> None:
    labels = np.repeat([0, 1], [80, 20])
    assert not beats_chance(np.arange(100) < 80, labels, 2) and beats_chance(np.arange(100) < 97, labels, 2)


def test_a_network_that_knows_nothing_in_any_range_is_audited_and_it_is_said(colour_folder) -> None:
    inputs = layers.Input(SHAPE)
    dense = layers.Dense(3)
    model = keras.Model(inputs, dense(layers.Flatten()(inputs)))
    dense.set_weights([np.zeros((360, 3), np.float32), np.array([1.0, 0.0, 0.0], np.float32)])
    images = load_natural(open_folder(colour_folder, NAMES, 3), SHAPE, 100, 0)
    said = check_input_range(Classifier(model, NAMES), images)
    assert "right on 33.3% of 30 real images, no better than chance; with other ranges, 0 to 255: 33.3%" in said


def test_without_labels_the_range_is_taken_as_given(colour_network, colour_folder) -> None:
    images = load_natural(open_folder(colour_folder / "red", NAMES, 3), SHAPE, 100, 0)
    assert check_input_range(colour_network, images) == "0 to 1, as given; not checked, for want of labels"
