"""Detectors on colour images: a folder of photographs in thirds, champions cut to the network's side, noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fooling.data.photographs import Photographs, load_photographs
from fooling.lab.detectors.measures import TEMPERATURES, fit_temperature
from fooling.lab.detectors.scores import compute_logits
from fooling.pages.detectors import photographs as measuring
from fooling.pages.detectors.digits import Fooling
from fooling.pages.detectors.records import DetectorSizes
from fooling.pages.page import Page

SHAPE = (15, 13, 3)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Photographs:
    """Return 63 photographs of three classes, in a folder for each, that are not noise."""
    folder, random = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for label in range(3):
        (folder / str(label)).mkdir()
        for number in range(21):
            ramp = np.linspace(random.integers(100), random.integers(100, 256), 20)[:, None, None]
            pixels = np.broadcast_to(ramp, (20, 20, 3)) * random.random(3)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / str(label) / f"{number:02d}.png")
    return load_photographs(str(folder))


def test_thirds_are_disjoint_and_at_most_so_many(photographs: Photographs) -> None:
    thirds = measuring.split_photographs(photographs, 1_000, 0)
    assert [len(part.paths) for part in thirds] == [21, 21, 21]
    assert len({title for part in thirds for title in part.titles}) == 63
    assert [len(part.paths) for part in measuring.split_photographs(photographs, 5, 0)] == [5, 5, 5]


def test_too_few_labelled_photographs_are_refused(photographs: Photographs) -> None:
    unlabelled = photographs._replace(labels=np.where(np.arange(63) < 59, photographs.labels, -1))
    with pytest.raises(ValueError, match="59 labelled photographs, but detectors need at least 60"):
        measuring.split_photographs(unlabelled, 1_000, 0)


def test_larger_champions_are_cut_and_scored(make_small_network: Any, photographs: Photographs) -> None:
    network = make_small_network(SHAPE)
    thirds = measuring.split_photographs(photographs, 1_000, 0)
    large = np.random.default_rng(1).integers(0, 256, (4, 17, 15, 3), dtype=np.uint8)
    arrays = measuring.score_photographs(network, thirds, Fooling(large, np.array([0, 1, 2, 0])), 0)
    assert arrays["detectors"].tolist()[-1] == "feature distance", "no network with a fooling class"
    assert arrays["natural"].shape == arrays["fit_scores"].shape == (6, 21)
    assert arrays["kind_0_scores"].shape == arrays["kind_1_scores"].shape == (6, 4)
    own = network.score(large[:, 1:16, 1:14])
    np.testing.assert_array_equal(arrays["kind_0_log_odds"], own[np.arange(4), [0, 1, 2, 0]])


def test_temperature_is_fitted_on_the_second_third_and_its_labels_and_the_last_is_measured(
    make_small_network: Any, photographs: Photographs
) -> None:
    network = make_small_network(SHAPE)
    thirds = list(measuring.split_photographs(photographs, 1_000, 0))
    logits = [compute_logits(network, np.concatenate(list(part.batches(SHAPE)))) for part in thirds]
    labels = logits[1].argmax(axis=1)
    labels[:4] = (labels[:4] + 1) % 3  # most are right
    thirds[1] = thirds[1]._replace(labels=labels)
    champions = Fooling(np.zeros((2, *SHAPE), np.uint8), np.array([0, 1]))
    arrays = measuring.score_photographs(network, tuple(thirds), champions, 0)
    assert arrays["temperature"] == fit_temperature(logits[1], labels) < TEMPERATURES[1]
    row = arrays["detectors"].tolist().index("maximum logit")
    np.testing.assert_allclose(arrays["fit_scores"][row], logits[1].max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(arrays["natural"][row], logits[2].max(axis=1), rtol=1e-5)


def test_photographs_are_scored_once(
    make_small_network: Any, photographs: Photographs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, random = make_small_network(SHAPE), np.random.default_rng(2)
    champions = Fooling(random.integers(0, 256, (5, *SHAPE), dtype=np.uint8), np.array([0, 2, 3, 0, 2]))
    page, asked = Page("13_detectors", tmp_path / "smoke", 0), []
    monkeypatch.setattr(Page, "find_search", lambda *wanted: asked.append(wanted[1:]))
    monkeypatch.setattr(measuring, "take_champions", lambda _, count: Fooling(*(part[:count] for part in champions)))
    monkeypatch.setattr(measuring, "load_network", lambda _: network)

    def measure(some: Photographs = photographs, count: int = 5, seed: int = 0) -> Any:
        monkeypatch.setattr(measuring, "SIZES", {"smoke": DetectorSizes(1, 1, 1, count)})
        return measuring.measure_photographs(page, some, "smoke", seed)

    found = measure()
    assert found.kinds["CPPN"].scores.shape == found.kinds["noise"].scores.shape == (6, 5)
    assert asked == [("08_imagenet_cppn", "centred")]
    again = measure()
    assert np.array_equal(again.natural, found.natural) and again.folder == found.folder
    assert len(asked) == 1, "not scored again"
    others = [measure(photographs.select(slice(1, None))), measure(count=4), measure(seed=1)]
    search = measuring.imagenet_cppn.SIZES["smoke"]
    monkeypatch.setattr(measuring.imagenet_cppn, "SIZES", {"smoke": replace(search, runs=search.runs + 1)})
    others.append(measure())
    assert len({one.folder for one in (found, *others)}) == 5, "photographs, count, seed and search make the run"
