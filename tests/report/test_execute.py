"""What is checked of a page before and after it runs, and what its kernel finds around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from fooling import runs
from fooling.report import execute, inspection
from fooling.report.execute import Kernels, make_environment
from fooling.report.inspection import PageError
from fooling.report.notebooks import RefusedError, check_parameters, read_notebooks


def read(desk, name="01_one"):
    return read_notebooks(desk.workspace.notebooks)[name]


def as_notebook(*cells):
    return nbformat.from_dict({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def cell(source="x = 1", count=1, outputs=(), tags=()):
    about = {"tags": list(tags)}
    return {
        "cell_type": "code", "id": "a", "source": source, "execution_count": count, "outputs": list(outputs),
        "metadata": about,
    }  # fmt: skip


def test_an_unknown_parameter_and_a_missing_cell_are_refused_before_anything_runs(desk):
    desk.write("01_one", "x = 1")
    check_parameters(read(desk), ["PROFILE"])
    with pytest.raises(RefusedError, match="has no parameter SEED; it has PROFILE"):
        check_parameters(read(desk), ["SEED"])
    path = desk.workspace.notebooks / "01_one.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].append(notebook["cells"][0])
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="has 2 code cells tagged 'parameters'"):
        check_parameters(read(desk), ["PROFILE"])
    notebook["cells"] = notebook["cells"][1:-1]
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="has no code cell tagged 'parameters'"):
        check_parameters(read(desk), ["PROFILE"])


def test_parameters_are_read_as_python_where_papermill_misses_them(desk):
    source = 'PROFILE = "a=b"  # one = two\nSEED: int = 3 if "=" else 4\n'
    desk.write("01_one")
    path = desk.workspace.notebooks / "01_one.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = source
    path.write_text(json.dumps(notebook))
    check_parameters(read(desk), ["PROFILE", "SEED"])
    notebook["cells"][0]["source"] = source + "data = 1"
    path.write_text(json.dumps(notebook))
    with pytest.raises(RefusedError, match="UPPER_CASE"):
        check_parameters(read(desk), ["PROFILE"])


def test_a_cell_that_did_not_run_or_failed_is_found_by_its_number_in_the_source():
    injected = cell(tags=[inspection.INJECTED])
    error = {"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": []}
    inspection.check_cells_ran(as_notebook(cell(), injected, cell()))
    inspection.check_cells_ran(as_notebook(cell(), cell("", count=None)))
    with pytest.raises(PageError, match=r"^Cell 2 did not run\.$"):
        inspection.check_cells_ran(as_notebook(cell(), injected, cell(count=None)))
    with pytest.raises(PageError, match=r"^Cell 2 ended the page by SystemExit\.$"):
        inspection.check_cells_ran(as_notebook(cell(), injected, cell(outputs=[error])))


def test_paths_of_this_machine_are_found_in_words_and_not_by_chance_in_pictures(desk):
    def check(*outputs):
        inspection.check_page(as_notebook(cell(outputs=outputs)), "", desk.workspace)

    def stream(text):
        return {"output_type": "stream", "name": "stdout", "text": text}

    for folder in (runs.ROOT, Path.home(), desk.workspace.results):
        with pytest.raises(PageError, match="Cell 1 shows a path of this machine"):
            check(stream(f"saved\n{folder}/x.png"))
    check(stream(f"https://example.org{Path.home()}x and relative{Path.home()}"))
    data = {"image/png": f" {Path.home()} ", "text/plain": "a figure"}
    check({"output_type": "display_data", "data": data, "metadata": {"image/png": {"alt": "A figure."}}})


def test_a_page_above_the_limit_of_size_is_refused(desk):
    notebook = as_notebook(cell())
    inspection.check_page(notebook, "x" * inspection.MAX_NOTEBOOK_BYTES, desk.workspace)
    with pytest.raises(PageError, match="1,200 KB"):
        inspection.check_page(notebook, "x" * (inspection.MAX_NOTEBOOK_BYTES + 1), desk.workspace)


def test_the_kernel_is_that_of_this_interpreter_whatever_others_are_installed(desk, tmp_path, monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    about = {"argv": ["/opt/other/bin/python", "-f", "{connection_file}"], "display_name": "x", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(about))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "/opt/other/bin/python"
    with Kernels().open(desk.workspace) as (manager, _):
        assert manager.kernel_spec.argv[0] == sys.executable


def test_a_long_temporary_folder_does_not_make_sockets_too_long(desk, tmp_path, monkeypatch):
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Kernels().open(desk.workspace) as (_, scratch):
        assert len(str(scratch / "k-ipc-12345")) < 100 and scratch.is_absolute()
    assert not scratch.exists()


def test_a_page_finds_the_same_results_and_package_from_its_own_folder(desk, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "src")
    environment = make_environment(desk.workspace)
    assert environment["FOOLING_RESULTS"] == str(desk.workspace.results.parent)
    assert all(Path(path).is_absolute() for path in environment["PYTHONPATH"].split(os.pathsep))


def test_the_folder_of_a_killed_process_is_cleared_by_the_next_kernel_and_that_of_a_living_one_is_not(
    desk, tmp_path, monkeypatch
):
    monkeypatch.setattr(execute.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(execute, "LONGEST_FOLDER", 1000)
    with subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        dead.wait()
    for name in (f"fooling-{dead.pid}-abc", f"fooling-{os.getppid()}-abc", "fooling-own-notes", "fooling-henot_d_"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "k.json").write_text("{}")
    (tmp_path / f"fooling-{10**30}-abc").mkdir()
    kept = {path.name for path in tmp_path.glob("fooling-*")} - {f"fooling-{dead.pid}-abc"}
    with Kernels().open(desk.workspace) as (_, scratch), Kernels().open(desk.workspace) as (_, other):
        assert scratch.is_dir() and other.is_dir()
        assert {path.name for path in tmp_path.glob("fooling-*")} == kept | {scratch.name, other.name}
