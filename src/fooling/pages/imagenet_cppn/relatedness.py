"""Are images of related classes alike within a run, and those of different runs not? Record, rule and words."""

from __future__ import annotations

from dataclasses import dataclass

from fooling.pages.claim import QUOTE, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.imagenet_search import LEAST_PER_CELL, LEAST_RUNS, Scale, describe_scale
from fooling.words import show_p

CLASSES = 100  # Choice: with fewer, hardly any class has its neighbour beside it
FIGURE = (  # Source: paper Fig. 9
    "agama 62.11 / 92.25%, frilled lizard 13.28 / 85.76%, green lizard 90.04 / 93.29%",
    "Japanese spaniel 53.18 / 50.25%, Pekinese 63.06 / 85.88%, Blenheim spaniel 44.50 / 65.76%",
)


@dataclass(frozen=True)
class Likeness(Effect):
    """How much more alike the images of neighbouring classes are than others; p is one-sided, by permutation."""

    superiority_distinct: float | None  # the superiority without pairs that hold the very same image; None if all do


@dataclass(frozen=True)
class Relatedness:
    """How alike images are: median correlations, None of no pair, and two comparisons, None where not defined."""

    scale: Scale  # of the search
    neighbours: float | None  # images of neighbouring classes of one run
    random: float | None  # images of any two classes of one run
    runs: float | None  # images of one class in two runs
    against_random: Likeness | None  # neighbours against any two classes
    against_runs: Likeness | None  # neighbours against one class in two runs
    shared_neighbours: float | None  # share of neighbours that hold the very same image
    shared_random: float | None  # the same of any two classes


def judge(found: Relatedness) -> str:
    """Judge by two halves, each with p < 0.0001 and more than a small effect.

    Within a run, classes that stand beside each other in ImageNet's order have more similar images than classes drawn
    at random. And those neighbours of one run are more alike than the images of one class in different runs.
    """
    scale = found.scale
    if scale.classes < CLASSES or scale.runs < LEAST_RUNS or scale.per_cell < LEAST_PER_CELL:
        return UNTESTED
    if found.against_random is None or found.against_runs is None:  # no class has its neighbour beside it
        return UNTESTED
    return grade_halves(found.against_random.is_there, found.against_runs.is_there)


def tell(found: Relatedness) -> str:
    """Return the three median correlations as a sentence."""
    if found.neighbours is None:
        return f"No two of the {found.scale.classes:,} classes with a cell are neighbours, so nothing was compared."
    other = "" if found.runs is None else f", and those of one class in two runs by {_show(found.runs)}"
    return (
        f"In one run, images of neighbouring classes correlate by {_show(found.neighbours)}, those of any two classes "
        f"by {_show(found.random)}{other}."
    )


def tabulate(found: Relatedness) -> Rows:
    """Return the correlations, both tests and what was seen in the paper's figure."""
    rows = [
        ("neighbouring classes, one run: correlation", _show(found.neighbours), "similar"),
        ("any two classes, one run", _show(found.random), "–"),
        ("one class, two runs", _show(found.runs), "different"),
        ("neighbours against any two classes", _tell_likeness(found.against_random), "no test"),
        ("neighbours against one class in two runs", _tell_likeness(found.against_runs), "no test"),
    ]
    if found.shared_neighbours is not None:
        rows.append(("neighbours that hold the very same image", f"{found.shared_neighbours:.1%}", "–"))
    return (*rows, *(("confidences in two runs (Fig. 9)", "–", shown) for shown in FIGURE))


def _show(correlation: float | None) -> str:
    return "not measured" if correlation is None else f"{round(correlation, 2) + 0.0:.2f}"  # no "-0.00"


def _tell_likeness(one: Likeness | None) -> str:
    """Return a comparison in words."""
    if one is None:
        return "not measured"
    alone = "" if one.superiority_distinct is None else f"; {one.superiority_distinct:.2f} without shared images"
    return f"probability of superiority {one.superiority:.2f} (by permutation, {show_p(one.p)}){alone}"


CLAIM = Claim(
    id="imagenet-relatedness",
    title="Related classes get related images",
    section="§3.4, Fig. 9",
    sentence="Closely related classes get similar images within a run; different runs find different images.",
    number="three lizards and three dogs in two runs, at 13.28% to 93.29%; no measure of likeness",
    grade=QUOTE,
    page="08_imagenet_cppn",
    record=Relatedness,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=lambda found: describe_scale(found.scale),
)
