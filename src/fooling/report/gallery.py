"""The living gallery: the champions of large CPPN runs as genomes, in one page whose browser draws them.

What it holds: runs with a cell for each of 1,000 classes, or else the first run of each search. All their champions
are kept. Of the ancestors, those with most descendants among the champions are kept: all of them, or the half, the
quarter, … that leaves the page small enough. Where champions alone are too large, the last runs are left out. A
genome is stored as its difference from the nearest kept genome that it descends from, most of which is zeros.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fooling import files
from fooling.data.digits import DIGITS
from fooling.report.bundle import TEMPLATE, WEB, draw_app, encode_bytes
from fooling.report.markup import is_made_of
from fooling.report.notebooks import RefusedError, Workspace
from fooling.words import count_words

if TYPE_CHECKING:
    from fooling.encodings.cppn_graph import CppnGenomes
    from fooling.evolution.evolution import Evolution

MODULES = ("bytes.js", "confidence.js", "cppn.js", "genomes.js", "graph.js", "gallery.js")
STYLES = (TEMPLATE / "report.css", WEB / "gallery.css")
LARGE = 1_000  # classes from which a run is shown for itself
MOST_BYTES = 2_900_000  # of the page; Choice: it is to stay under 3 MB
# Of the ancestors: the largest that fits is taken. What is small is packed sooner.
SHARES = (0.0, *(0.5**halvings for halvings in reversed(range(8))))
NETWORK = "shown to"  # the setting of runs that names networks beside their fingerprints
ANSWERS = "answers-*"  # folders of runs in which networks were shown champions


class Family(NamedTuple):
    """A run's champions and their ancestors, oldest first, and what each held at best."""

    champions: np.ndarray  # (cells,): the place of each cell's champion
    numbers: np.ndarray  # (images,): the images' numbers in the run
    parents: np.ndarray  # (images,): the place of each one's parent, -1 for random images
    held: np.ndarray  # (images,): the cell that it held with the highest log-odds
    held_log_odds: np.ndarray  # (images,) float32
    log_odds: np.ndarray  # (cells,) float32: of each cell's champion for its class
    descendants: np.ndarray  # (images,): how many cells' champions descend from it, itself counted
    answers: Mapping[str, np.ndarray] = {}  # (cells,) float32: the same by networks that were shown the champions


def update_gallery(workspace: Workspace, pages: Iterable[str]) -> Path | None:
    """Make the gallery of what these pages evolved, unless it is there; return its path, None where nothing did.

    RefusedError if a run is damaged.
    """
    path, searches = workspace.report("gallery"), find_searches(workspace, pages)
    if not searches:
        path.unlink(missing_ok=True)
        return None
    sources = [one.read_text(encoding="utf-8") for one in (Path(__file__), *sorted(WEB.iterdir()), *STYLES[:1])]
    answers = sorted(folder.name for folder in workspace.run("").glob(ANSWERS))
    made_of = files.hash_text(json.dumps([sources, searches, answers, workspace.profile]))
    if not is_made_of(path, made_of):
        try:
            files.write_atomically(path, draw_gallery(workspace, searches, made_of))
        except ValueError as error:
            raise RefusedError(f"The gallery cannot be drawn: {error}") from error
    return path


def find_searches(workspace: Workspace, pages: Iterable[str]) -> dict[str, str]:
    """Return the CPPN runs that pages made, and the network that each evolved on, the first runs of searches first."""
    searches: list[list[tuple[str, str]]] = []
    for content in (files.read_json(workspace.metrics(page), dict[str, Any]) for page in pages):
        named = sorted(set(_find_values(content.get("records", {}), "network")))
        for runs in content.get("searches", {}).values():
            searches.append([(run, named[0] if len(named) == 1 else "") for run in runs])
    settings = {run: _read_settings(workspace, run) for run in dict(itertools.chain(*searches))}
    cppn = {run for run, one in settings.items() if (one.get("encoding") or {}).get("encoding") == "cppn"}
    large = {run for run in cppn if len(settings[run]["classes"]) >= LARGE}
    runs = [run for row in itertools.zip_longest(*searches) for run in row if run and run[0] in (large or cppn)]
    first = {search[0][0] for search in searches if search}
    named_elsewhere: dict[str, str] = {}
    for folder in workspace.run("").glob("*"):
        named_elsewhere |= {key: name for name, key in _read_settings(workspace, folder.name).get(NETWORK, ())}
    fingerprints = {run: settings[run]["classifier"] for run, _ in runs}
    return {
        run: named_elsewhere.get(fingerprints[run]) or name or f"network {fingerprints[run][:6]}"
        for run, name in runs
        if large or run in first
    }


def _read_settings(workspace: Workspace, run: str) -> dict[str, Any]:
    return dict(files.read_json(workspace.run(run) / "settings.json", dict[str, Any]).get("settings", {}))


def _find_values(content: Any, wanted: str) -> list[str]:
    """Return all texts under a key of nested JSON."""
    if not isinstance(content, Mapping):
        return []
    own = [content[wanted]] if isinstance(content.get(wanted), str) else []
    return own + [found for part in content.values() for found in _find_values(part, wanted)]


def draw_gallery(workspace: Workspace, searches: Mapping[str, str], made_of: str) -> str:
    """Return the page of these runs, and of the ancestors of their champions."""
    from fooling.evolution.evolution import load_evolution
    from fooling.evolution.lineage import replay
    from fooling.runs import RunFolder

    families = []
    for name, network in searches.items():
        evolution = load_evolution([RunFolder(workspace.run(name))])
        for run in range(len(evolution.seeds) if len(evolution.classes) >= LARGE else 1):
            family = trace_family(evolution, run)._replace(answers=find_answers(workspace, evolution.take_run(run)))
            genomes = replay(evolution, run, family.numbers.tolist())
            families.append((describe_run(evolution, run, network), family, genomes))
    return fill_page(families, {"profile": workspace.profile, "made_of": made_of})


def find_answers(workspace: Workspace, champions: Evolution) -> dict[str, np.ndarray]:
    """Return the log-odds of a run's champions by the networks that were shown them, by name, ``(cells,) float32``."""
    from fooling.evolution.evolution import hash_champions
    from fooling.runs import RunFolder

    wanted, found = hash_champions(champions), dict[str, np.ndarray]()
    for folder in sorted(workspace.run("").glob(ANSWERS)):
        settings = _read_settings(workspace, folder.name)
        asked = NETWORK in settings and settings.get("champions") == wanted
        if asked and (arrays := RunFolder(folder).load_result()):
            found |= dict(zip((name for name, _ in settings[NETWORK]), arrays["log_odds"], strict=True))
    return found


def fill_page(families: Sequence[tuple[dict[str, Any], Family, CppnGenomes]], words: Mapping[str, Any]) -> str:
    """Return the page of runs, each as what is told of it, its family and that family's genomes.

    It opens on the longest search.
    """
    ordered = sorted(families, key=lambda family: -family[0]["generations"])
    fitting = ""
    for count in range(len(families), 0, -1):
        for share in SHARES:
            runs = [
                {**about, "networks": list(family.answers), "packed": pack_family(family, genomes, share)}
                for about, family, genomes in ordered[:count]
            ]
            data, rule = {"names": name_classes(), "runs": runs}, _tell_rule(count, len(families) - count, share)
            page = draw_app("gallery.html.j2", MODULES, STYLES, data, {**words, "rule": rule})
            if len(page.encode()) > MOST_BYTES:
                break
            fitting = page
        if fitting:
            break
    return fitting or page


def _tell_rule(count: int, left_out: int, share: float) -> str:
    """Return in words what the page holds."""
    held = f"This page has {count_words(count, 'run')}, none of those that page 16 compares."
    kept = "All ancestors of all champions are here."
    if share < 1:
        kept = f"Of the ancestors, {share:.0%} are here: those with most descendants among the champions."
    missing = f" It leaves out {count_words(left_out, 'run')}, so that it opens at once." if left_out else ""
    return f"{held}{missing} {kept}"


def name_classes() -> dict[str, Sequence[str]]:
    """Return the names of digits and of ImageNet's classes."""
    from fooling.networks.imagenet_names import class_names

    return {"digits": DIGITS, "imagenet": class_names()}


def describe_run(evolution: Evolution, run: int, network: str) -> dict[str, Any]:
    """Return what the page tells of a run besides its family."""
    encoding: Any = evolution.encoding
    fed = "[−1, 1]" if encoding.coordinates == "centred" else "pixel indices"
    size = f"{evolution.generations:,} generations"
    return {
        "label": f"{network}, fed {fed}, run {evolution.seeds[run] + 1}, {size}",
        "about": f"{network}, fed {fed}, {size} of {evolution.children:,} children.",
        "network": network,
        "names": "digits" if encoding.image_shape[2] == 1 else "imagenet",
        "classes": list(evolution.classes),
        "encoding": {"shape": encoding.image_shape, "coordinates": encoding.coordinates, "colour": encoding.colour},
        "generations": evolution.generations,
        "children": evolution.children,
    }


def trace_family(evolution: Evolution, run: int) -> Family:
    """Return a run's champions and all their ancestors."""
    from fooling.evolution.lineage import find_parents, trace_line
    from fooling.evolution.map_elites import NOBODY

    parents, takeovers = find_parents(evolution, run), evolution.takeovers
    champions = evolution.unroll("champion", NOBODY)[run, -1].tolist()
    numbers = np.array(sorted({one for number in set(champions) for one in trace_line(parents, number)}))
    places = {number: place for place, number in enumerate(numbers.tolist())}
    above = np.array([places.get(parents[number], -1) for number in numbers.tolist()])
    mine = np.flatnonzero(takeovers.run == run)
    mine = mine[np.lexsort((takeovers.log_odds[mine], takeovers.champion[mine]))]
    best = mine[np.searchsorted(takeovers.champion[mine], numbers, side="right") - 1]
    held = np.array([places[number] for number in champions])
    descendants = np.bincount(held, minlength=len(numbers))
    for place in reversed(range(len(numbers))):  # a child is younger than its parent
        if above[place] >= 0:
            descendants[above[place]] += descendants[place]
    return Family(
        held, numbers, above, takeovers.cell[best], takeovers.log_odds[best], evolution.log_odds[run], descendants
    )


def pack_family(family: Family, genomes: CppnGenomes, share: float) -> dict[str, Any]:
    """Return a family with its champions' genomes, and a share of its ancestors' in [0, 1], as JSON."""
    kept = np.zeros(len(family.numbers), bool)
    kept[family.champions] = True
    ancestors = np.flatnonzero(~kept)
    ancestors = ancestors[np.argsort(-family.descendants[ancestors], kind="stable")]
    kept[ancestors[: round(share * len(ancestors))]] = True
    rows = np.where(kept, np.cumsum(kept) - 1, -1)
    nearest = rows.copy()  # of each image, the row of the youngest kept one from which it descends, or its own
    for place, parent in enumerate(family.parents.tolist()):
        if not kept[place] and parent >= 0:
            nearest[place] = nearest[parent]
    bases = np.where(family.parents >= 0, nearest[family.parents], -1)[kept]
    arrays = {
        "champions": family.champions.astype(np.uint32),
        "logOdds": family.log_odds,
        "answers": np.array(list(family.answers.values()), np.float32),
        "numbers": family.numbers.astype(np.uint32),
        "parents": family.parents.astype(np.int32),
        "held": family.held[kept].astype(np.uint32),
        "heldLogOdds": family.held_log_odds[kept],
        "rows": rows.astype(np.int32),
        "bases": bases.astype(np.int32),
    }
    kinds = {"activations": np.uint8, "sources": np.uint16, "targets": np.uint16, "weights": np.float32}
    for name, kind in kinds.items():
        numbers = np.ascontiguousarray(np.asarray(getattr(genomes, name))[0, kept], kind)
        bits = numbers.view(np.uint32) if kind is np.float32 else numbers
        bits = np.where(bases[:, None] >= 0, bits ^ bits[bases], bits)
        if kind is np.float32:  # bytes of one kind side by side, the lowest first
            bits = np.stack([(bits >> shift).astype(np.uint8) for shift in (0, 8, 16, 24)])
        arrays[name] = bits
    return pack_arrays(arrays)


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return arrays as JSON: their names, kinds and lengths, and their bytes, deflated, as letters."""
    content = b"".join(part.astype(part.dtype.newbyteorder("<")).tobytes() for part in arrays.values())
    return {
        "arrays": [[name, part.dtype.name, part.size] for name, part in arrays.items()],
        "bytes": encode_bytes(zlib.compress(content, 9)),
    }
