"""The breeding page as people open it: on a phone, by keyboard, in the dark, until LeNet is certain of all digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fooling import runs
from fooling.confidence import NEAR_CERTAIN
from fooling.report import breed
from fooling.report.notebooks import NOTEBOOKS, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PUBLISHED = runs.ROOT / "results" / "published"
NETWORKS = "01_mnist_networks"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WAYS = ("watching", "breeding", "drawing")
MAX_BYTES = 3_000_000
PATIENCE = 600_000  # milliseconds; an evolution is some 30 s of one core


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page, drawn by the code of today from what is published."""
    path = tmp_path_factory.mktemp("report") / "breed.html"
    path.write_text(breed.draw_breed(Workspace("extended", NOTEBOOKS, PUBLISHED), [NETWORKS]), encoding="utf-8")
    return path


@pytest.fixture
def visit(open_file: Callable[..., Any], file: Path) -> Callable[..., Any]:
    """Return a function that opens the page, on a phone if nothing else is asked for."""

    def open_patiently(viewport: Any = NARROW, colours: Any = "light") -> Any:
        page = open_file(file, viewport, colours)
        page.set_default_timeout(PATIENCE)
        return page

    return open_patiently


def wait_until_it_says(page: Page, selector: str, words: str) -> None:
    """Wait by a locator: a function of the page would be evaluated there, which its policy forbids."""
    page.locator(selector).filter(has_text=words).wait_for()


def read_shares(page: Page) -> list[float]:
    """Return the confidence that each of the ten tiles draws."""
    read = "tiles => tiles.map(tile => Number(tile.style.getPropertyValue('--share')))"
    return list(page.locator("#cells button").evaluate_all(read))


@pytest.mark.parametrize("viewport", [NARROW, {"width": 320, "height": 568}, {"width": 768, "height": 1024}, WIDE])
def test_the_longest_confidence_fits_its_tile(visit: Callable[..., Any], viewport: Any) -> None:
    page = visit(viewport)
    write = "span => { span.textContent = '> 99.9999%'; return [span.scrollWidth, span.clientWidth]; }"
    for way, tiles in (("#watching", "#cells"), ("#breeding", "#hand")):
        page.locator(way).check(force=True)
        wide, room = page.locator(f"{tiles} span").first.evaluate(write)
        assert wide <= room


def test_noise_becomes_all_ten_digits_on_a_phone_and_the_timeline_leads_back(visit: Callable[..., Any]) -> None:
    page = visit()
    assert min(read_shares(page)) < 0.1
    page.get_by_role("button", name="Start").tap()
    wait_until_it_says(page, "#told", "all ten")
    assert min(read_shares(page)) >= NEAR_CERTAIN
    assert page.get_by_role("button", name="Go on").is_visible()
    last = int(page.locator("#time").get_attribute("max"))
    page.locator("#time").fill("0")
    assert page.locator("#when").inner_text().startswith("generation 0, 16 images") and min(read_shares(page)) < 0.1
    page.locator("#time").fill(str(last))
    assert min(read_shares(page)) >= NEAR_CERTAIN
    assert page.complaints == []


def test_slow_motion_shows_a_generation_and_its_new_champions_and_a_seed_gives_it_again(
    visit: Callable[..., Any],
) -> None:
    page = visit()
    page.get_by_label("Slow motion").check()
    assert page.locator("#litter canvas").count() == 16
    begun = read_shares(page)
    page.get_by_role("button", name="Start").click()
    wait_until_it_says(page, "#when", "generation 3,")
    page.get_by_role("button", name="Stop").click()
    assert "New champions" in page.locator("#took").inner_text() or "No child" in page.locator("#took").inner_text()
    bred = read_shares(page)
    assert all(after >= before for before, after in zip(begun, bred, strict=True)) and bred != begun
    page.get_by_role("button", name="Begin anew").click()
    assert read_shares(page) == begun
    page.get_by_label("Seed").fill("2")
    page.get_by_label("Seed").blur()
    assert read_shares(page) != begun


def test_a_litter_is_bred_by_hand_from_two_parents_at_most_and_by_the_network(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#breeding").check(force=True)
    tiles, told = page.locator("#hand button"), page.locator("#bred")
    for place in (1, 4, 6):
        tiles.nth(place).tap()
    assert "two parents at most" in told.inner_text()
    pressed = tiles.evaluate_all("tiles => tiles.map(tile => tile.ariaPressed)")
    assert [place for place, one in enumerate(pressed) if one == "true"] == [1, 4]
    parents = [tiles.nth(place).inner_text() for place in (1, 4)]
    page.get_by_role("button", name="Breed", exact=True).tap()
    assert [tiles.nth(place).inner_text() for place in (0, 1)] == parents
    assert page.locator("#litters").inner_text() == "Litter 2"
    page.get_by_role("button", name="Back").tap()
    assert page.locator("#litters").inner_text() == "Litter 1"
    page.get_by_role("button", name="Let LeNet choose").tap()
    wait_until_it_says(page, "#bred", "certain that the framed image is a 4")
    share = page.locator("#hand [aria-pressed=true]").evaluate("tile => tile.style.getPropertyValue('--share')")
    assert float(share) >= NEAR_CERTAIN
    assert page.complaints == []


def test_a_drawn_seven_is_taken_for_a_seven(visit: Callable[..., Any]) -> None:
    page = visit(WIDE)
    page.locator("#drawing").check(force=True)
    box = page.locator("#pad").bounding_box()
    places = [
        (box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in ((0.3, 0.2), (0.7, 0.2), (0.45, 0.8))
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    wait_until_it_says(page, "#taken", "for a 7")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#taken").inner_text() == "Draw a digit."


def test_everything_is_reached_with_the_keyboard(visit: Callable[..., Any]) -> None:
    page = visit(WIDE)
    page.locator("#watching").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#start").inner_text() == "Stop"
    page.keyboard.press("Enter")
    page.locator("#cells button").nth(2).press("Enter")
    assert page.locator("#digit").inner_text() == "2"
    page.locator("#watching").press("ArrowRight")
    assert page.locator("#hand").is_visible()
    page.locator("#breeding").press("ArrowRight")
    pad = page.locator("#pad")
    for key in (" ", *["ArrowDown"] * 9, " "):
        pad.press(key)
    wait_until_it_says(page, "#taken", "for a 1")


@pytest.mark.parametrize(
    ("viewport", "colours"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
)
def test_the_page_fits_is_accessible_and_asks_for_nothing(
    visit: Callable[..., Any], file: Path, viewport: Any, colours: str
) -> None:
    page = visit(viewport, colours)
    page.get_by_label("Slow motion").check()
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    for way in WAYS:
        page.locator(f"#{way}").check(force=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert page.find_violations() == []
    images = page.evaluate("[...document.querySelectorAll('canvas')].map(canvas => getComputedStyle(canvas).filter)")
    assert set(images) == {"none"}  # an image is shown as the network sees it, in the dark, too
    assert page.requests == [file.as_uri()] and page.complaints == []


def test_the_page_is_small_and_opens_at_once(browser: Browser, file: Path) -> None:
    assert file.stat().st_size < MAX_BYTES
    page = browser.new_page()
    measured = page.context.new_cdp_session(page)
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})  # its own work, not that of other processes
    page.goto(file.as_uri())
    metrics = {one["name"]: one["value"] for one in measured.send("Performance.getMetrics")["metrics"]}
    page.close()
    assert metrics["TaskDuration"] < 1.0


def test_a_confidence_is_put_into_words_as_python_does(visit: Callable[..., Any]) -> None:
    from fooling.words import show_confidence

    page = visit(WIDE)
    shown = page.locator("#share").inner_text()
    share = page.locator("#cells [aria-pressed=true]").evaluate(
        "tile => Number(tile.style.getPropertyValue('--share'))"
    )
    assert shown == show_confidence(share)
