"""What is published is fresh, whole, and free of this machine; a kill leaves the old or the new."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from fooling import arithmetic, files, runs
from fooling.report import publish as publishing
from fooling.report.notebooks import RefusedError, read_notebooks
from fooling.report.publish import publish, replace_folder, restore

RESULT = {
    "genome_genes": np.random.default_rng(0).random((1, 3, 200), np.float32),
    "genome_count": np.arange(3, dtype=np.int32)[None],
    "takeover_champion": np.arange(50, dtype=np.int32),
    "log_odds": np.float32([[0.5, -np.inf, 1e-30]]),
    "seeds": np.array([2**40]),
}


@pytest.fixture
def desk(desk):
    """Return the desk at the profile of the published set."""
    return desk.at("extended")


def make_run(desk, name="direct-0123", settings="{}"):
    folder = desk.workspace.results / "runs" / name
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(settings)
    files.write_arrays(folder / "result.npz", RESULT)
    (folder / "checkpoint-000100.npz").write_bytes(b"checkpoint")
    (folder / ".result.npz.x1").write_bytes(b"half")
    return folder


def publish_desk(desk):
    return publish(read_notebooks(desk.workspace.notebooks), desk.workspace)


def published(desk):
    folder = desk.workspace.published
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_pages_numbers_report_and_the_runs_they_name_are_copied_without_checkpoints(desk):
    desk.write("01_one", "# One")
    make_run(desk)
    make_run(desk, "unused-4567")
    desk.pretend(metrics={"runs": ["direct-0123"]})
    target, size = publish_desk(desk)
    assert published(desk) == {
        "01_one.ipynb", "manifests/01_one.json", "metrics/01_one.json", "report/01_one.html", "report/index.html",
        "pages.json",
        "runs/direct-0123/settings.json", "runs/direct-0123/result.npz",
    }  # fmt: skip
    assert size == sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    assert {path.name for path in target.parent.iterdir()} == {"extended", "published"}
    origins = json.loads((target / "pages.json").read_text())
    assert origins == {"01_one": {"profile": "extended", "seconds": 0.0}}


def test_of_the_profile_to_compare_with_only_the_numbers_are_published_and_a_new_set_keeps_them(desk):
    desk.write("01_one", "# One")
    small = desk.at("default")
    small.pretend(metrics={"runs": [make_run(small).name]})
    target, _ = publish_desk(small)
    assert published(desk) == {"default/metrics/01_one.json", "default/pages.json"}
    assert json.loads((target / "pages.json").read_text())["01_one"]["profile"] == "default"
    desk.pretend()
    publish_desk(desk)
    assert published(desk) >= {"default/metrics/01_one.json", "default/pages.json", "01_one.ipynb", "pages.json"}
    publish_desk(small)
    assert "01_one.ipynb" in published(desk)


def test_a_profile_that_is_too_small_is_not_published(desk):
    desk.write("01_one", "# One")
    desk.at("smoke").pretend()
    with pytest.raises(RefusedError, match="Profile smoke is too small to be published"):
        publish_desk(desk.at("smoke"))


def test_publishing_again_replaces_all_of_it(desk):
    desk.write("01_one", "# One")
    desk.write("02_two", "# Two")
    desk.pretend()
    publish_desk(desk)
    (desk.workspace.notebooks / "02_two.ipynb").unlink()
    desk.pretend("01_one", metrics={"median": 0.5})
    folder, _ = publish_desk(desk)
    assert not any("02_two" in name for name in published(desk))
    assert json.loads((folder / "metrics" / "01_one.json").read_text()) == {"records": {}, "median": 0.5}
    assert {path.name for path in folder.parent.iterdir()} == {"extended", "published"}


def test_the_folder_that_all_profiles_publish_to_is_held_while_one_publishes(desk, monkeypatch):
    desk.write("01_one", "# One")
    desk.pretend()
    put = publishing.replace_folder

    def put_while_held(new, old):
        handle = os.open(old.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        put(new, old)

    monkeypatch.setattr(publishing, "replace_folder", put_while_held)
    assert (publish_desk(desk)[0] / "01_one.ipynb").is_file()


def test_a_page_that_is_not_fresh_is_refused_with_the_reason(desk):
    desk.write("01_one", "# One")
    with pytest.raises(RefusedError, match="01_one is missing at profile extended; run"):
        publish_desk(desk)
    desk.pretend()
    desk.write("01_one", "# Another")
    with pytest.raises(RefusedError, match=r"01_one is stale at profile extended \(text of the notebook changed\)"):
        publish_desk(desk)


@pytest.mark.parametrize("name", ["absent-0123", "../runs", "/etc"])
def test_a_run_that_is_not_there_is_refused(desk, name):
    desk.write("01_one", "# One")
    make_run(desk)
    desk.pretend(metrics={"runs": [name]})
    manifest = desk.workspace.manifest("01_one")  # as if it had been there when the page ran
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "runs": []}))
    with pytest.raises(RefusedError, match="there is no such folder"):
        publish_desk(desk)
    assert published(desk) == set()


def test_a_path_of_this_machine_in_what_is_copied_is_refused(desk):
    desk.write("01_one", "# One")
    make_run(desk, settings=json.dumps({"weights": f"{runs.ROOT}/data/x.keras"}))
    desk.pretend(metrics={"runs": ["direct-0123"]})
    with pytest.raises(RefusedError, match=r"runs/direct-0123/settings\.json holds a path of this machine"):
        publish_desk(desk)


def test_a_copy_that_differs_from_its_manifest_is_refused_and_the_old_one_stays(desk, monkeypatch):
    desk.write("01_one", "# One")
    desk.pretend()
    publish_desk(desk)
    before = published(desk)
    original = shutil.copyfile

    def copy(source, place):
        original(source, place)
        if Path(place).name == "01_one.ipynb":
            Path(place).write_text("{}")

    monkeypatch.setattr(publishing.shutil, "copyfile", copy)
    with pytest.raises(RefusedError, match="is not what its manifest says"):
        publish_desk(desk)
    assert published(desk) == before
    assert json.loads((desk.workspace.published / "01_one.ipynb").read_text()) != {}


def test_a_folder_is_replaced_whole_and_the_old_one_is_beside_it_in_between(tmp_path, monkeypatch):
    new, old = tmp_path / ".new", tmp_path / "published"
    for folder, words in ((new, "new"), (old, "old")):
        folder.mkdir()
        (folder / words).write_text(words)
    seen, rename = [], Path.rename

    def look(path, target):
        rename(path, target)
        seen.append(
            sorted(place.relative_to(tmp_path).as_posix() for place in tmp_path.rglob("[a-z]*") if place.is_file())
        )

    monkeypatch.setattr(Path, "rename", look)
    replace_folder(new, old)
    assert seen == [[".new/new", ".published.before/old"], [".published.before/old", "published/new"]]
    assert [path.name for path in tmp_path.iterdir()] == ["published"]


def test_what_a_kill_left_aside_is_put_back_before_anything_is_published(desk):
    desk.write("01_one", "# One")
    small = desk.at("default")
    small.pretend()
    desk.pretend()
    publish_desk(desk)
    desk.workspace.published.rename(desk.workspace.published.with_name(".published.before"))
    publish_desk(small)
    assert published(desk) >= {"01_one.ipynb", "default/metrics/01_one.json"}
    numbers = desk.workspace.published / "default"
    numbers.rename(numbers.with_name(".default.before"))
    (desk.workspace.results.parent / ".published.a1b2c3d4" / "runs").mkdir(parents=True)
    desk.workspace.metrics("01_one").with_name(".01_one.json.a1b2c3d4").write_text("half")
    publish_desk(desk)
    assert "default/metrics/01_one.json" in published(desk)
    assert not [path for path in desk.workspace.results.parent.rglob(".*") if path.name != ".lock"]


def test_published_runs_are_restored_where_pages_look_and_finished_ones_stay(desk, monkeypatch):
    monkeypatch.setattr(arithmetic, "get_hash", lambda: "ab12")
    desk.write("01_one", "# One")
    key = "0123456789ab"
    names = [f"random-cppn-{key}-ab12", f"cppn-{key}-ab12-250", f"cppn-{key}-cd34-250", "direct-of-long-ago"]
    lost, present, begun, _ = (make_run(desk, name) for name in names)
    desk.pretend(metrics={"runs": names})
    publish_desk(desk)
    whole = (lost / "result.npz").read_bytes()
    shutil.rmtree(lost)
    (present / "result.npz").write_bytes(b"mine")
    (begun / "result.npz").unlink()  # killed before it had one
    assert restore(desk.workspace) == (2, 2)
    assert (lost / "result.npz").read_bytes() == whole
    assert (begun / "result.npz").is_file()
    assert (present / "result.npz").read_bytes() == b"mine"


def weigh_genomes(result):
    with ZipFile(result) as file:
        return sum(member.compress_size for member in file.infolist() if member.filename.startswith("genome_"))


@pytest.mark.parametrize("spare", [0, -1], ids=["just small enough", "a byte too large"])
def test_large_genomes_stay_behind_and_all_else_of_a_run_is_published_and_restored(desk, monkeypatch, spare):
    desk.write("01_one", "# One")
    run = make_run(desk)
    (run / "shown-3.npz").write_bytes(b"images")
    desk.pretend(metrics={"runs": [run.name]})
    monkeypatch.setattr(publishing, "LARGE_GENOMES", weigh_genomes(run / "result.npz") + spare)
    publish_desk(desk)
    assert files.read_arrays(run / "result.npz").keys() == RESULT.keys()  # here nothing is lost
    shutil.rmtree(run)
    assert sum(restore(desk.workspace)) == 1
    assert {path.name for path in run.iterdir()} == {"settings.json", "result.npz", "shown-3.npz"}
    assert (run / "shown-3.npz").read_bytes() == b"images"
    found = files.read_arrays(run / "result.npz")
    assert found.keys() == {name for name in RESULT if spare == 0 or not name.startswith("genome_")}
    for name, array in found.items():
        assert (array.dtype, array.tobytes()) == (RESULT[name].dtype, RESULT[name].tobytes())


@pytest.mark.parametrize("damage", [lambda content: b"result", lambda content: content[:-30]], ids=["other", "cut"])
def test_a_damaged_result_is_not_published(desk, damage):
    desk.write("01_one", "# One")
    result = make_run(desk) / "result.npz"
    result.write_bytes(damage(result.read_bytes()))
    desk.pretend(metrics={"runs": ["direct-0123"]})
    with pytest.raises(RefusedError, match=r"^direct-0123/result\.npz is damaged; delete that folder to run again\.$"):
        publish_desk(desk)
    assert published(desk) == set()


def test_restoring_what_was_never_published_is_refused(desk):
    with pytest.raises(RefusedError, match="No runs are published at profile extended"):
        restore(desk.workspace)


def test_restoring_another_profile_than_the_published_one_is_refused_and_that_one_named(desk):
    desk.write("01_one", "# One")
    make_run(desk)
    desk.pretend(metrics={"runs": ["direct-0123"]})
    publish_desk(desk)
    with pytest.raises(RefusedError, match="at profile paper; there are runs of extended"):
        restore(desk.at("paper").workspace)
