"""One PNG for a picture and its genome: any viewer shows it, and it can be bred on."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from fooling.data.pictures import read_picture
from fooling.encodings import Encoding, Genomes
from fooling.encodings.cppn_graph import ACTIVATIONS, INPUTS, WEIGHT_RANGE, CppnGenomes, ensure_room
from fooling.encodings.population import express_genomes, stack_genomes, take_genome
from fooling.encodings.stored import read_encoding

KEY = "fooling"  # of the text in the PNG
LONGEST_TEXT = 16_000_000  # Choice: five times a pixel genome of 500 × 500 × 3


class StoredArray(msgspec.Struct, rename={"kind": "type", "content": "bytes"}):
    """An array of a genome; its bytes are little-endian, in base 64 where they are written."""

    kind: Literal["int32", "float32"]
    shape: tuple[int, ...]
    content: bytes


class StoredGenome(msgspec.Struct):
    """What the text of a PNG holds."""

    encoding: dict[str, Any]
    genome: dict[str, StoredArray]


class Saved(NamedTuple):
    """A picture out of a file."""

    image: np.ndarray  # ``(height, width, 1 or 3) uint8``
    encoding: Encoding | None = None  # how it was made, None for a picture from elsewhere
    genome: Genomes | None = None  # NumPy arrays of one genome, None with the encoding
    note: str = ""  # why a genome that the file has cannot be used; empty when there is none, or when it can


def encode_picture(image: np.ndarray, encoding: Encoding, genome: Genomes) -> bytes:
    """Return a PNG with a picture, ``(height, width, channels) uint8``, and as JSON in its text what draws it."""
    parts = {}
    for name, part in genome._asdict().items():  # :func:`_read_array` is the way back
        little = np.ascontiguousarray(part, part.dtype.newbyteorder("<")).tobytes()
        parts[name] = StoredArray(part.dtype.name, part.shape, little)
    text = PngImagePlugin.PngInfo()
    text.add_text(KEY, msgspec.json.encode(StoredGenome(encoding.settings(), parts)).decode())
    return encode_image(image, pnginfo=text)


def encode_image(image: np.ndarray, **options: Any) -> bytes:
    """Return ``(height, width, 1 or 3) uint8`` as a PNG; options are Pillow's."""
    file = io.BytesIO()
    _to_pillow(image).save(file, "png", **options)
    return file.getvalue()


def _to_pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def load_picture(file: Path | bytes, name: str = "the file") -> Saved:
    """Load a picture that was saved here, or any other, from its path or its bytes; messages call it ``name``.

    Raises:
        ValueError: If it is no picture, or too large.
    """
    try:
        picture = read_picture(file if isinstance(file, Path) else io.BytesIO(file), as_seen=True)
    except ValueError as error:
        raise ValueError(f"{name} cannot be loaded as a picture: {error}.") from error
    image, text = np.atleast_3d(np.asarray(picture.image)), picture.text.get(KEY)
    if text is None:
        return Saved(image)
    try:
        encoding, genome = _read_genome(text)
    except ValueError as error:
        return Saved(image, note=f"The genome in {name} cannot be used: {error}")
    if encoding.image_shape != image.shape or (express_genomes(encoding, stack_genomes([genome]))[0] != image).any():
        return Saved(image, note=f"The genome in {name} draws another picture, so this one can be looked at only.")
    return Saved(image, encoding, genome)


def fit_image(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the middle of ``(height, width, 1 or 3) uint8`` at a network's size, unchanged where it has that size."""
    picture = _to_pillow(image).convert("L" if shape[2] == 1 else "RGB")
    return np.asarray(ImageOps.fit(picture, (shape[1], shape[0]), Image.Resampling.BILINEAR)).reshape(shape)


def _read_genome(text: str) -> tuple[Encoding, Genomes]:
    """Return what :func:`encode_picture` wrote, or raise ValueError."""
    if len(text) > LONGEST_TEXT:
        raise ValueError("it is too long.")
    try:
        stored = msgspec.json.decode(text, type=StoredGenome)
        encoding = read_encoding(stored.encoding)
        kind = type(encoding.genome_shapes())
        genome = kind(*(_read_array(stored.genome[name]) for name in kind._fields))
    except (msgspec.DecodeError, ArithmeticError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("something is missing or is of another kind.") from error
    if isinstance(genome, CppnGenomes):
        check_graph(genome, encoding.image_shape[2])
        return encoding, take_genome(ensure_room(stack_genomes([genome])), 0)
    genes = genome.genes
    whole = genes.dtype == np.float32 and genes.shape == (math.prod(encoding.image_shape),)
    if not whole or not ((genes >= 0.0) & (genes <= 1.0)).all():
        raise ValueError("its genes are not one number in [0, 1] for each pixel and channel.")
    return encoding, genome


def _read_array(stored: StoredArray) -> np.ndarray:
    kind = np.dtype(stored.kind)
    return np.frombuffer(stored.content, kind.newbyteorder("<")).astype(kind).reshape(stored.shape)


def check_graph(genome: CppnGenomes, channels: int) -> None:
    """Raise ValueError unless arrays are a CPPN: weights in range, and no cycle, on which evaluation would hang."""
    activations, sources, targets, weights = genome
    kinds = (activations.dtype, sources.dtype, targets.dtype, weights.dtype)
    if kinds != (np.int32, np.int32, np.int32, np.float32) or not activations.ndim == sources.ndim == 1:
        raise ValueError("its arrays are of another kind.")
    if not sources.shape == targets.shape == weights.shape or len(activations) < channels:
        raise ValueError("its arrays are of another size.")
    alive = np.concatenate([[False], np.ones(INPUTS, bool), activations > 0])  # by a node's number
    outputs = alive[1 + INPUTS : 1 + INPUTS + channels]
    if activations.min() < 0 or activations.max() > len(ACTIVATIONS) or not outputs.all():
        raise ValueError("its nodes have functions that there are not.")
    used = (sources != 0) | (targets != 0)
    left, entered = sources[used], targets[used]
    there = (np.minimum(left, entered) > 0) & (np.maximum(left, entered) < len(alive)) & (entered > INPUTS)
    if not there.all() or not alive[left].all() or not alive[entered].all() or (weights[~used] != 0).any():
        raise ValueError("its edges lead to nodes that there are not.")
    if not (np.abs(weights) <= WEIGHT_RANGE).all():
        raise ValueError(f"its weights are not numbers within ±{WEIGHT_RANGE:.0f}.")
    while len(entered):  # take away the edges that leave nodes which nothing enters
        inner = np.isin(left, entered)
        if inner.all():
            raise ValueError("its edges form a circle.")
        left, entered = left[inner], entered[inner]
