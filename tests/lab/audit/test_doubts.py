"""Nothing that makes an audit worthless passes in silence: it is refused at once, or a doubt that stands first."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from fooling.lab.audit.budget import Budget, Size
from fooling.lab.audit.experiment import (
    NEVER_CERTAIN,
    NO_GRADIENT,
    NO_STEPS,
    NOTHING_CERTAIN,
    audit_network,
    say_doubts,
)
from fooling.lab.audit.files import AuditError, check_image_size, check_keras, find_function, hash_network
from fooling.lab.audit.natural import NaturalImages
from fooling.lab.audit.network import Own, Subject, find_parts, open_subject, question
from fooling.lab.audit.speed import measure_speed
from fooling.lab.audit.telling import tell_audit
from fooling.lab.audit.verdict import give_verdict
from fooling.networks.asked import Asked
from fooling.networks.classifier import Classifier
from fooling.networks.head import expose_logits

SHAPE, NAMES = (12, 10, 3), ("red", "green", "blue")
SMALL = Size(1, 2, 10)
BUDGET = Budget(1.0, (0, 1, 2), 60, SMALL, SMALL, SMALL, SMALL, 1, 20)


class Noisy(layers.Layer):
    def call(self, x: Any) -> Any:
        return x + keras.random.normal(ops.shape(x))


def build(make: Any, weight: float = 9.0) -> keras.Model:
    """Return a network of the means of colours, after and before what is asked for."""
    inputs, dense = layers.Input(SHAPE), layers.Dense(3)
    before, after = make if isinstance(make, tuple) else (make, lambda z: z)
    model = keras.Model(inputs, after(dense(layers.GlobalAveragePooling2D()(before(inputs)))))
    dense.set_weights([weight * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    return model


def in_halves(z: Any) -> Any:
    """Return a softmax of large logits in 16 bits, which rounds many probabilities to 0."""
    return ops.cast(ops.softmax(ops.cast(100.0 * z, "float16")), "float32")


@pytest.mark.parametrize(
    ("make", "doubt"),
    [
        (lambda x: Noisy()(x), r"answers differently when asked again, by up to 0\."),
        (lambda x: x + 9.0 * ops.mean(x, axis=0, keepdims=True), "depends on the other images that are shown with it"),
        ((lambda x: x, lambda z: in_halves(z)), r"Some scores are exactly 0 for \d+ of 64 images, as a softmax rounds"),
    ],
)
def test_answers_that_are_not_an_images_own_are_a_doubt(make: Any, doubt: str, natural: NaturalImages) -> None:
    (said,) = question(Classifier(build(make), NAMES), natural, "mine.keras")
    assert re.search(doubt, said)
    assert not question(Classifier(build(lambda x: x), NAMES), natural, "mine.keras")


@pytest.mark.parametrize("scores", [0.0, 0.3, 5.0])
def test_scores_that_do_not_depend_on_the_image_are_refused_for_that_reason(
    scores: float, natural: NaturalImages, tmp_path: Path
) -> None:
    model = build((lambda x: x * 0.0, lambda z: z + scores))
    model.save(tmp_path / "mine.keras")
    with pytest.raises(AuditError, match=r"^mine\.keras gives the same scores to all of 32 images: they do not depend"):
        open_subject(str(tmp_path / "mine.keras"))
    with pytest.raises(AuditError, match=r"^mine\.keras gives the same scores to all of 64 images"):
        question(Classifier(model, NAMES), natural, "mine.keras")
    (said,) = question(
        Classifier(lambda images: np.eye(3)[:1].repeat(len(images), 0) + 1.0, NAMES, image_shape=SHAPE), natural, ""
    )
    assert said == "The network gives the same answer to all of 8 images.", "a service may round its scores"


def test_answers_that_are_no_numbers_are_refused(natural: NaturalImages) -> None:
    model = build((lambda x: x, lambda z: z / (z - z)))
    with pytest.raises(AuditError, match=r"^mine\.keras gives scores that are no numbers"):
        question(Classifier(model, NAMES), natural, "mine.keras")


def audit(model: Any, natural: NaturalImages | None, folder: Path, budget: Budget = BUDGET) -> Any:
    classifier = expose_logits(Classifier(model, NAMES, "mine", image_shape=SHAPE))
    return audit_network(Subject(classifier, natural, "", ("The first doubt.",)), budget, 0, folder).found


@pytest.mark.slow
def test_no_gradient_and_no_better_than_chance_are_doubts_and_stand_first(
    natural: NaturalImages, tmp_path: Path
) -> None:
    wrong = NaturalImages("toy", natural.images, (natural.labels + np.arange(60)) % 3)
    found = audit(build(lambda x: ops.round(x * 8.0) / 8.0), wrong, tmp_path)
    assert "no better than chance" in found.doubts[0] and found.doubts[1:3] == (NEVER_CERTAIN, "The first doubt.")
    assert found.doubts[3] == NO_GRADIENT == found.untested[0] and "ascent" not in found.attacks
    lines = tell_audit(found)
    assert [line.split(":")[0] for line in lines[:5]] == ["Doubtful"] * 4 + [give_verdict(found).split(":")[0]]


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "doubts"), [(1.0, (NOTHING_CERTAIN,)), (90.0, ())], ids=["timid", "certain"])
def test_not_being_fooled_means_little_where_nothing_makes_a_network_certain(
    weight: float, doubts: tuple[str, ...], make_colour_network: Any, tmp_path: Path
) -> None:
    budget = Budget(1.0, (0, 1, 2), 60, SMALL, SMALL, SMALL, SMALL, 0, 0)
    found = audit(make_colour_network(weight=weight), None, tmp_path, budget)
    assert found.doubts == ("The first doubt.", *doubts) and (found.fooled == 0) is bool(doubts)


@pytest.mark.slow
def test_a_function_is_audited_without_its_gradient_and_a_softmax_of_zeros_with_its_own(
    natural: NaturalImages, tmp_path: Path
) -> None:
    asked = Asked(lambda images: 9.0 * images.mean(axis=(1, 2)), most=600)
    budget = Budget(1.0, (0, 1, 2), 60, SMALL, SMALL, SMALL, SMALL, 0, 0)
    found = audit(asked, natural, tmp_path, budget)
    assert found.untested[0] == NO_STEPS and list(found.attacks) == ["noise", "direct", "CPPN"] and asked.shown < 600
    assert any("is a function" in one for one in found.untested) and found.real.right > 0.9
    halves = keras.mixed_precision.DTypePolicy("mixed_float16")
    inputs = layers.Input(SHAPE)
    rounded = layers.Dense(3, activation="softmax", dtype=halves)
    outputs = layers.Activation("linear", dtype="float32")(rounded(layers.GlobalAveragePooling2D()(inputs)))
    rounded.set_weights([900.0 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    found = audit(keras.Model(inputs, outputs), natural, tmp_path)
    assert found.worst.confidence == 1.0 and found.temperature is not None
    assert any("does not end in a dense layer" in one for one in found.untested)


@pytest.mark.slow
def test_a_function_that_fails_in_the_middle_says_so_in_one_sentence(tmp_path: Path) -> None:
    asked = Asked(lambda images: 9.0 * images.mean(axis=(1, 2)), most=40)
    with pytest.raises(AuditError, match=r"and may be shown 40; what was finished until then is kept\.$") as refused:
        audit(asked, None, tmp_path, replace(BUDGET, ascent_seeds=0, ascent_steps=0))
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_network_that_is_never_certain_is_judged_by_its_real_images(natural: NaturalImages, tmp_path: Path) -> None:
    twice = (lambda x: x, lambda z: layers.Softmax()(layers.Softmax()(z)))
    found = audit(build(twice, 40.0), natural, tmp_path)
    assert found.worst.confidence < 0.5762 and abs(found.real.median - 0.571) < 0.002 and found.fooled == 0
    assert "nonsense reached 57." in give_verdict(found) and ", the median of real images, in " in give_verdict(found)


def test_other_arithmetic_of_keras_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    check_keras()
    (tmp_path / "keras.json").write_text(json.dumps({"image_data_format": "channels_first", "backend": "jax"}))
    with pytest.raises(
        AuditError, match=r"image_data_format in keras\.json is 'channels_first', but an audit needs 'chan"
    ):
        check_keras()
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(AuditError, match="KERAS_BACKEND is 'torch', but an audit needs 'tensorflow'"):
        check_keras()


@pytest.mark.parametrize("name", ["mine.keras", "mine.h5"])
def test_weights_that_are_no_numbers_are_refused_without_loading_them(tmp_path: Path, name: str) -> None:
    model = build(lambda x: x)
    model.save(tmp_path / name)
    assert hash_network(tmp_path / name)
    model.layers[-1].bias.assign([0.0, np.nan, 0.0])
    model.save(tmp_path / name)
    with pytest.raises(AuditError, match=rf"^{name} has weights that are no numbers"):
        hash_network(tmp_path / name)


def test_a_function_is_named_by_its_file_and_looked_at_without_running_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("raise SystemExit\n\ndef classify(images): ...\n")
    assert find_function(f"{file}:classify") == (file, "classify") and find_function(str(file)) == (file, "")
    for wrong, message in ((f"{file}:gone", "defines no function 'gone'"), (f"{file}x:classify", "no file 'mine.pyx'")):
        with pytest.raises(AuditError, match=message):
            find_function(wrong)
    file.write_text("def classify(:\n")
    with pytest.raises(AuditError, match="is not Python"):
        find_function(f"{file}:classify")
    with pytest.raises(AuditError, match=r"classify does not say what it takes: add --image-size HEIGHT WIDTH"):
        check_image_size(None, "classify")


def test_a_function_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def classify(images):\n    raise RuntimeError('no connection')\n")
    with pytest.raises(AuditError, match=r"^classify fails: RuntimeError: no connection$"):
        open_subject(None, image_size=(5, 5), own=Own(str(file), "classify"))
    file.write_text("def classify(images):\n    return images.mean(axis=(1, 2))\n")
    with pytest.raises(AuditError, match=r"^classify was shown 2 images, and may be shown 5\.$"):
        open_subject(None, image_size=(5, 5), own=Own(str(file), "classify", calls=5))


@pytest.mark.parametrize("columns", [1, 3])
def test_a_function_of_one_output_or_more_is_asked_and_not_taken_apart(columns: int, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text(f"def classify(images):\n    return 20.0 * images.mean(axis=(1, 2))[:, :{columns}]\n")
    classifier = open_subject(None, image_size=(5, 5), own=Own(str(file), "classify", calls=50)).classifier
    shown = classifier.asked.shown
    assert measure_speed(classifier).gradient == 1.0 and 0 < classifier.asked.shown - shown <= 16
    assert find_parts(classifier, None) == "classify is a function, whose layers are not known."
    assert Classifier(build(lambda x: x), NAMES).asked is None


def test_real_images_tell_of_chance_and_of_networks_that_are_never_certain(natural: NaturalImages) -> None:
    right = np.where(np.arange(3) == natural.labels[:, None], 9.0, -9.0)
    assert say_doubts(natural, right) == () == say_doubts(None, None)
    assert say_doubts(natural, right / 9.0) == (NEVER_CERTAIN,)
    (chance,) = say_doubts(natural, right[:, [1, 2, 0]])
    assert chance == "The network is right on 0.0% of the real images, no better than chance."
    few = natural.take(np.arange(9))
    assert say_doubts(few, right[:9, [1, 2, 0]]) == (), "of so few nothing is known"
    unlabelled = natural._replace(labels=np.full(60, -1))
    assert say_doubts(unlabelled, right) == ()
