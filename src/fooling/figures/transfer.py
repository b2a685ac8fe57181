"""Figures of images before other networks: how many keep their class, how sure the others are, some to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from matplotlib.axes import Axes

from fooling.figures.images import NAME_WIDTH, shrink_image
from fooling.figures.style import (
    BASELINE,
    COLOURS,
    DPI,
    HALO,
    PAPER,
    WIDTH,
    Figure,
    label_confidences,
    show_pixels,
    start_figure,
    styled,
    to_log_odds,
)
from fooling.pages.findings import Pair, to_confidence
from fooling.pages.paper import show_confidence

EXAMPLES_KILOBYTES = 100  # Choice: as much as a sheet of digits needs
FARTHEST = 36.0  # log-odds drawn at most; Choice: where float64 cannot tell a confidence from 1
MARKS = {-6: "0.0001%", -3: "0.1%", 0: "50%", 3: "99.9%", 6: "1 − $10^{-6}$", 9: "1 − $10^{-9}$", 12: "1 − $10^{-12}$"}
FEWEST_COLUMNS = 5  # Choice: fewer images would be larger than there is anything to see
EMPTY, FRAME = "#eeeeee", "#cccccc"


class Examples(NamedTuple):
    """A row of images to look at.

    Attributes:
        label: What they have in common.
        images: ``(count, height, width, channels) uint8``.
        names: What each is taken for.
        networks: What to call each network; empty for those whose order tells.
        confidences: ``(networks, count) float32`` in that class.
        sources: ``(count,)``: the place of the network that each evolved on.
    """

    label: str
    images: np.ndarray
    names: Sequence[str]
    networks: Sequence[str]
    confidences: np.ndarray
    sources: np.ndarray


class Answers(Protocol):
    """What is read of a :class:`fooling.networks.answers.Transfer`."""

    @property
    def networks(self) -> Sequence[str]:
        """Names."""

    @property
    def sources(self) -> np.ndarray:
        """The place of the network that each image evolved on, ``(images,)``."""

    @property
    def targets(self) -> np.ndarray:
        """The class of each image, ``(images,)``."""

    @property
    def confidences(self) -> np.ndarray:
        """In that class, ``(networks, images) float32``."""


class Shown(Protocol):
    """What is read of a :class:`fooling.pages.transfer.Shown`."""

    @property
    def transfer(self) -> Answers:
        """The answers."""

    @property
    def fooling_all(self) -> np.ndarray:
        """Places of images that fool every network."""

    @property
    def fooling_one(self) -> np.ndarray:
        """Places of images that fool only their own."""

    @property
    def images(self) -> np.ndarray:
        """Both, in this order."""


def read_examples(shown: Shown, class_names: Sequence[str], networks: Sequence[str]) -> list[Examples]:
    """Return two rows, each in the order of classes: images that fool all networks, and that fool only their own.

    Args:
        shown: Such as a :class:`fooling.pages.transfer.Shown`.
        class_names: By class.
        networks: What to call each network under an image; empty for those whose order tells.
    """
    answers, count = shown.transfer, len(shown.fooling_all)
    parts = {
        f"fool all {len(answers.networks)}": (shown.fooling_all, shown.images[:count]),
        "fool only their own": (shown.fooling_one, shown.images[count:]),
    }
    rows = []
    for label, (places, images) in parts.items():
        order = np.argsort(answers.targets[places], kind="stable")
        chosen = places[order]
        names = [class_names[target] for target in answers.targets[chosen]]
        confidences, sources = answers.confidences[:, chosen], answers.sources[chosen]
        rows.append(Examples(label, images[order], names, networks, confidences, sources))
    return rows


@styled
def draw_transfer_matrices(panels: Mapping[str, Sequence[Pair]]) -> Figure:
    """Draw which share of one network's images another takes for their class: evolved on down, shown to across.

    Each cell has the share, that of shuffled classes and the number of images.

    Args:
        panels: By label, all ordered pairs of networks.
    """
    alt = "Share of images that keep their class, and for shuffled classes. " + "; ".join(
        f"{label}: "
        + ", ".join(f"{pair.source} to {pair.other} {_show_share(pair)}" for pair in pairs if pair.agrees.size)
        for label, pairs in panels.items()
    )
    drawn, axes = start_figure(3.9, alt + ".", ncols=len(panels), sharey=True)
    for spot, (label, pairs) in zip(axes[0], panels.items(), strict=True):
        names = list(dict.fromkeys(name for pair in pairs for name in (pair.source, pair.other)))
        shares = np.full((len(names), len(names)), np.nan)
        for pair in pairs:
            row, column = names.index(pair.source), names.index(pair.other)
            shares[row, column] = np.nan if pair.share is None else pair.share
            _write_cell(spot, column, row, pair)
        spot.set_facecolor(EMPTY)
        spot.imshow(np.ma.masked_invalid(shares), vmin=0, vmax=1, cmap="Blues", aspect="auto")
        wrapped = [name.replace(", ", ",\n") for name in names]
        spot.set_xticks(range(len(names)), wrapped, fontsize=8.5)
        spot.set_yticks(range(len(names)), wrapped, fontsize=8.5)
        spot.grid(False)
        spot.set_title(label, fontsize=10)
    drawn.supxlabel("shown to", fontsize=10)
    drawn.supylabel("evolved on", fontsize=10)
    return drawn


def _write_cell(spot: Axes, column: int, row: int, pair: Pair) -> None:
    dark = pair.share is not None and pair.share > 0.6
    colour = "white" if dark else "black"
    if pair.share is None:
        spot.text(column, row, "no images", ha="center", va="center", fontsize=8)
        return
    spot.text(column, row - 0.16, f"{pair.share:.0%}", ha="center", va="center", fontsize=13, color=colour)
    below = f"shuffled {pair.shuffled:.0%}\n{pair.agrees.size:,} images"
    spot.text(column, row + 0.2, below, ha="center", va="center", fontsize=7.5, color=colour)


def _show_share(pair: Pair) -> str:
    return f"{pair.share:.0%} of {pair.agrees.size:,} ({pair.shuffled:.0%})"


@styled
def draw_other_confidences(panels: Mapping[str, Sequence[Pair]]) -> Figure:
    """Draw how confident the other network is in each image's class: a dot per image, median and middle half.

    Images that keep their class are filled. Those beyond the farthest log-odds drawn stand there, and the axis says so.

    Args:
        panels: By label, pairs of networks, the same in every panel.
    """
    alt = "The other network's confidence in an image's class. " + "; ".join(
        f"{label}: "
        + ", ".join(f"{pair.source} to {pair.other} median {_show_median(pair)}" for pair in pairs if pair.agrees.size)
        for label, pairs in panels.items()
    )
    count = max(map(len, panels.values()))
    drawn, axes = start_figure(1.2 + 0.45 * count, alt + ".", ncols=len(panels), sharey=True)
    for spot, colour, (label, pairs) in zip(axes[0], COLOURS[: len(panels)], panels.items(), strict=True):
        for row, pair in enumerate(pairs):
            _draw_strip(spot, row, pair, colour)
        spot.set(ylim=(len(pairs) - 0.5, -0.5), xlabel="confidence (log-odds scale)")
        spot.set_yticks(range(len(pairs)), [f"{pair.source}\n→ {pair.other}" for pair in pairs], fontsize=8)
        spot.set_title(label, fontsize=10)
    values = np.concatenate([pair.log_odds for pairs in panels.values() for pair in pairs])
    _label_powers(axes[0], values)
    beyond = int((np.abs(values) > FARTHEST).sum())
    if beyond:
        drawn.supxlabel(
            f"{beyond:,} of {values.size:,} dots lie beyond log-odds of ±{FARTHEST:.0f}: at the edge", fontsize=8.5
        )
    return drawn


def _label_powers(spots: Sequence[Axes], values: np.ndarray) -> None:
    """Label log-odds across, the same in all panels, by powers of a thousandth."""
    seen = np.clip(np.append(values, 0.0), -FARTHEST, FARTHEST)
    low, high = seen.min() - 1.5, seen.max() + 1.5
    ticks = {power * np.log(10.0): label for power, label in MARKS.items() if low <= power * np.log(10.0) <= high}
    for spot in spots:
        spot.set_xticks(list(ticks), list(ticks.values()), fontsize=7)
        spot.set_xlim(low, high)


def _draw_strip(spot: Axes, row: int, pair: Pair, colour: str) -> None:
    if not pair.agrees.size:
        spot.annotate("no images", (0.5, row), xycoords=("axes fraction", "data"), ha="center", va="center", fontsize=8)
        return
    along = np.clip(pair.log_odds, -FARTHEST, FARTHEST)
    height = row + np.random.default_rng(0).uniform(-0.28, 0.28, along.size)  # apart, so that all are seen
    size = 14 if along.size <= 200 else 5
    spot.scatter(along[pair.agrees], height[pair.agrees], s=size, color=colour, alpha=0.5, lw=0)
    spot.scatter(along[~pair.agrees], height[~pair.agrees], s=size, fc="none", ec=BASELINE, alpha=0.7, lw=0.7)
    lower, median, upper = np.percentile(along, (25, 50, 75))
    spot.plot([lower, upper], [row, row], color=PAPER, lw=1.5, path_effects=HALO)
    spot.plot([median, median], [row - 0.32, row + 0.32], color=PAPER, lw=2, path_effects=HALO)


def _show_median(pair: Pair) -> str:
    return show_confidence(float(np.median(to_confidence(pair.log_odds))))


@styled
def draw_own_against_other(own: np.ndarray, others: Mapping[str, Pair], source: str, marked: float) -> Figure:
    """Draw a dot per image: confidence of the network that it evolved on across, of another upwards.

    Filled dots keep their class as the most likely one. On the diagonal both networks would be equally sure.

    Args:
        own: ``(images,) float32`` log-odds on the network that the images evolved on.
        others: By name of the other network, all these images before it.
        source: Name of the network that they evolved on.
        marked: The confidence at which a line stands.
    """
    across = to_log_odds(to_confidence(own))
    alt = f"Confidence of {source} against that of other networks in the class that {len(own):,} images evolved for. "
    alt += "; ".join(
        f"{name}: {pair.agrees.mean():.0%} keep their class, median {_show_median(pair)}"
        for name, pair in others.items()
    )
    drawn, axes = start_figure(4.2, alt + ".", ncols=len(others), sharex=True, sharey=True)
    heights = {name: to_log_odds(to_confidence(pair.log_odds)) for name, pair in others.items()}
    low = min(float(part.min()) for part in (across, *heights.values()))
    for spot, (name, pair) in zip(axes[0], others.items(), strict=True):
        kept, size = pair.agrees, 22 if len(own) <= 100 else 9
        spot.scatter(across[kept], heights[name][kept], s=size, color=COLOURS[0], alpha=0.7, lw=0, label="class kept")
        spot.scatter(
            *(across[~kept], heights[name][~kept]),
            s=size,
            fc="none",
            ec=COLOURS[1],
            alpha=0.7,
            lw=0.7,
            label="class lost",
        )
        label_confidences(spot, np.array([low, *across, *heights[name]]), "y")
        label_confidences(spot, np.append(across, to_log_odds(np.array([marked]))), "x")
        spot.axline((0, 0), slope=1, color=BASELINE, lw=1)
        spot.axvline(float(to_log_odds(np.array([marked]))[0]), color=PAPER, lw=0.8, ls=":")
        spot.set_title(f"{name}: {kept.sum():,} of {len(own):,} keep their class", fontsize=9.5)
        spot.set_xlabel(f"confidence, {source}")
    axes[0, 0].set_ylabel("confidence, other network (log-odds scale)")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return drawn


@styled
def draw_examples(rows: Sequence[Examples], kilobytes: int = EXAMPLES_KILOBYTES) -> Figure:
    """Draw rows of images, under each its class and every network's confidence in it.

    The network that an image evolved on is marked by a dot. A row without images says so.

    Args:
        rows: What to show, at least one.
        kilobytes: What the PNG may take; it is shown in fewer colours if need be.
    """
    alt = "Evolved images with every network's confidence. " + "; ".join(map(_describe_examples, rows)) + "."
    filled = [row for row in rows if len(row.images)]
    missing = "\n".join(f"{row.label}: no such image" for row in rows if not len(row.images))
    drawn = _start_examples(filled, alt, missing) if filled else start_figure(0.3 * len(rows) + 0.1, alt)[0]
    drawn.kilobytes = kilobytes
    if not filled:
        drawn.axes[0].set_axis_off()
    if missing:  # below the grid, where it widens no column
        drawn.supxlabel(missing, x=0.01, ha="left", fontsize=8.5)
    return drawn


def _start_examples(rows: Sequence[Examples], alt: str, missing: str) -> Figure:
    """Return a figure of rows with images each, with room below for lines of text."""
    columns = max(FEWEST_COLUMNS, *(len(row.images) for row in rows))
    side = WIDTH / (columns + 0.6)  # inches
    heights = [side + 0.155 * (1 + len(row.networks)) + 0.1 for row in rows]
    below = 0.2 * len(missing.splitlines())
    drawn, axes = start_figure(sum(heights) + below, alt, nrows=len(rows), ncols=columns, height_ratios=heights)
    for spots, row in zip(axes, rows, strict=True):
        spots[0].set_ylabel(row.label, fontsize=8.5)
        for spot in spots[len(row.images) :]:
            spot.set_visible(False)
        for place, image in enumerate(row.images):
            show_pixels(spots[place], shrink_image(image, round(side * DPI)))
            size = 7.5 if columns <= FEWEST_COLUMNS else 6.8
            spots[place].set_xlabel(_caption(row, place), fontsize=size, linespacing=1.15)
            spots[place].spines[:].set(visible=True, color=FRAME, lw=0.5)
    return drawn


def _describe_examples(row: Examples) -> str:
    if not len(row.images):
        return f"no image: {row.label}"
    low, high = (show_confidence(value) for value in (row.confidences.min(), row.confidences.max()))
    count = f"{len(row.images)} image{'s' if len(row.images) > 1 else ''}"
    return f"{row.label}: {count}, confidences {low} to {high}"


def _caption(row: Examples, place: int) -> str:
    lines = [
        " ".join(filter(None, ["•" if number == row.sources[place] else "", name, show_confidence(value)]))
        for number, (name, value) in enumerate(zip(row.networks, row.confidences[:, place], strict=True))
    ]
    return "\n".join([*textwrap.wrap(row.names[place], NAME_WIDTH)[:1], *lines])
