"""What people hand in answers as by itself: forms of input and output, parts that are told apart, functions."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.networks.adapt import Head
from fooling.networks.asked import Asked
from fooling.networks.classifier import Classifier, load_classifier
from fooling.networks.head import expose_logits, replace_head, split_head

SHAPE = (6, 5, 3)


def softmax(scores: Any) -> np.ndarray:
    powers = np.exp(np.asarray(scores, np.float64) - np.max(scores, axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw(shape: tuple[int, ...] = SHAPE, count: int = 7) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def dense(x: Any, units: int = 3, **options: Any) -> Any:
    layer = layers.Dense(units, **options)
    y = layer(layers.Flatten()(x) if len(x.shape) > 2 else x)
    kernel = np.random.default_rng(1).normal(0, 0.3, layer.kernel.shape).astype(np.float32)
    layer.set_weights([kernel, np.linspace(-1, 1, units).astype(np.float32)])
    return y


def build(make: Any, shape: tuple[int, ...] = SHAPE, **options: Any) -> keras.Model:
    inputs = keras.Input(shape, **options)
    return keras.Model(inputs, make(inputs))


def double_softmax(x: Any) -> Any:
    return layers.Softmax()(layers.Softmax()(dense(x)))


def quantize(model: keras.Model) -> keras.Model:
    model.quantize("int8")
    return model


def share_head(x: Any) -> Any:
    """Return the answer of one head to two crops, their mean."""
    head = layers.Dense(3, activation="softmax")
    return layers.Average()([head(layers.Flatten()(part)) for part in (x[:, :3], x[:, 3:])])


def adapt_low_rank(x: Any) -> Any:
    layer = layers.Dense(3)
    y = layer(layers.Flatten()(x))
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.full((2, 3), 0.4, np.float32) * [1.0, -1.0, 0.5])
    return y


# By name: the model, whether its answers are logits already, and whether its last layer can be told apart.
WHOLE: dict[str, tuple[Any, bool, bool]] = {
    "softmax in the layer": (lambda: build(lambda x: dense(x, activation="softmax")), False, True),
    "softmax layer": (lambda: build(lambda x: layers.Softmax()(dense(x))), False, True),
    "softmax as an operator": (lambda: build(lambda x: ops.softmax(dense(x))), False, True),
    "a second softmax": (lambda: build(double_softmax), False, False),
    "smoothed": (lambda: build(lambda x: 0.5 * layers.Softmax()(dense(x)) + 0.5 / 3), False, False),
    "a temperature after it": (lambda: build(lambda x: dense(x) / 10.0), True, False),
    "a flip after it": (lambda: build(lambda x: ops.flip(dense(x), axis=1)), True, False),
    "one head on two crops": (lambda: build(share_head), False, False),
    "int8": (lambda: quantize(build(dense)), True, False),
    "int8 and softmax": (lambda: quantize(build(lambda x: dense(x, activation="softmax"))), False, False),
    "LoRA": (lambda: build(adapt_low_rank), True, True),
    "no bias": (lambda: build(lambda x: layers.Dense(3, use_bias=False)(layers.Flatten()(x))), True, True),
    "dropout and a linear activation last": (
        lambda: build(lambda x: layers.Activation("linear")(layers.Dropout(0.5)(dense(x)))), True, True,
    ),
    "layers with the names of ours": (
        lambda: build(lambda x: dense(layers.Conv2D(3, 1, name="features")(2.0 - x * 2.0), name="head")), True, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_taken_apart_or_whole_the_answers_are_those_of_the_model_itself(case: str) -> None:
    make, is_logits, is_split = WHOLE[case]
    model, images = make(), draw()
    own = np.asarray(model(images / np.float32(255.0), training=False))
    own = softmax(own) if is_logits else own
    whole = Classifier(model, image_shape=SHAPE)
    exposed = expose_logits(whole, images)
    for one in (whole, exposed):
        np.testing.assert_allclose(one.confidences(images), own, atol=1e-5)
    if not is_split:
        with pytest.raises(ValueError, match="last layer"):
            split_head(exposed)
        return
    below, head = split_head(exposed, images)
    wider = Head(np.pad(head.kernel, ((0, 0), (0, 1))), np.append(head.bias, np.float32(-1e9)))
    again = replace_head(exposed, below, wider).confidences(images)
    np.testing.assert_allclose(again[:, :-1], own, atol=1e-5)


FORMS: dict[str, tuple[Any, tuple[int, int, int], Any]] = {
    "grey without a channel": (lambda: build(dense, (6, 5)), (6, 5, 1), lambda x: x[..., 0]),
    "a square vector": (lambda: build(dense, (36,)), (6, 6, 1), lambda x: x.reshape(-1, 36)),
    "a vector of colours": (lambda: build(dense, (75,)), (5, 5, 3), lambda x: x.reshape(-1, 75)),
    "channels first": (lambda: build(dense, (3, 6, 5)), SHAPE, lambda x: x.transpose(0, 3, 1, 2)),
    "a list": (lambda: (lambda x: keras.Model([x], [dense(x)]))(keras.Input(SHAPE)), SHAPE, lambda x: x),
    "a dictionary": (
        lambda: (lambda x: keras.Model({"image": x}, {"scores": dense(x)}))(keras.Input(SHAPE, name="image")),
        SHAPE, lambda x: {"image": x},
    ),
    "one pixel of scores": (
        lambda: build(lambda x: layers.Conv2D(3, (6, 5))(x)), SHAPE, lambda x: x,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FORMS)
def test_every_form_of_images_and_answers_is_taken(case: str) -> None:
    make, shape, give = FORMS[case]
    model, images = make(), draw(shape)
    classifier = Classifier(model)
    assert classifier.image_shape == shape
    (answer,) = tf.nest.flatten(model(give(images / np.float32(255.0)), training=False))
    np.testing.assert_allclose(classifier.confidences(images), softmax(np.reshape(answer, (7, -1))), atol=1e-5)
    assert Classifier(make()).fingerprint() == classifier.fingerprint() or "pixel" in case


def test_one_output_is_two_classes_whose_logits_are_0_and_z() -> None:
    images = draw()
    for ending in ("sigmoid", None):
        model = build(lambda x, ending=ending: dense(x, 1, activation=ending))
        answer = np.asarray(model(images / np.float32(255.0)), np.float64)[:, 0]
        p = answer if ending else 1.0 / (1.0 + np.exp(-answer))
        exposed = expose_logits(Classifier(model))
        np.testing.assert_allclose(exposed.confidences(images), np.stack([1 - p, p], axis=1), atol=1e-5)
        assert exposed.outputs == "logits" and split_head(exposed)[1].kernel.shape == (90, 2)
    with pytest.raises(ValueError, match="one output, from tanh: two classes need a sigmoid"):
        Classifier(build(lambda x: dense(x, 1, activation="tanh")))


def test_whole_numbers_are_taken_with_a_gradient_and_only_with_their_own_range() -> None:
    model = build(lambda x: dense(layers.Rescaling(1 / 255)(x)), dtype="uint8")
    images = draw()
    classifier = Classifier(model, input_range=(0.0, 255.0))
    np.testing.assert_allclose(classifier.confidences(images), softmax(model(images)), atol=1e-5)
    with tf.GradientTape() as tape:
        pixels = tf.constant(images / np.float32(255.0))
        tape.watch(pixels)
        score = classifier.logits(pixels)[:, 0]
    assert np.abs(tape.gradient(score, pixels)).max() > 0.0
    with pytest.raises(ValueError, match=r"takes whole numbers \(uint8\): its input_range is 0 to 255"):
        Classifier(model)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.Model([x := keras.Input(SHAPE), y := keras.Input(SHAPE)], dense(x + y)), "takes 2 inputs"),
        (lambda: build(lambda x: [dense(x), dense(x)]), "gives 2 answers for 2 images"),
        (lambda: build(dense, (4, 6, 5, 3)), "1 or 3 channels"),
    ],
)  # fmt: skip
def test_more_than_one_image_or_answer_is_refused_in_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        Classifier(make())
    assert "\n" not in str(refused.value)


def test_evolution_takes_a_function_and_shows_it_no_more_images_than_it_may() -> None:
    shown = []

    def classify(images: np.ndarray) -> np.ndarray:
        shown.append(len(images))
        return images.mean(axis=(1, 2)) * 9.0  # (count, 3)

    classifier = Classifier(classify, name="mine", image_shape=SHAPE)
    assert classifier.name == "mine" and len(classifier.class_names) == 3
    run = evolve(classifier, DirectEncoding(SHAPE), generations=4, children=8, seeds=[0])
    np.testing.assert_allclose(
        run.confidences, classifier.confidences(run.images[0])[None, [0, 1, 2], [0, 1, 2]], atol=1e-5
    )
    assert sum(shown) == classifier.model.shown <= 2 + 5 * 8 + 3
    asked = Classifier(Asked(classify, most=4), image_shape=SHAPE)
    asked.score(np.zeros((2, *SHAPE), np.float32))
    asked.score(np.zeros((2, *SHAPE), np.float32))  # known by now
    with pytest.raises(Exception, match="was shown 3 images, and may be shown 4"):
        asked.score(draw())


def test_own_layers_come_from_a_file_whose_content_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    code = "import keras\n\nclass {}(keras.layers.Layer):\n    def call(self, x):\n        return {} * x\n"
    found = []
    for factor in (2.0, 3.0):
        file = tmp_path / f"own_layers_{factor:g}.py"
        file.write_text(code.format("Scaled", factor))
        own: dict[str, Any] = {"keras": keras}
        exec(file.read_text(), own)
        model = build(lambda x, own=own: dense(own["Scaled"]()(x)))
        model.save(tmp_path / "own.keras")
        classifier = load_classifier(tmp_path / "own.keras", code=file)
        np.testing.assert_allclose(
            classifier.confidences(draw()), softmax(model(draw() / np.float32(255.0))), atol=1e-5
        )
        found.append(classifier.fingerprint())
    with pytest.raises(ValueError, match=r"Could not locate class 'Scaled'; give the file that defines it by --code"):
        load_classifier(tmp_path / "own.keras")
    assert found[0] != found[1], "the same weights and architecture, other code"


def test_lambdas_run_only_by_an_explicit_trust(tmp_path: Path) -> None:
    model = build(lambda x: dense(layers.Lambda(lambda t: t * 2.0)(x)))
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match=r"it holds code of Python \(such as a Lambda layer\).* --trust"):
        load_classifier(tmp_path / "lambda.keras")
    model.save(tmp_path / "lambda.h5")
    with pytest.raises(ValueError, match=r"lambda\.h5 .*it holds code of Python \(such as a Lambda layer\).* --trust"):
        load_classifier(tmp_path / "lambda.h5")
    compiled = build(dense)
    compiled.compile(loss=lambda wanted, given: given)  # which is not loaded
    compiled.save(tmp_path / "compiled.keras")
    assert load_classifier(tmp_path / "compiled.keras").outputs == "logits"
    trusted = load_classifier(tmp_path / "lambda.keras", trust=True)
    np.testing.assert_allclose(trusted.confidences(draw()), softmax(model(draw() / np.float32(255.0))), atol=1e-5)


def edit_saved(path: Path, edit: Any) -> None:
    """Change the configuration in a saved file."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    config = json.loads(parts["config.json"])
    edit(config)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in {**parts, "config.json": json.dumps(config).encode()}.items():
            new.writestr(name, content)


def test_files_of_other_versions_are_read_or_refused_with_the_version_and_what_to_do(tmp_path: Path) -> None:
    model = build(dense)
    model.save(tmp_path / "old.h5")
    own = softmax(model(draw() / np.float32(255.0)))
    np.testing.assert_allclose(load_classifier(tmp_path / "old.h5").confidences(draw()), own, atol=1e-5)
    model.save(tmp_path / "plain.keras")
    edit_saved(tmp_path / "plain.keras", lambda config: config.update(module="keras.src.engine.functional"))
    with pytest.raises(
        ValueError, match=r"^plain\.keras was saved by Keras 2, .* save it by model\.save\('name\.h5'\)\.$"
    ):
        load_classifier(tmp_path / "plain.keras")
    model.save(tmp_path / "new.keras")
    later = {"from_the_future": None}
    edit_saved(tmp_path / "new.keras", lambda config: config["config"]["layers"][-1]["config"].update(later))
    with pytest.raises(ValueError, match=r"^new\.keras cannot be loaded .*from_the_future.* saved by Keras") as refused:
        load_classifier(tmp_path / "new.keras")
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 300
