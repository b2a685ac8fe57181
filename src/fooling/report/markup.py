"""What the HTML of a page may hold: elements, attributes and addresses that pages need, and nothing else.

The policy in each page's head is a second wall: what the check should ever miss, a browser does not carry out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

from fooling.report.inspection import PageError

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# Elements: of a page, of its text, of formulas.
ELEMENTS = (
    "html head meta title style body header footer main nav section div span a",
    "h1 h2 h3 h4 h5 h6 p blockquote ul ol li dl dt dd hr br pre code em strong b i s u del ins mark sub sup small kbd "
    "details summary figure figcaption img table caption colgroup col thead tbody tfoot tr th td",
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd "
    "mlabeledtr mstyle mpadded mphantom menclose mmultiscripts mprescripts none",
)
# Attributes that a browser reads as an address, or follows in another way, and what they may be. Those that are not
# here must be words: of ATTRIBUTES, or begin with "aria-".
ADDRESSES = {
    ("a", "href"): re.compile(r"#\S*|[^/:?#\\]+\.html(?:#\S*)?|(?:https?://|mailto:)\S+", re.IGNORECASE),
    ("img", "src"): re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*"),
    ("meta", "http-equiv"): re.compile("Content-Security-Policy"),
    ("math", "xmlns"): re.compile(re.escape("http://www.w3.org/1998/Math/MathML")),
}
ATTRIBUTES = (
    "id class style title lang dir role tabindex rel alt width height charset name content type start value reversed "
    "colspan rowspan span scope headers data-label align valign border scoped open",
    "display displaystyle scriptlevel mathvariant mathsize mathcolor mathbackground stretchy fence separator form "
    "accent accentunder lspace rspace largeop movablelimits minsize maxsize symmetric linethickness columnalign "
    "rowalign columnspacing rowspacing columnspan frame notation depth voffset encoding",
)
# In a style: another file, or a letter written as a number, which could hide one.
LOADS = re.compile(r"@import|url\s*\(|image-set|\\|<", re.IGNORECASE)
MADE_OF = re.compile(r"<!-- made of (\w*) -->")  # the one comment that a page holds
_ELEMENTS, _ATTRIBUTES = ({word for part in words for word in part.split()} for words in (ELEMENTS, ATTRIBUTES))


def check_markup(name: str, page: str) -> str:
    """Return a page of HTML; PageError names the first thing in it that no page of the report needs."""
    checker = _Checker(name)
    checker.feed(page)
    checker.close()
    return page


def is_made_of(path: Path, made_of: str) -> bool:
    """Return whether there is a page, drawn to its end, that says to be made of what has this hash."""
    try:
        drawn = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    found = MADE_OF.search(drawn)
    return found is not None and found[1] == made_of and drawn.rstrip().endswith("</html>")


class _Checker(HTMLParser):
    """Raise PageError at the first element, attribute or address that is not one of a page's."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._name, self._element = name, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element = tag
        for name, value in attrs:
            known = ADDRESSES[tag, name].fullmatch(value or "") if (tag, name) in ADDRESSES else name in _ATTRIBUTES
            policed = name != "content" or "http-equiv" not in dict(attrs) or value == POLICY
            styled = name != "style" or not LOADS.search(value or "")
            if not ((known or name.startswith("aria-")) and policed and styled):
                self._refuse(self.get_starttag_text() or tag)
        if tag not in _ELEMENTS:
            self._refuse(self.get_starttag_text() or tag)

    def handle_endtag(self, tag: str) -> None:
        self._element = ""

    def handle_data(self, data: str) -> None:
        if self._element == "style" and (found := LOADS.search(data)):
            self._refuse(data[found.start() :])

    def handle_comment(self, data: str) -> None:
        if not MADE_OF.fullmatch(f"<!--{data}-->"):
            self._refuse(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        if decl != "DOCTYPE html":
            self._refuse(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self._refuse(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self._refuse(f"<![{data}")

    def _refuse(self, markup: str) -> NoReturn:
        sentence = f"{self._name} holds {markup[:80]!r}, which could make a browser load or do something"
        raise PageError(f"{sentence}; a page shows text, tables and pictures and is whole by itself.")
