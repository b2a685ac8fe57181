"""Arms at the smallest size: as many images each, kept one by one, chosen by the rule."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fooling.confidence import to_confidence, to_log_odds
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.search import SearchSettings
from fooling.pages.fewer_images import measure
from fooling.pages.fewer_images.claim import ARMS, CHOSEN, CPPNS, LEAST, MIDDLE, PAPER, PIXELS, SIZES, FewerSizes, Trial
from fooling.pages.fewer_images.figures import draw_arms, draw_progress
from fooling.pages.fewer_images.measure import Field, compare_arms, count_images
from fooling.words import show_confidence

SHAPE = (15, 13, 1)


def make_run(history: Any, children: int = 10, **parts: Any) -> Any:
    log_odds = np.array(history, np.float32)
    return SimpleNamespace(history=log_odds, children=children, search=SearchSettings(**parts))


def test_images_are_those_until_the_generation_that_reaches_it_run_by_run() -> None:
    medians = np.array([[0.0, 1.0, 5.0], [6.0, 6.0, 6.0], [0.0, 5.0, 4.0]])  # log-odds by run and generation
    run = make_run(medians[:, :, None] + [-9.0, 0.0, 1.0])
    assert count_images(run, MIDDLE, to_confidence(np.array(4.9))) == (30.0, 10.0, 20.0)
    assert count_images(run, MIDDLE, to_confidence(np.array(5.5))) == (None, 10.0, None)
    assert count_images(run, LEAST, to_confidence(np.array(-3.5))) == (None, 10.0, None)
    climbing = make_run(run.history, gradient_steps=1)
    assert count_images(climbing, MIDDLE, to_confidence(np.array(4.9)))[0] == 10.0 + 2 * 40.0


def evolve_nothing(classifier: Any, encoding: Any, **sizes: Any) -> Any:
    """Return what was asked for instead of a search."""
    asked = SimpleNamespace(encoding=encoding, **sizes)
    search = sizes["search"]
    asked.log_odds = np.full((len(sizes["seeds"]), 3), search.mutations + search.library + search.pressure, np.float32)
    return asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encode", "name"),
    [(DirectEncoding, name) for name in PIXELS] + [(CppnEncoding, name) for name in CPPNS],
)
def test_every_arm_gives_the_same_bytes_alone_and_beside_other_seeds(
    make_small_network: Any, tmp_path: Path, encode: Any, name: str
) -> None:
    field = Field(make_small_network(SHAPE), encode(SHAPE), 7, MIDDLE, tmp_path)
    together, alone = (field.run(ARMS[name], 100, seeds) for seeds in ([0, 1, 2], [1]))
    assert together.history[1:2].tobytes() == alone.history.tobytes()
    assert together.images[1:2].tobytes() == alone.images.tobytes()
    assert len(np.unique(alone.history)) > len(alone.classes), "something was bred"


@pytest.mark.parametrize("names", [PIXELS, CPPNS], ids=["pixels", "cppns"])
def test_every_arm_has_as_many_images_and_the_same_seeds(monkeypatch: Any, names: Any) -> None:
    monkeypatch.setattr(measure, "evolve", evolve_nothing)
    field = Field(SimpleNamespace(name="net"), DirectEncoding(SHAPE), 200, MIDDLE, Path("nowhere"))
    sizes = SIZES["extended"]
    trial, runs = compare_arms(field, names, sizes.digits, range(3))
    assert list(trial.ends) == [*names, "all that help"]
    for name, run in runs.items():
        counted = run.search.count_images(run.children, run.generations)
        assert 0.95 * sizes.digits < counted <= sizes.digits, name
        assert run.seeds == range(3) and run.folder == Path("nowhere")
        assert run.encoding.crossover == (name == "crossed pixels")
    assert runs["small generations"].children == 50 and runs["small generations"].generations == 399
    assert trial.chosen == trial.helping == ("library", "three mutations", "weak cells")
    together = runs["all that help"].search
    assert (together.library, together.mutations, together.pressure) == (10, 3, 1)


def test_the_whole_protocol_ends_on_other_seeds_and_on_a_network_of_today(monkeypatch: Any) -> None:
    asked: list[Any] = []

    def evolve(classifier: Any, encoding: Any, **sizes: Any) -> Any:
        run = evolve_nothing(classifier, encoding, **sizes)
        run.network, run.images = classifier.name, run.search.count_images(run.children, run.generations)
        run.history = np.repeat(run.log_odds[:, None], run.generations + 1, axis=1)
        run.history[:, 299:] += 3.0  # over the median after 300 generations
        run.confidences = to_confidence(run.log_odds)
        asked.append(run)
        return run

    def load(name: str = "SqueezeNet") -> Any:
        return SimpleNamespace(name=name, image_shape=(15, 13, 3))

    monkeypatch.setattr(measure, "evolve", evolve)
    monkeypatch.setattr(measure, "load_network", load)
    lenet = SimpleNamespace(name="LeNet", image_shape=SHAPE)
    sizes = SIZES["paper"]
    found, tried, every = measure.measure(lenet, "made", sizes, Path("nowhere"), 0)
    assert {id(run) for run in every} == {id(run) for run in asked} and len(every) == len(asked)
    assert [trial.images for trial in found.trials] == [20_000, 20_000, 40_000]
    first, second = found.imagenet
    assert set(second.ends) - {"all that help"} == set(first.better) < set(first.ends)

    parts = {"library": 10, "mutations": 3, "pressure": 1}
    budgets = {"SqueezeNet": (160_000, 80_000, 24_000), "EfficientNet-Lite0": (20_000, 20_000)}
    for network, most in budgets.items():
        for run, images in zip(tried[network].values(), most, strict=True):
            assert 0.9 * images < run.images <= images
            assert (run.network, run.seeds) == (network, range(3))  # no arm had these seeds
    paper, chosen, climbing = tried["SqueezeNet"].values()
    assert paper.search == SearchSettings()
    assert {name: getattr(chosen.search, name) for name in parts} == parts
    assert chosen.search.gradient_steps == 0 and climbing.search.gradient_steps == 1
    assert found.reached == ((120_000.0,) * 3, (400.0,) * 3, (400.0,) * 3), "what is chosen begins above the mark"
    ends = {name: tuple(run.log_odds[:, 0].tolist()) for name, run in tried["EfficientNet-Lite0"].items()}
    assert found.modern == Trial("EfficientNet-Lite0", 20_000, MIDDLE, ends) and ends[PAPER] < ends[CHOSEN]


def test_the_page_measures_and_draws_and_takes_up_what_it_kept(
    make_small_network: Any, tmp_path: Path, monkeypatch: Any, show: Any
) -> None:
    sizes = FewerSizes(seeds=2, digits=70, arms=(PAPER, "weak cells"), tests=3)
    network = make_small_network(SHAPE)
    monkeypatch.setattr(measure, "PIXELS", 7)
    found, runs, every = measure.measure(network, "made", sizes, tmp_path, 0)
    assert found.imagenet == () and found.reached is found.modern is None and found.digits.images == 70
    assert {seed for run in every for seed in run.seeds.tolist()} == {1000, 1001, 3000, 3001, 3002}
    assert [run.search.pressure for run in every[:2]] == [0, 1]
    monkeypatch.setattr("fooling.evolution.evolve.begin", None)  # nothing is evolved a second time
    again = measure.measure(network, "made", sizes, tmp_path, 0)
    assert again[0] == found
    assert list(runs) == [network.name] and list(runs[network.name]) == [PAPER, "chosen"]
    arms = draw_arms([found.digits])
    gain = np.median(np.subtract(*(found.digits.ends[name] for name in ("weak cells", PAPER))))
    assert f"weak cells {gain:+.2f}" in arms.alt
    show(arms)
    progress = draw_progress(network.name, runs[network.name], LEAST, 0.9999)
    ends = [
        show_confidence(float(to_confidence(np.median(run.log_odds.min(axis=1)))))
        for run in runs[network.name].values()
    ]
    assert progress.alt.endswith(f"{PAPER}: {ends[0]}; chosen: {ends[1]}.")
    assert to_log_odds(0.9999) < progress.axes[0].get_ylim()[1], "the aim can be seen, though no search is near it"
    show(progress)
