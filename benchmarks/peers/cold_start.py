"""How long `evolve` takes until its first generation is done, told in generations: each time in a new process.

A graph is traced, and made ready on its first call, which draws the random images. Without all this it would take as
long as two generations, of which the random images are one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fooling.evolution.evolve import Setup, begin, compile_advance
from fooling.networks.imagenet import load_network
from peers.generations import ENCODINGS, Timed, build_digit_network, find_target
from peers.measure import Measured, Row, Sizes, measure, run_alone

CASES = {"LeNet": 200, "SqueezeNet": 400}  # children of a generation


class Parts(NamedTuple):
    """Seconds of the steps on the way to the second generation."""

    tracing: float
    first_images: float
    first: float  # generation
    steady: float  # the second


def measure_rows(name: str, sizes: Sizes) -> Measured:
    """Measure both encodings on both networks."""
    cases = [(network, encoding) for network in CASES for encoding in ENCODINGS]
    turns = [[run_alone(time_parts, *case, sizes) for case in cases] for _ in range(sizes.rounds)]
    return Measured([make_row(case, [turn[index] for turn in turns]) for index, case in enumerate(cases)])


def time_parts(network: str, encoding: str, sizes: Sizes) -> Parts:
    """Return the seconds of a run that starts in this process."""
    classifier = build_digit_network() if network == "LeNet" else load_network(network)
    children = max(CASES[network] // sizes.share, 2)
    timed = Timed(classifier, ENCODINGS[encoding](classifier.image_shape), children)
    setup = Setup(find_target(timed), timed.encoding, 2, children, None)
    kept: dict[str, Any] = {}

    def advance() -> None:
        kept["state"], history = kept["advance"](kept["state"], tf.constant(1))
        history.log_odds.numpy()

    def trace() -> None:
        kept.update(state=begin(setup, (0,))[0], advance=compile_advance(setup, 1))

    return Parts(measure(trace), *(measure(advance) for _ in range(3)))


def make_row(case: tuple[str, str], taken: list[Parts]) -> Row:
    """Return the row of one network and encoding."""
    median = Parts(*np.median(taken, axis=0).tolist())
    waited = [parts.first_images + parts.tracing + parts.first for parts in taken]
    ratios = [seconds / parts.steady for seconds, parts in zip(waited, taken, strict=True)]
    note = (
        f"tracing {median.tracing:.2f} s, the random images {median.first_images:.2f} s, "
        f"the first generation {median.first:.2f} s, the second {median.steady:.3f} s"
    )
    label = f"{', '.join(case)}: until the first generation is done"
    return Row(label, median.steady, float(np.median(waited)), "s", ratios, None, True, note)
