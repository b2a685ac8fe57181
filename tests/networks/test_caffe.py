"""Networks of Caffe: CaffeNet answers as OpenCV's reading of the same definition, and no file is taken for another."""

from __future__ import annotations

import hashlib
import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fooling.images import check_images
from fooling.networks import caffe
from fooling.networks.caffe import AUTHORS_LENET, CAFFENET, build_caffenet, load_authors_lenet, read_caffe_weights
from fooling.networks.imagenet import load_network

GOLDEN = Path(__file__).parent / "golden" / "caffenet.npz"
MAKER = runpy.run_path(str(GOLDEN.with_suffix(".py")))
TOLERANCE = 1e-3  # measured: at most 4.4e-5, of logits up to 27
LENET = {"conv1": (20, 1, 5, 5), "conv2": (50, 20, 5, 5), "ip1": (500, 800), "ip2": (10, 500)}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put a file of weights where the network called so is looked for."""

    def put_file(name: str, content: bytes) -> Path:
        path = tmp_path / caffe.FILES[name][0]
        path.write_bytes(content)
        monkeypatch.setattr(caffe, "FILES", caffe.FILES | {name: (path.name, hashlib.sha1(content).hexdigest())})
        return path

    monkeypatch.setattr(caffe, "DATA", tmp_path)
    return put_file


def draw_weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, list[np.ndarray]]:
    random = np.random.default_rng(1)
    return {
        name: [random.standard_normal(sides, np.float32) for sides in (shape, shape[:1])]
        for name, shape in shapes.items()
    }


@pytest.mark.slow
def test_caffenet_gives_the_logits_that_opencv_computes_from_the_same_file(put):
    put(CAFFENET, MAKER["pack_weights"](MAKER["make_weights"]()))
    network = load_network("CaffeNet")
    assert (network.image_shape, network.outputs, len(network.class_names)) == ((227, 227, 3), "logits", 1000)
    with np.load(GOLDEN, allow_pickle=False) as file:
        golden = file["logits"]
    assert golden.shape == (4, 1000) and np.ptp(golden, axis=1).min() > 15.0
    images = check_images(MAKER["SQUEEZENET"]["make_images"](), network.image_shape)
    np.testing.assert_allclose(network.logits(images), golden, rtol=0, atol=TOLERANCE)


def test_caffenet_has_the_papers_parameters_and_is_saved_and_loaded(tmp_path):
    network = build_caffenet()
    assert network.count_params() == 60_965_224
    config = network.to_json()
    assert keras.models.model_from_json(config).count_params() == 60_965_224


@pytest.mark.parametrize("first_format", [False, True])
def test_both_formats_of_caffe_are_read(first_format):
    weights = draw_weights(LENET)
    read = read_caffe_weights(MAKER["pack_weights"](weights, first_format))
    assert read.keys() == weights.keys()
    for name, arrays in weights.items():
        for ours, theirs in zip(read[name], arrays, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_lenet_of_caffe_computes_what_its_layers_say(put):
    weights = draw_weights(LENET)
    put(AUTHORS_LENET, MAKER["pack_weights"](weights, first_format=True))
    network = load_authors_lenet()
    assert network.model.count_params() == 431_080
    image = np.random.default_rng(2).random((28, 28), np.float32)
    x = image[None] * np.float32(255 / 256)  # (channels, height, width), as Caffe has it
    for name in ("conv1", "conv2"):
        kernel, bias = weights[name]
        windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(1, 2))
        x = np.einsum("chwij,ocij->ohw", windows, kernel, optimize=True) + bias[:, None, None]
        x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2).max(axis=(2, 4))
    x = np.maximum(weights["ip1"][0] @ x.ravel() + weights["ip1"][1], 0.0)
    logits = weights["ip2"][0] @ x + weights["ip2"][1]
    np.testing.assert_allclose(network.logits(image[None, :, :, None])[0], logits, rtol=1e-4)


def test_without_its_file_a_network_says_what_to_put_where(put):
    with pytest.raises(
        ValueError, match=r"^CaffeNet is not carried .* put bvlc_reference_caffenet\.caffemodel into data/"
    ):
        load_network("CaffeNet")
    with pytest.raises(ValueError, match=r"^the authors' LeNet is not carried .* put lenet_iter_10000 into data/"):
        load_authors_lenet()


def test_another_file_is_refused(put):
    path = put(AUTHORS_LENET, MAKER["pack_weights"](draw_weights(LENET)))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ValueError, match=r"^data/lenet_iter_10000 has SHA-1 .*: the file is not the one known\.$"):
        load_authors_lenet()


@given(st.binary(max_size=200))
def test_whatever_bytes_are_read_as_arrays_or_refused(content):
    try:
        weights = read_caffe_weights(content)
    except ValueError as error:
        assert str(error) == "These are not the weights of a Caffe network."
    else:
        assert all(isinstance(array, np.ndarray) for arrays in weights.values() for array in arrays)
