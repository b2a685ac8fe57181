"""From what the pages measured to verdicts: metrics against the paper's claims, as numbers, sentences and tables.

A file imports only from those above it: searches; paired; digits, imagenet, transfer, retraining, ascent, one for each
file of rules in :mod:`fooling.pages.paper`; verdicts, tables, costs.
"""

from __future__ import annotations

from fooling.pages.findings.ascent import count_climbed, count_evolved, summarise_ascent
from fooling.pages.findings.costs import count_page_seconds, tabulate_pages, tabulate_profiles
from fooling.pages.findings.detectors import (
    describe_detectors,
    describe_imagenet_detectors,
    summarise_detectors,
    summarise_imagenet_detectors,
    tabulate_again,
    tabulate_precision,
)
from fooling.pages.findings.digits import (
    count_images_needed,
    summarise_evolution,
    summarise_features,
    summarise_training_size,
)
from fooling.pages.findings.imagenet import (
    FOOLED,
    summarise_cppn,
    summarise_photographs,
    summarise_relatedness,
    summarise_repetition,
    summarise_search,
)
from fooling.pages.findings.retraining import (
    summarise_retrained_digits,
    summarise_retrained_error,
    summarise_retrained_imagenet,
)
from fooling.pages.findings.searches import Search, first_generations, to_confidence
from fooling.pages.findings.tables import as_markdown, as_sentence, as_text, table
from fooling.pages.findings.transfer import (
    Pair,
    compare_pairs,
    count_certain,
    count_fooled,
    summarise_ensemble,
    summarise_pairs,
    summarise_transfer,
    tabulate_answers,
)
from fooling.pages.findings.verdicts import Finding, collect, judge, read_metrics

__all__ = [
    "FOOLED",
    "Finding",
    "Pair",
    "Search",
    "as_markdown",
    "as_sentence",
    "as_text",
    "collect",
    "compare_pairs",
    "count_certain",
    "count_climbed",
    "count_evolved",
    "count_fooled",
    "count_images_needed",
    "count_page_seconds",
    "describe_detectors",
    "describe_imagenet_detectors",
    "first_generations",
    "judge",
    "read_metrics",
    "summarise_ascent",
    "summarise_cppn",
    "summarise_detectors",
    "summarise_ensemble",
    "summarise_evolution",
    "summarise_features",
    "summarise_imagenet_detectors",
    "summarise_pairs",
    "summarise_photographs",
    "summarise_relatedness",
    "summarise_repetition",
    "summarise_retrained_digits",
    "summarise_retrained_error",
    "summarise_retrained_imagenet",
    "summarise_search",
    "summarise_training_size",
    "summarise_transfer",
    "table",
    "tabulate_again",
    "tabulate_answers",
    "tabulate_pages",
    "tabulate_precision",
    "tabulate_profiles",
    "to_confidence",
]
