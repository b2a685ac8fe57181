"""What a network's answers tell of a folder: the order of classes that are numbers, and the way to resize."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fooling.lab.audit.asking import doubt_resize, open_natural

SIDE = 8


@pytest.fixture(scope="module")
def levels():
    """Return a classifier of 12 grey levels, the outputs in the order of the levels, for pixels from 0 to 255."""
    import keras
    from keras import layers

    from fooling.networks.classifier import Classifier

    level = (np.arange(12) / 12 + 1 / 24).astype(np.float32)
    inputs = layers.Input((SIDE, SIDE, 1))
    dense = layers.Dense(12)
    scores = dense(layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(inputs)))
    dense.set_weights([4000 * level[None], -2000 * level**2])
    return Classifier(keras.Model(inputs, scores), input_range=(0.0, 255.0)), level


@pytest.mark.parametrize("order", ["numbers", "words"])
@pytest.mark.parametrize("known", [True, False], ids=["right range", "range not known yet"])
def test_classes_that_are_numbers_are_taken_in_the_order_that_the_network_knows(tmp_path, levels, order, known) -> None:
    from dataclasses import replace

    classifier, level = levels
    classifier = classifier if known else replace(classifier, input_range=(0.0, 1.0))
    names = sorted(map(str, range(12)), key=int if order == "numbers" else str)
    for place, name in enumerate(names):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("L", (SIDE, SIDE), round(255 * level[place])).save(tmp_path / name / f"{number}.png")
    named, natural = open_natural(classifier, (), str(tmp_path), 100, 0, "stretch")
    assert list(named.class_names) == names
    right = replace(named, input_range=(0.0, 255.0)).score(natural.images).argmax(axis=1) == natural.labels
    assert right.all() and len(right) == 36
    assert f"taken in the order of {order} (Keras takes words: 0, 1, 10, 2)" in natural.said[-1]
    assert f"100.0% in the order of {order}" in natural.said[-1] and "not enough" not in natural.said[-1]


def test_a_network_that_is_right_in_no_order_is_taken_in_kerass_and_it_is_said(tmp_path, levels) -> None:
    for name in map(str, range(12)):
        (tmp_path / name).mkdir()
        Image.new("L", (SIDE, SIDE), 128).save(tmp_path / name / "a.png")
    named, natural = open_natural(levels[0], (), str(tmp_path), 100, 0)
    assert named.class_names[:3] == ("0", "1", "10") and "taken in the order of words" in natural.said[-1]
    assert natural.said[-1].endswith("That is not enough to tell the orders apart.")


def test_names_that_are_given_or_are_no_numbers_need_no_asking(tmp_path, levels) -> None:
    classifier, _ = levels
    for name in ("0", "10", "2"):
        (tmp_path / name).mkdir()
        Image.new("L", (SIDE, SIDE)).save(tmp_path / name / "a.png")
    named, natural = open_natural(classifier, [f"class {place}" for place in range(12)], str(tmp_path), 9, 0, "stretch")
    assert natural.said == () and natural.labels.tolist() == [0, 10, 2] and named is classifier


@pytest.fixture(scope="module")
def edges():
    """Return a classifier of wide pictures that were stretched to a square: left edge bright, or right."""
    import keras
    from keras import layers

    from fooling.networks.classifier import Classifier

    inputs = layers.Input((SIDE, SIDE, 1))
    dense = layers.Dense(2)
    scores = dense(layers.Flatten()(inputs))
    weights = np.zeros((SIDE, SIDE, 2), np.float32)
    weights[:, 0, 0] = weights[:, -1, 1] = 9.0
    dense.set_weights([weights.reshape(-1, 2), np.zeros(2, np.float32)])
    return Classifier(keras.Model(inputs, scores))


@pytest.mark.parametrize(("resize", "doubted"), [("stretch", False), ("crop", True)])
def test_a_way_to_resize_that_makes_significantly_more_right_is_suggested(tmp_path, edges, resize, doubted) -> None:
    for side, name in ((0, "left"), (-1, "right")):
        (tmp_path / name).mkdir()
        for number in range(15):
            pixels = np.zeros((SIDE, 3 * SIDE), np.uint8)
            pixels[:, :3] = pixels[:, -3:] = 30 + number
            pixels[:, slice(0, 3) if side == 0 else slice(-3, None)] = 250
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    (tmp_path / "left" / "broken.png").write_bytes(b"")
    _, natural = open_natural(edges, (), str(tmp_path), 100, 0, resize)
    doubts = doubt_resize(edges, natural)
    assert len(doubts) == doubted
    if doubted:
        assert doubts[0].startswith("With --resize stretch (RESIZE) 100.0% of 30 real images are right, with crop ")
    assert doubt_resize(edges, natural._replace(paths=())) == ()
    assert doubt_resize(edges, natural._replace(labels=np.full(30, -1))) == ()
