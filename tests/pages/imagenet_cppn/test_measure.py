"""What another network makes of champions: kept, found again, and the same as it is said to be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolve import evolve
from fooling.images import resize_images
from fooling.networks.imagenet import load_network
from fooling.pages.imagenet_cppn import measure
from fooling.pages.imagenet_cppn.diversity import Wall
from fooling.pages.imagenet_cppn.likeness import describe_champions
from fooling.pages.imagenet_search import measure_scale


@pytest.fixture(scope="module")
def judge() -> Any:
    return load_network("EfficientNet-Lite0")


@pytest.fixture(scope="module")
def run() -> Any:
    network = load_network("SqueezeNet")
    return evolve(network, CppnEncoding(network.image_shape), generations=1, children=6, seeds=[0, 1])


@pytest.mark.slow
def test_features_are_what_the_last_layer_reads_of_the_resized_image(run: Any, judge: Any) -> None:
    seen = describe_champions(run, 1, judge)
    assert seen.features.shape == (1_000, 1_280)
    np.testing.assert_allclose(np.linalg.norm(seen.features, axis=1), 1.0, atol=1e-5)
    same = seen.images[:, None] == seen.images
    assert np.allclose((seen.features @ seen.features.T)[same], 1.0, atol=1e-4), "one image, one direction"
    image = np.asarray(resize_images(run.express(1, [7]), 224, 224))
    kernel, bias = judge.model.layers[-1].get_weights()
    scores = seen.features[7] @ kernel  # the features' length is lost, and so is the bias's share
    wanted = np.asarray(judge.logits(image))[0] - bias
    assert np.corrcoef(scores, wanted)[0, 1] > 0.9999


@pytest.mark.slow
def test_looks_are_kept_and_the_wall_is_drawn_from_genomes(
    run: Any, judge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fooling.pages.imagenet_cppn.likeness.PERMUTATIONS", 20)
    monkeypatch.setattr("fooling.pages.imagenet_cppn.diversity.FOOLED", 0.0)
    scale = measure_scale(run, "SqueezeNet")
    first = measure.look_at_champions(run, None, judge, scale, 0, tmp_path)
    monkeypatch.setattr(measure, "describe_champions", None)
    again = measure.look_at_champions(run, None, judge, scale, 0, tmp_path)
    assert (again.related, again.diversity) == (first.related, first.diversity) and again.folder == first.folder
    assert first.related.judge == "EfficientNet-Lite0" and first.related.features.pairs > 1_000
    spots = measure.list_shown(again.wall, run, None)
    images, classes, sure = measure.show_spots({"centred": run}, spots)
    assert len(images) == len(classes) == again.diversity.images
    assert sure.mean() == pytest.approx(again.diversity.mean, abs=1e-6)


def test_shown_are_the_first_run_as_it_went_on_and_without_a_wall_its_first_cells() -> None:
    run: Any = SimpleNamespace(classes=range(3))
    wall = Wall(np.array([0, 2]), np.array([7, 5]))
    assert measure.list_shown(wall, run, None) == [("centred", 0, 7), ("centred", 2, 5)]
    assert measure.list_shown(wall, run, run) == [("longer", 0, 7), ("centred", 2, 5)]
    nothing = Wall(*np.zeros((2, 0), np.int64))
    for one in (nothing, None):
        assert measure.list_shown(one, run, run) == [("longer", 0, cell) for cell in range(3)]
