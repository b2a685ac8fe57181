"""How an image, ``(height, width, channels) uint8``, repeats itself: its period by autocorrelation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SMALLEST = 8  # pixels of an element, at least; Choice: what repeats sooner is texture, and several make one element
REPEATS = 3  # times that a period fits into the image, at least; Choice: two of a thing are not yet a pattern
# Least height and prominence of a peak of the autocorrelation. Choice: so low that stripes which bend or widen still
# count, and so high that of random clouds, whatever their size, at most one in a hundred has a period.
HEIGHT, PROMINENCE = 0.1, 0.25


class Period(NamedTuple):
    """How an image repeats itself."""

    axis: int  # 0 if downwards, 1 if across
    pixels: int  # how far one element is from the next
    strength: float  # prominence of the peak of the autocorrelation, in (0, 2]


def autocorrelate(image: np.ndarray, axis: int) -> np.ndarray:
    """Return how alike an image and itself moved by 0, 1, 2, … pixels are, along one axis.

    Each colour channel's mean is taken away. The sum of products over the part where both overlap is divided by the
    root of both parts' sums of squares, so that long shifts are not favoured and an exact repetition gives exactly 1.

    Returns:
        ``(side,) float64 in [−1, 1]``; 0 where one of the parts is of the mean colour.
    """
    pixels = image - image.mean(axis=(0, 1))
    side = image.shape[axis]
    lines = np.moveaxis(pixels, axis, -1).reshape(-1, side)
    spectrum = np.abs(np.fft.rfft(lines, 2 * side)) ** 2  # padded, so that nothing wraps round
    products = np.fft.irfft(spectrum.sum(axis=0), 2 * side)[:side]
    energy = (lines**2).sum(axis=0)
    first, last = np.cumsum(energy)[::-1], np.cumsum(energy[::-1])[::-1]  # of the parts that overlap, by shift
    scale = np.sqrt(first * last)
    defined = scale > 1e-9 * max(energy.sum(), 1.0)  # below, only what rounding leaves
    return np.asarray(np.where(defined, products / np.where(defined, scale, 1.0), 0.0))


def find_period(image: np.ndarray) -> Period | None:
    """Return the period of an image along the axis where it is clearer, or None if it has none.

    A period is the first peak of the autocorrelation at 8 pixels or more that is at least 0.1 high and 0.25 prominent,
    and around whose double the image correlates by 0.1 as well: two of a thing are not a pattern. It fits into the
    image at least three times.
    """
    found = [period for axis in (1, 0) if (period := _find_along(image, axis)) is not None]
    return max(found, key=lambda period: period.strength, default=None)


def _find_along(image: np.ndarray, axis: int) -> Period | None:
    """Return the period along one axis."""
    from scipy.signal import find_peaks  # slow to import

    side = image.shape[axis]
    correlation = autocorrelate(image, axis)[: 2 * side // REPEATS + 1]  # beyond, the overlap is less than one period
    peaks, about = find_peaks(correlation, height=HEIGHT, prominence=PROMINENCE)
    for peak, prominence in zip(peaks.tolist(), about["prominences"].tolist(), strict=True):
        near = slice(2 * peak - peak // SMALLEST, 2 * peak + peak // SMALLEST + 1)
        if SMALLEST <= peak <= side // REPEATS and correlation[near].max() >= HEIGHT:
            return Period(axis, peak, prominence)
    return None


def count_elements(image: np.ndarray, period: Period) -> int:
    """Return how many elements an image has: how often the period fits."""
    side: int = image.shape[period.axis]
    return side // period.pixels


def find_end(image: np.ndarray, period: Period, kept: int) -> int:
    """Return the pixel along the period's axis at which the first so many elements end.

    The side is cut into as many equal parts as the period fits, to the nearest pixel: k of n elements are k/n of the
    area, and each is one period or a little more.

    Raises:
        ValueError: If the image has not so many elements.
    """
    count = count_elements(image, period)
    if not 0 <= kept <= count:
        raise ValueError(f"The image has {count} elements, so {kept} of them cannot be kept.")
    side: int = image.shape[period.axis]
    return round(kept * side / count)
