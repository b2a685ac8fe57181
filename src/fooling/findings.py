"""From what the pages measured to verdicts: metrics against the paper's claims, as numbers, sentences and tables."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling import paper, profiles, runs


class Finding(NamedTuple):
    """A claim and what became of it.

    Attributes:
        claim_id: Id in :data:`fooling.paper.CLAIMS`.
        profile: The size at which it was tested.
        paper: The paper's number.
        grade: How sure that number is.
        ours: Our number with its spread, in words.
        scale: Runs, generations and children.
        verdict: One of the four of :mod:`fooling.paper`.
        page: The notebook that tested it.
    """

    claim_id: str
    profile: str
    paper: str
    grade: str
    ours: str
    scale: str
    verdict: str
    page: str


def summarise_evolution(history: np.ndarray, baseline: np.ndarray, children: int, data: str) -> dict[str, Any]:
    """Reduce evolved runs to the numbers that the claims about digits are judged by.

    Args:
        history: ``(runs, generations + 1, classes) float32`` log-odds.
        baseline: The same for random search.
        children: Children per generation.
        data: What the network was trained on, in words.

    Returns:
        JSON: the final median over runs and classes, that of the baseline, the lowest and highest median of a run, the
        lowest champion, the number of runs with every class at 99.99% before generation 50 and at the end, the scale.
    """
    confidence = to_confidence(history)
    final = confidence[:, -1]
    by_run = np.median(final, axis=1)
    certain = np.all(confidence >= paper.NEAR_CERTAIN, axis=2)  # (runs, generations + 1)
    return {
        "median": float(np.median(final)),
        "baseline_median": float(np.median(to_confidence(baseline[:, -1]))),
        "run_medians": [float(by_run.min()), float(by_run.max())],
        "lowest": float(final.min()),
        "runs_certain_before_50": int(certain[:, :50].any(axis=1).sum()),
        "runs_certain": int(certain[:, -1].sum()),
        "runs": history.shape[0],
        "classes": history.shape[2],
        "generations": history.shape[1] - 1,
        "children": children,
        "data": data,
    }


def to_confidence(log_odds: np.ndarray) -> np.ndarray:
    """Return the softmax values that belong to log-odds, same shape, float64."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(log_odds, np.float64)))


def first_generations(history: np.ndarray, confidence: float = paper.NEAR_CERTAIN) -> np.ndarray:
    """Return when each class first reached a confidence: ``(runs, classes) float64`` generations, NaN if never."""
    reached = history >= np.log(confidence / (1.0 - confidence))
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


def judge(claim_id: str, metrics: Mapping[str, Any], profile: str) -> Finding:
    """Hold one claim's metrics against the paper."""
    claim = paper.find_claim(claim_id)
    scale = (
        f"{metrics['runs']} runs × {metrics['classes']} classes, "
        f"{metrics['generations']} generations × {metrics['children']} children; network trained on {metrics['data']}"
    )
    verdict = claim.judge(metrics)
    return Finding(claim.id, profile, claim.number, claim.grade, claim.describe(metrics), scale, verdict, claim.page)


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


def as_sentence(finding: Finding) -> str:
    """Return a finding as a Markdown paragraph that a page ends with."""
    return (
        f"**{finding.verdict[0].upper()}{finding.verdict[1:]}** ({finding.claim_id}): {finding.ours}; "
        f"the paper: {finding.paper} ({finding.grade}). Scale: {finding.scale}."
    )


def as_markdown(findings: Iterable[Finding], folder: str = "") -> str:
    """Return a Markdown table with a row per finding.

    Args:
        findings: The rows.
        folder: Where the profiles' pages are, seen from the table; by default beside it.
    """
    rows = [
        (
            f"`{one.claim_id}`",
            f"{one.paper} ({one.grade})",
            one.ours,
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
