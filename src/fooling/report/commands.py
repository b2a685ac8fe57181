"""What the command line does: make the report of a profile, say what is fresh, compare findings."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from fooling.files import DamagedError
from fooling.pages.finding import Finding, tell_findings
from fooling.report import freshness, html
from fooling.report.costs import describe_profile
from fooling.report.index import collect_findings
from fooling.report.inspection import PageError
from fooling.report.notebooks import Notebook, RefusedError, Workspace, add_needs, find_page
from fooling.report.runner import Outcome, Schedule, lock_results, run_pages
from fooling.words import show_seconds


def make_report(
    pages: Mapping[str, Notebook], workspace: Workspace, only: Sequence[str], force: bool, out: TextIO
) -> int:
    """Run every page that is not fresh, draw the report and say what was found; return the exit code.

    With ``only``, numbers or names of pages, nothing runs besides them and those that they need. ``force`` runs them
    even where they are fresh.
    """
    named = [find_page(pages, word) for word in only] or list(pages)
    chosen = add_needs(pages, named)
    with lock_results(workspace):
        statuses = freshness.survey(pages, workspace)
        forced = named if force else []
        names = [name for name in chosen if name in forced or statuses[name].state != freshness.FRESH]
        failed: list[str] = []

        def show_page(outcome: Outcome) -> None:
            if outcome.error:
                failed.append(f"{outcome.page}: {outcome.error}")
            # Drawn as soon as it is there, so that one reads the first pages while the last ones run. What is
            # wrong now may be put right by a page still to come; what stays wrong is told at the end.
            _draw(workspace, pages, only=[outcome.page])

        if names:
            print(describe_profile(workspace.profile), file=out)
            run_pages(Schedule(names, forced, pages, workspace), out, after=show_page)
        else:
            print(f"Nothing to do: all {len(chosen)} pages of profile {workspace.profile} are fresh.", file=out)
        failed += _draw(workspace, pages)
    try:
        print(f"\n{compare_findings(workspace)}\n", file=out)
    except RefusedError as error:
        told = any(sentence.endswith(str(error.__cause__)) for sentence in failed)  # by what could not be drawn
        failed += [] if told else [str(error)]
    for sentence in failed:
        print(f"fooling: {sentence}", file=sys.stderr)
    print(f"Report: {workspace.report()}", file=out)
    return 1 if failed else 0


def _draw(workspace: Workspace, pages: Mapping[str, Notebook], only: Sequence[str] | None = None) -> list[str]:
    """Draw the report; return what went wrong, in sentences."""
    try:
        html.update_report(workspace, freshness.survey(pages, workspace), only)
    except (DamagedError, PageError, RefusedError) as error:
        return [f"The report could not be drawn: {error}"]
    return []


def show_findings(findings: Sequence[Finding]) -> str:
    """Return findings as text as wide as the terminal."""
    return tell_findings(findings, width=shutil.get_terminal_size((100, 24)).columns)


def compare_findings(workspace: Workspace) -> str:
    """Return the findings of a profile, and beside each verdict the published one of the same profile."""
    ours, profile = collect_findings([workspace.results]), workspace.profile
    if not ours:
        return f"No page has reported a finding at profile {profile} yet."
    beside = [workspace.published / profile, workspace.published]
    found = collect_findings(folder for folder in beside if folder.is_dir())
    published = {one.claim.id: one.verdict for one in found if one.profile == profile}
    question = f"{show_findings(ours)}\n\nDoes your machine say the same?"
    if not published:
        return f"{question} Nothing of profile {profile} is published to compare with."
    rows = [("claim", "this run", "published", "")]
    for one in ours:
        other = published.get(one.claim.id)
        same = "not published yet" if other is None else "the same" if other == one.verdict else "differs"
        rows.append((one.claim.id, one.verdict, other or "-", same))
    return f"{question}\n{format_table(rows)}"


def describe_status(statuses: Mapping[str, freshness.Status], profile: str) -> str:
    """Return a table of every page: its state, why, and what its last whole run cost."""
    rows = [
        (page.name, page.state, "-" if page.seconds is None else show_seconds(page.seconds), page.why)
        for page in statuses.values()
    ]
    told = format_table([("page", "state", "last run", "why"), *rows])
    fresh = sum(page.state == freshness.FRESH for page in statuses.values())
    return f"{told}\n\n{fresh} of {len(rows)} pages of profile {profile} are fresh."


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of words as aligned columns, the last one as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
