"""Any Keras model becomes a classifier or is refused in one sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from fooling import runs
from fooling.encodings.population import compile_graph, on_processor
from fooling.networks import classifier as classifying
from fooling.networks import squeezenet
from fooling.networks.classifier import Classifier, load_classifier, log_odds_of

SIDE = 8


def build(kind: str, channels: int, head: str | None) -> keras.Model:
    """Build a model of three classes, Functional or Sequential, with logits or a softmax."""
    core = [layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(3, activation=head)]
    if kind == "sequential":
        return keras.Sequential([layers.Input((SIDE, SIDE, channels)), *core])
    inputs = outputs = layers.Input((SIDE, SIDE, channels))
    for layer in core:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


class Subclassed(keras.Model):
    """A user's own class, which Keras does not know."""

    def __init__(self, classes: int = 3, **more: Any) -> None:
        super().__init__(**more)
        self.classes = classes
        self.flatten, self.dense = layers.Flatten(), layers.Dense(classes)

    def call(self, images: Any) -> Any:
        return self.dense(self.flatten(images))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}


@keras.saving.register_keras_serializable("tests")
class Registered(Subclassed):
    """The same, registered."""


def make_images(channels: int = 1, count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, (count, SIDE, SIDE, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("head", [None, "softmax"], ids=["logits", "softmax"])
@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_a_file_loads_by_one_call_and_scores_as_the_model_does(tmp_path, kind, head, channels):
    model = build(kind, channels, head)
    model.save(tmp_path / "my_network.keras")
    classifier = load_classifier(tmp_path / "my_network.keras")
    assert classifier.image_shape == (SIDE, SIDE, channels)
    assert classifier.outputs == ("probabilities" if head else "logits")
    assert (classifier.name, tuple(classifier.class_names)) == ("my_network", ("0", "1", "2"))
    images = make_images(channels)
    scores = model(images).numpy().astype(np.float64)
    expected = scores if head else np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifier.confidences(images), expected, atol=1e-6)


def test_a_file_whose_first_layers_tell_its_pixels_needs_not_be_told(tmp_path):
    inner = build("functional", 1, None)
    images = layers.Input((SIDE, SIDE, 1))
    keras.Model(images, inner(layers.Rescaling(1 / 255)(images))).save(tmp_path / "rescales.keras")
    inner.save(tmp_path / "silent.keras")
    assert load_classifier(tmp_path / "rescales.keras").input_range == (0.0, 255.0)
    assert load_classifier(tmp_path / "rescales.keras", input_range=[0, 1]).input_range == (0.0, 1.0), "one's own word"
    assert load_classifier(tmp_path / "silent.keras").input_range == (0.0, 1.0)


def test_a_subclassed_model_loads_when_registered_or_given_and_is_refused_otherwise(tmp_path):
    for kind in (Subclassed, Registered):
        model = kind()
        model(make_images())
        model.save(tmp_path / f"{kind.__name__}.keras")
    with keras.saving.custom_object_scope({"Subclassed": Subclassed}):
        given = load_classifier(tmp_path / "Subclassed.keras", class_names=("a", "b", "c"))
    for classifier in (given, load_classifier(tmp_path / "Registered.keras")):
        assert classifier.score(make_images()).shape == (6, 3)
    with pytest.raises(ValueError, match=r"Subclassed\.keras cannot be loaded .*Could not locate class 'Subclassed'"):
        load_classifier(tmp_path / "Subclassed.keras")


def test_an_open_image_size_must_be_chosen(tmp_path):
    model = keras.Sequential([layers.Input((None, None, 1)), layers.Conv2D(3, 3), layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match="choose one by image_shape"):
        Classifier(model)
    assert Classifier(model, image_shape=(9, 8, 1)).score(np.zeros((1, 9, 8, 1))).shape == (1, 3)


def two_outputs(x: Any) -> Any:
    return [layers.Dense(3)(layers.Flatten()(x)), layers.Dense(3)(layers.Flatten()(x))]


class Pooled(keras.Model):
    """One row for the whole batch."""

    def call(self, images: Any) -> Any:
        return tf.reduce_mean(tf.reshape(images, [-1, SIDE * SIDE]), axis=0, keepdims=True)


def build_from(head: Callable[[Any], Any]) -> keras.Model:
    inputs = layers.Input((SIDE, SIDE, 1))
    return keras.Model(inputs, head(inputs))


def build_pooled() -> keras.Model:
    model = Pooled()
    model.build((None, SIDE, SIDE, 1))
    return model


WRONG: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "two outputs": (lambda: build_from(two_outputs), "one row of class scores"),
    "a picture": (lambda: build_from(layers.Conv2D(3, 3)), "one row of class scores"),
    "rank 3": (lambda: build_from(layers.Reshape((SIDE, SIDE))), "one row of class scores"),
    "pooled over the batch": (build_pooled, "one row of class scores"),
    "two channels": (lambda: keras.Sequential([layers.Input((8, 8, 2)), layers.Flatten()]), "1 or 3 channels"),
    "a vector": (lambda: keras.Sequential([layers.Input((8,)), layers.Dense(3)]), "1 or 3 channels"),
    "never built": (lambda: keras.Sequential([layers.Flatten(), layers.Dense(3)]), "add image_shape="),
    "never called": (Subclassed, "add image_shape="),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_model_that_is_no_classifier_is_refused_in_one_sentence(case):
    build_wrong, message = WRONG[case]
    with pytest.raises(ValueError, match=message) as refused:
        Classifier(build_wrong())
    assert "\n" not in str(refused.value)


def test_class_names_must_fit():
    with pytest.raises(ValueError, match=r"2 class names were given, but net has 3 classes"):
        Classifier(build("sequential", 1, None), ("cat", "dog"), "net")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, SIDE, SIDE, 1), 1.01), r"\[0, 1\], but values from 1.01 to 1.01"),
        (np.full((1, SIDE, SIDE, 1), -0.01), r"\[0, 1\]"),
        (np.full((1, SIDE, SIDE, 1), np.nan), r"\[0, 1\]"),
        (np.full((1, SIDE, SIDE, 1), 255, np.int64), r"\[0, 1\]"),
        (np.zeros((1, SIDE, SIDE, 3)), r"the network takes \(count, 8, 8, 1\)"),
        (np.zeros((SIDE, SIDE, 1)), r"the network takes \(count, 8, 8, 1\)"),
        (np.zeros((1, SIDE, SIDE + 1, 1)), r"the network takes \(count, 8, 8, 1\)"),
    ],
    ids=["above 1", "below 0", "NaN", "bytes as int64", "channels", "one image", "size"],
)
def test_images_outside_0_to_1_or_of_another_shape_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        Classifier(build("sequential", 1, None)).score(images)


def test_bytes_and_their_share_of_255_score_the_same_and_no_images_give_no_rows():
    classifier = Classifier(build("sequential", 1, None))
    levels = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 1), np.uint8)
    shares = levels.astype(np.float32) * np.float32(1 / 255)
    assert classifier.score(levels).tobytes() == classifier.score(shares).tobytes()
    assert classifier.score(levels[:0]).shape == (0, 3)


def test_batches_of_any_size_change_only_the_last_digits(monkeypatch):
    classifier = Classifier(build("sequential", 1, None))
    images = make_images(count=450)
    graph, passed = classifier._log_odds_graph, []
    monkeypatch.setitem(vars(classifier), "_log_odds_graph", lambda part: passed.append(len(part)) or graph(part))
    together = graph(images)
    for batch, sizes in {1: [1] * 450, 7: [7] * 64 + [2], 200: [200, 200, 50], 450: [450], 451: [450]}.items():
        passed.clear()
        monkeypatch.setattr(classifying, "BATCH", batch)
        np.testing.assert_allclose(classifier.score(images), together, atol=1e-4)
        assert passed == sizes


@pytest.mark.parametrize(("side", "batch"), [(28, 200), (72, 200), (73, 196), (224, 20), (1100, 1)])
def test_a_batch_is_200_small_images_and_fewer_of_large_ones(side, batch):
    model = keras.Sequential([layers.Input((None, None, 3)), layers.GlobalAveragePooling2D()])
    assert Classifier(model, image_shape=(side, side, 3)).batch == batch


def test_a_batch_of_ones_own_is_kept_when_sent_and_part_of_the_fingerprint():
    model = build("sequential", 1, None)
    own, usual = Classifier(model, batch_size=7), Classifier(model)
    kind, given = own.__reduce__()
    assert own.batch == kind(*given).batch == 7 and usual.batch == 200
    assert own.fingerprint() == kind(*given).fingerprint() != usual.fingerprint()
    with pytest.raises(ValueError, match=r"^A forward pass has 1 image or more, .* not -1\.$"):
        Classifier(model, batch_size=-1)


@pytest.mark.parametrize(("cards", "device"), [([], "CPU"), (["a card"], "GPU")])
def test_a_gpu_computes_the_network_and_nothing_else(monkeypatch, cards, device):
    classifier = Classifier(build("functional", 1, None))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: cards)
    bred = on_processor(lambda seed: classifier.logits(tf.random.stateless_uniform([5, SIDE, SIDE, 1], seed)))
    graph = compile_graph(bred, [tf.TensorSpec([2], tf.int64)]).graph
    places = {part.type: part.device for part in graph.get_operations()}
    assert places["MatMul"].endswith(f"{device}:0") and places["Conv2D"].endswith(f"{device}:0")
    assert places["StatelessRandomUniformV2"].endswith("CPU:0")


def test_the_models_own_pixel_range_is_applied():
    shift = Classifier(build("sequential", 1, None), input_range=(-1.0, 1.0))
    images = make_images()
    logits = shift.model(2.0 * images - 1.0).numpy()
    np.testing.assert_allclose(shift.score(images), log_odds_of(tf.constant(logits)), atol=1e-4)


def test_the_fingerprint_changes_with_one_weight_the_range_and_the_architecture():
    def build_seeded(activation: str | None = None) -> keras.Model:
        core = layers.Dense(3, activation=activation, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
        return keras.Sequential([layers.Input((SIDE, SIDE, 1)), layers.Flatten(), core])

    model = build_seeded()
    first = Classifier(model).fingerprint()
    assert Classifier(model).fingerprint() == first
    assert Classifier(model, input_range=(0.0, 2.0)).fingerprint() != first
    assert Classifier(build_seeded("relu")).fingerprint() != first
    weights = model.get_weights()
    weights[1][2] = np.nextafter(np.float32(0), np.float32(1))
    model.set_weights(weights)
    assert Classifier(model).fingerprint() != first


def test_the_same_model_built_again_has_the_same_fingerprint():
    """Keras numbers its layers on ("dense_3"), which says nothing about what they compute."""

    def build_seeded() -> keras.Model:
        core = layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
        return keras.Sequential([layers.Input((SIDE, SIDE, 1)), layers.Flatten(), core])

    assert Classifier(build_seeded()).fingerprint() == Classifier(build_seeded()).fingerprint()


def test_code_inside_a_file_is_refused_in_words(tmp_path):
    path = tmp_path / "lambda.keras"
    model = keras.Sequential(
        [layers.Input((8, 8, 1)), layers.Lambda(lambda x: x * 2), layers.Flatten(), layers.Dense(3)]
    )
    model.save(path)
    with pytest.raises(ValueError, match=r"lambda\.keras cannot be loaded .*Lambda"):
        load_classifier(path)


def empty(content: bytes) -> bytes:
    return b""


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip_weights(content: bytes) -> bytes:
    place = content.index(b"model.weights.h5") + 3000
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize("damage", [empty, cut, flip_weights], ids=["empty", "cut short", "a flipped byte"])
def test_a_damaged_file_is_refused_in_one_sentence_that_names_it(tmp_path, damage):
    path = tmp_path / "net.keras"
    build("sequential", 1, None).save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        ValueError, match=r"^net\.keras (cannot be loaded as a Keras model|is not a \.keras file)"
    ) as refused:
        load_classifier(path)
    assert "\n" not in str(refused.value)


def test_a_zip_without_a_model_and_a_missing_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as file:
        file.writestr("readme.txt", "nothing")
    with pytest.raises(ValueError, match=r"other\.keras cannot be loaded"):
        load_classifier(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"There is no file 'missing\.keras'"):
        load_classifier(Path(tmp_path / "missing.keras"))


class Tempered(keras.Model):
    """A network that does not describe itself: its temperature is in no weight."""

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature
        self.dense = layers.Dense(3, kernel_initializer="ones")

    def call(self, images):
        return self.dense(layers.Flatten()(images))[:, :3] * keras.ops.array([1.0, 2.0, 3.0]) * self.temperature


def test_networks_of_equal_weights_that_answer_differently_have_other_fingerprints():
    first, again, other = (Classifier(Tempered(t), image_shape=(4, 4, 1)).fingerprint() for t in (1.0, 1.0, 3.0))
    assert first == again != other


def test_the_guide_names_the_batch_that_is_taken_whatever_the_card() -> None:
    told = " ".join((runs.ROOT / "GUIDE.md").read_text(encoding="utf-8").split())
    usual = classifying.BATCH_PIXELS // 224**2
    assert f"holds 2²⁰ pixels at most, {usual} images of 224 × 224 and of SqueezeNet {squeezenet.BATCH}, " in told
    assert classifying.BATCH_PIXELS == 2**20
