"""Tiny trainings, and what networks are asked: assessments, crops, ensembles, photographs, certainty."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import package
from inputs import COLOUR, colour_network, digit_network, draw_blots, few_digits
from recording import Arrays, case, list_arrays

ASSESSED = ("error", "confidences", "correct", "top_five_error")  # the calibration of an assessment is a page's number


def train(name: str) -> Arrays:
    """Train one of the digit networks for 20 steps, save it and load it again."""
    with TemporaryDirectory() as folder:
        classifier = package.lenet.train_network(name, few_digits(), 20, Path(folder))
    weights = {f"weight.{place}": part for place, part in enumerate(classifier.model.get_weights())}
    return weights | {"log_odds": classifier.score(few_digits().test_images[:20])}


@case()
def train_lenet() -> Arrays:
    return train("LeNet")


@case(slow=True)
def train_relu_network() -> Arrays:
    return train("ReLU network")


@case("train", "test", "chosen")
def digits() -> Arrays:
    every = few_digits()
    arrays = list_arrays(every)
    for size, seed in ((20, 0), (50, 0), (50, 1)):
        chosen = package.choose_digits(every, size, seed)
        arrays |= {f"chosen.{size}.{seed}": chosen.train_images, f"chosen_labels.{size}.{seed}": chosen.train_labels}
    return arrays


def answer(classifier: package.Classifier, images: np.ndarray) -> Arrays:
    """Ask a network in every way."""
    return {"log_odds": classifier.score(images), "confidences": classifier.confidences(images)}


@case()
def answers() -> Arrays:
    images = few_digits().test_images
    centred = package.lenet.subtract_mean(digit_network(), few_digits().train_images)
    assessed = package.assess(digit_network(), images, few_digits().test_labels)
    return {
        **list_arrays(answer(digit_network(), images), "lenet."),
        **list_arrays(answer(centred, images), "centred."),
        **{f"assessed.{part}": np.asarray(getattr(assessed, part)) for part in ASSESSED},
    }


@case()
def answers_of_crops_and_ensembles() -> Arrays:
    crops = package.average_ten_crops(colour_network())
    ensemble = package.average_networks([colour_network(), colour_network(20, 8), colour_network(seed=9)])
    return {
        **list_arrays(answer(crops, draw_blots(6, crops.image_shape)), "crops."),
        **list_arrays(answer(ensemble, draw_blots(6)), "ensemble."),
    }


@case("crops", "whole")
def photographs() -> Arrays:
    packaged = package.load_photographs("packaged")
    crops = package.random_crops(packaged, 10, 3, (24, 20, 3))
    whole = np.concatenate(list(packaged.batches((24, 20, 3), size=5)))
    return {"crops.images": crops.images, "crops.sources": crops.sources, "whole": whole}


@case("drawn")
def certainty() -> Arrays:
    with TemporaryDirectory() as folder:
        found = package.measure_certainty(colour_network(), package.load_photographs("packaged"), 12, 0, Path(folder))
    drawn = np.concatenate(list(package.draw_random_images(package.DirectEncoding(COLOUR), 22, 5)))
    return list_arrays(found.confidences) | {"drawn": drawn}
