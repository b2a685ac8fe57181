"""What the gallery holds: which runs, and how their genomes are packed."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling.files import write_json
from fooling.report import gallery
from fooling.report.notebooks import NOTEBOOKS, RefusedError, Workspace

# Random image 0 has the child 1, whose children are 2 and 3; 4 is random, too. Champions are 3, 2 and 4.
FAMILY = gallery.Family(
    champions=np.array([3, 2, 4]),
    numbers=np.array([5, 11, 23, 24, 31]),
    parents=np.array([-1, 0, 1, 1, -1]),
    held=np.array([0, 1, 1, 0, 2]),
    held_log_odds=np.arange(5, dtype=np.float32),
    log_odds=np.array([3, 2, 4], np.float32),
    descendants=np.array([2, 2, 1, 1, 1]),
)


class Genomes(NamedTuple):
    activations: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@pytest.fixture
def genomes() -> Genomes:
    drawn = np.random.default_rng(0)
    whole = [drawn.integers(0, 300, (1, 5, places)).astype(np.int32) for places in (4, 7, 7)]
    return Genomes(whole[0] % 5, whole[1], whole[2], drawn.normal(size=(1, 5, 7)).astype(np.float32))


def unpack(packed: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return packed arrays, with genomes as they were, the way that genomes.js goes."""
    content, arrays, start = zlib.decompress(base64.urlsafe_b64decode(packed["bytes"])), {}, 0
    for name, kind, length in packed["arrays"]:
        arrays[name] = np.frombuffer(content, kind, length, start).copy()
        start += arrays[name].nbytes
    assert start == len(content)
    planes = arrays["weights"].reshape(4, len(arrays["bases"]), -1).astype(np.uint32)
    arrays["weights"] = sum(plane << np.uint32(8 * place) for place, plane in enumerate(planes))  # type: ignore[assignment]
    for name in Genomes._fields:
        arrays[name] = arrays[name].reshape(len(arrays["bases"]), -1)
        for row, base in enumerate(arrays["bases"].tolist()):
            assert base < row
            if base >= 0:
                arrays[name][row] ^= arrays[name][base]
    arrays["weights"] = arrays["weights"].view(np.float32)
    return arrays


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
def test_packed_genomes_come_back_to_the_bit(genomes: Genomes, share: float) -> None:
    arrays = unpack(gallery.pack_family(FAMILY, genomes, share))
    kept = np.flatnonzero(arrays["rows"] >= 0)
    assert set(FAMILY.champions) <= set(kept)
    for name, part in genomes._asdict().items():
        np.testing.assert_array_equal(arrays[name], part[0, kept])


def test_ancestors_of_most_champions_are_kept_longest_and_what_is_dropped_is_bridged(genomes: Genomes) -> None:
    crowded = FAMILY._replace(descendants=np.array([1, 2, 1, 1, 1]))
    arrays = unpack(gallery.pack_family(crowded, genomes, 0.5))
    assert arrays["rows"].tolist() == [-1, 0, 1, 2, 3]
    assert arrays["bases"].tolist() == [-1, 0, 0, -1]  # image 1's parent is not here
    none = unpack(gallery.pack_family(FAMILY, genomes, 0.0))
    assert none["rows"].tolist() == [-1, -1, 0, 1, 2] and none["bases"].tolist() == [-1, -1, -1]


def write_run(results: Path, name: str, classes: int, encoding: str = "cppn", network: str = "abcdef123456") -> str:
    kind = {"random search": {"encoding": "cppn"}} if encoding == "random" else {"encoding": encoding}
    settings = {"encoding": kind, "classes": list(range(classes)), "classifier": network}
    write_json(results / "runs" / name / "settings.json", {"settings": settings})
    return name


def find(results: Path, searches: dict[str, list[str]], records: Any = None) -> list[tuple[str, str]]:
    write_json(results / "metrics" / "08_page.json", {"searches": searches, "records": records or {}})
    return list(gallery.find_searches(Workspace("default", NOTEBOOKS, results), ["01_none", "08_page"]).items())


def test_runs_of_all_classes_are_shown_for_themselves_the_first_of_each_search_first(tmp_path: Path) -> None:
    for name in ("a0", "a1", "b0", "b1"):
        write_run(tmp_path, name, 1_000)
    write_run(tmp_path, "few", 10)
    write_run(tmp_path, "pixels", 1_000, "direct")
    write_run(tmp_path, "random", 1_000, "random")
    searches = {"a": ["a0", "a1"], "b": ["b0", "b1"], "few": ["few"], "pixels": ["pixels"], "random": ["random"]}
    assert [name for name, _ in find(tmp_path, searches)] == ["a0", "b0", "a1", "b1"]


def test_without_them_the_first_run_of_each_search_is_shown(tmp_path: Path) -> None:
    for name in ("a0", "a1", "b0"):
        write_run(tmp_path, name, 10)
    assert [name for name, _ in find(tmp_path, {"a": ["a0", "a1"], "b": ["b0"]})] == ["a0", "b0"]


def test_networks_are_named_by_runs_that_showed_them_images_or_by_the_page(tmp_path: Path) -> None:
    write_run(tmp_path, "a", 10)
    one, two = {"search": {"network": "SqueezeNet"}}, {"other": {"network": "LeNet"}}
    assert find(tmp_path, {"a": ["a"]}, one) == [("a", "SqueezeNet")]
    assert find(tmp_path, {"a": ["a"]}, {**one, **two}) == [("a", "network abcdef")]
    shown = {"settings": {"shown to": [["Lite", "abcdef123456"]]}}
    write_json(tmp_path / "runs" / "transfer" / "settings.json", shown)
    assert find(tmp_path, {"a": ["a"]}, one) == [("a", "Lite")]


def test_the_page_gives_up_ancestors_and_then_runs_to_stay_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genomes: Genomes
) -> None:
    families = [({"label": str(run), "generations": 9 + run % 2}, FAMILY, genomes) for run in range(3)]
    whole = gallery.fill_page(families, {"profile": "default", "made_of": ""})
    assert "All ancestors" in whole
    assert [run["label"] for run in json.loads(read_data(whole))["runs"]] == ["1", "0", "2"], "the longest first"
    monkeypatch.setattr(gallery, "MOST_BYTES", len(whole.encode()) - 1)
    assert "Of the ancestors, 50% are here" in gallery.fill_page(families, {"profile": "default", "made_of": ""})
    monkeypatch.setattr(gallery, "MOST_BYTES", 0)
    least = gallery.fill_page(families, {"profile": "default", "made_of": ""})
    assert (
        "This page has 1 run," in least
        and "It leaves out 2 runs," in least
        and len(json.loads(read_data(least))["runs"]) == 1
    )


def read_data(page: str) -> str:
    return page.partition('id="data">')[2].partition("</script>")[0]


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    write_run(tmp_path, "a", 10)
    find(tmp_path, {"a": ["a"]})
    with pytest.raises(RefusedError, match="The gallery cannot be drawn: The run a is not there"):
        gallery.update_gallery(Workspace("default", NOTEBOOKS, tmp_path), ["08_page"])


def test_without_any_run_there_is_no_gallery(tmp_path: Path) -> None:
    assert gallery.update_gallery(Workspace("default", NOTEBOOKS, tmp_path), ["01_none"]) is None
