"""The text of a page as HTML: formulas as MathML, links between notebooks as links between pages."""

from __future__ import annotations

import html
import re
from collections.abc import Container
from itertools import cycle
from typing import Any

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from fooling.report.inspection import PageError

NOTEBOOK_LINK = re.compile(r"^(?:\./)?(?P<page>\d\d_\w+)\.ipynb(?P<anchor>#[^\"']*)?$")
SIGN = re.compile(r"([<>≤≥=]|(?<=\[)[−\d.]+%?,) (?=−?[\d.])")  # of a number, or the first half of an interval
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
SHORT = 20  # letters of a cell that stays on one line
PHONE, BETWEEN = 52, 1  # letters across a table on a phone; those that the space between two columns takes
NOT_RUN = "This page is not part of this report."


class PageText(IPythonRenderer):
    """Render the text cells of one page, and collect its ``sections``: anchor and title as HTML."""

    def __init__(self, pages: Container[str]) -> None:
        """Start a page; only links to one of ``pages`` lead anywhere."""
        # Mistune's own escaping would also take entities for letters; HTML is made words below.
        super().__init__(escape=False, allow_harmful_protocols=False)
        self._pages = pages
        self._anchors: set[str] = set()
        self.sections: list[tuple[str, str]] = []

    def text(self, text: str) -> str:
        """Render words; a sign stays on the line of its number, and an interval on one line."""
        return str(super().text(SIGN.sub("\\1\u00a0", text)))

    def to_html(self, source: str) -> str:
        """Return Markdown as HTML."""
        return str(MarkdownWithMath(renderer=self).render(source))

    def inline_html(self, markup: str) -> str:
        """Render HTML in a line as words, but for the bare element that dollars stand in."""
        return markup if markup in ("<span>", "</span>") else html.escape(markup)

    def block_html(self, markup: str) -> str:
        """Render HTML between lines as words."""
        return f"<p>{html.escape(markup.strip())}</p>\n"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """Render a heading with an anchor that the page's contents link to."""
        words = html.unescape(re.sub(r"<[^>]*>", "", text)).lower()
        plain = re.sub(r"\W+", "-", words).strip("-") or "section"
        names = (plain, *(f"{plain}-{count}" for count in range(2, 999)))
        anchor = next(name for name in names if name not in self._anchors)
        self._anchors.add(anchor)
        if level == 2:
            self.sections.append((anchor, re.sub(r"</?a\b[^>]*>", "", text)))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Render a link; one to a notebook becomes one to its page."""
        return link_page(str(super().link(text, url, title)), self._pages)

    def table(self, text: str) -> str:
        """Render a table; on a phone, the rows of one that is wider than the screen become blocks of named cells."""
        head, *rows = (CELL.findall(row) for row in text.split("<tr>")[1:])
        columns = zip(*[[_measure_cell(cell) for cell in row] for row in (head, *rows)], strict=True)
        wide = sum(max(column) + BETWEEN for column in columns) > PHONE
        if wide:
            top, _, body = text.partition("<tbody>")
            labels = cycle(_read_words(cell).rstrip(":") for cell in head)
            named = re.sub("<td", lambda _: f'<td data-label="{html.escape(next(labels))}"', body)
            text = f"{top}<tbody>{named}"
        kind = ' class="wide"' if wide else ""
        return f'<div class="scroll" role="group" aria-label="Table" tabindex="0"><table{kind}>\n{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """Render a cell; a column without a heading has none, rather than an empty one."""
        text = SIGN.sub("\\1\u00a0", text)  # again: a bracket with a backslash was a text by itself
        tag = "th" if head and text.strip() else "td"
        long = ' class="long"' if len(_read_words(text)) > SHORT else ""
        style = f' style="text-align:{align}"' if align else ""
        return f"<{tag}{long}{style}>{text}</{tag}>\n"

    def inline_math(self, body: str) -> str:
        """Render ``$formula$``."""
        return to_mathml(body, display="inline")

    def block_math(self, body: str) -> str:
        """Render ``$$formula$$``."""
        return to_mathml(body, display="block")

    def latex_environment(self, name: str, body: str) -> str:
        """Render a LaTeX environment such as ``align``."""
        return to_mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")


def _read_words(cell: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", cell)).strip()


def _measure_cell(cell: str) -> int:
    """Return how many letters of a cell, given as HTML, should fit on a line."""
    words = _read_words(cell)
    return len(words) if len(words) <= SHORT else max(SHORT, *map(len, words.split(" ")))


def to_mathml(formula: str, display: str) -> str:
    """Return a LaTeX formula as MathML, which browsers draw by themselves; PageError if it cannot be read."""
    try:
        drawn = str(convert(formula.strip(), display=display))
    # The converter raises whatever its tables run into (KeyError, IndexError, errors of its own).
    except Exception as error:
        raise PageError(f"The formula {formula.strip()!r} cannot be drawn ({type(error).__name__}).") from error
    if unknown := re.search(r"\\\w+", drawn):  # the converter shows a command that it does not know as a word
        raise PageError(f"The formula {formula.strip()!r} cannot be drawn (unknown command {unknown[0]}).")
    if display == "inline":
        return drawn
    return f'<div class="formula" role="group" aria-label="Formula" tabindex="0">{drawn}</div>\n'


def link_page(markup: str, pages: Container[str]) -> str:
    """Return HTML whose links to notebooks lead to their pages, or are plain words where there is no such page."""

    def replace(link: re.Match[str]) -> str:
        found = NOTEBOOK_LINK.match(html.unescape(link["url"]))
        if not found:
            return link[0]
        if found["page"] not in pages:
            return f'<span class="not-run" title="{NOT_RUN}">{link["text"]}</span>'
        return f'<a href="{found["page"]}.html{found["anchor"] or ""}">{link["text"]}</a>'

    return re.sub(r"<a\b[^>]*?\bhref=[\"'](?P<url>[^\"']*)[\"'][^>]*>(?P<text>.*?)</a>", replace, markup, flags=re.S)
