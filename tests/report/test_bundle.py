"""Pages with a program in them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from fooling import runs
from fooling.report import bundle


def write_modules(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def test_modules_become_one_script_without_imports_and_exports(tmp_path: Path) -> None:
    write_modules(
        tmp_path, one="export const a = 1;\n", two='import {\n  a,\n} from "./one.js";\nexport function f() {}\n'
    )
    assert bundle.bundle_modules(["one.js", "two.js"], tmp_path) == "const a = 1;\n\nfunction f() {}\n"


def test_a_module_that_stands_before_what_it_imports_is_refused(tmp_path: Path) -> None:
    write_modules(tmp_path, one="export const a = 1;\n", two='import { a } from "./one.js";\n')
    with pytest.raises(ValueError, match=r"two\.js imports one\.js, which must stand before it"):
        bundle.bundle_modules(["two.js", "one.js"], tmp_path)


def test_a_name_that_two_modules_define_is_refused(tmp_path: Path) -> None:
    write_modules(tmp_path, one="const { a, b } = Math;\n", two="async function b() {}\n")
    with pytest.raises(ValueError, match=r"define b\."):
        bundle.bundle_modules(["one.js", "two.js"], tmp_path)


def test_all_javascript_stays_small() -> None:
    """A rule of the house: at most 1,200 lines in all, comments and blank lines included."""
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in (runs.ROOT / "src").rglob("*.js")}
    assert len(lines) > 10 and sum(lines.values()) <= 1200


def test_data_cannot_end_the_element_that_it_stands_in() -> None:
    hostile = "</script><script>alert(1)</script><!--"
    written = bundle.write_data([hostile])
    assert "<" not in written and json.loads(written) == [hostile]


def test_the_policy_knows_the_script_and_the_style_as_they_stand_in_the_page(tmp_path: Path) -> None:
    page = (
        '<meta content="{{ policy }}"><style>{{ style }}</style><i>{{ name }}</i><script type="module">{{ script }}'
        '</script><script type="application/json">{{ data }}</script>'
    )
    (tmp_path / "app.html.j2").write_text(page, encoding="utf-8")
    (tmp_path / "app.css").write_text('b::before { content: "<&>"; }', encoding="utf-8")
    write_modules(tmp_path, app='if (1 < 2 && "&") f();\n')
    drawn = bundle.draw_app("app.html.j2", ["app.js"], [tmp_path / "app.css"], {}, {"name": "<b>"}, tmp_path)
    policy = re.search(r'content="([^"]*)"', drawn)
    for element in ('script type="module"', "style"):
        inside = re.search(rf"<{element}>(.*?)</", drawn, re.DOTALL)
        assert policy and inside
        hashed = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"sha256-{hashed}" in policy[1].replace("&#39;", "'").replace("&#43;", "+")
    assert "<i>&lt;b&gt;</i>" in drawn and 'if (1 < 2 && "&")' in drawn
