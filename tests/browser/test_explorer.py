"""Page 14 in a real JupyterLab: what a person clicks answers, and does what its words say."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fooling import runs
from fooling.lab.explorer.saving import load_picture

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGE = "14_explorer"
ENDED = "of computing behind this page"  # the last line of the page
FAILED = '[data-mime-type="application/vnd.jupyter.error"]'  # the output of a cell that failed
PATIENCE = 600_000  # milliseconds: TensorFlow is imported, and other tests may be at work on the same cores
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # what is off the screen is in the page, too
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def lab(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a copy of the page at the smallest profile, and return its address."""
    folder = tmp_path_factory.mktemp("lab")
    source = (runs.ROOT / "notebooks" / f"{PAGE}.ipynb").read_text(encoding="utf-8")
    small = source.replace('PROFILE = \\"default\\"', 'PROFILE = \\"smoke\\"')
    assert small != source
    (folder / f"{PAGE}.ipynb").write_text(small, encoding="utf-8")
    for plugin, settings in SETTINGS.items():
        package, name = plugin.split(":")
        path = folder / "config" / "lab" / "user-settings" / package / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyterlab", str(folder), *options, "--IdentityProvider.token="]
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    environment = {**os.environ, **{name: str(folder / part) for name, part in own.items()}}
    environment |= {"FOOLING_RESULTS": str(results), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (
        (folder / "lab.log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for_server(f"{address}/api/status", server, folder / "lab.log")
            yield address
        finally:
            server.terminate()  # its kernels end with it


def wait_for_server(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.2)


@pytest.fixture(scope="module")
def page(browser: Any, lab: str) -> Iterator[Any]:
    """Open the page in the browser and run all of its cells."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    shown = context.new_page()
    shown.set_default_timeout(PATIENCE)
    shown.outside, shown.errors = [], []
    shown.on("request", lambda request: shown.outside.append(request.url))
    shown.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.goto(f"{lab}/lab/tree/{PAGE}.ipynb")
    shown.wait_for_selector(".jp-NotebookPanel .jp-Notebook")
    wait_for_kernel(lab)
    run_all_cells(shown)
    shown.wait_for_function(f"() => document.body.innerText.includes('{ENDED}') || document.querySelector('{FAILED}')")
    assert shown.locator(FAILED).all_inner_texts() == []
    yield shown
    context.close()


def wait_for_kernel(lab: str) -> None:
    """Wait until the page's kernel is idle and JupyterLab is connected to it."""
    until = time.monotonic() + PATIENCE / 1000
    while True:
        with urllib.request.urlopen(f"{lab}/api/sessions", timeout=30) as answer:
            kernels = [session["kernel"] for session in json.load(answer)]
        if any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels):
            return
        assert time.monotonic() < until, f"no kernel was ready: {kernels}"
        time.sleep(0.2)


def run_all_cells(page: Any) -> None:
    """Choose Run All Cells once the kernel listens; JupyterLab asks for another kernel when one is too early."""
    begun, asked = (
        page.locator(".jp-InputPrompt", has_text=re.compile(r"\[[*\d]")),
        page.locator(".jp-Dialog .jp-mod-accept"),
    )
    until = time.monotonic() + PATIENCE / 1000
    while not begun.count():
        assert time.monotonic() < until, "no cell has run"
        if asked.count():
            asked.click()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_timeout(2000)


def click(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def say(page: Any) -> str:
    return str(page.locator(".jp-OutputArea [role=status]").text_content())


def wait_until_it_says(page: Any, words: str) -> None:
    page.wait_for_function(
        "words => [...document.querySelectorAll('[role=status]')].some(line => line.innerText.includes(words))",
        arg=words,
    )


def read_generation(page: Any) -> int:
    told = page.locator(".fooling-progress").text_content()  # innerText is empty off the screen
    return int(re.match(r"generation ([\d,]+)", told)[1].replace(",", ""))


def read_height(page: Any) -> float:
    """Return the height of the panel."""
    panel = page.locator(".jp-OutputArea-output", has=page.locator("[role=status]"))
    return float(panel.first.bounding_box()["height"])


def read_grid(page: Any) -> list[str]:
    grid = page.locator(".fooling-grid:visible").first  # others show relatives, or the litters before
    return grid.locator("button").evaluate_all("tiles => tiles.map(tile => tile.ariaLabel)")


def read_sprite(page: Any) -> str:
    return str(page.locator(".fooling-grid:visible").first.evaluate("grid => grid.style.getPropertyValue('--sprite')"))


def test_grid_changes_while_evolving_until_it_is_stopped(page: Any) -> None:
    """Random pixels are shown first; they evolve at a click, and the page below does not move."""
    assert len(read_grid(page)) == 10 and read_generation(page) == 0
    height = read_height(page)
    generation, labels, sprite = read_generation(page), read_grid(page), read_sprite(page)
    click(page, "Start")
    page.wait_for_function(
        "old => document.querySelector('.fooling-grid').style.getPropertyValue('--sprite') !== old", arg=sprite
    )
    page.wait_for_function(
        "old => [...document.querySelectorAll('.fooling-grid button')].map(one => one.ariaLabel).join() !== old",
        arg=",".join(labels),
    )
    assert read_generation(page) > generation
    click(page, "Stop")
    wait_until_it_says(page, "Stopped after generation")
    stopped, labels = read_generation(page), read_grid(page)
    assert f"generation {stopped:,}." in say(page)
    time.sleep(1.5)
    assert (read_generation(page), read_grid(page)) == (stopped, labels)
    assert read_height(page) == height


def test_champion_is_picked_with_the_keyboard_and_looked_at(page: Any) -> None:
    first = page.locator(".fooling-grid:visible button").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("h3:has-text('Champion for 2'):visible")
    page.wait_for_selector("img[alt^='champion for 2']:visible")
    third = page.locator(".fooling-grid:visible button").nth(2)
    assert third.get_attribute("aria-pressed") == "true"
    click(page, "Graph")
    wait_until_it_says(page, "Pixel images have no graph")
    for view, told, first in (
        ("Ancestors", "The line of", "gen. "),
        ("Neighbours", "Images and their neighbours", "parent: "),
    ):
        click(page, view)
        page.wait_for_selector(f"[aria-label^='{told}']:visible")
        page.locator(f"[aria-label^='{told}'] button").first.click()
        page.wait_for_selector(f"img[alt^='{first}']:visible")


def test_breeding_adds_a_litter_and_going_back_takes_it_away(page: Any) -> None:
    click(page, "Breed from it")
    page.wait_for_selector("h3:has-text('Litter 1'):visible")
    labels = read_grid(page)
    assert len(labels) == 12
    tiles = page.locator(".fooling-grid:visible").first.locator("button")
    for place in (0, 3, 5):
        tiles.nth(place).click()
    wait_until_it_says(page, "two parents at most")
    pressed = tiles.evaluate_all("tiles => tiles.map(tile => tile.ariaPressed)")
    assert [place for place, one in enumerate(pressed) if one == "true"] == [0, 3]
    click(page, "Breed the chosen")
    page.wait_for_selector("h3:has-text('Litter 2'):visible")
    assert page.locator("img[alt^='Parent: ']:visible").count() == 2
    click(page, "Go back")
    page.wait_for_selector("h3:has-text('Litter 1'):visible")
    assert read_grid(page) == labels


def test_saved_picture_is_loaded_with_its_genome(page: Any, results: Path) -> None:
    page.locator(".fooling-grid:visible button").nth(1).click()
    click(page, "Save the chosen")
    wait_until_it_says(page, "Saved as")
    (saved,) = results.glob("*/explored/*.png")
    assert load_picture(saved).genome is not None
    page.get_by_role("tab", name="Your own").click()
    page.get_by_label("Saved").select_option(label=saved.name)
    page.wait_for_selector(f"img[alt^='{saved.name}. The network says']:visible")
    wait_until_it_says(page, "holds its genome and can be bred")


def test_nothing_was_asked_of_another_machine_and_no_script_failed(page: Any, lab: str) -> None:
    assert [url for url in page.outside if not url.startswith((lab, "data:", "blob:"))] == []
    assert page.errors == []
