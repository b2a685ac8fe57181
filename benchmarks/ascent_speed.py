"""Gradient ascent beside tf-keras-vis 0.8.7, on the same LeNet: image-steps a second.

    pip install --no-deps --target FOLDER tf-keras-vis==0.8.7 deprecated
    PYTHONPATH=FOLDER python benchmarks/ascent_speed.py

10 classes × 20 seeds, 200 steps. Ours is a whole call of ``ascend`` without L2, records and compilation included.
Theirs is ``ActivationMaximization``, which takes all images as one batch: without input modifiers and regularisers, so
that it does as little as it can, at several batches; and with those that it has by default. All sides alternate in one
process; medians of 5.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tf_keras_vis.activation_maximization import ActivationMaximization
from tf_keras_vis.utils.scores import CategoricalScore

from fooling.data.digits import load_digits
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.networks.classifier import Classifier
from fooling.networks.lenet import train_network

CLASSES, SEEDS, STEPS, REPEATS = 10, 20, 200, 5
IMAGES = CLASSES * SEEDS
BATCHES = (1, 10, 50, 200)
FEW = 1_000  # image-steps that are enough where each is slow


def climb(classifier: Classifier) -> int:
    """Climb with this project; return image-steps."""
    ascend(classifier, NONE, None, range(SEEDS), steps=STEPS, count_done=lambda done: None)
    return IMAGES * STEPS


def maximise(classifier: Classifier, batch: int, bare: bool) -> Callable[[], int]:
    """Return a function that climbs with tf-keras-vis and returns image-steps."""
    visualisation = ActivationMaximization(classifier.model, clone=False)
    start = np.random.default_rng(0).uniform(0.0, 1.0 / 255.0, (batch, *classifier.image_shape)).astype(np.float32)
    score = CategoricalScore([image % CLASSES for image in range(batch)])
    options = {"input_modifiers": [], "regularizers": []} if bare else {}
    steps = STEPS if batch * STEPS >= FEW else FEW // batch

    def run() -> int:
        visualisation(score, seed_input=start, steps=steps, input_range=(0.0, 1.0), **options)
        return batch * steps

    return run


def main() -> None:
    """Print the table."""
    warnings.filterwarnings("ignore", message="The structure of `inputs`")  # theirs wraps the images in a list
    with TemporaryDirectory() as folder:
        classifier = train_network("LeNet", load_digits("mnist"), 150, Path(folder))
    sides: dict[str, Callable[[], int]] = {"ascend": lambda: climb(classifier)}
    sides |= {f"tf-keras-vis, bare, batch {batch}": maximise(classifier, batch, True) for batch in BATCHES}
    sides[f"tf-keras-vis, its defaults, batch {IMAGES}"] = maximise(classifier, IMAGES, False)
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(REPEATS + 1):
        for name, run in sides.items():
            started = time.perf_counter()
            done = run()
            if repeat:  # the first warms up
                rates[name].append(done / (time.perf_counter() - started))
    median = {name: float(np.median(values)) for name, values in rates.items()}
    print(f"{'':38}{'image-steps/s':>14}{'ascend is':>12}")
    for name, rate in median.items():
        print(f"{name:38}{rate:14,.0f}{median['ascend'] / rate:11.1f}×")


if __name__ == "__main__":
    main()
