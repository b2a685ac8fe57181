"""A page holds text, tables and pictures; what a browser would load or carry out is refused."""

from __future__ import annotations

import pytest

from fooling.report.inspection import PageError
from fooling.report.markup import POLICY, check_markup


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="#there">a</a><a href="02_two.html#there">b</a><a href="https://example.org/?a=b">c</a>',
        '<img src="data:image/png;base64,AAAA" alt="a <script>">',
        '<table border="1"><tr><th scope="col" style="text-align:left">a</th></tr></table>',
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mi>x</mi></math>',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><!-- made of 12ab -->',
        '<pre>&lt;script src=x&gt; url(x) @import</pre><p title="url(x)">onclick=1</p>',
    ],
)
def test_what_a_page_is_made_of_passes(markup: str) -> None:
    page = f"<!DOCTYPE html><html><body>{markup}</body></html>"
    assert check_markup("01_one", page) == page


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://example.org/x.js"></script>',
        "<script>fetch('x')</script>",
        '<img alt="a" src="https://example.org/x.png">',
        '<img alt="a" src="x.png">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        "<style>@import 'https://example.org/x.css';</style>",
        '<p style="background: url(https://example.org/x.png)">a</p>',
        '<p style="background: u\\72l(https://example.org/x.png)">a</p>',
        '<p onclick="alert(1)">a</p>',
        "<svg onload=alert(1)>",
        "<svg><use href='https://example.org/x.svg#a'/></svg>",
        '<a href="javascript:alert(1)">a</a>',
        '<a href="java&#9;script:alert(1)">a</a>',
        '<a href="//example.org">a</a>',
        '<a href="x" ping="https://example.org">a</a>',
        '<meta http-equiv="refresh" content="0;url=https://example.org">',
        '<meta http-equiv="Content-Security-Policy" content="default-src *">',
        '<base href="https://example.org">',
        '<form action="https://example.org"><input></form>',
        '<video poster="https://example.org/x.png"></video>',
        '<iframe srcdoc="a"></iframe>',
        '<math><mtext href="javascript:alert(1)">a</mtext></math>',
        "<math><annotation-xml encoding='text/html'><p>a</p></annotation-xml></math>",
        "<!--><img alt='a' src=x onerror=alert(1)>-->",
        "<style><b></style>",
        "<?xml-stylesheet href='x.css'?>",
        "<![CDATA[<p>a</p>]]>",
    ],
)
def test_whatever_a_browser_could_load_or_carry_out_is_refused_by_name(markup: str) -> None:
    with pytest.raises(PageError, match=r"^01_one holds .* which could make a browser load or do something"):
        check_markup("01_one", f"<!DOCTYPE html><html><body>{markup}</body></html>")
