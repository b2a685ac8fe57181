"""A wall of champions, chosen for diversity as the paper's Fig. 8 was (claim ``imagenet-diversity``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fooling.confidence import to_confidence
from fooling.pages.claim import QUOTE, UNTESTED, Claim, Rows, grade_halves
from fooling.pages.imagenet_search import FOOLED
from fooling.words import show_confidence

if TYPE_CHECKING:
    from fooling.pages.imagenet_cppn.likeness import Champions

IMAGES, MEAN = 40, 0.9912  # the paper's wall, and its mean confidence
DRAWS = 1_000  # walls drawn at random; Choice: their median moves by less than a hundredth


@dataclass(frozen=True)
class Diversity:
    """What the wall comes to."""

    eligible: int  # different champions of at least 99%
    images: int  # on the wall
    mean: float | None  # of their confidences; None of no image
    least: float | None  # the lowest
    # cosine of the median image with its nearest neighbour: on the wall, and on as large a wall drawn at random
    nearest: float | None
    nearest_random: float | None
    judge: str  # the network whose features tell how alike images are
    scale: str  # runs, sizes and network in words


class Wall(NamedTuple):
    """Which champions hang on the wall, in the order of their choice."""

    runs: np.ndarray  # (images,) int64: places among the runs that were given
    cells: np.ndarray  # (images,) int64


def choose_wall(runs: Sequence[Champions], judge: str, scale: str, seed: int = 0) -> tuple[Diversity, Wall]:
    """Choose champions of at least 99%, no image twice, so that each is as unlike its nearest neighbour as can be.

    The first is the most certain one; then always the one whose nearest neighbour on the wall is farthest. Of the cells
    that one image holds the most certain counts. Walls drawn at random beside it are of ``seed``; ``judge``, the
    network behind the features, and ``scale`` are words for the record.
    """
    places, confidences, features = _find_eligible(runs)
    count = min(IMAGES, len(places))
    if not count:
        return Diversity(0, 0, None, None, None, None, judge, scale), Wall(*np.zeros((2, 0), np.int64))
    chosen = [int(confidences.argmax())]
    nearest = features @ features[chosen[0]]
    while len(chosen) < count:
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, features @ features[chosen[-1]])
    rng = np.random.default_rng(seed)
    drawn = [_find_nearest(features[rng.choice(len(features), count, replace=False)]) for _ in range(DRAWS)]
    found = Diversity(
        eligible=len(places),
        images=count,
        mean=float(confidences[chosen].mean()),
        least=float(confidences[chosen].min()),
        nearest=_find_nearest(features[chosen]),
        nearest_random=float(np.median([one for one in drawn if one is not None])) if count > 1 else None,
        judge=judge,
        scale=scale,
    )
    return found, Wall(*places[chosen].T)


def _find_eligible(runs: Sequence[Champions]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return run and cell of different champions of at least 99%, their confidences and their features."""
    places, confidences, features = [np.zeros((0, 2), np.int64)], [np.zeros(0)], []
    for place, run in enumerate(runs):
        order = np.argsort(-run.log_odds, kind="stable")
        cells = order[np.sort(np.unique(run.images[order], return_index=True)[1])]
        sure = to_confidence(run.log_odds[cells])
        cells, sure = cells[sure >= FOOLED], sure[sure >= FOOLED]
        places.append(np.stack([np.full(len(cells), place), cells], axis=1))
        confidences.append(sure)
        features.append(run.features[cells])
    return np.concatenate(places), np.concatenate(confidences), np.concatenate(features)


def _find_nearest(features: np.ndarray) -> float | None:
    """Return the median cosine of an image with its nearest neighbour, None of one image alone."""
    cosines = features @ features.T
    np.fill_diagonal(cosines, -np.inf)
    return float(np.median(cosines.max(axis=1))) if len(features) > 1 else None


def judge(found: Diversity) -> str:
    """Judge by two halves, on a wall of 40: as certain as the paper's on average, and more diverse than by chance."""
    if found.images < IMAGES or found.mean is None or found.nearest is None or found.nearest_random is None:
        return UNTESTED
    return grade_halves(found.mean >= MEAN, found.nearest < found.nearest_random)


def tell(found: Diversity) -> str:
    """Return how many different champions are certain, and what the wall has on average, as a sentence."""
    if found.mean is None:
        return "No champion has 99%, so there is none to hang on a wall."
    return (
        f"The {found.images} most diverse of {found.eligible:,} different champions with at least 99% have "
        f"{show_confidence(found.mean)} on average."
    )


def tabulate(found: Diversity) -> Rows:
    """Return what the wall comes to beside the paper's."""
    mean, least = ("none" if one is None else show_confidence(one) for one in (found.mean, found.least))
    alike = ["none" if one is None else f"{one:.2f}" for one in (found.nearest, found.nearest_random)]
    return (
        ("images on the wall", str(found.images), "40 selected"),
        ("mean confidence", mean, "99.12%"),
        ("lowest confidence", least, "–"),
        (f"nearest neighbour on the wall (cosine of {found.judge}'s features)", alike[0], "–"),
        ("the same on a wall drawn at random", alike[1], "–"),
    )


CLAIM = Claim(
    id="imagenet-diversity",
    title="The images are of many kinds",
    otherwise="the images are much alike",
    section="§3.4, Fig. 8",
    sentence=(
        "“Evolving images to match DNN classes produces a tremendous diversity of images. Shown are images selected to "
        "showcase diversity from 5 evolutionary runs. … The mean DNN confidence scores for these images is 99.12%.”"
    ),
    number="40 selected images: 99.12% on average",
    grade=QUOTE,
    page="08_imagenet_cppn",
    record=Diversity,
    judge=judge,
    headline=tell,
    rows=tabulate,
    scale=lambda found: found.scale,
)
