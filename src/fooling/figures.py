"""Figures: arrays in, figure out. Each carries a sentence of alternative text and shows itself in a notebook."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes

from fooling.findings import first_generations, to_confidence
from fooling.paper import NEAR_CERTAIN, show_confidence

if TYPE_CHECKING:
    from fooling.networks.assessment import Assessment

# Okabe & Ito's palette, which survives colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
BASELINE, PAPER = "#888888", "#000000"
BASELINE_STYLES = ("--", "-.", ":")
STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "savefig.dpi": 110,
}
WIDTH = 8.6  # inches: the width of a page of the report
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
BEYOND = (8, 10, 12)  # ticks at 1 − 10^−8 and so on, where percentages would be all nines
styled = matplotlib.rc_context(STYLE)  # as a decorator: everything in a figure is drawn in one style


class Figure(figure.Figure):
    """A Matplotlib figure with alternative text, which notebooks and the report keep with the picture."""

    alt = ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        picture = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(picture, format="png")
        encoded = base64.b64encode(picture.getvalue()).decode()
        return {"image/png": encoded, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def start_figure(height: float, alt: str, **grid: Any) -> tuple[Figure, Any]:
    """Return a figure of page width with its axes, ``(rows, columns)``."""
    drawn = Figure(figsize=(WIDTH, height))
    drawn.alt = alt
    return drawn, drawn.subplots(squeeze=False, **grid)


@styled
def draw_images(images: np.ndarray, captions: Sequence[Sequence[str]], rows: Sequence[str], alt: str) -> Figure:
    """Draw a table of small images, enlarged without smoothing.

    Args:
        images: ``(rows, columns, height, width, channels) uint8``.
        captions: Text under each image, rows of columns.
        rows: One label per row.
        alt: Alternative text.
    """
    height = WIDTH / images.shape[1] * images.shape[0] * 1.2
    drawn, axes = start_figure(height, alt, nrows=images.shape[0], ncols=images.shape[1])
    for row, column in np.ndindex(images.shape[:2]):
        spot = axes[row, column]
        spot.imshow(images[row, column].squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        spot.set(xticks=[], yticks=[])
        spot.grid(False)
        spot.spines[:].set_visible(False)
        spot.set_xlabel(captions[row][column], fontsize=8, labelpad=2)
    for spot, label in zip(axes[:, 0], rows, strict=True):
        spot.set_ylabel(label, fontsize=9)
    return drawn


@styled
def draw_champions(
    images: np.ndarray, confidences: np.ndarray, class_names: Sequence[str], seeds: np.ndarray
) -> Figure:
    """Draw each class's champion, a row per run, with its class and confidence.

    Args:
        images: ``(runs, classes, height, width, channels) uint8``.
        confidences: ``(runs, classes) float32``.
        class_names: One per class.
        seeds: ``(runs,)``.
    """
    captions = [
        [f"{name}\n{show_confidence(value)}" for name, value in zip(class_names, row, strict=True)]
        for row in confidences
    ]
    range_shown = f"{show_confidence(confidences.min())} to {show_confidence(confidences.max())}"
    seeds_shown = ", ".join(str(seed) for seed in seeds)
    alt = f"Champions of run {seeds_shown} by class, {class_names[0]} to {class_names[-1]}; confidences {range_shown}."
    return draw_images(images, captions, [f"run {seed}" for seed in seeds], alt)


@styled
def draw_curves(curves: Mapping[str, np.ndarray], baselines: Mapping[str, np.ndarray]) -> Figure:
    """Draw confidence by generation: median over runs and classes, half of them in the dark band, all in the light.

    Args:
        curves: By label, ``(runs, generations + 1, classes) float32`` log-odds.
        baselines: The same for images of random search.
    """
    ends = {
        label: show_confidence(float(np.median(to_confidence(part[:, -1]))))
        for label, part in [*curves.items(), *baselines.items()]
    }
    summary = "; ".join(f"{label} ends at a median of {end}" for label, end in ends.items())
    drawn, axes = start_figure(5.0, f"Confidence by generation. {summary}. The paper's line is at 99.99%.")
    spot = axes[0, 0]
    for colour, (label, history) in zip(COLOURS[: len(curves)], curves.items(), strict=True):
        _draw_spread(spot, history, colour, label)
    for style, (label, history) in zip(BASELINE_STYLES[: len(baselines)], baselines.items(), strict=True):
        median = np.median(history, axis=(0, 2))
        spot.plot(median, color=BASELINE, linestyle=style, label=f"{label}, median")
    _mark_paper(spot)
    _label_log_odds(spot, np.concatenate([part.ravel() for part in (*curves.values(), *baselines.values())]))
    last = max(part.shape[1] for part in curves.values()) - 1
    spot.set(xlabel="generation", ylabel="confidence (log-odds scale)", xlim=(0, last))
    drawn.legend(loc="outside lower center", ncols=2, fontsize=9)
    return drawn


@styled
def draw_class_curves(history: np.ndarray, class_names: Sequence[str], label: str) -> Figure:
    """Draw confidence by generation, one panel per class: median over runs and the band of all runs.

    Args:
        history: ``(runs, generations + 1, classes) float32`` log-odds.
        class_names: One per class.
        label: What evolved, for the alternative text.
    """
    final = np.median(history[:, -1], axis=0)
    slowest = class_names[int(final.argmin())]
    alt = f"{label}: confidence by generation for each class over {len(history)} runs; lowest at the end is {slowest}."
    drawn, axes = start_figure(3.9, alt, nrows=2, ncols=-(-len(class_names) // 2), sharex=True, sharey=True)
    for spot in axes.flat[len(class_names) :]:
        spot.set_visible(False)
    for index, (spot, name) in enumerate(zip(axes.flat, class_names, strict=False)):
        part = history[:, :, index]
        spot.fill_between(
            np.arange(part.shape[1]), part.min(axis=0), part.max(axis=0), color=COLOURS[0], alpha=0.25, lw=0
        )
        spot.plot(np.median(part, axis=0), color=COLOURS[0])
        spot.axhline(_log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=(0, (4, 3)))
        spot.set_title(name, fontsize=10, fontweight="bold")
    _label_log_odds(axes[0, 0], history.ravel(), sparse=True)
    drawn.supxlabel("generation", fontsize=10)
    drawn.supylabel("confidence", fontsize=10)
    return drawn


@styled
def draw_first_generations(curves: Mapping[str, np.ndarray], class_names: Sequence[str], paper: int | None) -> Figure:
    """Draw when each class first reached 99.99%: a dot per run, crosses above the line for runs that never did.

    Args:
        curves: By label, ``(runs, generations + 1, classes) float32`` log-odds.
        class_names: One per class.
        paper: The generation that the paper names, or None.
    """
    first = {label: first_generations(history) for label, history in curves.items()}
    missed = {label: int(np.isnan(part).sum()) for label, part in first.items()}
    alt = "First generation at 99.99% by class. " + "; ".join(
        f"{label}: median {np.nanmedian(part):.0f}, {missed[label]} of {part.size} never"
        if missed[label] < part.size
        else f"{label}: never"
        for label, part in first.items()
    )
    drawn, axes = start_figure(3.4, alt + ".")
    spot, last = axes[0, 0], max(history.shape[1] - 1 for history in curves.values())
    never = last * 1.08
    for number, (label, part) in enumerate(first.items()):
        offset = (number - (len(first) - 1) / 2) * 0.3
        spread = np.linspace(-0.1, 0.1, len(part))[:, None] + np.arange(len(class_names)) + offset
        reached = ~np.isnan(part)
        spot.scatter(spread[reached], part[reached], s=16, color=COLOURS[number], alpha=0.75, label=label, lw=0)
        spot.scatter(spread[~reached], np.full((~reached).sum(), never), s=20, marker="x", color=COLOURS[number], lw=1)
    if paper is not None and paper <= last:
        spot.axhline(paper, color=PAPER, lw=0.8, linestyle=(0, (4, 3)))
        spot.annotate(
            f"the paper: each run before {paper}",
            (0.995, paper),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
        )
    ticks = [tick for tick in spot.get_yticks() if 0 <= tick <= last]
    spot.set_yticks([*ticks, never], [*(f"{tick:.0f}" for tick in ticks), "not yet"])
    spot.set(xticks=range(len(class_names)), xlabel="class", ylabel="first generation at 99.99%", ylim=(0, last * 1.13))
    spot.set_xticklabels(class_names)
    if len(first) > 1:
        drawn.legend(fontsize=9, loc="outside lower center", ncols=len(first))
    return drawn


@styled
def draw_reliability(assessments: Mapping[str, Assessment]) -> Figure:
    """Draw accuracy against confidence on held-out images, and how many images stand in each bin.

    Args:
        assessments: By network.
    """
    alt = "Reliability on held-out images. " + "; ".join(
        f"{name}: error {100 * part.error:.1f}%, calibration error {100 * part.calibration_error:.1f} points"
        for name, part in assessments.items()
    )
    drawn, axes = start_figure(3.6, alt + ".", ncols=2)
    curve, counts = axes[0]
    curve.plot([0, 1], [0, 1], color=BASELINE, lw=1, label="perfectly calibrated")
    for number, (colour, (name, part)) in enumerate(zip(COLOURS[: len(assessments)], assessments.items(), strict=True)):
        filled = part.bin_count > 0
        curve.plot(part.bin_confidence[filled], part.bin_accuracy[filled], "o-", ms=4, color=colour, label=name)
        middle = (np.arange(len(part.bin_count)) + 0.2 + 0.3 * number) / len(part.bin_count)
        counts.bar(middle, part.bin_count, width=0.026, color=colour, label=name)
    curve.set(xlabel="confidence", ylabel="share correct", xlim=(0, 1.02), ylim=(0, 1.02))
    counts.set(xlabel="confidence", ylabel="held-out digits", yscale="log", xlim=(0, 1.02))
    counts.legend(*curve.get_legend_handles_labels(), fontsize=8, loc="upper left")
    return drawn


@styled
def draw_confidence_shares(confidences: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw for each network the share of images at or above every confidence, by kind of image.

    Args:
        confidences: By network, by kind of image: ``(count,) float32`` confidence in the top class.
    """
    kinds = list(next(iter(confidences.values())))
    alt = "Share of images at or above each confidence. " + "; ".join(
        f"{name}: {kind} median {show_confidence(float(np.median(values)))}"
        for name, parts in confidences.items()
        for kind, values in parts.items()
        if len(values)
    )
    drawn, axes = start_figure(3.0, alt + ".", ncols=len(confidences), sharey=True)
    for spot, (name, parts) in zip(axes[0], confidences.items(), strict=True):
        for kind, colour in zip(kinds, (COLOURS[2], COLOURS[1], BASELINE), strict=True):
            values = np.sort(parts[kind])
            spot.step(values, 1.0 - np.arange(len(values)) / max(len(values), 1), color=colour, label=kind, where="pre")
        spot.set(title=name, xlabel="confidence", xlim=(0, 1.01), ylim=(0, 1.02))
        spot.title.set_fontsize(10)
    axes[0, 0].set_ylabel("share of images at least as sure")
    axes[0, 0].legend(fontsize=8, loc="lower left")
    return drawn


def _draw_spread(spot: Axes, history: np.ndarray, colour: str, label: str) -> None:
    generations = np.arange(history.shape[1])
    low, lower, median, upper, high = np.percentile(history, (0, 25, 50, 75, 100), axis=(0, 2))
    spot.fill_between(generations, low, high, color=colour, alpha=0.12, lw=0)
    spot.fill_between(generations, lower, upper, color=colour, alpha=0.3, lw=0)
    spot.plot(
        generations, median, color=colour, label=f"{label}, median ({history.shape[0]} runs × {history.shape[2]})"
    )


def _mark_paper(spot: Axes) -> None:
    spot.axhline(_log_odds(NEAR_CERTAIN), color=PAPER, lw=0.8, linestyle=(0, (4, 3)), label="the paper's 99.99%")


def _label_log_odds(spot: Axes, values: np.ndarray, sparse: bool = False) -> None:
    """Label a log-odds axis by confidences, within the range of the finite values."""
    finite = values[np.isfinite(values)]
    low, high = max(finite.min(), _log_odds(TICKS[0])), min(finite.max(), 30.0)
    ticks = {_log_odds(tick): f"{100 * tick:.6g}%" for tick in TICKS[:: 2 if sparse else 1]}
    ticks |= {power * np.log(10.0): f"1 − $10^{{-{power}}}$" for power in BEYOND}
    shown = {place: label for place, label in ticks.items() if low - 1 <= place <= high}
    spot.set_yticks(list(shown), list(shown.values()))
    spot.set_ylim(low, max(high, _log_odds(NEAR_CERTAIN)) + 0.5)


def _log_odds(confidence: float) -> float:
    return float(np.log(confidence / (1.0 - confidence)))
