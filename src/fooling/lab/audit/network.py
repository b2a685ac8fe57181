"""The network to audit: loaded, put before its softmax where that can be, and asked whether its answers make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from fooling.confidence import to_confidence
from fooling.data.digits import load_digits
from fooling.data.pictures import RESIZES
from fooling.lab.audit.asking import doubt_resize, open_natural, settle_range
from fooling.lab.audit.files import AuditError, check_image_size, read_class_names
from fooling.lab.audit.natural import NaturalImages, draw_places
from fooling.lab.detectors.scores import compute_logits
from fooling.networks.adapt import AGREE, Adapted, Head, find_end, find_image_shape
from fooling.networks.asked import Asked
from fooling.networks.classifier import Classifier
from fooling.networks.head import expose_logits, split_head
from fooling.networks.lenet import train_network
from fooling.networks.loading import hash_code, load_model, run_code
from fooling.networks.pixels import RANGES, read_range
from fooling.words import clean_name

MOST_NATURAL = 1_000  # real images; Choice: intervals of about three percentage points, and seconds of reading
ASKED = 32  # noise images, and real ones, whose answers tell sigmoids; Choice: logits that are all in [0, 1] are rare
FEW = 4  # of a function, which may cost money
SHARE = 10  # of the images that a function may be shown, one in so many is a real one; each is shown in three ranges
ALONE = 2  # of them that are shown again by themselves


class Subject(NamedTuple):
    """What is audited."""

    classifier: Classifier  # giving logits where its last layer allows it
    natural: NaturalImages | None  # real images
    checked: str  # what is known of the pixel range, in words
    doubts: tuple[str, ...] = ()  # sentences on what makes the audit's numbers doubtful

    def count_real(self) -> int:
        """Return how many real images there are."""
        return len(self.natural.labels) if self.natural else 0


class Own(NamedTuple):
    """Code of the user's that an audit runs, and how often."""

    code: str | None = None  # the path of a file that defines layers of the model, or the function that is audited
    function: str | None = None  # its name
    lambdas: bool = False  # whether code inside the model's file may run
    calls: int | None = None  # images that the function may be shown, in all


NOTHING = Own()


def open_subject(
    model: str | None,
    class_names: str | Sequence[str] | None = None,
    images: str | None = None,
    input_range: Sequence[float] | None = None,
    seed: int = 0,
    image_size: Sequence[int] | None = None,
    own: Own = NOTHING,
    resize: str = RESIZES[0],
) -> Subject:
    """Load a network and real images, and refuse what would make the audit worthless.

    Args:
        model: The path of a ``.keras`` or ``.h5`` file; None for a function.
        class_names: Names, or the path of a file of them. Where None is given and the images stand in as many
            subfolders as the network has classes, these name the classes.
        images: A folder of real images, of which at most 1,000 are drawn.
        input_range: What the network expects for black and for white; None where the audit is to find it.
        image_size: Height and width, where the network takes images of any size; for a function the channels, too.
        resize: How real images become as large as that: ``stretch``, ``crop`` or ``pad``.

    Raises:
        AuditError: If something does not fit, or the pixel range is visibly wrong.
    """
    names, given = read_class_names(class_names), None if input_range is None else _check_range(input_range)
    name = Path(model).name if model else str(own.function)
    network, shape = _open_network(model, name, image_size, own)
    function = isinstance(network, Asked)
    read, given = (None, given or RANGES[0]) if function else (read_range(network), given)
    try:
        stem, code = clean_name(Path(name).stem), hash_code(own.code)
        classifier = Classifier(network, names, stem, given or (read[0] if read else RANGES[0]), shape, code)
    except ValueError as error:
        raise AuditError(re.sub(rf"^{re.escape(network.name)}\b", name, str(error))) from error
    with tell_failure(classifier):
        natural = None
        if images is not None:
            most = MOST_NATURAL if own.calls is None else min(MOST_NATURAL, max(1, own.calls // SHARE))
            ranges = () if function else RANGES
            classifier, natural = open_natural(classifier, names, images, most, seed, resize, ranges)
        refuse_sigmoids(classifier, natural, name)
        pixels = settle_range(classifier, natural, given, read)
        if pixels.range != classifier.input_range:
            classifier = replace(classifier, input_range=pixels.range)
        classifier = expose_logits(classifier, natural.images if natural else None)
        doubts = (*pixels.doubts, *question(classifier, natural, name))
        doubts += doubt_resize(classifier, natural) if natural and not function else ()
        return Subject(classifier, natural, pixels.said, doubts)


@contextmanager
def tell_failure(classifier: Classifier, then: str = "") -> Iterator[None]:
    """Refuse a function of the user's that fails, in its own words, which TensorFlow wraps in many."""
    try:
        yield
    except tf.errors.OpError as error:
        if classifier.asked and classifier.asked.failure:
            raise AuditError(f"{classifier.asked.failure.rstrip('.')}{then}.") from error
        raise


def open_digits(data: str, steps: int, folder: Path) -> Subject:
    """Return LeNet of page 01 with the held-out digits, at most 1,000: what is audited where no network is named."""
    digits = load_digits(data)
    classifier = train_network("LeNet", digits, steps, folder)
    few = draw_places(digits.test_labels, MOST_NATURAL, seed=0)
    natural = NaturalImages("held-out digits", digits.test_images[few], digits.test_labels[few])
    return Subject(classifier, natural, settle_range(classifier, natural, classifier.input_range, None).said)


def _check_range(given: Sequence[float]) -> tuple[float, float]:
    """Return a range of pixels as numbers, or raise AuditError."""
    numbers = [float(value) for value in given]
    if len(numbers) != 2 or not np.isfinite(numbers).all() or numbers[0] >= numbers[1]:
        raise AuditError(f"The input range is two numbers, black and a larger white, such as 0 and 255; not {given}.")
    return numbers[0], numbers[1]


def _open_network(
    model: str | None, name: str, size: Sequence[int] | None, own: Own
) -> tuple[keras.Model, tuple[int, int, int]]:
    """Return a model, and the shape of its images, or raise AuditError."""
    check_image_size(size, None if model else own.function)
    try:
        if model:
            network = load_model(model, own.code, own.lambdas)
        else:
            classify = getattr(run_code(str(own.code)), str(own.function), None)
            if not callable(classify):
                raise ValueError(f"{Path(str(own.code)).name} defines no function {own.function!r}.")
            network = Asked(classify, own.calls)
    except ValueError as error:
        raise AuditError(str(error)) from error
    try:
        return network, find_image_shape(network, size)
    except ValueError as error:
        sentence = re.sub(rf"^{re.escape(network.name)}\b", name, str(error))
        if "does not say what" in sentence and model:
            sentence = f"{name} does not say what images it takes; call the model on a batch before it is saved."
        raise AuditError(
            re.sub(r"(add|by) image_shape=\(.*\)", r"\1 --image-size HEIGHT WIDTH (IMAGE_SIZE)", sentence)
        ) from error


def refuse_sigmoids(classifier: Classifier, natural: NaturalImages | None, name: str) -> None:
    """Refuse a network that answers for each class by itself: its answers are no logits, and look safe if taken so.

    Raises:
        AuditError: If its last layer is a sigmoid, or all its answers lie in [0, 1], differ, and do not sum to 1.
    """
    form = classifier.model if isinstance(classifier.model, Adapted) else None
    if form and form.one_output:  # the sigmoid that two classes need
        return
    end = find_end(form.network if form else classifier.model)
    sigmoid = end is not None and getattr(end.operation, "activation", None) is keras.activations.sigmoid
    if not sigmoid and classifier.outputs == "logits":
        answers = compute_logits(classifier, _choose_seen(classifier, natural))
        sigmoid = bool((answers != answers[:1]).any() and answers.min() >= 0.0 and answers.max() <= 1.0)
    if sigmoid:
        raise AuditError(
            f"{name} answers for each class by itself, from 0 to 1 as a sigmoid does; an audit needs one answer among "
            "all classes, as softmax or as logits."
        )


def question(classifier: Classifier, natural: NaturalImages | None, name: str) -> tuple[str, ...]:
    """Return in sentences what in a network's answers to noise and to real images makes an audit doubtful.

    Raises:
        AuditError: If some answer is no number, or those of a network, not of a function, to all images are the same.
    """
    seen, doubts = _choose_seen(classifier, natural), list[str]()
    answers = classifier.score(seen)
    if np.isnan(answers).any():
        raise AuditError(f"{name} gives scores that are no numbers (NaN or infinity) for some images.")
    rounded = int(np.isinf(answers).any(axis=1).sum())
    if not (rounded or (answers != answers[:1]).any() or classifier.asked):
        said = f"{name} gives the same scores to all of {len(seen)} images: they do not depend on the image."
        raise AuditError(f"{said} Is it trained?")
    sure, again, alone = (to_confidence(part) for part in (answers, *map(classifier.score, (seen, seen[:ALONE]))))
    apart = float(np.abs(sure - again).max())
    if apart > AGREE:
        doubts.append(f"The network answers differently when asked again, by up to {apart:.2g} of confidence.")
    elif float(np.abs(sure[:ALONE] - alone).max()) > 10 * AGREE:  # rounding differs between sizes of a batch
        doubts.append("The network's answer to an image depends on the other images that are shown with it.")
    if float(np.ptp(sure, axis=0).max()) == 0.0:
        doubts.append(f"The network gives the same answer to all of {len(seen)} images.")
    if rounded:
        doubts.append(
            f"Some scores are exactly 0 for {rounded} of {len(seen)} images, as a softmax rounds them: there no attack "
            "can tell which of two images is nearer to a class, and the network may look safer than it is; audit one "
            "that gives logits."
        )
    return tuple(doubts)


def find_parts(classifier: Classifier, natural: NaturalImages | None) -> tuple[keras.Model, Head] | str:
    """Return what is below a network's last layer, and that layer; or why they cannot be told apart, a sentence."""
    if classifier.asked:
        return f"{classifier.name} is a function, whose layers are not known."
    if classifier.outputs != "logits":
        return f"{classifier.name} does not end in a dense layer, or not so that its softmax can be taken off."
    try:
        return split_head(classifier, natural.images if natural else None)
    except ValueError as error:
        return str(error)


def _choose_seen(classifier: Classifier, natural: NaturalImages | None) -> np.ndarray:
    """Return noise images, and real ones where there are any, to ask a network about; few for a function."""
    asked = FEW if classifier.asked else ASKED
    noise = np.random.default_rng(0).integers(0, 256, (asked, *classifier.image_shape), np.uint8)
    real = [natural.images[draw_places(natural.labels, asked, seed=0)]] if natural else []
    return np.concatenate([noise, *real])
