"""From what the pages measured to verdicts: every claim beside what was found, as a sentence, a table or text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from fooling.files import DamagedError, read_json
from fooling.pages.claim import MARKS, Claim
from fooling.pages.page import PUBLISHED, RESTORE, Profile, check_profile, find_remedy, read_metrics, read_record
from fooling.words import Markup, escape, table

# In a published folder: of which profile each page is, and the seconds of computing that it added.
ORIGINS = "pages.json"


class Origin(TypedDict):
    """What a published folder says of a page."""

    profile: Profile
    seconds: NotRequired[float]


@dataclass(frozen=True)
class Finding:
    """A claim and what became of it."""

    claim: Claim[Any]  # the claim
    record: Any  # what its page measured
    profile: str  # the size at which it was tested

    @property
    def verdict(self) -> str:
        """One of those of :mod:`fooling.pages.claim`."""
        return self.claim.judge(self.record)

    @property
    def headline(self) -> str:
        """What was found, in a sentence."""
        return self.claim.headline(self.record)

    @property
    def scale(self) -> str:
        """Runs, sizes and network, in words."""
        return self.claim.scale(self.record)

    def as_markdown(self) -> str:
        """Return what a page ends with: verdict and sentence in bold, the numbers beside the paper's, the scale."""
        claim, verdict = self.claim, self.verdict
        rows = table(("", "here", "the paper"), claim.rows(self.record))
        said = f"**{verdict[0].upper()}{verdict[1:]}: {escape(self.headline)}**"
        before = claim.before(self.record) if claim.before else verdict
        changed = "" if before == verdict else f" By the rule before: *{before}*."
        told = f"`{claim.id}`; the paper: {claim.number} ({claim.grade}). Scale: {escape(self.scale)}.{changed}"
        return f"{said}\n\n{rows}\n\n{told}"

    def as_numbers(self, network: str = "its network") -> str:
        """Return the same without a verdict on the paper, for a network of a reader's own beside the paper's."""
        rows = table(("", "here", f"the paper, on {network}"), self.claim.rows(self.record))
        return f"**{escape(self.headline)}**\n\n{rows}\n\nScale: {escape(self.scale)}."


def collect(claims: Iterable[Claim[Any]], folders: Iterable[Path]) -> tuple[Finding, ...]:
    """Judge every claim that has been measured, in the order given.

    Folders are results of profiles, the one that is to be believed first; named by the profile, unless they are
    published, where :data:`ORIGINS` tells.
    """
    places = list(folders)
    found = (next(filter(None, (_find(claim, folder) for folder in places)), None) for claim in claims)
    return tuple(one for one in found if one)


def _find(claim: Claim[Any], folder: Path) -> Finding | None:
    """Return what a page found, or None where it has not run, or measured nothing for this claim."""
    page, origins = claim.page, read_origins(folder)
    record = read_record(folder, page, claim.id, claim.record)
    if record is None:
        others = read_metrics(folder, page).get("records", {})
        if not others and page in origins:
            raise DamagedError(f"{page}.json is missing; {find_remedy(folder, page)}.")
        if not others.keys() <= claim.without:
            raise DamagedError(f"{page}.json holds no numbers for {claim.id!r}; {find_remedy(folder, page)}.")
        return None
    if folder.name == PUBLISHED and page not in origins:
        raise DamagedError(f"{ORIGINS} does not name {page}; {RESTORE}.")
    one = Finding(claim, record, origins[page]["profile"] if page in origins else check_profile(folder.name))
    try:
        one.as_markdown()  # all that is told of it: numbers of the right types may still be none that a page measures
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        told = (
            f"{page}.json holds numbers for {claim.id!r} that cannot be right ({error}); {find_remedy(folder, page)}."
        )
        raise DamagedError(told) from error
    return one


def read_origins(folder: Path) -> dict[str, Origin]:
    """Return of which profile each page of a published folder is; nothing of another. DamagedError if unreadable."""
    return read_json(folder / ORIGINS, dict[str, Origin], RESTORE)


def tabulate_findings(findings: Iterable[Finding]) -> str:
    """Return a Markdown table with a line per finding, beside the pages; marks say how the paper's number is known."""
    rows = [
        (
            one.claim.title,
            one.claim.number + MARKS[one.claim.grade],
            one.headline,
            f"**{one.verdict}**",
            one.scale,
            f"[{one.claim.page.split('_')[0]}]({one.claim.page}.ipynb)",
        )
        for one in findings
    ]
    return table(("claim", "paper", "ours", "verdict", "scale", "page"), (map(Markup, row) for row in rows))


def tabulate_changes(findings: Iterable[Finding]) -> str:
    """Return a Markdown table of the claims whose rule took another's place after a run, with both verdicts."""
    rows = [
        (one.claim.title, one.verdict, one.claim.before(one.record), one.claim.page[:2])
        for one in findings
        if one.claim.before
    ]
    return table(("claim", "verdict", "by the rule before", "page"), rows)


def tell_findings(findings: Iterable[Finding], width: int) -> str:
    """Return findings as paragraphs for a terminal."""
    blocks = []
    for one in findings:
        claim = one.claim
        head = f"{claim.id}: {one.verdict} ({one.profile})"
        lines = (f"paper: {claim.number} ({claim.grade})", f"ours:  {one.headline}", f"scale: {one.scale}")
        wrapped = (textwrap.fill(line, width, initial_indent="  ", subsequent_indent="         ") for line in lines)
        blocks.append("\n".join([head, *wrapped]))
    return "\n".join(blocks) if blocks else "No findings yet: nothing has been run at this size."
