"""The user's own images: read as the network sees them, and refused in one sentence where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fooling.data.photographs import UNKNOWN, cut_centre
from fooling.files import hash_arrays
from fooling.lab.audit.files import AuditError, list_class_folders


class NaturalImages(NamedTuple):
    """Real images, as the network sees them."""

    name: str  # of their folder
    images: np.ndarray  # (count, height, width, channels) uint8
    labels: np.ndarray  # (count,) int64: each one's class; −1 where nobody says

    @property
    def labelled(self) -> bool:
        """Whether every image's class is known."""
        return bool(len(self.labels)) and bool((self.labels != UNKNOWN).all())

    def take(self, places: np.ndarray) -> NaturalImages:
        """Return some of the images, by place."""
        return NaturalImages(self.name, self.images[places], self.labels[places])

    def fingerprint(self) -> str:
        """Return a hash of all images and labels."""
        return hash_arrays(self.images, self.labels)


def load_natural(
    folder: str | Path, shape: tuple[int, int, int], class_names: Sequence[str], most: int, seed: int
) -> NaturalImages:
    """Read real images: the middle of each, resized to what the network takes, grey or colour as it is.

    A folder holds pictures, whose classes are then unknown, or one folder for each class: its name is the class's name,
    or its number from 0 where it is no name. Files that are hidden, or whose ending no kind of picture has, are left
    out.

    Where there are more than ``most``, so many are drawn, of every class about the same share.

    Raises:
        AuditError: If the folder is missing, empty or mixed, a subfolder is no class, or a picture cannot be read.
    """
    path, folders = Path(folder), list_class_folders(folder)
    paths = list_pictures(path)
    if folders and paths:
        raise AuditError(f"{path.name} holds both folders and pictures ({paths[0].name}); it may hold either.")
    labels = [UNKNOWN] * len(paths)
    for name in folders:
        inside = list_pictures(path / name)
        labels += [find_label(name, class_names)] * len(inside)
        paths += inside
    if not paths:
        raise AuditError(f"The folder {path.name!r} holds no pictures, nor folders with pictures in them.")
    every = np.array(labels, np.int64)
    chosen = draw_places(every, most, seed)
    return NaturalImages(path.name, np.stack([read_picture(paths[place], shape) for place in chosen]), every[chosen])


def list_pictures(folder: Path) -> list[Path]:
    """Return the files of a folder whose endings are those of pictures, sorted by name."""
    endings = Image.registered_extensions()
    found = (one for one in folder.iterdir() if one.suffix.lower() in endings and not one.name.startswith("."))
    return sorted(one for one in found if one.is_file())


def find_label(folder: str, class_names: Sequence[str]) -> int:
    """Return the class that a folder's name means.

    Raises:
        AuditError: If it is neither a class's name nor its number.
    """
    if folder in class_names:
        return list(class_names).index(folder)
    if folder.isascii() and folder.isdigit() and int(folder) < len(class_names):
        return int(folder)
    few = ", ".join(class_names[:5]) + (", …" if len(class_names) > 5 else "")
    raise AuditError(f"The folder {folder!r} is none of the network's {len(class_names)} classes: {few}.")


def draw_places(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return the places of at most ``most`` images, ascending, of every label about the same share."""
    if len(labels) <= most:
        return np.arange(len(labels))
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    ordered = labels[order]
    ranks = np.empty(len(labels))
    for label in np.unique(labels):
        mine = np.flatnonzero(ordered == label)
        ranks[mine] = (np.arange(len(mine)) + random.random()) / len(mine)  # from 0 to 1 within each label
    return np.sort(order[np.argsort(ranks, kind="stable")[:most]])


def read_picture(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the middle of a picture at a network's size, ``(height, width, channels) uint8``.

    Raises:
        AuditError: If it cannot be read.
    """
    try:
        with Image.open(path) as picture:
            # A JPEG of a camera is decoded at a fraction of its size, twice what is needed at least: ten times faster.
            picture.draft(None, (2 * shape[1], 2 * shape[0]))
            pixels = cut_centre(picture.convert("L" if shape[2] == 1 else "RGB"), shape, margin=1.0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # all that damage leads to
        raise AuditError(f"{path.name} cannot be read as a picture.") from error
    return pixels.reshape(shape)


def split_natural(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of two halves of images, of each label half: to fit on, and to measure on."""
    fitted = draw_places(labels, len(labels) // 2, seed)
    return fitted, np.setdiff1d(np.arange(len(labels)), fitted)
