"""The user's own images: read as the network's author read them, what cannot be read left out and named."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fooling.data.photographs import UNKNOWN
from fooling.data.pictures import RESIZES, fit_picture, read_picture
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.folders import Folder, tell_files
from fooling.words import count_words, list_words

SAME_SHAPE = 0.01  # of width by height, within which no way to resize differs; Choice: less than a pixel in 100


class NaturalImages(NamedTuple):
    """Real images, as the network sees them."""

    name: str  # of their folder
    images: np.ndarray  # (count, height, width, channels) uint8
    labels: np.ndarray  # (count,) int64: each one's class; −1 where nobody says
    said: tuple[str, ...] = ()  # sentences on how they were read, and on what was left out
    paths: tuple[Path, ...] = ()  # of each image, where resizing in another way would give others
    resize: str = RESIZES[0]  # how they were

    @property
    def labelled(self) -> bool:
        """Whether every image's class is known."""
        return bool(len(self.labels)) and bool((self.labels != UNKNOWN).all())

    def take(self, places: np.ndarray) -> NaturalImages:
        """Return some of the images, by place."""
        paths = tuple(self.paths[place] for place in places) if self.paths else ()
        return self._replace(images=self.images[places], labels=self.labels[places], paths=paths)


class Read(NamedTuple):
    """A picture at a network's size, in one or more ways."""

    images: np.ndarray  # (ways, height, width, channels) uint8
    notes: tuple[str, ...]  # see :mod:`fooling.data.pictures`
    same: bool  # whether every way gives the same


def load_natural(
    folder: Folder, shape: tuple[int, int, int], most: int, seed: int, resize: str = RESIZES[0]
) -> NaturalImages:
    """Read real images: resized to what the network takes, grey or colour as it is.

    Where there are more than ``most``, so many are drawn, of every class about the same share. Files that cannot be
    read are left out.

    Raises:
        AuditError: If none can be read, or there is no such way to resize.
    """
    if resize not in RESIZES:
        raise AuditError(f"There is no way {resize!r} to resize; choose one of {', '.join(RESIZES)}.")
    every = np.array(folder.labels, np.int64)
    chosen = draw_places(every, most, seed)
    paths = [folder.paths[place] for place in chosen]
    found, messages = read_pictures(paths, shape, (resize,))
    broken = {path: one for path, one in zip(paths, found, strict=True) if isinstance(one, str)}
    read = [one for one in found if isinstance(one, Read)]
    unread = tell_files(folder.path, [*broken], [*broken.values()])
    if not read:
        raise AuditError(f"No picture in {folder.path.name!r} can be read: {unread}.")
    said = [*folder.said]
    said += [f"Left out, because they cannot be read: {unread}."] if broken else []
    notes = Counter(note for one in read for note in one.notes)
    said += [f"{note}: {count:,} of {count_words(len(read), 'picture')}." for note, count in notes.items()]
    said += [f"Pillow warned: {list_words(messages)}."] if messages else []
    kept = np.array([isinstance(one, Read) for one in found])
    again = () if all(one.same for one in read) else tuple(path for path in paths if path not in broken)
    images = np.stack([one.images[0] for one in read])
    return NaturalImages(folder.path.name, images, every[chosen][kept], tuple(said), again, resize)


def read_pictures(
    paths: Sequence[Path], shape: tuple[int, int, int], resizes: Sequence[str]
) -> tuple[list[Read | str], list[str]]:
    """Return each picture resized in some ways, or why it cannot be read, and of what Pillow warned."""

    def read(path: Path) -> Read | str:
        try:
            picture = read_picture(path)
        except ValueError as error:
            return str(error)
        images = np.stack([fit_picture(picture.image, shape, resize) for resize in resizes])
        width, height = picture.image.size
        return Read(images, picture.notes, abs(width * shape[0] / (height * shape[1]) - 1.0) < SAME_SHAPE)

    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(os.cpu_count()) as threads:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # what is too large is not read
        found = list(threads.map(read, paths))
    return found, sorted({str(warning.message).split("\n")[0].rstrip(".") for warning in caught})


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


def split_natural(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of two halves of images, of each label half: to fit on, and to measure on."""
    fitted = draw_places(labels, len(labels) // 2, seed)
    return fitted, np.setdiff1d(np.arange(len(labels)), fitted)
