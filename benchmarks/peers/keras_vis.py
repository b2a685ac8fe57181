"""Gradient ascent on LeNet beside tf-keras-vis: image-steps a second.

Source: tf-keras-vis, ``docs/examples/visualize_dense_layer.ipynb``: ``ActivationMaximization`` with a
``CategoricalScore``, all images as one batch. It is given its best: no input modifiers and no regularisers, of which it
has some by default. Ours is a whole call of ``ascend`` without L2, records and compilation included, which is why it
takes more steps: theirs compiles nothing, so that a few show its speed as well.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from tf_keras_vis.activation_maximization import ActivationMaximization
from tf_keras_vis.utils.scores import CategoricalScore

from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.networks.classifier import Classifier
from peers.generations import build_digit_network
from peers.measure import Measured, Sizes, alternate, compare

CLASSES, SEEDS = 10, 20
THEIR_STEPS, ROUNDS = 50, 3  # at most; Choice: the whole row takes minutes
AIMS = {1: 8.0, 10: 8.0, 50: 3.5, 200: 2.5}  # of each of its batches


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure a climb of 10 classes × 20 seeds beside each of their batches."""
    warnings.filterwarnings("ignore", message="The structure of `inputs`")  # theirs wraps the images in a list
    classifier = build_digit_network()
    seeds = range(max(SEEDS // sizes.share, 1))
    sides: dict[str, tuple[int, bool, float | None]] = {
        f"batch {batch}": (max(batch // sizes.share, 1), True, aim) for batch, aim in AIMS.items()
    }
    sides["its defaults, batch 200"] = (max(CLASSES * len(seeds) // sizes.share, 1), False, None)
    theirs = min(sizes.steps, THEIR_STEPS)
    calls = {side: maximise(classifier, batch, theirs, bare) for side, (batch, bare, _) in sides.items()}
    calls["ours"] = lambda: ascend(classifier, NONE, None, seeds, sizes.steps, count_done=lambda done: None)
    work = {**{side: batch * theirs for side, (batch, *_) in sides.items()}, "ours": CLASSES * len(seeds) * sizes.steps}
    seconds = alternate(calls, min(sizes.rounds, ROUNDS))
    rates = {side: work[side] / taken for side, taken in seconds.items()}
    return Measured(
        [
            compare(f"LeNet, gradient ascent: tf-keras-vis, {side}", rates["ours"], rates[side], "image-steps/s", aim)
            for side, (_, _, aim) in sides.items()
        ]
    )


def maximise(classifier: Classifier, batch: int, steps: int, bare: bool) -> Callable[[], object]:
    """Return a function that climbs with tf-keras-vis."""
    visualisation = ActivationMaximization(classifier.model, clone=False)
    start = np.random.default_rng(0).uniform(0.0, 1.0 / 255.0, (batch, *classifier.image_shape)).astype(np.float32)
    score = CategoricalScore([image % CLASSES for image in range(batch)])
    options = {"input_modifiers": [], "regularizers": []} if bare else {}
    return lambda: visualisation(score, seed_input=start, steps=steps, input_range=(0.0, 1.0), **options)
