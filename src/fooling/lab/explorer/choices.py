"""What may be chosen: networks, encodings, classes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path

from fooling.data.digits import load_digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import NAMES, class_names, load_imagenet_network
from fooling.networks.lenet import NETWORKS, open_network_run, train_network
from fooling.pages import profiles

Shape = tuple[int, int, int]
ENCODINGS: dict[str, Callable[[Shape], Encoding]] = {
    "CPPN, coordinates in [−1, 1]": CppnEncoding,
    "CPPN, pixel indices": lambda shape: CppnEncoding(shape, coordinates="raw"),
    "pixels (direct)": DirectEncoding,
}
ALL, SUPPLEMENT = "all", "supplement"
MOST_CHILDREN = 100  # of a generation; Choice: on a digit network several generations a second


def list_networks(profile: str, folder: Path) -> dict[str, Callable[[], Classifier]]:
    """Return the networks that need no training now, by name, each with what loads it.

    Args:
        profile: Of the digit networks.
        folder: Where the profile's runs are kept.

    Returns:
        The digit networks of page 01 that are there, then the ImageNet networks that packages carry.

    Raises:
        ValueError: If there is no such profile, or its digits are not there.
    """
    settings = profiles.page_settings("01_mnist_networks", profile)
    digits = load_digits(settings.data)
    trained = [
        name for name in NETWORKS if (open_network_run(name, digits, settings, folder).path / "model.keras").exists()
    ]
    found: dict[str, Callable[[], Classifier]] = {}
    for name in trained:
        found[name] = lambda name=name: train_network(name, digits, settings, folder)  # type: ignore[misc]
    for name in NAMES:
        found[name] = lambda name=name: load_imagenet_network(name)  # type: ignore[misc]
    return found


def count_children(classifier: Classifier) -> int:
    """Return children per generation: one forward batch of a large network, so that each is soon done."""
    return min(MOST_CHILDREN, classifier.batch)


def default_classes(classifier: Classifier) -> str:
    """Return the words for the classes to begin with."""
    return SUPPLEMENT if tuple(classifier.class_names) == class_names() else ALL


def read_classes(text: str, names: Sequence[str]) -> tuple[int, ...]:
    """Return the classes that a person typed, by index, each once.

    Args:
        text: "all", "supplement" (20 classes of ImageNet that the paper's supplement shows), or names and numbers
            with commas between them. Where a name is a number, as a digit's is, both mean the same.
        names: The network's classes.

    Raises:
        ValueError: If there is no such class.
    """
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    if not wanted or wanted == [ALL]:
        return tuple(range(len(names)))
    if wanted == [SUPPLEMENT]:
        if tuple(names) != class_names():
            raise ValueError("Only networks of ImageNet's 1,000 classes have those of the supplement; type all.")
        return profiles.SUPPLEMENT_CLASSES
    return tuple(dict.fromkeys(_find_class(part, names) for part in wanted))


def _find_class(wanted: str, names: Sequence[str]) -> int:
    lower = [str(name).lower() for name in names]
    if wanted.lower() in lower:
        return lower.index(wanted.lower())
    if wanted.isdecimal():
        if int(wanted) < len(names):
            return int(wanted)
        raise ValueError(f"There is no class {wanted}; they are numbered from 0 to {len(names) - 1}.")
    close = (
        difflib.get_close_matches(wanted.lower(), lower, n=3) or [name for name in lower if wanted.lower() in name][:3]
    )
    hint = f"did you mean {' or '.join(close)}?" if close else f"classes are, for example, {names[0]} and {names[-1]}."
    raise ValueError(f"There is no class {wanted!r}; {hint}")
