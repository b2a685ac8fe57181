"""The picture that the report begins with, and which images are on it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fooling.pages import overview
from fooling.runs import ROOT


def test_overview_begins_with_the_wall_and_shows_every_digit() -> None:
    random = np.random.default_rng(0)
    digits = {
        "pixels": (random.integers(0, 256, (10, 28, 28, 1), np.uint8), np.linspace(0.9, 0.99, 10)),
        "CPPN": (random.integers(0, 256, (10, 28, 28, 1), np.uint8), np.linspace(0.5, 0.6, 10)),
    }
    images, names = random.integers(0, 256, (12, 227, 227, 3), np.uint8), [f"class {place}" for place in range(12)]
    names[1] = "a class whose name is much too long for two lines"
    drawn = overview.draw_overview(digits, images, names, np.linspace(0.7, 0.3, 12), ("LeNet", "a large network"))
    assert len(drawn.axes) == 12 + 20
    assert [spot.get_xlabel() for spot in drawn.axes[:3]] == ["class 0", "a class whose\nname is much…", "class 2"]
    assert [spot.get_title() for spot in drawn.axes[12:23]] == [*map(str, range(10)), ""]
    tops = [spot.get_position().y1 for spot in drawn.axes]
    assert tops[9] > tops[10] == tops[11] > tops[12] > tops[22], "ten in a row, digits below"
    assert "with 30.00% or more" in drawn.alt and "pixels: 90.00% to 99.00%" in drawn.alt and "class 11" in drawn.alt
    assert any("30.00% or more" in text.get_text() for text in drawn.texts)
    alone = overview.draw_overview(digits, images[:0], [], np.zeros(0), ("LeNet", "a large network"))
    assert len(alone.axes) == 20 and "a large network" not in alone.alt


def test_surprises_are_told_where_the_numbers_are_so(tmp_path: Path) -> None:
    assert overview.list_surprises(tmp_path) == []
    published = ROOT / "results" / "published"
    told = overview.list_surprises(published)
    assert len(told) >= 4 and all(len(one.split()) <= 35 for one in told)
    metrics = json.loads((published / "metrics" / "08_imagenet_cppn.json").read_text())
    photograph, classes = metrics["records"]["imagenet-cppn"]["photograph"]
    assert f"In {classes} of 1,000 classes" in told[1] and f"{photograph:.2%}" in told[1]
    metrics["records"]["imagenet-cppn"]["photograph"] = [photograph, 500]
    assert metrics["records"].pop("cells")["classes"] == 20 and "20 ImageNet classes reach" in told[2]
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "08_imagenet_cppn.json").write_text(json.dumps(metrics))
    assert overview.list_surprises(tmp_path) == [], "half of the classes is no surprise"
