"""From what the pages measured to verdicts: metrics against the paper's claims, as numbers, sentences and tables.

A file imports only from those above it: summaries, verdicts, tables.
"""

from __future__ import annotations

from fooling.findings.summaries import (
    Search,
    first_generations,
    summarise_cppn,
    summarise_evolution,
    summarise_photographs,
    summarise_relatedness,
    summarise_search,
    to_confidence,
)
from fooling.findings.tables import as_markdown, as_sentence, as_text, table
from fooling.findings.verdicts import Finding, collect, judge, read_metrics

__all__ = [
    "Finding",
    "Search",
    "as_markdown",
    "as_sentence",
    "as_text",
    "collect",
    "first_generations",
    "judge",
    "read_metrics",
    "summarise_cppn",
    "summarise_evolution",
    "summarise_photographs",
    "summarise_relatedness",
    "summarise_search",
    "table",
    "to_confidence",
]
