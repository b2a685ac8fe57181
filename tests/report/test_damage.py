"""Whatever is damaged, a command says so in one sentence, with what mends it; what can be made again is made again."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fooling import arithmetic, files, runs
from fooling.__main__ import main
from fooling.pages import contents
from fooling.report import commands, freshness, publish
from fooling.report.notebooks import read_notebooks

CLAIMS = contents.CLAIMS  # of the project, which tests replace
RUN = "direct-0123456789ab-cafe"
DEEP = b'{"records": ' + b"[" * 100_000
CUT = b'{"cells": [{"cell_type": "mark'
OUTPUT = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {"image/png": {"alt": "a"}}}
CELL = {"cell_type": "code", "source": "x", "execution_count": 1, "metadata": {}, "outputs": [OUTPUT]}
SHOWN = json.dumps({"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()
AGAIN = "`fooling report --profile extended --only 01` makes it again"
PUBLISHED = "`git restore results/published` takes it from the repository again"
STALE = (2, "01_one is stale at profile extended")
FINE = (0, "")
# Wrong values in a notebook that is still JSON, and where.
WRONG: list[tuple[Any, ...]] = [
    ("x", "cells", 0, "execution_count"),
    ("x", "cells", 0, "cell_type"),
    ({}, "cells", 0, "metadata", "tags"),
    ({}, "metadata", "kernelspec"),
    ([], "cells", 0, "outputs", 0, "metadata", "image/png"),
    ("\ud800", "cells", 0, "source"),
]


def change(value: Any, *path: Any) -> bytes:
    """Return a notebook with another value in this place."""
    notebook = json.loads(SHOWN)
    place = notebook
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(notebook).encode()


# What is damaged, how, and what each command ends with: its code, and words of its sentence.
DAMAGE: list[tuple[str, bytes | None, dict[str, tuple[int, str]]]] = [
    ("01_one.ipynb", CUT, {"status": FINE, "findings": FINE, "report": (1, AGAIN), "publish": STALE}),
    ("01_one.ipynb", b"\xff\xfe", {"status": FINE, "report": (1, AGAIN), "publish": STALE}),
    ("01_one.ipynb", b'{"cells": null}', {"report": (1, AGAIN), "publish": STALE}),
    ("01_one.ipynb", b'{"cells": []}', {"report": (1, AGAIN), "publish": STALE}),
    *(("01_one.ipynb", change(*at), {"status": FINE, "report": (1, AGAIN), "publish": STALE}) for at in WRONG),
    (
        "01_one.ipynb",
        SHOWN,
        {"status": FINE, "report": (1, f"shows a picture that is damaged; {AGAIN}"), "publish": STALE},
    ),
    ("01_one.ipynb", DEEP, {"report": (1, AGAIN), "publish": STALE}),
    ("manifests/01_one.json", b'{"parts": null}', {"status": FINE, "findings": FINE, "report": FINE, "publish": STALE}),
    ("manifests/01_one.json", b'{"parts": {"needs": 3}}', {"status": FINE, "report": FINE, "publish": STALE}),
    ("manifests/01_one.json", b'{"versions": {"keras": "\\ud800"}}', {"report": FINE, "publish": STALE}),
    ("manifests/01_one.json", DEEP, {"status": FINE, "report": FINE, "publish": STALE}),
    ("manifests/01_one.json", b"\xff", {"status": FINE, "report": FINE, "publish": STALE}),
    ("manifests/01_one.failed.json", b"[]", {"status": FINE, "report": FINE, "publish": (2, "01_one is failed")}),
    ("metrics/01_one.json", b"{}", {"status": FINE, "findings": (2, AGAIN), "report": (1, AGAIN), "publish": STALE}),
    ("metrics/01_one.json", b'{"records": null}', {"findings": (2, AGAIN), "report": (1, AGAIN), "publish": STALE}),
    ("metrics/01_one.json", b'{"records": {}}', {"findings": (2, AGAIN), "report": (1, AGAIN), "publish": STALE}),
    ("metrics/01_one.json", b'{"records": {"a": "\\ud800"}}', {"findings": (2, AGAIN), "report": (1, AGAIN)}),
    ("metrics/01_one.json", b'{"records": {"a": 3}}', {"findings": (2, AGAIN), "report": (1, AGAIN)}),
    ("metrics/01_one.json", b'{"records": {"a": null}}', {"findings": (2, AGAIN), "report": (1, AGAIN)}),
    ("metrics/01_one.json", b'{"records": {"A": {"median": 1.0}}}', {"findings": (2, AGAIN), "report": (1, AGAIN)}),
    ("metrics/01_one.json", DEEP, {"status": FINE, "findings": (2, AGAIN), "report": (1, AGAIN), "publish": STALE}),
    ("report/01_one.html", b"\xff", {"report": FINE, "publish": FINE}),
    ("report/index.html", b"\xff", {"report": FINE, "publish": FINE}),
    (f"runs/{RUN}/provenance.json", b'{"computed": null}', {"status": FINE, "publish": STALE}),
    (f"runs/{RUN}/provenance.json", DEEP, {"status": FINE, "publish": STALE}),
    (f"runs/{RUN}/result.npz", b"PK", {"status": FINE, "publish": STALE}),
    (f"runs/{RUN}/result.npz", None, {"status": FINE, "publish": STALE}),
    ("../published/pages.json", b"[1]", {"findings": FINE, "restore": (2, PUBLISHED)}),
    ("../published/pages.json", b'{"01_one": {}}', {"restore": (2, PUBLISHED)}),
    (
        "../published/pages.json",
        b'{"01_one": {"profile": "nonsense"}}',
        {"report": (1, f"pages.json is damaged; {PUBLISHED}")},
    ),
    ("../published/metrics/01_one.json", None, {"report": (1, f"01_one.json is missing; {PUBLISHED}")}),
    ("../published/metrics/01_one.json", b"{}", {"report": (1, PUBLISHED), "findings": FINE}),
    (
        "../../notebooks/01_one.ipynb",
        b"\xff",
        dict.fromkeys(("status", "report"), (2, "is not a notebook that can be")),
    ),
    *(
        ("../../notebooks/01_one.ipynb", source, dict.fromkeys(("status", "report"), (2, "is not a notebook that can")))
        for source in (b'{"cells": [], "metadata": {"fooling": {"needs": null}}}', b'{"cells": [], "a": "\\ud800"}')
    ),
    ("../../notebooks/01_one.ipynb", DEEP, dict.fromkeys(("status", "report"), (2, "is not a notebook that can be"))),
]
CASES = [
    pytest.param(path, content, command, *ends, id=f"{path}-{number}-{command}")
    for number, (path, content, by_command) in enumerate(DAMAGE)
    for command, ends in by_command.items()
]


@pytest.fixture
def whole(desk, project, monkeypatch):
    """Return a desk with a fresh page, its run, and something published; pages do not run."""
    desk = desk.at("extended")
    project.claim("a")
    desk.write("01_one", "# One", "x = 1")
    records = {"records": {"a": {"median": 0.99}}, "runs": [RUN]}
    folder = desk.workspace.run(RUN)
    files.write_json(folder / "settings.json", {"settings": {}})
    files.write_json(folder / "provenance.json", {"computed": [{"seconds": 3.0, "threads": 2}]})
    files.write_arrays(folder / "result.npz", {"a": np.zeros(3)})
    desk._replace(workspace=desk.workspace._replace(package=runs.PACKAGE)).pretend(metrics=records)
    project.find(desk.workspace.published, "extended", a=0.95)
    (desk.workspace.published / "runs").mkdir()
    monkeypatch.setenv("FOOLING_RESULTS", str(desk.workspace.results.parent))
    monkeypatch.setattr(commands, "run_pages", lambda *rest, **more: [])
    monkeypatch.setattr(arithmetic, "get_hash", lambda: "cafe")
    return desk


@pytest.mark.parametrize(("path", "content", "command", "code", "words"), CASES)
def test_a_command_ends_with_one_sentence(whole, capsys, path, content, command, code, words) -> None:
    place = whole.workspace.results / path
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if content is not None:
        place.write_bytes(content)
    ended = main([command, "--profile", "extended"], whole.workspace.notebooks)
    said = capsys.readouterr().err
    assert (ended, said.count("\n")) == (code, int(bool(words))), said
    assert words in said and "Traceback" not in said
    assert not said or said.startswith("fooling: ")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("pages.json", r'"extended"', '"nonsense"'),
        ("metrics/02_mnist_direct.json", r'(?s)"mnist-direct": \{.*?\n  \}', '"mnist-direct": null'),
        ("metrics/02_mnist_direct.json", r'"mnist-direct"', '"direct"'),
        ("metrics/03_mnist_cppn.json", r'"mnist-cppn-raw"', '"raw"'),
        ("metrics/06_imagenet_networks.json", r'"natural-confidence"', '"natural"'),
        ("metrics/10_transfer.json", r'"classes": \d+', '"classes": 0'),
        ("metrics/10_transfer.json", r'"children": \d+', f'"children": {10**400}'),
        ("metrics/16_fewer_images.json", r'(?s)("certain": \[.*?\],\s*)\[.*?\]', r"\1[]"),
    ],
)
def test_published_numbers_that_are_damaged_are_told_with_their_file(tmp_path, monkeypatch, capsys, path, old, new):
    monkeypatch.setattr(contents, "CLAIMS", CLAIMS)
    monkeypatch.setenv("FOOLING_RESULTS", str(tmp_path))
    shutil.copytree(runs.ROOT / "results/published/metrics", tmp_path / "published/metrics")
    shutil.copy(runs.ROOT / "results/published/pages.json", tmp_path / "published")
    place = tmp_path / "published" / path
    assert main(["findings"]) == 0
    place.write_text(re.sub(old, new, place.read_text()))
    assert main(["findings"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"fooling: The findings cannot be told: {place.name} ") and said.count("\n") == 1
    assert said.endswith(f"; {PUBLISHED}.\n")


def test_what_a_page_left_damaged_is_made_again(whole, capsys, monkeypatch) -> None:
    """Its notebook, its numbers and its manifest are; the report is then drawn from them."""
    whole.workspace.executed("01_one").write_bytes(CUT)
    whole.workspace.metrics("01_one").write_bytes(b"{}")
    whole.workspace.manifest("01_one").write_bytes(b'{"parts": null}')
    real = whole._replace(workspace=whole.workspace._replace(package=runs.PACKAGE))

    def run(schedule, out, after):
        real.pretend(*schedule.names, metrics={"records": {"a": {"median": 0.99}}})
        after(SimpleNamespace(page="01_one", error=""))

    monkeypatch.setattr(commands, "run_pages", run)
    assert main(["status", "--profile", "extended"], whole.workspace.notebooks) == 0
    assert "its manifest is damaged" in capsys.readouterr().out
    assert main(["report", "--profile", "extended"], whole.workspace.notebooks) == 0
    assert capsys.readouterr().err == ""
    assert (
        freshness.survey(read_notebooks(whole.workspace.notebooks), real.workspace)["01_one"].state == freshness.FRESH
    )


def test_a_page_of_the_report_that_was_cut_is_drawn_again(whole) -> None:
    for _ in range(2):
        assert main(["report", "--profile", "extended"], whole.workspace.notebooks) == 0
        page = whole.workspace.report("01_one")
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
        page.write_bytes(page.read_bytes()[:-200])


def test_a_full_disk_says_of_which_file(whole, capsys, monkeypatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    assert main(["report", "--profile", "extended"], whole.workspace.notebooks) == 2
    place = whole.workspace.report("01_one")
    assert capsys.readouterr().err == f"fooling: {place}: No space left on device.\n"
    assert list(place.parent.glob(".*")) == []


def test_a_run_that_cannot_be_copied_is_named(whole, capsys, monkeypatch) -> None:
    def fail(source: str, place: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))

    monkeypatch.setattr(publish, "copy_without_large_genomes", fail)
    assert main(["publish", "--profile", "extended"], whole.workspace.notebooks) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and RUN in said and "No space left on device" in said


def test_what_a_run_cost_is_not_known_where_that_is_damaged_and_the_run_goes_on(
    tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(runs, "describe_machine", lambda: {"machine": "here"})
    run = runs.RunFolder(tmp_path / RUN)
    files.write_atomically(run.path / "provenance.json", b'{"computed": [{"seconds": "many"}]}')
    assert run.seconds == 0
    told = f"{RUN}/provenance.json is damaged, so what the run cost, and where, is not known.\n"
    assert capsys.readouterr().out == told
    run.add_seconds(3.0)
    assert run.seconds == 3.0


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"settings": 3}', DEEP])
def test_a_run_whose_settings_are_damaged_is_named(tmp_path: Path, content: bytes | None) -> None:
    run = runs.RunFolder(tmp_path / RUN)
    run.path.mkdir()
    if content is not None:
        (run.path / "settings.json").write_bytes(content)
    with pytest.raises(files.DamagedError, match=rf"settings\.json.*{RUN}|{RUN}.*settings\.json"):
        _ = run.settings


def test_a_json_file_is_checked_to_be_of_its_kind_and_keeps_what_else_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    assert files.read_json(path, dict[str, int]) == {}
    for content in ('{"a": 1.5}', '{"a": null}', '{"\\ud800": 1}', "[1]", "", '{"a": 1', "[" * 100_000):
        path.write_text(content)
        with pytest.raises(files.DamagedError, match=r"^pages\.json is damaged; do this\.$"):
            files.read_json(path, dict[str, int], "do this")
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(files.DamagedError):
        files.read_json(path, dict[str, str])
    path.write_text(json.dumps({"computed": [{"seconds": 1.0, "machine": "a"}], "more": 2}))
    assert files.read_json(path, runs.Provenance) == {"computed": [{"seconds": 1.0, "machine": "a"}], "more": 2}
