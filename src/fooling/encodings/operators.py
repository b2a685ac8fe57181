"""Operators that encodings share: random draws, polynomial mutation, crossover, grey levels, colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from typing import Any, TypeVar

import tensorflow as tf

from fooling.images import GREY_LEVEL

# η of polynomial mutation; fixed in the paper (§2.2: "mutation strength of 15"). The root that it asks for is square
# roots alone, so that η + 1 is a power of two.
MUTATION_STRENGTH = 15
GENERATION = 2**32  # by how much a seed's second number grows with a generation
CROSSOVER_RATE = 0.5  # share of pairs that are crossed; released code
CROSSOVER_STRENGTH = 10  # η_c of simulated binary crossover; released code
HUES = 180.0  # 8-bit hues, one every two degrees; released code


Function = TypeVar("Function", bound=Callable[..., Any])


def as_written(function: Function) -> Function:
    """Let TensorFlow trace a function as it is written.

    Elsewhere AutoGraph first rewrites loops and conditions that depend on tensors, of which such a function has none.
    That takes seconds, several times as long as tracing, before the first generation.
    """
    kept: Function = tf.autograph.experimental.do_not_convert(function)
    return kept


def added(default: Any) -> Any:
    """Return a field of an encoding that had none of this name before: at its default, runs keep their keys."""
    return field(default=default, metadata={"added": True})


def describe_fields(encoding: Any) -> dict[str, Any]:
    """Return an encoding's name and the values of its fields, but for those that were :func:`added` and not changed."""
    values = {one: getattr(encoding, one.name) for one in fields(encoding)}
    told = {one.name: value for one, value in values.items() if "added" not in one.metadata or value != one.default}
    return {"encoding": encoding.name, **told}


def pass_gradients(rounding: Function) -> Function:
    """Return a function that rounds and has the gradient 1, as if it did not round: steps have none of their own."""
    kept: Function = tf.custom_gradient(lambda values: (rounding(values), lambda slope: slope))
    return kept


FLOOR, ROUND = pass_gradients(tf.floor), pass_gradients(tf.round)


def fold_seeds(seeds: tf.Tensor, purpose: int) -> tf.Tensor:
    """Return other seeds for another purpose.

    The second number of a seed holds the generation above its lowest 32 bits, and in those the chain of purposes, one
    digit in base 16 each. No two chains meet, within a generation or across.

    Args:
        seeds: ``(runs, 2) int64``: the run's own seed, and what it is used for so far.
        purpose: 1 to 15.
    """
    chain = seeds[:, 1] % GENERATION
    return tf.stack([seeds[:, 0], seeds[:, 1] + 15 * chain + purpose], axis=1)


def draw_uniform(seeds: tf.Tensor, shape: list[int | tf.Tensor]) -> tf.Tensor:
    """Draw uniform numbers for every run from its own seed, ``(runs, *shape) float32 in [0, 1)``.

    Numbers fill ``shape`` in row-major order, so the first rows stay the same when the first axis grows.
    """
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform(shape, seed, alg="philox"), seeds, fn_output_signature=tf.float32
    )


def polynomial_step(uniform: tf.Tensor) -> tf.Tensor:
    """Map uniform draws to steps of polynomial mutation with η = 15.

    The root of degree η + 1 = 16 is four square roots: exact to the last bit on every code path of the processor,
    which a power is not, and faster.

    Source: Deb & Goyal 1996, as in the released code (δ = (2u)^(1/16) − 1 below ½, 1 − (2 − 2u)^(1/16) above).

    Args:
        uniform: Any shape, float32 in [0, 1).

    Returns:
        The same shape, float32 in [-1, 1]; mean of the absolute value 1 / (η + 2).
    """
    centred = 2.0 * uniform - 1.0
    root = 1.0 - tf.abs(centred)
    for _ in range((MUTATION_STRENGTH + 1).bit_length() - 1):
        root = tf.sqrt(root)
    return tf.where(centred < 0, root - 1.0, 1.0 - root)


def simulated_binary_crossover(genes: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
    """Cross neighbouring genomes (slots 0 and 1, 2 and 3, …) by bounded simulated binary crossover.

    Genes that are equal in both parents stay as they are (in the released code they come out as 0.5: a defect).

    Source: Deb & Agrawal 1995. Choice: a gene of a crossed pair takes part with probability ½, as usual.

    Args:
        genes: ``(runs, count, genes) float32 in [0, 1]``. With an odd count the last genome is not crossed.
        seeds: ``(runs, 2) int64``.
    """
    count, length = genes.shape[1], genes.shape[2]
    pairs = count // 2
    first, second = genes[:, 0 : 2 * pairs : 2], genes[:, 1 : 2 * pairs : 2]
    draws = draw_uniform(seeds, [3, pairs, length])
    crossed = draw_uniform(fold_seeds(seeds, 1), [pairs, 1]) < CROSSOVER_RATE
    low, high = tf.minimum(first, second), tf.maximum(first, second)
    spread = high - low
    takes_part = crossed & (draws[:, 0] < 0.5) & (spread > 1e-6)
    children = [
        tf.clip_by_value(0.5 * (low + high + side * _spread_factor(draws[:, 1], room, spread) * spread), 0.0, 1.0)
        for side, room in ((-1.0, low), (1.0, 1.0 - high))
    ]
    swap = draws[:, 2] < 0.5
    new_first = tf.where(takes_part, tf.where(swap, children[0], children[1]), first)
    new_second = tf.where(takes_part, tf.where(swap, children[1], children[0]), second)
    paired = tf.reshape(tf.stack([new_first, new_second], axis=2), [tf.shape(genes)[0], 2 * pairs, length])
    return tf.concat([paired, genes[:, 2 * pairs :]], axis=1)


def _spread_factor(uniform: tf.Tensor, room: tf.Tensor, spread: tf.Tensor) -> tf.Tensor:
    """Return how far beyond their parents two children lie; ``room`` is the distance from a parent to its bound."""
    power = 1.0 / (CROSSOVER_STRENGTH + 1)
    bound = 1.0 + 2.0 * room / tf.maximum(spread, 1e-6)
    scale = 2.0 - bound ** -(CROSSOVER_STRENGTH + 1.0)
    inside = (uniform * scale) ** power
    outside = (1.0 / (2.0 - tf.minimum(uniform * scale, 2.0 - 1e-6))) ** power
    return tf.where(uniform * scale <= 1.0, inside, outside)


def to_grey_levels(values: tf.Tensor) -> tf.Tensor:
    """Round values in [0, 1] down to whole levels, int(255·v) as in the released code, times ``GREY_LEVEL``."""
    return FLOOR(values * 255.0) * GREY_LEVEL


def hls_to_rgb(hue: tf.Tensor, lightness: tf.Tensor, saturation: tf.Tensor) -> tf.Tensor:
    """Convert 8-bit hue, lightness, saturation to RGB, ``(*shape, 3)``: hue counts 0-179 and wraps round.

    What is given and returned is float32, whole grey levels times :data:`~fooling.images.GREY_LEVEL`.
    Source: released code (OpenCV's 8-bit ``COLOR_HLS2RGB``: 180 hues, one every two degrees).
    """
    chroma = (1.0 - tf.abs(2.0 * lightness - 1.0)) * saturation
    return _hue_to_rgb(hue, chroma, lightness - 0.5 * chroma)


def hsv_to_rgb(hue: tf.Tensor, saturation: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Convert 8-bit hue, saturation, value to RGB, the colours that the paper's text names, as :func:`hls_to_rgb`."""
    chroma = value * saturation
    return _hue_to_rgb(hue, chroma, value - chroma)


def _hue_to_rgb(hue: tf.Tensor, chroma: tf.Tensor, base: tf.Tensor) -> tf.Tensor:
    levels = ROUND(hue * 255.0)
    sixths = tf.where(levels >= HUES, levels - HUES, levels) * (6.0 / HUES)  # 180 hues go once round the circle
    ramps = (tf.abs(sixths - 3.0) - 1.0, 2.0 - tf.abs(sixths - 2.0), 2.0 - tf.abs(sixths - 4.0))
    channels = [ROUND((base + chroma * tf.clip_by_value(ramp, 0.0, 1.0)) * 255.0) * GREY_LEVEL for ramp in ramps]
    return tf.stack(channels, axis=-1)


COLOURS = {"hls": hls_to_rgb, "hsv": hsv_to_rgb}


def check_colour(colour: str) -> None:
    """Raise ValueError unless ``colour`` names a colour space."""
    if colour not in COLOURS:
        raise ValueError(f"There is no colour space {colour!r}; choose one of {', '.join(COLOURS)}.")
