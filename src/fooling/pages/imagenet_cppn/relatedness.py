"""Are images of related classes alike within a run, and those of different runs not? Record, rule and words."""

from __future__ import annotations

from dataclasses import dataclass

from fooling.pages.claim import FIGURE, SMALL_EFFECT, UNTESTED, Claim, Effect, Rows, grade_halves
from fooling.pages.imagenet_search import LEAST_PER_CELL, LEAST_RUNS, Scale, describe_scale
from fooling.words import SMALLEST_P, show_confidence, show_p, table

MUCH = {0.71: "much more", 0.64: "more", 0.5: "a little more"}  # by superiority; Source: Vargha & Delaney 2000
CLASSES = 100  # Choice: with fewer, hardly any class has a related one beside it
RELATIVES = {  # by class, what the paper has in two runs; Source: paper Fig. 9
    42: ("agama", "62.11%", "92.25%"),
    43: ("frilled lizard", "13.28%", "85.76%"),
    46: ("green lizard", "90.04%", "93.29%"),
    152: ("Japanese spaniel", "53.18%", "50.25%"),
    154: ("Pekinese", "63.06%", "85.88%"),
    156: ("Blenheim spaniel", "44.50%", "65.76%"),
}


@dataclass(frozen=True)
class Likeness(Effect):
    """How much more alike the images of some pairs of classes are than others; p is one-sided, by permutation."""

    superiority_distinct: float | None  # the superiority without pairs that hold the very same image; None if all do


Value = float | None  # None for infinitely little: no ancestor in common
Quartiles = tuple[Value, Value, Value]  # lower quartile, median, upper quartile


@dataclass(frozen=True)
class Compared:
    """How alike champions are in one sense, None of no pair; two comparisons, None where they are not defined."""

    pairs: int  # pairs of classes that are called near
    near: Quartiles | None  # of near classes of one run
    random: Quartiles | None  # of any two classes of one run
    runs: Quartiles | None  # of one class in two runs
    against_random: Likeness | None  # near classes against any two
    against_runs: Likeness | None  # near classes against one class in two runs
    shared_near: float | None  # share of near classes that hold the very same image
    shared_random: float | None  # the same of any two classes


@dataclass(frozen=True)
class Relatedness:
    """How alike the champions of related classes are, in three senses."""

    scale: Scale  # of the search
    features: Compared  # cosine of another network's features; near are classes that are related in WordNet
    kinship: Compared  # less the generations since an ancestor in common; the same classes
    pixels: Compared  # correlation of thumbnails; near are neighbours in ImageNet's order, as by the rule before
    judge: str  # the name of that other network
    # the confidences of :data:`RELATIVES` in the first two runs; empty where there is one run, or other classes
    relatives: tuple[tuple[float, float], ...]


def is_large(scale: Scale) -> bool:
    """Return whether a search can be judged."""
    return scale.classes >= CLASSES and scale.runs >= LEAST_RUNS and scale.per_cell >= LEAST_PER_CELL


def judge(found: Relatedness) -> str:
    """Judge by two halves, each with p < 0.0001 and more than a small effect.

    Within a run, related classes have images more alike than classes drawn at random, as another network sees them, and
    champions with a more recent ancestor in common. And images of related classes of one run are more alike than those
    of one class in different runs.
    """
    alike, kin, runs = found.features.against_random, found.kinship.against_random, found.features.against_runs
    if not is_large(found.scale) or alike is None or kin is None or runs is None:
        return UNTESTED
    return grade_halves(alike.is_there and kin.is_there, runs.is_there)


def judge_before(found: Relatedness) -> str:
    """Judge by pixels and by ImageNet's order alone, which are blind to a motif that was moved or recoloured."""
    random, runs = found.pixels.against_random, found.pixels.against_runs
    if not is_large(found.scale) or random is None or runs is None:
        return UNTESTED
    return grade_halves(random.is_there, runs.is_there)


def tell(found: Relatedness) -> str:
    """Return how much more alike related classes are, with the three medians of the features, as a sentence."""
    near, random, runs = (_show(part) for part in (found.features.near, found.features.random, found.features.runs))
    part = found.features.against_random
    much = next((word for least, word in MUCH.items() if part and part.superiority > least), "not more")
    return (
        f"Images of related classes are {much} alike ({near}) than any two of a run ({random}); one class in two runs "
        f"has {runs} (cosine of {found.judge}'s features)."
    )


def tabulate(found: Relatedness) -> Rows:
    """Return what is alike in each sense, and both tests."""
    one, kin, pixels = found.features, found.kinship, found.pixels
    ago = ["not measured" if part is None else show_generations(part[1]) for part in (kin.near, kin.random)]
    shared = ["not measured" if part is None else f"{part:.1%}" for part in (one.shared_near, one.shared_random)]
    return (
        ("pairs of related classes (at most 4 steps in WordNet)", f"{one.pairs:,}", "two groups of three"),
        ("related classes, one run: cosine of features", _show(one.near), "similar"),
        ("any two classes, one run", _show(one.random), "–"),
        ("one class, two runs", _show(one.runs), "different"),
        ("related against any two classes", _tell_likeness(one.against_random), "not known"),
        ("related against one class in two runs", _tell_likeness(one.against_runs), "not known"),
        ("last ancestor in common, related and any two classes", f"{ago[0]} and {ago[1]}", "–"),
        ("the same, related against any two classes", _tell_likeness(kin.against_random), "not known"),
        ("the very same image, related and any two classes", f"{shared[0]} and {shared[1]}", "–"),
        ("pixels: neighbours in ImageNet's order against any two", _tell_likeness(pixels.against_random), "not known"),
        ("pixels: neighbours against one class in two runs", _tell_likeness(pixels.against_runs), "not known"),
    )


def tabulate_relatives(found: Relatedness) -> str:
    """Return a Markdown table of the six classes of the paper's Fig. 9, in two runs here and in the paper's two."""
    ours = [[*map(show_confidence, pair)] for pair in found.relatives] or [["not measured"] * 2] * len(RELATIVES)
    rows = [(name, *pair, *theirs) for (name, *theirs), pair in zip(RELATIVES.values(), ours, strict=True)]
    return table(("", "here, run 1", "run 2", "the paper's Fig. 9", "its other run"), rows)


def show_generations(less: Value) -> str:
    """Return how many generations ago, from less than none of them, in words."""
    return "none in common" if less is None else f"{abs(less):,.0f} generations ago"


def show_quartiles(quartiles: Quartiles, ago: bool) -> list[str]:
    """Return lower quartile, median and upper quartile in words, of generations or of likeness in [−1, 1]."""
    if ago:
        return [show_generations(value) for value in quartiles[::-1]]  # the more recent, the more alike
    return [f"{(value or 0.0) + 0.0:.2f}" for value in quartiles]


def _show(quartiles: Quartiles | None) -> str:
    median = quartiles[1] if quartiles else None
    return "not measured" if median is None else f"{round(median, 2) + 0.0:.2f}"  # no "-0.00"


def _tell_likeness(one: Likeness | None) -> str:
    if one is None:
        return "not measured"
    alone = "" if one.superiority_distinct is None else f"; {one.superiority_distinct:.2f} without shared images"
    small = f"; less than a small effect ({SMALL_EFFECT})" if one.p < SMALLEST_P and not one.is_there else ""
    return f"probability of superiority {one.superiority:.2f} (by permutation, {show_p(one.p)}){alone}{small}"


CLAIM = Claim(
    id="imagenet-relatedness",
    title="Related classes get related images",
    otherwise="images of related classes are hardly more alike than others",
    section="§3.4, Fig. 9",
    sentence="Closely related classes get similar images within a run; different runs find different images.",
    number="three lizards and three dogs in two runs, at 13.28% to 93.29%; a measure of likeness is not known",
    grade=FIGURE,
    page="08_imagenet_cppn",
    record=Relatedness,
    judge=judge,
    before=judge_before,
    headline=tell,
    rows=tabulate,
    scale=lambda found: describe_scale(found.scale),
)
