"""What pages and profiles cost: the seconds of computing behind the runs that they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fooling.pages.contents import find_sizes
from fooling.pages.finding import read_origins
from fooling.pages.page import PROFILES, read_metrics
from fooling.runs import RunFolder
from fooling.words import Markup, show_seconds, table

# What is not measured, because it is not published; Choice: by trial, and from the sizes.
UNPUBLISHED = {"smoke": "a few minutes", "paper": "weeks; made for a cluster"}
# What a page with these sizes asks of a machine.
ASKED: Mapping[str, Callable[[Any], str]] = {
    "01_mnist_networks": lambda sizes: f"digit networks of {sizes.steps:,} steps on {sizes.data}",
    "02_mnist_direct": lambda sizes: f"{_count_images(sizes):,} images in each search for digits",
    "05_mnist_training_size": lambda sizes: f"{len(sizes.sizes) * sizes.networks} networks that learned fewer digits",
    "11_retraining": lambda sizes: f"{sizes.digits.iterations} that learned a fooling class, each evolved against",
    "07_imagenet_direct": lambda sizes: f"{_count_images(sizes):,} pixel images in each search on ImageNet",
    "08_imagenet_cppn": lambda sizes: (
        f"{_count_images(sizes):,} CPPN images, {sizes.crops} crop{'s' if sizes.crops == 'ten' else ''}"
    ),
}


def describe_profile(profile: str) -> str:
    """Return what a profile asks of a machine, in one sentence, from its sizes."""
    asked = [tell(sizes) for page, tell in ASKED.items() if (sizes := find_sizes(page, profile))]
    return f"Profile {profile}: {'; '.join(asked) or 'no search'}."


def _count_images(sizes: Any) -> int:
    """Return how many images a search evaluates, all runs together."""
    further = max(0, getattr(sizes, "longer", 0) - sizes.generations)  # of one run that goes on
    return int((sizes.runs * (sizes.generations + 1) + further) * sizes.children)


def count_seconds(folder: Path) -> dict[str, float]:
    """Return the seconds of computing that each page of a profile added; a shared run counts where it is first."""
    counted: set[str] = set()
    seconds = {}
    for path in sorted((folder / "metrics").glob("[0-9][0-9]_*.json")):
        names = set(read_metrics(folder, path.stem).get("runs", ())) - counted
        counted |= names
        seconds[path.stem] = sum(RunFolder(folder / "runs" / name).seconds for name in sorted(names))
    return seconds


def tabulate_pages(folder: Path) -> str:
    """Return a Markdown table of what each page of a profile cost, and all together."""
    seconds = count_seconds(folder)
    rows = [(Markup(f"[{page[:2]}]({page}.ipynb)"), show_seconds(one)) for page, one in seconds.items() if one]
    return table(("page", "computing"), [*rows, ("all", show_seconds(sum(seconds.values())))])


def tabulate_profiles(published: Path) -> str:
    """Return a Markdown table of what each profile runs, and what it cost where it is published."""
    pages = [page for folder in (published, published / "default") for page in read_origins(folder).values()]
    rows = []
    for name in PROFILES:
        digits, cppn = find_sizes("02_mnist_direct", name), find_sizes("08_imagenet_cppn", name)
        further = f", one to {cppn.longer:,}" if cppn.longer else ""
        further += f" (pixel indices: {cppn.longer_raw:,})" if cppn.longer_raw else ""
        images = f"{cppn.runs} runs of {cppn.generations:,} × {cppn.children} images{further}"
        seconds = [page.get("seconds", 0.0) for page in pages if page["profile"] == name]
        cost = show_seconds(sum(seconds)) if seconds else UNPUBLISHED.get(name, "not published")
        search = f"{digits.runs} runs of {digits.generations} × {digits.children} images"
        rows.append((Markup(f"`{name}`"), search, images, cost))
    return table(("profile", "a search on digits", "a CPPN search on ImageNet", "computing behind it"), rows)
