"""Findings as sentences, Markdown and text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from fooling.pages import paper
from fooling.pages.findings.verdicts import Finding

MARKS = {paper.RECALLED: "†", paper.RECALLED_LESS: "‡"}  # behind a number of the paper, in a table


def as_sentence(finding: Finding) -> str:
    """Return a finding as a Markdown paragraph that a page ends with."""
    return (
        f"**{finding.verdict[0].upper()}{finding.verdict[1:]}** ({finding.claim_id}): {finding.ours}; "
        f"the paper: {finding.paper} ({finding.grade}). Scale: {finding.scale}."
    )


def as_markdown(findings: Iterable[Finding], folder: str = "") -> str:
    """Return a Markdown table with a line per finding; † and ‡ mark what is recalled of the paper.

    Args:
        findings: The rows.
        folder: Where the profiles' pages are, seen from the table; by default beside it.
    """
    rows = [
        (
            one.title,
            one.paper + MARKS.get(one.grade, ""),
            one.headline,
            f"**{one.verdict}**",
            one.scale,
            _link(one, folder),
        )
        for one in findings
    ]
    return table(("claim", "paper", "ours", "verdict", "scale", "page"), rows)


def _link(finding: Finding, folder: str) -> str:
    place = f"{folder}{finding.profile}/" if folder else ""
    return f"[{finding.page.split('_')[0]}]({place}{finding.page}.ipynb)"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def as_text(findings: Iterable[Finding], width: int = 100) -> str:
    """Return findings as paragraphs for a terminal."""
    blocks = []
    for one in findings:
        head = f"{one.claim_id}: {one.verdict} ({one.profile})"
        lines = (f"paper: {one.paper} ({one.grade})", f"ours:  {one.ours}", f"scale: {one.scale}; page {one.page}")
        wrapped = (textwrap.fill(line, width, initial_indent="  ", subsequent_indent="         ") for line in lines)
        blocks.append("\n".join([head, *wrapped]))
    return "\n".join(blocks) if blocks else "No findings yet: nothing has been run at this size."
