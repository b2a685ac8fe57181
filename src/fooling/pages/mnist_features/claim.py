"""The claim ``mnist-features``: its record, its rule, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fooling.pages import mnist_search
from fooling.pages.claim import QUOTE, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.searches import describe_size
from fooling.words import show_p

if TYPE_CHECKING:
    from fooling.pages.mnist_features.measure import Features

SIZES = mnist_search.SIZES
RUNS = 20  # Choice: the fewest in which a tendency of single runs shows; the paper has 50


@dataclass(frozen=True)
class Statements:
    """The paper's statements on one kind of image."""

    vertical_1: Effect  # a 1 is more vertical than the other digits of its run
    low_bar_2: Effect  # a 2 has more horizontal edges in its lower half than the others
    low_share_2: Effect  # more of its horizontal edges are there than in its upper half, against the others
    alike: Effect  # champions of one digit are more alike over runs than those of two


@dataclass(frozen=True)
class FeaturesFound:
    """What page 04 measured."""

    judged: Statements  # on CPPN champions
    controls: dict[str, Statements]  # by label, on images that are not judged
    runs: int  # independent runs
    classes: int  # champions of a run
    generations: int  # generations of the searches
    children: int  # children per generation
    data: str  # what the network learned, in words


def measure(
    judged: Features, controls: Mapping[str, Features], generations: int, children: int, data: str
) -> FeaturesFound:
    """Reduce what champions share to the numbers that the claim is judged by."""
    runs, classes = judged.vertical.shape
    told = {label: _read_statements(one) for label, one in controls.items()}
    return FeaturesFound(_read_statements(judged), told, runs, classes, generations, children, data)


def _read_statements(one: Features) -> Statements:
    return Statements(one.vertical_1, one.low_bar_2, one.low_share_2, one.alike)


def judge(found: FeaturesFound) -> str:
    """Judge by three statements, each with p < 0.0001 and more than a small effect, over 20 runs of the paper's size.

    A 1 has more vertical edges than other digits; a 2 has more of its edges as horizontal ones in the lower half, and
    more of these there than in the upper half; champions of one digit are more alike over runs than those of two.
    """
    if found.runs < RUNS or not mnist_search.is_large_enough(found.runs, found.generations, found.children):
        return UNTESTED
    one = found.judged
    low_bar = one.low_bar_2.is_there and one.low_share_2.is_there
    return grade_halves(one.vertical_1.is_there, low_bar, one.alike.is_there)


def headline(found: FeaturesFound) -> str:
    """Return which of the statements hold."""
    one = found.judged
    vertical = "more upright" if one.vertical_1.is_there else "not clearly more upright"
    low = one.low_bar_2.is_there and one.low_share_2.is_there
    alike = "are alike" if one.alike.is_there else "are not clearly alike"
    bar = "has a low bar" if low else "has bars, but not low ones" if one.low_bar_2.is_there else "has no clear low bar"
    return f"A 1 is {vertical} than other digits, a 2 {bar}, and images of one digit {alike} over {found.runs} runs."


def list_rows(found: FeaturesFound) -> Rows:
    """Return each statement's probability of superiority, beside random CPPNs that were never bred."""
    unbred, pixels = found.controls.get("random CPPN"), found.controls.get("pixels")
    labels = {
        "vertical_1": "a 1 is more vertical than another digit",
        "low_bar_2": "a 2 has more horizontal edges in its lower half",
        "low_share_2": "more of its horizontal edges are there than in the upper half",
        "alike": "images of one digit are more alike over runs than those of two",
    }
    tests = f"probability of superiority; permutations, n = {found.runs} runs"
    rows = [
        (
            f"{label} ({tests})" if name == "vertical_1" else label,
            _show(getattr(found.judged, name))
            + (f"; random CPPNs {getattr(unbred, name).superiority:.2f}" if unbred else ""),
            "seen by eye",
        )
        for name, label in labels.items()
    ]
    last = [("the last for pixel images", _show(pixels.alike), "")] if pixels else []
    return (*rows, *last)


def _show(effect: Effect) -> str:
    return f"{effect.superiority:.2f}, {show_p(effect.p)}"


def describe_scale(found: FeaturesFound) -> str:
    """Return runs, sizes and what the network learned, in words."""
    size = describe_size(found.runs, found.classes, found.generations, found.children)
    return f"{size}; network trained on {found.data}"


CLAIM = Claim(
    id="mnist-features",
    title="Independent runs find the same features",
    section="§3.2, supplement",
    sentence=(
        "“Images classified as a 1 tend to have vertical bars, while images classified as a 2 tend to have a "
        "horizontal bar in the lower half”; “Qualitatively similar discriminative features are observed in 50 "
        "other runs.”"
    ),
    number="50 other runs",
    grade=QUOTE,
    page="04_mnist_features_across_runs",
    record=FeaturesFound,
    judge=judge,
    headline=headline,
    rows=list_rows,
    scale=describe_scale,
)
