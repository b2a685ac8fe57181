"""From metrics to verdicts: what the pages measured, held against the paper's claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fooling import runs
from fooling.pages import paper, profiles


class Finding(NamedTuple):
    """A claim and what became of it.

    Attributes:
        claim_id: Id in :data:`fooling.pages.paper.CLAIMS`.
        title: The claim in a few plain words.
        profile: The size at which it was tested.
        paper: The paper's number.
        grade: How sure that number is.
        ours: Our number with its spread, in words.
        headline: The same in a line.
        scale: Runs, generations and children, or photographs; and the network.
        verdict: One of the four of :mod:`fooling.pages.paper`.
        page: The notebook that tested it.
    """

    claim_id: str
    title: str
    profile: str
    paper: str
    grade: str
    ours: str
    headline: str
    scale: str
    verdict: str
    page: str


def judge(claim_id: str, metrics: Mapping[str, Any], profile: str) -> Finding:
    """Hold one claim's metrics against the paper."""
    claim = paper.find_claim(claim_id)
    return Finding(
        claim_id=claim.id,
        title=claim.title,
        profile=profile,
        paper=claim.number,
        grade=claim.grade,
        ours=claim.describe(metrics),
        headline=claim.tell(metrics),
        scale=metrics["scale"],
        verdict=claim.judge(metrics),
        page=claim.page,
    )


def collect(profile: str | None = None, root: Path | None = None) -> tuple[Finding, ...]:
    """Judge every claim that has been measured, in the paper's order.

    Args:
        profile: One profile of this machine; None takes each claim from the largest published profile that has it.
        root: Folder of results, by default :func:`fooling.runs.results_root`.
    """
    root = root or runs.results_root()
    if profile is not None:
        folders = {profiles.check_name(profile): root / profile}
    else:
        folders = {name: root / "published" / name for name in reversed(profiles.NAMES)}
    found = []
    for claim in paper.CLAIMS:
        for name, folder in folders.items():
            metrics = read_metrics(folder, claim.page).get("claims", {}).get(claim.id)
            if metrics is not None:
                found.append(judge(claim.id, metrics, name))
                break
    return tuple(found)


def read_metrics(folder: Path, page: str) -> dict[str, Any]:
    """Return what a page measured, or an empty dictionary if it has not run.

    Raises:
        ValueError: If the file is damaged.
    """
    path = folder / "metrics" / f"{page}.json"
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is damaged; delete it and run its page again.") from error
    return dict(content)
