"""The breeding page is there where a LeNet was trained, and nowhere else."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from fooling.report import breed, freshness, html
from fooling.report.bundle import encode_bytes
from fooling.report.notebooks import RefusedError, read_notebooks

RUN = "network-lenet-0123456789ab-3337"
SHAPES = {"conv2d": (5, 5, 1, 20), "conv2d_1": (5, 5, 20, 50), "dense": (800, 500), "dense_1": (500, 10)}


def write_network(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """Write weights as Keras does; each number tells the order in which it must be read."""
    content, count = io.BytesIO(), 0
    with h5py.File(content, "w") as file:
        for layer, shape in shapes.items():
            for key, part in enumerate((shape, shape[-1:])):
                size = int(np.prod(part))
                numbers = np.arange(count, count + size, dtype=np.float32).reshape(part)
                file[f"layers/{layer}/vars/{key}"] = numbers
                count += size
        file.create_group("layers/flatten/vars")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", content.getvalue())


def test_weights_are_read_in_the_order_of_keras_and_kept_to_the_bit(tmp_path):
    write_network(tmp_path / "model.keras", SHAPES)
    weights = breed.read_weights(tmp_path / "model.keras")
    assert np.array_equal(weights, np.arange(breed.WEIGHTS, dtype=np.float32))
    assert base64.urlsafe_b64decode(encode_bytes(weights.tobytes())) == weights.tobytes()


@pytest.mark.parametrize("damage", ["another network", "no archive", "no weights"])
def test_another_network_or_a_damaged_file_is_refused_by_name(tmp_path, damage):
    path = tmp_path / RUN / "model.keras"
    write_network(path, SHAPES | {"dense_1": (500, 11)})
    if damage == "no archive":
        path.write_bytes(path.read_bytes()[:1000])
    if damage == "no weights":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", "{}")
    with pytest.raises(RefusedError, match=RUN):
        breed.read_weights(path)


def test_the_page_stands_beside_the_index_which_links_to_it_until_the_network_is_gone(desk):
    desk.write("01_one", "# One")
    workspace, page = desk.workspace, desk.workspace.report(breed.NAME)
    desk.pretend(metrics={"records": {}, "runs": ["network-relu-network-0123456789ab-3337", RUN]})
    index = html.update_report(workspace, freshness.survey(read_notebooks(workspace.notebooks), workspace))
    assert not page.exists() and "breed.html" not in index.read_text()
    write_network(workspace.run(RUN) / "model.keras", SHAPES)
    html.update_report(workspace, freshness.survey(read_notebooks(workspace.notebooks), workspace))
    assert 'href="breed.html"' in index.read_text()
    assert 'href="01_one.html"' in page.read_text() and "431,080 weights" in page.read_text()
    (workspace.run(RUN) / "model.keras").unlink()
    html.update_report(workspace, freshness.survey(read_notebooks(workspace.notebooks), workspace))
    assert not page.exists() and "breed.html" not in index.read_text()


def test_the_policy_names_one_script_and_allows_nothing_else(desk):
    desk.write("01_one", "# One")
    desk.pretend(metrics={"records": {}, "runs": [RUN]})
    write_network(desk.workspace.run(RUN) / "model.keras", SHAPES)
    page = breed.draw_breed(desk.workspace, ["01_one"])
    assert "default-src &#39;none&#39;" in page and page.count("sha256-") == 2
    assert json.loads(page.split('id="weights">')[1].split("</script>")[0])
