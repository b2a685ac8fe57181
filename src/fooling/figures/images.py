"""Figures of images: tables of small ones, galleries of large ones, photographs."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from fooling.figures.style import BASELINE, DPI, WIDTH, Figure, show_pixels, start_figure, styled
from fooling.images import average_areas
from fooling.words import list_words, show_confidence

GALLERY_KILOBYTES = 150  # Choice: base64 makes it 200 KB, a third of what a page may take
DESCENT_KILOBYTES = 330  # Choice: three images of noise, large enough to see pixels
GAP = 21  # pixels between images; Choice: five columns of a page are 168 pixels each, three quarters of 224
COVER = 1.6  # width of a cover, in heights
BEYOND = 24  # pixels that words may stand out on either side of a photograph; Choice: 15 remain between neighbours
LINE = 0.14  # inches of a line under a small image
GALLERY, NAME_WIDTH = 5, 25  # columns of a gallery, and letters of a line under an image there
ANSWER = FontProperties(size=7.5)  # of what networks say, under a photograph


@styled
def draw_images(images: np.ndarray, captions: Sequence[Sequence[str]], rows: Sequence[str], alt: str) -> Figure:
    """Draw a table of small images, ``(rows, columns, height, width, channels) uint8``, with a caption under each.

    They are enlarged without smoothing.
    """
    lines = max(caption.count("\n") for row in captions for caption in row) + 1
    height = 1.2 * WIDTH / images.shape[1] + LINE * max(0, lines - 2)
    drawn, axes = start_figure(height * images.shape[0], alt, nrows=images.shape[0], ncols=images.shape[1])
    drawn.kilobytes = GALLERY_KILOBYTES
    for row, column in np.ndindex(images.shape[:2]):
        spot = axes[row, column]
        show_pixels(spot, images[row, column])
        spot.spines[:].set_visible(False)
        spot.set_xlabel(captions[row][column], fontsize=8, labelpad=2, parse_math=False)
    for spot, label in zip(axes[:, 0], rows, strict=True):
        spot.set_ylabel(label, fontsize=9)
    return drawn


@styled
def draw_champions(
    images: np.ndarray, confidences: np.ndarray, class_names: Sequence[str], runs: Sequence[int | str] | np.ndarray
) -> Figure:
    """Draw each class's champion with its class and confidence, a row for each run, named or by its seed.

    The images are ``(runs, classes, height, width, channels) uint8``, their confidences ``(runs, classes) float32``.
    """
    captions = [
        [f"{name}\n{show_confidence(value)}" for name, value in zip(class_names, row, strict=True)]
        for row in confidences
    ]
    rows = [run if isinstance(run, str) else f"seed {run}" for run in runs]
    spoken = [row.replace("\n", ", ") for row in rows]
    ends = "; ".join(
        f"{label}: {show_confidence(row.min())} to {show_confidence(row.max())}"
        for label, row in zip(spoken, confidences, strict=True)
    )
    classes = f"{class_names[0]} to {class_names[-1]}"
    alt = f"The champion of each class, {classes}, of {list_words(spoken)}. Confidences: {ends}."
    return draw_images(images, captions, rows, alt)


@styled
def draw_gallery(
    images: np.ndarray,
    names: Sequence[str],
    confidences: np.ndarray,
    columns: int = GALLERY,
    kilobytes: int = GALLERY_KILOBYTES,
    shown: str = "Images with what the network takes each for, and its confidence",
) -> Figure:
    """Draw images large enough to look at, with class and confidence under each.

    Places are square (168 pixels a side in five columns), and an image keeps its shape in the middle of its place.
    Larger images are reduced by the mean over the area of a pixel, smaller ones are enlarged without smoothing.

    Args:
        images: ``(count, height, width, channels) uint8``, grey or colour.
        names: What the network takes each for.
        confidences: ``(count,) float32`` in that class.
        kilobytes: What the picture may take; noise, which does not compress, is a coarser JPEG if need be.
        shown: What the images are, in a few words.
    """
    sure = [show_confidence(value) for value in confidences]
    best = int(np.argmax(confidences))
    alt = (
        f"{shown}. The {len(images)} are {list_words(names)}; confidences "
        f"{show_confidence(np.min(confidences))} to {sure[best]}, median {show_confidence(np.median(confidences))}, "
        f"highest for {names[best]}."
    )
    wrapped = [textwrap.wrap(name, min(NAME_WIDTH, NAME_WIDTH * GALLERY // columns)) for name in names]
    side = round(WIDTH * DPI) // columns - GAP
    lines = 1 + max(len(name) for name in wrapped)
    drawn, spots = start_sheet(len(images), columns, side, above=6, below=12 + 14 * lines, alt=alt)
    drawn.kilobytes = kilobytes
    for spot, image, name, confidence in zip(spots, images, wrapped, sure, strict=True):
        _show_image(spot, image, side)
        words = "\n".join([*name, confidence])
        spot.set_xlabel(words, fontsize=8.5, labelpad=4, linespacing=1.15, parse_math=False)
    return drawn


@styled
def draw_descent(
    ancestor: np.ndarray, champion: np.ndarray, name: str, confidences: np.ndarray, generations: int
) -> Figure:
    """Draw a champion between the random image that it descends from and their difference, doubled, on grey.

    Args:
        ancestor, champion: ``(height, width, channels) uint8``.
        name: The champion's class.
        confidences: ``(2,) float32`` of both in that class.
        generations: How many images the line between them has, both included.
    """
    changed = np.clip(128.0 + 2.0 * (champion.astype(float) - ancestor), 0, 255).astype(np.uint8)
    first, last = map(show_confidence, confidences)
    alt = (
        f"A champion for {name}, the random image that it descends from and what changed; from {first} to {last} over "
        f"{generations} images."
    )
    side = round(WIDTH * DPI) // 3 - GAP
    drawn, spots = start_sheet(3, 3, side, above=6, below=30, alt=alt)
    drawn.kilobytes = DESCENT_KILOBYTES
    labels = (f"random image: {first}", f"champion for {textwrap.shorten(name, 30)}: {last}", "difference, doubled")
    for spot, image, label in zip(spots, (ancestor, champion, changed), labels, strict=True):
        _show_image(spot, image, side)
        spot.set_xlabel(label, fontsize=8.5, labelpad=4, parse_math=False)
    return drawn


@styled
def draw_photographs(
    photographs: np.ndarray,
    titles: Sequence[str],
    answers: Mapping[str, Sequence[tuple[str, float]]],
    labels: Sequence[str | None],
) -> Figure:
    """Draw photographs with what each network takes them for, each in its own shape in the middle of a square place.

    Args:
        photographs: ``(count, height, width, channels) uint8``, grey or colour.
        titles: One above each; what is too long, as a file's name may be, loses letters in its middle.
        answers: By network, for each photograph its top class and the confidence in it.
        labels: The class of each photograph, or None where it shows none; a right answer is bold and ticked.
    """
    right = {
        network: sum(name == label for (name, _), label in zip(rows, labels, strict=True))
        for network, rows in answers.items()
    }
    known = sum(label is not None for label in labels)
    alt = (
        f"{len(photographs)} photographs: {list_words(titles)}. Of the {known} whose class is known, "
        + list_words([f"{network} has {count} right" for network, count in right.items()])
        + "."
    )
    side = round(WIDTH * DPI) // 4 - 3 * GAP
    drawn, spots = start_sheet(len(photographs), 4, side, above=26, below=14 + 15 * len(answers), alt=alt)
    drawn.kilobytes = GALLERY_KILOBYTES
    short = [network.rpartition("-")[2] for network in answers]  # "Lite0" is enough
    beside = max(measure_text(name, ANSWER) for name in short) + 4  # points that a network's name takes
    for place, spot in enumerate(spots):
        _show_image(spot, photographs[place], side)
        font = FontProperties(weight="bold", size=9)
        title = shorten_title(titles[place], font, (side + 2 * BEYOND) * 72 / DPI)
        spot.set_title(title, fontproperties=font, pad=5, parse_math=False)
        for line, (network, rows) in enumerate(zip(short, answers.values(), strict=True)):
            _write_answer(spot, 8 + 15 * line, network, beside, *rows[place], labels[place])
    return drawn


def _write_answer(
    spot: Axes, below: float, network: str, beside: float, name: str, confidence: float, label: str | None
) -> None:
    """Write a line so many pixels below a photograph: a network, within ``beside`` points, class, confidence."""
    first, last = -BEYOND * 72 / DPI, (spot.get_position().width * round(WIDTH * DPI) + BEYOND) * 72 / DPI  # points
    font, sure = ANSWER.copy(), show_confidence(confidence)
    font.set_weight("bold" if name == label else "normal")
    room = last - first - beside - measure_text(sure, font) - 4
    shown = shorten_title(("✓ " if name == label else "") + name, font, room)
    for x, side_of, text, colour, look in (
        (first, "left", network, BASELINE, ANSWER),
        (first + beside, "left", shown, "black", font),
        (last, "right", sure, "black", font),
    ):
        where: Any = {"xytext": (x, -72 * below / DPI), "textcoords": "offset points", "ha": side_of, "va": "top"}
        spot.annotate(
            text, (0, 0), xycoords="axes fraction", color=colour, fontproperties=look, parse_math=False, **where
        )


def start_sheet(
    count: int, columns: int, side: int, above: int, below: int, alt: str, left: int = 0, head: int = 0
) -> tuple[Figure, list[Axes]]:
    """Return a figure with places of exactly ``side`` × ``side`` pixels for ``count`` images, row by row.

    Further pixels are left free: above and below each row, left of all places, and at the head of the figure.
    """
    width, row = round(WIDTH * DPI), above + side + below
    height = head + row * -(-count // columns)
    drawn = Figure(figsize=(WIDTH, (height + 0.01) / DPI), layout=None)
    drawn.set_layout_engine("none")  # places are exact
    drawn.alt = alt
    rows, cell = min(2, -(-count // columns)), (width - left) / columns
    across = min(columns, count, round(COVER * rows * row / cell))
    drawn.cover = (0.0, 0.0, (left + across * cell) / width, (head + rows * row) / height)
    spots = []
    for place in range(count):
        across = round(left + (width - left) / columns * (place % columns + 0.5) - side / 2)
        bottom = height - head - row * (place // columns) - above - side
        spots.append(drawn.add_axes((across / width, bottom / height, side / width, side / height)))
    return drawn, spots


def _show_image(spot: Axes, image: np.ndarray, side: int) -> None:
    """Show an image in the middle of a square place, from whole pixel to whole pixel."""
    height, width = fit_shape(image.shape[0], image.shape[1], side)
    left, bottom = (side - width) // 2, (side - height) // 2
    extent = (left, left + width, bottom, bottom + height)
    show_pixels(spot, image, aspect="auto", extent=extent)
    spot.set(xlim=(0, side), ylim=(0, side))
    spot.spines[:].set_visible(False)
    # So that white images have an end.
    spot.add_patch(Rectangle((left, bottom), width, height, fill=False, ec="#cccccc", lw=0.5, clip_on=False))


def fit_shape(height: int, width: int, side: int) -> tuple[int, int]:
    """Return the height and width of an image whose longer side becomes ``side`` pixels, at least one pixel each."""
    longer = max(height, width)
    return max(1, round(height * side / longer)), max(1, round(width * side / longer))


def shrink_image(image: np.ndarray, side: int) -> np.ndarray:
    """Return an image, ``(height, width, channels) uint8``, whose longer side has at most ``side`` pixels.

    Each pixel is the mean over the area that it covers.
    """
    if max(image.shape[:2]) <= side:
        return image
    height, width = fit_shape(image.shape[0], image.shape[1], side)
    rows, columns = average_areas(image.shape[0], height), average_areas(image.shape[1], width)
    mean = np.einsum("ia,jb,abc->ijc", rows, columns, image, optimize=True)
    return np.asarray(np.rint(mean), np.uint8)


def shorten_title(title: str, font: FontProperties, room: float) -> str:
    """Return a title with as many letters left out of its middle as it takes to fit into ``room`` points."""

    def cut(kept: int) -> str:
        return f"{title[: kept - kept // 2].rstrip()}…{title[len(title) - kept // 2 :].lstrip()}"

    if measure_text(title, font) <= room:
        return title
    return cut(max(0, bisect_right(range(len(title)), room, key=lambda kept: measure_text(cut(kept), font)) - 1))


def measure_text(words: str, font: FontProperties) -> float:
    """Return how wide words are, in points."""
    return float(text_to_path.get_text_width_height_descent(words, font, False)[0])
