"""Pictures out of files, read as Keras's own loader reads them: any kind, as 8-bit pixels, at a network's size."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# Kinds that are read; Choice: what cameras, scanners and data sets use, and nothing that another program must draw.
KINDS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
KERAS_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")  # Source: keras.utils.image_dataset_from_directory
MOST_PIXELS = 178_956_970  # Source: Pillow, which takes more for an attack; half a gigabyte when decoded
RESIZES = ("stretch", "crop", "pad")  # the ways that the same loader knows; stretch is what it does unasked
# What may be worth knowing of a picture.
TURNED = "The camera was turned, which is not followed"
DEEP = "More than 8 bits a pixel, of which the upper 8 are read"
CLEAR = "Transparent parts, of which the colours beneath are read"
MOVING = "Several frames, of which the first is read"
ORIENTATION = 0x0112  # of the camera, as EXIF keeps it


class Picture(NamedTuple):
    """A decoded picture."""

    image: Image.Image  # grey (L) or colour (RGB)
    notes: tuple[str, ...] = ()  # those of TURNED, DEEP, CLEAR and MOVING that hold
    text: dict[str, str] = {}  # noqa: RUF012 - what a PNG says in words; never changed


def list_pictures(folder: Path, deep: bool = True) -> tuple[list[Path], list[Path]]:
    """Return the pictures, by their endings, and the other files in a folder and (deep) below it, as Keras sorts them.

    Hidden pictures count as other files, and no other hidden file counts. Links to folders are not followed.
    """
    known = {ending for ending, kind in Image.registered_extensions().items() if kind in KINDS}
    pictures: list[Path] = []
    others: list[Path] = []
    for root, _, names in sorted(os.walk(folder), key=lambda one: one[0]) if deep else [next(os.walk(folder))]:
        hidden_below = any(part.startswith(".") for part in Path(root).relative_to(folder).parts)
        for name in sorted(names):
            is_picture, hidden = Path(name).suffix.lower() in known, hidden_below or name.startswith(".")
            if is_picture or not hidden:
                (pictures if is_picture and not hidden else others).append(Path(root) / name)
    return pictures, others


def read_picture(file: Path | IO[bytes], as_seen: bool = False) -> Picture:
    """Decode a picture as it is stored, which is how Keras reads it; of several frames the first.

    With ``as_seen`` it is turned as the camera was held, and white put behind transparent parts, as a browser does. If
    it cannot be read, the text of a ValueError says why, without a full stop.
    """
    try:
        if isinstance(file, Path) and file.exists() and not file.is_file():
            raise ValueError("it is no file")  # a pipe would be waited for
        with Image.open(file, formats=KINDS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"it has {picture.width * picture.height:,} pixels, more than {MOST_PIXELS:,}")
            return Picture(_decode(picture, as_seen), tuple(_describe(picture)), dict(getattr(picture, "text", {})))
    except FileNotFoundError as error:
        raise ValueError("there is no such picture") from error
    except UnidentifiedImageError as error:
        raise ValueError("it is no picture of a known kind") from error
    except Exception as error:  # a damaged file can raise nearly anything
        said = getattr(error, "strerror", None) or str(error)  # the system's own words, without the path
        raise ValueError(said.strip().split("\n")[0].rstrip(".") or type(error).__name__) from error


def _describe(picture: Image.Image) -> Iterator[str]:
    """Yield the notes on an opened picture."""
    if picture.getexif().get(ORIENTATION, 1) not in (0, 1):
        yield TURNED
    if picture.mode.startswith(("I", "F")):
        yield DEEP
    if picture.has_transparency_data:
        yield CLEAR
    if getattr(picture, "is_animated", False):
        yield MOVING


def _decode(picture: Image.Image, as_seen: bool) -> Image.Image:
    """Return an opened picture as grey or colour of 8 bits."""
    picture.load()
    if as_seen:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_take_upper_bits(np.asarray(picture), picture.mode.startswith("I;16")))
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")  # a palette, too: Pillow warns where its colours are taken without that
        if as_seen:
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _take_upper_bits(wide: np.ndarray, is_16_bits: bool) -> np.ndarray:
    """Return grey levels of 16 bits, or in numbers that do not say how many, as uint8.

    Choice: numbers up to 1 (where they are fractions), to 255 or to 65,535, whichever is the first to hold all.
    """
    if is_16_bits:
        return (wide >> 8).astype(np.uint8)
    low, high = float(wide.min()), float(wide.max())
    if not (low >= 0.0 and high <= 65_535.0):
        raise ValueError(f"its numbers go from {low:g} to {high:g}, which are no grey levels")
    is_fraction = wide.dtype.kind == "f" and high <= 1.0
    levels = wide * 255.0 if is_fraction else wide if high <= 255.0 else wide / 257.0
    return np.rint(levels).astype(np.uint8)


def fit_picture(image: Image.Image, shape: tuple[int, int, int], resize: str = "stretch") -> np.ndarray:
    """Return a picture at a network's size, ``(height, width, channels) uint8``, grey or colour as the network is.

    As ``image_dataset_from_directory`` calls them, and as TensorFlow does it: bilinear between the four nearest pixels,
    also where a picture shrinks. Only the fractions of grey levels that it keeps are rounded.

    Args:
        shape: ``(height, width, 1 or 3)``.
        resize: ``stretch`` to the size, ``crop`` the largest middle of its shape before, or ``pad`` with black.
    """
    import tensorflow as tf  # only here: what reads pictures as they are needs no TensorFlow
    from keras import ops

    whole = np.asarray(image.convert("L" if shape[2] == 1 else "RGB"))
    whole = whole.reshape(*whole.shape[:2], shape[2])
    if resize == "pad":
        (tall, wide), (height, width) = whole.shape[:2], shape[:2]
        step = math.ceil(max(tall / height / wide, wide / width / tall))  # above 1 its shorter side would vanish
        whole = whole[::step] if tall > wide else whole[:, ::step]
        fitted = tf.image.resize_with_pad(whole, *shape[:2])
    else:
        fitted = ops.image.resize(whole, shape[:2], crop_to_aspect_ratio=resize == "crop")
    return np.asarray(np.rint(np.asarray(fitted)), np.uint8)
