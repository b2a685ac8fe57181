"""A real browser for the tests of this folder: Debian's chromium, driven by Playwright.

A test file here marks itself with ``pytestmark = pytest.mark.browser`` and asks for the fixture ``browser``. Where no
browser can be had its tests are skipped with the reason, or fail where ``FOOLING_BROWSER=required`` says that one must
be there, as ``.ci/run`` does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PHONE = 600  # pixels; a window that is not as wide is one
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Not for the whole session: as long as Playwright runs, this thread has an event loop, and no later test could start
# its own, as those of the pipeline do. (A folder without __init__.py is no package, so that scope would last as long.)
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield one browser for all tests of a file; each opens contexts and pages of its own, and closes them."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        _give_up(f"no browser is installed ({', '.join(CHROMIUM)})")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        _give_up(f"Playwright cannot be imported ({error})")
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        except Error as error:
            _give_up(f"{path} does not start ({error.message.splitlines()[0]})")
        yield started
        started.close()


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a file in a window of this size, a phone's if it is narrow, until the test ends.

    What the page said and asked for is in its ``complaints`` and ``requests``; ``find_violations`` asks axe-core.
    """
    contexts = []

    def open_page(path: Path, viewport: dict[str, int], colours: Any = "light") -> Any:
        small = viewport["width"] < PHONE
        context = browser.new_context(viewport=viewport, color_scheme=colours, is_mobile=small, has_touch=small)
        contexts.append(context)
        page: Any = context.new_page()
        page.complaints, page.requests, page.find_violations = [], [], partial(_find_violations, page)
        page.on("console", lambda message: page.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def _find_violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("FOOLING_BROWSER") == "required":
        pytest.fail(f"FOOLING_BROWSER=required, but {reason}", pytrace=False)
    pytest.skip(reason)
