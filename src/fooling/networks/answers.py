"""Several networks' answers to the same images: one 8-bit picture, resized for networks of another size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.files import hash_arrays
from fooling.images import resize_images
from fooling.networks.classifier import Classifier
from fooling.networks.ensemble import check_alike


class Transfer(NamedTuple):
    """What several networks, by name, take the same images for."""

    networks: tuple[str, ...]
    sources: np.ndarray  # (images,) int64: the place among the networks of the one that each image evolved on
    targets: np.ndarray  # (images,) int64: the class that it evolved for
    log_odds: np.ndarray  # (networks, images) float32: of that class
    top: np.ndarray  # (networks, images) int64: the most likely class
    highest: np.ndarray  # (networks, images) float32: the confidence in it

    @property
    def confidences(self) -> np.ndarray:
        """Each network's confidence in the class that an image evolved for, ``(networks, images) float32``."""
        return to_confidence(self.log_odds).astype(np.float32)

    @property
    def own(self) -> np.ndarray:
        """The log-odds of that class on the network that an image evolved on, ``(images,) float32``."""
        return np.asarray(self.log_odds[self.sources, np.arange(len(self.sources))])

    @property
    def agrees(self) -> np.ndarray:
        """Whether a network's most likely class is the one that an image evolved for, ``(networks, images) bool``."""
        return np.asarray(self.top == self.targets)


def show_to(
    images: np.ndarray, targets: np.ndarray, classifiers: Sequence[Classifier], sources: np.ndarray | int = 0
) -> Transfer:
    """Show the same images to several networks.

    Args:
        images: ``(count, height, width, channels) uint8``, resized for networks of another size.
        targets: ``(count,)``: the class of each, by index.
        classifiers: Networks of the same classes, at least one.
        sources: The place among them of the network that each image evolved on, ``(count,)`` or one for all.

    Raises:
        ValueError: If the images are not such images, networks are of different classes, or there are not as many
            targets or sources as images, each of them a class or network that there is.
    """
    check_alike(classifiers)
    count = len(images)
    targets = _check_places("targets", targets, count, len(classifiers[0].class_names))
    sources = _check_places("sources", np.broadcast_to(sources, np.shape(sources) or count), count, len(classifiers))
    names = tuple(one.name for one in classifiers)
    return read_answers(names, score_all(images, classifiers), targets, sources)


def read_answers(networks: tuple[str, ...], scores: np.ndarray, targets: np.ndarray, sources: np.ndarray) -> Transfer:
    """Reduce networks' log-odds of every class, ``(networks, images, classes) float32``, to what is kept of them."""
    top = scores.argmax(axis=2)
    highest = np.take_along_axis(scores, top[:, :, None], axis=2)[:, :, 0]
    return Transfer(
        networks=networks,
        sources=sources,
        targets=targets,
        log_odds=scores[:, np.arange(len(targets)), targets],
        top=top,
        highest=to_confidence(highest).astype(np.float32),
    )


def _check_places(name: str, given: np.ndarray, count: int, number: int) -> np.ndarray:
    places = np.asarray(given)
    if places.shape != (count,) or not np.issubdtype(places.dtype, np.integer):
        raise ValueError(f"{count} images need as many {name}, whole numbers, not {places.dtype} {places.shape}.")
    if count and (places.min() < 0 or places.max() >= number):
        raise ValueError(f"{name} run from {places.min()} to {places.max()}, but there are only 0 to {number - 1}.")
    return places.astype(np.int64)


def score_all(images: np.ndarray, classifiers: Sequence[Classifier]) -> np.ndarray:
    """Return the log-odds of every class by networks of the same classes, ``(networks, count, classes) float32``.

    The images are ``(count, height, width, channels) uint8``, resized for networks of another size. An image that
    occurs more than once, as the champion of many classes does, is shown to each network once.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(f"Images are (count, height, width, channels) uint8, not {images.shape} {images.dtype}.")
    numbers: dict[str, int] = {}  # by hash: how many other images came before the first such one
    which = [numbers.setdefault(hash_arrays(image), len(numbers)) for image in images]
    _, first = np.unique(which, return_index=True)
    return np.stack([_score(images[first], classifier)[which] for classifier in classifiers])


def _score(images: np.ndarray, classifier: Classifier) -> np.ndarray:
    """Return the log-odds of a network for images of any size, resizing as many at a time as it takes in."""
    height, width, channels = classifier.image_shape
    if images.shape[3] != channels:
        raise ValueError(f"{classifier.name} sees images of {channels} channels, but {images.shape[3]} were given.")
    size = classifier.batch
    parts = [np.zeros((0, len(classifier.class_names)), np.float32)]  # the scores of no images at all
    for start in range(0, len(images), size):
        parts.append(classifier.score(resize_images(images[start : start + size], height, width)))
    return np.concatenate(parts)
