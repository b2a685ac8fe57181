"""Figures of an audit: nonsense by class and means, how certain and how soon, what noticed it, what would change it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from fooling.confidence import wilson_interval
from fooling.figures.images import fit_shape, shrink_image
from fooling.figures.style import (
    BASELINE,
    COLOURS,
    DASHES,
    DPI,
    PAPER,
    WIDTH,
    Figure,
    label_confidences,
    list_words,
    log_odds,
    show_pixels,
    start_figure,
    styled,
)
from fooling.pages.findings.audit import is_fitted
from fooling.pages.findings.searches import to_confidence
from fooling.pages.paper import show_confidence

if TYPE_CHECKING:
    from fooling.lab.audit.means import Attempt

CERTAIN = 0.99
LEAST, MOST = log_odds(1e-7), log_odds(1.0 - 1e-7)  # of what is drawn: nothing is told apart beyond
SHEET_KILOBYTES = 180  # Choice: base64 makes it 240 KB, less than half of what a page may take
NARROWEST = 6  # columns that a sheet has at least, so that few classes do not make large images
LETTERS = 108  # in a line across a sheet, shared by its columns
SPREAD = 0.28  # of dots across their row


@styled
def draw_contact_sheet(
    images: np.ndarray, confidences: np.ndarray, means: Sequence[str], class_names: Sequence[str], title: str = ""
) -> Figure:
    """Draw the most certain nonsense: a column for each class, a row for each means, the confidence under each image.

    Args:
        images: ``(means, classes, height, width, channels) uint8``.
        confidences: ``(means, classes)``.
        means: Names of the rows.
        class_names: Names of the columns.
        title: One line above the sheet, such as the network's name.
    """
    rows, columns = images.shape[:2]
    across = max(columns, NARROWEST)
    side = (WIDTH - 0.5) / across * 0.9
    height = fit_shape(images.shape[2], images.shape[3], 1_000)[0]
    names = [textwrap.wrap(name, max(7, LETTERS // across)) or [""] for name in class_names]
    tall = rows * (side * height / 1_000 + 0.26) + 0.15 * max(len(name) for name in names) + (0.4 if title else 0.1)
    best = divmod(int(confidences.argmax()), columns)
    alt = (
        f"Contact sheet of {title or 'the network'}: the most certain nonsense by {list_words(means)} for "
        f"{list_words(class_names)}; highest {show_confidence(confidences.max())}, "
        f"{class_names[best[1]]} by {means[best[0]]}."
    )
    drawn, axes = start_figure(tall, alt, nrows=rows, ncols=across)
    drawn.kilobytes = SHEET_KILOBYTES
    for row, column in np.ndindex(rows, across):
        spot = axes[row, column]
        if column >= columns:
            spot.set_visible(False)
            continue
        show_pixels(spot, shrink_image(images[row, column], round(side * DPI)))
        spot.spines[:].set(visible=True, color="#cccccc", lw=0.5)  # so that white images have an end
        shown = float(confidences[row, column])
        spot.set_xlabel(
            show_confidence(shown), fontsize=7.5, labelpad=2, fontweight="bold" if shown >= CERTAIN else "normal"
        )
    for spot, lines in zip(axes[0], names, strict=False):
        spot.set_title("\n".join(lines), fontsize=8, fontweight="bold", parse_math=False)
    for spot, name in zip(axes[:, 0], means, strict=True):
        spot.set_ylabel(name, fontsize=9)
    if title:
        drawn.suptitle(title, fontsize=10, x=0.01, ha="left", parse_math=False)
    return drawn


@styled
def draw_audit_confidences(groups: Mapping[str, np.ndarray], real: int) -> Figure:
    """Draw how certain the network is of images of several sorts: a dot for each, a mark at the median.

    Args:
        groups: By sort of image, ``(count,)`` confidences; sorts without an image are left out.
        real: How many of the sorts, the first ones, are real images.
    """
    filled = {name: np.asarray(part, np.float64) for name, part in groups.items() if len(part)}
    sorts = [list(groups).index(name) < real for name in filled]
    medians = [f"{name} {show_confidence(float(np.median(part)))}" for name, part in filled.items()]
    drawn, axes = start_figure(
        1.2 + 0.42 * len(filled), f"Confidence by sort of image, medians: {list_words(medians)}."
    )
    spot, random = axes[0, 0], np.random.default_rng(0)
    places = [_bound(part) for part in filled.values()]
    for row, (values, is_real) in enumerate(zip(places, sorts, strict=True)):
        height = row + random.uniform(-SPREAD, SPREAD, len(values))
        colour = COLOURS[2] if is_real else COLOURS[1]
        spot.scatter(values, height, s=9, color=colour, alpha=max(0.15, min(0.8, 40 / len(values))), lw=0)
        spot.plot([np.median(values)] * 2, [row - 0.4, row + 0.4], color="black", lw=2)
    spot.set_yticks(range(len(filled)), [f"{name} ({len(part):,})" for name, part in filled.items()])
    label_confidences(spot, np.concatenate([*places, [log_odds(0.1), log_odds(CERTAIN)]]), "x")
    spot.axvline(log_odds(CERTAIN), color=PAPER, lw=0.8, ls=DASHES)
    spot.set(xlabel="confidence (log-odds scale)", ylim=(len(filled) - 0.5, -0.5))
    _turn_labels(spot)
    return drawn


@styled
def draw_audit_curves(attempts: Mapping[str, Attempt]) -> Figure:
    """Draw confidence by images shown to the network: medians over runs and classes, the middle half as a band.

    Args:
        attempts: By means.
    """
    ends = [
        f"{name} {show_confidence(float(np.median(to_confidence(one.log_odds))))} after {one.steps[-1]:,} images"
        for name, one in attempts.items()
    ]
    drawn, axes = start_figure(
        4.0, f"Confidence by images shown to the network. The median class ends at: {list_words(ends)}."
    )
    _draw_attempts(axes[0, 0], attempts)
    drawn.legend(loc="outside lower center", ncols=len(attempts), fontsize=9)
    return drawn


@styled
def draw_noticed(
    detectors: Sequence[str],
    kinds: Sequence[str],
    auroc: np.ndarray,
    passed: np.ndarray,
    measured: int,
    counts: Mapping[str, int],
) -> Figure:
    """Draw how well detectors tell real images from nonsense, with 95% intervals.

    Args:
        detectors: Names of the scores, one row each.
        kinds: Names of the kinds of nonsense, one mark each.
        auroc: ``(detectors, kinds, 3)``: a value and the ends of its interval.
        passed: The share of nonsense that passes where 95% of the real images pass, likewise; its interval is drawn as
            Wilson's, because a bootstrap of few images that all pass is a point.
        measured: How many real images these are measured with.
        counts: By kind, how many images of nonsense.
    """
    said = [
        f"{name}: " + list_words([f"{kind} {part:.2f}" for kind, part in zip(kinds, row, strict=True)])
        for name, row in zip(detectors, auroc[:, :, 0], strict=True)
    ]
    drawn, axes = start_figure(
        1.5 + 0.55 * len(detectors), f"AUROC by detector. {'; '.join(said)}.", ncols=2, sharey=True
    )
    shares = passed[:, :, 0]
    ends = [np.stack(wilson_interval(shares[:, place], counts[kind]), -1) for place, kind in enumerate(kinds)]
    bounded = np.concatenate([shares[..., None], np.stack(ends, axis=1)], axis=-1)
    for spot, values in zip(axes[0], (auroc, bounded), strict=True):
        for column, kind in enumerate(kinds):
            heights = np.arange(len(detectors)) + (column - (len(kinds) - 1) / 2) * 0.16
            middle, low, high = np.moveaxis(values[:, column], -1, 0)
            spot.hlines(heights, low, high, color=COLOURS[column], lw=1.5)
            spot.scatter(middle, heights, s=26, color=COLOURS[column], label=f"{kind} ({counts[kind]:,})", zorder=3)
        spot.set(xlim=(-0.03, 1.03), ylim=(len(detectors) - 0.5, -0.5))
        spot.set_yticks(range(len(detectors)), detectors)
        for row in range(len(detectors) - 1):
            spot.axhline(row + 0.5, color=BASELINE, lw=0.4)
    axes[0, 0].axvline(0.5, color=PAPER, lw=0.8, ls=DASHES)
    axes[0, 0].set(xlabel=f"AUROC ({measured} real images)")
    axes[0, 1].set(xlabel="nonsense passing, as 95% of real images do")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(kinds), fontsize=9)
    return drawn


@styled
def draw_defences(
    certain: Mapping[str, Sequence[float]],
    curves: Mapping[str, Attempt],
    temperature: float | None,
    counts: Mapping[str, int],
) -> Figure:
    """Draw what a temperature and a fooling class change, each where it was tested.

    Args:
        certain: By kind of nonsense, the share at 99% before and after a temperature; may be empty.
        curves: CPPN images evolved before and after a fooling class was learned; may be empty.
        temperature: The temperature, or None; one at an end of its range was not fitted, and is not drawn.
        counts: By kind, how many images of nonsense.

    Raises:
        ValueError: If neither was tested.
    """
    fitted = temperature is not None and is_fitted(temperature)
    certain = {kind: part if fitted else part[:1] for kind, part in certain.items()}
    parts = (["temperature"] if certain else []) + (["class"] if curves else [])
    if not parts:
        raise ValueError("Neither a temperature nor a fooling class was tested, so that there is nothing to draw.")
    drawn, axes = start_figure(3.4, _describe_changes(certain, curves), ncols=len(parts))
    if certain:
        spot = axes[0, 0]
        for row, (colour, part) in enumerate(zip(COLOURS[: len(certain)], certain.values(), strict=True)):
            if fitted:
                arrow = {"arrowstyle": "->", "color": colour, "lw": 1.5}
                spot.annotate("", (part[1], row), (part[0], row), arrowprops=arrow)
            spot.scatter(part[:1], [row], s=36, facecolors="white", edgecolors=colour, zorder=3)
            spot.scatter(part[1:], [row] * len(part[1:]), s=36, color=colour, zorder=3)
        spot.set_yticks(range(len(certain)), [f"{kind} ({counts[kind]:,})" for kind in certain])
        spot.set(xlabel="share of nonsense at 99%", xlim=(-0.04, 1.04), ylim=(len(certain) - 0.5, -0.5))
        title = f"temperature {temperature:.2f}: ○ before, ● after" if fitted else "no temperature can be fitted"
        spot.set_title(title, fontsize=10)
    if curves:
        spot = axes[0, -1]
        _draw_attempts(spot, curves)
        spot.set_title("CPPN images and a fooling class", fontsize=10)
        spot.legend(fontsize=8, loc="lower right")
    return drawn


def _describe_changes(certain: Mapping[str, Sequence[float]], curves: Mapping[str, Attempt]) -> str:
    said = [f"{kind} {' to '.join(f'{share:.0%}' for share in part)}" for kind, part in certain.items()]
    first = f"Nonsense at 99%, and after a temperature where one was fitted: {list_words(said)}. " if said else ""
    ends = [
        f"{name} {show_confidence(float(np.median(to_confidence(one.curves[:, -1]))))} after {one.steps[-1]:,} images"
        for name, one in curves.items()
    ]
    return first + (f"CPPN images, median: {list_words(ends)}." if ends else "")


def _draw_attempts(spot: Axes, attempts: Mapping[str, Attempt]) -> None:
    seen = [np.array([log_odds(CERTAIN)])]
    for colour, (name, one) in zip(COLOURS[: len(attempts)], attempts.items(), strict=True):
        values = _bound_log_odds(one.curves)  # (runs, points, cells)
        low, middle, high = np.percentile(values, (25, 50, 75), axis=(0, 2))
        spot.fill_between(one.steps, low, high, color=colour, alpha=0.2, lw=0)
        spot.plot(one.steps, middle, color=colour, label=name)
        seen += [low, high]
    spot.axhline(log_odds(CERTAIN), color=PAPER, lw=0.8, ls=DASHES)
    spot.set(xscale="log", xlabel="images shown, for all classes together", ylabel="confidence (log-odds scale)")
    spot.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    label_confidences(spot, np.concatenate(seen))


def _bound(confidences: np.ndarray) -> np.ndarray:
    wide = np.clip(np.asarray(confidences, np.float64), 1e-9, 1.0 - 1e-9)
    return _bound_log_odds(np.log(wide / (1.0 - wide)))


def _bound_log_odds(values: np.ndarray) -> np.ndarray:
    return np.clip(np.asarray(values, np.float64), LEAST, MOST)


def _turn_labels(spot: Any) -> None:
    for label in spot.get_xticklabels():
        label.set(rotation=30, ha="right", fontsize=9)
