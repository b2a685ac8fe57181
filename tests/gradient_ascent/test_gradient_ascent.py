"""Gradient ascent against closed forms, independent oracles and itself: split, resumed, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.ndimage import gaussian_filter

from fooling.files import read_arrays, write_arrays
from fooling.gradient_ascent import ascend as ascend_module
from fooling.gradient_ascent.ascend import ascend, check_ascent, describe_ascent
from fooling.gradient_ascent.climb import NEVER, Climb, blur, drop_least, find_mean, start_climb, take_step
from fooling.gradient_ascent.records import KEPT, choose_points
from fooling.gradient_ascent.settings import L2, L2_BLUR, L2_BLUR_CLIPPING, NONE, SETTINGS, Setting
from fooling.networks.classifier import Classifier
from fooling.runs import RunFolder

SHAPE = (4, 3, 1)
RANGE = (-1.0, 1.0)  # black and white are as far from zero, so the mean image is mid-grey
MEAN = 127.5


def make_linear(
    weights: np.ndarray, outputs: str | None = None, input_range: tuple[float, float] = RANGE
) -> Classifier:
    """Return a linear network: ``(pixels, classes)`` weights, by default of inputs from −1 to 1."""
    model = keras.Sequential(
        [layers.Input(SHAPE), layers.Flatten(), layers.Dense(weights.shape[1], activation=outputs)]
    )
    model.layers[-1].set_weights([weights.astype(np.float32), np.zeros(weights.shape[1], np.float32)])
    return Classifier(model, input_range=input_range)


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def offset() -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, 5.0, (2, *SHAPE)).astype(np.float32)


def step_once(classifier: Classifier, setting: Setting, offset: np.ndarray, classes: list[int], step: int = 0) -> Climb:
    """Move images once."""
    count = len(offset)
    climb = Climb(tf.constant(offset), tf.constant(offset), tf.fill([count], -np.inf), tf.fill([count], NEVER), step)
    mean = find_mean(classifier)
    return take_step(classifier, setting, mean, climb, tf.constant(classes, tf.int32), tf.constant(999))[0]


def expected_step(weights: np.ndarray, setting: Setting, offset: np.ndarray, target: int) -> np.ndarray:
    """Return where the released code's rule moves an image of two linear classes, in float64, unregularised."""
    direction = (weights[:, target] - weights[:, 1 - target]).astype(np.float64) * 2.0 / 255.0
    z = offset.ravel().astype(np.float64) @ direction
    p = 1.0 / (1.0 + np.exp(-z))
    gradient = p * (1.0 - p) * direction
    desired = min(setting.early, setting.late * (1.0 - p))
    rate = min(setting.max_rate, desired / (gradient @ gradient))
    return offset + (rate * gradient).reshape(SHAPE)


@pytest.mark.parametrize("setting", [NONE, replace(L2, decay=0.0), replace(NONE, max_rate=3.0)], ids=str)
def test_linear_network_is_climbed_exactly_along_the_difference_of_its_weights(setting, weights, offset) -> None:
    moved = step_once(make_linear(weights), setting, offset, [0, 1]).offset.numpy()
    wanted = np.stack([expected_step(weights, setting, one, target) for target, one in enumerate(offset)])
    np.testing.assert_allclose(moved, wanted, rtol=1e-5, atol=1e-5)
    assert np.abs(moved - offset).max() > 0.01


def test_gradient_is_by_grey_levels_and_not_by_the_networks_inputs(weights, offset) -> None:
    capped = replace(NONE, max_rate=1.0)  # then the step is the gradient itself
    p = 1.0 / (1.0 + np.exp(-offset[0].ravel() @ (weights[:, 0] - weights[:, 1]) * 2.0 / 255.0))
    moved = step_once(make_linear(weights), capped, offset[:1], [0]).offset.numpy()
    wanted = p * (1.0 - p) * (weights[:, 0] - weights[:, 1]) * 2.0 / 255.0
    np.testing.assert_allclose((moved - offset[:1]).ravel(), wanted, atol=1e-6)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_one_step_of_each_setting_is_what_other_code_computes(setting: Setting, weights, offset) -> None:
    wanted = expected_step(weights, setting, offset[0], 0) * (1.0 - setting.decay)
    if setting.blur_radius:
        wanted[..., 0] = gaussian_filter(wanted[..., 0], setting.blur_radius)
    direction = (weights[:, 0] - weights[:, 1]).reshape(SHAPE)
    for percentage, values_of in (
        (setting.small_norm, lambda: np.abs(wanted)),
        (setting.small_benefit, lambda: np.abs(direction * wanted)),
    ):
        if percentage:
            values = values_of()
            wanted[values < np.percentile(values, percentage)] = 0.0
    moved = step_once(make_linear(weights), setting, offset[:1], [0]).offset.numpy()[0]
    np.testing.assert_allclose(moved, wanted, rtol=1e-4, atol=1e-4)
    assert (setting.small_norm > 0) == (moved == 0.0).any()


def test_l2_alone_shrinks_the_distance_from_the_mean_by_the_decay(weights, offset) -> None:
    still = replace(L2, max_rate=0.0)
    moved = step_once(make_linear(weights), still, offset, [0, 1]).offset.numpy()
    np.testing.assert_allclose(moved, 0.99 * offset, rtol=1e-6)


def test_blur_comes_every_so_many_steps_and_first_at_step_0(weights, offset) -> None:
    blurring = replace(L2_BLUR, max_rate=0.0, decay=0.0)
    network = make_linear(weights)
    sharp = [step_once(network, blurring, offset, [0, 1], step).offset.numpy() for step in range(4)]
    assert [np.array_equal(one, offset) for one in sharp] == [False, True, False, True]


@pytest.mark.parametrize("radius", [0.3, 0.4, 1.5])
def test_blur_is_that_of_scipy(radius: float) -> None:
    images = np.random.default_rng(0).normal(0.0, 40.0, (2, 9, 7, 3)).astype(np.float32)
    wanted = gaussian_filter(images, (0, radius, radius, 0))
    np.testing.assert_allclose(blur(tf.constant(images), radius).numpy(), wanted, atol=1e-4)


@pytest.mark.parametrize("percentage", [10.0, 20.0, 33.3, 99.0])
def test_pixels_below_the_percentile_become_the_mean_image(percentage: float) -> None:
    images = np.random.default_rng(0).normal(size=(3, 6, 7, 3)).astype(np.float32)
    norms = np.linalg.norm(images, axis=-1)
    kept = np.stack([norm >= np.percentile(norm, percentage) for norm in norms])
    dropped = drop_least(tf.constant(images), tf.constant(norms), percentage).numpy()
    np.testing.assert_array_equal(dropped, np.where(kept[..., None], images, 0.0))


def test_a_flat_image_loses_no_pixel_to_clipping() -> None:
    flat = tf.ones([1, 5, 5, 1])
    np.testing.assert_array_equal(drop_least(flat, flat[..., 0], 20.0), flat)


def test_a_constant_network_stops_at_once_with_a_record() -> None:
    constant = make_linear(np.zeros((12, 4), np.float32))
    ascent = ascend(constant, L2, None, [0], steps=6)
    assert (ascent.stopped == 0).all()
    np.testing.assert_allclose(ascent.curves, -np.log(3.0), rtol=1e-6)
    assert (ascent.best_step == 0).all()
    np.testing.assert_array_equal(ascent.best_images, ascent.last_images)  # not even L2 moves them


def test_from_a_zero_start_the_image_without_a_gradient_stays_and_the_others_go_on(weights) -> None:
    # At the mean image, here black, the second and third score are equal, and the first class is level.
    signs = np.sign(weights[:, 0])  # whose products are exact
    opposed = np.stack([np.zeros(12), signs, -signs], axis=1)
    network = make_linear(opposed, input_range=(0.0, 1.0))
    ascent = ascend(network, replace(NONE, noise=0.0), [0, 1, 2], [0], steps=30)
    assert ascent.stopped.tolist() == [[0, NEVER, NEVER]]
    assert np.ptp(ascent.curves[0, 0]) == 0.0
    assert (np.diff(ascent.curves[0, 1:]) > 0.0).all()
    assert (ascent.last_images[0, 0] == 0).all()
    assert ascent.last_images[0, 1:].any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("outputs", [None, "softmax"])
def test_a_saturated_softmax_is_never_nan(weights, outputs: str | None) -> None:
    network = make_linear(1_000.0 * weights, outputs)
    ascent = ascend(network, replace(L2_BLUR_CLIPPING, noise=60.0), None, range(4), steps=8)
    for name in KEPT:
        assert not np.isnan(getattr(ascent, name)).any(), name
    assert ascent.curves.max() > 17.0  # where 1 − p is nothing in float32


def test_where_float32_rounds_p_to_1_the_image_still_climbs(weights) -> None:
    difference = (weights[:, 0] - weights[:, 1]).astype(np.float64)
    offset = np.clip(1_000.0 * difference, -MEAN, MEAN).astype(np.float32)
    certain = 40.0 / float(offset @ difference * 2.0 / 255.0)  # log-odds of 40, and 1 − p is 4e-18
    network = make_linear(certain * weights)
    climb = step_once(network, replace(NONE, max_rate=1e30), offset.reshape(1, *SHAPE) * 0.9, [0])
    gained = float(climb.offset.numpy().ravel() @ (certain * difference) * 2.0 / 255.0) - 36.0
    assert climb.stopped.numpy().tolist() == [NEVER]
    assert gained == pytest.approx(NONE.late, rel=1e-2)  # a step of late · (1 − p) in p is late in log-odds


def test_a_network_of_nan_leaves_a_record_of_nothing() -> None:
    inputs = layers.Input(SHAPE)
    scores = keras.ops.log(layers.Dense(3, use_bias=False)(layers.Flatten()(inputs)) * 0.0 - 1.0)
    ascent = ascend(Classifier(keras.Model(inputs, scores)), NONE, None, [0], steps=3)
    assert (ascent.stopped == 0).all() and np.isneginf(ascent.curves).all()
    assert (ascent.first[..., 1:] == NEVER).all()


def test_mean_image_is_what_the_network_takes_for_zero(weights, make_small_network: Callable[..., Any]) -> None:
    assert find_mean(make_linear(weights)) == MEAN
    assert find_mean(make_small_network()) == 0.0
    assert find_mean(replace(make_small_network(), input_range=(-127.0 / 128.0, 1.0))) == pytest.approx(127.0)


def test_mean_image_is_seen_through_a_first_layer_that_rescales() -> None:
    for scale, offset, mean in ((1.0, [-90.0, -120.0, -150.0], 120.0), (2.0, -100.0, 50.0), (1.0, 30.0, 0.0)):
        head = [layers.Rescaling(scale, offset), layers.Flatten(), layers.Dense(2)]
        model = keras.Sequential([layers.Input((4, 4, 3)), *head])
        assert find_mean(Classifier(model, input_range=(0.0, 255.0))) == pytest.approx(mean)


def test_start_is_noise_of_one_grey_level_that_depends_on_seed_and_class_alone() -> None:
    start = start_climb(NONE, 100.0, (40, 40, 3), np.array([[0, 7], [1, 7], [0, 8], [0, 7]])).offset.numpy()
    np.testing.assert_array_equal(start[0], start[3])
    assert abs(start[:3].std() - 1.0) < 0.02 and abs(start[:3].mean()) < 0.02
    assert np.abs(np.corrcoef(start[:3].reshape(3, -1))[np.triu_indices(3, 1)]).max() < 0.05
    assert start_climb(NONE, 0.0, (40, 40, 1), np.array([[0, 0]])).offset.numpy().min() == 0.0


SAME = tuple(name for name in KEPT if name != "curve_steps")


def test_an_image_climbs_alike_alone_and_among_many(lenet: Any) -> None:
    many = ascend(lenet, L2_BLUR, None, range(5), steps=5)
    for seed, index in ((4, 9), (1, 7)):  # the last of 50, and one between
        alone = ascend(lenet, L2_BLUR, [index], [seed], steps=5)
        for name in SAME:
            np.testing.assert_array_equal(getattr(alone, name)[0, 0], getattr(many, name)[seed, index], err_msg=name)


class StopError(Exception):
    """Stands for a kill."""


def stop_after(steps: int) -> Callable[[int], None]:
    """Return a counter that raises once so many images × steps are done."""
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if done >= steps:
            raise StopError

    return count


def ignore(more: int) -> None:
    """Count nothing."""


@pytest.mark.parametrize("stop", [200, 64 * 8, 64 * 8 + 10])
def test_chunks_and_a_stop_between_them_change_nothing(
    make_small_network: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    network = make_small_network()
    images = 5 * 14  # more than one batch
    whole = ascend(network, L2_BLUR, None, range(14), 8, None, ignore)
    monkeypatch.setattr(ascend_module, "CHUNK_PIXELS", 3 * 64 * 15 * 13)
    arguments = (network, L2_BLUR, None, range(14), 8, tmp_path)
    with pytest.raises(StopError):
        ascend(*arguments, stop_after(stop))
    counted: list[int] = []
    resumed = ascend(*arguments, counted.append)
    assert sum(counted) == images * 8 and max(counted) < images * 8
    for name in KEPT:
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name), err_msg=name)
    again: list[int] = []
    ascend(*arguments, again.append)
    assert again == [images * 8]  # read, not computed


def test_a_checkpoint_of_another_step_or_shape_is_refused_and_the_one_before_is_used(
    make_small_network: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(ascend_module, "CHUNK_PIXELS", 64 * 15 * 13)
    setup = check_ascent(make_small_network(), L2_BLUR, [0], [0], 8)
    with pytest.raises(StopError):
        ascend(*setup, tmp_path, stop_after(4))
    before, newest = sorted(tmp_path.glob("*/checkpoint-*.npz"))
    run, kept = RunFolder(newest.parent), newest.read_bytes()
    assert len(ascend_module._load_checkpoint(run, setup).trace.log_odds) == int(newest.stem[-2:])
    newest.with_name("checkpoint-00000007.npz").write_bytes(kept)
    assert len(ascend_module._load_checkpoint(run, setup).trace.log_odds) == int(newest.stem[-2:])
    assert "is of another batch or of another step: checkpoint" in capsys.readouterr().out
    arrays = {name: part for name, part in read_arrays(newest).items() if name != "run"}  # as they were before
    write_arrays(newest, {**arrays, "climb_stopped": np.zeros(64)})
    assert len(ascend_module._load_checkpoint(run, setup).trace.log_odds) == int(before.stem[-2:])
    words = f"holds arrays of other names, shapes or types than this run's: {before.name} is used instead"
    assert words in capsys.readouterr().out


def test_another_setting_seed_class_or_number_of_steps_is_another_run(make_small_network: Any) -> None:
    network = make_small_network()
    requests = [
        check_ascent(network, setting, classes, seeds, steps)
        for setting, classes, seeds, steps in (
            (NONE, [0], [0], None),
            (NONE, [0], [1], None),
            (NONE, [1], [0], None),
            (NONE, [0], [0], 2),
            (replace(NONE, late=0.2), [0], [0], None),
        )
    ]
    assert len({json.dumps(describe_ascent(request)) for request in (*requests, requests[0])}) == 5


def test_confidence_rises_on_lenet_within_three_steps(lenet: Any) -> None:
    ascent = ascend(lenet, NONE, None, [0, 1], steps=4)
    assert (ascent.curves[..., 3] > ascent.curves[..., 0]).all()


def test_records_agree_with_the_classifier_and_with_one_another(lenet: Any) -> None:
    hasty = replace(NONE, early=0.3, late=0.9)
    ascent = ascend(lenet, hasty, None, range(2), steps=40)
    for kind in ("best", "last"):
        images = getattr(ascent, f"{kind}_images")
        assert images.dtype == np.uint8
        scores = lenet.score(images.reshape(-1, *lenet.image_shape)).reshape(2, 10, 10)
        np.testing.assert_allclose(getattr(ascent, f"{kind}_rounded"), np.einsum("skk->sk", scores), atol=1e-3)
    np.testing.assert_array_equal(ascent.last_leads, scores.argmax(axis=2) == np.arange(10))
    np.testing.assert_array_equal(ascent.curve_steps, np.arange(40))
    for place, level in ((1, 0.99), (2, 0.999), (3, 0.9999)):
        passed = ascent.curves >= np.log(level / (1.0 - level))
        first = np.where(passed.any(axis=2), passed.argmax(axis=2), NEVER)
        np.testing.assert_array_equal(ascent.first[..., place], first)
        assert (first > 0).any()
    leads = ascend(lenet, hasty, [3], [1], steps=1 + int(ascent.first[1, 3, 0]))
    assert leads.last_leads.all() and leads.first[0, 0, 0] == leads.steps - 1
    np.testing.assert_array_equal(ascent.best_step, ascent.curves.argmax(axis=2))
    np.testing.assert_array_equal(ascent.best_log_odds, ascent.curves.max(axis=2))
    np.testing.assert_array_equal(ascent.last_log_odds, ascent.curves[..., -1])


def test_points_of_a_curve_are_few_and_hold_both_ends() -> None:
    assert choose_points(1).tolist() == [0]
    assert choose_points(20).tolist() == list(range(20))
    for steps in (500, 1_000, 1_500):
        points = choose_points(steps)
        assert (len(points), points[0], points[-1]) == (101, 0, steps - 1)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"classes": [10]}, "whole numbers from 0 to 9"),
        ({"seeds": [0, 0]}, "different whole numbers"),
        ({"seeds": []}, "at least one"),
        ({"steps": 0}, "at least 1, but 0"),
        ({"setting": replace(NONE, blur_radius=9.0)}, "wider than images"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(lenet: Any, change: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        ascend(**{"classifier": lenet, "setting": NONE, "classes": None, "seeds": [0], **change})


@pytest.mark.parametrize(
    "change", [{"decay": 1.1}, {"steps": 0}, {"small_norm": 100.0}, {"early": np.nan}, {"blur_radius": -1.0}]
)
def test_a_setting_that_makes_no_sense_cannot_be_built(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(NONE, **change)
