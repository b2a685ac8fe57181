"""What all figures share: alternative text, colours, sizes, axes of log-odds."""

from __future__ import annotations

import base64
import io
from itertools import product
from typing import Any

import matplotlib
import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.patheffects import Normal, Stroke
from PIL import Image

from fooling import confidence
from fooling.confidence import NEAR_CERTAIN

# Okabe & Ito's palette, which survives colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
BASELINE, PAPER = "#888888", "#000000"
BASELINE_STYLES = ("--", "-.", ":")
DASHES = (0, (4, 3))
WIDTH, DPI = 8.6, 110  # inches: the width of a page of the report; pixels an inch
STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "savefig.dpi": DPI,
}
SHARPNESS = 2  # pixels of a picture for one of a page: screens have two, and a picture can be enlarged
NEARLY_WHITE = 244  # of a colour's darkest channel
QUALITIES = (85, 75, 65, 55)  # of a JPEG; Choice: more pixels of less quality look better than fewer of more
SCALES = (1.0, 0.75, 0.625, 0.5)  # of a JPEG's pixels, the last a page's
HALO = [Stroke(linewidth=2.5, foreground="white"), Normal()]  # around words that stand on lines or dots
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
LOW_TICKS = (0.000001, 0.00001, 0.0001)  # where confidences start from one class in a thousand
ACROSS = 9  # numbers on an axis across at most; Choice: "99.9999%" fits as often into half a page
BEYOND = (8, 10, 12)  # ticks at 1 − 10^−8 and so on, where percentages would be all nines
log_odds = confidence.to_log_odds  # of one confidence, as an axis of log-odds is ticked
styled = matplotlib.rc_context(STYLE)  # as a decorator: everything in a figure is drawn in one style


class Figure(figure.Figure):
    """A Matplotlib figure with alternative text, which notebooks and the report keep with the picture.

    Attributes:
        alt: The alternative text.
        kilobytes: What a sheet of images may take; None for lines and words.
        cover: The part of a sheet that stands for its page in the index: left, top, right and bottom, as shares.
    """

    alt = ""
    cover: tuple[float, float, float, float] | None = None
    kilobytes: float | None = None

    def encode(self) -> bytes:
        """Return the picture, with ``SHARPNESS`` pixels for each of a page's in either direction.

        Lines and words are a PNG of 256 colours. A sheet of images is a PNG in all of its colours, or of grey levels
        alone; one of more than ``kilobytes`` is a JPEG with as many pixels as fit.
        Choice: no WebP, a third smaller, because nbconvert, and so GitHub, would show words in its place.
        """
        picture = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(picture, format="png", dpi=SHARPNESS * DPI)
        whole = Image.open(picture).convert("RGB")
        if self.kilobytes is None:
            return _save(_reduce_colours(whole), "png", optimize=True)
        grey = whole.convert("L")
        smaller = _save(grey if whole == grey.convert("RGB") else whole, "png", optimize=True)
        for scale, quality in product(SCALES, QUALITIES):
            if len(smaller) <= 1000 * self.kilobytes:
                break
            shown = whole.resize((round(scale * whole.width), round(scale * whole.height)), reducing_gap=3)
            smaller = _save(shown, "jpeg", quality=quality, optimize=True, progressive=True)
        return smaller

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        picture = self.encode()
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        about: dict[str, Any] = {"alt": self.alt, "cover": self.cover} if self.cover else {"alt": self.alt}
        about |= {"width": round(self.get_figwidth() * DPI), "height": round(self.get_figheight() * DPI)}
        about["images"] = self.find_images()
        return {kind: base64.b64encode(picture).decode(), "text/plain": self.alt}, {kind: about}

    def find_images(self) -> list[list[float]]:
        """Return where an encoded figure shows images, or the scale of one: left, top, right and bottom, as shares.

        In the dark, the report turns the colours of all else.
        """
        spots = [spot for spot in self.axes if spot.images or spot.get_label() == "<colorbar>"]
        places = [spot.get_window_extent().transformed(self.transFigure.inverted()) for spot in spots]
        return [[round(float(side), 4) for side in (one.x0, 1 - one.y1, one.x1, 1 - one.y0)] for one in places]


def shade(count: int) -> np.ndarray:
    """Return colours from light to dark for lines that have an order, ``(count, 4) float64``."""
    return np.asarray(matplotlib.colormaps["magma"](np.linspace(0.8, 0.1, count)))


def choose_ink(colour: np.ndarray) -> str:
    """Return black or white, what has more contrast on a colour, ``(3,)`` of red, green and blue in [0, 1].

    Source: WCAG 2.2, where contrast is that of relative luminance, and both are equal at 0.179.
    """
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return "black" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "white"


def _save(picture: Image.Image, kind: str, **options: Any) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, kind, **options)
    return encoded.getvalue()


def _reduce_colours(whole: Image.Image) -> Image.Image:
    """Return a picture in 256 colours, white among them, as the paper around a figure is."""
    # A sample of the pixels gives nearly the palette of all, in a tenth of the seconds.
    sample = whole.resize((-(-whole.width // 6), -(-whole.height // 6)), Image.Resampling.NEAREST)
    reduced = sample.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=2)
    colours = np.reshape(reduced.getpalette() or [255] * 3, (-1, 3))
    colours[colours.min(axis=1) >= NEARLY_WHITE] = 255
    reduced.putpalette(colours.ravel().tolist())
    return whole.quantize(palette=reduced, dither=Image.Dither.NONE)


def start_figure(height: float, alt: str, **grid: Any) -> tuple[Figure, Any]:
    """Return a figure of page width with its axes, ``(rows, columns)``."""
    drawn = Figure(figsize=(WIDTH, height))
    drawn.alt = alt
    return drawn, drawn.subplots(squeeze=False, **grid)


def take_panels(axes: np.ndarray, count: int) -> list[Axes]:
    """Return the first panels of a grid that shares its x axis, ticks below the lowest ones, and hide the others."""
    for spot in axes.flat[count:]:
        spot.set_visible(False)
    taken = list(axes.flat[:count])
    for spot in taken[-axes.shape[1] :]:  # nothing is drawn below these
        spot.tick_params(labelbottom=True)
    return taken


def show_pixels(spot: Axes, image: np.ndarray, **options: Any) -> None:
    """Show an image, ``(height, width, 1 or 3) uint8``, without ticks and grid: large ones are resampled.

    The options are those of ``Axes.imshow``; without any, pixels are square.
    """
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    spot.imshow(pixels, cmap="gray", vmin=0, vmax=255, **({"interpolation": "auto"} | options))
    spot.set(xticks=[], yticks=[])
    spot.grid(False)


def to_log_odds(confidences: np.ndarray) -> np.ndarray:
    """Return the log-odds of confidences, those within a millionth of 0 or 1 moved there, so that all are finite."""
    clipped = np.clip(np.asarray(confidences, np.float64), 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(clipped / (1.0 - clipped)))


def label_log_odds(spot: Axes, values: np.ndarray, sparse: bool = False) -> None:
    """Label a log-odds axis by confidences, within the range of the finite values."""
    finite = values[np.isfinite(values)]
    low, high = max(finite.min(), log_odds(TICKS[0])), min(finite.max(), 30.0)
    ticks = {log_odds(tick): f"{100 * tick:.6g}%" for tick in TICKS[:: 2 if sparse else 1]}
    ticks |= {power * np.log(10.0): f"1 − $10^{{-{power}}}$" for power in BEYOND}
    shown = {place: label for place, label in ticks.items() if low - 1 <= place <= high}
    spot.set_yticks(list(shown), list(shown.values()))
    spot.set_ylim(low, max(high, log_odds(NEAR_CERTAIN)) + 0.5)


def label_confidences(spot: Axes, values: np.ndarray, axes: str = "y") -> None:
    """Label axes of log-odds ("x", "y" or "xy") by confidences that may be small, and fit them to finite values."""
    low, high = float(np.min(values)), float(np.max(values))
    margin = max(0.05 * (high - low), 0.2)
    low, high = low - margin, high + margin
    ticks = {log_odds(tick): f"{100 * tick:.6g}%" for tick in (*LOW_TICKS, *TICKS) if low <= log_odds(tick) <= high}
    for name in axes:
        axis = spot.xaxis if name == "x" else spot.yaxis
        apart = (high - low) / ACROSS if name == "x" else 0.0  # numbers stand beside each other there
        shown: list[float] = []
        for tick in ticks:
            shown += [tick] if not shown or tick - shown[-1] >= apart else []
        axis.set_ticks(shown, labels=[ticks[tick] for tick in shown])
    spot.set(**{f"{name}lim": (low, high) for name in axes})
