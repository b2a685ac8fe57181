"""Four settings, two baselines and other networks' opinions, reduced to what the page shows; and what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from fooling.cluster import find_client, work_through
from fooling.confidence import first_generations
from fooling.gradient_ascent.ascend import ascend, check_ascent, describe_ascent
from fooling.gradient_ascent.records import Ascent
from fooling.gradient_ascent.settings import L2, NONE, SETTINGS, Setting
from fooling.images import resize_images
from fooling.networks.classifier import Classifier
from fooling.pages.ascent.claim import AscentSizes
from fooling.runs import RunFolder, compute_once, progress_bar

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

VERSION = 2  # of what is measured; 2: other networks see the images by the one resizer of the project
BASELINES = ("noise", "noise, one step")
# Choice: the paper's two strengths, and others on either side of them. All else is as in the setting L2.
DECAYS = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
SWEEP_SEEDS = 5  # starts at most; Choice: they show the trend
# Classes of ImageNet kept as images, and their longest side; Choice: what a published result has room for.
SHOWN, LONGEST = 4, 128


class Pictures(NamedTuple):
    """8-bit images of several kinds, for the same classes and seeds."""

    names: tuple[str, ...]  # one per kind
    log_odds: np.ndarray  # ``(kinds, seeds, classes) float32``: of their classes, by the network that they climbed on
    judged: np.ndarray  # ``(networks, kinds, seeds, classes) float32``: the same by other networks
    seen: np.ndarray  # ``(networks, kinds, seeds, classes) bool``: whether another network's first class is the image's
    variation: np.ndarray  # ``(kinds, seeds, classes) float32``: mean difference of neighbouring pixels, in grey levels


class Ascents(NamedTuple):
    """What is measured on one network."""

    classifier: Classifier  # the network to climb on
    judges: Sequence[Classifier]  # other networks
    sizes: AscentSizes  # classes, starts and steps
    seed: int  # of the first start; the others follow it
    sweep_steps: int = L2.steps  # of each climb of the sweep, at most
    decays: tuple[float, ...] = DECAYS  # strengths of L2 to sweep, at least one
    shown: int = 0  # how many classes are kept as images; 0 for all

    @property
    def where(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The classes, by index, and the seeds, one per start."""
        classes = self.sizes.classes or tuple(range(len(self.classifier.class_names)))
        return classes, tuple(range(self.seed, self.seed + self.sizes.seeds))

    def steps(self, setting: Setting) -> int:
        """Return how often the confidence is measured."""
        return min(setting.steps, self.sizes.most_steps or setting.steps)


class Measurement(NamedTuple):
    """Everything that the page says about one network."""

    classes: tuple[int, ...]  # by index
    settings: tuple[str, ...]  # names of the four settings
    judges: tuple[str, ...]  # names of the other networks
    steps: np.ndarray  # ``(settings,) int32``: how often each image was measured
    planned: np.ndarray  # ``(settings,) int32``: how often the paper measures
    curve_steps: np.ndarray  # ``(settings, points) int32``
    curves: np.ndarray  # ``(settings, seeds, classes, points) float32``: log-odds, as of :class:`Ascent`
    first: np.ndarray  # ``(settings, seeds, classes, 4) int32``
    stopped: np.ndarray  # ``(settings, seeds, classes) int32``
    best_log_odds: np.ndarray  # ``(settings, seeds, classes) float32``: before rounding to 8 bits
    last_log_odds: np.ndarray  # the same at the last step
    best_rounded: np.ndarray  # Log-odds of the 8-bit image of the best step
    picture: Pictures  # noise, noise after one step, and the 8-bit images of the last step of each setting
    # ``(settings, classes kept as images, height, width, channels) uint8``: last ones of the first seed, made small
    shown: np.ndarray
    decays: np.ndarray  # ``(decays,) float64`` of the sweep
    sweep: Pictures  # what its images are at the last step, a kind for each decay
    sweep_steps: int  # of each of its climbs
    folders: tuple[RunFolder | None, ...]  # where it is kept: the settings, then each decay


def measure(wanted: Ascents, folder: Path) -> Measurement:
    """Climb with the four settings and each decay, look at what came out with other networks, and keep what is shown.

    What climbed is kept beside it and resumed from, but only the reduced arrays are needed to draw the page again.
    """
    arrays, run = _measure_settings(wanted, folder)
    tasks = [partial(_measure_decay, wanted, decay, folder) for decay in wanted.decays]
    swept, places = zip(*work_through(find_client(), tasks), strict=True)
    names = tuple(setting.name for setting in SETTINGS)
    fields: dict[str, Any] = dict(arrays)
    picture = Pictures((*BASELINES, *names), *(fields.pop(f"picture_{name}") for name in Pictures._fields[1:]))
    return Measurement(
        classes=wanted.where[0],
        settings=names,
        judges=tuple(judge.name for judge in wanted.judges),
        steps=np.array([wanted.steps(setting) for setting in SETTINGS]),
        planned=np.array([setting.steps for setting in SETTINGS]),
        picture=picture,
        decays=np.array(wanted.decays),
        sweep=_join_sweep(wanted.decays, swept),
        sweep_steps=wanted.sweep_steps,
        folders=(run, *places),
        **fields,
    )


def _measure_settings(wanted: Ascents, folder: Path) -> tuple[dict[str, np.ndarray], RunFolder | None]:
    """Return the fields of :class:`Measurement` that are about the settings, those of its pictures by their names."""
    requests = [check_ascent(wanted.classifier, one, *wanted.where, wanted.steps(one)) for one in SETTINGS]

    def compute() -> dict[str, np.ndarray]:
        classes, seeds = wanted.where
        work = sum(request.work for request in requests) + 3 * requests[0].images
        with progress_bar(work, "climbing") as bar:
            start, once = (ascend(wanted.classifier, NONE, classes, seeds, count, None, bar.update) for count in (1, 2))
            every = [partial(ascend, *request, folder, bar.update) for request in requests]
            ascents = work_through(find_client(), every)
        inner.extend(one.folder for one in ascents if one.folder)
        kept = ("curve_steps", "curves", "first", "stopped", "best_log_odds", "last_log_odds", "best_rounded")
        arrays = {name: np.stack([getattr(ascent, name) for ascent in ascents]) for name in kept}
        arrays["shown"] = np.stack([shrink_images(ascent.last_images[0, : wanted.shown or None]) for ascent in ascents])
        return arrays | {f"picture_{name}": part for name, part in _judge([start, once, *ascents], wanted).items()}

    described = {
        "ascents": [describe_ascent(request) for request in requests],
        "judges": [judge.fingerprint() for judge in wanted.judges],
        "shown": wanted.shown,
    }
    inner: list[RunFolder] = []
    return compute_once(folder, "ascent-measured", described, VERSION, compute, inner)


def _measure_decay(wanted: Ascents, decay: float, folder: Path) -> tuple[dict[str, np.ndarray], RunFolder | None]:
    """Return the fields of :class:`Pictures` but the names, of the last images at one strength of L2."""
    classes, seeds = wanted.where
    some, steps = seeds[:SWEEP_SEEDS], min(wanted.sweep_steps, wanted.steps(L2))
    request = check_ascent(wanted.classifier, replace(L2, decay=decay), classes, some, steps)

    def compute() -> dict[str, np.ndarray]:
        with progress_bar(request.work, f"climbing, decay {decay:g}") as bar:
            ascent = ascend(*request, folder, bar.update)
        inner.extend([ascent.folder] if ascent.folder else [])
        return _judge([ascent], wanted)

    described = {
        "ascent": describe_ascent(request),
        "judges": [judge.fingerprint() for judge in wanted.judges],
    }
    inner: list[RunFolder] = []
    return compute_once(folder, "ascent-swept", described, VERSION, compute, inner)


def _join_sweep(decays: Sequence[float], swept: Sequence[dict[str, np.ndarray]]) -> Pictures:
    axes = {"log_odds": 0, "judged": 1, "seen": 1, "variation": 0}  # of the kinds
    joined = {name: np.concatenate([one[name] for one in swept], axis) for name, axis in axes.items()}
    return Pictures(tuple(f"decay {decay:g}" for decay in decays), **joined)


def _judge(ascents: Sequence[Ascent], wanted: Ascents) -> dict[str, np.ndarray]:
    """Return the fields of :class:`Pictures` but the names, for the last images of at least one ascent."""
    shape = (len(ascents), len(ascents[0].seeds), len(wanted.where[0]))
    own = np.tile(wanted.where[0], (*shape[:2], 1)).ravel()  # (images,)
    judged, seen = (np.zeros((len(wanted.judges), own.size), kind) for kind in (np.float32, np.bool_))
    images = [image for ascent in ascents for image in ascent.last_images.reshape(-1, *wanted.classifier.image_shape)]
    for place, judge in enumerate(wanted.judges):
        for first in range(0, own.size, judge.batch):
            some = slice(first, first + judge.batch)
            scores = judge.score(np.asarray(resize_images(np.stack(images[some]), *judge.image_shape[:2])))
            judged[place, some] = np.take_along_axis(scores, own[some, None], axis=1)[:, 0]
            seen[place, some] = scores.argmax(axis=1) == own[some]
    return {
        "log_odds": np.stack([ascent.last_rounded for ascent in ascents]),
        "judged": judged.reshape(len(wanted.judges), *shape),
        "seen": seen.reshape(len(wanted.judges), *shape),
        "variation": np.array([measure_variation(image) for image in images], np.float32).reshape(shape),
    }


def shrink_images(images: np.ndarray) -> np.ndarray:
    """Return images of at most 128 pixels a side, each pixel the mean of the square that it covers.

    They are ``(count, height, width, channels) uint8``, of three channels if they are larger.
    """
    height, width = images.shape[1:3]
    factor = -(-max(height, width) // LONGEST)
    if factor == 1:
        return images
    size = (width // factor, height // factor)
    return np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX)) for image in images])


def measure_variation(image: np.ndarray) -> float:
    """Return the mean difference of neighbouring pixels of an 8-bit image, across and downwards, in grey levels."""
    wide = image.astype(np.float64)
    return float(np.mean([np.abs(np.diff(wide, axis=axis)).mean() for axis in (0, 1)]))


@dataclass(frozen=True)
class Cost:
    """How many images a network looks at until it is as certain as wanted."""

    median: float | None  # for one class; None if less than half of the classes got there
    reached: int  # how many got there
    tried: int  # of how many, classes × seeds or runs
    per_success: float | None  # all images looked at, over those that got there; None if none did

    def describe(self) -> tuple[str, str, str]:
        """Return the median, how many got there, and the images per success, as a table shows them."""
        numbers = ["never" if value is None else f"{value:,.4g}" for value in (self.median, self.per_success)]
        return numbers[0], f"{self.reached} of {self.tried}", numbers[1]


def count_climbed(first: np.ndarray, steps: int) -> Cost:
    """Return what ascent costs, an image for each step.

    ``first``, ``(seeds, classes) int``, is the first step that is as certain as wanted; −1 if never.
    """
    return _count_images(np.where(first >= 0, first + 1.0, np.inf), float(steps))


def count_evolved(run: Evolution, classes: Sequence[int], confidence: float) -> Cost:
    """Return what a search costs for some of its classes, a child counted as a share for each class with a cell."""
    cells = list(run.classes)
    generations = first_generations(run.history[:, :, [cells.index(one) for one in classes]], confidence)
    share = run.children / len(cells)
    images = np.where(np.isnan(generations), np.inf, (generations + 1) * share)
    return _count_images(images, (run.generations + 1) * share)


def _count_images(images: np.ndarray, most: float) -> Cost:
    """Return the cost, from the images that each class took, infinite where ``most`` were not enough."""
    reached = int(np.isfinite(images).sum())
    median = float(np.sort(images, axis=None)[(images.size - 1) // 2])  # the lower one of two
    total = float(np.minimum(images, most).sum())
    return Cost(median if np.isfinite(median) else None, reached, images.size, total / reached if reached else None)
