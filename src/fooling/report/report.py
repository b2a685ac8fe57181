"""What the command line does: make the report of a profile, say what is fresh, compare findings."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from fooling.pages import profiles
from fooling.report import freshness, html
from fooling.report.index import collect_findings, format_seconds
from fooling.report.inspection import PageError
from fooling.report.pages import Page, RefusedError, Workspace, add_needs, find_page
from fooling.report.runner import Plan, lock_results, run_pages

if TYPE_CHECKING:
    from fooling.pages.findings import Finding
    from fooling.report.processes import Outcome


def make_report(pages: Mapping[str, Page], workspace: Workspace, only: Sequence[str], force: bool, out: TextIO) -> int:
    """Run every page that is not fresh, draw the report and say what was found; return the exit code.

    Args:
        pages: All pages, in running order.
        workspace: Where they come from and go to.
        only: Numbers or names of pages; with those that they need, nothing else runs. All pages when empty.
        force: Run them even where they are fresh.
        out: Where progress and findings are shown.

    Raises:
        RefusedError: If a page does not exist or cannot be run, or the folder is not to be had; nothing has run.
        StoppedError: If a signal asked to stop.
    """
    named = [find_page(pages, word) for word in only] or list(pages)
    chosen = add_needs(pages, named)
    with lock_results(workspace) as lock:
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
            print(profiles.describe_cost(workspace.profile), file=out)
            run_pages(Plan(names, forced, pages, workspace), lock, out, after=show_page)
        else:
            print(f"Nothing to do: all {len(chosen)} pages of profile {workspace.profile} are fresh.", file=out)
        failed += _draw(workspace, pages)
    try:
        print(f"\n{compare_findings(workspace)}\n", file=out)
    except RefusedError as error:
        failed += [str(error)] if not any(str(error) in sentence for sentence in failed) else []
    for sentence in failed:
        print(f"fooling: {sentence}", file=sys.stderr)
    print(f"Report: {workspace.report()}", file=out)
    return 1 if failed else 0


def _draw(workspace: Workspace, pages: Mapping[str, Page], only: Sequence[str] | None = None) -> list[str]:
    try:
        html.update_report(workspace, freshness.survey(pages, workspace), only)
    except (PageError, RefusedError) as error:
        return [f"The report could not be drawn: {error}"]
    return []


def compare_findings(workspace: Workspace) -> str:
    """Return the findings of a profile, and beside each verdict the published one."""
    from fooling.pages import findings

    root = workspace.results.parent
    ours = collect_findings(workspace.profile, root)
    if not ours:
        return f"No page has reported a finding at profile {workspace.profile} yet."
    published = {finding.claim_id: finding for finding in collect_findings(None, root)}
    table = findings.as_text(ours, width=shutil.get_terminal_size((100, 24)).columns)
    return f"{table.rstrip()}\n\nDoes your machine say the same?\n{_compare_verdicts(ours, published)}"


def _compare_verdicts(ours: Sequence[Finding], published: Mapping[str, Finding]) -> str:
    rows = [("claim", "this run", "published", "")]
    for finding in ours:
        other = published.get(finding.claim_id)
        if other is None:
            rows.append((finding.claim_id, finding.verdict, "-", "not published yet"))
        else:
            same = "the same" if other.verdict == finding.verdict else "differs"
            rows.append((finding.claim_id, finding.verdict, f"{other.verdict} ({other.profile})", same))
    return format_table(rows)


def describe_status(statuses: Mapping[str, freshness.Status], profile: str) -> str:
    """Return a table of every page: its state, why, and what its last whole run cost."""
    rows = [("page", "state", "last run", "why")]
    rows += [(name, s.state, format_seconds(s.seconds) or "-", s.why) for name, s in statuses.items()]
    fresh = sum(status.state == freshness.FRESH for status in statuses.values())
    return f"{format_table(rows)}\n\n{fresh} of {len(statuses)} pages of profile {profile} are fresh."


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of words as aligned columns, the last one as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
