"""How fast a network is on this machine, in all that an audit does with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.population import compile_graph, describe_population
from fooling.gradient_ascent import climb
from fooling.gradient_ascent.ascend import check_ascent
from fooling.gradient_ascent.settings import NONE
from fooling.lab.audit.asking import grow_cppns

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

FEW = 16  # images that a function is timed with
GROWN = 30  # mutations before CPPNs are timed; Choice: about nine hidden nodes, as champions of the digit pages have
TIMED, ENOUGH = 2.0, 6.0  # seconds of a measurement: at least, and after which it needs no three rounds
DIRECT_PIXEL = 3e-8  # seconds to mutate and express one gene; Choice: measured on two cores, and small beside a network


class Speed(NamedTuple):
    """How long a network takes, in seconds."""

    forward: float  # for one image in a batch
    gradient: float  # for one image's confidence and gradient, in a batch of ascent
    direct: float  # to mutate and express one pixel image, beside the network
    cppn: float  # the same of one CPPN that has grown
    compile: float  # until a graph that breeds CPPNs and shows them to the network has been built


# Measured on two cores. For networks of this project the sizes follow from these numbers, not from a clock, so that
# another machine shows the same images: LeNet, and those of ImageNet.
LENET = Speed(forward=1 / 8_000, gradient=1 / 3_000, direct=1 / 40_000, cppn=1 / 10_000, compile=0.0)
IMAGENET = Speed(forward=1 / 300, gradient=1 / 100, direct=1 / 400, cppn=1 / 200, compile=0.0)


def measure_speed(classifier: Classifier) -> Speed:
    """Measure how long a network takes on this machine, in about ten seconds."""
    shape, asked = classifier.image_shape, classifier.asked is not None
    size = min(classifier.batch, FEW) if asked else classifier.batch
    images = np.random.default_rng(0).integers(0, 256, (size, *shape), np.uint8)
    started = time.monotonic()
    classifier.score(images)
    compiled = time.monotonic() - started
    # A function is not shown the same images again.
    forward = (compiled if asked else _time(lambda: classifier.score(images))) / size
    cppn, bred = _time_cppns(CppnEncoding(shape), size)
    gradient = 1.0 if asked else _time_gradient(classifier)
    return Speed(forward, gradient, math.prod(shape) * DIRECT_PIXEL, cppn / size, compiled + bred)


def _time(call: Callable[[], Any]) -> float:
    """Return the seconds of a call: the median of at least three, of fewer where one takes long."""
    taken: list[float] = []
    while sum(taken) < TIMED or (len(taken) < 3 and sum(taken) < ENOUGH):
        started = time.monotonic()
        call()
        taken.append(time.monotonic() - started)
    return float(np.median(taken))


def _time_gradient(classifier: Classifier) -> float:
    """Return the seconds for one image's gradient, in a batch as ascent makes them."""
    batch, mean = check_ascent(classifier, NONE, [0], [0], 1).batch, climb.find_mean(classifier)
    offset, classes = tf.zeros([batch, *classifier.image_shape]), tf.zeros([batch], tf.int32)
    slope = tf.function(partial(climb.measure_slope, classifier, mean)).get_concrete_function(offset, classes)
    slope(offset, classes)
    return _time(lambda: slope(offset, classes).direction.numpy()) / batch


def _time_cppns(encoding: CppnEncoding, size: int) -> tuple[float, float]:
    """Return the seconds to mutate and express so many CPPNs as large as champions become, and to build that graph."""
    genomes, seeds = grow_cppns(encoding, size, GROWN), tf.constant([[0, 0]], tf.int64)
    signature = [describe_population(encoding, None)]
    started = time.monotonic()
    breed = compile_graph(lambda some: encoding.express(encoding.mutate(some, seeds, tf.constant(1))), signature)
    breed(genomes)
    built = time.monotonic() - started
    return _time(lambda: breed(genomes).numpy()), built
