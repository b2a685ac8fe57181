"""What only a network's answers can tell of a folder: the order of classes that are numbers, and the way to resize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fooling.data.pictures import RESIZES
from fooling.lab.audit.folders import open_folder
from fooling.lab.audit.natural import NaturalImages, Read, draw_places, load_natural, read_pictures
from fooling.lab.audit.pixel_range import CHANCE, is_better
from fooling.networks.pixels import RANGES
from fooling.words import list_words

if TYPE_CHECKING:
    from fooling.networks.classifier import Classifier

ASKED = 300  # images; Choice: enough for a sign test, and few to read in further ways


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
    asked = [
        replace(classifier, input_range=one).score(few.images).argmax(axis=1)
        for one in dict.fromkeys((classifier.input_range, *ranges))
    ]
    tops = max(asked, key=lambda top: max(np.sum(top == one) for one in (few.labels, labels[few.labels])))
    right = {"words": tops == few.labels, "numbers": tops == labels[few.labels]}
    taken = max(right, key=lambda order: int(right[order].sum()))  # of equal ones Keras's
    shares = list_words([f"{part.mean():.1%} in the order of {order}" for order, part in right.items()])
    said = (
        f"The classes' folders are numbers, taken in the order of {taken} (Keras takes words: 0, 1, 10, 2): of "
        f"{len(tops):,} images {shares} are right."
    )
    better = (is_better(*pair) for pair in (tuple(right.values()), tuple(right.values())[::-1]))
    said += "" if any(better) else " That is not enough to tell the orders apart."
    natural = natural._replace(said=(*natural.said, said))
    if taken == "words":
        return classifier, natural
    return replace(classifier, class_names=numbers), natural._replace(labels=labels[natural.labels])


def doubt_resize(classifier: Classifier, natural: NaturalImages) -> tuple[str, ...]:
    """Return in a sentence that another way to resize makes significantly more images right; none if none does."""
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
