"""What page 08 measures of its champions: how alike those of related classes are, and a wall of the most diverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from fooling.data.kinds import measure_distances
from fooling.evolution.evolution import Evolution, hash_champions
from fooling.networks.classifier import Classifier
from fooling.pages.imagenet_cppn.diversity import Diversity, Wall, choose_wall
from fooling.pages.imagenet_cppn.likeness import describe_champions, measure_relatedness
from fooling.pages.imagenet_cppn.relatedness import Relatedness
from fooling.pages.imagenet_search import Scale, describe_scale
from fooling.runs import RunFolder, compute_once

VERSION = 1  # of what is measured
FEW = 20  # cells shown where there is no wall
Spot = tuple[str, int, int]  # a search of page 08 by its name, the place of a run in it, and a cell


class Looks(NamedTuple):
    """What another network makes of the champions."""

    related: Relatedness
    diversity: Diversity
    wall: Wall  # of the runs, the first one as it went on, if it did
    folder: RunFolder | None  # where it is kept


def look_at_champions(
    run: Evolution, longer: Evolution | None, judge: Classifier, scale: Scale, seed: int, folder: Path
) -> Looks:
    """Show all champions to a network that they did not evolve on, and keep what is found.

    The first run as it went on is ``longer``; permutations and walls drawn at random are of ``seed``.
    """
    every = [one for one in (run, longer) if one]
    described = {
        "champions": [hash_champions(one) for one in every],
        "encoding": run.encoding.settings(),
        "classes": list(run.classes),
        "seeds": run.seeds.tolist(),
        "judge": judge.fingerprint(),
        "seed": seed,
    }

    def compute() -> dict[str, np.ndarray]:
        seen = [describe_champions(run, place, judge) for place in range(len(run.seeds))]
        last = [describe_champions(longer, 0, judge)] if longer else seen[:1]
        related = measure_relatedness(run, seen, judge.name, measure_distances(), scale)
        words = describe_scale(scale, longer.generations if longer else 0)
        diversity, wall = choose_wall([*last, *seen[1:]], judge.name, words, seed)
        written = {name: msgspec.json.encode(one) for name, one in (("related", related), ("diversity", diversity))}
        return {name: np.frombuffer(one, np.uint8) for name, one in written.items()} | wall._asdict()

    arrays, kept = compute_once(folder, "champions-seen", described, VERSION, compute)
    related = msgspec.json.decode(arrays["related"].tobytes(), type=Relatedness)
    diversity = msgspec.json.decode(arrays["diversity"].tobytes(), type=Diversity)
    return Looks(related, diversity, Wall(arrays["runs"], arrays["cells"]), kept)


def list_shown(wall: Wall | None, run: Evolution, longer: Evolution | None) -> list[Spot]:
    """Return what hangs on the wall; where nothing is certain enough, the first cells of the first run."""
    first = "longer" if longer else "centred"
    if wall is None or not wall.cells.size:
        return [(first, 0, cell) for cell in range(min(FEW, len(run.classes)))]
    pairs = zip(wall.runs.tolist(), wall.cells.tolist(), strict=True)
    return [("centred" if place else first, place, cell) for place, cell in pairs]


def show_spots(
    searches: Mapping[str, Evolution | None], spots: Sequence[Spot]
) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Return images ``(spots, height, width, channels) uint8``, their classes, and confidences ``(spots,) float32``."""
    found = [(run, place, cell) for name, place, cell in spots if (run := searches[name])]
    images = np.stack([run.express(place, [cell])[0] for run, place, cell in found])
    classes = [run.classes[cell] for run, _, cell in found]
    return images, classes, np.array([run.confidences[place, cell] for run, place, cell in found])
