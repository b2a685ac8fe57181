"""The report is whole by itself: no request, every picture described, formulas and links that work."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html import escape as escape_html
from html import unescape

import nbformat
import pytest

from fooling.pages import contents
from fooling.pages.claim import NOT, PARTLY, REPRODUCED, SUPPORTED, UNSUPPORTED, UNTESTED
from fooling.report import freshness, html, inspection
from fooling.report.index import find_group
from fooling.report.inspection import PageError
from fooling.report.markup import POLICY
from fooling.report.notebooks import read_notebooks
from fooling.words import escape

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def show(data, metadata=None, **more):
    output = {"output_type": "display_data", "data": data, "metadata": metadata or {}, **more}
    return {"cell_type": "code", "source": "show()", "execution_count": 1, "metadata": {}, "outputs": [output]}


def say(text, name="stdout"):
    output = {"output_type": "stream", "name": name, "text": text}
    return {"cell_type": "code", "source": "say()", "execution_count": 1, "metadata": {}, "outputs": [output]}


def draw(desk, *cells, names=("01_one",)):
    desk.write("01_one", *cells)
    content = (desk.workspace.notebooks / "01_one.ipynb").read_text()
    return html.draw_page("01_one", content, {name: f"Title of {name}" for name in names}, "smoke", {})


def test_formulas_become_mathml_and_no_dollar_is_left(desk):
    page = draw(desk, "# Title\n\nThe mean is $\\frac{1}{\\eta + 2}$ and\n\n$$z_k - \\log \\sum_j e^{z_j}$$")
    assert page.count("<math") == 2
    assert "<mfrac>" in page and 'display="block"' in page
    assert "$" not in page


@pytest.mark.parametrize("formula", [r"\nosuchcommand x", "a_b_c"])
def test_a_formula_that_cannot_be_read_is_named(desk, formula):
    with pytest.raises(PageError, match=r"The formula '.*' cannot be drawn"):
        draw(desk, f"# Title\n\n${formula}$")


def test_links_between_notebooks_lead_to_pages_and_nowhere_when_there_is_none(desk):
    text = "# Title\n\n[two](02_two.ipynb#the-end), [nine](09_nine.ipynb), [paper](https://arxiv.org/abs/1412.1897)"
    markup = show({"text/html": '<a class="x" href="02_two.ipynb">two</a>'})
    page = draw(desk, text, markup, names=["01_one", "02_two"])
    assert 'href="02_two.html#the-end"' in page and 'href="02_two.html"' in page
    assert "09_nine.ipynb" not in page and "09_nine.html" not in page
    assert 'href="https://arxiv.org/abs/1412.1897"' in page


def test_only_a_table_wider_than_a_phone_names_its_cells_and_an_interval_is_not_broken(desk):
    row = "| why it is *not* so | 0.13 \\[−0.11, 0.15\\] | " + "words " * 9 + "|"
    page = draw(desk, f"# Title\n\n| | `x` & y | [z](02_two.ipynb) |\n|---|---|---|\n{row}\n{row}")
    assert re.findall('data-label="([^"]*)"', page) == ["", "x &amp; y", "z"] * 2
    assert page.count('class="long"') == 2 and "0.13 [−0.11,\u00a00.15]" in page
    narrow = draw(desk, "# Title\n\n| | here |\n|---|---:|\n| what | 99.99% |")
    assert "<table>" in narrow and "data-label" not in narrow.partition("<body>")[2]


def test_a_picture_keeps_its_description_and_one_without_is_an_error_that_names_the_cell(desk):
    page = draw(desk, show({"image/png": PIXEL}, {"image/png": {"alt": 'Ten "champions" & one'}}))
    assert re.search(r"""alt=['"]Ten "champions" & one['"]""", unescape(page))
    with pytest.raises(PageError, match=r"Cell 2 shows a picture \(image/png\) without alt text"):
        draw(desk, show({"image/png": PIXEL}))
    with pytest.raises(PageError, match="<img> without alt text"):
        draw(desk, show({"text/html": f'<img src="data:image/png;base64,{PIXEL}">'}))
    with pytest.raises(PageError, match="without alt text"):
        draw(desk, "# Title\n\n![](picture.png)")


def test_markup_that_no_page_needs_is_an_error(desk):
    with pytest.raises(PageError, match="01_one holds '<script>', which could make a browser load or do something"):
        draw(desk, show({"text/html": "<script>fetch('x')</script>"}))


def test_a_table_that_a_library_draws_is_shown(desk):
    frame = '<style scoped>.a th {text-align: right;}</style><table border="1" class="a"><tr><th>a</th></tr></table>'
    page = draw(desk, show({"text/html": frame}))
    assert ".a th {text-align: right;}</style>" in page and "<th>a</th>" in page


@pytest.mark.parametrize(
    "markup", ["<script>alert(1)</script>", "<svg onload=alert(1)>", "a <img src=x> b", "<!-- a -->"]
)
def test_html_in_a_text_is_shown_as_words(desk, markup):
    page = draw(desk, f"# Title\n\n{markup}", show({"text/markdown": f"one {markup}"}))
    assert unescape(page).count(markup) >= 2 and markup not in page


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,a", "vbscript:a", "JAVASCRIPT&colon;alert(1)"]
)
def test_a_link_that_could_run_something_leads_nowhere(desk, address):
    assert 'href="#harmful-link"' in draw(desk, f"# Title\n\n[x]({address})")


def test_a_drawing_is_a_picture_and_no_part_of_the_page(desk):
    drawing = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'></svg>"
    page = draw(desk, show({"image/svg+xml": drawing}, {"image/svg+xml": {"alt": "A drawing."}}))
    assert (
        "<svg" not in page and f'src="data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"' in page
    )


def test_every_page_forbids_a_browser_what_it_does_not_need(desk):
    desk.write("01_one", "# One")
    desk.pretend()
    report(desk)
    for name in ("index", "01_one"):
        head = unescape(desk.workspace.report(name).read_text()).split("<title>")[0]
        assert 'http-equiv="Content-Security-Policy"' in head and f'content="{POLICY}"' in head, name
    for part in ("default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"):
        assert part in POLICY
    assert "script-src" not in POLICY and "connect-src" not in POLICY, "the default, nothing, holds for them"


@pytest.mark.parametrize("name", ["02_<svg onload=alert(1)>", "03_$x$ `y`", '04_a"b', "05_a&b"])
def test_a_notebooks_name_is_no_markup(desk, name):
    desk.write("01_one", "# One")
    desk.write(name, "# <b>Two</b>", "x = 1")
    desk.pretend()
    report(desk)
    page = desk.workspace.report(name).read_text()
    assert f">{name}, profile smoke" in unescape(page) and "<svg" not in page


def test_words_about_the_web_in_code_are_not_requests(desk):
    page = draw(desk, "# Title", 'print("<script src=https://example.org>")', say("<link rel=x>\n"))
    assert "&lt;script" in page


def test_what_people_call_things_is_no_request_and_stands_in_the_title_as_it_is(desk):
    named = "a <img src=x> url(x) @import y"
    picture = show({"image/png": PIXEL}, {"image/png": {"alt": named}})
    page = draw(desk, f"# Is it {escape(named)}?", picture, say(named))
    assert unescape(page).count("<img src=x>") == 5
    assert f"<title>Is it {escape_html(named)}? · easily-fooled</title>" in page


def test_code_is_folded_and_so_are_progress_bars_and_long_prints(desk):
    bar = "evolving: 100%|##########| 9/9 [00:01<00:00, 9.00it/s]\n"
    page = draw(desk, "x = 1", say(bar), say("short\n"), say("line\n" * 30), say("warning\n", "stderr"))
    assert re.search(r'<details class="code"><summary>Code</summary>', page)
    assert "<summary>Progress</summary>" in page
    assert "<summary>Printed text, 30 lines</summary>" in page
    assert "<summary>Messages</summary>" in page
    assert '<pre class="stream">short' in page


def test_the_contents_list_the_sections_and_every_anchor_exists_once(desk):
    page = draw(desk, "# Title", "## Same\n\ntext", "## Same\n\ntext", "## $x$ & y")
    beside, above = (re.findall(r'<li><a href="#([^"]+)">', part) for part in page.split("<summary>On this page", 1))
    assert beside == above
    anchors = beside
    assert anchors[:2] == ["same", "same-2"] and len(anchors) == 3
    assert all(page.count(f'id="{anchor}"') == 1 for anchor in anchors)
    assert '<html lang="en">' in page and "<title>Title · easily-fooled</title>" in page


def test_a_page_leads_to_its_group_and_to_the_titles_before_and_after(desk):
    for name in ("00_overview", "01_one", "02_two"):
        desk.write(name, f"# Is page {name[1]} <1?")
    desk.pretend()
    report(desk)
    page = desk.workspace.report("01_one").read_text()
    steps = re.findall(r'<a href="([^"]+)"(?: rel="(\w+)")?>\s*<span>[^<]*</span>\s*([^<]*?)\s*</a>', page)
    assert steps == [
        ("00_overview.html", "prev", "Is page 0 &lt;1?"),
        ("index.html", "", "All findings and pages"),
        ("02_two.html", "next", "Is page 2 &lt;1?"),
    ]
    assert "· Digits" in page
    first = desk.workspace.report("00_overview").read_text()
    assert 'rel="prev"' not in first and 'rel="next"' in first and "· Overview" in first


def test_a_new_title_is_seen_on_the_pages_beside_it(desk):
    for name in ("01_one", "02_two"):
        desk.write(name, f"# {name}")
    desk.pretend()
    report(desk)
    desk.write("02_two", "# Another title")
    desk.pretend("02_two")
    report(desk)
    assert "Another title" in desk.workspace.report("01_one").read_text()


def test_a_page_by_itself_leads_nowhere(desk):
    desk.write("15_own", "# Mine", "## One\n\n[before](14_explorer.ipynb)", "## Two")
    content = (desk.workspace.notebooks / "15_own.ipynb").read_text()
    page = html.draw_page("15_own", content, {}, "", {"seconds": 90.0})
    assert set(re.findall(r'href="([^"]*)"', page)) == {"#page", "#one", "#two"}
    assert "profile " not in page.split("</head>")[1] and "ran in 90 s" in page


def test_a_widget_leaves_its_picture_or_a_sentence_and_no_name_of_a_class(desk):
    view = {inspection.WIDGET: {"model_id": "4f1e", "version_major": 2, "version_minor": 0}, "text/plain": "VBox(…)"}
    page = draw(desk, "# Title", show(view))
    assert "live in JupyterLab" in page and "VBox" not in page and "4f1e" not in page
    page = draw(desk, show(view | {"image/png": PIXEL}, {"image/png": {"alt": "The panel."}}))
    assert 'alt="The panel."' in page and "VBox" not in page


def test_a_widget_that_ended_with_its_kernel_is_taken_out_of_the_notebook():
    view = {inspection.WIDGET: {"model_id": "4f1e"}, "text/plain": "VBox(…)"}
    about = {"image/png": {"alt": "A pixel."}}
    cells = [show(dict(view)), show({**view, "image/png": PIXEL}, about), show({"text/plain": "words"})]
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"4f1e": {}}}}
    notebook = nbformat.from_dict({"cells": cells, "metadata": {"widgets": state}, "nbformat": 4, "nbformat_minor": 4})
    inspection.tidy(notebook, "14_explorer")
    kept = [cell.outputs[0].data for cell in notebook.cells]
    assert "4f1e" not in json.dumps(notebook)
    assert "live in JupyterLab" in kept[0]["text/plain"] and kept[1:] == [{"image/png": PIXEL}, {"text/plain": "words"}]


def report(desk):
    return html.update_report(
        desk.workspace, freshness.survey(read_notebooks(desk.workspace.notebooks), desk.workspace)
    )


def test_the_same_results_give_the_same_bytes_and_only_changed_pages_are_drawn_again(desk, monkeypatch):
    desk.write("01_one", "# One", show({"image/png": PIXEL}, {"image/png": {"alt": "A pixel."}}))
    desk.write("02_two", "# Two")
    desk.pretend()
    report(desk)
    folder = desk.workspace.report().parent
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    drawn = []
    original = html.draw_page
    monkeypatch.setattr(html, "draw_page", lambda name, *rest: drawn.append(name) or original(name, *rest))
    report(desk)
    assert drawn == []
    desk.write("02_two", "# Two\n\nchanged")
    desk.pretend("02_two")
    report(desk)
    assert drawn == ["02_two"]
    for path in folder.iterdir():
        path.unlink()
    desk.write("02_two", "# Two")
    manifest = desk.workspace.manifest("02_two")
    finished = json.loads(manifest.read_text())["finished"]
    desk.pretend("02_two")
    manifest.write_text(re.sub(r'"finished": "[^"]*"', f'"finished": "{finished}"', manifest.read_text()))
    report(desk)
    assert {path.name: path.read_bytes() for path in folder.iterdir()}["01_one.html"] == first["01_one.html"]


def test_a_page_that_is_no_more_leaves_the_report(desk):
    desk.write("01_one", "# One")
    desk.write("02_two", "# Two")
    desk.pretend()
    report(desk)
    (desk.workspace.notebooks / "02_two.ipynb").unlink()
    report(desk)
    assert not desk.workspace.report("02_two").exists()


def test_the_index_shows_findings_pages_costs_and_what_is_not_fresh(desk, project):
    project.claim("pixels")
    desk.write("01_one", "# Is *one* right?", show({"image/png": PIXEL}, {"image/png": {"alt": "A pixel."}}))
    desk.write("02_two", "# Two")
    desk.write("03_three", "# Three")
    desk.pretend("01_one", "02_two", metrics={"records": {"pixels": {"median": 0.5}}, "runs": ["search-1"]})
    run = desk.workspace.results / "runs" / "search-1"
    run.mkdir(parents=True)
    (run / "provenance.json").write_text('{"computed": [{"seconds": 7000.0}, {"seconds": 200.0}]}')
    desk.write("02_two", "# Two, changed")
    index = report(desk).read_text()
    assert "Is one right?" in index and "The median is 0.5 &lt; 2." in index
    assert "Title of pixels &lt;b&gt;" in index
    cells = '<td>median &lt;b&gt;</td><td data-label="here">0.5</td><td data-label="the paper">99.99%</td>'
    assert f"<tr>{cells}</tr>" in index
    assert "<b>1</b> not reproduced" in index and "<b>1</b> reproduced" not in index
    assert 'href="01_one.html"' in index and index.count("data:image/webp;base64,") == 1
    assert "01 · 2.0 h of computing" in index and "2.0 h of computing; drawn with" in index and "12 s" not in index
    assert "stale: text of the notebook changed" in index
    assert "03 · not run" in index and 'href="03_three.html"' not in index
    assert "TensorFlow" in index and "verdict not-reproduced" in index


def test_the_index_counts_all_verdicts(desk, project, monkeypatch):
    verdicts = {"a": REPRODUCED, "b": PARTLY, "c": PARTLY, "d": NOT, "e": UNTESTED, "f": UNSUPPORTED, "g": SUPPORTED}
    project.claim(*verdicts)
    judged = [replace(one, judge=lambda found, verdict=verdicts[one.id]: verdict) for one in contents.CLAIMS]
    monkeypatch.setattr(contents, "CLAIMS", tuple(judged))
    desk.write("01_one", "# One")
    desk.pretend(metrics={"records": {name: {"median": 0.5} for name in verdicts}})
    tally = re.findall(r"<b>(\d)</b> ([a-z ]+)<", report(desk).read_text())
    ours = [("1", SUPPORTED), ("1", UNSUPPORTED)]
    assert tally == [("1", REPRODUCED), ("2", PARTLY), ("1", NOT), *ours, ("1", UNTESTED)]


def test_the_pixel_of_these_tests_is_a_picture():
    assert base64.b64decode(PIXEL).startswith(b"\x89PNG")


def test_pages_are_grouped_by_their_number():
    names = ("00_a", "01_b", "05_c", "06_d", "09_e", "10_f", "12_g", "13_h", "20_i")
    words = ["Overview", *["Digits"] * 2, *["ImageNet"] * 2, *["Digits and ImageNet"] * 2, *["Beyond the paper"] * 2]
    assert [find_group(name) for name in names] == words
