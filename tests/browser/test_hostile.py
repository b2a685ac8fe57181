"""What people call their files and classes, in a real browser: words, and no script, request or link."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fooling.report import html
from fooling.words import escape, list_lines, table
from hostile import NAMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def write_page(name: str) -> str:
    """Return a page whose title, text, list, table, printed words, code and picture's description are a name."""
    told = f"{list_lines([name])}\n\n{table(('', name), [(name, name)])}"
    outputs = [
        {"output_type": "display_data", "data": {"text/markdown": told}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": name},
        {"output_type": "display_data", "data": {"image/png": PIXEL}, "metadata": {"image/png": {"alt": name}}},
    ]
    code = {"cell_type": "code", "source": repr(name), "execution_count": 1, "metadata": {}, "outputs": outputs}
    text = {"cell_type": "markdown", "source": f"# Is {escape(name)} fooled?\n\n{told}", "metadata": {}}
    section = {"cell_type": "markdown", "source": f"## {escape(name)}\n\n## Two", "metadata": {}}
    return json.dumps({"cells": [text, code, section], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def test_a_name_is_shown_as_it_is_and_nothing_else_happens(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        for name in NAMES:
            path = tmp_path / "audit.html"
            path.write_text(html.draw_page("15_your_network", write_page(name), {}, "", {}), encoding="utf-8")
            asked.clear()
            page.goto(path.as_uri())
            page.mouse.move(200, 200)
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()], name
            assert said == [], name
            assert page.title() == f"Is {name} fooled? · easily-fooled"
            assert page.locator("h1").inner_text() == f"Is {name} fooled?"
            assert page.locator("section li").first.inner_text() == name
            assert {cell.inner_text() for cell in page.locator("td, th").all()} <= {name, ""}
            assert page.locator("img").get_attribute("alt") == name
            links = page.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
            assert all(link.startswith("#") for link in links), name
    finally:
        context.close()


def test_the_policy_stops_what_the_check_would_miss(browser: Browser, tmp_path: Path) -> None:
    """The second wall by itself: markup is put into a page behind the check's back."""
    content = html.draw_page("15_your_network", write_page("plain"), {}, "", {})
    markup = (
        "<script>document.title = 'ran'</script><img src='https://example.org/x.png' alt='a'>"
        "<svg onload=\"document.title = 'ran'\"></svg><iframe src='https://example.org'></iframe>"
        "<link rel='stylesheet' href='https://example.org/x.css'><base href='https://example.org/'>"
    )
    (tmp_path / "audit.html").write_text(content.replace('<main id="page">', f'<main id="page">{markup}'))
    context = browser.new_context()
    try:
        page = context.new_page()
        answered: list[str] = []
        page.on("requestfinished", lambda request: answered.append(request.url))
        page.goto((tmp_path / "audit.html").as_uri())
        assert page.title() == "Is plain fooled? · easily-fooled"
        assert all(url.startswith(("file:", "data:")) for url in answered)
        assert page.evaluate("document.baseURI").startswith("file:")
    finally:
        context.close()
