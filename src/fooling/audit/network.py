"""The network to audit: loaded, put before its softmax where that can be, and checked on labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from fooling import runs
from fooling.audit.files import PAGE, AuditError, find_folder, list_class_folders, read_class_names
from fooling.audit.natural import NaturalImages, draw_places, load_natural
from fooling.datasets import load_digits
from fooling.networks.classifier import Classifier, load_classifier
from fooling.networks.lenet import train_network
from fooling.profiles import TrainingSettings

MOST_NATURAL = 1_000  # real images; Choice: intervals of about three percentage points, and seconds of reading
RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))  # of pixels; Choice: those of nearly all published Keras networks
CHANCE = 0.001  # the p below which right answers are not chance; Choice: so that a good range is never doubted


class Subject(NamedTuple):
    """What is audited.

    Attributes:
        classifier: The network, giving logits where its last layer allows it.
        natural: Real images, or None.
        page: Where the audit is kept.
        checked: What is known of the pixel range, in words.
    """

    classifier: Classifier
    natural: NaturalImages | None
    page: runs.Page
    checked: str

    def count_real(self) -> int:
        """Return how many real images there are."""
        return len(self.natural.labels) if self.natural else 0


def open_subject(
    model: str,
    class_names: str | Sequence[str] | None = None,
    images: str | None = None,
    input_range: Sequence[float] = (0.0, 1.0),
    output: str | None = None,
    seed: int = 0,
) -> Subject:
    """Load a network and real images, and refuse what would make the audit worthless.

    Args:
        model: The path of a ``.keras`` file.
        class_names: As :func:`~fooling.audit.files.read_class_names`. Where None is given and the images stand in as
            many subfolders as the network has classes, these name the classes, in sorted order.
        images: A folder of real images, or None.
        input_range: What the network expects for black and for white.
        output: The folder that everything is kept in; None for one of the network's own under all results.
        seed: Of the draw where there are more than 1,000 images.

    Raises:
        AuditError: If something does not fit, or the pixel range is visibly wrong.
    """
    names = read_class_names(class_names)
    if images is not None and not names:
        names = list_class_folders(images)
    low, high = _check_range(input_range)
    classifier = _load(model, names, (low, high), guessed=class_names is None)
    natural, checked = None, "as given; not checked, for want of real images"
    if images is not None:
        natural = load_natural(images, classifier.image_shape, classifier.class_names, MOST_NATURAL, seed)
        checked = check_input_range(classifier, natural)
    page = runs.Page(PAGE, Path(output) if output else find_folder(model))
    return Subject(expose_logits(classifier), natural, page, checked)


def open_digits(training: TrainingSettings, page: runs.Page) -> Subject:
    """Return LeNet of page 01 with the held-out digits, at most 1,000: what is audited where no network is named.

    Args:
        training: How LeNet was trained.
        page: Where the audit is kept.
    """
    digits = load_digits(training.data)
    classifier = train_network("LeNet", digits, training, page.runs)
    few = draw_places(digits.test_labels, MOST_NATURAL, seed=0)
    natural = NaturalImages(
        "held-out digits", digits.test_images[few], digits.test_labels[few], len(digits.test_labels)
    )
    return Subject(classifier, natural, page, check_input_range(classifier, natural))


def _check_range(given: Sequence[float]) -> tuple[float, float]:
    numbers = [float(value) for value in given]
    if len(numbers) != 2 or not np.isfinite(numbers).all() or numbers[0] >= numbers[1]:
        raise AuditError(f"The input range is two numbers, black and a larger white, such as 0 and 255; not {given}.")
    return numbers[0], numbers[1]


def _load(model: str, names: Sequence[str], input_range: tuple[float, float], guessed: bool) -> Classifier:
    try:
        classifier = load_classifier(model, input_range=input_range)
        if guessed and len(names) != len(classifier.class_names):
            return classifier  # subfolders may be fewer than classes, and then name themselves by numbers
        return load_named(classifier, names) if names else classifier
    except ValueError as error:
        raise AuditError(str(error)) from error


def load_named(classifier: Classifier, names: Sequence[str]) -> Classifier:
    """Return the classifier with names for its classes."""
    return Classifier(classifier.model, names, classifier.name, classifier.input_range, classifier.image_shape)


def check_input_range(classifier: Classifier, natural: NaturalImages) -> str:
    """Return in words how the pixel range was checked.

    The network is asked with each of the usual ranges. Where its answers to labelled images are no better than chance
    in the given one, and are in another, the given one is refused.

    Raises:
        AuditError: If the range is visibly wrong.
    """
    if not natural.labelled:
        return "as given; not checked, for want of labels"
    if _beats_chance(classifier, natural):
        return "as given; the network's answers to the real images are better than chance"
    for low, high in RANGES:
        other = Classifier(
            classifier.model, classifier.class_names, classifier.name, (low, high), classifier.image_shape
        )
        if (low, high) != tuple(classifier.input_range) and _beats_chance(other, natural):
            given = " to ".join(f"{value:g}" for value in classifier.input_range)
            raise AuditError(
                f"With pixels from {given} {classifier.name} is no better than chance on {natural.name}, but with "
                f"pixels from {low:g} to {high:g} it is: add --input-range {low:g} {high:g} (INPUT_RANGE)."
            )
    return "as given; the answers to the real images are no better than chance in any usual range"


def _beats_chance(classifier: Classifier, natural: NaturalImages) -> bool:
    """Return whether more images are right than by always naming the commonest class of them."""
    from scipy.stats import binomtest

    right = int((classifier.score(natural.images).argmax(axis=1) == natural.labels).sum())
    chance = max(np.bincount(natural.labels).max() / len(natural.labels), 1 / len(classifier.class_names))
    return bool(binomtest(right, len(natural.labels), min(chance, 1.0), "greater").pvalue < CHANCE)


def expose_logits(classifier: Classifier) -> Classifier:
    """Return the same network giving logits, where its last layer is dense with a softmax in it or after it.

    The confidences stay; the scores of detectors that read logits, and a gradient where the softmax has rounded to 1,
    can be had. Any other network is returned as it is.
    """
    last = list(getattr(classifier.model, "layers", ()))[-2:]
    if classifier.outputs != "probabilities" or not last or not _is_plain(classifier.model):
        return classifier
    if is_softmax(last[-1]):
        model = keras.Model(classifier.model.inputs[0], last[-1].input, name=classifier.model.name)
    elif isinstance(last[-1], layers.Dense) and last[-1].activation is keras.activations.softmax:
        model = _replace_activation(classifier.model, last[-1])
    else:
        return classifier
    return Classifier(model, classifier.class_names, classifier.name, classifier.input_range)


def find_dense(classifier: Classifier) -> layers.Dense | None:
    """Return a network's last layer if it is a dense one that gives logits and has a bias, else None."""
    last = list(getattr(classifier.model, "layers", ()))[-1:]
    if classifier.outputs != "logits" or not last or not _is_plain(classifier.model):
        return None
    dense = isinstance(last[0], layers.Dense) and last[0].activation is keras.activations.linear and last[0].use_bias
    return last[0] if dense else None


def _is_plain(model: keras.Model) -> bool:
    """Return whether a model is a graph of layers from one input to one output, which can be cut."""
    known = isinstance(model, keras.Sequential) or bool(getattr(model, "_is_graph_network", False))
    return known or type(model).__name__ == "Functional"


def is_softmax(layer: keras.layers.Layer) -> bool:
    """Return whether a layer is a softmax and nothing else."""
    activation = getattr(layer, "activation", None)
    return isinstance(layer, layers.Softmax) or (
        isinstance(layer, layers.Activation) and activation is keras.activations.softmax
    )


def _replace_activation(model: keras.Model, last: layers.Dense) -> keras.Model:
    bare = layers.Dense(last.units, use_bias=last.use_bias, dtype="float32", name=f"{last.name}_logits")
    logits = bare(last.input)
    bare.set_weights(last.get_weights())
    return keras.Model(model.inputs[0], logits, name=model.name)
