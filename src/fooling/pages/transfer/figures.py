"""Figures of images before other networks: how many keep their class, how sure the others are, and some to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import to_confidence
from fooling.figures.images import NAME_WIDTH
from fooling.figures.style import (
    BASELINE,
    COLOURS,
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
from fooling.words import count_words, show_confidence

if TYPE_CHECKING:
    from fooling.pages.transfer.pairs import Pair
    from fooling.pages.transfer.showing import Shown

FARTHEST = 36.0  # log-odds drawn at most; Choice: where float64 cannot tell a confidence from 1
MARKS = {-6: "0.0001%", -3: "0.1%", 0: "50%", 3: "99.9%", 6: "1 − $10^{-6}$", 9: "1 − $10^{-9}$", 12: "1 − $10^{-12}$"}
EMPTY, FRAME = "#eeeeee", "#cccccc"
KILOBYTES = 100  # of examples; Choice: as much as a sheet of digits needs
FEWEST_COLUMNS = 5  # of examples; Choice: fewer images would be larger than there is anything to see


@styled
def draw_transfer_matrices(panels: Mapping[str, Sequence[Pair]]) -> Figure:
    """Draw which share of one network's images another takes for their class: evolved on down, shown to across.

    Each cell has the share, that of shuffled classes and the number of images; a panel, all ordered pairs of networks.
    """
    what = "Share of images that keep their class, and for shuffled classes"
    alt = _describe_panels(what, panels, lambda pair: f"{pair.share:.0%} of {pair.agrees.size:,} ({pair.shuffled:.0%})")
    drawn, axes = start_figure(3.9, alt, ncols=len(panels), sharey=True)
    for spot, (label, pairs) in zip(axes[0], panels.items(), strict=True):
        names = list(dict.fromkeys(name for pair in pairs for name in (pair.source, pair.other)))
        shares = np.full((len(names), len(names)), np.nan)
        for pair in pairs:
            row, column = names.index(pair.source), names.index(pair.other)
            if pair.share is not None:
                shares[row, column] = pair.share
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


def _describe_panels(what: str, panels: Mapping[str, Sequence[Pair]], tell: Callable[[Pair], str]) -> str:
    """Return alternative text that tells each pair with images."""
    told = {
        label: ", ".join(f"{pair.source} to {pair.other} {tell(pair)}" for pair in pairs if pair.agrees.size)
        for label, pairs in panels.items()
    }
    return f"{what}. " + "; ".join(f"{label}: {pairs}" for label, pairs in told.items()) + "."


def _write_cell(spot: Axes, column: int, row: int, pair: Pair) -> None:
    """Write the share, below it that of shuffled classes and the number of images, light where the cell is dark."""
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    if pair.share is None:
        spot.text(column, row, "no images", fontsize=8, **centred)
        return
    colour = "white" if pair.share > 0.6 else "black"
    spot.text(column, row - 0.16, f"{pair.share:.0%}", fontsize=13, color=colour, **centred)
    below = f"shuffled {pair.shuffled:.0%}\n{pair.agrees.size:,} images"
    spot.text(column, row + 0.2, below, fontsize=7.5, color=colour, **centred)


@styled
def draw_other_confidences(panels: Mapping[str, Sequence[Pair]]) -> Figure:
    """Draw how confident the other network is in each image's class: a dot per image, median and middle half.

    Images that keep their class are filled. Those beyond the farthest log-odds drawn stand there, and the axis says so.
    The pairs of networks are the same in every panel.
    """
    alt = _describe_panels("The other network's confidence in an image's class", panels, _show_median)
    count = max(map(len, panels.values()))
    drawn, axes = start_figure(1.2 + 0.45 * count, alt, ncols=len(panels), sharey=True)
    for spot, colour, (label, pairs) in zip(axes[0], COLOURS[: len(panels)], panels.items(), strict=True):
        for row, pair in enumerate(pairs):
            _draw_strip(spot, row, pair, colour)
        spot.set(ylim=(len(pairs) - 0.5, -0.5), xlabel="confidence (log-odds scale)")
        spot.set_yticks(range(len(pairs)), [f"{pair.source}\n→ {pair.other}" for pair in pairs], fontsize=8)
        spot.set_title(label, fontsize=10)
    values = np.concatenate([pair.log_odds for pairs in panels.values() for pair in pairs])
    seen = np.clip(np.append(values, 0.0), -FARTHEST, FARTHEST)
    low, high = seen.min() - 1.5, seen.max() + 1.5
    ticks = {power * np.log(10.0): label for power, label in MARKS.items() if low <= power * np.log(10.0) <= high}
    for spot in axes[0]:
        spot.set_xticks(list(ticks), list(ticks.values()), fontsize=7)
        spot.set_xlim(low, high)
    beyond = int((np.abs(values) > FARTHEST).sum())
    if beyond:
        said = f"{beyond:,} of {values.size:,} dots lie beyond log-odds of ±{FARTHEST:.0f}: at the edge"
        drawn.supxlabel(said, fontsize=8.5)
    return drawn


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
    return "median " + show_confidence(float(np.median(to_confidence(pair.log_odds))))


@styled
def draw_own_against_other(own: np.ndarray, others: Mapping[str, Pair], source: str, marked: float) -> Figure:
    """Draw a dot per image: confidence of the network that it evolved on across, of another upwards.

    Filled dots keep their class as the most likely one. On the diagonal both networks would be equally sure. ``own``
    has the ``(images,) float32`` log-odds on the network that the images evolved on, the source.
    """
    across, mark = to_log_odds(to_confidence(own)), float(to_log_odds(np.array(marked)))
    alt = f"Confidence of {source} against that of other networks in the class that {len(own):,} images evolved for. "
    alt += "; ".join(
        f"{name}: {pair.agrees.mean():.0%} keep their class, {_show_median(pair)}" for name, pair in others.items()
    )
    drawn, axes = start_figure(4.2, alt + ".", ncols=len(others), sharex=True, sharey=True)
    heights = {name: to_log_odds(to_confidence(pair.log_odds)) for name, pair in others.items()}
    low = min(float(part.min()) for part in (across, *heights.values()))
    for spot, (name, pair) in zip(axes[0], others.items(), strict=True):
        kept, up = pair.agrees, heights[name]
        dots = {"s": 22 if len(own) <= 100 else 9, "alpha": 0.7}
        spot.scatter(across[kept], up[kept], color=COLOURS[0], lw=0, label="class kept", **dots)
        spot.scatter(across[~kept], up[~kept], fc="none", ec=COLOURS[1], lw=0.7, label="class lost", **dots)
        label_confidences(spot, np.array([low, *across, *up]), "y")
        label_confidences(spot, np.append(across, mark), "x")
        spot.tick_params(axis="x", labelsize=7.5)
        spot.axline((0, 0), slope=1, color=BASELINE, lw=1)
        spot.axvline(mark, color=PAPER, lw=0.8, ls=":")
        spot.set_title(f"{name}: {kept.sum():,} of {len(own):,} keep their class", fontsize=9.5)
        spot.set_xlabel(f"confidence, {source}")
    axes[0, 0].set_ylabel("confidence, other network (log-odds scale)")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return drawn


class ImageRow(NamedTuple):
    """A row of images to look at."""

    label: str  # what they have in common
    images: np.ndarray  # (count, height, width, channels) uint8
    names: Sequence[str]  # what each is taken for
    networks: Sequence[str]  # what to call each network; empty for those whose order tells
    confidences: np.ndarray  # (networks, count) float32 in that class
    sources: np.ndarray  # (count,): the place of the network that each evolved on


def arrange_examples(shown: Shown, class_names: Sequence[str], networks: Sequence[str]) -> list[ImageRow]:
    """Return two rows, each in the order of classes: images that fool all networks, and that fool only their own.

    Under an image its networks are called by ``networks``; names are empty for those whose order tells.
    """
    answers, count, rows = shown.transfer, len(shown.fooling_all), []
    for label, places, images in (
        (f"fool all {len(answers.networks)}", shown.fooling_all, shown.images[:count]),
        ("fool only their own", shown.fooling_one, shown.images[count:]),
    ):
        order = np.argsort(answers.targets[places], kind="stable")
        chosen = places[order]
        names = [class_names[target] for target in answers.targets[chosen]]
        confidences, sources = answers.confidences[:, chosen], answers.sources[chosen]
        rows.append(ImageRow(label, images[order], names, networks, confidences, sources))
    return rows


@styled
def draw_examples(rows: Sequence[ImageRow], kilobytes: int = KILOBYTES) -> Figure:
    """Draw rows of images, under each its class and every network's confidence in it.

    The network that an image evolved on is marked by a dot. A row without images says so. A picture takes at
    most so many ``kilobytes``.
    """
    alt = "Evolved images with every network's confidence. " + "; ".join(map(_describe_examples, rows)) + "."
    filled = [row for row in rows if len(row.images)]
    missing = [f"{row.label}: no such image" for row in rows if not len(row.images)]
    columns = max(FEWEST_COLUMNS, *(len(row.images) for row in rows))
    side = WIDTH / (columns + 0.6)  # inches
    heights = [side + 0.155 * (1 + len(row.networks)) + 0.1 for row in filled] or [0.3]
    grid = {"nrows": len(heights), "ncols": columns, "height_ratios": heights}
    drawn, axes = start_figure(sum(heights) + 0.2 * len(missing), alt, **grid)
    drawn.kilobytes = kilobytes
    for spot in axes.flat:
        spot.set_visible(False)
    for spots, row in zip(axes, filled, strict=False):
        spots[0].set_ylabel(row.label, fontsize=8.5)
        for place, (spot, image) in enumerate(zip(spots, row.images, strict=False)):
            spot.set_visible(True)
            show_pixels(spot, image)
            size = 7.5 if columns <= FEWEST_COLUMNS else 6.8
            spot.set_xlabel(_caption(row, place), fontsize=size, linespacing=1.15)
            spot.spines[:].set(visible=True, color=FRAME, lw=0.5)
    if missing:  # below the grid, where it widens no column
        drawn.supxlabel("\n".join(missing), x=0.01, ha="left", fontsize=8.5)
    return drawn


def _describe_examples(row: ImageRow) -> str:
    if not len(row.images):
        return f"no image: {row.label}"
    low, high = (show_confidence(value) for value in (row.confidences.min(), row.confidences.max()))
    return f"{row.label}: {count_words(len(row.images), 'image')}, confidences {low} to {high}"


def _caption(row: ImageRow, place: int) -> str:
    lines = [
        " ".join(filter(None, ["•" if number == row.sources[place] else "", name, show_confidence(value)]))
        for number, (name, value) in enumerate(zip(row.networks, row.confidences[:, place], strict=True))
    ]
    return "\n".join([*textwrap.wrap(row.names[place], NAME_WIDTH)[:1], *lines])
