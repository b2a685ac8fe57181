"""From what the pages measured to verdicts: metrics against the paper's claims, as numbers, sentences and tables.

A file imports only from those above it: searches; digits, imagenet, transfer, retraining, ascent, one for each file of
rules in :mod:`fooling.paper`; verdicts, tables.
"""

from __future__ import annotations

from fooling.findings.digits import summarise_evolution
from fooling.findings.imagenet import summarise_cppn, summarise_photographs, summarise_relatedness, summarise_search
from fooling.findings.searches import Search, first_generations, to_confidence
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
