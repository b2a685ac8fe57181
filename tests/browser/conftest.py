"""A real browser for the tests of this folder: Debian's chromium, driven by Playwright.

A test file here marks itself with ``pytestmark = pytest.mark.browser`` and asks for the fixture ``browser``. Where no
browser can be had its tests are skipped with the reason, or fail where ``FOOLING_BROWSER=required`` says that one must
be there, as ``.ci/run`` does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("FOOLING_BROWSER") == "required":
        pytest.fail(f"FOOLING_BROWSER=required, but {reason}", pytrace=False)
    pytest.skip(reason)
