"""The living gallery as people open it: a real browser, from the file system, by pointer and by keyboard."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from fooling import runs
from fooling.encodings.population import express_genomes
from fooling.evolution.evolution import Evolution, hash_champions, load_evolution
from fooling.evolution.lineage import find_parents, replay, trace_line
from fooling.files import read_json, write_json
from fooling.report import gallery
from fooling.report.notebooks import NOTEBOOKS, Workspace
from fooling.runs import RunFolder
from fooling.words import show_confidence

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PUBLISHED = runs.ROOT / "results" / "published"
HOSTILE = "</script><img src=x onerror=\"document.title='fooled'\">"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
READ = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"""


class Made(NamedTuple):
    """A gallery of two small runs, and the first of them."""

    path: Path
    search: Evolution


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Yield a gallery of the digits' runs, whose classes have names that are markup."""
    results = tmp_path_factory.mktemp("results") / "default"
    found = read_json(PUBLISHED / "metrics" / "03_mnist_cppn.json", dict[str, Any])["searches"]
    searches = {name: found[name][:1] for name in list(found)[:2]}
    for folder in (PUBLISHED / "runs" / run for part in searches.values() for run in part):
        shutil.copytree(folder, results / "runs" / folder.name)
    write_json(results / "metrics" / "03_mnist_cppn.json", {"searches": searches})
    search = load_evolution([RunFolder(results / "runs" / next(iter(searches.values()))[0])])
    asked = {"shown to": [["LeNet", "a"], [HOSTILE, "b"]], "champions": hash_champions(search.take_run(0))}
    log_odds = np.stack([search.log_odds[0], np.arange(-2.0, 8.0, dtype=np.float32)])
    runs.compute_once(results / "runs", "answers", asked, 1, lambda: {"log_odds": log_odds})
    names = {"digits": [HOSTILE, *(f"digit {digit}" for digit in range(1, 10))], "imagenet": ()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "name_classes", lambda: names)
        path = gallery.update_gallery(Workspace("default", NOTEBOOKS, results), ["03_mnist_cppn"])
    assert path is not None
    yield Made(path, search)


@pytest.fixture
def visit(open_file: Callable[..., Any], made: Made) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the gallery; what it says and asks for is checked after the test."""
    opened = []

    def open_gallery(viewport: Any = WIDE, colours: Any = "light") -> Any:
        opened.append(open_file(made.path, viewport, colours))
        opened[-1].locator("#tiles button").first.wait_for()
        return opened[-1]

    yield open_gallery
    for page in opened:
        assert [text for text in page.complaints if "getImageData" not in text] == []  # of how a test reads pixels
        assert set(page.requests) == {made.path.as_uri()}


def read_pixels(page: Page, selector: str) -> np.ndarray:
    """Return what a canvas shows, ``(height, width) uint8``: the red of grey images."""
    canvas = page.locator(selector).first
    while not canvas.evaluate("canvas => canvas.width"):  # the page's policy forbids Playwright's own way to wait
        page.wait_for_timeout(50)
    numbers = np.array(canvas.evaluate(READ), np.uint8).reshape(-1, 4)
    return numbers[:, 0].reshape(canvas.evaluate("canvas => [canvas.height, canvas.width]"))


def test_tiles_and_every_ancestor_have_the_pixels_of_python(made: Made, visit: Callable[..., Page]) -> None:
    page, search = visit(), made.search
    cell = int(search.log_odds[0].argmax())  # the first tile when they are sorted by confidence
    assert np.abs(read_pixels(page, "#tiles canvas").astype(int) - search.express(0, [cell])[0, ..., 0]).max() <= 1
    page.locator("#tiles button").first.click()
    champion = int(search.unroll("champion", -1)[0, -1, cell])
    line = trace_line(find_parents(search, 0), champion)
    ancestors = express_genomes(search.encoding, replay(search, 0, line))[..., 0]
    buttons = page.locator("#line button")
    assert buttons.count() == len(line) > 2
    for place in (0, len(line) // 2, len(line) - 2):
        buttons.nth(place).click()
        assert buttons.nth(place).get_attribute("aria-current") == "true"
        assert np.abs(read_pixels(page, "#large").astype(int) - ancestors[place]).max() <= 1
        assert f"generation {line[place] // search.children}." in page.inner_text("#about")


def test_choices_find_sort_and_sift_images(made: Made, visit: Callable[..., Page]) -> None:
    page = visit()
    names = "#tiles b"
    assert page.locator(names).count() == 10
    told = [float(re.sub("[^0-9.]", "", text)) for text in page.locator("#tiles span").all_inner_texts()]
    assert told == sorted(told, reverse=True)
    page.select_option("#sort", "name")
    assert page.locator(names).all_inner_texts()[1:] == [f"digit {digit}" for digit in range(1, 10)]
    page.fill("#search", "Digit 7")
    assert page.locator(names).all_inner_texts() == ["digit 7"] and page.inner_text("#count").startswith("1 of 10 ")
    page.fill("#search", "")
    page.select_option("#least", "0.9999")
    certain = int((search_confidences(made) >= 0.9999).sum())
    assert page.locator(names).count() == certain
    page.select_option("#least", "any")
    page.select_option("#sort", "kinship")
    assert page.locator(names).count() == 10
    page.select_option("#beside", "1")
    page.locator("#tiles.pairs").wait_for()  # its run is opened first
    assert page.locator("#tiles canvas").count() == 20


def test_a_champion_tells_how_certain_each_network_is_of_it(made: Made, visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#sort").select_option("name")
    page.locator("#tiles button").nth(4).click()
    digit = int(page.locator("#title").inner_text().removeprefix("digit "))
    own, other = made.search.confidences[0, digit], 1 / (1 + np.exp(2.0 - digit))
    told = f"LeNet is {show_confidence(float(own))} certain of it. {HOSTILE} is {show_confidence(other)} certain of it."
    assert page.locator("#about").inner_text().endswith(told)
    page.locator("#line button").first.click()
    assert "certain of it" not in page.locator("#about").inner_text(), "of an ancestor it is not known"


def test_the_last_choice_counts_although_another_takes_longer(made: Made, visit: Callable[..., Page]) -> None:
    page = visit()
    page.evaluate("""() => {
      const choose = (id, value) => Object.assign(document.getElementById(id), { value })
        .dispatchEvent(new Event("input", { bubbles: true }));
      choose("beside", "1");
      choose("beside", "");
    }""")
    page.wait_for_timeout(1000)
    assert page.locator("#tiles canvas").count() == 10


def search_confidences(made: Made) -> np.ndarray:
    return np.asarray(made.search.confidences[0])


def test_its_policy_allows_its_own_program_alone(made: Made) -> None:
    page = made.path.read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    (program,) = re.findall(r'<script type="module">(.*?)</script>', page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    rules = dict(rule.strip().partition(" ")[::2] for rule in html.unescape(policy).split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == f"'sha256-{digest}'"


def test_a_class_may_be_called_anything(visit: Callable[..., Page]) -> None:
    page = visit()
    page.fill("#search", "onerror")
    page.locator("#tiles b").click()  # a name opens its image, too
    assert page.inner_text("#title") == HOSTILE and page.locator("img").count() == 0
    assert page.title() == "The living gallery · easily-fooled"


def test_keys_walk_the_tiles_open_one_and_go_to_the_next(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#tiles button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    names = page.locator("#tiles b").all_inner_texts()
    page.keyboard.press("Enter")
    assert page.inner_text("#title") == names[8]
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#title") == names[9] and page.locator("#next").is_disabled()
    page.keyboard.press("Escape")
    assert not page.locator("#detail").is_visible() and page.locator("#tiles button:focus").count() == 1


def test_the_large_image_is_drawn_anew_at_other_sizes_with_its_graph(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#tiles button").first.click()
    assert read_pixels(page, "#large").shape == (28, 28)
    page.locator("#scales input").last.check()
    assert read_pixels(page, "#large").shape == (112, 112)
    labels = page.locator("#graph text").all_text_contents()
    assert sum(label.startswith("grey: ") for label in labels) == 1 and page.locator("#graph path").count() > 0


@pytest.mark.parametrize(("viewport", "colours"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_gallery_is_accessible_and_fits(viewport: Any, colours: str, visit: Callable[..., Page]) -> None:
    page = visit(viewport, colours)
    for is_open in (False, True):
        if is_open:
            page.locator("#tiles button").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert page.find_violations() == []
