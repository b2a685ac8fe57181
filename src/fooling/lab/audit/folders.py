"""A folder of real images: which of its folders are classes, which files are pictures, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fooling.data.photographs import UNKNOWN, read_labels
from fooling.data.pictures import KERAS_ENDINGS, list_pictures
from fooling.lab.audit.files import AuditError, list_class_folders
from fooling.networks.imagenet_names import CLASSES
from fooling.words import clean_name, count_words, list_words

# What people call the parts of a data set, those first that a network has not learned from.
PARTS = ("test", "testing", "held_out", "holdout", "val", "valid", "validation", "dev", "eval", "train", "training")
NAMED = 3  # of the files that are left out; Choice: enough to see what they are


class Folder(NamedTuple):
    """The pictures of a folder and what they show."""

    path: Path
    paths: tuple[Path, ...]
    labels: tuple[int, ...]  # each one's class; −1 where nobody says
    class_names: tuple[str, ...] = ()  # by label, where the folders name the classes
    said: tuple[str, ...] = ()  # sentences on what was left out


def open_folder(folder: str | Path, named: Sequence[str], classes: int) -> Folder:
    """Look into a folder: it holds pictures, whose classes are then unknown, or one folder for each class.

    A class's folder has its name, or its number from 0. Where nobody has named the classes, and as many folders are
    there, these name them, in Keras's order, in which 10 comes before 2. Pictures in folders below belong to the class,
    as in Keras.

    Args:
        named: The classes' names, where they were given.
        classes: How many there are.

    Raises:
        AuditError: If the folder is missing or holds no pictures, or a folder in it is no class.
    """
    path, folders = Path(folder), list_class_folders(folder)
    loose, others = list_pictures(path, deep=False)
    inside = dict[str, list[Path]]()
    for name in folders:
        inside[name], more = list_pictures(path / name)
        others += more
    filled = [name for name in folders if inside[name]]
    pictures = [one for name in filled for one in inside[name]] or loose
    said = _tell_some(path, "Left out, because they are no pictures", others)
    foreign = [one for one in pictures if not one.name.lower().endswith(KERAS_ENDINGS)]
    said_last = _tell_some(path, "Read, though Keras's own loader passes over such kinds", foreign)
    if not filled:
        if not loose:
            raise AuditError(f"The folder {path.name!r} holds no pictures, nor folders with pictures in them.")
        return Folder(path, tuple(loose), (UNKNOWN,) * len(loose), said=said + said_last)
    _refuse_parts(path, filled, named)
    own = () if named else next((tuple(some) for some in (folders, filled) if len(some) == classes), ())
    empty = [clean_name(name) for name in folders if not inside[name]]
    if empty:
        counted = " and counted as classes, as Keras does" if own == folders else ""
        said += (f"Without pictures{counted}: {list_words(empty)}.",)
    said += _tell_some(path, "Left out, because they lie beside the folders of classes", loose)
    names = tuple(map(clean_name, own)) or tuple(named) or tuple(map(str, range(classes)))
    labels = [(_find_class(path, name, names, bool(named)), len(inside[name])) for name in filled]
    by_picture = tuple(label for label, count in labels for _ in range(count))
    return Folder(path, tuple(pictures), by_picture, names if own else (), said + said_last)


def _refuse_parts(path: Path, filled: Sequence[str], named: Sequence[str]) -> None:
    """Raise AuditError where a folder holds the parts of a data set, and these the classes."""
    lower = {name.lower(): name for name in filled}
    if set(lower) <= set(PARTS) and not set(filled) <= set(named) and any(_find_below(path / name) for name in filled):
        best = lower[min(lower, key=PARTS.index)]
        raise AuditError(
            f"{clean_name(path.name)!r} holds {list_words(filled)}, and the classes are folders in "
            f"{'these' if len(filled) > 1 else 'this'}; give one, best with images that were not learned from, such as "
            f"--images {clean_name(path.name)}/{best} (IMAGES)."
        )


def _find_below(path: Path) -> list[str]:
    """Return the folders in a folder that hold pictures."""
    return [name for name in list_class_folders(path) if list_pictures(path / name)[0]]


def _find_class(path: Path, folder: str, class_names: Sequence[str], named: bool) -> int:
    """Return the class that a folder means, or raise AuditError and say what may be meant."""
    try:
        return find_label(folder, class_names)
    except AuditError as error:
        sentence, below = str(error).rstrip("."), _find_below(path / folder)
        if (below and any(name in class_names for name in below)) or len(below) == len(class_names):
            sentence += f"; if the folders in it are, add --images {clean_name(f'{path.name}/{folder}')} (IMAGES)"
        elif not named:
            sentence += "; name the classes by --class-names FILE (CLASS_NAMES)"
        raise AuditError(f"{sentence}.") from error


def find_label(folder: str, class_names: Sequence[str]) -> int:
    """Return the class that a folder means by its name, its number, or for ImageNet's WordNet's id; else AuditError."""
    wanted, names = clean_name(folder), [clean_name(name) for name in class_names]
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and int(wanted) < len(names):
        return int(wanted)
    if len(names) == CLASSES and wanted in (known := read_labels("imagenet21k_to_1k.json")):
        return known[wanted]
    alike = [index for index, name in enumerate(names) if name.startswith(f"{wanted} (")]
    if len(alike) > 1:
        numbers = list_words([str(index) for index in alike])
        raise AuditError(f"The folder {wanted!r} may be any of the classes {numbers}; name it by its number.")
    few = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    raise AuditError(f"The folder {wanted!r} is none of the network's {len(names)} classes: {few}.")


def _tell_some(path: Path, what: str, files: Sequence[Path]) -> tuple[str, ...]:
    """Return a sentence on some files; none if there is none."""
    return (f"{what}: {tell_files(path, files)}.",) if files else ()


def tell_files(path: Path, files: Sequence[Path], why: Sequence[str] = ()) -> str:
    """Return how many files there are, and the names of the first, with the reason for each where there is one."""
    named = [clean_name(one.relative_to(path).as_posix()) for one in files[:NAMED]]
    named = [f"{name}: {reason}" for name, reason in zip(named, why, strict=False)] or named
    return f"{count_words(len(files), 'file')} ({'; '.join(named)}{'; …' if len(files) > NAMED else ''})"
