"""What only a network's answers can tell: which pixels it expects, the order of numbered classes, the way to resize."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf
from scipy.stats import binomtest

from fooling.confidence import to_confidence
from fooling.data.pictures import RESIZES
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_graph import CppnGenomes
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.folders import open_folder
from fooling.lab.audit.natural import NaturalImages, Read, draw_places, load_natural, read_pictures
from fooling.networks.pixels import RANGES, Range
from fooling.words import list_words, show_confidence

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

ASKED = 300  # images; Choice: enough for a sign test, and few to read in further ways
CHANCE = 0.001  # the p below which a difference is not chance; Choice: so that a good range is never doubted
TRIED = 100  # images of noise, and CPPN images, that ranges are compared by; Choice: a second or two on a slow network
MUTATED = 10  # times, before these CPPNs are drawn


def open_natural(
    classifier: Classifier,
    named: Sequence[str],
    folder: str,
    most: int,
    seed: int,
    resize: str = RESIZES[0],
    ranges: Sequence[tuple[float, float]] = RANGES,
) -> tuple[Classifier, NaturalImages]:
    """Return a classifier whose classes have their folders' names, where nobody has named them, and real images.

    Arguments and errors are those of :func:`fooling.lab.audit.folders.open_folder`,
    :func:`fooling.lab.audit.natural.load_natural` and :func:`settle_order`.
    """
    opened = open_folder(folder, named, len(classifier.class_names))
    natural = load_natural(opened, classifier.image_shape, most, seed, resize)
    if not opened.class_names:
        return classifier, natural
    return settle_order(replace(classifier, class_names=opened.class_names), natural, ranges)


def settle_order(
    classifier: Classifier, natural: NaturalImages, ranges: Sequence[tuple[float, float]]
) -> tuple[Classifier, NaturalImages]:
    """Return class names and labels in the order of numbers, where these name the classes and more images are right.

    Keras sorts folders as words: 0, 1, 10, 11, 2. Whoever numbers classes means 0, 1, 2. Other pixel ranges than the
    classifier's are tried, too, because it is not checked yet.
    """
    words = tuple(classifier.class_names)
    if not all(name.isascii() and name.isdigit() for name in words):
        return classifier, natural
    numbers = tuple(sorted(words, key=int))
    if numbers == words:
        return classifier, natural
    few = natural.take(draw_places(natural.labels, ASKED, 0))
    labels = np.array([numbers.index(name) for name in words])
    scored = _score_ranges(classifier, few.images, (classifier.input_range, *ranges))
    orders = {"words": few.labels, "numbers": labels[few.labels]}
    right = max(
        ({order: scores.argmax(axis=1) == one for order, one in orders.items()} for scores in scored.values()),
        key=lambda found: max(part.sum() for part in found.values()),
    )
    other, taken = sorted(right, key=lambda order: (right[order].sum(), order == "words"))  # of equal ones Keras's
    shares = list_words([f"{part.mean():.1%} in the order of {order}" for order, part in right.items()])
    said = (
        f"The classes' folders are numbers, taken in the order of {taken} (Keras takes words: 0, 1, 10, 2): of "
        f"{len(few.labels):,} images {shares} are right."
    )
    said += "" if is_better(right[taken], right[other]) else " That is not enough to tell the orders apart."
    natural = natural._replace(said=(*natural.said, said))
    if taken == "words":
        return classifier, natural
    return replace(classifier, class_names=numbers), natural._replace(labels=labels[natural.labels])


def doubt_resize(classifier: Classifier, natural: NaturalImages) -> tuple[str, ...]:
    """Return in a sentence that another way to resize makes significantly more images right, where one does."""
    if not natural.labelled or not natural.paths:
        return ()
    few = natural.take(draw_places(natural.labels, ASKED, 0))
    others = [one for one in RESIZES if one != natural.resize]
    read = [one for one in read_pictures(few.paths, classifier.image_shape, others)[0] if isinstance(one, Read)]
    images = {natural.resize: few.images} | dict(
        zip(others, np.stack([one.images for one in read], axis=1), strict=True)
    )
    right = {one: classifier.score(part).argmax(axis=1) == few.labels for one, part in images.items()}
    best = max(others, key=lambda one: int(right[one].sum()))
    if not is_better(right[best], right[natural.resize]):
        return ()
    return (
        f"With --resize {best} (RESIZE) {right[best].mean():.1%} of {len(few.labels):,} real images are right, with "
        f"{natural.resize} {right[natural.resize].mean():.1%} (sign test, p < {CHANCE}): if the network learned from "
        "pictures that were resized so, audit it with that.",
    )


class Pixels(NamedTuple):
    """A pixel range, and how it is known."""

    range: Range
    said: str  # in words, for the settings
    doubts: tuple[str, ...] = ()


def settle_range(
    classifier: Classifier, natural: NaturalImages | None, given: Range | None, read: tuple[Range, str] | None
) -> Pixels:
    """Return the pixel range to audit with: the one given, else the one that layers ask for, else by images.

    The network is asked with each of the usual ranges. Where another than that given or read makes more labelled images
    right, by a sign test on those images that only one of the two makes right, it is refused. A network can be right in
    most cases with a wrong range, so that being better than chance is not enough. Where nothing tells it, it is the
    range that makes the network the most certain of random images; where labels tell only that some are wrong, 0 to 1
    unless it is among them. Either is a doubt.

    Raises:
        AuditError: If the range that is given or read is visibly wrong.
    """
    taken, known = given or (read[0] if read else RANGES[0]), given is not None or read is not None
    why = "as given" if given else f"found: {read[1]}" if read else "assumed"
    doubts: tuple[str, ...] = ()
    if given and read and read[0] != given:
        doubts = (f"Pixels from {show_range(given)} were asked for, but {read[1]} from {show_range(read[0])}.",)
    if natural is None or not natural.labelled:
        missing = "labels" if natural else "real images"
        if known:
            return Pixels(taken, f"{show_range(taken)}, {why}; not checked, for want of {missing}", doubts)
        certain = try_ranges(classifier, RANGES)
        taken = max(certain, key=lambda one: certain[one])
        said = f"{show_range(taken)}: the worst of the usual ones, for want of {missing} that tell it"
        return Pixels(taken, said, (_doubt(taken, certain, f"neither a layer nor {missing} tell it"),))
    scored = _score_ranges(classifier, natural.images, (taken, *RANGES))
    right = {one: scores.argmax(axis=1) == natural.labels for one, scores in scored.items()}
    best = max((one for one in right if one != taken), key=lambda one: int(right[one].sum()))
    if is_better(right[best], right[taken]):
        if known:
            raise AuditError(_say_wrong(classifier.name, taken, best, right, natural))
        taken, why = best, "found: most real images are right with them"
    possible = [one for one in right if one == taken or not is_better(right[taken], right[one])]
    if not known and len(possible) > 1:
        certain = try_ranges(classifier, possible)
        if max(certain.values()) > certain[taken]:
            doubts = (_doubt(taken, certain, "as many real images are right with either"),)
    counted, shares = len(natural.labels), {one: f"{part.mean():.1%}" for one, part in right.items()}
    better = beats_chance(right[taken], natural.labels, len(classifier.class_names))
    chance = "" if better else ", no better than chance"
    others = ", ".join(f"{show_range(one)}: {share}" for one, share in shares.items() if one != taken)
    less = "" if why.startswith("found: most") else ", not significantly more"
    said = f"{show_range(taken)} {why}; right on {shares[taken]} of {counted:,} real images{chance}; "
    return Pixels(taken, f"{said}with other ranges, {others}{less}", doubts)


def try_ranges(classifier: Classifier, ranges: Iterable[Range]) -> dict[Range, float]:
    """Return by range how certain random images make a network: of the surest for each class the median log-odds."""
    shape = classifier.image_shape
    encoding = CppnEncoding(shape)
    drawn = np.asarray(encoding.express(grow_cppns(encoding, TRIED, MUTATED)))
    noise = np.random.default_rng(0).random((TRIED, *shape), np.float32)
    images = np.clip(np.concatenate([noise, drawn.reshape(-1, *shape)]), 0.0, 1.0)
    scored = _score_ranges(classifier, images, ranges)
    return {one: float(np.median(np.nan_to_num(part, nan=-np.inf).max(axis=0))) for one, part in scored.items()}


def _score_ranges(classifier: Classifier, images: np.ndarray, ranges: Iterable[Range]) -> dict[Range, np.ndarray]:
    """Return by pixel range the log-odds of every class, ``(count, classes) float32``."""
    return {one: replace(classifier, input_range=one).score(images) for one in dict.fromkeys(ranges)}


def grow_cppns(encoding: CppnEncoding, count: int, mutations: int) -> CppnGenomes:
    """Return CPPNs, ``(1, count, …)``, that were mutated so many times."""
    seeds = tf.constant([[0, 0]], tf.int64)
    genomes = encoding.initialise(count, seeds)
    for index in range(mutations):
        genomes = encoding.mutate(genomes, seeds + index, tf.constant(1 + index))
    return genomes


def _doubt(taken: Range, certain: dict[Range, float], why: str) -> str:
    """Return in a sentence that a pixel range is not known, and how much hangs on it."""
    shown = [
        f"{show_confidence(float(to_confidence(np.asarray(value))))} from {show_range(one)}"
        for one, value in certain.items()
    ]
    return (
        f"Which pixels the network expects is not known: {why}. {show_range(taken)} was taken. The surest of "
        f"{2 * TRIED} random images reach, in the median class, {list_words(shown)}. Say which by --input-range "
        "LOW HIGH (INPUT_RANGE)."
    )


def _say_wrong(name: str, taken: Range, best: Range, right: dict[Range, np.ndarray], natural: NaturalImages) -> str:
    """Return in a sentence that another range than that taken is better."""
    return (
        f"With pixels from {show_range(taken)} {name} is right on {right[taken].mean():.1%} of "
        f"{len(natural.labels):,} images of {natural.name}, but with pixels from {show_range(best)} on "
        f"{right[best].mean():.1%}, which is not chance (sign test, p < {CHANCE}): add --input-range "
        f"{best[0]:g} {best[1]:g} (INPUT_RANGE)."
    )


def show_range(one: Sequence[float]) -> str:
    """Return a pixel range in words."""
    return f"{one[0]:g} to {one[1]:g}"


def is_better(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether one of two, ``(count,) bool`` of the same images, is right more often than chance: a sign test."""
    gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
    return gained > lost and bool(binomtest(gained, gained + lost, 0.5, "greater").pvalue < CHANCE)


def beats_chance(right: np.ndarray, labels: np.ndarray, classes: int) -> bool:
    """Return whether more images are right, ``(count,) bool``, than by always naming the commonest class of them."""
    chance = max(float(np.bincount(labels).max()) / len(labels), 1 / classes)
    return bool(binomtest(int(right.sum()), len(labels), chance, "greater").pvalue < CHANCE)
