"""The audit command: refusals in one sentence, nothing done twice, a page that shows no path of this machine."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import msgspec
import nbformat
import numpy as np
import pytest
from papermill.translators import PythonTranslator
from PIL import Image

from fooling import runs
from fooling.__main__ import main
from fooling.files import write_json
from fooling.lab.audit.files import AuditError
from fooling.lab.audit.record import Found
from fooling.lab.audit.telling import tell_audit
from fooling.pages.page import read_record
from fooling.pages.your_network import PAGE
from fooling.report import audit, freshness
from fooling.report.audit import Options, prepare
from fooling.report.execute import hide_paths
from fooling.report.inspection import INJECTED, find_private_line, hide_folders
from fooling.report.notebooks import Given, RefusedError, Workspace, read_notebooks
from fooling.report.runner import Outcome

PICTURE = "iVBORw0KGgo="


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mine.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", b"1")
    return path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gone.keras"], "There is no file 'gone.keras'."),
        ([__file__], "is not a .keras file"),
        (["MODEL", "--images", "gone"], "There is no folder 'gone' of images."),
        (["MODEL", "--images", "EMPTY"], "holds no pictures, nor folders with pictures in them."),
        (["MODEL", "--resize", "squeeze"], "invalid choice: 'squeeze'"),
        (["MODEL", "--class-names", "gone"], "there is no text file 'gone'"),
        (["MODEL", "--budget", "0"], "The budget is 0 minutes"),
        (["MODEL", "--budget", "nan"], "The budget is nan minutes"),
        (["MODEL", "--budget", "inf"], "The budget is inf minutes"),
        (["MODEL", "--image-size", "64"], "The image size is two whole numbers"),
        (["MODEL", "--input-range", "1"], "expected 2 arguments"),
        ([], "An audit needs one network: a file MODEL.keras, or a function by --code FILE:NAME."),
    ],
)
def test_a_mistake_gets_one_sentence_and_code_2_before_anything_runs(
    model, monkeypatch, capsys, words, sentence
) -> None:
    monkeypatch.setenv("FOOLING_RESULTS", str(model.parent / "results"))
    (model.parent / "empty").mkdir()
    stand_in = {"MODEL": str(model), "EMPTY": str(model.parent / "empty")}
    code = main(["audit", *(stand_in.get(word, word) for word in words)])
    said = capsys.readouterr()
    assert code == 2 and said.out == "" and sentence in said.err
    assert said.err.startswith("fooling: ") and said.err.count("\n") == 1
    assert not (model.parent / "results").exists()


LAMBDA = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"config": {"layers": [LAMBDA]}}, "it holds code of Python (such as a Lambda layer), which is run only for"),
        ({"module": "keras.src.engine.functional"}, "mine.keras was saved by Keras 2.15.0, in a form that Keras 3"),
    ],
)
def test_what_a_file_says_of_itself_is_refused_without_starting_keras(model, config, sentence) -> None:
    with zipfile.ZipFile(model, "w") as file:
        file.writestr("config.json", json.dumps(config))
        file.writestr("metadata.json", '{"keras_version": "2.15.0"}')
        file.writestr("model.weights.h5", b"1")
    code = "import sys; from fooling.__main__ import main; code = main(sys.argv[1:]); print(code, *sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, "audit", model], capture_output=True, text=True)
    said, modules = ran.stderr.strip(), ran.stdout.split()
    assert modules[0] == "2" and sentence in said and "\n" not in said, said
    assert not {"keras", "tensorflow"} & set(modules)
    if "layers" in config.get("config", {}):
        assert prepare(Options(model, trust=True))


def test_what_the_page_is_given_names_its_paths_and_what_is_in_them(model, monkeypatch) -> None:
    monkeypatch.setenv("FOOLING_RESULTS", str(model.parent / "results"))
    images = model.parent / "images"
    images.mkdir()
    Image.new("RGB", (2, 2)).save(images / "zero.png")
    folder, given = prepare(Options(model, images=images, budget=30.0))
    assert folder.parent == model.parent / "results" / "audits" and folder.name.startswith("mine-")
    assert set(given.paths) == {"MODEL", "IMAGES", "OUTPUT"} and given.parameters["BUDGET"] == 30.0
    assert given.time_out == 9_000, "a cell may take far longer than the budget before it is taken for hanging"
    (images / "one.png").write_bytes(b"1")
    assert prepare(Options(model, images=images, budget=30.0))[1].inputs != given.inputs
    assert "IMAGE_SIZE" not in given.parameters
    assert prepare(Options(model, image_size=(40, 30)))[1].parameters["IMAGE_SIZE"] == [40, 30]
    assert prepare(Options(model))[1].parameters["SEARCH"] == "fewest"
    assert prepare(Options(model, search="paper"))[1].parameters["SEARCH"] == "paper"
    other = prepare(Options(model, output=model.parent / "here"))
    assert other[0] == model.parent / "here"
    with pytest.raises(AuditError):
        prepare(Options(model, budget=-1.0))


def test_a_page_is_stale_when_its_parameters_or_their_files_change(desk) -> None:
    desk.write("01_one", "x = 1")
    pages = read_notebooks(desk.workspace.notebooks)
    desk.pretend("01_one")
    given = Given({"MODEL": "/a"}, "hash")
    status = freshness.survey(pages, desk.workspace, given)["01_one"]
    assert "parameters changed" in status.why and "files that the parameters name changed" in status.why
    freshness.write_manifest(desk.workspace, status, 1.0)
    look = {
        name: freshness.survey(pages, desk.workspace, other)["01_one"]
        for name, other in (("same", given), ("files", given._replace(inputs="other")), ("none", Given()))
    }
    assert look["same"].state == freshness.FRESH
    assert look["files"].why == "files that the parameters name changed"
    assert look["none"].state == freshness.STALE


def read_page(parameters: dict, *outputs: dict) -> nbformat.NotebookNode:
    """Return an executed page as papermill leaves it: parameters in a cell, escaped, and in the metadata."""
    source = PythonTranslator.codify(parameters)
    cell = {"cell_type": "code", "id": "a", "source": source, "outputs": list(outputs), "execution_count": 1}
    cells = [{**cell, "metadata": {"tags": [INJECTED]}}]
    return nbformat.from_dict(
        {"cells": cells, "metadata": {"papermill": {"parameters": parameters}}, "nbformat": 4, "nbformat_minor": 5}
    )


def test_paths_that_were_given_are_shown_by_their_last_part_only_whatever_letters_they_have() -> None:
    given = {"MODEL": '/home/jürgen/nets/modèle "x".keras', "IMAGES": "/home/jürgen/nets", "SEED": 0}
    page = read_page(given)
    assert "j\\xfcrgen" in page.cells[0].source, "as papermill writes it, the path is not found as text"
    hide_paths(page, ["IMAGES", "MODEL"])
    left = {"MODEL": 'modèle "x".keras', "IMAGES": "nets", "SEED": 0}
    found: dict = {}
    exec(page.cells[0].source, found)
    assert {name: found[name] for name in left} == left == dict(page.metadata.papermill.parameters)
    untouched = read_page(given)
    hide_paths(untouched, [])
    assert untouched == read_page(given)


def test_folders_of_this_machine_are_hidden_in_what_a_page_printed_and_found_where_they_are_escaped(
    monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/jürgen"))
    written = ("/home/jürgen/x.py", "/home/j\\xfcrgen/x.py", "/home/j\\u00fcrgen/x.py")
    for text in written:
        assert find_private_line(text, tmp_path) == text
    shown = {"output_type": "display_data", "data": {"text/markdown": written[0], "image/png": PICTURE}, "metadata": {}}
    page = read_page({}, {"output_type": "stream", "name": "stderr", "text": "\n".join(written)}, shown)
    hide_folders(page, [tmp_path])
    assert page.cells[0].outputs[0].text == "…/x.py\n…/x.py\n…/x.py"
    assert page.cells[0].outputs[1].data == {"text/markdown": "…/x.py", "image/png": PICTURE}


def test_what_is_wrong_with_a_folder_is_said_before_anything_starts(model) -> None:
    for name in ("train/cat", "val/cat", os.fsdecode(b"\xff")):
        (model.parent / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (2, 2)).save(model.parent / "photos" / name / "a.png")
    with pytest.raises(AuditError, match="is not in this system's encoding; rename what it names"):
        prepare(Options(model, images=model.parent / "photos" / os.fsdecode(b"\xff")))
    (model.parent / "photos" / os.fsdecode(b"\xff") / "a.png").unlink()
    with pytest.raises(AuditError, match=r"'photos' holds train and val, .* such as --images photos/val \(IMAGES\)"):
        prepare(Options(model, images=model.parent / "photos"))
    (model.parent / "names.txt").write_text("dog\n")
    with pytest.raises(AuditError, match="'cat' is none of the network's 1 classes: dog"):
        prepare(Options(model, images=model.parent / "photos" / "val", class_names=model.parent / "names.txt"))


@pytest.fixture
def pretended(desk, model, monkeypatch):
    """Let the page's run be what a test says; return a function that runs the command."""
    desk.write(PAGE, "MODEL = OUTPUT = None")
    monkeypatch.setenv("FOOLING_RESULTS", str(desk.workspace.results.parent))
    monkeypatch.setattr(audit, "keep_numbers", lambda workspace: {})
    monkeypatch.setattr(audit, "keep_page", lambda workspace, found: "")
    monkeypatch.setattr(audit, "tell_audit", lambda metrics: ["told"])
    monkeypatch.setattr(freshness, "survey", lambda pages, workspace, given: dict.fromkeys(pages, FakeStatus()))

    def run(error: str, measures: bool = False) -> int:
        def run_pages(schedule, *_) -> list[Outcome]:
            if measures:
                write_json(schedule.workspace.metrics(PAGE), {})
            return [Outcome(PAGE, error)]

        monkeypatch.setattr(audit, "run_pages", run_pages)
        return audit.audit_model(Options(model), desk.workspace.notebooks, sys.stdout)

    return run


class FakeStatus:
    state = freshness.MISSING


def test_what_the_page_refuses_is_refused_and_what_fails_has_failed(pretended, capsys) -> None:
    with pytest.raises(RefusedError, match=r"^2 class names were given\.$"):
        pretended("Cell 3 failed: AuditError: 2 class names were given.")
    assert pretended("Cell 3 failed: KeyError: 'x'") == 1
    assert capsys.readouterr().err == "fooling: Cell 3 failed: KeyError: 'x'\n"
    assert pretended("") == 0
    folder = next((runs.results_root() / "audits").iterdir())
    assert capsys.readouterr().out.splitlines()[-3:] == ["told", "", f"Page: {folder / 'audit.html'}"]


def test_what_was_measured_is_kept_where_the_page_cannot_be_shown(pretended, capsys, monkeypatch) -> None:
    assert pretended("Cell 9 failed: KeyError: 'x'", measures=True) == 1
    folder = next((runs.results_root() / "audits").iterdir())
    said = capsys.readouterr()
    assert said.err == "fooling: The page cannot be shown: Cell 9 failed: KeyError: 'x'\n"
    assert said.out.splitlines()[-3:] == ["told", "", f"Numbers: {folder / 'metrics.json'}"]
    (folder / "audit.html").write_text("of the audit before")
    monkeypatch.setattr(audit, "keep_page", lambda workspace, found: "a formula cannot be drawn")
    assert pretended("") == 1 and not (folder / "audit.html").exists()
    assert capsys.readouterr().err == "fooling: The page cannot be shown: a formula cannot be drawn\n"


def test_numbers_are_kept_before_the_page_is_drawn_and_a_page_that_cannot_be_drawn_says_why(desk, monkeypatch) -> None:
    desk.write(PAGE, "# Title", "![](undescribed.png)")
    desk.pretend(PAGE, metrics={"records": {"audit": 1}, "runs": ["a"]})
    monkeypatch.setattr(audit, "read_record", lambda *_: msgspec.structs.asdict)
    monkeypatch.setattr(msgspec, "to_builtins", lambda found: {"fooled": 3})
    monkeypatch.setattr(audit, "give_verdict", lambda found: "easily")
    monkeypatch.setattr(audit, "head_page", lambda content, found: content)
    audit.keep_numbers(desk.workspace)
    assert json.loads((desk.workspace.results / "metrics.json").read_text()) == {
        "fooled": 3,
        "verdict": "easily",
        "runs": ["a"],
    }
    monkeypatch.setattr(audit.html, "draw_page", lambda *_: 1 / 0)
    assert audit.keep_page(desk.workspace, None) == "division by zero"
    assert (desk.workspace.results / "audit.ipynb").is_file()


def test_the_contact_sheet_is_found_by_its_words() -> None:
    def show(alt: str) -> dict:
        file = io.BytesIO()
        Image.new("RGB", (30, 20), "red").save(file, "jpeg")
        data = {"image/jpeg": base64.b64encode(file.getvalue()).decode()}
        return {"outputs": [{"data": data, "metadata": {"image/jpeg": {"alt": alt}}}]}

    (sheet,) = audit.find_sheets([show("Curves"), show("Contact sheet of mine")])
    drawn = Image.open(io.BytesIO(sheet), formats=["PNG"])
    assert drawn.size == (30, 20) and np.abs(np.subtract(drawn.getpixel((9, 9)), (255, 0, 0))).max() < 3
    assert not list(audit.find_sheets([show("Curves")]))


# What somebody may call red, green and blue.
CLASSES = ("a <svg onload=alert(1)>", "[x](javascript:alert(1))", r"$\input{x}$ and $y$")


def save_network(path: Path) -> None:
    """Save a small colour network with its own scaling and a softmax, trained a little on what is below."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    inputs = layers.Input((48, 40, 3))
    hidden = layers.Conv2D(8, 5, strides=4, activation="relu")(layers.Rescaling(1 / 255)(inputs))
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(hidden))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    images, labels = draw_pictures()
    model.fit(images.astype(np.float32), labels, epochs=40, verbose=0)
    model.save(path)


def draw_pictures() -> tuple[np.ndarray, np.ndarray]:
    random, labels = np.random.default_rng(0), np.arange(90) % 3
    images = random.integers(0, 120, (90, 48, 40, 3)).astype(np.uint8)
    images[np.arange(90), ..., labels] += 100
    return images, labels


@pytest.mark.slow
def test_a_network_of_ones_own_is_audited_resumed_and_not_audited_twice(tmp_path: Path) -> None:
    save_network(tmp_path / "mine.keras")
    for number, (image, label) in enumerate(zip(*draw_pictures(), strict=True)):
        path = tmp_path / "images" / CLASSES[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (tmp_path / "names.txt").write_text("\n".join(CLASSES))
    words = ["mine.keras", "--images", "images", "--class-names", "names.txt", "--budget", "2"]
    command = [sys.executable, "-m", "fooling", "audit", *words]
    options = {"cwd": tmp_path, "env": {**os.environ, "FOOLING_RESULTS": str(tmp_path / "results")}, "text": True}

    refused = subprocess.run([*command, "--input-range", "0", "1"], capture_output=True, timeout=300, **options)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "add --input-range 0 255 (INPUT_RANGE)." in refused.stderr

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    folder, kept = next((tmp_path / "results" / "audits").iterdir()), []
    until = time.monotonic() + 240
    while not kept and time.monotonic() < until:
        time.sleep(0.2)
        kept = [*folder.glob("runs/direct-*/checkpoint-*.npz"), *folder.glob("runs/random-direct-*/result.npz")]
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=60)
    assert kept and process.returncode == 128 + signal.SIGTERM and "Run the same command to go on" in complaint
    noise = next(folder.glob("runs/random-direct-*/result.npz"))
    plan, before = next(folder.glob("runs/audit-budget-*/result.npz")).read_bytes(), noise.stat().st_mtime_ns

    done = subprocess.run(command, capture_output=True, timeout=600, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        noise.stat().st_mtime_ns == before and next(folder.glob("runs/audit-budget-*/result.npz")).read_bytes() == plan
    )
    check_outputs(folder, tmp_path, done.stdout)

    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npz")}
    again = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert again.returncode == 0 and again.stdout.startswith("Nothing to do: this audit is finished.")
    assert again.stdout.rstrip().endswith(str(folder / "audit.html"))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.npz")} == written


def check_outputs(folder: Path, private: Path, said: str) -> None:
    """Check what a finished audit leaves."""
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["format"] == 1 and metrics["network"]["image_shape"] == [48, 40, 3]
    assert [one["name"] for one in metrics["classes"]] == list(CLASSES)
    assert metrics["real"]["images"] == 90 and metrics["real"]["right"] > 0.9
    assert metrics["runs"] and all((folder / "runs" / name).is_dir() for name in metrics["runs"])
    assert {"fooled_share", "means", "worst"} <= set(metrics), "keys that users' own scripts read"
    for part in ("detectors", "temperature", "fooling_class"):
        assert metrics[part] is not None
    assert all(line in said for line in tell_audit(read_record(folder, PAGE, "audit", Found)))
    sheet = Image.open(folder / "contact_sheet.png")
    assert 600 < sheet.width < 1200, "three classes need half a page"
    for name in ("audit.html", "audit.ipynb", "metrics.json"):
        text = (folder / name).read_text()
        assert str(private) not in text and find_private_line(text, folder) is None
    page = (folder / "audit.html").read_text()
    assert "How easily is mine fooled?" in page and "mine.keras" in page
    shown = html.unescape(re.sub("<[^>]*>", "", page))
    assert all(shown.count(name) >= 1 for name in CLASSES) and "<svg" not in page and 'href="javascript' not in page
    assert Workspace("default", Path(), folder).executed(PAGE).is_file()
