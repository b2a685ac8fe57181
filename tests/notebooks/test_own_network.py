"""A reader's own network and own photographs, put into the pages by papermill as the README says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from fooling import runs


def run_page(name: str, results: Path, *parameters: str) -> list[dict]:
    """Execute a page at smoke with the real papermill; return its outputs."""
    done = subprocess.run(
        [sys.executable, "-m", "papermill", f"{name}.ipynb", str(results / "out.ipynb"), "-p", "PROFILE", "smoke"]
        + list(parameters),
        cwd=runs.ROOT / "notebooks",
        env={**os.environ, "FOOLING_RESULTS": str(results)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = json.loads((results / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]


def read_text(outputs: list[dict]) -> str:
    return "\n".join("".join(output.get("data", {}).get("text/markdown", "")) for output in outputs)


def save_network(path: Path, shape: tuple[int, int, int], classes: int) -> Path:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input(shape), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(classes)])
    model.save(path)
    return path


@pytest.mark.notebooks
@pytest.mark.parametrize(
    ("page", "shape", "classes"),
    [("07_imagenet_direct", (48, 64, 3), 3), ("08_imagenet_cppn", (20, 16, 1), 4)],
)
def test_own_network_is_fooled_and_its_numbers_stay_apart_from_the_findings(tmp_path, page, shape, classes) -> None:
    network = save_network(tmp_path / "mine.keras", shape, classes)
    names = json.dumps([f"thing {index}" for index in range(classes)])
    outputs = run_page(
        page, tmp_path, "-p", "CLASSIFIER", str(network), "-y", f"{{INPUT_RANGE: [0, 255], CLASS_NAMES: {names}}}"
    )
    written = {path.name for path in (tmp_path / "smoke" / "metrics").iterdir()}
    assert written == {f"{page}_own.json"}
    text = read_text(outputs)
    assert "| mine |" in text and " × ".join(map(str, shape)) in text
    assert "reproduced" not in text and "not tested at this scale" not in text.lower()
    alternatives = " ".join(about["alt"] for output in outputs for about in output.get("metadata", {}).values())
    assert "thing 0" in alternatives


@pytest.mark.notebooks
def test_own_photographs_are_shown_and_only_those_with_a_class_are_assessed(tmp_path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for index in range(3):
        noise = np.random.default_rng(index).integers(0, 256, (60 + index, 90, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"a picture with a rather long name {index}.png")
    text = read_text(run_page("06_imagenet_networks", tmp_path, "-p", "DATA", str(folder)))
    assert "Not tested: no photograph has a class that the network knows." in text
    assert str(tmp_path) not in text
