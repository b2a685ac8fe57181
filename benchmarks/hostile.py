"""Audit networks whose classes and pictures have hostile names, and open each page in a real browser.

`.venv/bin/python benchmarks/hostile.py --names 300`: so many names of folders and files, made from fragments of markup,
links, formulas and scripts. Twelve folders, each of a class and with two pictures, go through one audit by the command
line. Its page must start no script and no dialogue, ask for nothing, and link to nothing but its own sections; the
names stand on it as words: the last line says how many were seen. It needs a Chromium and Playwright, as tests do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fooling.words import clean_name

# What people might call a class; the tests show each of them by itself.
NAMES = (
    "a <svg onload=alert(1)>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "[x](javascript:alert(1))",
    "![x](https://example.org/a.png)",
    "<https://example.org>",
    "https://example.org www.example.org",
    r"$\input{x}$ $$\href{javascript:alert(1)}{x}$$",
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<base href="https://example.org/">',
    "</title></style></pre></section><iframe src=https://example.org>",
    "{{ 7 * 7 }} {% raw %} `code` *a* _b_ | c &lt;b&gt;",
)
# What only these audits meet, in pieces and joined with the names above.
FRAGMENTS = (
    *NAMES,
    "<form action=//example.org><input autofocus onfocus=alert(1)>",
    "<video poster=//example.org/x src=x onerror=alert(1)>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<style>@import url(//example.org/x.css)</style>",
    "<object data=//example.org><embed src=//example.org>",
    "<link rel=prefetch href=//example.org>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#x3C;script>",
    "\\[ \\def\\x{\\x}\\x \\]",
    "[a]: javascript:alert(1)",
    "- 1. # > ``` ~~~",
    "<!-- --> <![CDATA[ ]]>",
    "\u202e\u2066 \u200b é 名 🙂",
    "' onclick='alert(1)'",
    "%3Cscript%3E ../.. ~ ; rm -rf $HOME `id` $(id)",
)
CLASSES, PICTURES, SIDE = 12, 2, 12
LONGEST = 120  # bytes of a name; Choice: half of what a file system takes


def make_names(count: int, random: np.random.Generator) -> list[str]:
    """Return so many different names that a file system takes."""
    names: dict[str, None] = {}
    while len(names) < count:
        joined = " ".join(random.choice(FRAGMENTS, random.integers(1, 4)).tolist())
        cut = (
            joined.replace("/", random.choice(["\u2215", "\\", " "]))
            .encode()[:LONGEST]
            .decode(errors="ignore")
            .strip(" .")
        )
        names |= {cut: None} if cut and not cut.startswith("-") else {}
    return list(names)


def write_network(path: Path) -> None:
    """Write a small network of CLASSES classes with random weights."""
    import keras

    images = keras.layers.Input((SIDE, SIDE, 1))
    shapes = keras.layers.Conv2D(8, 3, activation="relu")(images)
    scores = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Flatten()(shapes))
    keras.Model(images, scores).save(path)


def write_pictures(folder: Path, names: Sequence[str], random: np.random.Generator) -> None:
    """Write pictures of noise into folders, of which the first CLASSES names are the classes'."""
    from PIL import Image

    for place, name in enumerate(names[CLASSES:]):
        within = folder / names[place % CLASSES]
        within.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (SIDE, SIDE), np.uint8)).save(within / f"{name}.png")


def audit(scratch: Path, budget: float) -> tuple[Path, str]:
    """Audit the network in a folder by its pictures; return where the page is, and what was said if there is none."""
    command = [sys.executable, "-m", "fooling", "audit", scratch / "model.keras", "--images", scratch / "pictures"]
    options = ["--budget", str(budget), "--output", scratch / "audit"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return scratch / "audit" / "audit.html", "" if done.returncode == 0 else done.stdout[-2000:] + done.stderr[-2000:]


def find_wrong(page: Any, path: Path) -> list[str]:
    """Open a page in a browser, with a Playwright page of its own, and return what it did that it must not."""
    asked, said = [], []
    page.on("dialog", lambda dialog: (said.append(f"dialogue {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: said.append(f"console {message.text}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.mouse.move(300, 300)
    links = page.eval_on_selector_all("a, area", "links => links.map(link => link.getAttribute('href'))")
    elements = page.locator("main").locator("script, iframe, object, embed, form, base, meta, link, video").count()
    return [
        *said,
        *(f"request {url}" for url in asked if url != path.as_uri() and not url.startswith(("data:", "blob:"))),
        *(f"link {link}" for link in links if not link.startswith("#")),
        *([f"{elements} elements that a page does not have"] if elements else []),
    ]


def count_shown(page: Any, names: Sequence[str]) -> int:
    """Return how many names stand on a page that is open, in its text or as what a picture is called."""
    called = page.eval_on_selector_all("img", "pictures => pictures.map(picture => picture.alt)")
    text = " ".join(" ".join([page.locator("main").text_content(), *called]).split())
    return sum(clean_name(name) in text for name in names)


def main() -> int:
    """Audit until so many names were used; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=300)
    parser.add_argument("--budget", type=float, default=0.1, help="minutes for each audit")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    random, wrong, each, pages, shown = np.random.default_rng(given.seed), list[str](), CLASSES * (1 + PICTURES), 0, 0
    names = make_names(-(-given.names // each) * each, random)
    scratch = Path(tempfile.mkdtemp(prefix="hostile-"))
    write_network(scratch / "model.keras")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    for first in range(0, len(names), each):
        shutil.rmtree(scratch / "pictures", ignore_errors=True)
        shutil.rmtree(scratch / "audit", ignore_errors=True)
        few = names[first : first + each]
        write_pictures(scratch / "pictures", few, random)
        path, failed = audit(scratch, given.budget)
        found = [failed] if failed else []
        if not failed:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
                page = browser.new_page()
                found, pages = find_wrong(page, path), pages + 1
                shown += count_shown(page, few[:CLASSES])
                browser.close()
        wrong += [f"names {first} to {first + each - 1}: {one}" for one in found]
        print(f"{first + each} names, {len(wrong)} wrong", flush=True)
    folders = len(names) // each * CLASSES
    print(f"{len(names)} names, {folders} of them folders, of which {shown} were seen on {pages} pages")
    print("\n".join(wrong) or "No script ran, nothing was asked for, and no link leads away.")
    shutil.rmtree(scratch)
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
