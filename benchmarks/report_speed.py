"""How long a page of the report takes to open from the disk, in Debian's chromium, and a report with nothing to do.

    python benchmarks/report_speed.py [FOLDER]
    python benchmarks/report_speed.py --tiles
    python benchmarks/report_speed.py --no-op default

FOLDER holds the pages, results/published/report by default. Each page is opened in a browser context of its
own, so that nothing is cached. Times are the browser's own: from the request to the end of the load event, and until
every picture on the page is decoded. All pages take turns; medians of 5 after one that warms up. The aim is a second.
With --tiles the gallery is timed by its own work on one core: all of it until the first image is drawn, and what its
program takes for a hundred more. The aims are one second and two. With --no-op nothing is opened: it times the command
`report`, as often, where all is fresh. The aim is 5 seconds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from fooling import runs
from fooling.report import freshness
from fooling.report.notebooks import NOTEBOOKS, open_workspace, read_notebooks

REPEATS = 5
DRAWN = "[...document.querySelectorAll('#tiles canvas')].filter(canvas => canvas.width).length"
# A picture may be decoded after the load event; a page is open when all of it can be seen.
OPENED = """async () => {
    await Promise.all([...document.images].map(image => image.decode()));
    const decoded = performance.now(), timing = performance.getEntriesByType("navigation")[0];
    return [timing.loadEventEnd, Math.max(timing.loadEventEnd, decoded)];
}"""


def open_page(browser: Browser, path: Path) -> tuple[float, float]:
    """Open a page; return milliseconds to its load event and until every picture is decoded."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(path.absolute().as_uri(), wait_until="load")
    loaded, decoded = page.evaluate(OPENED)
    context.close()
    return loaded, decoded


def time_tiles(browser: Browser, path: Path) -> tuple[float, float]:
    """Return the seconds of the gallery's work until an image is drawn, and of its program for a hundred more."""
    context = browser.new_context(viewport={"width": 1280, "height": 3000})
    page = context.new_page()
    clock = context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})  # other processes do not count

    def wait_for(count: int, what: str) -> tuple[float, int]:
        while (drawn := page.evaluate(DRAWN)) < count:
            page.wait_for_timeout(20)
        told = {one["name"]: one["value"] for one in clock.send("Performance.getMetrics")["metrics"]}
        return told[what], drawn

    page.goto(path.absolute().as_uri())
    opened, first = wait_for(1, "TaskDuration")
    page.locator("#size").fill("96")  # so that a hundred are in view
    begun, before = wait_for(first + 10, "ScriptDuration")
    ended, after = wait_for(before + 100, "ScriptDuration")
    context.close()
    return opened, 100 * (ended - begun) / (after - before)


def time_no_op(profile: str) -> list[float]:
    """Return the seconds of reports of a profile with nothing to do, or end if there is something."""
    statuses = freshness.survey(read_notebooks(NOTEBOOKS), open_workspace(profile, NOTEBOOKS))
    if any(page.state != freshness.FRESH for page in statuses.values()):
        sys.exit(f"Not all pages of profile {profile} are fresh; run `fooling report --profile {profile}` first.")
    command, seconds = [sys.executable, "-m", "fooling", "report", "--profile", profile], list[float]()
    for _ in range(REPEATS + 1):
        begun = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.monotonic() - begun)
    return seconds[1:]  # the first warms up


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long a page of the report takes to open.")
    parser.add_argument("folder", nargs="?", type=Path, default=runs.ROOT / "results/published/report")
    parser.add_argument("--no-op", metavar="PROFILE", help="time a report of this profile with nothing to do instead")
    parser.add_argument("--tiles", action="store_true", help="time the gallery's images instead")
    given = parser.parse_args()
    if given.no_op:
        seconds = time_no_op(given.no_op)
        print(f"{statistics.median(seconds):.1f} s, the median of", *(f"{one:.1f}" for one in seconds))
        return
    pages = sorted(given.folder.glob("*.html"))
    times: dict[Path, list[tuple[float, float]]] = {path: [] for path in pages}
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        if given.tiles:
            taken = [time_tiles(browser, given.folder / "gallery.html") for _ in range(REPEATS + 1)][1:]
            first, hundred = (statistics.median(column) for column in zip(*taken, strict=True))
            print(f"{first:.2f} s until the first image, {hundred:.2f} s for a hundred more: medians of {REPEATS}")
            return
        for repeat in range(REPEATS + 1):
            for path in pages:
                opened = open_page(browser, path)
                if repeat:  # the first warms up
                    times[path].append(opened)
        browser.close()
    print(f"{'':36}{'KB':>6}{'loaded, ms':>12}{'decoded, ms':>13}")
    for path in pages:
        loaded, decoded = (statistics.median(column) for column in zip(*times[path], strict=True))
        print(f"{path.name:36}{path.stat().st_size / 1000:6.0f}{loaded:12.0f}{decoded:13.0f}")


if __name__ == "__main__":
    main()
