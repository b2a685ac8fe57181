"""What may be chosen: networks, encodings, classes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fooling.data.digits import DIGITS, Digits
from fooling.encodings import Encoding
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolution import Evolution, load_evolution
from fooling.networks.classifier import Classifier, load_classifier
from fooling.networks.imagenet import NAMES, load_network
from fooling.networks.lenet import INPUT_RANGE, NETWORKS, label_run, open_network_run, train_network
from fooling.runs import RunFolder
from fooling.words import show_confidence

ENCODINGS: dict[str, Callable[[tuple[int, int, int]], Encoding]] = {
    "CPPN, coordinates in [−1, 1]": CppnEncoding,
    "CPPN, pixel indices": partial(CppnEncoding, coordinates="raw"),
    "pixels (direct)": DirectEncoding,
}
ALL = "all"  # the word for every class
KEY = f"{12 * '?'}-????"  # of a run's folder, after its label
MOST_CHILDREN = 100  # of a generation; Choice: on a digit network several generations a second


def list_networks(digits: Digits, steps: int, folder: Path, published: Path) -> dict[str, Callable[[], Classifier]]:
    """Return the networks that need no training now, by name, each with what loads it.

    They are the digit networks that a folder keeps of these digits and steps, those of the published runs, then
    ImageNet's that packages carry.
    """
    trained = [
        name for name in NETWORKS if (open_network_run(name, digits, steps, folder).path / "model.keras").exists()
    ]
    return {
        **{name: partial(train_network, name, digits, steps, folder) for name in trained},
        **{
            told: partial(load_classifier, path, class_names=DIGITS, input_range=INPUT_RANGE, name=told)
            for name, told in ((one, f"{one}, published") for one in NETWORKS)
            for path in published.glob(f"{label_run(name)}-{KEY}/model.keras")
        },
        **{name: partial(load_network, name) for name in NAMES},
    }


def list_finished(folders: Iterable[Path], classifier: Classifier, encoding: Encoding) -> dict[str, Evolution]:
    """Return the finished runs against a network, by what is shown of them, the longest first.

    Of runs that evolved side by side it is the first. Those whose genomes were too large to be published are left out.
    """
    fields = {"classifier": classifier.fingerprint(), "encoding": encoding.settings(), "own encoding": None}
    wanted = json.loads(json.dumps(fields))  # as they are kept
    runs = [RunFolder(path.parent) for folder in folders for path in folder.glob(f"{encoding.name}-*/result.npz")]
    fits = [run for run in runs if wanted.items() <= run.settings.items()]
    found = [load_evolution([run]).take_run(0) for run in fits]
    found.sort(key=lambda one: (-one.generations * one.children, int(one.seeds[0])))
    return {_describe(one): one for one in found if one.genomes is not None}


def _describe(finished: Evolution) -> str:
    """Return a finished run in words."""
    images = (finished.generations + 1) * finished.children
    median = show_confidence(float(np.median(finished.confidences)))
    return f"{images:,} images of seed {finished.seeds[0]}, median {median}"


def count_children(classifier: Classifier, most: int | None = None) -> int:
    """Return children per generation: one forward batch of a large network, so that each is soon done."""
    return min(most or MOST_CHILDREN, MOST_CHILDREN, classifier.batch)


def read_classes(text: str, names: Sequence[str]) -> tuple[int, ...]:
    """Return the classes that a person typed, by index, each once; ValueError if there is no such class.

    That is "all", or names and numbers with commas between them. Where a name is a number, as a digit's is, the name
    comes first.
    """
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    if not wanted or wanted == [ALL]:
        return tuple(range(len(names)))
    return tuple(dict.fromkeys(_find_class(part, names) for part in wanted))


def _find_class(wanted: str, names: Sequence[str]) -> int:
    """Return the class of a name or, where no name is this number, of a number."""
    lower, sought = [str(name).lower() for name in names], wanted.lower()
    if sought in lower:
        return lower.index(sought)
    if wanted.isdecimal():
        if int(wanted) < len(names):
            return int(wanted)
        raise ValueError(f"There is no class {wanted}; they are numbered from 0 to {len(names) - 1}.")
    close = difflib.get_close_matches(sought, lower, n=3) or [name for name in lower if sought in name][:3]
    hint = f"did you mean {' or '.join(close)}?" if close else f"classes are, for example, {names[0]} and {names[-1]}."
    raise ValueError(f"There is no class {wanted!r}; {hint}")
