"""Whatever graph of layers is handed in, it answers as by its own predict, or is refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from fooling.networks.adapt import Head
from fooling.networks.classifier import Classifier
from fooling.networks.head import expose_logits, replace_head, split_head

NAMES = ("head", "features", "softmax", "subtract", "multiply", "similarity", "input_layer", "stack", "get_item", "é 1")
FORMS = ("images", "grey", "vector", "channels first", "whole numbers", "list", "dictionary")
ENDINGS = (
    *("logits", "softmax", "softmax layer", "softmax operator", "twice", "mixture", "divided", "flip", "dropout"),
    *("int8", "sigmoid", "sigmoids", "no bias", "one head twice", "nested", "log-softmax", "two outputs"),
)


class Builder:
    """A random model in the making; names are taken once."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random, self.names = random, list(random.permutation(NAMES))

    def name(self) -> dict[str, str]:
        return {"name": str(self.names.pop())} if self.names and self.random.random() < 0.3 else {}

    def grow(self, x: Any) -> Any:
        """Put one more part on what is there."""
        steps: list[Callable[[Any], Any]] = [
            lambda x: layers.Conv2D(4, 3, padding="same", activation="relu", **self.name())(x),
            lambda x: layers.BatchNormalization(**self.name())(x),
            lambda x: layers.MaxPooling2D(2, padding="same", **self.name())(x),
            lambda x: layers.Dropout(0.3, **self.name())(x),
            lambda x: layers.Rescaling(0.5, 0.1, **self.name())(x),
            lambda x: x * 2.0 - 0.5,
            lambda x: ops.relu(x[:, :, ::-1]),
            lambda x: x + layers.Conv2D(x.shape[-1], 1, **self.name())(x),
            lambda x: layers.Concatenate()([x, ops.tanh(x)]),
            lambda x: self.share(x),
            lambda x: self.nest(x),
        ]
        return steps[self.random.integers(len(steps))](x)

    def share(self, x: Any) -> Any:
        shared = layers.Conv2D(x.shape[-1], 1, **self.name())
        return shared(shared(x))

    def nest(self, x: Any) -> Any:
        inner = keras.Input(x.shape[1:])
        return keras.Model(inner, self.grow(inner), **self.name())(x)


def build_random_model(seed: int) -> tuple[keras.Model, tuple[int, int, int], Callable[[Any], Any], float]:
    """Return a model, its images, how it takes them, and its white."""
    random = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    builder, form, ending = Builder(random), FORMS[seed % len(FORMS)], ENDINGS[random.integers(len(ENDINGS))]
    side, channels = int(random.integers(5, 9)), int(random.choice([1, 3]))
    shape = (side, side, 1 if form in ("grey", "vector") else channels)
    sides: tuple[int, ...] = {"grey": shape[:2], "vector": (side * side,)}.get(form, shape)
    sides = (channels, side, side) if form == "channels first" else sides
    inputs = keras.Input(sides, dtype="uint8" if form == "whole numbers" else None, name="image")
    x = inputs if form != "whole numbers" else layers.Rescaling(1 / 255)(inputs)
    x = layers.Permute((2, 3, 1))(x) if form == "channels first" else x
    x = layers.Reshape(shape)(x) if form in ("grey", "vector") else x
    for _ in range(random.integers(0, 6)):
        x = builder.grow(x)
    x = layers.GlobalAveragePooling2D()(x) if random.random() < 0.5 else layers.Flatten()(x)
    outputs = end(x, ending, builder)
    given: Any = {"list": [inputs], "dictionary": {"image": inputs}}.get(form, inputs)
    model = keras.Model(given, outputs, name=str(random.choice(["net", "head", "softmax", "model"])))
    spread(model, random)
    if ending == "int8":
        model.quantize("int8")
    give: dict[str, Callable[[Any], Any]] = {
        "grey": lambda images: images[..., 0],
        "vector": lambda images: images.reshape(len(images), -1),
        "channels first": lambda images: images.transpose(0, 3, 1, 2),
        "whole numbers": lambda images: np.round(images).astype(np.uint8),
        "list": lambda images: [images],
        "dictionary": lambda images: {"image": images},
    }
    return model, shape, give.get(form, lambda images: images), 255.0 if form == "whole numbers" else 1.0


def end(x: Any, ending: str, builder: Builder) -> Any:
    """Return the answer of one of the kinds that people's networks give."""
    units = int(builder.random.integers(2, 6))
    name = {"units": units, **builder.name()}
    activation = {"softmax": "softmax", "sigmoids": "sigmoid", "sigmoid": "sigmoid", "int8": "softmax"}.get(ending)
    if ending == "sigmoid":
        name["units"] = 1
    if ending == "one head twice":
        head = layers.Dense(units, activation="softmax")
        return layers.Average()([head(x), head(x * 0.5)])
    if ending == "nested":
        inner = keras.Input(x.shape[1:])
        return keras.Sequential([keras.Model(inner, layers.Dense(units)(inner)), layers.Softmax()])(x)
    y = layers.Dense(activation=activation, use_bias=ending != "no bias", **name)(x)
    endings: dict[str, Callable[[Any], Any]] = {
        "softmax layer": lambda y: layers.Softmax()(y),
        "softmax operator": lambda y: ops.softmax(y),
        "twice": lambda y: layers.Softmax()(layers.Softmax()(y)),
        "mixture": lambda y: 0.5 * layers.Softmax()(y) + 0.5 / units,
        "divided": lambda y: y / 3.0,
        "flip": lambda y: ops.flip(y, axis=1),
        "dropout": lambda y: layers.Activation("softmax")(layers.Dropout(0.5)(y)),
        "log-softmax": lambda y: ops.log_softmax(y),
        "two outputs": lambda y: [y, y * 2.0],
    }
    return endings[ending](y) if ending in endings else y


def spread(model: keras.Model, random: np.random.Generator) -> None:
    """Give weights as training does: what starts as zeros or ones is so no longer."""
    for weight in model.weights:
        if not weight.dtype.startswith("float"):
            continue
        noise = random.normal(0.0, 0.2, weight.shape).astype(np.float32)
        weight.assign(np.abs(np.asarray(weight) + noise) + 0.1 if "variance" in weight.path else weight + noise)


def check_random_model(seed: int) -> bool:
    """Check one random model, whole and taken apart; return whether it was accepted."""
    model, shape, give, white = build_random_model(seed)
    images = np.random.default_rng(0).integers(0, 256, (4, *shape), np.uint8)
    try:
        whole = Classifier(model, image_shape=shape, input_range=(0.0, white))
    except ValueError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
        return False
    pixels = images / np.float32(255.0) * np.float32(white)
    (answer,) = tf.nest.flatten(model.predict(give(pixels), verbose=0))
    own = np.reshape(answer, (4, -1)).astype(np.float64)
    is_probability = whole.outputs == "probabilities"
    if own.shape[1] == 1:
        own = np.concatenate([1.0 - own if is_probability else 0.0 * own, own], axis=1)
    expected = own if is_probability else np.exp(own - own.max(1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    exposed = expose_logits(whole, images)
    np.testing.assert_allclose(whole.confidences(images), expected, atol=1e-5)
    np.testing.assert_allclose(exposed.confidences(images), expected, atol=1e-5)
    try:
        below, head = split_head(exposed, images)
    except ValueError as error:
        assert "\n" not in str(error)
        return True
    wider = Head(np.pad(head.kernel, ((0, 0), (0, 1))), np.append(head.bias, np.float32(-1e9)))
    np.testing.assert_allclose(replace_head(exposed, below, wider).confidences(images)[:, :-1], expected, atol=1e-5)
    return True


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_random_models_answer_as_their_own_predict_or_are_refused_in_one_sentence(seed: int) -> None:
    check_random_model(seed)
