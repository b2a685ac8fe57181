"""The report as people open it: a real browser, from the file system, wide and narrow, light and dark, on paper."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from fooling import runs
from fooling.report import freshness, html
from fooling.report.index import find_pictures
from fooling.report.notebooks import NOTEBOOKS, Workspace, read_cells, read_notebooks

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PUBLISHED = runs.ROOT / "results" / "published"
NAMES = ("index", *sorted(path.stem for path in PUBLISHED.glob("[0-9][0-9]_*.ipynb")))
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
MAX_PAGE_BYTES, MAX_REPORT_BYTES = 1_500_000, 20_000_000  # Choice: what a page of 1.2 MB can become
MAX_APP_BYTES, MAX_PUBLISHED_BYTES = 3_000_000, 25_000_000  # Choice: what one waits for on a phone, and sends by mail


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the published results' report, drawn by the code of today."""
    results = tmp_path_factory.mktemp("results") / "extended"
    shutil.copytree(PUBLISHED, results, ignore=shutil.ignore_patterns("runs", "report", "default"))
    workspace = Workspace("extended", NOTEBOOKS, results)
    return html.update_report(workspace, freshness.survey(read_notebooks(NOTEBOOKS), workspace)).parent


@pytest.fixture
def visit(open_file: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that opens a file in a wide window, if no other is asked for."""
    return lambda path, viewport=WIDE, colours="light": open_file(path, viewport, colours)


def find_undescribed(page: Page) -> list[str]:
    missing = "images => images.filter(image => !image.alt.trim() || !image.naturalWidth)"
    return list(page.eval_on_selector_all("img", f"{missing}.map(image => image.outerHTML.slice(0, 80))"))


def measure_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen; ``innerWidth`` would grow with it on a phone."""
    return int(page.evaluate("document.documentElement.scrollWidth")) - page.viewport_size["width"]  # type: ignore[index]


def find_dragged(page: Page) -> list[str]:
    """Return the beginnings of the tables that are wider than their place."""
    wider = "tables => tables.filter(table => table.offsetWidth > table.parentElement.clientWidth)"
    return list(page.eval_on_selector_all(".scroll > table", f"{wider}.map(table => table.innerText.slice(0, 80))"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_says_nothing_and_describes_its_pictures(
    report: Path, visit: Callable[..., Any], name: str
) -> None:
    page = visit(report / f"{name}.html")
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("data:")] == [(report / f"{name}.html").as_uri()]
    assert page.locator("img").count() > 0
    assert find_undescribed(page) == []


# Colours and widths hardly meet in the style sheet: all four pairs for two pages, two pairs for the others.
LOOKS = [(name, WIDE, "light") for name in NAMES] + [(name, NARROW, "dark") for name in NAMES]
LOOKS += [(name, viewport, colours) for name in NAMES[:2] for viewport, colours in ((WIDE, "dark"), (NARROW, "light"))]


@pytest.mark.parametrize(("name", "viewport", "colours"), LOOKS, ids=lambda x: x if isinstance(x, str) else x["width"])
def test_a_page_is_accessible_and_fits_folded_and_unfolded(
    report: Path, visit: Callable[..., Any], name: str, viewport: Any, colours: str
) -> None:
    page = visit(report / f"{name}.html", viewport, colours)
    assert measure_overflow(page) <= 0
    page.evaluate("document.querySelectorAll('details:not(.picture)').forEach(details => { details.open = true })")
    assert measure_overflow(page) <= 0 and find_dragged(page) == []
    assert page.find_violations() == []


@pytest.mark.parametrize(("viewport", "colours"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_page_by_itself_as_an_audit_draws_it_is_whole_and_leads_nowhere_else(
    tmp_path: Path, visit: Callable[..., Any], viewport: Any, colours: str
) -> None:
    content = (PUBLISHED / "15_your_network.ipynb").read_text(encoding="utf-8")
    file = tmp_path / "audit.html"
    file.write_text(html.draw_page("15_your_network", content, {}, "", {}), encoding="utf-8")
    page = visit(file, viewport, colours)
    assert page.complaints == [] and [url for url in page.requests if not url.startswith("data:")] == [file.as_uri()]
    assert find_undescribed(page) == [] and measure_overflow(page) <= 0 and page.find_violations() == []
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert links and [link for link in links if "://" not in link and not link.startswith("#")] == []


@pytest.mark.parametrize("name", NAMES[1:])
def test_code_is_folded_until_it_is_asked_for(report: Path, visit: Callable[..., Any], name: str) -> None:
    page = visit(report / f"{name}.html")
    code = page.locator("details.code pre")
    assert code.count() > 5 and not any(block.is_visible() for block in code.all())
    page.locator("details.code summary").first.click()
    assert code.first.is_visible() and not code.last.is_visible()
    page.locator("details.code summary").last.press("Enter")
    assert code.last.is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_links_within_the_report_lead_somewhere(report: Path, visit: Callable[..., Any], name: str) -> None:
    page = visit(report / f"{name}.html")
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    inside = [link for link in links if "://" not in link]
    assert inside
    for link in inside:
        file, _, anchor = link.partition("#")
        target = report / file if file else report / f"{name}.html"
        assert target.is_file(), link
        assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


def test_the_contents_stand_beside_the_text_or_fold_above_it_and_lead_to_headings(
    report: Path, visit: Callable[..., Any]
) -> None:
    wide = visit(report / f"{NAMES[1]}.html")
    assert wide.locator("nav.beside").is_visible() and not wide.locator("nav.above").is_visible()
    last = wide.locator("nav.beside a").last
    last.click()
    heading = wide.locator(f"h2{last.get_attribute('href')}")
    assert heading.inner_text() == last.inner_text() and heading.is_visible()
    assert wide.evaluate("window.scrollY") > 0
    narrow = visit(report / f"{NAMES[1]}.html", NARROW)
    assert narrow.locator("nav.above").is_visible() and not narrow.locator("nav.beside").is_visible()
    assert not narrow.locator("nav.above a").first.is_visible()
    narrow.locator("nav.above summary").click()
    assert narrow.locator("nav.above a").first.is_visible()


def test_a_finding_tells_its_number_and_more_on_demand(report: Path, visit: Callable[..., Any]) -> None:
    page = visit(report / "index.html")
    first = page.locator(".findings li").first
    assert first.locator(".headline").inner_text() and first.locator(".verdict").is_visible()
    assert not first.locator("dl").is_visible()
    first.locator("summary").press("Enter")
    assert first.locator("dt").all_inner_texts() == ["The paper", "Scale"]
    assert first.locator("dl").is_visible() and first.locator("table").is_visible()
    assert first.locator("th").all_inner_texts() == ["here", "the paper"]


def measure_lightness(page: Page, selector: str, prop: str) -> float:
    colour = page.locator(selector).first.evaluate(f"element => getComputedStyle(element)['{prop}']")
    return sum(float(part) for part in colour[4:-1].split(",")[:3]) / 3


@pytest.mark.parametrize("name", NAMES[:2])
def test_the_page_is_dark_where_the_system_is(report: Path, visit: Callable[..., Any], name: str) -> None:
    light, dark = (visit(report / f"{name}.html", colours=colours) for colours in ("light", "dark"))
    assert measure_lightness(light, "body", "backgroundColor") > 240 > measure_lightness(light, "h1", "color") + 120
    assert measure_lightness(dark, "body", "backgroundColor") < 40 < measure_lightness(dark, "h1", "color") - 120


@pytest.mark.parametrize("name", ["03_mnist_cppn", "08_imagenet_cppn"])  # grey levels and colours, walls and charts
def test_in_the_dark_all_of_a_picture_is_dark_but_its_images(
    report: Path, visit: Callable[..., Any], name: str
) -> None:
    cells = read_cells(PUBLISHED / f"{name}.ipynb")
    pages = [visit(report / f"{name}.html", colours=colours) for colours in ("light", "dark")]
    kinds = set()
    for place, picture in enumerate(find_pictures(cells)):
        shown = [page.locator("figure .sheet").nth(place).screenshot() for page in pages]
        light, dark = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), int) for one in shown)
        images, paper = np.zeros(light.shape[:2], bool), np.ones(light.shape[:2], bool)
        height, width = images.shape
        for west, north, east, south in picture.images or ():
            left, top, right, bottom = west * width, north * height, east * width, south * height
            images[round(top) + 3 : round(bottom) - 2, round(left) + 3 : round(right) - 2] = True
            paper[max(0, round(top) - 3) : round(bottom) + 4, max(0, round(left) - 3) : round(right) + 4] = False
        kinds.add(bool(picture.images))
        if images.any():
            assert (abs(light - dark)[images] > 2).mean() < 0.001, picture.alt  # a picture is scaled in parts
        assert light[paper].mean() > 215 > 90 > dark[paper].mean(), picture.alt
        edges = (dark[0], dark[-1], dark[:, 0], dark[:, -1])
        assert max(edge.mean() for edge in edges) < 60, f"no light frame: {picture.alt}"
    assert kinds == {False, True}


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_in_the_dark_a_card_of_the_index_is_dark_around_its_images(
    report: Path, visit: Callable[..., Any], viewport: Any
) -> None:
    pages = [visit(report / "index.html", viewport, colours) for colours in ("light", "dark")]
    cards = [page.locator(".thumbnail").all() for page in pages]
    links = pages[0].locator(".pages li a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for href, *pair in zip(links, *cards, strict=True):
        light, dark = (np.asarray(Image.open(io.BytesIO(card.screenshot())).convert("RGB"), int) for card in pair)
        rims, (height, width) = (dark[2:-2, 2], dark[2:-2, -3], dark[2, 2:-2], dark[-3, 2:-2]), light.shape[:2]
        assert np.median(np.concatenate(rims)) < 60, href
        if href.startswith("07_"):  # static on either side
            inside = np.s_[2 * height // 5 : 3 * height // 5, width // 5 : 2 * width // 5]
            assert np.corrcoef(light[inside].ravel(), dark[inside].ravel())[0, 1] > 0.8  # of its negative, below 0


@pytest.mark.parametrize(("viewport", "colours"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_picture_fills_the_screen_when_it_is_asked_to(
    report: Path, visit: Callable[..., Any], viewport: Any, colours: str
) -> None:
    page = visit(report / f"{NAMES[2]}.html", viewport, colours)
    figure, picture = page.locator("figure").last, page.locator("figure summary").last
    assert figure.evaluate("figure => figure.scrollWidth - figure.clientWidth") <= 0, "there is nothing to drag"
    picture.scroll_into_view_if_needed()
    place, small = page.evaluate("window.scrollY"), figure.locator("img").bounding_box()
    for open_or_close in (picture.click, lambda: picture.press("Enter")):
        open_or_close()
        large = figure.locator("img").bounding_box()
        assert small and large and large["width"] >= max(1.2 * small["width"], 900)
        assert picture.bounding_box() == {"x": 0, "y": 0, **viewport}
        open_or_close()
        assert figure.locator("img").bounding_box() == small and page.evaluate("window.scrollY") == place


@pytest.mark.parametrize("name", NAMES[:2])
def test_paper_shows_the_page_without_navigation_and_code(report: Path, visit: Callable[..., Any], name: str) -> None:
    page = visit(report / f"{name}.html", colours="dark")
    page.emulate_media(media="print", color_scheme="light")
    for selector in ("nav", "details.code", ".skip"):
        assert not any(found.is_visible() for found in page.locator(selector).all()), selector
    assert page.locator("h1").is_visible() and page.locator("main img").first.is_visible()
    assert measure_overflow(page) <= 0


def test_keys_reach_the_page_past_the_navigation(report: Path, visit: Callable[..., Any]) -> None:
    page = visit(report / f"{NAMES[1]}.html")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to the page" and focused.bounding_box()["x"] >= 0  # type: ignore[index]
    focused.press("Enter")
    assert page.url.endswith("#page")


def test_no_page_is_too_heavy_to_open_at_once(report: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in report.iterdir()}
    assert {name: size for name, size in sizes.items() if size > MAX_PAGE_BYTES} == {}
    assert sum(sizes.values()) <= MAX_REPORT_BYTES


def test_with_the_gallery_and_the_breeding_page_the_published_report_stays_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (PUBLISHED / "report").iterdir()}
    assert max(sizes["gallery.html"], sizes["breed.html"]) < MAX_APP_BYTES
    assert sum(sizes.values()) < MAX_PUBLISHED_BYTES
