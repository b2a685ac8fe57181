"""Figures of an audit: nonsense by class and attack, how certain, how soon, what noticed it, what would change it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font

from fooling.confidence import to_confidence
from fooling.figures import style
from fooling.figures.images import fit_shape, shorten_title
from fooling.figures.style import COLOURS, Figure, label_confidences, log_odds, start_figure, styled
from fooling.lab.audit.record import CERTAIN
from fooling.words import list_words, show_confidence

if TYPE_CHECKING:
    from fooling.lab.audit.attacks import Attempt
    from fooling.lab.audit.experiment import Audit
    from fooling.lab.audit.record import Separation, Temperature

LIMIT = log_odds(1.0 - 1e-7)  # of what is drawn, on either side: nothing is told apart beyond
SHEET_KILOBYTES = 180  # Choice: base64 makes it 240 KB, less than half of what a page may take
NARROWEST = 6  # columns that a sheet across a page has at least, so that few classes do not make large images
LETTERS = 108  # in a line across a sheet, shared by its columns
SPREAD = 0.28  # of dots across their row


def draw_audit_sheet(audit: Audit) -> Figure:
    """Draw the contact sheet of an audit."""
    cells = [audit.found.classes[cell] for cell in audit.shown]
    confidences = np.array([[cell.confidence[attack] for cell in cells] for attack in audit.attempts])
    names, title = [cell.name for cell in cells], audit.found.network.name
    return draw_contact_sheet(audit.sheet, confidences, list(audit.attempts), names, title)


@styled
def draw_contact_sheet(
    images: np.ndarray, confidences: np.ndarray, attacks: Sequence[str], class_names: Sequence[str], title: str = ""
) -> Figure:
    """Draw the most certain nonsense: a column for each class, a row for each attack, the confidence under each image.

    A name with a letter that the font lacks is replaced by its number on the sheet; see :func:`find_undrawable`.

    Args:
        images: ``(attacks, classes, height, width, channels) uint8``.
        confidences: ``(attacks, classes)``.
    """
    rows, columns = images.shape[:2]
    across = max(columns, NARROWEST)
    side = (style.WIDTH - 0.5) / across * 0.9
    height = fit_shape(images.shape[2], images.shape[3], 1_000)[0]
    lacking, title = find_undrawable(class_names), "" if find_undrawable([title]) else title
    shown_names = (f"no. {place}" if place in lacking else name for place, name in enumerate(class_names, 1))
    names = [textwrap.wrap(name, max(7, LETTERS // across)) or [""] for name in shown_names]
    tall = rows * (side * height / 1_000 + 0.26) + 0.15 * max(len(name) for name in names) + (0.4 if title else 0.1)
    row, column = divmod(int(confidences.argmax()), columns)
    alt = (
        f"Contact sheet of {title or 'the network'}: the most certain nonsense by {list_words(attacks)} for "
        f"{list_words(class_names)}; highest {show_confidence(confidences.max())}, "
        f"{class_names[column]} by {attacks[row]}."
    )
    drawn, axes = start_figure(tall, alt, nrows=rows, ncols=columns)
    drawn.kilobytes = SHEET_KILOBYTES
    if columns < across:
        drawn.set_figwidth(0.5 + columns * side / 0.9)
    for row, column in np.ndindex(rows, columns):
        spot = axes[row, column]
        style.show_pixels(spot, images[row, column])
        spot.spines[:].set(visible=True, color="#cccccc", lw=0.5)  # so that white images have an end
        shown = float(confidences[row, column])
        weight = "bold" if shown >= CERTAIN else "normal"
        spot.set_xlabel(show_confidence(shown), fontsize=7.5, labelpad=2, fontweight=weight)
    for spot, lines in zip(axes[0], names, strict=False):
        spot.set_title("\n".join(lines), fontsize=8, fontweight="bold", parse_math=False)
    for spot, name in zip(axes[:, 0], attacks, strict=True):
        spot.set_ylabel(name, fontsize=9)
    if title:
        font = FontProperties(size=10)
        short = shorten_title(title, font, 72 * 0.97 * drawn.get_figwidth())
        drawn.suptitle(short, fontproperties=font, x=0.01, ha="left", parse_math=False)
    return drawn


def find_undrawable(names: Sequence[str]) -> dict[int, str]:
    """Return by place, from 1, the names with a letter that the figures' font lacks; Matplotlib would warn of it."""
    font = get_font(findfont(FontProperties()))
    letters = (
        (place, name, {ord(letter) for letter in name if not letter.isspace()}) for place, name in enumerate(names, 1)
    )
    return {place: name for place, name, codes in letters if not all(map(font.get_char_index, codes))}


@styled
def draw_audit_confidences(groups: Mapping[str, np.ndarray]) -> Figure:
    """Draw ``(count,)`` confidences by sort of image: a dot for each, a mark at the median.

    Sorts without an image are left out. Those whose names begin with "real" have another colour than nonsense.
    """
    filled = {name: np.asarray(part, np.float64) for name, part in groups.items() if len(part)}
    medians = [f"{name} {show_confidence(float(np.median(part)))}" for name, part in filled.items()]
    alt = f"Confidence by sort of image. Medians: {list_words(medians)}."
    drawn, axes = start_figure(1.2 + 0.42 * len(filled), alt)
    spot, random = axes[0, 0], np.random.default_rng(0)
    places = [_place(part) for part in filled.values()]
    for row, (name, values) in enumerate(zip(filled, places, strict=True)):
        height = row + random.uniform(-SPREAD, SPREAD, len(values))
        colour = COLOURS[2 if name.startswith("real") else 1]
        spot.scatter(values, height, s=9, color=colour, alpha=max(0.15, min(0.8, 40 / len(values))), lw=0)
        spot.plot([np.median(values)] * 2, [row - 0.4, row + 0.4], color="black", lw=2)
    spot.set_yticks(range(len(filled)), [f"{name} ({len(part):,})" for name, part in filled.items()])
    label_confidences(spot, np.concatenate([*places, [log_odds(0.1), log_odds(CERTAIN)]]), "x")
    spot.axvline(log_odds(CERTAIN), color=style.PAPER, lw=0.8, ls=style.DASHES)
    spot.set(xlabel="confidence (log-odds scale)", ylim=(len(filled) - 0.5, -0.5))
    for label in spot.get_xticklabels():
        label.set(rotation=30, ha="right", fontsize=9)
    return drawn


@styled
def draw_audit_curves(attempts: Mapping[str, Attempt]) -> Figure:
    """Draw confidence by images shown to the network: medians over runs and classes, the middle half as a band."""
    said = f"Confidence by images shown to the network. The median class ends at: {_describe_ends(attempts)}."
    drawn, axes = start_figure(4.0, said)
    _draw_attempts(axes[0, 0], attempts)
    drawn.legend(loc="outside lower center", ncols=len(attempts), fontsize=9)
    return drawn


@styled
def draw_noticed(detectors: Mapping[str, Mapping[str, Separation]], counts: Mapping[str, int], measured: int) -> Figure:
    """Draw how well detectors, a row for each, tell real images from each kind of nonsense, with 95% intervals.

    There are ``counts`` images of nonsense, and ``measured`` real ones.
    """
    kinds = [kind for kind in counts if all(kind in row for row in detectors.values())]
    said = [
        f"{name}: " + list_words([f"{kind} {row[kind].auroc[0]:.2f}" for kind in kinds])
        for name, row in detectors.items()
    ]
    alt = f"AUROC by detector. {'; '.join(said)}."
    drawn, axes = start_figure(1.5 + 0.55 * len(detectors), alt, ncols=2, sharey=True)
    for spot, field in zip(axes[0], ("auroc", "passed"), strict=True):
        for column, kind in enumerate(kinds):
            heights = np.arange(len(detectors)) + (column - (len(kinds) - 1) / 2) * 0.16
            middle, low, high = np.transpose([getattr(row[kind], field) for row in detectors.values()])
            spot.hlines(heights, low, high, color=COLOURS[column], lw=1.5)
            spot.scatter(middle, heights, s=26, color=COLOURS[column], label=f"{kind} ({counts[kind]:,})", zorder=3)
        spot.set(xlim=(-0.03, 1.03), ylim=(len(detectors) - 0.5, -0.5))
        spot.set_yticks(range(len(detectors)), list(detectors))
        for row in range(len(detectors) - 1):
            spot.axhline(row + 0.5, color=style.BASELINE, lw=0.4)
    axes[0, 0].axvline(0.5, color=style.PAPER, lw=0.8, ls=style.DASHES)
    axes[0, 0].set(xlabel=f"AUROC ({measured} real images)")
    axes[0, 1].set(xlabel="nonsense passing, as 95% of real images do")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(kinds), fontsize=9)
    return drawn


@styled
def draw_defences(temperature: Temperature | None, counts: Mapping[str, int], curves: Mapping[str, Attempt]) -> Figure:
    """Draw what a temperature and a fooling class change, each where it was tested, at least one of them.

    A temperature at an end of its range was not fitted, and is not drawn. ``curves`` are of CPPN images evolved before
    and after a fooling class was learned, or empty.
    """
    alt = [] if temperature is None else [_describe_temperature(temperature)]
    alt += [f"CPPN images, median: {_describe_ends(curves)}."] if curves else []
    drawn, axes = start_figure(3.4, " ".join(alt), ncols=len(alt))
    if temperature:
        _draw_temperature(axes[0, 0], temperature, counts)
    if curves:
        _draw_attempts(axes[0, -1], curves)
        axes[0, -1].set_title("CPPN images and a fooling class", fontsize=10)
        axes[0, -1].legend(fontsize=8, loc="lower right")
    return drawn


def _draw_temperature(spot: Axes, temperature: Temperature, counts: Mapping[str, int]) -> None:
    """Draw the nonsense at 99% before a temperature, and after where one was fitted."""
    certain, fitted = temperature.certain, temperature.fitted
    for row, (colour, (before, after)) in enumerate(zip(COLOURS, certain.values(), strict=False)):
        spot.scatter([before], [row], s=90, facecolors="white", edgecolors=colour, zorder=3)  # around "after", if equal
        if fitted:
            arrow = {"arrowstyle": "->", "color": colour, "lw": 1.5}
            spot.annotate("", (after, row), (before, row), arrowprops=arrow)
            spot.scatter([after], [row], s=30, color=colour, zorder=3)
    spot.set_yticks(range(len(certain)), [f"{kind} ({counts[kind]:,})" for kind in certain])
    spot.set(xlabel="share of nonsense at 99%", xlim=(-0.04, 1.04), ylim=(len(certain) - 0.5, -0.5))
    title = f"temperature {temperature.value:.2f}: ○ before, ● after" if fitted else "no temperature can be fitted"
    spot.set_title(title, fontsize=10)


def _describe_temperature(temperature: Temperature) -> str:
    said = [
        f"{kind} {before:.0%}" + (f" to {after:.0%}" if temperature.fitted else "")
        for kind, (before, after) in temperature.certain.items()
    ]
    return f"Nonsense at 99%, and after a temperature where one was fitted: {list_words(said)}."


def _describe_ends(attempts: Mapping[str, Attempt]) -> str:
    """Return where the median class of each attempt ends, in words."""
    medians = {name: show_confidence(float(np.median(to_confidence(one.log_odds)))) for name, one in attempts.items()}
    return list_words([f"{name} {medians[name]} after {one.steps[-1]:,} images" for name, one in attempts.items()])


def _draw_attempts(spot: Axes, attempts: Mapping[str, Attempt]) -> None:
    """Draw a line and a band for each attempt."""
    seen = [np.array([log_odds(CERTAIN)])]
    for colour, (name, one) in zip(COLOURS, attempts.items(), strict=False):
        values = np.clip(np.asarray(one.curves, np.float64), -LIMIT, LIMIT)  # (runs, points, cells)
        low, middle, high = np.percentile(values, (25, 50, 75), axis=(0, 2))
        spot.fill_between(one.steps, low, high, color=colour, alpha=0.2, lw=0)
        spot.plot(one.steps, middle, color=colour, label=name)
        seen += [low, high]
    spot.axhline(log_odds(CERTAIN), color=style.PAPER, lw=0.8, ls=style.DASHES)
    spot.set(xscale="log", xlabel="images shown, for all classes together", ylabel="confidence (log-odds scale)")
    spot.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    label_confidences(spot, np.concatenate(seen))


def _place(confidences: np.ndarray) -> np.ndarray:
    """Return the log-odds of confidences within what is drawn."""
    wide = np.clip(confidences, 1e-9, 1.0 - 1e-9)
    return np.asarray(np.clip(np.log(wide / (1.0 - wide)), -LIMIT, LIMIT))
