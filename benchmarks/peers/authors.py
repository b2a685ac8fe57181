"""Core-seconds an image beside what the authors say of theirs, which is not run again.

Source: README of Evolving-AI-Lab/fooling, "Usage": digits "around ~5 minutes or less for 200 generations" on 4 cores,
of 200 children each as released; ImageNet "~4 days x 128 cores to run 5000 generations", which the paper's 2,000,000
images are, each seen in ten crops. Machines of 2014, Caffe on the processor; their network, CaffeNet, is not ours.
"""

from __future__ import annotations

import numpy as np

from fooling.networks.imagenet import load_network
from peers.generations import ENCODINGS, GROWN, Timed, build_digit_network, compile_generations
from peers.measure import Measured, Row, Sizes, alternate, compare, count_cores

DIGITS = 5 * 60 * 4 / (200 * 200)  # core-seconds an image
IMAGENET = 4 * 24 * 3600 * 128 / 2_000_000
AIM = 1000.0
DIGIT_CHILDREN, CHILDREN, CHILDREN_OF_CROPS = 200, 400, 40


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure a generation of one run of digits, and of SqueezeNet with one crop and with ten."""
    digits, one, ten = build_digit_network(), load_network("SqueezeNet"), load_network("SqueezeNet", "ten")
    cases = {
        "The authors, digits, pixels: LeNet": (DIGITS, "pixels", digits, DIGIT_CHILDREN),
        "The authors, digits, CPPN: LeNet": (DIGITS, "CPPN", digits, DIGIT_CHILDREN),
        "The authors, ImageNet, CPPN: SqueezeNet, ten crops": (IMAGENET, "CPPN", ten, CHILDREN_OF_CROPS),
        "The authors, ImageNet, CPPN: SqueezeNet, one crop": (IMAGENET, "CPPN", one, CHILDREN),
    }
    timed = {
        label: Timed(network, ENCODINGS[encoding](network.image_shape), max(many // sizes.share, 2), mutations=GROWN)
        for label, (_, encoding, network, many) in cases.items()
    }
    seconds = alternate({label: compile_generations(case) for label, case in timed.items()}, sizes.rounds)
    return Measured([make_row(label, cases[label][0], case.children / seconds[label]) for label, case in timed.items()])


def make_row(label: str, stated: float, rates: np.ndarray) -> Row:
    """Return the row of images a core-second."""
    note = f"as stated: {stated:.3g} core-seconds an image"
    return compare(label, rates / count_cores(), np.full(len(rates), 1 / stated), "images/core-second", AIM, note=note)
