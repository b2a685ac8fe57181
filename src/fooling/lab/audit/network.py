"""The network to audit: loaded, put before its softmax where that can be, and checked on labelled images."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from fooling.data.digits import load_digits
from fooling.lab.audit.files import AuditError, list_class_folders, read_class_names
from fooling.lab.audit.natural import NaturalImages, draw_places, find_label, load_natural
from fooling.lab.audit.pixel_range import check_input_range
from fooling.lab.detectors.scores import compute_logits
from fooling.networks.classifier import Classifier, load_model
from fooling.networks.lenet import train_network

MOST_NATURAL = 1_000  # real images; Choice: intervals of about three percentage points, and seconds of reading
ASKED = 32  # noise images, and real ones, whose answers tell sigmoids; Choice: logits that are all in [0, 1] are rare


class Subject(NamedTuple):
    """What is audited."""

    classifier: Classifier  # giving logits where its last layer allows it
    natural: NaturalImages | None  # real images
    checked: str  # what is known of the pixel range, in words

    def count_real(self) -> int:
        """Return how many real images there are."""
        return len(self.natural.labels) if self.natural else 0


def open_subject(
    model: str,
    class_names: str | Sequence[str] | None = None,
    images: str | None = None,
    input_range: Sequence[float] = (0.0, 1.0),
    seed: int = 0,
    image_size: Sequence[int] | None = None,
) -> Subject:
    """Load a network and real images, and refuse what would make the audit worthless.

    Args:
        model: The path of a ``.keras`` file.
        class_names: Names, or the path of a file of them. Where None is given and the images stand in as many
            subfolders as the network has classes, these name the classes, in sorted order.
        images: A folder of real images, of which at most 1,000 are drawn.
        image_size: Height and width, where the network takes images of any size.

    Raises:
        AuditError: If something does not fit, or the pixel range is visibly wrong.
    """
    path, names = Path(model), read_class_names(class_names)
    classifier = _load(path, names, _check_range(input_range), image_size)
    natural, checked = None, "as given; not checked, for want of real images"
    if images is not None:
        folders = list_class_folders(images)
        if not names and len(folders) == len(classifier.class_names):
            classifier = replace(classifier, class_names=folders)
        if not names:
            _check_folders(folders, classifier.class_names)
        natural = load_natural(images, classifier.image_shape, classifier.class_names, MOST_NATURAL, seed)
    refuse_sigmoids(classifier, natural, path.name)
    if natural is not None:
        checked = check_input_range(classifier, natural)
    return Subject(expose_logits(classifier), natural, checked)


def open_digits(data: str, steps: int, folder: Path) -> Subject:
    """Return LeNet of page 01 with the held-out digits, at most 1,000: what is audited where no network is named."""
    digits = load_digits(data)
    classifier = train_network("LeNet", digits, steps, folder)
    few = draw_places(digits.test_labels, MOST_NATURAL, seed=0)
    natural = NaturalImages("held-out digits", digits.test_images[few], digits.test_labels[few])
    return Subject(classifier, natural, check_input_range(classifier, natural))


def _check_range(given: Sequence[float]) -> tuple[float, float]:
    """Return a range of pixels as numbers, or raise AuditError."""
    numbers = [float(value) for value in given]
    if len(numbers) != 2 or not np.isfinite(numbers).all() or numbers[0] >= numbers[1]:
        raise AuditError(f"The input range is two numbers, black and a larger white, such as 0 and 255; not {given}.")
    return numbers[0], numbers[1]


def _check_folders(folders: Sequence[str], class_names: Sequence[str]) -> None:
    """Raise AuditError, and say how to name the classes, where nobody has named them and a folder is none."""
    for folder in folders:
        try:
            find_label(folder, class_names)
        except AuditError as error:
            sentence = str(error).rstrip(".")
            raise AuditError(f"{sentence}; name the classes by --class-names FILE (CLASS_NAMES).") from error


def _load(path: Path, names: Sequence[str], input_range: tuple[float, float], size: Sequence[int] | None) -> Classifier:
    """Return a network, or raise AuditError if it is no classifier of images."""
    try:
        model = load_model(path)
    except ValueError as error:
        raise AuditError(str(error)) from error
    model, shape = choose_shape(model, path.name, size)
    if tuple(getattr(model, "output_shape", None) or ())[1:] == (1,):
        raise AuditError(f"{path.name} has one output; at least two classes are needed.")
    try:
        return Classifier(model, names, path.stem, input_range, shape)
    except ValueError as error:
        raise AuditError(re.sub(rf"^{re.escape(model.name)}\b", path.name, str(error))) from error


def choose_shape(model: keras.Model, name: str, size: Sequence[int] | None) -> tuple[keras.Model, tuple[int, int, int]]:
    """Return a model and the shape of its images, whose sides are given where the model leaves them open.

    A graph of layers is built again for images of that size, so that parts of it know their shape as well. The shape is
    zeros where :class:`Classifier` finds it or says what is wrong.

    Raises:
        AuditError: If the sides are open and none are given, or those that are given make no sense.
    """
    if size is not None and (len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size)):
        raise AuditError(f"The image size is two whole numbers, height and width, such as 64 64; not {size}.")
    taken = getattr(model, "input_shape", None) or (model.get_build_config() or {}).get("input_shape")
    if taken is None:
        raise AuditError(f"{name} does not say what images it takes; call the model on a batch before it is saved.")
    if not isinstance(taken, tuple | list) or len(taken) != 4 or taken[3] not in (1, 3):
        return model, (0, 0, 0)
    if None in taken[1:3] and size is None:
        raise AuditError(f"{name} takes images of any size; choose one by --image-size HEIGHT WIDTH (IMAGE_SIZE).")
    height, width = size or taken[1:3]
    shape = (int(height), int(width), int(taken[3]))
    if None not in taken[1:3] or not _is_graph(model):
        return model, shape
    fixed = keras.models.clone_model(model, input_tensors=keras.Input(shape))
    fixed.set_weights(model.get_weights())
    return fixed, shape


def refuse_sigmoids(classifier: Classifier, natural: NaturalImages | None, name: str) -> None:
    """Refuse a network that answers for each class by itself: its answers are no logits, and look safe if taken so.

    Raises:
        AuditError: If its last layer is a sigmoid, or all its answers lie in [0, 1] and do not sum to 1.
    """
    seen = np.random.default_rng(0).integers(0, 256, (ASKED, *classifier.image_shape), np.uint8)
    if natural is not None:
        seen = np.concatenate([seen, natural.images[:ASKED]])
    ends = list(getattr(classifier.model, "layers", ()))[-1:]
    sigmoid = bool(ends) and getattr(ends[0], "activation", None) is keras.activations.sigmoid
    if not sigmoid and classifier.outputs == "logits":
        answers = compute_logits(classifier, seen)
        sigmoid = bool(answers.min() >= 0.0 and answers.max() <= 1.0)
    if sigmoid:
        raise AuditError(
            f"{name} answers for each class by itself, from 0 to 1 as a sigmoid does; an audit needs one answer among "
            "all classes, as softmax or as logits."
        )


def expose_logits(classifier: Classifier) -> Classifier:
    """Return the same network giving logits, where its last layer is dense with a softmax in it or after it.

    The confidences stay; the scores of detectors that read logits, and a gradient where the softmax has rounded to 1,
    can be had. Any other network is returned as it is.
    """
    model, softmax = classifier.model, keras.activations.softmax
    if classifier.outputs != "probabilities" or not _is_graph(model):
        return classifier
    last = model.layers[-1]
    if isinstance(last, layers.Softmax) or (isinstance(last, layers.Activation) and last.activation is softmax):
        logits = last.input
    elif isinstance(last, layers.Dense) and last.activation is softmax:
        bare = layers.Dense(last.units, use_bias=last.use_bias, dtype="float32", name=f"{last.name}_logits")
        logits = bare(last.input)
        bare.set_weights(last.get_weights())
    else:
        return classifier
    return replace(classifier, model=keras.Model(model.inputs[0], logits, name=model.name))


def find_dense(classifier: Classifier) -> layers.Dense | None:
    """Return a network's last layer if it is a dense one that gives logits and has a bias, else None."""
    if classifier.outputs != "logits" or not _is_graph(classifier.model):
        return None
    last = classifier.model.layers[-1]
    dense = isinstance(last, layers.Dense) and last.activation is keras.activations.linear and last.use_bias
    return last if dense else None


def _is_graph(model: keras.Model) -> bool:
    """Return whether a model is a graph of layers from one input to one output, which can be cut."""
    return isinstance(model, keras.Sequential) or type(model).__name__ == "Functional"
